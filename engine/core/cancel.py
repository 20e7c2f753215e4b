"""Owns cancels: of one order, of all of a strategy's, and of an order whose time is over."""

import numpy as np

from engine.core.command_checks import check_living
from engine.core.effects import report_order, request_venue, room_for_effects
from engine.core.order_end import end_order
from engine.core.order_table import find_order
from engine.core.rate_budget import charge_budget
from engine.core.risk import Verdict, check_venue_budget, passed, refuse
from engine.core.state import header_of, orders_of, strategies_of
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, RefusalReason, RequestKind

_EFFECTS_OF_ONE_CANCEL = 4
_ORDERS_PER_STEP = 32
_BUDGET_WAIT_NS = 10_000_000
EVERY_INSTRUMENT = -1


@kernel
def send_cancel(state: int, order: np.void) -> None:
    """Asks the venue to cancel the order's current leg; an order between two legs ends at once."""
    now_ns = header_of(state)["now_ns"]
    if order["retry_at_ns"] != 0:
        order["retry_at_ns"] = 0
        end_order(state, order, order["cancel_reason"], 0)
        report_order(state, order, ExecutionType.CANCELED)["reason"] = order["cancel_reason"]
        return
    order["pending_cancel_ns"] = now_ns
    order["cancel_wanted"] = 0
    charge_budget(state, order["account_id"], RequestKind.CANCEL)
    request_venue(state, order, RequestKind.CANCEL, order["leg"], order["price_ticks"], order["leg_lots"])
    report_order(state, order, ExecutionType.PENDING_CANCEL)


@kernel
def on_cancel_order(state: int, command: np.void) -> Verdict:
    """Cancels one order, or says why not."""
    verdict = check_living(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    order = orders_of(state)[find_order(state, command["order_id"])]
    if order["pending_cancel_ns"] != 0:
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 0, order["pending_cancel_ns"], header_of(state)["now_ns"])
    verdict = check_venue_budget(state, order["account_id"], RequestKind.CANCEL)
    if verdict.reason != 0:
        return verdict
    order["published_ns"] = command["published_ns"]
    send_cancel(state, order)
    return passed()


@kernel
def on_cancel_all(state: int, strategy_id: int, command: np.void) -> Verdict:
    """Cancels a strategy's open orders in one instrument or in all; as many steps as it takes."""
    header = header_of(state)
    instrument_id = command["instrument_id"]
    if instrument_id < EVERY_INSTRUMENT or instrument_id >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, instrument_id)
    if header["cancel_all_strategy"] >= 0:
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 1, header["cancel_all_strategy"], strategy_id)
    header["cancel_all_strategy"] = strategy_id
    header["cancel_all_instrument"] = instrument_id
    header["cancel_all_cursor"] = strategies_of(state)[strategy_id]["first_open"]
    continue_cancel_all(state)
    return passed()


@kernel
def continue_cancel_all(state: int) -> None:
    """Cancels the next few orders of the cancel-all that is under way."""
    header, orders = header_of(state), orders_of(state)
    slot = header["cancel_all_cursor"]
    header["cancel_all_resume_ns"] = header["now_ns"]
    instrument_id = header["cancel_all_instrument"]
    for _ in range(_ORDERS_PER_STEP):
        if slot < 0 or room_for_effects(state) < _EFFECTS_OF_ONE_CANCEL:
            break
        order = orders[slot]
        if order["order_id"] == 0 or order["end_reason"] != EndReason.NONE:
            # The order at the cursor ended between two steps: start over, what is pending is passed over.
            slot = strategies_of(state)[header["cancel_all_strategy"]]["first_open"]
            continue
        following = order["next_open"]
        is_wanted = instrument_id == EVERY_INSTRUMENT or order["instrument_id"] == instrument_id
        if is_wanted and order["pending_cancel_ns"] == 0:
            if check_venue_budget(state, order["account_id"], RequestKind.CANCEL).reason != 0:
                header["cancel_all_resume_ns"] = header["now_ns"] + _BUDGET_WAIT_NS
                break
            send_cancel(state, order)
        slot = following
    header["cancel_all_cursor"] = slot
    if slot < 0:
        header["cancel_all_strategy"] = -1


@kernel
def on_execution_timeout(state: int, order: np.void) -> None:
    """The order's time is over: what is left of it is cancelled, and its end will say why."""
    order["execution_deadline_ns"] = 0
    order["cancel_reason"] = EndReason.EXECUTION_TIMEOUT
    if order["pending_cancel_ns"] == 0:
        send_cancel(state, order)
