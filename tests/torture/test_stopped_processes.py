"""Processes that stand still for a while, as under a debugger or a starved machine, and go on."""

import os
import signal
from pathlib import Path

import pytest

from ipc.enums import JournalState
from tests.system.installation import installed
from tests.system.waiting import let_pass
from tests.torture.test_broken_disk import await_journal, await_orders, check_that_only_cancels_work, trading

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

STANDSTILL_MS = 3_000


def test_new_orders_are_refused_while_the_journal_process_stands_still(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, trading(installation, 4) as site:
        journal = site.pid_of("journal")
        os.kill(journal, signal.SIGSTOP)
        try:
            await_journal(site, JournalState.ABSENT)
            check_that_only_cancels_work(site)
        finally:
            os.kill(journal, signal.SIGCONT)
        await_journal(site, JournalState.KEEPING)
        assert site.pid_of("journal") == journal


def test_an_engine_that_stood_still_goes_on_and_agrees_with_the_venue(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, trading(installation, 5) as site:
        engine = site.pid_of("engine")
        os.kill(engine, signal.SIGSTOP)
        let_pass(STANDSTILL_MS)
        os.kill(engine, signal.SIGCONT)
        await_orders(site)
        assert site.pid_of("engine") == engine
