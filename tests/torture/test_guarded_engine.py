"""Engines that trade are stopped wherever they stand: from the fence on nothing of theirs reaches the venue.

What the venue's log says is the truth. OMS_FENCES says how many of each.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from ipc.clock import NS_PER_MS
from ipc.control_segment import ControlSegment, ScopeName
from ipc.enums import AlarmCode, ScopeKind, TradingState
from ipc.segment import SegmentKind
from tests.system.installation import installed
from tests.system.waiting import CLOCK, await_that, let_pass
from tests.torture.points import TELLING, await_gone, held_at_send, held_at_word
from tests.torture.strategy_log import Mode
from tests.torture.test_broken_disk import await_orders
from tests.torture.torn_site import STRATEGIES, TornSite
from tests.torture.tracing import Tracee, can_trace

FENCES = int(os.environ.get("OMS_FENCES", "1"))
FENCED_WITHIN_NS = 500 * NS_PER_MS
MAIN = ScopeName(ScopeKind.ACCOUNT, "main")
SPARING = "guardian-spares"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.skipif(not can_trace(), reason="x86-64 only")]

Held = Callable[[TornSite, random.Random], AbstractContextManager[Tracee | None]]


@contextmanager
def stopped_at_random(site: TornSite, generator: random.Random) -> Iterator[None]:
    """As by a debugger, a full memory, a hypervisor."""
    let_pass(generator.randint(1, 100))
    pid = site.pid_of("engine")
    os.kill(pid, signal.SIGSTOP)
    yield
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def at_journal_word(word: int) -> Held:
    """At the journal's ring: word 1 claims a slot, word 0 commits it."""
    return lambda site, _: held_at_word(site, "engine", "journal", SegmentKind.JOURNAL_RING, word, TELLING)


PLACES: dict[str, Held] = {
    "at random": stopped_at_random,
    "entry claimed": at_journal_word(1),
    "entry committed": at_journal_word(0),
    "after a send": lambda site, generator: held_at_send(site, True, generator),
    "before a send": lambda site, generator: held_at_send(site, False, generator),
}
# A frame that the kernel has been asked to send cannot be called back: there only the kill keeps it from leaving.
RESUMED = [name for name in PLACES if name != "before a send"]


class Fencing:
    """A site on which two strategies trade, guarded, and what is known of the fence."""

    def __init__(self, site: TornSite) -> None:
        self.site = site
        self.control = ControlSegment.attach(site.runtime)
        self.epoch = self.control.engine_epoch
        self.fenced_utc_ns = 0

    def await_fence(self, stopped_ns: int) -> None:
        """Returns when the engine is fenced, in time."""
        await_that(lambda: self.control.fenced_epoch >= self.epoch, "the fence")
        self.fenced_utc_ns = CLOCK.utc_ns()
        duration_ns = CLOCK.monotonic_ns() - stopped_ns
        print(f"fenced after {duration_ns / NS_PER_MS:.0f} ms")  # noqa: T201  what a long run is for
        assert duration_ns <= FENCED_WITHIN_NS

    def check_nothing_followed(self) -> None:
        """Everything is cancelled, and not one order has reached the venue since the fence."""

        def is_clear() -> bool:
            self.site.venue.control("flush")
            self.site.truth.read_on()
            return not self.site.truth.open_orders()

        await_that(is_clear, "the end of every order")
        await_that(lambda: any('"account_clear"' in line for line in self.site.words()), "the proof of it")
        accepted = [line["utc_ns"] for line in self.site.venue.log() if line["event"] == "accepted"]
        assert accepted, "they traded"
        late = [utc_ns - self.fenced_utc_ns for utc_ns in accepted if utc_ns > self.fenced_utc_ns]
        assert late == []
        assert self.site.truth.foreign == []

    def check_halted(self, cause: AlarmCode) -> None:
        """A person has to look at it first."""
        request = self.control.request(MAIN)
        assert (request.trading_state, request.cause) == (TradingState.HALT, cause)


@contextmanager
def trading(folder: Path, seed: int, *, is_sparing: bool = False) -> Iterator[Fencing]:
    """Two strategies that trade on a guarded engine."""
    with installed(folder) as installation:
        site = TornSite(installation, seed, guardian={"enabled": True})
        if is_sparing:
            (site.failpoints / SPARING).touch()
        site.order(Mode.TRADE)
        site.start()
        for name in STRATEGIES.values():
            site.start_strategy(name)
        site.await_done(Mode.TRADE)
        await_orders(site)
        yield Fencing(site)


@pytest.mark.parametrize("seed", range(FENCES))
@pytest.mark.parametrize("place", PLACES)
def test_an_engine_that_stands_still_is_replaced_by_one_that_waits_for_a_person(
    tmp_path: Path, place: str, seed: int
) -> None:
    with trading(tmp_path, seed) as fencing:
        engine = fencing.site.pid_of("engine")
        with PLACES[place](fencing.site, random.Random(seed)) as tracee:
            fencing.await_fence(CLOCK.monotonic_ns())
            if tracee is None:
                await_gone(engine)
            else:
                tracee.await_end()
        fencing.check_nothing_followed()
        fencing.check_halted(AlarmCode.ENGINE_HUNG)
        await_that(lambda: fencing.site.is_engine_ready(engine), "the next engine")


@pytest.mark.parametrize("seed", range(FENCES))
@pytest.mark.parametrize("place", RESUMED)
def test_an_engine_that_nobody_could_kill_sends_nothing_when_it_goes_on(tmp_path: Path, place: str, seed: int) -> None:
    with trading(tmp_path, seed, is_sparing=True) as fencing:
        engine = fencing.site.pid_of("engine")
        with PLACES[place](fencing.site, random.Random(seed)):
            fencing.await_fence(CLOCK.monotonic_ns())
        let_pass(1_000)
        assert fencing.site.pid_of("engine") == engine, "it goes on"
        fencing.check_nothing_followed()
        fencing.check_halted(AlarmCode.ENGINE_HUNG)
        os.kill(engine, signal.SIGKILL)


@pytest.mark.parametrize("seed", range(FENCES))
def test_what_an_engine_that_died_left_open_is_cancelled(tmp_path: Path, seed: int) -> None:
    with trading(tmp_path, seed) as fencing:
        engine = fencing.site.pid_of("engine")
        os.kill(engine, signal.SIGKILL)
        fencing.await_fence(CLOCK.monotonic_ns())
        fencing.check_nothing_followed()
        fencing.check_halted(AlarmCode.ENGINE_DIED)
        await_that(lambda: fencing.site.is_engine_ready(engine), "the next engine")


def test_an_engine_that_ends_in_order_leaves_its_orders_and_no_fence(tmp_path: Path) -> None:
    with trading(tmp_path, 1) as fencing:
        fencing.site.stop()
        assert fencing.control.fenced_epoch == 0
        assert fencing.control.request(MAIN).trading_state is TradingState.ACTIVE
        fencing.site.venue.control("flush")
        fencing.site.truth.read_on()
        assert fencing.site.truth.open_orders()
