"""Every kind of order through a real engine to a real venue, and what others do on the same account."""

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from ipc.clock import NS_PER_S
from ipc.enums import ExecutionType, OrderStatus, OrderType, Side, TimeInForce
from tests.system.engine_site import EngineSite
from tests.system.installation import installed
from tests.system.trading_desk import TradingDesk, status_of
from tests.system.venue_orders import lines_of
from tests.system.waiting import CLOCK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MARKET_TICKS = 6_500_000


class Floor:
    """A running engine with a desk on account "main", and the means to trade as somebody else."""

    def __init__(self, site: EngineSite, desk: TradingDesk) -> None:
        self.venue = site.venue
        self.desk = desk
        self._count = 0

    def act(self, account: str, side: Side, price_ticks: int, lots: int, **more: str) -> None:
        """Places a limit order that is not ours."""
        self._count += 1
        order = {
            "account": account,
            "method": "order.place",
            "symbol": "BTCUSDT",
            "side": side.name,
            "type": "LIMIT",
            "timeInForce": "GTC",
            "price": f"{price_ticks / 100:.2f}",
            "quantity": f"{lots / 100_000:.5f}",
            "newClientOrderId": f"web_{self._count}",
        }
        self.venue.control("act?" + urlencode(order | more))

    def trade_at(self, price_ticks: int) -> None:
        """Makes this the last price."""
        self.act("other", Side.SELL, price_ticks, 100)
        self.act("other", Side.BUY, price_ticks, 100, selfTradePreventionMode="NONE", timeInForce="IOC")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One engine through all of it."""
    with installed(tmp_path_factory.mktemp("kinds")) as installation, ExitStack() as cleanup:
        site = EngineSite(installation, "main", "other")
        cleanup.enter_context(site.engine())
        yield Floor(site, site.desk(cleanup.enter_context(site.connect())))


@pytest.fixture(autouse=True)
def _empty_book(floor: Floor) -> Iterator[None]:
    """Takes off the book what a test left there."""
    yield
    floor.desk.cancel_everything()
    floor.venue.control("act?account=other&method=openOrders.cancelAll&symbol=BTCUSDT")


def test_a_stop_limit_waits_is_triggered_and_fills(floor: Floor) -> None:
    desk = floor.desk
    floor.trade_at(MARKET_TICKS)
    stop = desk.submit(
        side=Side.BUY,
        price_ticks=MARKET_TICKS + 200,
        order_lots=100,
        order_type=OrderType.STOP_LIMIT,
        stop_price=desk.instrument.price(MARKET_TICKS + 100),
        time_in_force=TimeInForce.GTC,
    )
    desk.await_resting(stop)
    floor.act("other", Side.SELL, MARKET_TICKS + 150, 1000)
    floor.trade_at(MARKET_TICKS + 100)
    desk.await_report(stop, ExecutionType.TRIGGERED)
    assert status_of(desk.await_end(stop)) is OrderStatus.FILLED
    assert [line["order_type"] for line in lines_of(floor.venue, stop, "accepted")] == ["STOP_LIMIT"]


def test_a_stop_sells_at_the_market(floor: Floor) -> None:
    desk = floor.desk
    floor.trade_at(MARKET_TICKS)
    stop = desk.submit(
        side=Side.SELL,
        price_ticks=0,
        order_lots=100,
        order_type=OrderType.STOP,
        stop_price=desk.instrument.price(MARKET_TICKS - 100),
        time_in_force=TimeInForce.GTC,
    )
    desk.await_resting(stop)
    floor.act("other", Side.BUY, MARKET_TICKS - 150, 1000)
    floor.trade_at(MARKET_TICKS - 100)
    assert status_of(desk.await_end(stop)) is OrderStatus.FILLED


def test_a_waiting_stop_gets_another_stop_price(floor: Floor) -> None:
    desk = floor.desk
    floor.trade_at(MARKET_TICKS)
    stop = desk.submit(
        side=Side.BUY,
        price_ticks=MARKET_TICKS + 900,
        order_lots=100,
        order_type=OrderType.STOP_LIMIT,
        stop_price=desk.instrument.price(MARKET_TICKS + 800),
        time_in_force=TimeInForce.GTC,
    )
    desk.await_resting(stop)
    desk.client.amend(stop, stop_price=desk.instrument.price(MARKET_TICKS + 700))
    desk.await_report(stop, ExecutionType.REPLACED)
    stops = [line["stop_price"] for line in lines_of(floor.venue, stop, "accepted")]
    assert stops == ["65008.00000000", "65007.00000000"]


def test_an_order_good_till_a_moment_ends_then(floor: Floor) -> None:
    desk = floor.desk
    order_id = desk.submit(
        side=Side.BUY,
        price_ticks=MARKET_TICKS - 20_000,
        order_lots=100,
        expire=CLOCK.utc_ns() + 2 * NS_PER_S,
    )
    desk.await_resting(order_id)
    assert status_of(desk.await_end(order_id)) is OrderStatus.EXPIRED
    assert lines_of(floor.venue, order_id, "canceled")


def test_an_amount_of_money_is_spent_and_no_more(floor: Floor) -> None:
    desk = floor.desk
    floor.act("other", Side.SELL, MARKET_TICKS + 10, 10_000)
    floor.act("other", Side.BUY, MARKET_TICKS - 200, 10_000)
    order_id = desk.client.submit(desk.instrument, Side.BUY, quote_quantity="130")
    ended = desk.await_end(order_id)
    assert status_of(ended) is OrderStatus.FILLED
    fills = lines_of(floor.venue, order_id, "traded")
    assert 0 < sum(Decimal(fill["last_price"]) * Decimal(fill["last_quantity"]) for fill in fills) <= 130


def test_an_iceberg_shows_a_part(floor: Floor) -> None:
    desk = floor.desk
    order_id = desk.submit(
        side=Side.BUY, price_ticks=MARKET_TICKS - 5_000, order_lots=100, display_quantity=desk.instrument.quantity(20)
    )
    desk.await_resting(order_id)
    desk.client.cancel(order_id)
    assert status_of(desk.await_end(order_id)) is OrderStatus.CANCELED


def test_the_chosen_self_trade_prevention_ends_the_taker(floor: Floor) -> None:
    desk = floor.desk
    maker = desk.submit(side=Side.BUY, price_ticks=MARKET_TICKS - 9_000, order_lots=100)
    desk.await_resting(maker)
    taker = desk.submit(
        side=Side.SELL, price_ticks=MARKET_TICKS - 9_000, order_lots=100, self_trade_prevention="EXPIRE_TAKER",
        time_in_force=TimeInForce.GTC,
    )  # fmt: skip
    assert status_of(desk.await_end(taker)) is OrderStatus.EXPIRED


def test_a_fill_that_the_stream_lost_is_found_while_the_connection_stands(floor: Floor) -> None:
    desk = floor.desk
    order_id = desk.submit(side=Side.BUY, price_ticks=MARKET_TICKS - 10_000, order_lots=100)
    desk.await_resting(order_id)
    floor.venue.control("fault?action=drop_event&match=executionReport")
    floor.act("other", Side.SELL, MARKET_TICKS - 10_000, 100, timeInForce="IOC")
    assert status_of(desk.await_end(order_id)) is OrderStatus.FILLED
