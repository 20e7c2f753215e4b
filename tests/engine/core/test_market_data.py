"""Depth and trades as the core knows them: the newest of each side, nothing crossed, every total exact."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.market_data import GAP_TOLD_EVERY_NS, LEVEL_LOTS_MAX, TOTAL_MAX
from ipc.enums import AlarmCode, RecordKind, Side
from ipc.market_tables import DEPTH_LEVELS
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_MS, World

Level = tuple[int, int]
BIDS: list[Level] = [(9_990, 5), (9_989, 7), (9_985, 1)]
ASKS: list[Level] = [(10_010, 4), (10_011, 6)]
WORD_MAX = (1 << 63) - 1


def depth(world: World, side: Side, levels: list[Level], sequence: int = 0, instrument_id: int = 0) -> Step:
    """One side of a book as a gateway tells it."""
    words = {}
    for place, (price_ticks, lots) in enumerate(levels):
        words |= {f"price_ticks_{place}": price_ticks, f"lots_{place}": lots}
    return world.feed(RecordKind.BOOK_DEPTH, instrument_id=instrument_id, side=side, venue_sequence=sequence, **words)


def book(world: World, bids: list[Level], asks: list[Level], sequence: int = 0) -> None:
    """Both sides of one moment."""
    depth(world, Side.BUY, bids, sequence)
    depth(world, Side.SELL, asks, sequence)


def known(world: World, side: Side, instrument_id: int = 0) -> list[Level]:
    """The levels that the core would trade on."""
    name = "bid_level_count" if side is Side.BUY else "ask_level_count"
    count = int(world.row("markets", instrument_id)[name])
    levels = world.state.table("levels").reshape(-1, 2, DEPTH_LEVELS)[instrument_id, side - 1]
    return [(int(level["price_ticks"]), int(level["lots"])) for level in levels[:count]]


def trades(world: World, **fields: int) -> Step:
    """What was traded, a lot bought at 10,000 unless told otherwise."""
    usual = {"last_trade_id": 1, "last_price_ticks": 10_000, "bought_lots": 1, "traded_notional": 10_000}
    return world.feed(RecordKind.MARKET_TRADES, **{**usual, "trade_count": 1, **fields})


def test_each_side_replaces_what_was_known_of_it(world: World) -> None:
    book(world, BIDS, ASKS, 7)
    assert (known(world, Side.BUY), known(world, Side.SELL)) == (BIDS, ASKS)
    world.now_ns += 5
    depth(world, Side.BUY, BIDS[1:], 8)
    assert (known(world, Side.BUY), known(world, Side.SELL)) == (BIDS[1:], ASKS)
    market = world.row("markets", 0)
    assert (market["bid_sequence"], market["ask_sequence"]) == (8, 7)
    assert market["bid_received_ns"] - market["ask_received_ns"] == 5
    assert known(world, Side.BUY, 1) == []


def test_ten_levels_are_all_there_is_room_for(world: World) -> None:
    levels = [(10_000 - place, place + 1) for place in range(DEPTH_LEVELS)]
    depth(world, Side.BUY, levels, instrument_id=1)
    assert known(world, Side.BUY, 1) == levels
    assert (known(world, Side.SELL, 1), known(world, Side.BUY, 0), known(world, Side.SELL, 0)) == ([], [], [])


def test_an_older_side_is_counted_and_left_alone(world: World) -> None:
    depth(world, Side.BUY, BIDS, 8)
    depth(world, Side.BUY, BIDS[1:], 7)
    assert (known(world, Side.BUY), world.row("markets", 0)["late_count"]) == (BIDS, 1)
    depth(world, Side.SELL, ASKS, 7)
    assert known(world, Side.SELL) == ASKS, "each side has a sequence of its own"
    depth(world, Side.BUY, BIDS[2:], 8)
    assert known(world, Side.BUY) == BIDS[2:], "the same number again is not older"


def test_sequence_0_counts_anew(world: World) -> None:
    depth(world, Side.BUY, BIDS, 1 << 62)
    depth(world, Side.BUY, BIDS[1:], 0)
    depth(world, Side.BUY, BIDS[2:], 3)
    assert (known(world, Side.BUY), world.row("markets", 0)["late_count"]) == (BIDS[2:], 0)


def test_sides_of_one_moment_that_cross_are_not_taken(world: World) -> None:
    for best_ask_ticks in (BIDS[0][0], BIDS[0][0] - 1):
        book(world, BIDS, [(best_ask_ticks, 1)], 5)
        assert (known(world, Side.BUY), known(world, Side.SELL)) == ([], [])
    assert world.row("markets", 0)["crossed_count"] == 2
    book(world, BIDS, ASKS, 6)
    assert (known(world, Side.BUY), known(world, Side.SELL)) == (BIDS, ASKS)


def test_sides_of_different_moments_may_cross_for_a_while(world: World) -> None:
    book(world, BIDS, ASKS, 5)
    higher = [(ASKS[0][0], 1)]
    depth(world, Side.BUY, higher, 6)
    assert (known(world, Side.BUY), known(world, Side.SELL)) == (higher, ASKS)
    assert world.row("markets", 0)["crossed_count"] == 0


def test_after_an_outage_the_new_side_does_not_cross_with_the_old_one(world: World) -> None:
    book(world, BIDS, ASKS, 0)
    world.now_ns += 1
    higher = [(ASKS[0][0], 1)]
    depth(world, Side.BUY, higher, 0)
    assert (known(world, Side.BUY), world.row("markets", 0)["crossed_count"]) == (higher, 0)


def expected_levels(side: Side, levels: list[Level]) -> list[Level]:
    """The sound levels before the first unsound one."""
    taken: list[Level] = []
    for price_ticks, lots in levels:
        is_behind = not taken or (price_ticks < taken[-1][0] if side is Side.BUY else price_ticks > taken[-1][0])
        if price_ticks <= 0 or lots <= 0 or not is_behind:
            break
        taken.append((price_ticks, min(lots, LEVEL_LOTS_MAX)))
    return taken


_NUMBER = st.one_of(st.integers(-1, 6), st.sampled_from([-WORD_MAX - 1, LEVEL_LOTS_MAX, LEVEL_LOTS_MAX + 1, WORD_MAX]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(Side), st.lists(st.tuples(_NUMBER, _NUMBER), max_size=DEPTH_LEVELS))
def test_a_level_that_makes_no_sense_ends_the_book(side: Side, levels: list[Level]) -> None:
    world = World(orders=2, tombstones=2, trades=2)
    depth(world, side, levels)
    assert known(world, side) == expected_levels(side, levels)


def test_trades_add_up(world: World) -> None:
    trades(world, last_trade_id=40, bought_lots=3, sold_lots=2, traded_notional=50_003, trade_count=4)
    world.now_ns += 50 * NS_PER_MS
    trades(world, last_trade_id=41, last_price_ticks=9_999, bought_lots=0, sold_lots=1, traded_notional=9_999)
    market = world.row("markets", 0)
    assert (market["bought_lots"], market["sold_lots"], market["traded_notional"]) == (3, 3, 60_002)
    assert (market["trade_count"], market["trade_id"], market["last_trade_ticks"]) == (5, 41, 9_999)
    assert (market["trades_received_ns"], market["missed_trades"]) == (world.now_ns, 0)


def test_a_total_stays_where_it_would_overflow(world: World) -> None:
    for _ in range(3):
        trades(world, bought_lots=WORD_MAX, sold_lots=-5, traded_notional=TOTAL_MAX - 1)
    market = world.row("markets", 0)
    assert (market["bought_lots"], market["sold_lots"], market["traded_notional"]) == (TOTAL_MAX, 0, TOTAL_MAX)


def test_missing_trades_are_told_once_a_minute_for_each_instrument(world: World) -> None:
    def told(missed: int, instrument_id: int = 0) -> list[Any]:
        step = trades(world, last_trade_id=9, missed_count=missed, instrument_id=instrument_id)
        assert all(effect.kind == RecordKind.ALARM for effect in step.effects)
        return [(alarm.code, alarm.instrument_id, alarm.trade_id, alarm.found) for alarm in step.effects]

    assert told(0) == []
    assert told(3) == [(AlarmCode.MARKET_DATA_GAP, 0, 9, 3)]
    world.now_ns += GAP_TOLD_EVERY_NS - 1
    assert told(2) == []
    assert told(1, instrument_id=1) == [(AlarmCode.MARKET_DATA_GAP, 1, 9, 1)]
    world.now_ns += 1
    assert told(1) == [(AlarmCode.MARKET_DATA_GAP, 0, 9, 6)]
    assert np.count_nonzero(world.state.table("alarms")["alarm_id"]) == 2, "the same again is counted"
