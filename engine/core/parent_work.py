"""Owns the turn of a parent: from waiting to working to its end, a bounded part of all of them in one step."""

import numpy as np

from engine.core.algorithms.excess import CANCEL_AGAIN_NS, NO_ROOM_NS, cancel_excess
from engine.core.algorithms.table import decide
from engine.core.algorithms.triggers import is_condition_met
from engine.core.child_orders import cancel_children, hold_back
from engine.core.cost_model import expected_cost_ppm, note_cost
from engine.core.deadline_heap import NEVER_NS
from engine.core.effects import room_for_effects
from engine.core.exposure import mid_ticks
from engine.core.order_table import NOWHERE, find_order
from engine.core.parent_checks import LOTS_MAX, is_by_schedule
from engine.core.parent_reports import own_lots, own_notional, realised_cost_ppm, report_parent, tell_refusal
from engine.core.parent_table import NO_PARENT, find_parent, queue_ended_parent, unlink_watcher
from engine.core.parent_timers import parent_due_ns, set_parent_timer, take_due_parent, wake_followers
from engine.core.parents import cancel_parent
from engine.core.state import header_of, instruments_of, markets_of, orders_of, parents_of
from ipc.compiler import kernel
from ipc.enums import EndReason, RefusalReason
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentState

_PARENTS_PER_STEP = 8
# What one parent's turn may leave and ask for: a child, its report and its route for each of sixteen venues, as many
# cancels, and its own reports.
_EFFECTS_OF_ONE = 110
# One step's requests have a bound, and one parent's turn asks for no more than it has children.
_REQUESTS_BEFORE_ONE = 24
_WAIT_FOR_PRICE_NS = 100_000_000


@kernel
def work_parents(state: int) -> None:
    """Lets the parents act that have a reason to, as many as one step has room for; the others are due at once."""
    header = header_of(state)
    for _ in range(_PARENTS_PER_STEP):
        if parent_due_ns(state) > header["now_ns"]:
            return
        if room_for_effects(state) < _EFFECTS_OF_ONE or header["request_count"] > _REQUESTS_BEFORE_ONE:
            return
        slot = take_due_parent(state)
        if parents_of(state)[slot]["order_id"] != 0:
            _take_turn(state, slot)


@kernel
def _take_turn(state: int, slot: int) -> None:
    parent = parents_of(state)[slot]
    if parent["parent_state"] == ParentState.ENDED:
        return
    if parent["after_order_id"] != 0:
        _learn_entry(state, slot, parent)
    _check_end(state, slot, parent)
    next_ns = NEVER_NS + 0
    if parent["parent_state"] == ParentState.ENDING or parent["parent_state"] == ParentState.PAUSED:
        are_asked = cancel_children(state, parent)
        if parent["living_count"] > 0:
            # A cancel may come to nothing, and is asked for again then.
            next_ns = header_of(state)["now_ns"] + (CANCEL_AGAIN_NS if are_asked else NO_ROOM_NS)
    elif parent["parent_state"] == ParentState.WAITING:
        next_ns = _try_start(state, parent)
    if parent["parent_state"] == ParentState.WORKING:
        next_ns = _work(state, slot, parent)
    if parent["parent_state"] == ParentState.ENDING and parent["living_count"] == 0:
        _end(state, slot, parent)
        return
    if parent["end_ns"] != 0 and parent["parent_state"] != ParentState.ENDING:
        next_ns = min(next_ns, parent["end_ns"])
    if next_ns != NEVER_NS:
        set_parent_timer(state, slot, max(next_ns, header_of(state)["now_ns"] + 1))


@kernel
def _work(state: int, slot: int, parent: np.void) -> int:
    """Lets the algorithm decide; a parent that is held back comes up again when that is over."""
    now_ns = header_of(state)["now_ns"]
    excess_ns = cancel_excess(state, parent)
    if excess_ns <= now_ns + NO_ROOM_NS:
        return excess_ns
    next_ns = min(excess_ns, decide(state, slot, parent))
    if parent["end_reason"] != ParentEnd.NONE:
        # Its children are cancelled in a turn of their own: what one turn asks for has a bound.
        cancel_parent(state, slot, parent["end_reason"])
        return now_ns
    if parent["hold_until_ns"] > now_ns:
        next_ns = min(next_ns, parent["hold_until_ns"])
    return next_ns


@kernel
def _check_end(state: int, slot: int, parent: np.void) -> None:
    """Whether a parent is done: filled, or its time is over."""
    if parent["parent_state"] == ParentState.ENDING:
        return
    if parent["end_reason"] != ParentEnd.NONE:
        cancel_parent(state, slot, parent["end_reason"])
        return
    scale = markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    rest_lots = parent["order_lots"] - parent["cumulative_lots"]
    # What is less than one lot of its own can be sent nowhere.
    if rest_lots < scale and not _may_grow(state, parent):
        cancel_parent(state, slot, ParentEnd.FILLED)
    elif 0 < parent["end_ns"] <= header_of(state)["now_ns"]:
        cancel_parent(state, slot, ParentEnd.EXPIRED)


@kernel
def _may_grow(state: int, parent: np.void) -> bool:
    """Whether a parent's quantity may still become more: by what it follows, or by the position that it closes."""
    if parent["algorithm"] == Algorithm.CLOSE_OUT:
        return True
    return parent["after_order_id"] != 0 and not _is_entry_over(state, parent["after_order_id"])


@kernel
def _is_entry_over(state: int, order_id: int) -> bool:
    slot = find_order(state, order_id)
    if slot != NOWHERE:
        return orders_of(state)[slot]["end_reason"] != EndReason.NONE
    place = find_parent(state, order_id)
    return place == NO_PARENT or parents_of(state)[place]["parent_state"] == ParentState.ENDED


@kernel
def _learn_entry(state: int, slot: int, parent: np.void) -> None:
    """Takes over what the order that it follows has traded; one that ended without a trade leaves nothing to do."""
    order_id = parent["after_order_id"]
    place, entry = find_order(state, order_id), find_parent(state, order_id)
    lots = parent["order_lots"]
    if place != NOWHERE:
        order = orders_of(state)[place]
        lots = min(order["cumulative_lots"], LOTS_MAX) * markets_of(state)[order["instrument_id"]]["pair_lot_scale"]
    elif entry != NO_PARENT:
        lots = parents_of(state)[entry]["cumulative_lots"]
    # A trade that was taken back leaves what was sold against it where it is.
    parent["order_lots"] = max(lots, parent["cumulative_lots"])
    is_living = parent["parent_state"] != ParentState.ENDING
    if is_living and parent["order_lots"] == 0 and _is_entry_over(state, order_id):
        cancel_parent(state, slot, ParentEnd.ENTRY_ENDED)


@kernel
def _try_start(state: int, parent: np.void) -> int:
    """Starts a parent whose time, condition and schedule have come; returns when to look again."""
    header = header_of(state)
    now_ns = header["now_ns"]
    if now_ns < parent["start_ns"]:
        return parent["start_ns"]
    if is_by_schedule(parent["algorithm"]) and (
        parent["slice_count"] == 0 or parent["slices_known"] < parent["slice_count"]
    ):
        return NEVER_NS + 0
    if parent["after_order_id"] != 0 and parent["order_lots"] == 0:
        return NEVER_NS + 0
    instrument = instruments_of(state)[parent["instrument_id"]]
    age_ns = now_ns - instrument["book_received_ns"]
    is_trusted = mid_ticks(instrument) != 0 and instrument["crossed_since_ns"] == 0
    if not is_trusted or age_ns > header["book_age_max_ns"]:
        hold_back(state, parent, RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], age_ns, 0)
        return now_ns + _WAIT_FOR_PRICE_NS
    if not is_condition_met(parent, instrument):
        return NEVER_NS + 0
    _start(state, parent, instrument)
    return now_ns


@kernel
def _start(state: int, parent: np.void, instrument: np.void) -> None:
    header, market = header_of(state), markets_of(state)[parent["instrument_id"]]
    parent["parent_state"] = ParentState.WORKING
    parent["started_ns"] = header["now_ns"]
    parent["arrival_ticks"] = mid_ticks(instrument)
    parent["start_market_lots"] = market["bought_lots"] + market["sold_lots"]
    parent["start_market_notional"] = market["traded_notional"]
    parent["told_reason"] = 0
    parent["expected_cost_ppm"] = expected_cost_ppm(
        state,
        max(parent["account_id"], 0),
        parent["instrument_id"],
        parent["side"],
        own_lots(state, parent, parent["order_lots"]),
        parent["limit_price_ticks"],
    )
    report_parent(state, parent, ParentEvent.STARTED)


@kernel
def _end(state: int, slot: int, parent: np.void) -> None:
    """Ends a parent none of whose children lives, and holds what it cost against what was expected."""
    parent["parent_state"] = ParentState.ENDED
    scale = markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    is_filled = parent["order_lots"] - parent["cumulative_lots"] < scale and parent["cumulative_lots"] > 0
    if is_filled and parent["end_reason"] != ParentEnd.POSITION_CLOSED:
        # Whatever was about to end it, its children were filled before they could be cancelled.
        parent["end_reason"] = ParentEnd.FILLED
    report = report_parent(state, parent, ParentEvent.ENDED)
    tell_refusal(report, parent["reason"] if parent["end_reason"] != ParentEnd.FILLED else 0, 0, 0, 0)
    if parent["cumulative_lots"] > 0:
        notional = own_notional(state, parent, parent["cumulative_notional"])
        realised_ppm = realised_cost_ppm(state, parent)
        note_cost(state, parent["instrument_id"], parent["expected_cost_ppm"], realised_ppm, notional)
    unlink_watcher(state, slot)
    queue_ended_parent(state, slot)
    if parent["is_followed"] != 0:
        wake_followers(state, parent["instrument_id"], parent["order_id"])
