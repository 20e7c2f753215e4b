"""An order that is to rest goes to the one venue where its price, fees included, is expected to be the best."""

from engine.core.resting_route import plan_rest
from engine.core.route_memory import note_latency, note_rejection, note_rest
from ipc.enums import Side
from ipc.parent_enums import RouteReason
from tests.engine.execution.books import NOW_NS, STRATEGY, Books, Venue

ANY_ACCOUNT = -1
NS_PER_S = 1_000_000_000


def _venue(**fields: int) -> Venue:
    return Venue(bids=[(99, 10)], asks=[(101, 10)], taker_ppm=1_000, **fields)


def _plan(books: Books, *, lots: int = 5, limit: int = 0, side: Side = Side.BUY) -> list[dict[str, int]]:
    count = plan_rest(books.state.address, STRATEGY, ANY_ACCOUNT, 0, side, lots, limit, True)
    return books.candidates(count)


def _routed(rows: list[dict[str, int]]) -> list[tuple[int, int]]:
    return [(row["routed_lots"], row["price_ticks"]) for row in rows]


def test_the_cheaper_maker_fee_decides() -> None:
    books = Books(_venue(maker_ppm=500), _venue(maker_ppm=-100), _venue(maker_ppm=0))
    for side, price_ticks in ((Side.BUY, 99), (Side.SELL, 101)):
        rows = _plan(books, side=side)
        assert _routed(rows) == [(0, price_ticks), (5, price_ticks), (0, price_ticks)]
        assert [row["route_reason"] for row in rows] == [
            RouteReason.WORSE_PRICE,
            RouteReason.BEST,
            RouteReason.WORSE_PRICE,
        ]


def test_where_more_was_filled_is_better_than_a_slightly_cheaper_fee() -> None:
    books = Books(_venue(maker_ppm=0), _venue(maker_ppm=10))
    note_rest(books.state.address, 0, 0, 1_000, 10)
    note_rest(books.state.address, 1, 1, 1_000, 990)
    assert _routed(_plan(books)) == [(0, 99), (5, 99)]


def test_the_shorter_queue_is_better_then_the_faster_venue() -> None:
    short = Venue(bids=[(99, 1)], asks=[(101, 10)], taker_ppm=1_000)
    assert _routed(_plan(Books(_venue(), short))) == [(0, 99), (5, 99)]
    books = Books(_venue(), _venue())
    note_latency(books.state.address, 0, 0, 900)
    note_latency(books.state.address, 1, 1, 800)
    assert _routed(_plan(books)) == [(0, 99), (5, 99)]


def test_a_limit_becomes_a_price_of_the_venue_that_is_no_worse() -> None:
    books = Books(_venue(), Venue(bids=[(9, 1)], asks=[(11, 1)], price_scale=10, lot_scale=2))
    for side, limit, prices in ((Side.BUY, 98, [98, 9]), (Side.SELL, 102, [102, 11])):
        rows = _plan(books, limit=limit, side=side)
        assert [row["price_ticks"] for row in rows] == prices
        assert [row["available_lots"] for row in rows] == [5, 2]


def test_what_cannot_rest_at_a_venue_does_not_go_there() -> None:
    for spoiled, reason in (
        (_venue(least_lots=6), RouteReason.BELOW_MINIMUM),
        (_venue(min_notional=1_000), RouteReason.BELOW_MINIMUM),
        (Venue(), RouteReason.NO_DEPTH),
    ):
        rows = _plan(Books(spoiled, _venue(maker_ppm=900)))
        assert [row["route_reason"] for row in rows] == [reason, RouteReason.BEST]
        assert _routed(rows)[1] == (5, 99)


def test_a_rejection_keeps_orders_away_twice_as_long_each_time() -> None:
    books = Books(_venue(), _venue(maker_ppm=900))
    state, route = books.state, books.route(0)
    lasted = []
    for _ in range(9):
        note_rejection(state.address, 0, 0)
        lasted.append((int(route["penalty_until_ns"]) - int(state.header["now_ns"])) // NS_PER_S)
        assert _plan(books)[0]["route_reason"] == RouteReason.PENALISED
        state.header["now_ns"] = route["penalty_until_ns"]
        state.table("markets")["bid_received_ns"] = state.table("markets")["ask_received_ns"] = state.header["now_ns"]
        assert _plan(books)[0]["route_reason"] == RouteReason.BEST
    assert lasted == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    state.header["now_ns"] += 60 * NS_PER_S + 1
    note_rejection(state.address, 0, 0)
    assert int(route["penalty_until_ns"]) - int(state.header["now_ns"]) == NS_PER_S


def test_latency_is_a_moving_average_and_old_rests_fade() -> None:
    books = Books(_venue())
    state, route = books.state, books.route(0)
    note_latency(state.address, 0, 0, 800)
    note_latency(state.address, 0, 0, 1_600)
    assert route["latency_ns"] == 900
    for _ in range(3):
        note_rest(state.address, 0, 0, 1 << 40, 1 << 39)
    assert (route["rested_lots"], route["rest_filled_lots"]) == (1 << 40, 1 << 39)
    assert state.header["now_ns"] == NOW_NS
