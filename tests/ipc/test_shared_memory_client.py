"""What only a client over shared memory has: the lock, the ring's room, counting on after a death."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipc.client import Client, connect
from ipc.clock import ManualClock
from ipc.errors import (
    AddressError,
    EngineNotRunningError,
    EngineRestartedError,
    OrderIdsExhaustedError,
    RingFullError,
    StateBusyError,
    StrategyInUseError,
    UnknownNameError,
)
from ipc.order_id import CLIENT_SEQUENCE_MAX, unpack
from ipc.segment import SegmentError, SegmentWord
from ipc.session import Unsent
from tests.ipc.fake_engine import COMMANDS_CAPACITY, ENGINE, STRATEGIES, FakeEngine

URL = f"shm://{ENGINE}"
BTC = "BTC/USDT.BINANCE"
MAKER = STRATEGIES["maker"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client(engine: FakeEngine) -> Iterator[Client]:
    """A client of the strategy maker."""
    with connect(URL, strategy="maker") as client:
        yield client


def test_a_full_ring_raises_uses_up_no_id_and_is_over_once_the_engine_goes_on(
    engine: FakeEngine, client: Client
) -> None:
    for _ in range(COMMANDS_CAPACITY):
        client.submit(BTC, "buy", 1, price=1)
    with pytest.raises(RingFullError, match="commands-maker is full, allowed are 8 commands"):
        client.submit(BTC, "buy", 1, price=1)
    with pytest.raises(RingFullError):
        client.cancel_all()
    assert len(engine.take_commands()) == COMMANDS_CAPACITY
    assert unpack(client.submit(BTC, "buy", 1, price=1)).sequence == COMMANDS_CAPACITY + 1
    assert engine.take_commands()[-1][1]["sequence"] == COMMANDS_CAPACITY + 1


def test_a_strategy_has_one_client(engine: FakeEngine, client: Client) -> None:
    with pytest.raises(StrategyInUseError, match=r"maker .* driven by another process"):
        connect(URL, strategy="maker", clock=ManualClock())
    connect(URL, strategy="taker").close()
    client.close()
    connect(URL, strategy="maker").close()


def test_a_client_waits_for_the_one_before_to_let_the_strategy_go(engine: FakeEngine, client: Client) -> None:
    class LeavingClock(ManualClock):
        def sleep_ns(self, duration_ns: int) -> None:
            client.close()
            super().sleep_ns(duration_ns)

    connect(URL, strategy="maker", clock=LeavingClock()).close()


def test_a_forgotten_client_frees_its_strategy(engine: FakeEngine) -> None:
    forgotten = connect(URL, strategy="maker")
    publish = forgotten.publish_new_order
    del forgotten
    with connect(URL, strategy="maker"):
        assert publish(0, 0, 1, 1, 1) == Unsent.ENGINE_RESTARTED


def test_a_killed_client_frees_its_strategy_and_the_next_one_counts_on(engine: FakeEngine) -> None:
    script = (
        "import os, signal\n"
        "from ipc.client import connect\n"
        f"client = connect({URL!r}, strategy='maker')\n"
        f"for _ in range(3): client.submit({BTC!r}, 'buy', 1, price=1)\n"
        "client.cancel_all()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with connect(URL, strategy="maker") as client:
        order_id = client.submit(BTC, "buy", 1, price=1)
        assert unpack(order_id).sequence == 4
        commands = [command for _, command in engine.take_commands()]
        assert [command["sequence"] for command in commands] == [1, 2, 3, 4, 5]


def test_counting_goes_on_from_a_command_that_left_the_ring_but_did_not_reach_the_state(engine: FakeEngine) -> None:
    with connect(URL, strategy="maker") as client:
        client.submit(BTC, "buy", 1, price=1)
        client.cancel_all()
    engine.take_commands()
    row = engine.state.table("strategies")[MAKER]
    row["last_sequence"], row["last_order_sequence"] = 0, 0
    with connect(URL, strategy="maker") as client:
        assert unpack(client.submit(BTC, "buy", 1, price=1)).sequence == 2
        assert engine.take_commands()[-1][1]["sequence"] == 3


def test_counting_goes_on_from_the_state_when_the_ring_is_new(engine: FakeEngine) -> None:
    row = engine.state.table("strategies")[MAKER]
    row["last_sequence"], row["last_order_sequence"] = 40, 30
    with connect(URL, strategy="maker") as client:
        assert unpack(client.submit(BTC, "buy", 1, price=1)).sequence == 31
        assert engine.take_commands()[-1][1]["sequence"] == 41


def test_a_strategy_that_used_every_id_is_told(engine: FakeEngine) -> None:
    engine.state.table("strategies")[MAKER]["last_order_sequence"] = CLIENT_SEQUENCE_MAX
    with connect(URL, strategy="maker") as client:
        with pytest.raises(OrderIdsExhaustedError, match="restart the engine"):
            client.submit(BTC, "buy", 1, price=1)
        client.cancel_all()


@pytest.mark.parametrize("use", ["cancel_all", "events", "positions", "open_orders", "balances"])
def test_every_use_after_a_new_engine_came_says_so(engine: FakeEngine, client: Client, use: str) -> None:
    successor = FakeEngine(engine.folder, epoch=2)
    with pytest.raises(EngineRestartedError, match=r"epoch 1 is gone or was replaced; call reconnect\(\)"):
        getattr(client, use)()
    client.reconnect()
    assert client.epoch == 2
    client.cancel_all()
    assert len(successor.take_commands()) == 1
    successor.close()


def test_reports_that_were_there_are_still_read_after_the_engine_went(engine: FakeEngine, client: Client) -> None:
    engine.report(MAKER, client_tag=3)
    engine.reports[MAKER].retire()
    engine.commands[MAKER].retire()
    assert len(client.events()) == 1
    with pytest.raises(EngineRestartedError):
        client.events()


def test_a_full_ring_whose_file_is_gone_means_that_the_engine_is(engine: FakeEngine, client: Client) -> None:
    for _ in range(COMMANDS_CAPACITY):
        client.cancel_all()
    engine.commands[MAKER].unlink()
    with pytest.raises(EngineRestartedError):
        client.cancel_all()


def test_no_engine_is_waited_for_and_then_named(runtime: Path) -> None:
    clock = ManualClock()
    began = clock.monotonic_ns()
    with pytest.raises(EngineNotRunningError, match="running are: none; start it with `oms run`"):
        connect(URL, strategy="maker", timeout_s=1.5, clock=clock)
    assert clock.monotonic_ns() - began >= 1_500_000_000


def test_an_engine_that_is_just_making_its_segments_is_waited_for(engine: FakeEngine) -> None:
    engine.reports[MAKER].words[SegmentWord.EPOCH] = 2
    with pytest.raises(EngineNotRunningError, match="just starting"):
        connect(URL, strategy="maker", timeout_s=0.1, clock=ManualClock())
    engine.reports[MAKER].words[SegmentWord.EPOCH] = 1
    connect(URL, strategy="maker").close()


@pytest.mark.parametrize("word", ["missing", "left"])
def test_an_engine_that_is_just_making_or_leaving_its_segments_is_not_running(engine: FakeEngine, word: str) -> None:
    reports = engine.reports[MAKER]
    if word == "missing":
        reports.unlink()
    else:
        reports.words[SegmentWord.READY] = 0
    with pytest.raises(EngineNotRunningError, match="just starting or ending"):
        connect(URL, strategy="maker", timeout_s=0.1, clock=ManualClock())


def test_an_unknown_strategy_is_told_the_known_ones(engine: FakeEngine) -> None:
    with pytest.raises(UnknownNameError, match="no strategy 'nobody'; allowed are: maker, taker"):
        connect(URL, strategy="nobody")


@pytest.mark.parametrize(
    ("url", "strategy"),
    [
        ("shm://", "maker"),
        ("shm://../x", "maker"),
        ("shm://a/b", "maker"),
        ("http://x", "maker"),
        ("engine", "maker"),
        ("tcp://", "maker"),
        ("tcp://nonsense", "maker"),
        (URL, ""),
        (URL, "../maker"),
        (URL, "a-name-of-17-chars"),
        (URL, "größe"),
    ],
)
def test_an_address_or_a_name_that_cannot_be_one_is_refused(engine: FakeEngine, url: str, strategy: str) -> None:
    with pytest.raises(AddressError, match="allowed"):
        connect(url, strategy=strategy)


def test_a_segment_of_another_version_is_not_mapped(engine: FakeEngine) -> None:
    engine.commands[MAKER].words[SegmentWord.SCHEMA_DIGEST] = 5
    with pytest.raises(SegmentError, match="SCHEMA_DIGEST"):
        connect(URL, strategy="maker")
    engine.commands[MAKER].words[SegmentWord.SCHEMA_DIGEST] = engine.reports[MAKER].words[SegmentWord.SCHEMA_DIGEST]
    connect(URL, strategy="maker").close()


def test_a_state_that_cannot_be_read_is_told_and_the_strategy_stays_free(engine: FakeEngine) -> None:
    engine.state.header["version"] = 1
    with pytest.raises(StateBusyError):
        connect(URL, strategy="maker")
    engine.state.header["version"] = 2
    connect(URL, strategy="maker").close()


@pytest.mark.parametrize("arguments", [(), (1,) * 4, (1,) * 20, (*(1,) * 12, 1.5), (*(1,) * 4, "1"), (None,) * 13])
def test_a_builtin_called_wrongly_raises_and_sends_nothing(
    engine: FakeEngine, client: Client, arguments: tuple[int, ...]
) -> None:
    with pytest.raises(TypeError):
        client._publish_new_order(*arguments)
    assert engine.take_commands() == []


def test_a_number_that_no_word_holds_is_refused(engine: FakeEngine, client: Client) -> None:
    with pytest.raises(OverflowError):
        client.submit_ticks(instrument_id=0, account_id=0, side=1, price_ticks=1 << 63, order_lots=1)
    assert engine.take_commands() == []


def test_a_strategy_imports_neither_the_engine_nor_what_it_does_not_use(engine: FakeEngine) -> None:
    script = (
        "import sys, ipc.client\n"
        "assert not {'numba', 'zmq', 'engine', 'gateways', 'tools'} & set(sys.modules), sorted(sys.modules)\n"
        f"ipc.client.connect({URL!r}, strategy='maker').close()\n"
        "assert not {'zmq', 'engine', 'gateways', 'tools'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
