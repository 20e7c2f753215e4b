"""Owns the walk through a book: what a quantity would trade at if it were sent now."""

from typing import NamedTuple

from engine.core.exposure import TICKS_MAX
from engine.core.money import notional_of
from engine.core.state import header_of, instruments_of, levels_of, markets_of
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.tables import NO_LIMIT

# More than any order may have.
LEVEL_LOTS_MAX = (1 << 31) - 1


class Walk(NamedTuple):
    """What of a quantity would trade, at which price the last of it, and the sum of price ticks x lots."""

    filled_lots: int
    worst_ticks: int
    notional: int


class Depth(NamedTuple):
    """How many levels of one side are known and fresh; of one that is known by its best price alone that is one."""

    level_count: int
    is_top: bool  # the best of them is the newer best price itself, in the place of a level
    passed_over: int  # levels before those: the best price has gone away from them since they were told


class Level(NamedTuple):
    """One price of a book, and how much stands there."""

    price_ticks: int
    lots: int


@kernel
def opposite(side: int) -> int:
    """The side of the book that an order takes from."""
    return Side.SELL + 0 if side == Side.BUY else Side.BUY + 0


@kernel
def depth_of(state: int, instrument_id: int, book_side: int) -> Depth:
    """What is known of one side of a book: nothing when it is old, or crosses the other side."""
    header, instrument = header_of(state), instruments_of(state)[instrument_id]
    market = markets_of(state)[instrument_id]
    if instrument["crossed_since_ns"] != 0:
        return Depth(0, False, 0)
    oldest_ns = header["now_ns"] - header["book_age_max_ns"]
    count, received_ns = market["bid_level_count"], market["bid_received_ns"]
    if book_side == Side.SELL:
        count, received_ns = market["ask_level_count"], market["ask_received_ns"]
    top = _top_of(state, instrument_id, book_side)
    is_fresh = instrument["book_received_ns"] >= oldest_ns and top.price_ticks > 0 and top.lots > 0
    if count > 0 and received_ns >= oldest_ns:
        passed_over = 0
        if instrument["book_received_ns"] > received_ns and top.price_ticks > 0:
            levels = levels_of(state, instrument_id, book_side)
            while passed_over < count and _is_better(book_side, levels[passed_over]["price_ticks"], top.price_ticks):
                passed_over += 1
            is_told = passed_over < count and levels[passed_over]["price_ticks"] == top.price_ticks
            if is_fresh and passed_over > 0 and not is_told:
                passed_over -= 1
                return Depth(count - passed_over, True, passed_over)
        if passed_over < count:
            return Depth(count - passed_over, False, passed_over)
    return Depth(1, True, 0) if is_fresh else Depth(0, False, 0)


@kernel
def _is_better(book_side: int, price_ticks: int, other_ticks: int) -> bool:
    """Whether a price of a side of the book would trade before another one."""
    return price_ticks > other_ticks if book_side == Side.BUY else price_ticks < other_ticks


@kernel
def level_of(state: int, instrument_id: int, book_side: int, depth: Depth, place: int) -> Level:
    """One level, the best at place 0; nothing where its numbers make no sense. Precondition: the depth has it."""
    if depth.is_top and place == 0:
        level = _top_of(state, instrument_id, book_side)
    else:
        row = levels_of(state, instrument_id, book_side)[depth.passed_over + place]
        level = Level(row["price_ticks"], row["lots"])
    if level.price_ticks <= 0 or level.price_ticks > TICKS_MAX or level.lots <= 0:
        return Level(0, 0)
    return Level(level.price_ticks, min(level.lots, LEVEL_LOTS_MAX))


@kernel
def _top_of(state: int, instrument_id: int, book_side: int) -> Level:
    instrument = instruments_of(state)[instrument_id]
    if book_side == Side.SELL:
        return Level(instrument["ask_ticks"], instrument["ask_lots"])
    return Level(instrument["bid_ticks"], instrument["bid_lots"])


@kernel
def is_within(side: int, price_ticks: int, limit_ticks: int) -> bool:
    """Whether an order with a limit may trade at a price; 0 is no limit."""
    if limit_ticks == 0:
        return True
    return price_ticks <= limit_ticks if side == Side.BUY else price_ticks >= limit_ticks


@kernel
def walk(state: int, instrument_id: int, side: int, lots: int, limit_ticks: int) -> Walk:
    """What an order of a side would trade at once within its limit."""
    book_side = opposite(side)
    depth = depth_of(state, instrument_id, book_side)
    filled_lots, worst_ticks, notional = 0, 0, 0
    for place in range(depth.level_count):
        level = level_of(state, instrument_id, book_side, depth, place)
        if level.lots == 0 or filled_lots >= lots or not is_within(side, level.price_ticks, limit_ticks):
            break
        taken_lots = min(level.lots, lots - filled_lots)
        worth = notional_of(level.price_ticks, taken_lots)
        if worth > NO_LIMIT - notional:
            break
        filled_lots += taken_lots
        worst_ticks = level.price_ticks
        notional += worth
    return Walk(filled_lots, worst_ticks, notional)
