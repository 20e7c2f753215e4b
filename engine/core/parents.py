"""Owns what clients ask of parents: a new one, its schedule, pause and resume, a cancel, its status."""

import numpy as np

from engine.core.candidates import is_same_pair
from engine.core.command_checks import check_new_id, order_sequence_of
from engine.core.depth_walk import opposite
from engine.core.order_table import NOWHERE, find_order
from engine.core.parent_checks import LOTS_MAX, check_parent, is_by_schedule
from engine.core.parent_reports import own_lots, report_parent, tell_refusal
from engine.core.parent_table import (
    NO_PARENT,
    find_parent,
    has_room_for_parent,
    is_over,
    link_watcher,
    take_parent_slot,
)
from engine.core.parent_timers import wake_parent
from engine.core.state import header_of, markets_of, orders_of, parents_of, slices_of, strategies_of
from engine.core.touch import touch_ticks
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason
from ipc.memory import view
from ipc.parent_enums import Algorithm, Benchmark, ParentControl, ParentEnd, ParentEvent, ParentFlag, ParentState
from ipc.parent_tables import SLICE, SLICES_MAX
from ipc.records import ALL_ACCOUNTS, ALL_INSTRUMENTS, SCHEDULE, SLICES_PER_RECORD

NS_PER_MS = 1_000_000
_RANDOM_MASK = (1 << 31) - 1
_URGENT_PPM = 900_000
_SLICES = 20
# numba knows no IntFlag.
_ROUTED = int(ParentFlag.ROUTED)
_SCHEDULE_LOTS_PLACE = (SCHEDULE.names or ()).index("lots_0") * 8


@kernel
def resolve_algorithm(command: np.void) -> int:
    """The algorithm asked for; of an intent, the one that its urgency, deadline and benchmark call for."""
    if command["algorithm"] != Algorithm.AUTO:
        return command["algorithm"]
    if command["urgency_ppm"] >= _URGENT_PPM:
        return Algorithm.SWEEP + 0
    if command["participation_ppm"] != 0 and command["benchmark"] == Benchmark.MARKET_VWAP:
        return Algorithm.POV + 0
    return Algorithm.PEG + 0 if command["end_utc_ns"] == 0 else Algorithm.TWAP + 0


@kernel
def on_new_parent(state: int, strategy_id: int, command: np.void) -> Verdict:
    """Takes a parent on, or says why not and leaves everything as it was."""
    header = header_of(state)
    verdict = check_new_id(state, strategy_id, command["order_id"])
    if verdict.reason != 0:
        return verdict
    algorithm = resolve_algorithm(command)
    verdict = check_parent(state, strategy_id, command, algorithm)
    if verdict.reason != 0:
        return verdict
    if not has_room_for_parent(state):
        return refuse(RefusalReason.PARENT_TABLE_FULL, header["parents_count"], header["living_parent_count"], 1)
    lots = command["order_lots"]
    if command["quote_notional"] != 0:
        price_ticks = _price_of_worth(state, command)
        if price_ticks <= 0:
            return refuse(RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], 0, command["quote_notional"])
        lots = command["quote_notional"] // price_ticks
        if lots <= 0 or lots > LOTS_MAX:
            return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, LOTS_MAX, price_ticks, lots)
    slot = take_parent_slot(state, command["order_id"])
    parent = parents_of(state)[slot]
    parent["strategy_id"] = strategy_id
    parent["algorithm"] = algorithm
    parent["order_lots"] = lots * markets_of(state)[command["instrument_id"]]["pair_lot_scale"]
    _take_over(header, parent, command)
    _begin_anew(parent)
    _divide_time(parent)
    _follow(state, parent)
    link_watcher(state, slot)
    strategies_of(state)[strategy_id]["last_order_sequence"] = order_sequence_of(command["order_id"])
    report_parent(state, parent, ParentEvent.ACCEPTED)
    wake_parent(state, slot)
    return passed()


@kernel
def _price_of_worth(state: int, command: np.void) -> int:
    """The price at which a notional becomes lots: the limit, or else that of taking now; 0 without a fresh one."""
    if command["limit_price_ticks"] != 0:
        return command["limit_price_ticks"]
    return touch_ticks(state, command["instrument_id"], opposite(command["side"]))


@kernel
def _take_over(header: np.void, parent: np.void, command: np.void) -> None:
    """What the command says, its times in those of this host."""
    offset_ns = header["utc_offset_ns"]
    parent["account_id"] = command["account_id"]
    parent["instrument_id"] = command["instrument_id"]
    parent["side"] = command["side"]
    parent["parent_flags"] = command["parent_flags"]
    parent["benchmark"] = command["benchmark"]
    parent["client_tag"] = command["client_tag"]
    parent["published_ns"] = command["published_ns"]
    parent["limit_price_ticks"] = command["limit_price_ticks"]
    start_ns = command["start_utc_ns"] - offset_ns if command["start_utc_ns"] != 0 else header["now_ns"]
    parent["start_ns"] = max(start_ns, header["now_ns"])
    parent["end_ns"] = command["end_utc_ns"] - offset_ns if command["end_utc_ns"] != 0 else 0
    parent["urgency_ppm"] = command["urgency_ppm"]
    parent["participation_ppm"] = command["participation_ppm"]
    parent["display_lots"] = command["display_lots"]
    parent["interval_ns"] = command["interval_ms"] * NS_PER_MS
    parent["trigger_price_ticks"] = command["trigger_price_ticks"]
    parent["trail_ticks"] = command["trail_ticks"]
    parent["take_profit_ticks"] = command["take_profit_ticks"]
    parent["after_order_id"] = command["after_order_id"]
    parent["noise_ppm"] = command["noise_ppm"]
    parent["random"] = command["seed"] & _RANDOM_MASK


@kernel
def _begin_anew(parent: np.void) -> None:
    parent["parent_state"] = ParentState.WAITING
    parent["state_before_pause"] = ParentState.WAITING
    parent["end_reason"] = ParentEnd.NONE
    parent["cumulative_lots"] = 0
    parent["cumulative_notional"] = 0
    parent["fee_units"] = 0
    parent["is_followed"] = 0
    parent["slice_now"] = 0
    parent["slices_known"] = 0
    parent["is_triggered"] = 0
    parent["extreme_ticks"] = 0
    parent["due_lots"] = 0
    parent["due_since_ns"] = 0
    parent["next_slice_ns"] = parent["start_ns"]
    parent["moved_ns"] = 0
    parent["hold_until_ns"] = 0
    parent["refusal_count"] = 0
    parent["reason"] = 0
    parent["told_reason"] = 0
    parent["child_count"] = 0
    parent["living_count"] = 0
    parent["decision_count"] = 0
    parent["arrival_ticks"] = 0
    parent["started_ns"] = 0
    parent["start_market_lots"] = 0
    parent["start_market_notional"] = 0
    parent["expected_cost_ppm"] = 0


@kernel
def _divide_time(parent: np.void) -> None:
    """Into how many slices a parent's time is divided where no schedule says: by its interval, else into twenty."""
    parent["slice_count"] = 0
    is_sliced = parent["algorithm"] == Algorithm.TWAP or parent["algorithm"] == Algorithm.CLOSE_OUT
    if not is_sliced or parent["end_ns"] == 0:
        return
    span_ns, interval_ns = parent["end_ns"] - parent["start_ns"], parent["interval_ns"]
    parent["slice_count"] = max(span_ns // interval_ns, 1) if interval_ns != 0 else _SLICES


@kernel
def _follow(state: int, parent: np.void) -> None:
    """Lets the order that a parent follows say so to it."""
    if parent["after_order_id"] == 0:
        return
    slot = find_order(state, parent["after_order_id"])
    if slot != NOWHERE:
        orders_of(state)[slot]["is_followed"] = 1
    else:
        parents_of(state)[find_parent(state, parent["after_order_id"])]["is_followed"] = 1


@kernel
def check_living_parent(state: int, order_id: int) -> Verdict:
    """Whether a command names a parent that can still do something."""
    slot = find_parent(state, order_id)
    if slot == NO_PARENT:
        return refuse(RefusalReason.UNKNOWN_PARENT, 0, 0, order_id)
    parent = parents_of(state)[slot]
    if is_over(parent):
        return refuse(RefusalReason.PARENT_ALREADY_ENDED, 0, parent["end_reason"], order_id)
    return passed()


@kernel
def on_schedule(state: int, command: np.void, address: int) -> Verdict:
    """Takes over a part of a schedule; the parts come in order, and the parent starts when all are there."""
    verdict = check_living_parent(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    slot = find_parent(state, command["order_id"])
    parent = parents_of(state)[slot]
    if not is_by_schedule(parent["algorithm"]) or parent["parent_state"] != ParentState.WAITING:
        return refuse(RefusalReason.PARENT_STATE_CONFLICT, ParentState.WAITING, parent["parent_state"], 0)
    first, count = command["first_slice"], command["slice_count"]
    if count > SLICES_MAX or first != parent["slices_known"] or first >= count:
        return refuse(RefusalReason.INVALID_SCHEDULE, SLICES_MAX, parent["slices_known"], first)
    if first != 0 and count != parent["slice_count"]:
        return refuse(RefusalReason.INVALID_SCHEDULE, parent["slice_count"], parent["slices_known"], count)
    slices, lots = slices_of(state, slot), view(address + _SCHEDULE_LOTS_PLACE, SLICES_PER_RECORD, SLICE)
    part = min(count - first, SLICES_PER_RECORD)
    total = 0
    for place in range(first):
        total += slices[place]["lots"]
    order_lots = own_lots(state, parent, parent["order_lots"])
    for place in range(part):
        if lots[place]["lots"] < 0 or lots[place]["lots"] > order_lots - total:
            return refuse(RefusalReason.INVALID_SCHEDULE, order_lots - total, first + place, lots[place]["lots"])
        total += lots[place]["lots"]
    if first + part == count and total != order_lots:
        return refuse(RefusalReason.INVALID_SCHEDULE, order_lots, 0, total)
    for place in range(part):
        slices[first + place]["lots"] = lots[place]["lots"]
    parent["slice_count"] = count
    parent["slices_known"] = first + part
    if parent["slices_known"] == count:
        report_parent(state, parent, ParentEvent.SCHEDULED)
        wake_parent(state, slot)
    return passed()


@kernel
def on_control_parent(state: int, command: np.void) -> Verdict:
    """Pauses a parent, which cancels its children, or lets it go on."""
    verdict = check_living_parent(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    slot = find_parent(state, command["order_id"])
    parent = parents_of(state)[slot]
    is_paused = parent["parent_state"] == ParentState.PAUSED
    if command["control"] == ParentControl.PAUSE and not is_paused:
        parent["state_before_pause"] = parent["parent_state"]
        parent["parent_state"] = ParentState.PAUSED
        report_parent(state, parent, ParentEvent.PAUSED)
    elif command["control"] == ParentControl.RESUME and is_paused:
        parent["parent_state"] = parent["state_before_pause"]
        report_parent(state, parent, ParentEvent.RESUMED)
    else:
        return refuse(RefusalReason.PARENT_STATE_CONFLICT, 0, parent["parent_state"], command["control"])
    wake_parent(state, slot)
    return passed()


@kernel
def cancel_parent(state: int, slot: int, end_reason: int) -> None:
    """Lets a parent send nothing any more and end when its children have. Precondition: it is not over."""
    parent = parents_of(state)[slot]
    parent["parent_state"] = ParentState.ENDING
    parent["end_reason"] = end_reason
    wake_parent(state, slot)


@kernel
def on_cancel_parent(state: int, order_id: int) -> Verdict:
    """Cancels a parent and its children, or says why not."""
    verdict = check_living_parent(state, order_id)
    if verdict.reason == 0:
        slot = find_parent(state, order_id)
        cancel_parent(state, slot, ParentEnd.CANCELED)
        report_parent(state, parents_of(state)[slot], ParentEvent.CANCELING)
    return verdict


@kernel
def cancel_parents(state: int, strategy_id: int, scope: np.void) -> None:
    """Cancels a strategy's parents in the scope of a cancel-all."""
    header, parents = header_of(state), parents_of(state)
    if header["living_parent_count"] == 0:
        return
    for slot in range(len(parents)):
        parent = parents[slot]
        if parent["order_id"] == 0 or is_over(parent) or parent["strategy_id"] != strategy_id:
            continue
        if _is_in_scope(state, parent, scope):
            cancel_parent(state, slot, ParentEnd.CANCELED)


@kernel
def _is_in_scope(state: int, parent: np.void, scope: np.void) -> bool:
    """Whether a parent may send what a cancel-all would cancel; a routed one sends to every venue of its pair."""
    if scope["side"] != 0 and scope["side"] != parent["side"]:
        return False
    is_routed = parent["parent_flags"] & _ROUTED != 0
    account_id, instrument_id = scope["account_id"], scope["instrument_id"]
    if account_id != ALL_ACCOUNTS and account_id != parent["account_id"] and not is_routed:
        return False
    if instrument_id == ALL_INSTRUMENTS or instrument_id == parent["instrument_id"]:
        return True
    return is_routed and is_same_pair(state, parent["instrument_id"], instrument_id)


@kernel
def tell_parent(state: int, order_id: int) -> bool:
    """Reports how a parent stands, and what last kept it from trading; False when it is not known."""
    slot = find_parent(state, order_id)
    if slot == NO_PARENT:
        return False
    parent = parents_of(state)[slot]
    tell_refusal(report_parent(state, parent, ParentEvent.STATUS), parent["told_reason"], 0, 0, 0)
    return True
