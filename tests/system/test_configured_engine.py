"""Every key that concerns the whole engine, seen from outside; the names of the tests are the keys'.

What one engine does by its own value, another beside it does not do by its default.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ipc.client import connect
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import (
    ExecutionType,
    OrderStatus,
    OrderType,
    RefusalReason,
    RejectReason,
    ScopeKind,
    Side,
    TimeInForce,
    TradingState,
)
from ipc.errors import ConnectionRefusedByEngineError, EngineNotRunningError, RingFullError
from ipc.histogram import LatencySegment
from ipc.market_feed import MARKET_RING
from ipc.operator import Operator
from ipc.order_id import to_text, unpack
from ipc.records import SLOT_BYTES
from ipc.segment import HEADER_BYTES
from tests.system.engine_pair import (
    ANSWER_TIMEOUT_MS,
    BOOK_AGE_MAX_MS,
    CORE,
    DUPLICATE_WINDOW_MS,
    DUPLICATES_MAX,
    INSTANCE,
    JOURNAL,
    LIMITED_ID,
    MARKET_RING_CAPACITY,
    ORDER_CAPACITY,
    PLAIN,
    RECEIVE_WINDOW_MS,
    RETENTION_MS,
    RING_CAPACITY,
    SMALL,
    STRATEGY_ID,
    EnginePair,
)
from tests.system.installation import INSTRUMENT, installed
from tests.system.standstill import standing_still, times_of_one_second
from tests.system.trading_desk import TradingDesk, status_of
from tests.system.waiting import await_that, let_pass
from tools.engines import LATENCY
from tools.latency_summary import stage_summaries

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
FAR_TICKS, ORDER_LOTS = 6_000_000, 100
PRODUCTION = {"environment": "production", "order_url": None, "market_url": None}
OTHER_INSTRUMENT = "ETH/USDT.BINANCE"
BOTH = pytest.mark.parametrize("engine", [SMALL, PLAIN])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnginePair]:
    """Both engines, ready to trade."""
    with installed(tmp_path_factory.mktemp("pair")) as installation, ExitStack() as desks:
        yield EnginePair(installation, desks)


@pytest.fixture
def small(pair: EnginePair) -> Iterator[TradingDesk]:
    """The desk at the engine with values of its own; nothing is open afterwards."""
    yield pair.desks["small"]
    for name in ("small", "maker", "limited"):
        pair.desks[name].cancel_everything()


def rest(desk: TradingDesk, number: int = 0) -> int:
    """An order far from the market, each with another price."""
    return desk.submit(side=Side.BUY, price_ticks=FAR_TICKS + number, order_lots=ORDER_LOTS)


def test_engine_name_and_strategy_name(pair: EnginePair) -> None:
    assert {path.parent.name for path in pair.installation.runtime.glob("*/state")} == {SMALL, PLAIN}
    names = {path.name for path in (pair.installation.runtime / SMALL).glob("commands-*")}
    assert names == {"commands-small", "commands-maker", "commands-limited"}


def test_engine_instance_and_strategy_id(pair: EnginePair, small: TradingDesk) -> None:
    parts = unpack(rest(small))
    assert (parts.instance, parts.strategy_id, parts.epoch) == (INSTANCE, STRATEGY_ID, 1)
    assert unpack(rest(pair.desks["plain"])).instance == 0


def test_engine_core(pair: EnginePair) -> None:
    assert os.sched_getaffinity(pair.pid(SMALL)) == {CORE}
    assert os.sched_getaffinity(pair.pid(PLAIN)) == os.sched_getaffinity(0)


def test_engine_idle(pair: EnginePair) -> None:
    spinning, backing_off = times_of_one_second(pair.pid(SMALL), pair.pid(PLAIN))
    assert spinning.whole > 2 * backing_off.whole
    assert backing_off.whole < 0.5
    # Who yields asks the kernel at every turn; see the engine in test_engine_life.py.
    assert spinning.system < spinning.user


def test_engine_order_capacity(small: TradingDesk) -> None:
    sent = [rest(small, number) for number in range(ORDER_CAPACITY + 1)]
    for order_id in sent[:-1]:
        small.await_resting(order_id)
    refused = small.await_report(sent[-1])
    assert refused.stated_reason is RefusalReason.ORDER_TABLE_FULL
    assert (refused.limit, refused.current, refused.requested) == (ORDER_CAPACITY, ORDER_CAPACITY, 1)


def test_engine_tombstone_capacity_and_trade_capacity(pair: EnginePair) -> None:
    sizes = [(pair.installation.runtime / engine / "state").stat().st_size for engine in (SMALL, PLAIN)]
    # The orders, and beside them 65536 rows of ten words, as many of two, and an index of three words each.
    assert sizes[1] - sizes[0] > 65_536 * (10 + 2 + 3) * 8


@BOTH
def test_engine_order_retention_ms(pair: EnginePair, engine: str) -> None:
    desk = pair.desk(engine)
    order_id = desk.submit(side=Side.BUY, price_ticks=FAR_TICKS, order_lots=ORDER_LOTS, time_in_force=TimeInForce.IOC)
    ended_ns = desk.await_end(order_id).published_ns

    def answer() -> tuple[RefusalReason, int]:
        known = len(desk.reports_of(order_id))
        desk.client.cancel(order_id)
        report = await_that(lambda: desk.reports_of(order_id)[known:], "the answer to a late cancel")[0]
        assert isinstance(report.stated_reason, RefusalReason)
        return report.stated_reason, report.published_ns - ended_ns

    assert answer()[0] is RefusalReason.ORDER_ALREADY_ENDED
    if engine == SMALL:
        forgotten_ns = await_that(
            lambda: (found := answer())[0] is RefusalReason.UNKNOWN_ORDER and found[1], "oblivion"
        )
        assert forgotten_ns >= RETENTION_MS * NS_PER_MS
    else:
        let_pass(2 * RETENTION_MS)
        assert answer()[0] is RefusalReason.ORDER_ALREADY_ENDED


def test_engine_market_ring_capacity(pair: EnginePair) -> None:
    rings = [(pair.installation.runtime / engine / MARKET_RING).stat().st_size for engine in (SMALL, PLAIN)]
    assert rings == [HEADER_BYTES + slots * SLOT_BYTES for slots in (MARKET_RING_CAPACITY, 1 << 12)]


def test_ipc_ring_capacity(pair: EnginePair, small: TradingDesk) -> None:
    with standing_still(pair.pid(SMALL)):
        sent = [rest(small, number) for number in range(RING_CAPACITY)]
        with pytest.raises(RingFullError, match=f"allowed are {RING_CAPACITY} commands"):
            rest(small, RING_CAPACITY)
    assert small.await_report(sent[0]).order_id == sent[0]
    await_that(lambda: len(small.client.open_orders()) == ORDER_CAPACITY, "as many open orders as there is room for")


def test_ipc_zeromq(pair: EnginePair) -> None:
    pair.desks["limited"].client.close()
    with connect(f"tcp://127.0.0.1:{pair.port}", strategy="limited") as client:
        assert [*client.accounts()] == ["small"]
    pair.desks["limited"].client.reconnect()


def test_ipc_curve_endpoint_server_key_file_public_key_strategies_and_operator(pair: EnginePair) -> None:
    url = f"tcp://127.0.0.1:{pair.curve_port}"
    proof = {"key_file": pair.installation.folder / "client.key", "server_key": pair.server_keys.public_key}
    pair.desks["limited"].client.close()
    with connect(url, strategy="limited", **proof) as client:
        assert [*client.accounts()] == ["small"]
    with pytest.raises(ConnectionRefusedByEngineError, match="our key may not drive strategy small"):
        connect(url, strategy="small", **proof)
    with pytest.raises(ConnectionRefusedByEngineError, match="our key may not drive strategy limited"):
        connect(url, strategy="limited", **{**proof, "key_file": pair.installation.folder / "operator.key"})
    with pytest.raises(EngineNotRunningError):
        connect(url, strategy="limited", timeout_s=0.3)
    pair.desks["limited"].client.reconnect()
    with pytest.raises(
        ConnectionRefusedByEngineError, match=r"NOT_PERMITTED; allowed are .* a key with operator = true"
    ):
        Operator(url, **proof)
    with Operator(url, **{**proof, "key_file": pair.installation.folder / "operator.key"}) as operator:
        scope = ScopeKind.STRATEGY, LIMITED_ID
        halted = operator.set_trading_state(*scope, TradingState.HALT)
        assert (halted.reason, halted.after) == (RefusalReason.NONE, TradingState.HALT)
        armed = operator.set_trading_state(*scope, TradingState.ACTIVE, is_rearming=True)
        assert (armed.before, armed.after) == (TradingState.HALT, TradingState.ACTIVE)


@BOTH
def test_monitoring_track_execution_metrics(pair: EnginePair, engine: str) -> None:
    desk = pair.desk(engine)
    desk.await_resting(rest(desk))
    desk.cancel_everything()
    stages = stage_summaries(LatencySegment.attach(pair.installation.runtime / engine / LATENCY))
    counts = {stages[name]["count"] > 0 for name in ("published_seen", "encoded_sent", "sent_acknowledged")}
    assert counts == {engine == PLAIN}


def test_monitoring_log_level(pair: EnginePair) -> None:
    assert pair.log_lines(SMALL) == []
    events = [json.loads(line) for line in pair.log_lines(PLAIN)]
    told = [line["event"] for line in events if line["level"] == "INFO"]
    assert [event for event in told if not event.startswith("journal")] == ["starting", "instruments", "ready"]


def journal_of(pair: EnginePair, engine: str) -> Path:
    """The folder of an engine's journal."""
    return pair.installation.folder / "state" / "order-management-platform" / engine / "journal"


def test_journal_ring_capacity_and_segment_mb(pair: EnginePair) -> None:
    rings = [(pair.installation.runtime / engine / "journal").stat().st_size for engine in (SMALL, PLAIN)]
    assert rings == [HEADER_BYTES + slots * SLOT_BYTES for slots in (JOURNAL["ring_capacity"], 1 << 16)]
    sizes = [next(journal_of(pair, engine).glob("journal-*.oms")).stat().st_size for engine in (SMALL, PLAIN)]
    assert [size >> 20 for size in sizes] == [JOURNAL["segment_mb"], 16]


def test_journal_snapshot_every_and_disk_budget_mb(pair: EnginePair, small: TradingDesk) -> None:
    def snapshots(engine: str) -> int:
        return len(list(journal_of(pair, engine).glob("snapshot-*.oms")))

    before = snapshots(SMALL)
    for _ in range(JOURNAL["snapshot_every"]):
        small.await_report(rest(small))
    await_that(lambda: snapshots(SMALL) > before, "a snapshot after so many entries")
    assert snapshots(PLAIN) == 1, "that from which the run started"
    kept = sum(path.stat().st_size for path in journal_of(pair, SMALL).iterdir())
    assert kept <= JOURNAL["disk_budget_mb"] << 20


def test_journal_mode(pair: EnginePair, small: TradingDesk) -> None:
    """In mode "power" an order leaves only when it is on disk."""
    with standing_still(pair.journal_pid(SMALL)):
        order_id = rest(small, 950)
        let_pass(200)
        assert not accepted(pair, order_id)
    small.await_resting(order_id)
    assert accepted(pair, order_id)


def accepted(pair: EnginePair, order_id: int) -> bool:
    """Whether the venue has taken an order."""
    return any(line.get("client_order_id") == to_text(order_id) for line in pair.venue_of(SMALL).log())


def test_risk_duplicate_orders_max_and_duplicate_window_ms(pair: EnginePair, small: TradingDesk) -> None:
    *taken, refused = (small.await_report(rest(small, 800)) for _ in range(DUPLICATES_MAX + 1))
    assert {report.execution_type for report in taken} == {ExecutionType.PENDING_NEW}
    assert refused.stated_reason is RefusalReason.DUPLICATE_ORDER
    assert (refused.limit, refused.current) == (DUPLICATES_MAX, DUPLICATES_MAX)
    refusals = [refused]

    def next_taken() -> Any:
        report = small.await_report(rest(small, 800))
        if report.execution_type == ExecutionType.PENDING_NEW:
            return report
        refusals.append(report)
        return None

    window_ns, first_ns = DUPLICATE_WINDOW_MS * NS_PER_MS, taken[0].published_ns
    assert await_that(next_taken, "the end of the window").published_ns - first_ns >= window_ns
    assert all(report.published_ns - first_ns < window_ns for report in refusals)
    plain = pair.desks["plain"]
    for order_id in [rest(plain, 1) for _ in range(DUPLICATES_MAX + 1)]:
        plain.await_resting(order_id)


def test_risk_book_age_max_ms(pair: EnginePair, small: TradingDesk) -> None:
    maker = pair.desks["maker"]
    maker.await_resting(maker.submit(side=Side.SELL, price_ticks=6_600_000, order_lots=10 * ORDER_LOTS))
    await_that(lambda: small.client.best(INSTRUMENT).ask_ticks == 6_600_000, "the quote")
    taking = {"side": Side.BUY, "price_ticks": 0, "order_lots": ORDER_LOTS, "order_type": OrderType.MARKET}
    assert status_of(small.await_end(small.submit(**taking))) is OrderStatus.FILLED
    age_max_ns = BOOK_AGE_MAX_MS * NS_PER_MS
    await_that(lambda: (small.client.best(INSTRUMENT).age_ns or 0) > age_max_ns, "the book growing old")
    refused = small.await_end(small.submit(**taking))
    assert refused.stated_reason is RefusalReason.NO_REFERENCE_PRICE
    assert refused.limit == age_max_ns < refused.current


@BOTH
def test_acknowledgement_timeout_ms_and_cancel_timeout_ms(pair: EnginePair, engine: str) -> None:
    desk, venue = pair.desk(engine), pair.venue_of(engine)
    assert venue.process is not None
    resting = rest(desk, 400)
    desk.await_resting(resting)
    with standing_still(venue.process.pid):
        order_id = rest(desk, 401)
        desk.client.cancel(resting)
        if engine == SMALL:
            for each in (order_id, resting):
                desk.await_report(each, ExecutionType.UNKNOWN)
        else:
            let_pass(2 * ANSWER_TIMEOUT_MS)
            told = [report.execution_type for each in (order_id, resting) for report in desk.reports_of(each)]
            assert ExecutionType.UNKNOWN not in told
    # What reached the venue too late was refused there for its time stamp.
    settled = (OrderStatus.NEW, OrderStatus.REJECTED)
    await_that(lambda: status_of(desk.reports_of(order_id)[-1]) in settled, "the venue's word")
    desk.cancel_everything()


@BOTH
def test_venue_receive_window_ms(pair: EnginePair, engine: str) -> None:
    desk, venue = pair.desk(engine), pair.venue_of(engine)
    assert venue.process is not None
    with standing_still(venue.process.pid):
        order_id = desk.submit(side=Side.BUY, price_ticks=FAR_TICKS + 500, order_lots=ORDER_LOTS, retry_attempts=0)
        desk.await_report(order_id, ExecutionType.PENDING_NEW)
        let_pass(2 * RECEIVE_WINDOW_MS)
    if engine == PLAIN:
        desk.await_resting(order_id)
    else:
        assert desk.await_end(order_id).stated_reason is RejectReason.REQUEST_EXPIRED


def test_venue_kind_ca_file_order_url_and_market_url(pair: EnginePair, small: TradingDesk) -> None:
    assert pair.private_venue.address("ws").startswith("wss://localhost:")
    small.await_resting(rest(small, 600))


def test_venue_name_instruments_and_strategy_accounts(pair: EnginePair) -> None:
    client = pair.desks["small"].client
    assert [*client.instruments()] == [INSTRUMENT, OTHER_INSTRUMENT]
    assert [*client.accounts()] == ["small"]
    assert [*pair.desks["maker"].client.accounts()] == ["maker"]


def test_account_api_key_env_secret_env_and_key_file(pair: EnginePair, small: TradingDesk) -> None:
    # One account of this engine has its key from two variables, the other from a file.
    small.await_resting(rest(small, 700))
    maker = pair.desks["maker"]
    maker.await_resting(rest(maker, 701))


@pytest.mark.parametrize(
    ("terms", "reason", "numbers"),
    [
        ({"side": Side.BUY, "order_lots": 50_001}, RefusalReason.MAX_QUANTITY_EXCEEDED, (50_000, 0, 50_001)),
        ({"side": Side.BUY, "order_lots": 33_334}, RefusalReason.MAX_NOTIONAL_EXCEEDED, None),
        ({"side": Side.SELL, "order_lots": 1_001}, RefusalReason.POSITION_LIMIT_EXCEEDED, (-1_000, 0, 1_001)),
    ],
    ids=["max_order_quantity", "max_order_notional", "max_short"],
)
def test_strategy_limit(pair: EnginePair, terms: dict[str, Any], reason: RefusalReason, numbers: Any) -> None:
    limited = pair.desks["limited"]
    refused = limited.await_end(limited.submit(price_ticks=FAR_TICKS, **terms))
    assert refused.stated_reason is reason
    assert numbers in (None, (refused.limit, refused.current, refused.requested))


def test_strategy_limit_instrument(pair: EnginePair) -> None:
    limited = pair.desks["limited"]
    refused = limited.await_end(limited.client.submit(OTHER_INSTRUMENT, Side.BUY, "1", price="3000"))
    assert refused.stated_reason is RefusalReason.NOT_PERMITTED


def test_strategy_limit_max_long(pair: EnginePair, small: TradingDesk) -> None:
    limited = pair.desks["limited"]
    limited.await_resting(limited.submit(side=Side.BUY, price_ticks=FAR_TICKS, order_lots=30_000))
    refused = limited.await_end(limited.submit(side=Side.BUY, price_ticks=FAR_TICKS + 1, order_lots=10_001))
    assert refused.stated_reason is RefusalReason.POSITION_LIMIT_EXCEEDED
    assert (refused.limit, refused.current, refused.requested) == (40_000, 30_000, 10_001)


def test_a_clients_time_to_live_ms(pair: EnginePair) -> None:
    limited = pair.desks["limited"]
    limited.client.close()
    with connect(f"shm://{SMALL}", strategy="limited", time_to_live_ms=50) as client:
        desk = TradingDesk(client, INSTRUMENT)
        with standing_still(pair.pid(SMALL)):
            order_id = rest(desk)
            let_pass(60)
        refused = desk.await_report(order_id)
        assert refused.stated_reason is RefusalReason.COMMAND_EXPIRED
        assert refused.limit < refused.current < refused.limit + 60 * NS_PER_S
    limited.client.reconnect()


def test_control_restarts_max(pair: EnginePair) -> None:
    table = {**pair.plain_table(), "control": {"restarts_max": 0}}
    table["engine"] = {"name": "mortal", "idle": "backoff"}
    control, _ = pair.installation.launch_engine(table)
    await_that((pair.installation.runtime / "mortal" / "state").exists, "the engine's state")
    os.kill(pair.installation.engine_pid("mortal"), signal.SIGKILL)
    await_that(lambda: control.status is not None, "the end of whoever supervises it")
    last = json.loads(control.new_lines()[-1])
    assert control.status == 128 + signal.SIGKILL
    assert last["reason"] == "killed by SIGKILL"
    assert last["next"].startswith("everything ends")


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        ("venue", PRODUCTION, "venue[0].live = false: real orders need an explicit yes"),
        ("venue", {"live": True}, 'venue[0].live = true: contradicts environment = "custom"'),
        ("ipc", {"command_time_to_live_ms": 50}, "ipc.command_time_to_live_ms = 50: is not a key"),
        ("account", {"key_type": "hmac"}, 'account[0].key_type = "hmac": is not a key'),
    ],
    ids=["environment", "live", "time_to_live", "key_type"],
)
def test_a_key_that_cannot_be_meant_starts_nothing(
    pair: EnginePair, place: str, change: dict[str, Any], words: str
) -> None:
    table: dict[str, Any] = {**pair.plain_table(), "ipc": {}}
    table["engine"]["name"] = "never"
    section = table[place][0] if isinstance(table[place], list) else table[place]
    section.update(change)
    table["venue"][0] = {key: value for key, value in table["venue"][0].items() if value is not None}
    engine, ready_file = pair.installation.launch_engine(table)
    await_that(lambda: engine.status is not None, "the engine's refusal")
    told = "\n".join(engine.new_lines())
    assert (engine.status, words in told) == (2, True), told
    assert "Traceback" not in told
    assert not ready_file.exists()
    assert not Path(pair.installation.runtime / "never").exists()
