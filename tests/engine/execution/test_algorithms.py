"""Each algorithm does what its name says: on time, within its limit, and no more than its share."""

from collections import Counter

import pytest

from ipc.enums import OrderFlag, RecordKind, Side, TimeInForce
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentFlag, ParentState
from ipc.rate_enums import WhenExceeded
from tests.engine.core.world import NS_PER_MS, NS_PER_S
from tests.engine.execution.market import Market

MINUTE_NS = 60 * NS_PER_S


def shown(market: Market, lots: int) -> None:
    """Everybody else trades that much."""
    market.feed(
        RecordKind.MARKET_TRADES,
        last_trade_id=market.now_ns,
        last_price_ticks=10_000,
        high_ticks=10_000,
        low_ticks=10_000,
        bought_lots=lots,
        traded_notional=lots * 10_000,
        trade_count=1,
    )


def test_a_twap_is_even(market: Market) -> None:
    start_ns = market.now_ns
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=200, end=MINUTE_NS)
    for number in range(1, 21):
        market.run(start_ns + MINUTE_NS * number // 20 - 10 * NS_PER_MS - market.now_ns)
        assert market.done(order_id) == 10 * number
    market.run(NS_PER_S)
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_a_slice_rests_first_and_takes_when_it_ends(market: Market) -> None:
    market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=MINUTE_NS, interval_ms=60_000)
    market.run(MINUTE_NS + NS_PER_S)
    (resting_ns, resting), (taking_ns, taking) = market.new_requests()
    assert (resting.time_in_force, resting.price_ticks) == (TimeInForce.GTC, 9_990)
    assert (taking.time_in_force, taking.price_ticks) == (TimeInForce.IOC, 10_010)
    assert taking_ns - resting_ns >= 54 * NS_PER_S


def test_what_rests_and_trades_is_not_taken(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=MINUTE_NS, interval_ms=60_000)
    market.run(NS_PER_S)
    market.trade(int(market.living(order_id)[0]["order_id"]), 60)
    market.run(MINUTE_NS)
    assert [request.order_lots for _, request in market.new_requests()] == [100, 40]
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_who_is_only_passive_never_takes(market: Market) -> None:
    flags = int(ParentFlag.PASSIVE_ONLY)
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=MINUTE_NS, parent_flags=flags)
    market.run(MINUTE_NS + NS_PER_S)
    assert market.done(order_id) == 0
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.EXPIRED
    assert {request.order_flags for _, request in market.new_requests()} == {OrderFlag.POST_ONLY}


def test_a_schedule_is_followed_slice_by_slice(market: Market) -> None:
    lots = [10, 0, 50, 5, 35]
    order_id = market.parent(algorithm=Algorithm.VWAP, order_lots=100, end=MINUTE_NS)
    assert market.state_of(order_id) is ParentState.WAITING
    market.schedule(order_id, lots)
    start_ns = market.now_ns
    for number in range(1, 6):
        market.run(start_ns + MINUTE_NS * number // 5 - 10 * NS_PER_MS - market.now_ns)
        assert market.done(order_id) == sum(lots[:number])
    assert ParentEvent.SCHEDULED in market.events(order_id)


def test_a_schedule_of_many_parts_must_come_to_the_quantity(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.IMPLEMENTATION_SHORTFALL, order_lots=100, end=MINUTE_NS)
    steps = market.schedule(order_id, [2] * 45)
    assert [len(step.refusals) for step in steps] == [0, 0, 1]
    other_id = market.parent(algorithm=Algorithm.IMPLEMENTATION_SHORTFALL, order_lots=90, end=MINUTE_NS)
    assert not any(step.refusals for step in market.schedule(other_id, [2] * 45))


def test_noise_moves_slices_and_is_the_same_for_the_same_seed() -> None:
    def sizes(seed: int) -> list[tuple[int, int]]:
        market = Market()
        start_ns = market.now_ns
        fields = {"noise_ppm": 400_000, "seed": seed, "urgency_ppm": 1_000_000}
        order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=1_000, end=MINUTE_NS, **fields)
        market.run(MINUTE_NS + NS_PER_S)
        assert market.done(order_id) == 1_000
        return [(now_ns - start_ns, request.order_lots) for now_ns, request in market.new_requests()]

    assert sizes(1) == sizes(1)
    assert sizes(1) != sizes(2)
    assert len({lots for _, lots in sizes(1)}) > 3


def test_pov_trades_its_share_and_no_more(market: Market) -> None:
    share = {"participation_ppm": 100_000, "urgency_ppm": 1_000_000}
    order_id = market.parent(algorithm=Algorithm.POV, order_lots=100, **share)
    market.run(5 * NS_PER_S)
    assert market.done(order_id) == 0
    for number in range(1, 12):
        shown(market, 100)
        market.run(NS_PER_S)
        assert market.done(order_id) == min(10 * number, 100)
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_an_iceberg_shows_a_part_at_a_time(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.ICEBERG, order_lots=100, display_lots=30, limit_price_ticks=9_985)
    shown_lots = []
    while market.state_of(order_id) is not ParentState.ENDED:
        (child,) = market.living(order_id)
        shown_lots.append(int(child["order_lots"]))
        assert child["price_ticks"] == 9_985
        market.trade(int(child["order_id"]), int(child["order_lots"]))
    assert shown_lots == [30, 30, 30, 10]


def test_a_sniper_waits_unseen_until_there_is_enough(market: Market) -> None:
    order_id = market.parent(
        algorithm=Algorithm.SNIPER, order_lots=500, display_lots=400, limit_price_ticks=10_000, end=MINUTE_NS
    )
    market.quote(9_990, 10_000, lots=399)
    assert market.new_requests() == []
    market.offered[Side.SELL] = 400
    market.quote(9_990, 10_000, lots=400)
    assert market.done(order_id) == 400
    market.offered[Side.SELL] = 100
    market.quote(9_990, 10_000, lots=100)
    market.run(NS_PER_S)
    assert market.done(order_id) == 500


def test_a_peg_follows_the_touch_and_keeps_its_place_when_it_is_before_it(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.quote(9_995, 10_010)
    market.run(NS_PER_S)
    (child,) = market.living(order_id)
    assert child["price_ticks"] == 9_995
    requests = len(market.sent)
    market.quote(9_980, 10_010)
    market.run(NS_PER_S)
    assert len(market.sent) == requests


def test_a_peg_moves_no_more_often_than_it_may(market: Market) -> None:
    market.parent(algorithm=Algorithm.PEG, order_lots=50, interval_ms=1_000)
    before = len(market.sent)
    for number in range(100):
        market.now_ns += 10 * NS_PER_MS
        market.quote(9_990 + number // 10, 10_010)
    assert len(market.sent) - before <= 2


def test_a_limit_holds_for_every_child(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=200, end=MINUTE_NS, limit_price_ticks=10_005)
    for number in range(60):
        market.quote(9_980 + number, 10_000 + number)
        market.run(NS_PER_S)
    assert max(request.price_ticks for _, request in market.new_requests()) <= 10_005
    assert 0 < market.done(order_id) < 200


def test_a_participation_limit_holds_for_a_schedule_too(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=200, end=MINUTE_NS, participation_ppm=50_000)
    traded = 0
    for _ in range(60):
        shown(market, 20)
        traded += 20
        market.run(NS_PER_S)
        assert market.done(order_id) <= traded * 5 // 100
    assert market.done(order_id) > 50


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_close_out_brings_a_position_to_zero_and_never_beyond(market: Market, side: Side) -> None:
    other = Side.SELL if side == Side.BUY else Side.BUY
    entry = market.parent(side=other, order_lots=100)
    assert market.done(entry) == 100
    order_id = market.parent(algorithm=Algorithm.CLOSE_OUT, side=side, order_lots=0, end=MINUTE_NS)
    market.run(20 * NS_PER_S)
    assert 0 < market.done(order_id) < 100
    market.parent(side=side, order_lots=20)
    market.run(MINUTE_NS)
    assert market.book()["position_lots"] == 0
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.POSITION_CLOSED


def test_what_is_left_is_due_before_the_last_moment(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=10 * NS_PER_S)
    market.offered[Side.SELL] = 0
    market.run(9 * NS_PER_S - 1)
    assert market.done(order_id) == 0
    sent = len(market.new_requests())
    market.run(800 * NS_PER_MS)
    tries = [request.order_lots for _, request in market.new_requests()[sent:]]
    assert len(tries) >= 4 and set(tries) == {100}
    market.offered[Side.SELL] = 1_000
    market.run(200 * NS_PER_MS)
    assert market.done(order_id) == 100


def test_a_sweep_without_an_end_comes_again_for_what_went_away_before_it_arrived(market: Market) -> None:
    market.offered[Side.SELL] = 30
    order_id = market.parent(order_lots=100)
    assert market.state_of(order_id) is ParentState.WORKING
    market.offered[Side.SELL] = 50
    market.quote(ask_ticks=10_012)
    market.run(NS_PER_S)
    assert [request.price_ticks for _, request in market.new_requests()][:2] == [10_010, 10_012]
    assert len(market.new_requests()) == 5
    assert (market.done(order_id), market.parent_row(order_id)["end_reason"]) == (80, ParentEnd.EXPIRED)


def test_a_sweep_without_an_end_is_over_when_it_got_what_it_saw(market: Market) -> None:
    market.quote(lots=60)
    order_id = market.parent(order_lots=100)
    market.run(NS_PER_S)
    assert len(market.new_requests()) == 1
    assert (market.done(order_id), market.parent_row(order_id)["end_reason"]) == (60, ParentEnd.EXPIRED)


@pytest.mark.parametrize("algorithm", [Algorithm.SWEEP, Algorithm.STOP])
def test_however_seldom_it_looks_what_moved_away_is_gone_after_soon(market: Market, algorithm: Algorithm) -> None:
    trigger = {"trigger_price_ticks": 10_010} if algorithm is Algorithm.STOP else {}
    market.offered[Side.SELL] = 0
    order_id = market.parent(algorithm=algorithm, order_lots=100, interval_ms=60_000, **trigger)
    market.offered[Side.SELL] = 1_000
    market.run(150 * NS_PER_MS)
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_a_sweep_without_an_end_comes_again_for_what_was_refused_for_a_moment(market: Market) -> None:
    terms = market.terms()
    terms["when_exceeded"], terms["queue_ns"], terms["queue_orders"] = WhenExceeded.QUEUE, NS_PER_S, 4
    terms["queue_count"] = 1
    order_id = market.parent(order_lots=100)
    assert market.new_requests() == []
    terms["queue_count"] = 0
    market.run(50 * NS_PER_MS)
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_a_sweep_with_an_end_comes_again(market: Market) -> None:
    market.offered[Side.SELL] = 30
    order_id = market.parent(order_lots=100, end=MINUTE_NS)
    assert market.done(order_id) == 30
    market.offered[Side.SELL] = 1_000
    market.run(NS_PER_S)
    assert market.done(order_id) == 100


def test_a_rest_too_small_to_be_sent_is_taken_along(market: Market) -> None:
    market.row("instruments", 0)["min_order_lots"] = 8
    order_id = market.parent(algorithm=Algorithm.ICEBERG, order_lots=25, display_lots=10, limit_price_ticks=9_985)
    sizes: Counter[int] = Counter()
    while market.state_of(order_id) is not ParentState.ENDED:
        (child,) = market.living(order_id)
        sizes[int(child["order_lots"])] += 1
        market.trade(int(child["order_id"]), int(child["order_lots"]))
    assert sizes == {10: 1, 15: 1}


def test_many_parents_work_in_bounded_steps(market: Market) -> None:
    for _ in range(200):
        market.parent(algorithm=Algorithm.PEG, order_lots=2)
    before = len(market.sent)
    step = market.quote(9_995, 10_010)
    assert len(step.requests) <= 40
    market.run(10 * NS_PER_S)
    assert len(market.sent) - before >= 200


@pytest.mark.parametrize(
    "fields",
    [
        {"algorithm": Algorithm.SWEEP},
        {"algorithm": Algorithm.SNIPER, "display_lots": 1},
        {"algorithm": Algorithm.PEG},
        {"algorithm": Algorithm.ICEBERG, "display_lots": 50, "limit_price_ticks": 10_010},
        {"algorithm": Algorithm.STOP, "trigger_price_ticks": 10_000},
        {"algorithm": Algorithm.BRACKET, "trigger_price_ticks": 10_000, "take_profit_ticks": 9_000},
    ],
    ids=lambda fields: Algorithm(fields["algorithm"]).name,
)
def test_a_part_of_the_market_is_the_most_for_every_algorithm(market: Market, fields: dict[str, int]) -> None:
    order_id = market.parent(order_lots=100, end=MINUTE_NS, participation_ppm=100_000, **fields)
    traded = 0
    for _ in range(30):
        shown(market, 50)
        traded += 50
        market.run(NS_PER_S)
        working = sum(int(child["reserved_lots"]) for child in market.living(order_id))
        assert market.done(order_id) + working <= traded // 10
    assert market.done(order_id) + working > 0
