"""Owns what the tests of the client library share: a private runtime folder and an engine that answers."""

import select
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from engine.zeromq_server import ZeromqServer
from ipc.client import Client, connect
from ipc.clock import NS_PER_S, SystemClock
from tests.ipc.fake_engine import ENGINE, STRATEGIES, FakeEngine

T = TypeVar("T")
DEADLINE_NS = 20 * NS_PER_S
TRANSPORTS = ("shm", "tcp", "ipc")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of this test alone; its name is short because a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="oms-") as folder:
        monkeypatch.setenv("OMS_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def engine(runtime: Path) -> Iterator[FakeEngine]:
    """One run of a stand-in engine, with nobody connected."""
    engine = FakeEngine(runtime / ENGINE)
    yield engine
    engine.close()


class SteeredClock(SystemClock):
    """The host's clocks, moved on as a test wants."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def monotonic_ns(self) -> int:  # type: ignore[override]
        """The host's, moved on."""
        return SystemClock.monotonic_ns() + self.ahead_ns


class ServingThread:
    """Polls a ZeroMQ server as the engine's loop does."""

    def __init__(self, server: ZeromqServer) -> None:
        self._server = server
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            self._server.poll(SystemClock.monotonic_ns())
            if not self._server.pending:
                select.select([self._server.file_descriptor], [], [], 0.001)

    def stop(self) -> None:
        """Ends the thread, then the server."""
        self._is_stopping.set()
        self._thread.join()
        self._server.close()


class Served:
    """An engine behind one transport, and its clients."""

    def __init__(self, transport: str, folder: Path) -> None:
        self.transport = transport
        self._folder = folder
        self._clients: list[Client] = []
        self.clock = SteeredClock()
        self.engine = FakeEngine(folder)
        self._serving: ServingThread | None = None
        self.url = f"shm://{ENGINE}"
        self._serve({"tcp": "tcp://127.0.0.1:*", "ipc": f"ipc://{folder}/zmq"}.get(transport))

    def _serve(self, endpoint: str | None) -> None:
        if endpoint is not None:
            server = ZeromqServer([endpoint], STRATEGIES, self.engine)
            self.url = server.endpoints[0]
            self._serving = ServingThread(server)

    def connect(self, strategy: str = "maker") -> Client:
        """A further client."""
        client = connect(self.url, strategy=strategy, clock=self.clock)
        self._clients.append(client)
        return client

    def restart(self) -> None:
        """A new run of the engine at the same address."""
        self.stop_serving()
        self.engine.close()
        self.engine = FakeEngine(self._folder, epoch=self.engine.epoch + 1)
        self._serve(None if self.transport == "shm" else self.url)

    def taken(self, count: int) -> list[tuple[int, dict[str, int]]]:
        """The commands that the engine took; waits for them to arrive."""
        return until(self.engine.take_commands, lambda taken: len(taken) >= count)

    def stop_serving(self) -> None:
        """Leaves its clients without an engine."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    def close(self) -> None:
        """Ends everything."""
        for client in self._clients:
            client.close()
        self.stop_serving()
        self.engine.close()


def until(read: Callable[[], T], is_enough: Callable[[T], bool]) -> T:
    """What `read` returns once it is enough; fails after a while."""
    deadline = SystemClock.monotonic_ns() + DEADLINE_NS
    while not is_enough(value := read()):
        assert SystemClock.monotonic_ns() < deadline, f"waited in vain, last seen: {value!r}"
    return value


@pytest.fixture(params=TRANSPORTS)
def served(request: pytest.FixtureRequest, runtime: Path) -> Iterator[Served]:
    """An engine behind each transport in turn."""
    served = Served(request.param, runtime / ENGINE)
    yield served
    served.close()
