"""What only a client over ZeroMQ has: silence, takeovers, no room, no compiled code."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipc.client import Client
from ipc.errors import (
    EngineRestartedError,
    RingFullError,
    SharedMemoryOnlyError,
    SnapshotTimeoutError,
    SupersededError,
)
from ipc.frame import SILENCE_MAX_NS
from ipc.zeromq_channel import SNAPSHOT_TIMEOUT_NS
from tests.ipc.conftest import Served, until
from tests.ipc.fake_engine import ENGINE, STRATEGIES

MAKER = STRATEGIES["maker"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def served(runtime: Path) -> Iterator[Served]:
    """An engine over TCP."""
    served = Served("tcp", runtime / ENGINE)
    yield served
    served.close()


@pytest.fixture
def client(served: Served) -> Client:
    """A connected client."""
    return served.connect()


def test_an_engine_that_says_nothing_is_taken_for_gone(served: Served, client: Client) -> None:
    served.stop_serving()
    assert client.events() == []
    served.clock.ahead_ns += SILENCE_MAX_NS + 1
    with pytest.raises(EngineRestartedError, match="gone or was replaced"):
        until(client.events, lambda _: False)
    with pytest.raises(EngineRestartedError):
        client.cancel_all()


def test_a_client_that_did_not_listen_for_long_does_not_take_its_engine_for_gone(
    served: Served, client: Client
) -> None:
    served.engine.report(MAKER, client_tag=1)
    assert client._channel._socket.poll(10_000), "the report has not arrived"  # type: ignore[attr-defined]
    served.clock.ahead_ns += SILENCE_MAX_NS + 1
    assert client.positions() == []
    assert len(client.events()) == 1
    client.cancel_all()
    assert len(served.taken(1)) == 1


def test_a_newer_client_ends_the_older_one(served: Served, client: Client) -> None:
    newer = served.connect()
    assert [event.is_last_of_burst for event in client.wait(10)] == [True]
    with pytest.raises(SupersededError, match=r"stop the other one, then call reconnect\(\)"):
        client.cancel_all()
    with pytest.raises(SupersededError):
        client.events()
    newer.cancel_all()
    assert len(served.taken(1)) == 1
    client.reconnect()
    client.cancel_all()
    assert len(served.taken(2)) == 2


def test_no_room_on_the_way_raises_and_uses_up_no_id(served: Served, client: Client) -> None:
    served.stop_serving()
    with pytest.raises(RingFullError, match="cannot be reached or has not taken"):
        until(client.cancel_all, lambda _: False)
    with pytest.raises(RingFullError):
        client.submit("BTC/USDT.BINANCE", "buy", 1, price=1)


def test_rows_that_do_not_come_are_told(served: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipc.zeromq_channel.SNAPSHOT_TIMEOUT_NS", 1_000_000)
    served.engine.state.header["version"] = 1
    with pytest.raises(SnapshotTimeoutError, match="ORDER_STATUS rows"):
        client.open_orders()
    served.engine.state.header["version"] = 2
    monkeypatch.setattr("ipc.zeromq_channel.SNAPSHOT_TIMEOUT_NS", SNAPSHOT_TIMEOUT_NS)
    # The answers to the question that was given up do not pass for those to the next one.
    assert client.positions() == []


def test_compiled_strategies_are_told_where_to_connect(client: Client) -> None:
    with pytest.raises(SharedMemoryOnlyError, match="connect to shm://ENGINE_NAME"):
        _ = client.session_address


def test_a_client_over_zeromq_loads_no_compiler(served: Served) -> None:
    script = (
        "import sys\n"
        "from ipc.client import connect\n"
        f"with connect({served.url!r}, strategy='taker') as client: client.positions()\n"
        "assert not {'numba', 'llvmlite', 'engine', 'gateways', 'tools'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
