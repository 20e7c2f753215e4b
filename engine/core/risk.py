"""Owns the pre-trade controls: a ladder of checks, each with its own reason and its numbers.

Nothing is written before all have passed. A limit that is not configured is zero, so it refuses.
"""

import numpy as np

from engine.core.rate_budget import budget_shortfall, limiter_has_room
from engine.core.state import accounts_of, book_of, budgets_of, header_of, instruments_of, terms_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import ConnectionState, InstrumentStatus, JournalState, RefusalReason, RequestKind, Side


@kernel
def check_permission(state: int, strategy_id: int, account_id: int, instrument_id: int) -> Verdict:
    """Whether what is done is kept, this strategy may trade this instrument here, and the venue can be reached."""
    journal_state = header_of(state)["journal_state"]
    if journal_state != JournalState.KEEPING:
        return refuse(RefusalReason.JOURNAL_NOT_KEEPING, JournalState.KEEPING, journal_state, 0)
    if terms_of(state, strategy_id, account_id)["permitted"] == 0:
        return refuse(RefusalReason.NOT_PERMITTED, 0, account_id, account_id)
    if book_of(state, strategy_id, instrument_id)["permitted"] == 0:
        return refuse(RefusalReason.NOT_PERMITTED, 0, instrument_id, instrument_id)
    instrument, account = instruments_of(state)[instrument_id], accounts_of(state)[account_id]
    if instrument["venue_id"] != account["venue_id"]:
        return refuse(RefusalReason.NOT_PERMITTED, account["venue_id"], instrument["venue_id"], account_id)
    if instrument["status"] != InstrumentStatus.TRADING:
        return refuse(
            RefusalReason.INSTRUMENT_NOT_TRADING, InstrumentStatus.TRADING, instrument["status"], instrument_id
        )
    if account["connection_state"] != ConnectionState.LIVE:
        return refuse(RefusalReason.VENUE_NOT_READY, ConnectionState.LIVE, account["connection_state"], account_id)
    return passed()


@kernel
def check_numbers(instrument: np.void, price_ticks: int, lots: int, is_market: bool) -> Verdict:
    """Whether price and quantity lie within what the venue states; their product then fits 63 bits."""
    if price_ticks <= 0:
        return refuse(RefusalReason.INVALID_PRICE, instrument["min_price_ticks"], 0, price_ticks)
    if lots <= 0:
        return refuse(RefusalReason.INVALID_QUANTITY, instrument["min_order_lots"], 0, lots)
    if price_ticks < instrument["min_price_ticks"]:
        return refuse(RefusalReason.PRICE_OUT_OF_RANGE, instrument["min_price_ticks"], 0, price_ticks)
    if price_ticks > instrument["max_price_ticks"]:
        return refuse(RefusalReason.PRICE_OUT_OF_RANGE, instrument["max_price_ticks"], 0, price_ticks)
    if lots < instrument["min_order_lots"]:
        return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, instrument["min_order_lots"], 0, lots)
    largest = instrument["market_max_order_lots"] if is_market else instrument["max_order_lots"]
    if lots > largest:
        return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, largest, 0, lots)
    notional = price_ticks * lots
    if notional < instrument["min_notional"]:
        return refuse(RefusalReason.NOTIONAL_BELOW_MINIMUM, instrument["min_notional"], 0, notional)
    return passed()


@kernel
def check_size(book: np.void, instrument: np.void, price_ticks: int, lots: int) -> Verdict:
    """Our own largest order, by quantity and by notional, and the venue's largest notional."""
    if lots > book["max_order_lots"]:
        return refuse(RefusalReason.MAX_QUANTITY_EXCEEDED, book["max_order_lots"], 0, lots)
    notional = price_ticks * lots
    limit = min(book["max_order_notional"], instrument["max_notional"])
    if notional > limit:
        return refuse(RefusalReason.MAX_NOTIONAL_EXCEEDED, limit, 0, notional)
    return passed()


@kernel
def check_position(book: np.void, side: int, added_lots: int) -> Verdict:
    """The position if everything that works on this side were filled."""
    held = book["position_lots"]
    if side == Side.BUY:
        worst = held + book["open_buy_lots"]
        if worst + added_lots > book["max_long_lots"]:
            return refuse(RefusalReason.POSITION_LIMIT_EXCEEDED, book["max_long_lots"], worst, added_lots)
    else:
        worst = held - book["open_sell_lots"]
        if worst - added_lots < -book["max_short_lots"]:
            return refuse(RefusalReason.POSITION_LIMIT_EXCEEDED, -book["max_short_lots"], worst, added_lots)
    return passed()


@kernel
def check_duplicate(state: int, book: np.void, side: int, price_ticks: int, lots: int) -> Verdict:
    """Whether the same order came too often in a row within the window."""
    header = header_of(state)
    if not is_repetition(state, book, side, price_ticks, lots):
        return passed()
    if book["duplicate_count"] >= header["duplicate_orders_max"]:
        return refuse(
            RefusalReason.DUPLICATE_ORDER, header["duplicate_orders_max"], book["duplicate_count"], price_ticks
        )
    return passed()


@kernel
def is_repetition(state: int, book: np.void, side: int, price_ticks: int, lots: int) -> bool:
    """Whether an order equals the last one of its book within the window."""
    header = header_of(state)
    return (
        book["duplicate_count"] > 0
        and book["duplicate_side"] == side
        and book["duplicate_price_ticks"] == price_ticks
        and book["duplicate_lots"] == lots
        and header["now_ns"] - book["duplicate_since_ns"] < header["duplicate_window_ns"]
    )


@kernel
def note_repetition(state: int, book: np.void, side: int, price_ticks: int, lots: int) -> None:
    """Remembers an order that passed, for the next check."""
    if is_repetition(state, book, side, price_ticks, lots):
        book["duplicate_count"] += 1
        return
    book["duplicate_side"] = side
    book["duplicate_price_ticks"] = price_ticks
    book["duplicate_lots"] = lots
    book["duplicate_since_ns"] = header_of(state)["now_ns"]
    book["duplicate_count"] = 1


@kernel
def check_rate(state: int, strategy_id: int, account_id: int, request_kind: int) -> Verdict:
    """The platform's own limit, then the venue's budget."""
    terms = terms_of(state, strategy_id, account_id)
    if not limiter_has_room(state, strategy_id, account_id):
        limit = terms["rate_limit_orders"]
        return refuse(RefusalReason.RATE_LIMIT_EXCEEDED, limit, limit, 1)
    return check_venue_budget(state, account_id, request_kind)


@kernel
def check_venue_budget(state: int, account_id: int, request_kind: int) -> Verdict:
    """Whether every window of the venue's budget has room for one more request."""
    utc_ns = header_of(state)["now_ns"] + accounts_of(state)[account_id]["utc_offset_ns"]
    short = budget_shortfall(state, account_id, request_kind, utc_ns)
    if short < 0:
        return passed()
    budget = budgets_of(state, account_id)[short]
    return refuse(RefusalReason.VENUE_RATE_LIMIT_EXCEEDED, budget["limit"], budget["counted"] + budget["in_flight"], 1)


@kernel
def check_new_order(
    state: int,
    strategy_id: int,
    account_id: int,
    instrument_id: int,
    side: int,
    price_ticks: int,
    lots: int,
    is_market: bool,
) -> Verdict:
    """The whole chain for one new order. Precondition: every id is within its table."""
    verdict = check_permission(state, strategy_id, account_id, instrument_id)
    if verdict.reason != 0:
        return verdict
    instrument = instruments_of(state)[instrument_id]
    verdict = check_numbers(instrument, price_ticks, lots, is_market)
    if verdict.reason != 0:
        return verdict
    book = book_of(state, strategy_id, instrument_id)
    verdict = check_size(book, instrument, price_ticks, lots)
    if verdict.reason != 0:
        return verdict
    verdict = check_position(book, side, lots)
    if verdict.reason != 0:
        return verdict
    verdict = check_duplicate(state, book, side, price_ticks, lots)
    if verdict.reason != 0:
        return verdict
    return check_rate(state, strategy_id, account_id, RequestKind.NEW)
