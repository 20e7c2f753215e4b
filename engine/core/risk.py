"""Owns the chain of pre-trade controls: a ladder of checks, each with its own reason and its numbers.

Rate limits come after it: an order that all else allows may wait for room.

Nothing is written before all have passed. A limit that is not configured is zero, so it refuses.
"""

from engine.core.permission import check_permission
from engine.core.position_checks import check_position
from engine.core.repetition import check_duplicate
from engine.core.size_checks import check_numbers, check_size
from engine.core.state import book_of, instruments_of
from engine.core.verdict import Verdict
from ipc.compiler import kernel


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
    verdict = check_permission(state, strategy_id, account_id, instrument_id, side, lots)
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
    return check_duplicate(state, book, side, price_ticks, lots)
