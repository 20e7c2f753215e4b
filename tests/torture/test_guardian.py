"""A guardian fences an engine that hangs or dies, and cancels what it left; by the venue's own log.

What passes for the engine here beats and holds the lock like one; `test_guarded_engine.py` has real ones. OMS_FENCES
says how many of each.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.guardian.guardian import LEASE_NS
from ipc.clock import NS_PER_MS
from ipc.control_segment import ENGINE_SCOPE, LEASE_EXPIRED, Request
from ipc.enums import AlarmCode, TradingState
from tests.system.installation import installed
from tests.system.waiting import CLOCK, await_that, let_pass
from tests.torture.guardian_site import MAIN, GuardianSite, stand_still

FENCES = int(os.environ.get("OMS_FENCES", "1"))
FENCED_WITHIN_NS = 500 * NS_PER_MS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 40 * FENCES)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GuardianSite]:
    """A venue, and nothing else that runs yet."""
    with installed(tmp_path) as installation:
        yield GuardianSite(installation)


def arm(site: GuardianSite) -> None:
    """As a person does."""
    site.word.lower_state(MAIN, Request(TradingState.ACTIVE, 0, CLOCK.utc_ns(), "ann"))


@pytest.mark.parametrize("_number", range(FENCES))
def test_an_engine_that_stands_still_is_fenced_killed_and_cleared(site: GuardianSite, _number: int) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    await_that(lambda: site.word.lease_until_ns > CLOCK.monotonic_ns(), "a lease")
    for cents in range(5):
        site.rest(f"60000.{cents:02}")
    assert len(site.open_orders()) == 5
    stopped_ns = stand_still(engine)
    duration_ns = site.await_fence() - stopped_ns
    print(f"fenced after {duration_ns / NS_PER_MS:.0f} ms")  # noqa: T201  what a long run is for
    assert duration_ns <= FENCED_WITHIN_NS
    await_that(lambda: engine.status == -signal.SIGKILL, "the end of the engine")
    await_that(lambda: not site.open_orders(), "the end of every order")
    request = site.word.request(MAIN)
    assert (request.trading_state, request.cause) == (TradingState.HALT, AlarmCode.ENGINE_HUNG)
    assert site.word.lease_until_ns == LEASE_EXPIRED, "until it is proven that nothing is open"
    site.await_said(guardian, "account_clear")
    await_that(lambda: site.word.lease_until_ns > CLOCK.monotonic_ns(), "a lease for the next engine")


@pytest.mark.parametrize("_number", range(FENCES))
def test_an_engine_that_died_is_fenced_and_what_it_left_is_cancelled(site: GuardianSite, _number: int) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    site.rest()
    died_ns = CLOCK.monotonic_ns()
    os.kill(engine.pid, signal.SIGKILL)
    assert site.await_fence() - died_ns <= FENCED_WITHIN_NS
    await_that(lambda: not site.open_orders(), "the end of every order")
    await_that(lambda: site.account_state() is TradingState.HALT, "the halt of the account")
    assert site.word.request(MAIN).cause == AlarmCode.ENGINE_DIED
    site.await_said(guardian, "account_clear")


def test_after_a_death_that_left_nothing_open_the_next_engine_may_trade(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    os.kill(engine.pid, signal.SIGKILL)
    site.await_fence()
    site.await_said(guardian, "account_clear")
    assert site.account_state() is TradingState.ACTIVE
    site.start_engine()
    await_that(lambda: site.word.lease_until_ns > CLOCK.monotonic_ns(), "a lease")
    assert site.word.fenced_epoch == 1


def test_an_orderly_end_is_left_alone(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    site.rest()
    os.kill(engine.pid, signal.SIGTERM)
    await_that(lambda: engine.status == 0, "the end of the engine")
    site.start_engine()
    assert site.word.fenced_epoch == 0
    assert len(site.open_orders()) == 1
    assert [line["event"] for line in site.said(guardian)] == ["guarding"]


def test_an_order_that_arrives_after_the_fence_is_cancelled_too(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    stand_still(engine)
    site.await_fence()
    let_pass(300)
    site.rest()
    await_that(lambda: not site.open_orders(), "the end of every order")
    site.await_said(guardian, "account_clear")


def test_a_guardian_that_was_killed_goes_on_where_it_was(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    site.venue.control("maintenance?seconds=3")
    site.rest()
    stand_still(engine)
    site.await_fence()
    os.kill(guardian.pid, signal.SIGKILL)
    await_that(lambda: guardian.status is not None, "the end of the guardian")
    assert len(site.open_orders()) == 1
    guardian = site.start_guardian()
    await_that(lambda: not site.open_orders(), "the end of every order")
    site.await_said(guardian, "account_clear")
    assert site.account_state() is TradingState.HALT


def test_a_guardian_that_finds_a_dead_engine_clears_what_that_left(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    site.rest()
    os.kill(guardian.pid, signal.SIGKILL)
    os.kill(engine.pid, signal.SIGKILL)
    await_that(lambda: guardian.status is not None and engine.status is not None, "the end of both")
    site.start_guardian()
    site.await_fence()
    await_that(lambda: not site.open_orders(), "the end of every order")


def test_an_ordinary_restart_of_the_guardian_does_not_end_the_lease(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    site.start_engine()
    os.kill(guardian.pid, signal.SIGKILL)
    await_that(lambda: guardian.status is not None, "the end of the guardian")
    killed_ns = CLOCK.monotonic_ns()
    until_ns = site.word.lease_until_ns
    site.installation.start("next", "-m", "engine.guardian", str(site.installation.folder / "guarded.toml"))
    await_that(lambda: site.word.lease_until_ns != until_ns, "the next guardian's lease")
    renewed_ns = CLOCK.monotonic_ns() - killed_ns
    print(f"renewed after {renewed_ns / NS_PER_MS:.0f} ms")  # noqa: T201  what a long run is for
    assert renewed_ns < LEASE_NS
    assert site.word.fenced_epoch == 0


def test_a_guardian_stands_still_for_the_venues_ban_and_then_clears(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    site.rest()
    site.venue.control("ban?seconds=3")
    stand_still(engine)
    site.await_fence()
    await_that(lambda: not site.open_orders(), "the end of every order")
    site.await_said(guardian, "account_clear")
    refused = [line for line in site.venue.log() if line["event"] == "rejected"]
    assert len(refused) <= 2, "it does not go on asking a venue that bans it"


def test_the_kill_file_halts_its_scope_for_as_long_as_it_is_there(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    site.start_engine()
    site.kill_file.write_text(str(MAIN))
    await_that(lambda: site.account_state() is TradingState.HALT, "the halt of the account")
    assert site.word.request(ENGINE_SCOPE).trading_state is TradingState.ACTIVE
    assert site.word.request(MAIN).operator == "file"
    arm(site)
    site.await_said(guardian, "kill_file", 2)
    assert site.account_state() is TradingState.HALT, "the file is there still"
    site.kill_file.unlink()
    let_pass(100)
    arm(site)
    site.kill_file.touch()
    await_that(lambda: site.word.request(ENGINE_SCOPE).trading_state is TradingState.HALT, "the halt of everything")
    assert site.account_state() is TradingState.ACTIVE
    assert site.word.fenced_epoch == 0


def test_told_to_end_it_stays_until_its_engine_has_ended(site: GuardianSite) -> None:
    guardian = site.start_guardian()
    engine = site.start_engine()
    os.kill(guardian.pid, signal.SIGTERM)
    let_pass(200)
    assert guardian.status is None
    os.kill(engine.pid, signal.SIGTERM)
    await_that(lambda: guardian.status == 0, "the end of the guardian")
    assert site.word.fenced_epoch == 0


def test_a_second_guardian_is_refused(site: GuardianSite) -> None:
    site.start_guardian()
    other = site.installation.start("other", "-m", "engine.guardian", str(site.installation.folder / "guarded.toml"))
    await_that(lambda: other.status == 2, "the refusal of the second guardian")
    assert "runs already" in "".join(other.new_lines())
