"""A parent order says its intent in exact words, whatever the transport; what cannot be meant sends nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ipc.client import Client, connect
from ipc.clock import NS_PER_S
from ipc.enums import RecordKind, RefusalReason, RejectReason, Side
from ipc.errors import OrderIdsExhaustedError, ScheduleUnsentError, UnknownNameError
from ipc.events import Event
from ipc.order_id import CLIENT_SEQUENCE_MAX, unpack
from ipc.parent_enums import (
    Algorithm,
    Benchmark,
    ParentControl,
    ParentEnd,
    ParentEvent,
    ParentFlag,
    ParentState,
    RouteReason,
)
from ipc.parent_events import ParentReport, RouteDecision
from ipc.records import ALL_ACCOUNTS, SLICES_PER_RECORD
from tests.ipc.conftest import Served, until
from tests.ipc.fake_engine import COMMANDS_CAPACITY, ENGINE, INSTANCE, INSTRUMENTS, STRATEGIES, FakeEngine

BTC, ETH, SOL = INSTRUMENTS
MAKER = STRATEGIES["maker"]


def told(client: Client, count: int) -> list[Event]:
    """The next events, once so many have come."""
    events: list[Event] = []
    return until(lambda: events.extend(client.events()) or events, lambda events: len(events) >= count)


def test_every_term_of_a_parent_has_its_word(served: Served) -> None:
    client = served.connect()
    entry = client.submit(BTC, "sell", 1, price=30_000)
    order_id = client.execute(
        BTC,
        "sell",
        Decimal("0.5"),
        algorithm="iceberg",
        limit="30000.05",
        start=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        end=1_800_000_000_123_456_789,
        urgency="0.25",
        participation="0.1",
        display="0.1",
        interval=timedelta(seconds=1.5),
        noise="0.000001",
        seed=99,
        trigger="31000",
        trigger_when="above",
        trail="2.5",
        take_profit=32_000,
        after=entry,
        benchmark="market_vwap",
        routed=True,
        reduce_only=True,
        passive_only=True,
        account="binance-main",
        tag=7,
    )
    strategy_id, parent = served.taken(2)[1]
    assert (strategy_id, parent["order_id"]) == (MAKER, order_id)
    assert unpack(order_id) == (INSTANCE, 1, MAKER, 2, 0)
    every_flag = ParentFlag.ROUTED | ParentFlag.REDUCE_ONLY | ParentFlag.PASSIVE_ONLY | ParentFlag.TRIGGER_ABOVE
    wanted = {
        "kind": RecordKind.NEW_PARENT,
        "sequence": 2,
        "instrument_id": 0,
        "account_id": 0,
        "side": Side.SELL,
        "algorithm": Algorithm.ICEBERG,
        "parent_flags": every_flag,
        "order_lots": 50_000,
        "quote_notional": 0,
        "limit_price_ticks": 600_001,
        "client_tag": 7,
        "start_utc_ns": 1_767_323_045_000_006_000,
        "end_utc_ns": 1_800_000_000_123_456_789,
        "urgency_ppm": 250_000,
        "participation_ppm": 100_000,
        "display_lots": 10_000,
        "interval_ms": 1_500,
        "noise_ppm": 1,
        "seed": 99,
        "trigger_price_ticks": 620_000,
        "trail_ticks": 50,
        "take_profit_ticks": 640_000,
        "after_order_id": entry,
        "benchmark": Benchmark.MARKET_VWAP,
    }
    assert {name: parent[name] for name in wanted} == wanted


def test_what_is_left_out_is_nothing_and_the_engine_chooses(served: Served) -> None:
    client = served.connect()
    client.execute(BTC, "buy", notional=100)
    [(_, parent)] = served.taken(1)
    said = {name for name, value in parent.items() if value}
    header = {"kind", "sequence", "published_ns", "expires_utc_ns", "order_id"}
    assert said - header <= {"side", "quote_notional", "instrument_id", "account_id", "commit"}
    assert (parent["order_lots"], parent["quote_notional"]) == (0, 200_000_000)
    assert parent["algorithm"] == Algorithm.AUTO


@pytest.mark.parametrize(
    "terms",
    [
        {"algorithm": Algorithm.CLOSE_OUT, "end": timedelta(minutes=1)},
        {"algorithm": Algorithm.STOP, "after": 256, "trigger": 1},
    ],
)
def test_what_follows_a_position_or_an_order_needs_no_quantity(served: Served, terms: dict[str, Any]) -> None:
    served.connect().execute(BTC, "sell", **terms)
    [(_, parent)] = served.taken(1)
    assert (parent["order_lots"], parent["quote_notional"]) == (0, 0)


def test_a_time_from_now_is_counted_by_the_clients_clock(served: Served) -> None:
    client = served.connect()
    before_ns = served.clock.utc_ns()
    client.execute(BTC, "buy", 1, algorithm="twap", start=timedelta(seconds=5), end=timedelta(minutes=1))
    after_ns = served.clock.utc_ns()
    [(_, parent)] = served.taken(1)
    assert before_ns <= parent["start_utc_ns"] - 5 * NS_PER_S <= after_ns
    assert parent["end_utc_ns"] - parent["start_utc_ns"] == 55 * NS_PER_S


def test_a_routed_parent_may_use_every_account(served: Served) -> None:
    client = served.connect("taker")
    client.execute(SOL, "buy", 1, routed=True)
    client.execute(SOL, "buy", 1, routed=True, account="kraken-spare")
    with pytest.raises(UnknownNameError, match="kraken-main, kraken-spare"):
        client.execute(SOL, "buy", 1)
    assert [parent["account_id"] for _, parent in served.taken(2)] == [ALL_ACCOUNTS, 2]


@pytest.mark.parametrize(
    ("side", "terms", "flag"),
    [
        ("buy", {"algorithm": "sweep"}, ParentFlag.TRIGGER_ABOVE),
        ("sell", {"algorithm": "sweep"}, ParentFlag.TRIGGER_BELOW),
        ("sell", {"algorithm": "sweep", "trigger_when": "above"}, ParentFlag.TRIGGER_ABOVE),
        ("buy", {"algorithm": "sweep", "trigger_when": "below"}, ParentFlag.TRIGGER_BELOW),
        ("sell", {"algorithm": "stop"}, ParentFlag.NONE),
        ("sell", {"algorithm": "bracket", "take_profit": 2}, ParentFlag.NONE),
    ],
)
def test_a_trigger_lies_where_a_stop_would_unless_it_says_so(
    served: Served, side: str, terms: dict[str, Any], flag: ParentFlag
) -> None:
    served.connect().execute(BTC, side, 1, trigger=1, **terms)
    [(_, parent)] = served.taken(1)
    assert (parent["parent_flags"], parent["trigger_price_ticks"]) == (flag, 20)


def test_a_schedule_follows_its_parent_in_records_of_whole_lots(served: Served) -> None:
    client = served.connect()
    schedule = [Decimal(place) / 100_000 for place in range(SLICES_PER_RECORD + 3)]
    order_id = client.execute(BTC, "buy", algorithm="vwap", end=timedelta(minutes=1), schedule=schedule)
    [parent, first, second] = [command for _, command in served.taken(3)]
    assert parent["order_lots"] == sum(range(SLICES_PER_RECORD + 3))
    for part, first_slice, lots in (
        (first, 0, list(range(SLICES_PER_RECORD))),
        (second, SLICES_PER_RECORD, [20, 21, 22] + [0] * (SLICES_PER_RECORD - 3)),
    ):
        assert (part["kind"], part["order_id"]) == (RecordKind.SCHEDULE, order_id)
        assert (part["first_slice"], part["slice_count"]) == (first_slice, SLICES_PER_RECORD + 3)
        assert [part[f"lots_{place}"] for place in range(SLICES_PER_RECORD)] == lots


def test_a_schedule_can_be_sent_again(served: Served) -> None:
    client = served.connect()
    order_id = client.execute(BTC, "buy", "0.00003", algorithm="vwap")
    client.schedule(order_id, ["0.00001", "0.00002"])
    with pytest.raises(LookupError, match="parent order 4096 was not sent by this client"):
        client.schedule(4_096, [1])
    client.schedule(4_096, [2], instrument=ETH)
    commands = [command for _, command in served.taken(3)]
    assert [(command["order_id"], command["lots_0"]) for command in commands[1:]] == [(order_id, 1), (4_096, 200_000)]


def test_a_parent_is_paused_resumed_amended_and_cancelled_by_its_id(served: Served) -> None:
    client = served.connect()
    order_id = client.execute(BTC, "buy", 1, algorithm="peg")
    client.pause(order_id)
    client.resume(order_id)
    client.amend(order_id, price="30000.1", quantity=2)
    client.cancel(order_id)
    commands = [command for _, command in served.taken(5)]
    assert [RecordKind(command["kind"]).name for command in commands] == [
        "NEW_PARENT",
        "CONTROL_PARENT",
        "CONTROL_PARENT",
        "AMEND_ORDER",
        "CANCEL_ORDER",
    ]
    assert {command["order_id"] for command in commands} == {order_id}
    assert [command["sequence"] for command in commands] == [1, 2, 3, 4, 5]
    assert [command["control"] for command in commands[1:3]] == [ParentControl.PAUSE, ParentControl.RESUME]
    assert (commands[3]["price_ticks"], commands[3]["order_lots"]) == (600_002, 200_000)


@pytest.mark.parametrize(
    ("terms", "error", "message"),
    [
        ({}, ValueError, "needs quantity, notional or a schedule"),
        ({"quantity": 1, "notional": 1}, ValueError, "has quantity and notional, allowed is one of them"),
        ({"notional": 0}, ValueError, "notional of BTC/USDT.BINANCE is 0, allowed is more than 0"),
        ({"notional": 9, "schedule": [1]}, ValueError, "has notional and a schedule, allowed is quantity"),
        (
            {"quantity": 3, "schedule": [1, 1]},
            ValueError,
            "sums to 2.00000, allowed is the quantity, 3",
        ),
        ({"schedule": []}, ValueError, "has 0 slices, allowed is 1 to 100"),
        ({"schedule": [1] * 101}, ValueError, "has 101 slices"),
        ({"schedule": [2, -1]}, ValueError, "slice 1 in BTC/USDT.BINANCE is -1, allowed is 0 and more"),
        ({"quantity": "0.000001"}, ValueError, "allowed are multiples of the lot 0.00001"),
        ({"quantity": 0.5}, TypeError, "is the float 0.5"),
        ({"quantity": 1, "algorithm": "magic"}, ValueError, "Algorithm is 'magic', allowed are AUTO, TWAP"),
        ({"quantity": 1, "benchmark": "luck"}, ValueError, "Benchmark is 'luck', allowed are ARRIVAL"),
        ({"quantity": 1, "limit": "0.01"}, ValueError, "allowed are multiples of the tick 0.05"),
        ({"quantity": 1, "limit": 0}, ValueError, "limit in BTC/USDT.BINANCE is 0, allowed is more than 0"),
        ({"quantity": 1, "display": 0}, ValueError, "display in BTC/USDT.BINANCE is 0, allowed is more than 0"),
        ({"quantity": 1, "trail": -1}, ValueError, "trail in BTC/USDT.BINANCE is -1, allowed is more than 0"),
        ({"quantity": 1, "urgency": 2}, ValueError, "urgency is 2, allowed is 0 to 1"),
        ({"quantity": 1, "participation": "-0.1"}, ValueError, "participation is -0.1, allowed is 0 to 1"),
        (
            {"quantity": 1, "noise": "0.0000001"},
            ValueError,
            "0.0000001, allowed are multiples of the millionth",
        ),
        ({"quantity": 1, "urgency": 0.5}, TypeError, "urgency is the float 0.5"),
        ({"quantity": 1, "interval": 5}, TypeError, "interval is of type int, allowed is a timedelta"),
        ({"quantity": 1, "interval": timedelta(0)}, ValueError, "interval is 0:00:00, allowed are whole milliseconds"),
        ({"quantity": 1, "interval": timedelta(microseconds=1)}, ValueError, "allowed are whole milliseconds"),
        ({"quantity": 1, "end": timedelta(0)}, ValueError, "end is 0:00:00 from now, allowed is more than 0"),
        ({"quantity": 1, "start": 1.5}, TypeError, "start is of type float"),
        ({"quantity": 1, "trigger_when": "above"}, ValueError, "trigger_when is 'above', allowed is only beside"),
        ({"quantity": 1, "trigger": 1, "trigger_when": "near"}, ValueError, "'near', allowed are above, below"),
        (
            {"quantity": 1, "trigger": 1, "trigger_when": "above", "algorithm": "stop"},
            ValueError,
            "not for STOP and BRACKET",
        ),
    ],
)
def test_terms_that_cannot_be_meant_send_nothing(
    served: Served, terms: dict[str, Any], error: type[Exception], message: str
) -> None:
    client = served.connect()
    with pytest.raises(error, match=message):
        client.execute(BTC, "buy", **terms)
    assert served.engine.take_commands() == []


def test_what_becomes_of_a_parent_is_told_in_decimals(served: Served) -> None:
    client = served.connect()
    order_id = client.execute(BTC, "buy", 1, algorithm="twap", limit=30_100)
    served.taken(1)
    served.engine.report_parent(
        MAKER,
        order_id=order_id,
        parent_event=ParentEvent.CHILD_TRADED,
        parent_state=ParentState.WORKING,
        algorithm=Algorithm.TWAP,
        side=Side.BUY,
        order_lots=100_000,
        cumulative_lots=20_000,
        working_lots=5_000,
        cumulative_notional=20_000 * 600_000,
        limit_price_ticks=602_000,
        child_order_id=4_096,
        arrival_ticks=599_900,
        expected_cost_ppm=250,
        realised_cost_ppm=-167,
        market_lots=1_000_000,
        market_notional=1_000_000 * 600_100,
        fee_units=1_500_000,
    )
    [report] = told(client, 1)
    assert isinstance(report, ParentReport)
    assert (report.sequence, report.order_id, report.is_last_of_burst) == (1, order_id, True)
    assert (report.quantity, report.cumulative_quantity) == (1, Decimal("0.2"))
    assert report.working_quantity == Decimal("0.05")
    assert (report.average_price, report.arrival_price, report.limit_price) == (30_000, Decimal("29995"), 30_100)
    assert report.market_average_price == Decimal("30005")
    assert (report.expected_cost_bps, report.realised_cost_bps) == (Decimal("2.5"), Decimal("-1.67"))
    assert report.fee == Decimal("1.5")
    assert str(report) == (
        f"CHILD_TRADED parent {order_id} TWAP WORKING BUY BTC/USDT.BINANCE "
        "0.20000 of 1.00000, working 0.05000 at 30000.00, child 4096"
    )


def test_a_parent_that_did_nothing_yet_has_no_prices(served: Served) -> None:
    client = served.connect()
    served.engine.report_parent(
        MAKER,
        order_id=256,
        parent_event=ParentEvent.ENDED,
        parent_state=ParentState.ENDED,
        end_reason=ParentEnd.REFUSED,
        side=Side.SELL,
        reason=RefusalReason.NO_ROUTE,
        limit=1,
        requested=3,
    )
    served.engine.report_parent(MAKER, order_id=256, instrument_id=99, parent_event=7, parent_state=3)
    ended, of_nobody = told(client, 2)
    assert isinstance(ended, ParentReport)
    prices = (ended.average_price, ended.arrival_price, ended.limit_price, ended.market_average_price)
    assert prices == (None, None, None, None)
    assert str(ended) == (
        "ENDED parent 256 AUTO ENDED REFUSED SELL BTC/USDT.BINANCE 0.00000 of 0.00000, working 0.00000: "
        "NO_ROUTE, limit 1, current 0, requested 3"
    )
    assert isinstance(of_nobody, ParentReport)
    assert str(of_nobody) == "PAUSED parent 256 AUTO PAUSED"
    assert of_nobody.fee is None
    with pytest.raises(LookupError, match=r"report on parent 256 names no known instrument \(99\)"):
        _ = of_nobody.quantity


def test_a_rejected_child_tells_the_venues_reason(served: Served) -> None:
    client = served.connect()
    reason = RejectReason.WOULD_TAKE_LIQUIDITY
    served.engine.report_parent(
        MAKER, order_id=256, parent_event=ParentEvent.CHILD_REJECTED, parent_state=2, side=1, reason=reason
    )
    [report] = told(client, 1)
    assert isinstance(report, ParentReport)
    assert report.stated_reason is reason


def test_every_route_that_was_looked_at_is_told(served: Served) -> None:
    client = served.connect()
    given = {"order_id": 256, "decision": 2, "side": 1, "wanted_lots": 9, "score_ticks": 600_123_500, "fee_ppm": 450}
    served.engine.report_route(
        MAKER,
        **given,
        routed_lots=5,
        price_ticks=600_200,
        route_reason=RouteReason.BEST,
        child_order_id=4_096,
        available_lots=7,
        latency_ns=1_500_000,
        fill_ppm=250_000,
    )
    served.engine.report_route(
        MAKER,
        **given,
        instrument_id=2,
        route_reason=RouteReason.NOT_PERMITTED,
        refusal=RefusalReason.UNKNOWN_ACCOUNT,
    )
    routes = told(client, 2)
    assert all(isinstance(route, RouteDecision) for route in routes)
    assert [str(route) for route in routes] == [
        "ROUTED parent 256 decision 2: BTC/USDT.BINANCE 0.00005 at 30010.00, BEST; "
        "score 600123.5 ticks, available 0.00007, fee 450 ppm, latency 1.5 ms, filled 250000 ppm",
        "ROUTED parent 256 decision 2: SOL/USDT.KRAKEN nothing, NOT_PERMITTED UNKNOWN_ACCOUNT; "
        "score 600123.5 ticks, available 0.00000, fee 450 ppm, latency 0 ms, filled 0 ppm",
    ]


def test_parents_and_orders_are_told_in_one_sequence_without_a_gap(served: Served) -> None:
    client = served.connect()
    tell: list[Callable[..., bool]] = [
        served.engine.report,
        served.engine.report_parent,
        served.engine.report_route,
        served.engine.report,
    ]
    for report in tell:
        report(MAKER, order_id=256)
    events = told(client, 4)
    assert [type(event).__name__ for event in events] == [
        "ExecutionReport",
        "ParentReport",
        "RouteDecision",
        "ExecutionReport",
    ]
    assert [event.sequence for event in events if not hasattr(event, "lost_count")] == [1, 2, 3, 4]


def test_an_ended_parent_is_forgotten(served: Served) -> None:
    client = served.connect()
    order_id = client.execute(BTC, "buy", 1)
    served.taken(1)
    served.engine.report_parent(MAKER, order_id=order_id, parent_event=13, parent_state=ParentState.ENDED)
    told(client, 1)
    with pytest.raises(LookupError, match="was not sent by this client"):
        client.schedule(order_id, [1])


def test_ids_of_parents_count_on_with_those_of_orders_up_to_the_clients_half(served: Served) -> None:
    served.engine.state.table("strategies")[MAKER]["last_order_sequence"] = CLIENT_SEQUENCE_MAX - 1
    client = served.connect()
    assert unpack(client.execute(BTC, "buy", 1)).sequence == CLIENT_SEQUENCE_MAX
    for send in (lambda: client.execute(BTC, "buy", 1), lambda: client.submit(BTC, "buy", 1)):
        with pytest.raises(OrderIdsExhaustedError, match=f"used {CLIENT_SEQUENCE_MAX} order ids"):
            send()


def test_a_parent_whose_schedule_found_no_room_is_named(engine: FakeEngine) -> None:
    with connect(f"shm://{ENGINE}", strategy="maker") as client:
        for _ in range(COMMANDS_CAPACITY - 2):
            client.cancel(256)
        with pytest.raises(ScheduleUnsentError, match="was sent, but not all of its schedule") as caught:
            client.execute(BTC, "buy", schedule=["0.00001"] * (SLICES_PER_RECORD + 1))
        commands = [command for _, command in engine.take_commands()]
        assert [command["kind"] for command in commands[-2:]] == [RecordKind.NEW_PARENT, RecordKind.SCHEDULE]
        assert caught.value.order_id == commands[-1]["order_id"]
        client.schedule(caught.value.order_id, ["0.00001"] * (SLICES_PER_RECORD + 1))
        assert [command["first_slice"] for _, command in engine.take_commands()[-2:]] == [0, SLICES_PER_RECORD]


def test_who_takes_a_ring_over_counts_the_parents_that_wait_in_it(engine: FakeEngine) -> None:
    with connect(f"shm://{ENGINE}", strategy="maker") as client:
        client.execute(BTC, "buy", 1)
    with connect(f"shm://{ENGINE}", strategy="maker") as client:
        assert unpack(client.execute(BTC, "buy", 1)).sequence == 2
    assert [unpack(command["order_id"]).sequence for _, command in engine.take_commands()] == [1, 2]
