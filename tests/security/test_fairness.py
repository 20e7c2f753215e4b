"""Whatever one client sends, the others are served: in each turn of the ring's poll, and in turn over ZeroMQ.

Over ZeroMQ a client waits for one message of each other peer at the most, which is RECORDS_MAX records each; over rings
for one record of each other strategy.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.spin.spin import FRAMES_OF_ONE_STEP
from engine.zeromq_pace import BURST_RECORDS, RECORDS_PER_S, Pace
from engine.zeromq_server import MESSAGES_PER_TURN, RECORDS_PER_TURN, ZeromqServer
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import RecordKind, RefusalReason
from ipc.frame import RECORDS_MAX, FrameError, decode, encode
from ipc.schema import SCHEMA_DIGEST
from ipc.tables import name_words
from tests.engine.spin.spin_desk import SpinDesk
from tests.ipc.conftest import engine, runtime, until
from tests.ipc.fake_engine import STRATEGIES, FakeEngine

__all__ = ["engine", "runtime"]

CANCEL = encode(RecordKind.CANCEL_ORDER, 1, 2, 3, 4)
# Two further peers, beside the one that is welcomed, and what libzmq may have taken out of turn before it was asked.
OTHERS, OUT_OF_TURN = 2, 1
GOOD_COMMANDS = 12
FRAMES = {
    "full": CANCEL * RECORDS_MAX,
    "good": CANCEL,
    "empty": b"",
    "short": b"x",
    "unknown": bytes(64),
    "too many": CANCEL * (RECORDS_MAX + 1),
    "too large": bytes(40_000),
    "cut": CANCEL + b"x",
    "words": bytes(range(200)),
}
FLOODS = st.lists(st.sampled_from(sorted(FRAMES)), min_size=1, max_size=4)


def hello(strategy: str) -> bytes:
    """What a client begins with."""
    return encode(RecordKind.HELLO, 0, 0, SCHEMA_DIGEST, *name_words(strategy, 2))


class Audience:
    """A server whose turns are ours, and the order in which it takes what its peers send."""

    def __init__(self, server: ZeromqServer, stack: ExitStack, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self.server = server
        self.taken: list[tuple[bytes, bytes]] = []
        self._stack = stack
        self._context = context
        take = server._take

        def noting(peer: bytes, user: str, frame: bytes, now_ns: int) -> int:
            self.taken.append((peer, frame))
            return take(peer, user, frame, now_ns)

        server._take = noting  # type: ignore[method-assign]

    def join(self, name: bytes) -> "zmq.Socket[bytes]":
        """A peer that is connected."""
        socket = self._stack.enter_context(self._context.socket(zmq.DEALER))
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.ROUTING_ID, name)
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.connect(self.server.endpoints[0])
        until(lambda: (self.turn(), socket.poll(0, zmq.POLLOUT))[1], bool)
        return socket

    def welcome(self, socket: "zmq.Socket[bytes]", strategy: str) -> None:
        """Makes a peer a client."""
        socket.send(hello(strategy))
        until(lambda: (self.turn(), socket.poll(0))[1], bool)
        assert decode(socket.recv())[0][1] == RecordKind.WELCOME

    def turn(self) -> int:
        """One turn."""
        return self.server.poll(SystemClock.monotonic_ns())


@pytest.fixture
def audience(engine: FakeEngine) -> Iterator[Audience]:
    """Nobody is there yet."""
    server = ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, engine)
    context = zmq.Context()
    with ExitStack() as stack, closing(server):
        yield Audience(server, stack, context)
    context.term()


@given(FLOODS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_client_waits_for_one_message_of_each_other_peer(
    tmp_path_factory: pytest.TempPathFactory, flood: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        folder = tmp_path_factory.mktemp("r")
        patch.setenv("OMS_RUNTIME_DIR", str(folder))
        engine = stack.enter_context(closing(FakeEngine(folder / "engine")))
        server = stack.enter_context(closing(ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, engine)))
        context: zmq.Context[zmq.Socket[bytes]] = stack.enter_context(zmq.Context())
        audience = Audience(server, stack, context)
        others = [audience.join(name) for name in (b"wild", b"bad")]
        audience.welcome(others[0], "maker")
        good = stack.enter_context(context.socket(zmq.DEALER))
        good.setsockopt(zmq.LINGER, 0)
        good.setsockopt(zmq.ROUTING_ID, b"good")
        # All that waits for a connection arrives at once when it stands.
        good.connect(server.endpoints[0])
        good.send(hello("taker"))
        for _ in range(GOOD_COMMANDS):
            good.send(CANCEL)

        def pump() -> int:
            for other in others:
                for name in flood * 4:
                    if other.poll(0, zmq.POLLOUT):
                        other.send(FRAMES[name], zmq.NOBLOCK)
            audience.turn()
            return sum(strategy == STRATEGIES["taker"] for strategy, _ in engine.taken)

        until(pump, lambda count: count == GOOD_COMMANDS)
        places = [place for place, (peer, _) in enumerate(audience.taken) if peer == b"good"]
        gaps = [later - earlier - 1 for earlier, later in pairwise(places)]
        assert max(gaps) <= OTHERS + OUT_OF_TURN


@pytest.mark.parametrize("frame", [CANCEL, CANCEL * RECORDS_MAX, bytes(64), CANCEL * 9])
def test_a_turn_is_bounded_in_messages_and_in_records(engine: FakeEngine, audience: Audience, frame: bytes) -> None:
    peer = audience.join(b"wild")
    audience.welcome(peer, "maker")
    audience.taken.clear()
    for _ in range(4 * MESSAGES_PER_TURN):
        peer.send(frame)
    seen = 0
    while seen < 4 * MESSAGES_PER_TURN:
        audience.turn()
        records = [len(taken) // len(CANCEL) for _, taken in audience.taken[seen:]]
        assert len(records) <= MESSAGES_PER_TURN
        assert sum(records[:-1]) < RECORDS_PER_TURN
        seen = len(audience.taken)


def test_who_sends_faster_than_anybody_needs_is_refused_and_nobody_else(engine: FakeEngine, audience: Audience) -> None:
    wild, good = audience.join(b"wild"), audience.join(b"good")
    audience.welcome(wild, "maker")
    audience.welcome(good, "taker")

    def pump() -> int:
        if wild.poll(0, zmq.POLLOUT):
            wild.send(CANCEL * RECORDS_MAX)
        audience.turn()
        return audience.server.refused[RefusalReason.CLIENT_TOO_FAST]

    until(pump, bool)
    taken = len(engine.taken)
    assert taken >= BURST_RECORDS
    good.send(CANCEL)
    until(lambda: (audience.turn(), engine.taken[-1][0])[1], lambda strategy: strategy == STRATEGIES["taker"])
    assert audience.server.refused.keys() == {RefusalReason.CLIENT_TOO_FAST}


def test_a_pace_is_a_burst_and_then_a_rate() -> None:
    pace = Pace(0)
    pace.take(BURST_RECORDS, 0)
    with pytest.raises(FrameError) as caught:
        pace.take(2, 0)
    assert (caught.value.limit, caught.value.requested) == (BURST_RECORDS, BURST_RECORDS + 2)
    pace.take(1, NS_PER_S // RECORDS_PER_S)
    with pytest.raises(FrameError):
        pace.take(1, NS_PER_S // RECORDS_PER_S)
    pace.take(RECORDS_PER_S // 10, NS_PER_S)


WORDS = st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=2, max_size=28)


@given(st.lists(WORDS, min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_each_turn_of_the_rings_takes_one_record_of_each(
    tmp_path_factory: pytest.TempPathFactory, garbage: list[list[int]]
) -> None:
    desk = SpinDesk(_private(tmp_path_factory))
    for words in garbage:
        desk.publish_words(np.array(words, np.int64), 1)
    for order_id in [desk.publish(RecordKind.NEW_ORDER, 2) for _ in garbage]:
        desk.turn()
        assert [report["order_id"] for report in desk.told(2)] == [order_id]
        assert len(desk.told(1)) == 1


def test_a_turn_that_stops_for_want_of_frames_goes_on_with_the_next_strategy(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    desk = SpinDesk(_private(tmp_path_factory))
    desk.loop.ports[0]["frame_count"] = FRAMES_OF_ONE_STEP
    for strategy in (1, 1, 1, 2, 2, 2):
        desk.publish(RecordKind.NEW_ORDER, strategy)
    order = []
    for _ in range(6):
        desk.turn()
        order += [strategy for strategy in (1, 2) for _ in desk.told(strategy)]
    assert order == [1, 2, 1, 2, 1, 2]


def _private(factory: pytest.TempPathFactory) -> Path:
    folder = factory.mktemp("spin")
    folder.chmod(0o700)
    return folder
