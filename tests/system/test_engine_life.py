"""The engine process from its start to its end, whichever it is; every warning in it would be an error."""

import os
import signal
from collections.abc import Iterator

import pytest

from ipc.client import Client
from ipc.control_segment import CONTROL_FILE
from ipc.enums import ExecutionType, OrderStatus
from ipc.errors import EngineRestartedError
from ipc.order_id import unpack
from tests.system.engine_site import ENGINE, STRATEGY, EngineSite, end, events_of, rest, threads_of
from tests.system.installation import INSTRUMENT, installed
from tests.system.standstill import times_of_one_second
from tests.system.trading_desk import status_of
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KILLED_CLIENT = f"""
import os, signal
from ipc.client import connect
client = connect("shm://{ENGINE}", strategy="{STRATEGY}")
for price in (60000, 60001, 60002):
    print(client.submit("{INSTRUMENT}", "buy", "0.001", price=price), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineSite]:
    """The venue, and an engine whenever a test starts one."""
    with installed(tmp_path_factory.mktemp("life")) as installation:
        yield EngineSite(installation)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_engine_that_is_told_to_end_leaves_nothing_but_what_was_asked_of_it(
    site: EngineSite, number: signal.Signals
) -> None:
    with site.engine() as engine, site.connect() as client:
        desk = site.desk(client)
        desk.await_resting(rest(desk))
        desk.cancel_everything()
        assert (site.folder / "clients").is_socket()
        end(engine, number)
        assert engine.status == 0
        assert events_of(engine) == ["starting", "instruments", "ready", "stopped"]
        assert [entry.name for entry in site.folder.iterdir()] == [CONTROL_FILE]
        assert not (site.installation.folder / f"{ENGINE}.ready").exists()
        with pytest.raises(EngineRestartedError, match=r"is gone or was replaced"):
            rest(desk)
        await_that(lambda: has_noticed(client), "the client's noticing")


def test_an_engine_that_was_killed_comes_back_with_ids_that_never_were(site: EngineSite) -> None:
    with site.engine() as engine, site.connect() as client:
        desk = site.desk(client)
        before = rest(desk)
        desk.await_resting(before)
        desk.cancel_everything()
        killed = site.engine_pid
        os.kill(killed, signal.SIGKILL)
        await_that(lambda: has_noticed(client), "the client's noticing")
        with pytest.raises(EngineRestartedError):
            rest(desk)
        site.await_ready_again(killed)
        client.reconnect()
        again = site.desk(client)
        after = rest(again)
        again.await_resting(after)
        assert unpack(after).epoch == unpack(before).epoch + 1 == client.epoch
        assert after > before
        again.cancel_everything()
        assert [order.order_id for order in client.resync().open_orders] == []
        told = events_of(engine)
        assert told[told.index("process_died") + 1] == "starting"


def has_noticed(client: Client) -> bool:
    """Whether a client that waits for events is told that its engine is gone."""
    try:
        client.wait(0.01)
    except EngineRestartedError:
        return True
    return False


def test_a_second_engine_of_the_name_is_refused(site: EngineSite) -> None:
    with site.engine() as engine, site.connect() as client:
        second, _ = site.installation.launch_engine(site.table())
        await_that(lambda: second.status is not None, "the second engine's end")
        assert (second.status, second.new_lines()) == (
            2,
            [f"an engine named '{ENGINE}' runs already; stop it or choose another name"],
        )
        desk = site.desk(client)
        desk.await_resting(rest(desk))
        desk.cancel_everything()
        assert engine.status is None


def test_the_ring_of_a_killed_client_is_taken_over(site: EngineSite) -> None:
    with site.engine():
        killed = site.installation.start("client", "-c", KILLED_CLIENT)
        await_that(lambda: killed.status is not None, "the client's end")
        sent = [int(line) for line in killed.new_lines()]
        assert (killed.status, len(sent)) == (-signal.SIGKILL, 3)
        with site.connect() as client:
            await_that(lambda: len(client.open_orders()) == 3, "the orders of the one that was killed")
            desk = site.desk(client)
            statuses = [status_of(desk.await_report(order_id, ExecutionType.NEW)) for order_id in sent]
            assert statuses == [OrderStatus.NEW] * 3
            following = rest(desk)
            assert unpack(following).sequence == unpack(sent[-1]).sequence + 1
            desk.await_resting(following)
            desk.cancel_everything()


def test_an_engine_that_trades_has_no_thread_but_those_of_libzmq(site: EngineSite) -> None:
    with site.engine(), site.connect() as client:
        desk = site.desk(client)
        desk.await_resting(rest(desk))
        desk.cancel_everything()
        # The reaper closes sockets, the other moves bytes between them and the wire; neither runs Python.
        assert threads_of(site.engine_pid) == ["ZMQbg/IO/0", "ZMQbg/Reaper"]


def test_an_idle_engine_that_yields_asks_the_kernel_at_every_turn(site: EngineSite) -> None:
    with site.engine():

        def runs_kernel_code() -> bool:
            [used] = times_of_one_second(site.engine_pid)
            return used.system > used.user

        # Where others want the processor it has little of it, and a short time is told inexactly.
        await_that(runs_kernel_code, "a second spent in the kernel")
