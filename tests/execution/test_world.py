"""The simulated market: the same for everybody, repeatable, and in price-time order."""

from gateways.simulator.orders import Order, OrderKind, Side, TimeInForce
from ipc.clock import NS_PER_S
from ipc.enums import ExecutionType, OrderType, RecordKind, RefusalReason
from ipc.enums import Side as OrderSide
from ipc.enums import TimeInForce as Force
from ipc.records import EXECUTION_REPORT
from tools.execution.trial import workshop
from tools.execution.venues import VENUES
from tools.execution.world import World

SEED = 3
SPAN_NS = 6 * NS_PER_S
_PLACES = {name: place for place, name in enumerate(EXECUTION_REPORT.names or ())}


def world_of(seed: int = SEED) -> World:
    return World(*workshop(), seed, horizon_ns=SPAN_NS)


def drawn(world: World) -> list[tuple[str, str, int, int]]:
    """What the rest of the market has sent to the first venue and is remembered there."""
    account = world.places[0].flow.account
    open_orders = account.open_orders["ETHUSDT"].values()
    return [(order.client_order_id, order.side, order.order_lots, order.price_ticks) for order in open_orders]


def limit_order(world: World, *, price_ticks: int, lots: int, force: Force = Force.GTC) -> int:
    return world.trader.order(
        instrument_id=0,
        account_id=0,
        side=int(OrderSide.BUY),
        order_type=int(OrderType.LIMIT),
        time_in_force=int(force),
        price_ticks=price_ticks,
        order_lots=lots,
    )


def heard(world: World, order_id: int) -> list[ExecutionType]:
    return [
        ExecutionType(report[_PLACES["execution_type"]])
        for report in world.trader.reports
        if report[_PLACES["order_id"]] == order_id
    ]


def test_a_seed_is_the_same_world_again() -> None:
    first, second = (world_of() for _ in range(2))
    for world in (first, second):
        world.run_until(world.now_ns + SPAN_NS)
    assert drawn(first) == drawn(second)
    assert first.engine.view.header("trace") == second.engine.view.header("trace")


def test_another_seed_is_another_world() -> None:
    assert drawn(world_of(1)) != drawn(world_of(2))


def test_what_others_send_does_not_depend_on_our_orders() -> None:
    quiet, busy = world_of(), world_of()
    limit_order(busy, price_ticks=busy.places[0].book.top()[2] + 3, lots=2_000, force=Force.IOC)
    for world in (quiet, busy):
        world.run_until(world.now_ns + SPAN_NS)
    assert busy.places[0].fills
    last_sent = [int(drawn(world)[-1][0][1:]) for world in (quiet, busy)]
    assert abs(last_sent[0] - last_sent[1]) <= 1, "the same orders were sent, whoever took them"
    quiet_prices = {text: (side, lots, ticks) for text, side, lots, ticks in drawn(quiet)}
    for text, *rest in drawn(busy):
        assert quiet_prices.get(text, tuple(rest)) == tuple(rest)


def test_the_books_of_the_venues_cross_now_and_then() -> None:
    crossed = 0
    for seed in range(4):
        world = world_of(seed)
        for _ in range(40):
            world.run_until(world.now_ns + NS_PER_S // 10)
            alpha, beta = ([ticks * place.terms.price_scale for ticks in place.book.top()] for place in world.places)
            crossed += alpha[0] > beta[2] or beta[0] > alpha[2]
    assert 0 < crossed < 80


def test_a_request_takes_its_time_and_so_does_its_answer() -> None:
    world = world_of()
    latency_ns = world.places[0].terms.latency_ns
    order_id = limit_order(world, price_ticks=world.places[0].book.top()[0] - 50, lots=100)
    world.run_until(world.now_ns + 2 * latency_ns - 1)
    assert ExecutionType.NEW not in heard(world, order_id)
    world.run_until(world.now_ns + 2 * latency_ns)
    assert ExecutionType.NEW in heard(world, order_id)


def test_who_came_first_trades_first_at_a_price() -> None:
    world = world_of()
    place = world.places[0]
    bid_ticks = place.book.top()[0]
    ahead_lots = place.book.bids.levels[bid_ticks].visible_lots
    order_id = limit_order(world, price_ticks=bid_ticks, lots=100)
    world.run_until(world.now_ns + NS_PER_S // 50)
    level = place.book.bids.levels[bid_ticks]
    ahead_lots = level.visible_lots - 100
    take(world, ahead_lots)
    assert not place.fills
    take(world, 40)
    assert [fill.lots for fill in place.fills] == [40]
    world.run_until(world.now_ns + NS_PER_S // 50)
    assert heard(world, order_id)[-1] is ExecutionType.TRADE


def take(world: World, lots: int) -> None:
    """Somebody sells to the best bids."""
    place = world.places[0]
    order = Order(
        account=place.flow.account,
        instrument=place.instrument,
        client_order_id=f"t{lots}",
        side=Side.SELL,
        kind=OrderKind.LIMIT,
        time_in_force=TimeInForce.IOC,
        order_lots=lots,
        price_ticks=place.book.top()[0],
    )
    assert place.exchange.place(order) is None


def test_an_order_that_is_replaced_goes_on_as_another_leg() -> None:
    world = world_of()
    place = world.places[0]
    bid_ticks = place.book.top()[0]
    order_id = limit_order(world, price_ticks=bid_ticks - 40, lots=100)
    world.run_until(world.now_ns + NS_PER_S // 50)
    world.trader.command(RecordKind.AMEND_ORDER, order_id=order_id, price_ticks=bid_ticks - 30, order_lots=200)
    world.run_until(world.now_ns + NS_PER_S // 50)
    (order,) = place.account.open_orders["ETHUSDT"].values()
    assert (order.price_ticks, order.order_lots) == (bid_ticks - 30, 200)
    world.trader.command(RecordKind.CANCEL_ORDER, order_id=order_id)
    world.run_until(world.now_ns + NS_PER_S // 50)
    assert heard(world, order_id)[-1] is ExecutionType.CANCELED
    assert not place.account.open_orders["ETHUSDT"]


def test_depth_and_trades_reach_the_core() -> None:
    world = world_of()
    world.run_until(world.now_ns + SPAN_NS)
    for number, place in enumerate(world.places):
        market = world.engine.view.state.table("markets")[number]
        assert market["bid_level_count"] == market["ask_level_count"] == 10
        told_lots = int(market["bought_lots"] + market["sold_lots"])
        assert 0.9 * place.data.traded_lots < told_lots <= place.data.traded_lots


def test_a_command_that_the_core_refuses_is_heard_of() -> None:
    world = world_of()
    order_id = limit_order(world, price_ticks=1, lots=10**12)
    assert world.trader.refusal(order_id) is not RefusalReason.NONE


def test_the_core_knows_how_the_venues_units_and_fees_compare() -> None:
    markets = world_of().engine.view.state.table("markets")
    assert markets["next_of_pair"].tolist() == [1, 0]
    routes = world_of().engine.view.state.table("routes").reshape(len(VENUES), len(VENUES))
    for number, terms in enumerate(VENUES):
        scales = markets["pair_price_scale"][number], markets["pair_lot_scale"][number]
        assert scales == (terms.price_scale, terms.lot_scale)
        own = routes[number, number]
        assert (own["maker_ppm"], own["taker_ppm"]) == (terms.maker_ppm, terms.taker_ppm)
