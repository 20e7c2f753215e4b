"""What a client sends, whatever the transport: every term in its word, nothing that cannot be meant."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ipc.enums import (
    OrderFlag,
    OrderType,
    RecordKind,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from ipc.errors import UnknownNameError
from ipc.order_id import unpack
from tests.ipc.conftest import Served
from tests.ipc.fake_engine import INSTANCE, INSTRUMENTS, STRATEGIES

BTC, ETH, SOL = INSTRUMENTS
MAKER = STRATEGIES["maker"]
TAKER = STRATEGIES["taker"]


def test_an_order_reaches_the_engine_in_exact_ticks_and_lots(served: Served) -> None:
    client = served.connect()
    order_id = client.submit(
        BTC,
        "buy",
        Decimal("0.00123"),
        price="30000.05",
        time_in_force=TimeInForce.GTC,
        post_only=True,
        client_tag=7,
        max_slippage_bps=5,
        execution_timeout_ms=0,
        retry_attempts=2,
        retry_delay_ms=30,
    )
    [(strategy_id, order)] = served.taken(1)
    assert strategy_id == MAKER
    assert order["order_id"] == order_id
    assert unpack(order_id) == (INSTANCE, 1, MAKER, 1, 0)
    assert order["sequence"] == 1
    wanted = {
        "kind": RecordKind.NEW_ORDER,
        "instrument_id": 0,
        "account_id": 0,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "order_flags": OrderFlag.POST_ONLY,
        "price_ticks": 600_001,
        "order_lots": 123,
        "client_tag": 7,
        "max_slippage_bps": 5,
        "execution_timeout_ms": 0,
        "retry_attempts": 2,
        "retry_delay_ms": 30,
    }
    assert {name: order[name] for name in wanted} == wanted


def test_what_is_left_out_asks_for_the_configured_value(served: Served) -> None:
    served.connect().submit(ETH, Side.SELL, 2)
    [(_, order)] = served.taken(1)
    assert (order["order_type"], order["time_in_force"], order["price_ticks"]) == (0, 0, 0)
    overrides = ("max_slippage_bps", "execution_timeout_ms", "retry_attempts", "retry_delay_ms")
    assert [order[name] for name in overrides] == [-1, -1, -1, -1]


def test_every_command_has_its_record_and_the_next_sequence(served: Served) -> None:
    client = served.connect()
    first = client.submit(BTC, "sell", 1, price=30_000)
    client.amend(first, price="30000.1")
    client.amend(first, quantity="0.5")
    client.cancel(first)
    second = client.target(SOL, "-3", price=20)
    client.cancel_all(ETH)
    client.cancel_all()
    served.taken(7)
    client.order_status(first)
    client.mass_status(ETH, side="buy")
    commands = [command for _, command in served.taken(9)]
    assert [command["sequence"] for command in commands] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [RecordKind(command["kind"]).name for command in commands] == [
        "NEW_ORDER",
        "AMEND_ORDER",
        "AMEND_ORDER",
        "CANCEL_ORDER",
        "TARGET_POSITION",
        "CANCEL_ALL",
        "CANCEL_ALL",
        "STATUS_REQUEST",
        "STATUS_REQUEST",
    ]
    assert (commands[1]["order_id"], commands[1]["price_ticks"], commands[1]["order_lots"]) == (first, 600_002, 0)
    assert (commands[2]["price_ticks"], commands[2]["order_lots"]) == (0, 50_000)
    assert commands[3]["order_id"] == first
    assert (commands[4]["order_id"], commands[4]["target_lots"]) == (second, -300_000)
    assert unpack(second).sequence == 2
    assert (commands[5]["instrument_id"], commands[6]["instrument_id"]) == (1, -1)
    assert unpack(commands[6]["order_id"]) == (INSTANCE, 1, MAKER, 0, 0)
    assert commands[7]["order_id"] == first
    assert unpack(commands[8]["order_id"]) == (INSTANCE, 1, MAKER, 0, 0)
    assert [commands[8][name] for name in ("instrument_id", "account_id", "side")] == [1, -1, Side.BUY]


def test_every_term_of_an_order_has_its_word(served: Served) -> None:
    client = served.connect()
    client.submit(
        BTC,
        "sell",
        "0.5",
        price="30000.05",
        stop_price="30000.1",
        expire=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        display_quantity="0.1",
        reduce_only=True,
        post_only=True,
        self_trade_prevention="expire_maker",
        release=1_800_000_000_123_456_789,
    )
    [(_, order)] = served.taken(1)
    wanted = {
        "order_type": OrderType.STOP_LIMIT,
        "time_in_force": TimeInForce.GTD,
        "order_flags": OrderFlag.POST_ONLY | OrderFlag.REDUCE_ONLY,
        "price_ticks": 600_001,
        "stop_price_ticks": 600_002,
        "order_lots": 50_000,
        "display_lots": 10_000,
        "quote_notional": 0,
        "expire_utc_ns": 1_767_323_045_000_006_000,
        "self_trade_prevention": SelfTradePrevention.EXPIRE_MAKER,
        "release_utc_ns": 1_800_000_000_123_456_789,
    }
    assert {name: order[name] for name in wanted} == wanted


def test_which_promise_of_a_market_order_wins_may_be_said_or_left_to_the_configuration(served: Served) -> None:
    client = served.connect()
    client.submit(BTC, "buy", 1, order_type="market", fill_first=True)
    client.submit(BTC, "buy", 1, order_type="market", fill_first=False)
    client.target(BTC, 1, order_type="market", fill_first=True, reduce_only=True)
    client.submit(BTC, "buy", 1, order_type="market")
    assert [order["order_flags"] for _, order in served.taken(4)] == [
        OrderFlag.FILL_FIRST,
        OrderFlag.PRICE_PROTECTED,
        OrderFlag.FILL_FIRST | OrderFlag.REDUCE_ONLY,
        OrderFlag.NONE,
    ]


def test_a_type_follows_from_the_prices_that_are_said(served: Served) -> None:
    client = served.connect()
    client.submit(BTC, "buy", 1, price=1)
    client.submit(BTC, "buy", 1, stop_price=1)
    client.submit(BTC, "buy", 1, stop_price=1, price=2)
    client.submit(BTC, "buy", quote_quantity=100)
    client.submit(BTC, "buy", 1, price=1, time_in_force="day")
    orders = [order for _, order in served.taken(5)]
    assert [OrderType(order["order_type"]).name for order in orders] == [
        "LIMIT",
        "STOP",
        "STOP_LIMIT",
        "MARKET",
        "LIMIT",
    ]
    # One price tick x one lot is 0.05 x 0.00001 of the quote asset.
    assert (orders[3]["order_lots"], orders[3]["quote_notional"]) == (0, 200_000_000)
    assert orders[4]["time_in_force"] == TimeInForce.DAY


def test_a_quote_quantity_never_buys_for_more(served: Served) -> None:
    client = served.connect()
    client.submit(BTC, "buy", quote_quantity="0.0000014")
    [(_, order)] = served.taken(1)
    assert order["quote_notional"] == 2


def test_an_amendment_says_its_version_and_on_which_it_depends(served: Served) -> None:
    client = served.connect()
    order_id = client.submit(BTC, "sell", 1, stop_price=30_000)
    client.amend(order_id, stop_price="30000.1", version=7, conditional_on_version=6)
    amendment = served.taken(2)[1][1]
    wanted = {"price_ticks": 0, "order_lots": 0, "stop_price_ticks": 600_002, "version": 7, "conditional_on_version": 6}
    assert {name: amendment[name] for name in wanted} == wanted


def test_a_cancel_all_may_name_account_and_side(served: Served) -> None:
    client = served.connect()
    client.cancel_all(account="kraken-main", side=Side.SELL)
    [(_, scope)] = served.taken(1)
    assert [scope[name] for name in ("instrument_id", "account_id", "side")] == [-1, 1, Side.SELL]
    with pytest.raises(UnknownNameError, match="no account 'kraken-spare'"):
        client.cancel_all(account="kraken-spare")


@pytest.mark.parametrize(
    ("terms", "error", "message"),
    [
        ({}, ValueError, "needs either quantity or quote_quantity"),
        ({"quantity": 1, "quote_quantity": 1}, ValueError, "and not both"),
        ({"quote_quantity": 0}, ValueError, "quote_quantity of BTC/USDT.BINANCE is 0, allowed is more than 0"),
        ({"quantity": 1, "display_quantity": 0}, ValueError, "display_quantity in BTC/USDT.BINANCE is 0"),
        (
            {"quantity": 1, "expire": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)},
            ValueError,
            "expire is .*, allowed is a datetime with a time",
        ),
        ({"quantity": 1, "release": 1.5}, TypeError, "release is of type float"),
        ({"quantity": 1, "self_trade_prevention": "never"}, ValueError, "SelfTradePrevention is 'never'"),
    ],
)
def test_terms_that_cannot_be_meant_send_nothing(
    served: Served, terms: dict[str, Any], error: type[Exception], message: str
) -> None:
    client = served.connect()
    with pytest.raises(error, match=message):
        client.submit(BTC, "buy", **terms)
    assert served.engine.take_commands() == []


def test_integers_can_be_sent_as_they_are(served: Served) -> None:
    client = served.connect()
    first = client.submit_ticks(instrument_id=1, account_id=0, side=2, price_ticks=7, order_lots=3, client_tag=4)
    publish = client.publish_new_order
    second = publish(2, 1, 1, 9, 5)
    third = publish(2, 1, 1, 0, 5, OrderType.MARKET, TimeInForce.IOC, 0, 6, 10, 20, 30, 40)
    orders = [order for _, order in served.taken(3)]
    assert [order["order_id"] for order in orders] == [first, second, third]
    assert [order["order_type"] for order in orders] == [OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET]
    assert [order["client_tag"] for order in orders] == [4, 0, 6]
    assert [order["price_ticks"] for order in orders] == [7, 9, 0]
    assert [order["retry_delay_ms"] for order in orders] == [-1, -1, 40]


def test_a_command_expires_after_its_time_to_live(served: Served) -> None:
    served.connect().cancel(1 << 8)
    [(_, command)] = served.taken(1)
    lived_ns = command["expires_utc_ns"] - command["published_ns"]
    served_by = served.connect("taker")
    served_by.cancel(1 << 8)
    later = served.taken(2)[1][1]
    # Both clocks run at one speed, so that their difference stays; a step of the wall clock may not.
    assert abs((later["expires_utc_ns"] - later["published_ns"]) - lived_ns) < 1_000_000_000


def test_an_account_must_be_named_where_the_strategy_has_two(served: Served) -> None:
    client = served.connect("taker")
    with pytest.raises(UnknownNameError, match="kraken-main, kraken-spare"):
        client.submit(SOL, "buy", 1, price=20)
    client.submit(SOL, "buy", 1, price=20, account="kraken-spare")
    [(strategy_id, order)] = served.taken(1)
    assert (strategy_id, order["account_id"]) == (TAKER, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((BTC, "buy", 0.5), TypeError, "quantity of BTC/USDT.BINANCE is the float 0.5"),
        ((BTC, "buy", True), TypeError, "quantity of BTC/USDT.BINANCE is the bool True"),
        ((BTC, "buy", "0.000001"), ValueError, "0.000001, allowed are multiples of the lot 0.00001"),
        ((BTC, "buy", "1e99"), ValueError, "finite number"),
        ((BTC, "buy", "NaN"), ValueError, "allowed is a decimal number"),
        ((BTC, "hold", 1), ValueError, "Side is 'hold', allowed are BUY, SELL"),
        (("DOGE/USDT", "buy", 1), UnknownNameError, "no instrument 'DOGE/USDT'"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name_and_nothing_is_sent(
    served: Served, arguments: tuple[str, str, float], error: type[Exception], message: str
) -> None:
    client = served.connect()
    with pytest.raises(error, match=message):
        client.submit(*arguments, price=30_000)
    order_id = client.submit(BTC, "buy", 1, price=30_000)
    assert unpack(order_id).sequence == 1
    assert len(served.taken(1)) == 1
