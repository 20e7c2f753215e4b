"""A file named KILL halts an engine that trades, and nobody arms it, by whatever way, while the file lies there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.guardian.kill_file import NAME
from engine.lifetime import durable_folder
from ipc.control_segment import ENGINE_SCOPE, ControlSegment, Request
from ipc.enums import OrderStatus, RefusalReason, ScopeKind, TradingState
from ipc.operator import Operator
from tests.system.engine_site import ENGINE, EngineSite, rest
from tests.system.installation import installed
from tests.system.terminal import Terminal
from tests.system.trading_desk import TradingDesk
from tests.system.waiting import await_that
from tools.control_desk import ControlDesk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TRIES = 20


class GuardedSite(EngineSite, Terminal):
    """An engine with a guardian, and somebody at a terminal."""

    def table(self) -> dict[str, object]:
        """Guarded."""
        return {**super().table(), "guardian": {"enabled": True}}

    @property
    def kill_file(self) -> Path:
        """Where the guardian looks for it."""
        return durable_folder(ENGINE) / NAME

    def state(self) -> TradingState:
        """The engine's own."""
        return ControlDesk(self.folder).sight(ENGINE_SCOPE).trading_state

    def arm_over_zeromq(self) -> RefusalReason:
        """What an operator is answered."""
        with Operator(f"ipc://{self.folder / 'clients'}", "ann") as operator:
            return operator.set_trading_state(ScopeKind.ENGINE, 0, TradingState.ACTIVE, is_rearming=True).reason


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedSite]:
    """One engine for all tests."""
    with installed(tmp_path_factory.mktemp("file")) as installation:
        site = GuardedSite(installation)
        with site.engine():
            yield site


@pytest.fixture
def desk(site: GuardedSite) -> Iterator[TradingDesk]:
    """Armed at the beginning and in the end."""
    with site.connect() as client:
        yield site.desk(client)
    site.kill_file.unlink(missing_ok=True)
    site.oms("arm")


@pytest.mark.parametrize("text", ["", "engine"])
def test_nobody_lets_it_trade_while_the_file_lies_there(site: GuardedSite, desk: TradingDesk, text: str) -> None:
    order_id = rest(desk)
    desk.await_resting(order_id)
    site.kill_file.write_text(text)
    assert desk.await_end(order_id).order_status == OrderStatus.CANCELED
    assert [site.arm_over_zeromq() for _ in range(3)] == [RefusalReason.KILL_STANDS] * 3
    refused = site.run("arm")
    assert refused.returncode == 1
    assert f"{site.kill_file} halts engine for as long as it lies there; remove it, then arm" in refused.stderr
    assert site.state() is TradingState.HALT
    site.kill_file.unlink()
    assert site.oms("arm")["before"] == "HALT"
    desk.await_resting(rest(desk))


def test_what_was_lowered_all_the_same_is_raised_again(site: GuardedSite, desk: TradingDesk) -> None:
    """As by somebody who looked for the file just before it was made."""
    desk.await_resting(rest(desk))
    site.kill_file.write_text("engine")
    await_that(lambda: site.state() is TradingState.HALT, "the halt")
    control = ControlSegment.attach(site.folder)
    for _ in range(TRIES):
        control.lower_state(ENGINE_SCOPE, Request(TradingState.ACTIVE))
        assert site.arm_over_zeromq() in (RefusalReason.NONE, RefusalReason.KILL_STANDS)
        await_that(lambda: control.request(ENGINE_SCOPE).trading_state is TradingState.HALT, "the word")
        await_that(lambda: site.state() is TradingState.HALT, "the halt once more")
    control.close()
