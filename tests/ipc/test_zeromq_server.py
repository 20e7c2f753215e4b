"""The ZeroMQ server: one refusal for each bad frame, nothing else disturbed, nobody starved."""

import os
import select
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from engine.zeromq_admission import OWNER
from engine.zeromq_client import LISTINGS_MAX, ZeromqClient
from engine.zeromq_endpoint import EndpointError, check_endpoint
from engine.zeromq_server import MESSAGES_PER_TURN, ZeromqServer
from engine.zeromq_socket import MESSAGE_BYTES_MAX
from ipc.client import connect
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import ExecutionType, RecordKind, RefusalReason
from ipc.errors import ConnectionRefusedByEngineError, EngineNotRunningError, StrategyInUseError, UnknownNameError
from ipc.frame import FRAME_BYTES_MAX, LIFE_SIGN, LIFE_SIGN_NS, RECORDS_MAX, decode, encode
from ipc.records import EXECUTION_REPORT, WELCOME
from ipc.report_drain import ReportDrain
from ipc.schema import SCHEMA_DIGEST
from ipc.segment import SegmentError
from ipc.state_reader import ROWS_PER_PAGE
from ipc.tables import name_words
from tests.ipc.conftest import ServingThread, until
from tests.ipc.fake_engine import ENGINE, REPORTS_CAPACITY, STRATEGIES, FakeEngine

MAKER = STRATEGIES["maker"]
TAKER = STRATEGIES["taker"]
CANCEL = encode(RecordKind.CANCEL_ORDER, 1, 2, 3, 4)


def hello(strategy: str = "maker", digest: int = SCHEMA_DIGEST) -> bytes:
    """What a client begins with."""
    return encode(RecordKind.HELLO, 0, 0, digest, *name_words(strategy, 2))


def snapshot_request(what: int, sequence: int = 1) -> bytes:
    """Asks for rows."""
    return encode(RecordKind.SNAPSHOT_REQUEST, sequence, 0, what, -1)


class Peer:
    """A bare DEALER socket and the server that it speaks to, both driven by the test."""

    def __init__(self, server: ZeromqServer, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self.server = server
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(server.endpoints[0])

    def send(self, *parts: bytes) -> None:
        """One message."""
        self.socket.send_multipart(parts)

    def frame(self) -> bytes:
        """The next frame but for signs of life."""
        return until(self._poll, bool)

    def _poll(self) -> bytes:
        self.server.poll(SystemClock.monotonic_ns())
        try:
            return self.socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return b""

    def records(self) -> list[dict[str, int]]:
        """The reports in the next frame, by field."""
        return [dict(zip(EXECUTION_REPORT.names or (), words, strict=False)) for words in decode(self.frame())]

    def ask(self, *parts: bytes) -> dict[str, int]:
        """Sends a message; returns the first record of the answer."""
        self.send(*parts)
        return self.records()[0]

    def welcome(self, strategy: str = "maker") -> dict[str, int]:
        """Says hello and is welcomed."""
        self.send(hello(strategy))
        [words] = decode(self.frame())
        assert words[1] == RecordKind.WELCOME
        return dict(zip(WELCOME.names or (), words, strict=True))


@pytest.fixture
def server(engine: FakeEngine) -> Iterator[ZeromqServer]:
    """A server that turns only when it is told to."""
    server = ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, engine)
    yield server
    server.close()


@pytest.fixture
def new_peer(server: ZeromqServer) -> Iterator[Callable[[], Peer]]:
    """Makes peers."""
    context = zmq.Context()
    peers: list[Peer] = []

    def make() -> Peer:
        peers.append(Peer(server, context))
        return peers[-1]

    yield make
    context.destroy(linger=0)


@pytest.fixture
def peer(new_peer: Callable[[], Peer]) -> Peer:
    """One peer that has not said hello."""
    return new_peer()


def refusal_of(record: dict[str, int]) -> RefusalReason:
    """The reason that a refusal gives."""
    assert record["kind"] == RecordKind.EXECUTION_REPORT
    assert record["execution_type"] == ExecutionType.REFUSED
    return RefusalReason(record["reason"])


def test_a_client_is_told_who_it_is_and_where_to_go_on_counting(engine: FakeEngine, peer: Peer) -> None:
    row = engine.state.table("strategies")[MAKER]
    row["last_sequence"], row["last_order_sequence"] = 9, 5
    welcome = peer.welcome()
    assert (welcome["instance"], welcome["epoch"], welcome["strategy_id"]) == (3, 1, MAKER)
    assert (welcome["last_sequence"], welcome["last_order_sequence"]) == (9, 5)
    assert welcome["schema_digest"] == SCHEMA_DIGEST
    assert engine.remote == {MAKER}


BAD_FRAMES = [
    pytest.param((CANCEL[:-1],), RefusalReason.MALFORMED_RECORD, id="half a record"),
    pytest.param((CANCEL + CANCEL[:40],), RefusalReason.MALFORMED_RECORD, id="one and a half records"),
    pytest.param((b"x",), RefusalReason.MALFORMED_RECORD, id="one byte"),
    pytest.param((CANCEL, CANCEL), RefusalReason.MALFORMED_RECORD, id="two parts"),
    pytest.param((b"", CANCEL), RefusalReason.MALFORMED_RECORD, id="an envelope as of REQ"),
    pytest.param((bytes(64),), RefusalReason.UNKNOWN_RECORD_KIND, id="zeros"),
    pytest.param((CANCEL + bytes(64),), RefusalReason.UNKNOWN_RECORD_KIND, id="a good record, then zeros"),
    pytest.param(
        (CANCEL + encode(RecordKind.TIMER, 0, 0),), RefusalReason.UNKNOWN_RECORD_KIND, id="what no client may say"
    ),
    pytest.param((bytes(FRAME_BYTES_MAX + 8),), RefusalReason.FRAME_TOO_LARGE, id="too many bytes"),
    pytest.param((CANCEL * (RECORDS_MAX + 1),), RefusalReason.FRAME_TOO_LARGE, id="too many records"),
    pytest.param((hello() + CANCEL,), RefusalReason.MALFORMED_RECORD, id="a hello and more"),
    pytest.param((hello("nobody"),), RefusalReason.UNKNOWN_CLIENT, id="an unknown strategy"),
    pytest.param((hello(digest=5),), RefusalReason.SCHEMA_MISMATCH, id="another schema"),
    pytest.param((hello(digest=5) + bytes(8),), RefusalReason.SCHEMA_MISMATCH, id="another schema's longer hello"),
    pytest.param(
        (encode(RecordKind.HELLO, 0, 0, SCHEMA_DIGEST, -1, 0),), RefusalReason.MALFORMED_RECORD, id="a name of no text"
    ),
    pytest.param((snapshot_request(RecordKind.NEW_ORDER),), RefusalReason.MALFORMED_RECORD, id="rows of no kind"),
    pytest.param(
        (b"".join(snapshot_request(RecordKind.ASSET_STATUS) for _ in range(LISTINGS_MAX + 1)),),
        RefusalReason.RATE_LIMIT_EXCEEDED,
        id="too many listings",
    ),
]


@pytest.mark.parametrize(("parts", "reason"), BAD_FRAMES)
def test_a_bad_frame_gets_exactly_one_refusal_and_disturbs_nothing(
    engine: FakeEngine, server: ZeromqServer, peer: Peer, parts: tuple[bytes, ...], reason: RefusalReason
) -> None:
    peer.welcome()
    assert refusal_of(peer.ask(*parts)) is reason
    assert server.refused == {reason: 1}
    assert engine.taken == []
    # The connection lives on: the next answer is to the next frame.
    peer.send(CANCEL)
    peer.send(bytes(64))
    assert refusal_of(peer.records()[0]) is RefusalReason.UNKNOWN_RECORD_KIND
    assert [strategy_id for strategy_id, _ in engine.taken] == [MAKER]


@pytest.mark.parametrize("frame", [CANCEL, LIFE_SIGN, snapshot_request(RecordKind.ASSET_STATUS)])
def test_a_client_that_did_not_say_hello_is_not_connected(
    engine: FakeEngine, server: ZeromqServer, peer: Peer, frame: bytes
) -> None:
    record = peer.ask(frame)
    assert refusal_of(record) is RefusalReason.NOT_CONNECTED
    assert record["order_id"] == (4 if frame is CANCEL else 0)
    assert engine.taken == []


def test_the_numbers_behind_a_refusal_travel_with_it(peer: Peer) -> None:
    record = peer.ask(bytes(FRAME_BYTES_MAX + 8))
    assert (record["limit"], record["requested"]) == (FRAME_BYTES_MAX, FRAME_BYTES_MAX + 8)
    record = peer.ask(hello(digest=5))
    assert (record["limit"], record["requested"]) == (SCHEMA_DIGEST, 5)


def test_a_message_beyond_all_bounds_ends_its_connection_unread(
    engine: FakeEngine, server: ZeromqServer, new_peer: Callable[[], Peer]
) -> None:
    flooding, good = new_peer(), new_peer()
    good.welcome("taker")
    flooding.welcome()
    flooding.send(bytes(MESSAGE_BYTES_MAX + 1))
    later = SystemClock.monotonic_ns()

    def turn() -> set[int]:
        nonlocal later
        later += LIFE_SIGN_NS
        server.poll(later)
        return engine.remote

    until(turn, lambda remote: remote == {TAKER})
    assert not server.refused


def test_commands_of_one_frame_are_laid_out_as_in_a_ring(engine: FakeEngine, peer: Peer) -> None:
    peer.welcome()
    now = SystemClock.monotonic_ns()
    peer.send(
        encode(RecordKind.CANCEL_ORDER, 1, now, 2, 256)
        + encode(RecordKind.NEW_ORDER, 2, now + 10 * NS_PER_S, 3, *range(4, 24))
        + encode(RecordKind.CANCEL_ALL, 3, 5, 4, 5, -1, -1, 0)
    )
    until(lambda: peer.server.poll(SystemClock.monotonic_ns()), lambda _: len(engine.taken) == 3)
    first, second, third = (command for _, command in engine.taken)
    assert (first["sequence"], first["published_ns"], first["order_id"]) == (1, now, 256)
    assert [second[name] for name in ("order_id", "instrument_id", "retry_delay_ms")] == [4, 5, 17]
    # A time that cannot be of this host's clock gives way to the time of arrival.
    for command in (second, third):
        assert now <= command["published_ns"] <= SystemClock.monotonic_ns()


def test_a_newer_client_takes_over_and_the_older_one_is_told(
    engine: FakeEngine, server: ZeromqServer, new_peer: Callable[[], Peer]
) -> None:
    older, newer = new_peer(), new_peer()
    older.welcome()
    newer.welcome()
    assert refusal_of(older.records()[0]) is RefusalReason.CLIENT_SUPERSEDED
    assert refusal_of(older.ask(CANCEL)) is RefusalReason.NOT_CONNECTED
    newer.send(CANCEL)
    until(lambda: server.poll(SystemClock.monotonic_ns()), lambda _: bool(engine.taken))
    engine.report(MAKER, client_tag=8)
    assert newer.records()[0]["client_tag"] == 8
    assert engine.remote == {MAKER}


def test_a_client_may_say_hello_again_and_change_its_strategy(engine: FakeEngine, peer: Peer) -> None:
    peer.welcome()
    assert peer.welcome()["strategy_id"] == MAKER
    assert peer.welcome("taker")["strategy_id"] == TAKER
    assert engine.remote == {TAKER}


def test_a_strategy_driven_over_shared_memory_is_in_use(engine: FakeEngine, peer: Peer) -> None:
    with connect(f"shm://{ENGINE}", strategy="maker"):
        assert refusal_of(peer.ask(hello())) is RefusalReason.STRATEGY_IN_USE
        peer.welcome("taker")
    peer.welcome()


def test_a_strategy_driven_over_zeromq_is_in_use_until_its_client_is_gone(
    engine: FakeEngine, server: ZeromqServer, peer: Peer
) -> None:
    peer.welcome()
    with pytest.raises(StrategyInUseError, match="over ZeroMQ"):
        connect(f"shm://{ENGINE}", strategy="maker", timeout_s=0.01)
    peer.socket.close()
    later = SystemClock.monotonic_ns()

    def turn() -> set[int]:
        nonlocal later
        later += LIFE_SIGN_NS
        server.poll(later)
        return engine.remote

    until(turn, lambda remote: not remote)
    connect(f"shm://{ENGINE}", strategy="maker").close()


def test_reports_wait_in_the_ring_for_a_client_that_takes_none(
    engine: FakeEngine, server: ZeromqServer, peer: Peer
) -> None:
    peer.welcome()
    sent = 0
    while engine.report(MAKER, client_tag=sent):
        sent += 1
        for _ in range(2):
            server.poll(0)
        assert sent < 200_000
    assert sent > REPORTS_CAPACITY
    tags: list[int] = []
    kinds: set[int] = set()
    while RecordKind.LAGGED not in kinds:
        for record in peer.records():
            kinds.add(record["kind"])
            if record["kind"] == RecordKind.EXECUTION_REPORT:
                tags.append(record["client_tag"])
    assert tags == list(range(sent))


def test_a_listing_comes_in_pages_and_ends_with_its_count(engine: FakeEngine, server: ZeromqServer, peer: Peer) -> None:
    for slot in range(ROWS_PER_PAGE + 5):
        engine.add_open_order(slot, MAKER, order_id=(slot + 1) << 8)
    peer.welcome()
    peer.send(snapshot_request(RecordKind.ORDER_STATUS, 7) + snapshot_request(RecordKind.BALANCE_STATUS, 8))
    pages = [decode(peer.frame()) for _ in range(2)]
    assert [len(page) for page in pages] == [ROWS_PER_PAGE, 5]
    assert {words[2] for page in pages for words in page} == {7}
    [end] = decode(peer.frame())
    assert end[1:3] + end[4:] == (RecordKind.SNAPSHOT_END, 7, RecordKind.ORDER_STATUS, ROWS_PER_PAGE + 5)
    [end] = decode(peer.frame())
    assert end[1:3] + end[4:] == (RecordKind.SNAPSHOT_END, 8, RecordKind.BALANCE_STATUS, 0)


def test_a_report_overtakes_a_listing(engine: FakeEngine) -> None:
    for slot in range(2 * ROWS_PER_PAGE):
        engine.add_open_order(slot, MAKER, order_id=(slot + 1) << 8)
    drain = ReportDrain(engine.report_ring(MAKER), engine.state.address, MAKER)
    client = ZeromqClient(b"peer", OWNER, MAKER, drain, 0)
    client.listings.append(engine.reader.begin(MAKER, RecordKind.ORDER_STATUS))
    kinds = []
    for turn in range(4):
        if turn == 1:
            engine.report(MAKER)
        frame = client.next_frame(0)
        assert frame is not None
        assert client.next_frame(0) == frame, "what was not sent is kept"
        client.was_sent(0)
        kinds.append(RecordKind(decode(frame)[0][1]).name)
    assert kinds == ["ORDER_STATUS", "EXECUTION_REPORT", "ORDER_STATUS", "SNAPSHOT_END"]
    assert client.next_frame(0) is None


def test_a_listing_that_cannot_be_read_costs_its_client_only(
    engine: FakeEngine, server: ZeromqServer, peer: Peer
) -> None:
    peer.welcome()
    engine.state.header["version"] = 1
    peer.send(snapshot_request(RecordKind.ORDER_STATUS, 1) + snapshot_request(RecordKind.ASSET_STATUS, 2))
    until(lambda: server.poll(SystemClock.monotonic_ns()), bool)
    engine.state.header["version"] = 2
    assert decode(peer.frame())[0][1] == RecordKind.ASSET_STATUS


def test_one_turn_takes_a_bounded_number_of_messages_and_stays_pending(
    engine: FakeEngine, server: ZeromqServer, peer: Peer
) -> None:
    peer.welcome()
    for _ in range(4 * MESSAGES_PER_TURN):
        peer.send(CANCEL)
    until(lambda: server.poll(SystemClock.monotonic_ns()), bool)
    before = 0
    while len(engine.taken) < 4 * MESSAGES_PER_TURN:
        assert len(engine.taken) - before <= MESSAGES_PER_TURN
        before = len(engine.taken)
        server.poll(SystemClock.monotonic_ns())
    server.poll(SystemClock.monotonic_ns())
    assert not server.pending


def test_nothing_is_stranded_behind_a_descriptor_that_tells_only_of_changes(
    engine: FakeEngine, server: ZeromqServer, peer: Peer
) -> None:
    peer.welcome()
    for number in range(1, 200):
        peer.send(CANCEL)
        engine.report(MAKER, client_tag=number)
        while len(engine.taken) < number:
            if not server.pending:
                assert select.select([server.file_descriptor], [], [], 10)[0], "a message was stranded"
            server.poll(SystemClock.monotonic_ns())
        assert peer.records()[0]["client_tag"] == number


def test_a_silent_connection_is_kept_alive_by_empty_frames(server: ZeromqServer, peer: Peer) -> None:
    peer.welcome()
    peer.send(LIFE_SIGN)
    assert server.poll(SystemClock.monotonic_ns()) <= 1
    later = SystemClock.monotonic_ns() + LIFE_SIGN_NS
    until(lambda: server.poll(later), bool)
    assert peer.socket.poll(10_000)
    assert peer.socket.recv() == LIFE_SIGN


def test_a_client_says_by_name_why_it_was_refused(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, engine)
    url = server.endpoints[0]
    serving = ServingThread(server)
    try:
        with pytest.raises(UnknownNameError, match="no strategy 'nobody'"):
            connect(url, strategy="nobody")
        with connect(f"shm://{ENGINE}", strategy="maker"), pytest.raises(StrategyInUseError, match="shared memory"):
            connect(url, strategy="maker")
        monkeypatch.setattr("ipc.zeromq_channel.SCHEMA_DIGEST", 5)
        with pytest.raises(ConnectionRefusedByEngineError, match="SCHEMA_MISMATCH"):
            connect(url, strategy="maker")
    finally:
        serving.stop()


def test_nobody_at_the_address_is_told_in_time() -> None:
    with pytest.raises(EngineNotRunningError, match=r"no engine answered at tcp://127\.0\.0\.1:9 within 50 ms"):
        connect("tcp://127.0.0.1:9", strategy="maker", timeout_s=0.05)


def test_a_server_needs_a_row_for_each_of_its_strategies(engine: FakeEngine) -> None:
    with pytest.raises(KeyError):
        ZeromqServer(["tcp://127.0.0.1:*"], {"stranger": 77}, engine)


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://127.0.0.1:5555",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:*",
        "tcp://127.9.9.9:1",
        "tcp://[::1]:5555",
        "ipc:///run/oms/engine",
    ],
)
def test_endpoints_of_this_host_are_allowed(endpoint: str) -> None:
    check_endpoint(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("tcp://*:5555", "no numeric address"),
        ("tcp://localhost:5555", "no numeric address"),
        ("tcp://eth0:5555", "no numeric address"),
        ("tcp://0.0.0.0:5555", "CURVE is not set up"),
        ("tcp://192.168.0.1:5555", "reach it through an SSH tunnel"),
        ("tcp://[::]:5555", "CURVE is not set up"),
        ("tcp://127.0.0.1:99999", "port is '99999'"),
        ("tcp://127.0.0.1:", "port is ''"),
        ("tcp://127.0.0.1", "no numeric address"),
        ("ipc://relative", "absolute path"),
        ("ipc://@abstract", "absolute path"),
        ("ipc:///" + "x" * 200, "at most 107 bytes"),
        ("pgm://127.0.0.1:5555", "allowed are tcp"),
        ("127.0.0.1:5555", "allowed are tcp"),
        ("", "allowed are tcp"),
    ],
)
def test_endpoints_that_others_could_reach_are_refused_by_name(engine: FakeEngine, endpoint: str, message: str) -> None:
    with pytest.raises(EndpointError, match=message):
        ZeromqServer([endpoint], STRATEGIES, engine)


def test_an_address_that_is_taken_is_told(engine: FakeEngine, server: ZeromqServer) -> None:
    with pytest.raises(EndpointError, match="cannot be served: Address already in use"):
        ZeromqServer(server.endpoints, STRATEGIES, engine)


def test_the_socket_of_an_ipc_endpoint_is_for_its_owner_alone(engine: FakeEngine, runtime: Path) -> None:
    server = ZeromqServer([f"ipc://{runtime}/zmq"], STRATEGIES, engine)
    assert stat.S_IMODE((runtime / "zmq").stat().st_mode) == 0o600
    server.close()
    (runtime / "open").mkdir(mode=0o755)
    with pytest.raises(SegmentError, match="mode 755"):
        ZeromqServer([f"ipc://{runtime}/open/zmq"], STRATEGIES, engine)


def test_the_threads_of_zeromq_run_on_the_cores_that_are_spare(engine: FakeEngine) -> None:
    core = max(os.sched_getaffinity(0))
    before = set(os.listdir("/proc/self/task"))
    server = ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, engine, spare_cores=(core,))
    threads = set(os.listdir("/proc/self/task")) - before
    assert threads
    # Each moves itself when it begins to run.
    until(
        lambda: [os.sched_getaffinity(int(thread)) for thread in threads], lambda found: all(f == {core} for f in found)
    )
    server.close()


def test_a_record_on_the_wire_is_plain_words() -> None:
    assert struct.unpack("<6q", CANCEL) == (0, RecordKind.CANCEL_ORDER, 1, 2, 3, 4)
