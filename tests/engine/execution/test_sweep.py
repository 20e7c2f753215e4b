"""A sweep over several books is as good as any sharing of the quantity, tried exhaustively, and says why it is so."""

import os
from random import Random

import pytest

from engine.core.state import State
from engine.core.sweep import plan_sweep
from ipc.enums import ConnectionState, InstrumentStatus, RefusalReason, ScopeKind, Side, TradingState
from ipc.parent_enums import RouteReason
from tests.engine.execution.books import NOW_NS, STRATEGY, VENUES, Books, Venue, random_levels
from tests.engine.execution.exhaustive import Share, best_single, cost_of, levels_within, optimum, takes

BOOKS = int(os.environ.get("OMS_BOOKS", "400"))
ANY_ACCOUNT = -1
NOT_PERMITTED = RouteReason.NOT_PERMITTED


def _random_venue(random: Random, side: Side, *, tick: int, around: int) -> Venue:
    levels = random_levels(
        random,
        Side.SELL if side is Side.BUY else Side.BUY,
        around=around // tick,
        step=1,
        count=random.randint(0, 5),
        most_lots=6,
    )
    return Venue(
        asks=levels if side is Side.BUY else [],
        bids=levels if side is Side.SELL else [],
        taker_ppm=random.choice((-200, 0, 400, 1_000, 2_500)),
        price_scale=tick,
        lot_scale=random.choice((1, 1, 1, 2, 3, 5)),
        least_lots=random.choice((1, 1, 2, 4)),
        most_lots=random.choice((1_000, 1_000, 5)),
        min_notional=random.choice((0, 0, 1_000, 3_000)),
    )


def _shared(rows: list[dict[str, int]], venues: list[Venue], side: Side) -> Share:
    """What was planned, costed by itself."""
    fine_lots = sum(row["routed_lots"] * venue.lot_scale for row, venue in zip(rows, venues, strict=True))
    costs = (cost_of(venue, side, row["routed_lots"])[0] for row, venue in zip(rows, venues, strict=True))
    return Share(fine_lots, sum(costs))


def test_a_sweep_of_random_books_is_as_good_as_any_sharing() -> None:
    random, books = Random(20_261), Books()
    misses = []
    for number in range(BOOKS):
        side = random.choice((Side.BUY, Side.SELL))
        venues = [
            _random_venue(random, side, tick=random.choice((1, 1, 2, 5, 10)), around=1_000)
            for _ in range(random.randint(2, 4))
        ]
        books.set(*venues)
        lots = random.randint(1, 60 // venues[0].lot_scale)
        limit = random.choice((0, 0, random.randint(985, 1_015) // venues[0].price_scale))
        count = plan_sweep(books.state.address, STRATEGY, ANY_ACCOUNT, 0, side, lots, limit, True)
        assert count == len(venues), number
        rows = books.candidates(count)
        wanted, limit_fine = lots * venues[0].lot_scale, limit * venues[0].price_scale
        for row, venue in zip(rows, venues, strict=True):
            assert row["routed_lots"] <= sum(there for _, there in levels_within(venue, side, limit_fine)), number
            if row["routed_lots"]:
                worst_ticks = cost_of(venue, side, row["routed_lots"])[1]
                assert row["price_ticks"] == worst_ticks, number
                assert takes(venue, row["routed_lots"], worst_ticks), number
        planned = _shared(rows, venues, side)
        assert planned.fine_lots <= wanted, number
        assert not planned.is_worse_than(best_single(venues, side, limit_fine, wanted)), number
        best = optimum(venues, side, limit_fine, wanted)
        if planned != best:
            misses.append((number, planned, best))
    assert misses == [], f"{len(misses)} of {BOOKS} books: another sharing is better"


def _two_books(**fields: int) -> Books:
    """A cheap venue with 5 lots at 100 and 5 at 101, and one with 10 lots at 100 that takes a fee."""
    cheap = Venue(asks=[(100, 5), (101, 5)], bids=[(99, 5), (98, 5)])
    return Books(cheap, Venue(asks=[(100, 10)], bids=[(99, 10)], taker_ppm=1_000, **fields))


def _plan(
    books: Books, *, lots: int, limit: int = 0, side: Side = Side.BUY, account: int = ANY_ACCOUNT
) -> list[dict[str, int]]:
    return books.candidates(plan_sweep(books.state.address, STRATEGY, account, 0, side, lots, limit, True))


def _routed(rows: list[dict[str, int]]) -> list[tuple[int, int, RouteReason]]:
    return [(row["routed_lots"], row["price_ticks"], RouteReason(row["route_reason"])) for row in rows]


def test_the_fee_decides_between_equal_prices_and_the_price_beyond_the_fee() -> None:
    assert _routed(_plan(_two_books(), lots=4)) == [(4, 100, RouteReason.BEST), (0, 0, RouteReason.WORSE_PRICE)]
    assert _routed(_plan(_two_books(), lots=12)) == [(5, 100, RouteReason.BEST), (7, 100, RouteReason.NEXT_BEST)]
    assert _routed(_plan(_two_books(), lots=99)) == [(10, 101, RouteReason.BEST), (10, 100, RouteReason.NEXT_BEST)]
    sold = _plan(_two_books(), lots=12, side=Side.SELL)
    assert _routed(sold) == [(5, 99, RouteReason.BEST), (7, 99, RouteReason.NEXT_BEST)]


def test_a_score_is_the_mean_price_with_its_fee_of_what_a_venue_would_give() -> None:
    rows = _plan(_two_books(), lots=10)
    assert [row["score_ticks"] for row in rows] == [100_500, 100_100]
    assert [row["available_lots"] for row in rows] == [10, 10]
    assert [row["best_ticks"] for row in rows] == [100, 100]


def test_nothing_is_routed_beyond_the_limit() -> None:
    assert _routed(_plan(_two_books(), lots=99, limit=100)) == [
        (5, 100, RouteReason.BEST),
        (10, 100, RouteReason.NEXT_BEST),
    ]
    assert _routed(_plan(_two_books(), lots=99, limit=99)) == [(0, 0, RouteReason.BEYOND_LIMIT)] * 2


def test_what_is_less_than_a_venue_takes_goes_where_it_is_taken() -> None:
    rows = _plan(_two_books(least_lots=8), lots=6)
    assert _routed(rows) == [(6, 101, RouteReason.BEST), (0, 0, RouteReason.BELOW_MINIMUM)]
    # A little less of the cheapest lets the other venue take part, which fills more.
    rows = _plan(_two_books(least_lots=8), lots=12)
    assert _routed(rows) == [(4, 100, RouteReason.BEST), (8, 100, RouteReason.NEXT_BEST)]


def test_units_of_another_venue_are_its_own() -> None:
    """Ticks of 1 and 10, lots of 1 and 3: what is asked in the first one's units comes out in each one's own."""
    books = Books(Venue(asks=[(1_000, 5)]), Venue(asks=[(99, 4)], price_scale=10, lot_scale=3))
    assert _routed(_plan(books, lots=14)) == [(2, 1_000, RouteReason.NEXT_BEST), (4, 99, RouteReason.BEST)]
    rows = _plan(books, lots=14, limit=995)
    assert _routed(rows) == [(0, 0, RouteReason.BEYOND_LIMIT), (4, 99, RouteReason.BEST)]
    assert rows[1]["score_ticks"] == 990_000


def test_of_venues_that_cost_the_same_the_faster_one_is_taken_then_where_more_is_filled() -> None:
    books = Books(Venue(asks=[(100, 9)]), Venue(asks=[(100, 9)]), Venue(asks=[(100, 9)]))
    books.route(0)["latency_ns"], books.route(2)["latency_ns"] = 900, 800
    assert [row["routed_lots"] for row in _plan(books, lots=5)] == [0, 0, 5]
    books.route(0)["latency_ns"] = books.route(2)["latency_ns"] = 0
    books.route(1)["rested_lots"] = books.route(1)["rest_filled_lots"] = 100
    assert [row["routed_lots"] for row in _plan(books, lots=5)] == [0, 5, 0]


@pytest.mark.parametrize(
    ("table", "field", "value", "reason", "refusal"),
    [
        (
            "instruments",
            "status",
            InstrumentStatus.HALTED,
            RouteReason.NOT_PERMITTED,
            RefusalReason.INSTRUMENT_NOT_TRADING,
        ),
        (
            "accounts",
            "connection_state",
            ConnectionState.DOWN,
            RouteReason.NOT_PERMITTED,
            RefusalReason.VENUE_NOT_READY,
        ),
        ("instruments", "crossed_since_ns", NOW_NS, RouteReason.NO_DEPTH, RefusalReason.NONE),
        ("markets", "ask_received_ns", 1, RouteReason.NO_DEPTH, RefusalReason.NONE),
        ("markets", "ask_level_count", 0, RouteReason.NO_DEPTH, RefusalReason.NONE),
    ],
)
def test_a_venue_where_nothing_may_trade_gets_nothing_and_says_why(
    table: str, field: str, value: int, reason: RouteReason, refusal: RefusalReason
) -> None:
    books = _two_books()
    books.state.table(table)[field][0] = value
    first, second = _plan(books, lots=12)
    assert (first["routed_lots"], first["route_reason"], first["refusal"]) == (0, reason, refusal)
    assert second["routed_lots"] == 10


def test_a_strategys_own_permission_pace_and_state_keep_it_from_a_venue() -> None:
    for spoil, reason, refusal in (
        (_forbid_instrument, RouteReason.NOT_PERMITTED, RefusalReason.NOT_PERMITTED),
        (_halt, RouteReason.NOT_PERMITTED, RefusalReason.TRADING_STATE),
        (_use_up_pace, RouteReason.NO_RATE_BUDGET, RefusalReason.RATE_LIMIT_EXCEEDED),
        (_penalise, RouteReason.PENALISED, RefusalReason.NONE),
    ):
        books = _two_books()
        spoil(books.state)
        first, second = _plan(books, lots=12)
        assert (first["routed_lots"], first["route_reason"], first["refusal"]) == (0, reason, refusal)
        assert second["routed_lots"] == 10


def test_a_quantity_stays_within_the_largest_order_and_the_position() -> None:
    books = _two_books()
    row = books.state.table("books")[STRATEGY * VENUES]
    row["max_order_lots"] = 3
    assert [got["routed_lots"] for got in _plan(books, lots=99)] == [3, 10]
    row["max_order_lots"], row["max_order_notional"] = 1_000, 450
    assert [got["routed_lots"] for got in _plan(books, lots=99)] == [4, 10]
    row["max_order_notional"], row["max_long_lots"], row["open_buy_lots"] = 1 << 40, 8, 2
    assert [got["routed_lots"] for got in _plan(books, lots=99)] == [6, 10]


def test_an_order_that_is_not_routed_or_names_its_account_stays_where_it_is() -> None:
    books = _two_books()
    assert plan_sweep(books.state.address, STRATEGY, ANY_ACCOUNT, 1, Side.BUY, 20, 0, False) == 1
    assert [(row["instrument_id"], row["routed_lots"]) for row in books.candidates(1)] == [(1, 10)]
    assert [(row["account_id"], row["routed_lots"]) for row in _plan(books, lots=20, account=0)] == [(0, 10)]


def test_of_several_accounts_at_a_venue_the_cheapest_that_may_trade_is_taken() -> None:
    books = _two_books()
    books.state.table("accounts")["venue_id"][2:] = 0
    routes = books.state.table("routes")
    routes["taker_ppm"][0], routes["taker_ppm"][2 * VENUES], routes["taker_ppm"][3 * VENUES] = 500, 300, 100
    books.state.table("accounts")["connection_state"][3] = ConnectionState.DOWN
    first, _ = _plan(books, lots=20)
    assert (first["account_id"], first["fee_ppm"], first["routed_lots"]) == (2, 300, 10)


def test_an_instrument_without_an_account_says_so() -> None:
    books = _two_books()
    books.state.table("terms")["permitted"] = 0
    (row,) = _plan(books, lots=5)
    assert (row["account_id"], row["route_reason"]) == (ANY_ACCOUNT, RouteReason.NOT_PERMITTED)


def test_numbers_that_no_market_has_do_not_overflow() -> None:
    most = (1 << 63) - 1
    books = Books(
        Venue(asks=[(1 << 41, most), (most, most)]), Venue(asks=[(5, most)], price_scale=100, lot_scale=1 << 27)
    )
    rows = _plan(books, lots=1 << 31, limit=1 << 45)
    assert all(row["routed_lots"] >= 0 and row["score_ticks"] >= 0 for row in rows)
    worth = sum(row["routed_lots"] * row["price_ticks"] * row["price_scale"] * row["lot_scale"] for row in rows)
    assert 0 < worth <= 1 << 58


def _forbid_instrument(state: State) -> None:
    state.table("books")["permitted"][STRATEGY * VENUES] = 0


def _halt(state: State) -> None:
    scopes = state.table("scopes")
    state.header["restriction_count"] = 1
    rows = (scopes["scope_kind"] == ScopeKind.INSTRUMENT) & (scopes["subject_id"] == 0)
    scopes["trading_state"][rows] = TradingState.HALT


def _use_up_pace(state: State) -> None:
    state.table("terms")["rate_limit_orders"][STRATEGY * VENUES] = 0


def _penalise(state: State) -> None:
    state.table("routes")["penalty_until_ns"][0] = NOW_NS + 1
