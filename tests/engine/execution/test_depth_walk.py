"""A walk through a book says what a quantity would trade at, as taking its lots one by one does."""

import os
from random import Random

import pytest

from engine.core.depth_walk import walk
from ipc.enums import Side
from tests.engine.execution.books import BOOK_AGE_MAX_NS, NOW_NS, Books, Venue, random_levels

BOOKS = int(os.environ.get("OMS_BOOKS", "10000"))


def _one_by_one(levels: list[tuple[int, int]], side: Side, lots: int, limit_ticks: int) -> tuple[int, int, int]:
    """What is taken when every lot is looked at by itself."""
    queue = [price_ticks for price_ticks, there in levels for _ in range(there)]
    taken = []
    for price_ticks in queue[:lots]:
        if limit_ticks and (price_ticks > limit_ticks if side is Side.BUY else price_ticks < limit_ticks):
            break
        taken.append(price_ticks)
    return len(taken), taken[-1] if taken else 0, sum(taken)


def test_a_walk_takes_what_taking_lot_by_lot_takes() -> None:
    random, books = Random(7), Books(count=1)
    for number in range(BOOKS):
        side = random.choice((Side.BUY, Side.SELL))
        book_side = Side.SELL if side is Side.BUY else Side.BUY
        levels = random_levels(random, book_side, around=1_000, step=1, count=random.randint(0, 10), most_lots=9)
        books.set(Venue(asks=levels) if side is Side.BUY else Venue(bids=levels))
        lots, limit = random.randint(0, 60), random.choice((0, random.randint(970, 1_030)))
        found = walk(books.state.address, 0, side, lots, limit)
        assert tuple(found) == _one_by_one(levels, side, lots, limit), number


@pytest.mark.parametrize(("side", "price_ticks"), [(Side.BUY, 101), (Side.SELL, 99)])
def test_without_fresh_depth_the_best_price_is_all_there_is(side: Side, price_ticks: int) -> None:
    books = Books(Venue(bids=[(98, 50)], asks=[(102, 50)]))
    instrument = books.state.table("instruments")[0]
    instrument["bid_ticks"], instrument["bid_lots"] = 99, 4
    instrument["ask_ticks"], instrument["ask_lots"] = 101, 4
    instrument["book_received_ns"] = NOW_NS - BOOK_AGE_MAX_NS
    market = books.state.table("markets")[0]
    market["bid_received_ns"] = market["ask_received_ns"] = NOW_NS - BOOK_AGE_MAX_NS
    assert walk(books.state.address, 0, side, 9, 0).filled_lots == 9
    market["bid_received_ns"] = market["ask_received_ns"] = NOW_NS - BOOK_AGE_MAX_NS - 1
    assert tuple(walk(books.state.address, 0, side, 9, 0)) == (4, price_ticks, 4 * price_ticks)
    instrument["book_received_ns"] -= 1
    assert tuple(walk(books.state.address, 0, side, 9, 0)) == (0, 0, 0)


def test_levels_left_behind_are_gone_and_the_newer_best_price_is_in_their_place() -> None:
    random, books = Random(8), Books(count=1)
    for number in range(min(BOOKS, 1_000)):
        side = random.choice((Side.BUY, Side.SELL))
        book_side, word = (Side.SELL, "ask") if side is Side.BUY else (Side.BUY, "bid")
        levels = random_levels(random, book_side, around=1_000, step=1, count=random.randint(1, 10), most_lots=9)
        books.set(Venue(asks=levels) if side is Side.BUY else Venue(bids=levels))
        top, instrument = random.randint(975, 1_025), books.state.table("instruments")[0]
        instrument[f"{word}_ticks"], instrument[f"{word}_lots"] = top, 4
        books.state.table("markets")[0][f"{word}_received_ns"] = NOW_NS - 1
        is_newer = random.random() < 0.7
        instrument["book_received_ns"] = NOW_NS if is_newer else NOW_NS - 1
        standing = [level for level in levels if (level[0] >= top if side is Side.BUY else level[0] <= top)]
        if len(standing) < len(levels) and top not in dict(standing):
            standing = [(top, 4), *standing]
        lots = random.randint(1, 60)
        found = walk(books.state.address, 0, side, lots, 0)
        assert tuple(found) == _one_by_one(standing if is_newer else levels, side, lots, 0), number


def test_a_crossed_book_has_no_depth() -> None:
    books = Books(Venue(bids=[(99, 5)], asks=[(101, 5)]))
    books.state.table("instruments")["crossed_since_ns"][0] = NOW_NS
    assert tuple(walk(books.state.address, 0, Side.BUY, 9, 0)) == (0, 0, 0)


def test_a_walk_ends_before_its_sum_would_not_fit() -> None:
    most = (1 << 63) - 1
    books = Books(Venue(asks=[(1, most), (1 << 46, most), (most, 1)]))
    found = walk(books.state.address, 0, Side.BUY, most, 0)
    assert tuple(found) == ((1 << 31) - 1, 1, (1 << 31) - 1)
