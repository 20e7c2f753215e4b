"""A venue that moves money without a word: the account is stopped and the asset named, until a person arms it."""

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from ipc.enums import ExecutionType, RefusalReason
from tests.system.engine_site import EngineSite, rest
from tests.system.installation import BALANCES, installed
from tests.system.terminal import Terminal
from tests.system.trading_desk import TradingDesk
from tests.system.waiting import await_that, let_pass

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DIFFERS_MS = 300


class WatchedSite(EngineSite, Terminal):
    """An engine that bears a difference for moments only, and a terminal."""

    held = Decimal(BALANCES["USDT"])

    def table(self) -> dict[str, Any]:
        """As elsewhere, but for the breaker."""
        return {**super().table(), "breakers": {"position_differs_ms": DIFFERS_MS}}

    def deposit(self, desk: TradingDesk, amount: int) -> None:
        """Adds to the account, and waits until the engine has the venue's word of its balance."""
        self.venue.control(f"deposit?account=main&asset=USDT&amount={amount}")
        self.held += amount
        await_that(partial(self._is_known, desk), f"the balance of {self.held} USDT")

    def _is_known(self, desk: TradingDesk) -> bool:
        return any(row.asset.name == "USDT" and row.free + row.locked == self.held for row in desk.client.balances())


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedSite]:
    """A venue and an engine."""
    with installed(tmp_path_factory.mktemp("differs")) as installation:
        yield WatchedSite(installation)


def word(site: WatchedSite, desk: TradingDesk) -> None:
    """The venue's next word, after more than a difference may last."""
    let_pass(DIFFERS_MS + 1)
    site.deposit(desk, 1)


def open_alarms(site: WatchedSite) -> list[tuple[str, str]]:
    """Code and subject of what is open about balances."""
    rows = site.oms("alarms", status=1)["alarms"]
    return [(row["code"], row["about"]) for row in rows if row["code"] == "POSITION_DIFFERS"]


def test_an_account_whose_balance_changed_without_a_word_is_stopped_until_it_is_armed(site: WatchedSite) -> None:
    with ExitStack() as cleanup:
        cleanup.enter_context(site.engine())
        desk = site.desk(cleanup.enter_context(site.connect()))
        desk.await_resting(rest(desk))
        word(site, desk)
        word(site, desk)
        desk.await_resting(rest(desk, 1))
        site.venue.control("fault?action=drop_event&match=balanceUpdate")
        site.deposit(desk, 5)
        desk.await_resting(rest(desk, 2))
        word(site, desk)
        report = desk.await_report(rest(desk, 3), ExecutionType.NEW, ExecutionType.REFUSED)
        assert (report.execution_type, report.reason) == (ExecutionType.REFUSED, RefusalReason.BREAKER_OPEN)
        assert open_alarms(site) == [("POSITION_DIFFERS", "main USDT")]
        desk.cancel_everything()
        site.oms("arm", "--scope", "account:main")
        desk.await_resting(rest(desk, 4))
        word(site, desk)
        word(site, desk)
        desk.await_resting(rest(desk, 5))
