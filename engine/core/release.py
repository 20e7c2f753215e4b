"""Owns orders that wait for their time: checked once more when it comes, and sent or ended."""

import numpy as np

from engine.core.deadlines import arm
from engine.core.effects import report_order
from engine.core.order_end import end_refused
from engine.core.order_limiter import charge_limiter
from engine.core.order_table import find_order
from engine.core.own_orders import note_own_price
from engine.core.rate_checks import check_rate, is_of_rate
from engine.core.rate_queue import check_line, check_turn, check_wait, leave_line, wait_on
from engine.core.rate_waiting import let_wait
from engine.core.replacement import reserve_working
from engine.core.requests import send_leg
from engine.core.risk import check_leaving, leaving_order
from engine.core.state import header_of, instruments_of, terms_of
from engine.core.verdict import Verdict, refuse
from engine.core.worst_price import protected_price
from ipc.compiler import kernel
from ipc.enums import ExecutionType, OrderType, RefusalReason, RequestKind


@kernel
def release_order(state: int, order: np.void) -> None:
    """Sends an order whose time has come, if the rules still allow it."""
    verdict = _priced_and_checked(state, order)
    if order["queued_until_ns"] != 0:
        if order["queue_before"] != 0 or is_of_rate(verdict.reason):
            verdict = check_wait(state, order)
            if verdict.reason == 0:
                wait_on(state, order)
                return
    elif verdict.reason == 0 or is_of_rate(verdict.reason):
        terms = terms_of(state, order["strategy_id"], order["account_id"])
        waits = check_turn(terms, verdict)
        verdict = check_line(terms, waits)
        if waits.reason != 0 and verdict.reason == 0:
            let_wait(state, order, waits)
            return
    order["release_at_ns"] = 0
    if verdict.reason != 0:
        end_refused(state, order, verdict)
        return
    if order["queued_until_ns"] != 0:
        leave_line(state, order)
    charge_limiter(state, order["strategy_id"], order["account_id"])
    send_leg(state, order)
    report_order(state, order, ExecutionType.RELEASED)
    arm(state, find_order(state, order["order_id"]), order)


@kernel
def _priced_and_checked(state: int, order: np.void) -> Verdict:
    if order["order_type"] == OrderType.MARKET:
        # The touch has moved since the order was placed.
        instrument = instruments_of(state)[order["instrument_id"]]
        price_ticks = protected_price(state, instrument, order["side"], order["max_slippage_bps"])
        if price_ticks == 0:
            header = header_of(state)
            age_ns = header["now_ns"] - instrument["book_received_ns"]
            return refuse(RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], age_ns, 0)
        order["price_ticks"] = price_ticks
        note_own_price(state, order, price_ticks)
        reserve_working(state, order)
    verdict = check_leaving(state, leaving_order(order, is_continued=False))
    if verdict.reason == 0:
        strategy_id, account_id = order["strategy_id"], order["account_id"]
        verdict = check_rate(state, strategy_id, account_id, order["instrument_id"], RequestKind.NEW, 0)
    return verdict
