"""The disk under the journal fails or is full: new orders are refused, cancels work, nothing is lost."""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.control.child import OPERATOR_MISTAKE
from engine.lifetime import durable_folder
from ipc.enums import JournalState, RefusalReason
from tests.system.installation import Installation, installed
from tests.system.waiting import await_that
from tests.torture.journal_check import replay_all
from tests.torture.points import await_gone
from tests.torture.strategy_log import Mode
from tests.torture.torn_site import ENGINE, STRATEGIES, TornSite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SETTLE_TIMEOUT_S = 25.0
DISK_BYTES = 24 << 20


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of its own at a folder; skips the test where we may not make one."""
    folder.mkdir(mode=0o700, parents=True)
    options = f"size={DISK_BYTES},mode=700,uid={os.geteuid()}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def trading(installation: Installation, seed: int) -> Iterator[TornSite]:
    """Two strategies that trade; in the end everybody must agree, and the journal replay."""
    site = TornSite(installation, seed)
    site.order(Mode.TRADE)
    site.start()
    for name in STRATEGIES.values():
        site.start_strategy(name)
    site.await_done(Mode.TRADE)
    await_orders(site)
    yield site
    site.order(Mode.TRADE)
    site.await_done(Mode.TRADE)
    await_orders(site)
    site.order(Mode.REST)
    site.await_done(Mode.REST)
    assert site.settle(SETTLE_TIMEOUT_S) == []
    site.order(Mode.END)
    site.stop()
    entries, digests = replay_all(site.journal_folder)
    assert min(entries, digests) > 0


def await_orders(site: TornSite, more: int = 20) -> None:
    """Returns when the venue took so many more orders."""
    site.truth.read_on()
    before = len(site.truth.accepted)

    def are_there() -> bool:
        site.truth.read_on()
        return len(site.truth.accepted) >= before + more

    await_that(are_there, "orders at the venue")


def await_journal(site: TornSite, state: JournalState) -> None:
    """Returns when the engine takes the journal to be so."""

    def is_so() -> bool:
        view = site.view()
        return view is not None and view.journal_state is state

    await_that(is_so, f"a journal that is {state.name}")


def refusals(site: TornSite) -> int:
    """How many commands were refused because nothing was kept."""
    for log in site.logs.values():
        log.read_on()
    return sum(log.refused.get(RefusalReason.JOURNAL_NOT_KEEPING, 0) for log in site.logs.values())


def check_that_only_cancels_work(site: TornSite) -> None:
    """New orders are refused by name, and nothing of ours is left at the venue after a cancel of everything."""
    await_that(lambda: refusals(site) > 3, "the refusal of orders")
    site.order(Mode.CLEAR)
    site.await_done(Mode.CLEAR)

    def is_clear() -> bool:
        site.venue.control("flush")
        site.truth.read_on()
        return not site.truth.open_orders()

    await_that(is_clear, "the cancel of everything")


def test_a_disk_that_takes_nothing_stops_new_orders_until_it_takes_them_again(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, trading(installation, 1) as site:
        journal = site.pid_of("journal")
        # What a process may write to files ends at their first byte: every write fails, the ring goes on.
        before = resource.prlimit(journal, resource.RLIMIT_FSIZE)
        resource.prlimit(journal, resource.RLIMIT_FSIZE, (0, before[1]))
        await_journal(site, JournalState.FAILED)
        check_that_only_cancels_work(site)
        view = site.view()
        assert view is not None
        assert view.journal_state is JournalState.FAILED
        resource.prlimit(journal, resource.RLIMIT_FSIZE, before)
        await_journal(site, JournalState.KEEPING)
        assert site.pid_of("journal") == journal


def test_a_journal_process_that_dies_on_a_broken_disk_loses_nothing(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, trading(installation, 2) as site:
        journal = site.pid_of("journal")
        hard = resource.prlimit(journal, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(journal, resource.RLIMIT_FSIZE, (0, hard))
        await_journal(site, JournalState.FAILED)
        os.kill(journal, signal.SIGKILL)
        await_gone(journal)
        await_that(lambda: site.pid_of("journal") not in (0, journal), "the next journal process")
        await_journal(site, JournalState.KEEPING)


def test_an_engine_that_dies_on_a_full_disk_comes_back_whole_when_there_is_room(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, small_disk(durable_folder(ENGINE)), trading(installation, 3) as site:
        filler = durable_folder(ENGINE) / "filler"
        fill(filler)
        await_journal(site, JournalState.FAILED)
        check_that_only_cancels_work(site)
        engine = site.pid_of("engine")
        os.kill(engine, signal.SIGKILL)
        assert site.control is not None
        await_that(lambda: site.is_ended, "the end of everything, for the disk takes nothing")
        assert site.control.status == OPERATOR_MISTAKE
        assert "No space left" in "".join(site.words()[-3:])
        filler.unlink()
        site.start()
        await_that(lambda: site.is_engine_ready(engine), "the engine's return")


def fill(path: Path) -> None:
    """Takes all the room that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 12))
        except OSError:
            return
