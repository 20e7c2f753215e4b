"""The client is one object, whatever the transport."""

from decimal import Decimal

import pytest

from ipc.client import Client
from ipc.enums import (
    AlarmCode,
    EndReason,
    ExecutionType,
    OrderStatus,
    OrderType,
    RefusalReason,
    RejectReason,
    RequestKind,
    Side,
)
from ipc.errors import EngineRestartedError, UnknownNameError
from ipc.events import Alarm, Event, ExecutionReport, Lagged, VenueState
from ipc.frame import LIFE_SIGN_NS
from ipc.order_id import unpack
from tests.ipc.conftest import Served, until
from tests.ipc.fake_engine import INSTRUMENTS, REPORTS_CAPACITY, STRATEGIES

BTC, ETH, SOL = INSTRUMENTS
MAKER = STRATEGIES["maker"]
TAKER = STRATEGIES["taker"]


def test_the_report_of_an_amendment_says_its_versions_and_how(served: Served) -> None:
    client = served.connect()
    terms = {"limit": RequestKind.CANCEL_REPLACE, "current": 3, "requested": 4, "side": Side.BUY}
    served.engine.report(MAKER, execution_type=ExecutionType.PENDING_REPLACE, **terms)
    served.engine.report(MAKER, execution_type=ExecutionType.TRADE, **terms)
    replacing, trade = until_events(client, 2)
    assert isinstance(replacing, ExecutionReport)
    assert isinstance(trade, ExecutionReport)
    assert (replacing.version, replacing.version_requested) == (3, 4)
    assert replacing.amended_by is RequestKind.CANCEL_REPLACE
    assert "version 4 by CANCEL_REPLACE" in str(replacing)
    assert (trade.version, trade.version_requested, trade.amended_by) == (None, None, None)


def test_an_alarm_says_what_a_person_should_look_at(served: Served) -> None:
    client = served.connect()
    served.engine.alarm(MAKER, code=AlarmCode.OVERFILL, order_id=256, instrument_id=1, expected=10, found=12)
    [alarm] = client.wait(10)
    assert isinstance(alarm, Alarm)
    assert alarm.instrument is not None
    assert (alarm.code, alarm.instrument.name, alarm.sequence) == (AlarmCode.OVERFILL, ETH, 1)
    assert str(alarm) == f"ALARM OVERFILL order 256 {ETH}: expected 10, found 12"


def test_the_end_of_a_mass_status_says_how_many_orders_were_told_and_why_no_more(served: Served) -> None:
    client = served.connect()
    ends = {"execution_type": ExecutionType.STATUS_END, "order_status": 0, "instrument_id": -1, "account_id": -1}
    served.engine.report(MAKER, current=3, **ends)
    served.engine.report(MAKER, current=2, reason=RefusalReason.CANCEL_ALREADY_PENDING, **ends)
    whole, cut = until_events(client, 2)
    assert isinstance(whole, ExecutionReport)
    assert isinstance(cut, ExecutionReport)
    assert (whole.instrument, whole.order_id, whole.current) == (None, 0, 3)
    assert [end.stated_reason for end in (whole, cut)] == [RefusalReason.NONE, RefusalReason.CANCEL_ALREADY_PENDING]
    assert str(whole) == "STATUS_END after 3 orders"
    assert str(cut) == "STATUS_END after 2 orders, cut short: CANCEL_ALREADY_PENDING"


def until_events(client: Client, count: int) -> list[Event]:
    """So many events, or more."""
    events: list[Event] = []

    def read() -> list[Event]:
        events.extend(client.wait(0.01))
        return events

    return until(read, lambda found: len(found) >= count)


def test_an_event_says_in_decimals_what_the_record_says_in_integers(served: Served) -> None:
    client = served.connect()
    order_id = client.submit(BTC, "buy", 1, price=30_000)
    served.engine.report(
        MAKER,
        order_id=order_id,
        execution_type=ExecutionType.TRADE,
        order_status=OrderStatus.PARTIALLY_FILLED,
        side=Side.BUY,
        price_ticks=600_000,
        order_lots=100_000,
        cumulative_lots=40_000,
        leaves_lots=60_000,
        cumulative_notional=40_000 * 599_999,
        last_lots=40_000,
        last_price_ticks=599_999,
        fee_units=150,
        fee_asset_id=0,
        client_tag=9,
    )
    [event] = client.wait(10)
    assert isinstance(event, ExecutionReport)
    assert event.is_last_of_burst
    assert (event.order_id, event.client_tag, event.sequence) == (order_id, 9, 1)
    assert (event.price, event.quantity) == (Decimal("30000.00"), Decimal("1.00000"))
    assert (event.last_price, event.last_quantity) == (Decimal("29999.95"), Decimal("0.40000"))
    assert (event.cumulative_quantity, event.leaves_quantity) == (Decimal("0.4"), Decimal("0.6"))
    assert event.average_price == Decimal("29999.95")
    assert event.fee == Decimal("0.00000150")
    assert event.fee_asset is not None and event.fee_asset.name == "BTC"
    assert "TRADE" in str(event) and BTC in str(event)
    assert client.events() == []


def test_the_last_event_of_a_burst_is_marked_and_no_other(served: Served) -> None:
    client = served.connect()
    for tag in range(5):
        assert served.engine.report(MAKER, client_tag=tag)
    events = client.wait(10)
    while len(events) < 5:
        events += client.wait(10)
    assert [event.client_tag for event in events if isinstance(event, ExecutionReport)] == [0, 1, 2, 3, 4]
    assert events[-1].is_last_of_burst
    assert client.events() == []


def test_events_come_in_the_pieces_that_were_asked_for(served: Served) -> None:
    client = served.connect()
    for tag in range(5):
        served.engine.report(MAKER, client_tag=tag)
    events = []
    while len(events) < 5:
        piece = client.events(2)
        assert len(piece) <= 2
        events += piece
    assert [event.client_tag for event in events if isinstance(event, ExecutionReport)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("execution_type", "reason"),
    [
        (ExecutionType.REFUSED, RefusalReason.MAX_NOTIONAL_EXCEEDED),
        (ExecutionType.REJECTED, RejectReason.PRICE_FILTER),
        (ExecutionType.CANCEL_REJECTED, RejectReason.UNKNOWN_ORDER),
        (ExecutionType.CANCELED, EndReason.EXECUTION_TIMEOUT),
    ],
)
def test_a_reason_is_named_by_who_gave_it(served: Served, execution_type: ExecutionType, reason: RefusalReason) -> None:
    client = served.connect()
    served.engine.report(MAKER, execution_type=execution_type, reason=reason, side=1, limit=5, requested=6)
    [event] = client.wait(10)
    assert isinstance(event, ExecutionReport)
    assert event.stated_reason is reason
    assert execution_type.name in str(event)


def test_a_refusal_without_an_instrument_has_no_decimals(served: Served) -> None:
    client = served.connect()
    served.engine.report(
        MAKER, execution_type=ExecutionType.REFUSED, order_status=OrderStatus.REFUSED, reason=20, instrument_id=-1
    )
    [event] = client.wait(10)
    assert isinstance(event, ExecutionReport)
    with pytest.raises(LookupError, match="no known instrument"):
        _ = event.price
    assert "PRICE_OUT_OF_RANGE" in str(event)


def test_a_change_of_a_connection_is_an_event(served: Served) -> None:
    client = served.connect()
    served.engine.report_venue_state(MAKER, account_id=1, state=2)
    [event] = client.wait(10)
    assert isinstance(event, VenueState)
    assert (event.account_id, event.connection_state, event.is_last_of_burst) == (1, 2, True)


def test_a_client_that_lagged_is_told_behind_the_last_report_that_it_got(served: Served) -> None:
    client = served.connect()
    if served.transport == "shm":
        sent = [served.engine.report(MAKER, client_tag=tag) for tag in range(REPORTS_CAPACITY + 3)]
        assert sent.count(False) == 3
        events = client.events()
        assert [type(event) for event in events] == [ExecutionReport] * REPORTS_CAPACITY + [Lagged]
        assert events[-1].is_last_of_burst
        [lagged] = [event for event in events if isinstance(event, Lagged)]
        assert lagged.lost_count == 3
        assert (lagged.from_sequence, lagged.to_sequence) == (REPORTS_CAPACITY + 1, REPORTS_CAPACITY + 3)
        assert client.events() == []
    served.engine.add_open_order(5, MAKER, order_id=client.submit(BTC, "buy", 1, price=1), side=1, order_lots=4)
    snapshot = client.resync()
    assert [order.order_lots for order in snapshot.open_orders] == [4]
    assert snapshot.positions == []


def test_positions_are_those_of_the_strategy_alone(served: Served) -> None:
    books = served.engine.state.table("books").reshape(-1, len(INSTRUMENTS))
    books[MAKER][0]["position_lots"], books[MAKER][0]["fill_count"] = -150_000, 2
    books[MAKER][0]["cost_notional"], books[MAKER][0]["realised_notional"] = -(10**9), 20_000_000
    books[TAKER][1]["position_lots"], books[TAKER][1]["fill_count"] = 9, 1
    client = served.connect()
    [position] = client.positions()
    assert position.instrument.name == BTC
    assert position.quantity == Decimal("-1.5")
    assert position.cost == Decimal("-500")
    assert position.realised == Decimal("10")
    assert client.position(BTC) == position
    assert client.position(ETH).position_lots == 0
    assert [held.instrument.name for held in served.connect("taker").positions()] == [ETH]


def test_open_orders_are_those_of_the_strategy_alone_with_their_status(served: Served) -> None:
    engine = served.engine
    client = served.connect()
    engine.add_open_order(3, MAKER, order_id=256, side=1, price_ticks=5, order_lots=10, cumulative_lots=4)
    engine.add_open_order(4, MAKER, order_id=512, side=2, order_lots=10, accepted=0)
    engine.add_open_order(9, TAKER, order_id=768, side=2, order_lots=10)
    orders = client.open_orders()
    assert [(order.order_id, OrderStatus(order.order_status).name) for order in orders] == [
        (512, "PENDING_NEW"),
        (256, "PARTIALLY_FILLED"),
    ]
    assert orders[1].leaves_quantity == Decimal("0.00006")


def test_an_open_order_says_what_it_is_and_what_it_waits_for(served: Served) -> None:
    client = served.connect()
    terms = {"order_type": OrderType.STOP_LIMIT, "price_ticks": 7, "stop_price_ticks": 9, "version": 3}
    served.engine.add_open_order(
        3, MAKER, order_id=256, side=1, order_lots=10, pending_cancel_ns=7, pending_replace_ns=5, **terms
    )
    served.engine.add_open_order(4, MAKER, order_id=512, side=1, order_lots=10, sent_ns=4, is_unknown=1)
    served.engine.add_open_order(5, MAKER, order_id=768, side=1, order_lots=10, end_wanted=EndReason.CANCELED)
    ending, unknown, stop = client.open_orders()
    assert (stop.order_type, stop.price, stop.stop_price) == (OrderType.STOP_LIMIT, Decimal("0.35"), Decimal("0.45"))
    assert (stop.version, stop.waiting_since_ns, stop.waiting_ns) == (3, 5, stop.listed_ns - 5)
    assert (unknown.order_status, unknown.waiting_since_ns) == (OrderStatus.UNKNOWN, 4)
    assert (ending.end_wanted, ending.stop_price, ending.waiting_ns) == (EndReason.CANCELED, None, None)


def test_a_long_list_of_open_orders_comes_whole(served: Served) -> None:
    for slot in range(64):
        served.engine.add_open_order(slot, MAKER, order_id=(slot + 1) << 8, side=1, order_lots=1)
    orders = served.connect().open_orders()
    assert [order.order_id >> 8 for order in orders] == list(range(64, 0, -1))


def test_balances_are_those_of_the_accounts_that_the_strategy_may_use(served: Served) -> None:
    balances = served.engine.state.table("balances").reshape(3, -1)
    for account_id in range(3):
        balances[account_id][1]["free_units"], balances[account_id][1]["received_ns"] = 1_500_000 + account_id, 1
    found = served.connect().balances()
    assert [(balance.account.name, balance.asset.name, balance.free) for balance in found] == [
        ("binance-main", "USDT", Decimal("1.500000")),
        ("kraken-main", "USDT", Decimal("1.500001")),
    ]
    assert [balance.locked for balance in found] == [0, 0]


def test_the_best_prices_carry_their_age(served: Served) -> None:
    client = served.connect()
    assert client.best(BTC).age_ns is None
    assert client.best(BTC).bid is None
    row = served.engine.state.table("instruments")[0]
    row["bid_ticks"], row["bid_lots"], row["ask_ticks"], row["ask_lots"] = 600_000, 5, 600_001, 0
    row["book_received_ns"] = 1
    best = client.best(BTC)
    assert (best.bid, best.ask, best.bid_lots) == (Decimal("30000.00"), None, 5)
    assert best.age_ns is not None and best.age_ns > 0


def test_instruments_and_accounts_come_by_name(served: Served) -> None:
    client = served.connect()
    assert sorted(client.instruments()) == sorted(INSTRUMENTS)
    assert client.instruments()[BTC].tick_size == Decimal("0.05")
    assert client.instruments()[BTC].lot_size == Decimal("0.00001")
    assert sorted(client.accounts()) == ["binance-main", "kraken-main"]
    assert sorted(served.connect("taker").accounts()) == ["binance-main", "kraken-main", "kraken-spare"]


def test_a_price_between_two_ticks_names_both(served: Served) -> None:
    with pytest.raises(ValueError, match=r"30000\.01.* tick 0\.05; the nearest are 30000\.00 and 30000\.05"):
        served.connect().submit(BTC, "buy", 1, price="30000.01")


def test_amending_needs_a_change_and_a_known_order(served: Served) -> None:
    client = served.connect()
    with pytest.raises(ValueError, match="changes nothing"):
        client.amend(256)
    with pytest.raises(UnknownNameError, match="order 256 is not open"):
        client.amend(256, price=1)
    served.engine.add_open_order(3, MAKER, order_id=256, side=1, instrument_id=2, order_lots=10)
    client.amend(256, price=1)
    client.amend(512, price=1, instrument=SOL)
    assert [command["order_id"] for _, command in served.taken(2)] == [256, 512]


def test_waiting_in_vain_returns_nothing_in_time(served: Served) -> None:
    assert served.connect().wait(0.005) == []


def test_a_restarted_engine_is_told_and_a_reconnected_client_goes_on(served: Served) -> None:
    client = served.connect()
    before = client.submit(BTC, "buy", 1, price=30_000)
    served.taken(1)
    served.restart()
    with pytest.raises(EngineRestartedError, match=r"reconnect\(\)"):
        while True:
            served.clock.ahead_ns += LIFE_SIGN_NS
            client.wait(0.02)
    with pytest.raises(EngineRestartedError):
        client.submit(BTC, "buy", 1, price=30_000)
    with pytest.raises(EngineRestartedError):
        client.positions()
    client.reconnect()
    after = client.submit(BTC, "buy", 1, price=30_000)
    assert (unpack(before).epoch, unpack(after).epoch, client.epoch) == (1, 2, 2)
    assert unpack(after).sequence == 1


def test_a_second_client_goes_on_counting_where_the_first_one_stopped(served: Served) -> None:
    with served.connect() as first:
        first.submit(BTC, "buy", 1, price=30_000)
        first.cancel_all()
        served.taken(2)
    second = served.connect()
    order_id = second.submit(BTC, "buy", 1, price=30_000)
    assert unpack(order_id).sequence == 2
    assert served.taken(3)[2][1]["sequence"] == 3


def test_a_closed_client_says_so(served: Served) -> None:
    client = served.connect()
    client.close()
    client.close()
    for use in (client.events, client.cancel_all, client.positions):
        with pytest.raises(EngineRestartedError, match="was closed"):
            use()
