"""The matching engine against a naive model, and the rules that hold whatever happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.simulator.accounts import Account
from gateways.simulator.config import DEFAULT_INSTRUMENTS, AccountConfig
from gateways.simulator.exchange import Exchange
from gateways.simulator.instruments import Instrument
from gateways.simulator.orders import (
    Order,
    OrderKind,
    OrderStatus,
    RejectReason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from gateways.simulator.venue_log import VenueLog
from ipc.clock import ManualClock

# Its notional is finer than one unit of BTC, so that rounding is exercised too.
INSTRUMENT = Instrument(DEFAULT_INSTRUMENTS[2])
RICH = {"ETH": "1000000", "BTC": "1000000"}


@dataclass
class Naive:
    """An order in the model."""

    number: int
    owner: str
    side: Side
    price_ticks: int
    leaves_lots: int


class NaiveBook:
    """Matching by sorting everything again for every order."""

    def __init__(self) -> None:
        self.resting: list[Naive] = []
        self.trades: list[tuple[int, int, int, int]] = []

    def place(self, order: Naive, kind: OrderKind, time_in_force: TimeInForce) -> None:
        sign = 1 if order.side is Side.BUY else -1
        crossing = [
            other
            for other in sorted(self.resting, key=lambda o: (o.price_ticks * sign, o.number))
            if other.side is not order.side
            and (kind is OrderKind.MARKET or other.price_ticks * sign <= order.price_ticks * sign)
        ]
        if time_in_force is TimeInForce.FOK and sum(o.leaves_lots for o in crossing) < order.leaves_lots:
            return
        for other in crossing:
            lots = min(order.leaves_lots, other.leaves_lots)
            if lots:
                self.trades.append((order.number, other.number, other.price_ticks, lots))
                order.leaves_lots -= lots
                other.leaves_lots -= lots
        self.resting = [other for other in self.resting if other.leaves_lots]
        if order.leaves_lots and kind is OrderKind.LIMIT and time_in_force is TimeInForce.GTC:
            self.resting.append(order)

    def cancel(self, number: int) -> None:
        self.resting = [order for order in self.resting if order.number != number]


def new_exchange(**balances: dict[str, str]) -> Exchange:
    accounts = [Account(AccountConfig(name=name, balances=held)) for name, held in balances.items()]
    clock = ManualClock()
    return Exchange(clock, VenueLog(clock), [INSTRUMENT], accounts)


def new_order(exchange: Exchange, owner: str, number: int, side: Side, lots: int, **fields: Any) -> Order:
    fields.setdefault("kind", OrderKind.LIMIT if fields.get("price_ticks") else OrderKind.MARKET)
    return Order(
        account=exchange.accounts[owner],
        instrument=INSTRUMENT,
        client_order_id=f"{owner}{number}",
        side=side,
        order_lots=lots,
        **fields,
    )


def traded(exchange: Exchange) -> Iterator[tuple[int, int, int, int]]:
    """Taker, maker, price and lots of every trade in the log."""
    records = [record for record in exchange.log.records if record["event"] == "traded"]
    for taker, maker in zip(records[::2], records[1::2], strict=True):
        assert (taker["liquidity"], maker["liquidity"]) == ("TAKER", "MAKER")
        assert taker["trade_id"] == maker["trade_id"]
        yield (
            taker["venue_order_id"],
            maker["venue_order_id"],
            INSTRUMENT.ticks(taker["last_price"]),
            INSTRUMENT.lots(taker["last_quantity"]),
        )


steps = st.lists(
    st.tuples(
        st.sampled_from(["alice", "bob"]),
        st.sampled_from(Side),
        st.integers(5_380, 5_390),
        st.integers(1, 40),
        st.sampled_from([*TimeInForce, None, "cancel"]),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_trades_are_those_of_the_naive_model(plan: list[tuple[Any, ...]]) -> None:
    exchange, model = new_exchange(alice=RICH, bob=RICH), NaiveBook()
    orders: list[Order] = []
    for owner, side, price_ticks, lots, how in plan:
        if how == "cancel":
            if orders:
                target = orders[lots % len(orders)]
                exchange.cancel(target, "cancel")
                model.cancel(target.order_id)
            continue
        kind = OrderKind.MARKET if how is None else OrderKind.LIMIT
        time_in_force = how or TimeInForce.GTC
        order = new_order(
            exchange, owner, len(orders), side, lots, kind=kind, time_in_force=time_in_force,
            price_ticks=price_ticks if how else 0,
        )  # fmt: skip
        assert exchange.place(order) is None
        orders.append(order)
        model.place(Naive(order.order_id, owner, side, price_ticks, lots), kind, time_in_force)
    assert list(traded(exchange)) == model.trades
    open_orders = {order.order_id: order.leaves_lots for order in orders if order.is_open}
    assert open_orders == {order.number: order.leaves_lots for order in model.resting}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["alice", "bob"]),
            st.sampled_from(Side),
            st.integers(5_380, 5_390),
            st.integers(1, 400),
            st.sampled_from(["limit", "iceberg", "market", "quote", "stop", "stop_market", "cancel", "amend"]),
            st.sampled_from(SelfTradePrevention),
        ),
        max_size=40,
    )
)
def test_no_request_creates_or_destroys_money(plan: list[tuple[Any, ...]]) -> None:
    poor = {"ETH": "0.5", "BTC": "0.02"}
    exchange = new_exchange(alice=poor, bob=poor)
    before = {asset: total(exchange, asset) for asset in ("ETH", "BTC")}
    orders: list[Order] = []
    for owner, side, price_ticks, lots, what, prevention in plan:
        if what in {"cancel", "amend"}:
            if orders:
                change(exchange, orders[lots % len(orders)], what)
            continue
        fields: dict[str, Any] = {"price_ticks": price_ticks, "self_trade_prevention": prevention}
        if what == "iceberg":
            fields["display_lots"] = 1 + lots // 3
        elif what == "market":
            del fields["price_ticks"]
        elif what == "quote":
            fields = {"quote_order_units": lots * 10_000, "self_trade_prevention": prevention}
        elif what.startswith("stop"):
            fields |= {"stop_ticks": price_ticks, "stop_rises": side is Side.BUY}
            if what == "stop_market":
                del fields["price_ticks"]
        order_lots = 0 if what == "quote" else lots
        order = new_order(exchange, owner, len(orders), side, order_lots, **fields)
        if exchange.place(order) is None:
            orders.append(order)
        check_accounts(exchange)
    assert {asset: total(exchange, asset) for asset in before} == before
    for order in orders:
        exchange.cancel(order, "end")
    for account in exchange.accounts.values():
        assert not any(account.locked.values())


def change(exchange: Exchange, order: Order, what: str) -> None:
    if what == "cancel":
        exchange.cancel(order, "cancel")
    else:
        exchange.amend(order, order_lots=order.order_lots - 1, client_order_id=order.client_order_id)


def total(exchange: Exchange, asset: str) -> int:
    """All units of an asset that exist on the venue."""
    held = sum(account.free[asset] + account.locked[asset] for account in exchange.accounts.values())
    return held + exchange.settlement.fees[asset]


def check_accounts(exchange: Exchange) -> None:
    """Nothing is owed, and what is locked is exactly what the open orders have locked."""
    for account in exchange.accounts.values():
        assert all(units >= 0 for units in account.free.values())
        locked = {"ETH": 0, "BTC": 0}
        for order in account.open_orders[INSTRUMENT.symbol].values():
            locked["BTC" if order.side is Side.BUY else "ETH"] += order.locked_units
        assert locked == {asset: account.locked[asset] for asset in locked}


def test_an_iceberg_shows_one_slice_and_queues_again_with_the_next() -> None:
    exchange = new_exchange(alice=RICH, bob=RICH)
    iceberg = new_order(exchange, "alice", 1, Side.SELL, 100, price_ticks=5_400, display_lots=30)
    plain = new_order(exchange, "alice", 2, Side.SELL, 50, price_ticks=5_400)
    for order in (iceberg, plain):
        assert exchange.place(order) is None
    assert exchange.books["ETHBTC"].top()[2:] == (5_400, 80)
    exchange.place(new_order(exchange, "bob", 1, Side.BUY, 60, price_ticks=5_400))
    assert (iceberg.cumulative_lots, plain.cumulative_lots) == (30, 30)
    exchange.place(new_order(exchange, "bob", 2, Side.BUY, 25, price_ticks=5_400))
    assert (iceberg.cumulative_lots, plain.cumulative_lots) == (35, 50)


def test_a_post_only_order_that_would_take_is_refused_and_leaves_no_trace() -> None:
    exchange = new_exchange(alice=RICH, bob=RICH)
    exchange.place(new_order(exchange, "alice", 1, Side.SELL, 10, price_ticks=5_400))
    free_before = dict(exchange.accounts["bob"].free)
    order = new_order(exchange, "bob", 1, Side.BUY, 10, price_ticks=5_400, post_only=True)
    assert exchange.place(order) is RejectReason.WOULD_TAKE
    assert dict(exchange.accounts["bob"].free) == free_before
    assert not order.is_open


def test_a_stop_order_waits_for_the_last_price_and_then_trades() -> None:
    exchange = new_exchange(alice=RICH, bob=RICH)
    stop = new_order(exchange, "alice", 1, Side.BUY, 10, price_ticks=5_450, stop_ticks=5_400, stop_rises=True)
    assert exchange.place(stop) is None
    assert stop.working_ns == 0
    exchange.place(new_order(exchange, "bob", 1, Side.SELL, 30, price_ticks=5_400))
    exchange.place(new_order(exchange, "alice", 2, Side.BUY, 5, price_ticks=5_400))
    assert stop.status is OrderStatus.FILLED
    assert [record["event"] for record in exchange.log.records][-3:] == ["working", "traded", "traded"]


def test_a_stop_order_that_would_trigger_at_once_is_refused() -> None:
    exchange = new_exchange(alice=RICH)
    stop = new_order(exchange, "alice", 1, Side.BUY, 10, price_ticks=5_450, stop_ticks=5_000, stop_rises=True)
    assert exchange.place(stop) is RejectReason.WOULD_TRIGGER


def test_an_amended_order_keeps_its_place_and_frees_its_money() -> None:
    exchange = new_exchange(alice=RICH, bob=RICH)
    first = new_order(exchange, "alice", 1, Side.BUY, 100, price_ticks=5_000)
    second = new_order(exchange, "alice", 2, Side.BUY, 100, price_ticks=5_000)
    for order in (first, second):
        exchange.place(order)
    assert exchange.amend(first, order_lots=40, client_order_id="alice1") is None
    assert exchange.accounts["alice"].locked["BTC"] == INSTRUMENT.reserve_units(5_000, 140)
    exchange.place(new_order(exchange, "bob", 1, Side.SELL, 50, price_ticks=5_000))
    assert (first.cumulative_lots, second.cumulative_lots) == (40, 10)
    assert exchange.amend(second, order_lots=101, client_order_id="x") is RejectReason.QUANTITY_NOT_REDUCED
    assert exchange.amend(second, order_lots=100, client_order_id="x") is RejectReason.QUANTITY_UNCHANGED


def test_self_trade_prevention_ends_the_side_that_its_mode_names() -> None:
    expected = {
        SelfTradePrevention.NONE: (OrderStatus.FILLED, OrderStatus.FILLED),
        SelfTradePrevention.EXPIRE_MAKER: (OrderStatus.EXPIRED, OrderStatus.NEW),
        SelfTradePrevention.EXPIRE_TAKER: (OrderStatus.NEW, OrderStatus.EXPIRED),
        SelfTradePrevention.EXPIRE_BOTH: (OrderStatus.EXPIRED, OrderStatus.EXPIRED),
        SelfTradePrevention.DECREMENT: (OrderStatus.EXPIRED, OrderStatus.EXPIRED),
    }
    assert set(expected) == set(SelfTradePrevention)
    for mode, statuses in expected.items():
        exchange = new_exchange(alice=RICH)
        maker = new_order(exchange, "alice", 1, Side.SELL, 10, price_ticks=5_400)
        taker = new_order(exchange, "alice", 2, Side.BUY, 10, price_ticks=5_400, self_trade_prevention=mode)
        exchange.place(maker)
        exchange.place(taker)
        assert (maker.status, taker.status) == statuses, mode


def test_a_decrement_ends_the_smaller_order_and_leaves_the_rest_of_the_larger_one() -> None:
    exchange = new_exchange(alice=RICH, bob=RICH)
    iceberg = new_order(exchange, "alice", 1, Side.SELL, 10, price_ticks=5_400, display_lots=9)
    exchange.place(iceberg)
    fields = {"price_ticks": 5_400, "self_trade_prevention": SelfTradePrevention.DECREMENT}
    smaller = new_order(exchange, "alice", 2, Side.BUY, 4, **fields)
    exchange.place(smaller)
    assert (smaller.status, smaller.prevented_lots) == (OrderStatus.EXPIRED, 4)
    assert (iceberg.status, iceberg.leaves_lots, iceberg.prevented_lots) == (OrderStatus.NEW, 6, 4)
    assert exchange.books["ETHBTC"].top()[2:] == (5_400, 6)
    assert exchange.accounts["alice"].locked["ETH"] == 6 * INSTRUMENT.lot_units
    larger = new_order(exchange, "alice", 3, Side.BUY, 8, **fields)
    exchange.place(larger)
    assert (iceberg.status, larger.status, larger.leaves_lots) == (OrderStatus.EXPIRED, OrderStatus.NEW, 2)
    assert exchange.books["ETHBTC"].top() == (5_400, 2, 0, 0)
    assert not list(traded(exchange))


def test_commission_is_taken_from_what_each_side_receives() -> None:
    exchange = new_exchange(alice=RICH, bob=RICH)
    exchange.place(new_order(exchange, "alice", 1, Side.SELL, 10_000, price_ticks=5_400))
    exchange.place(new_order(exchange, "bob", 1, Side.BUY, 10_000, price_ticks=5_400))
    taker, maker = [record for record in exchange.log.records if record["event"] == "traded"]
    assert (taker["fee"], taker["fee_asset"]) == ("0.00100000", "ETH")
    assert (maker["fee"], maker["fee_asset"]) == ("0.00005400", "BTC")
