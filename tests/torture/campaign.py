"""Owns a campaign: kill after kill, with a comparison of everything after each batch, and a table at the end."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from ipc.clock import NS_PER_MS
from tests.system.waiting import CLOCK, await_that, let_pass
from tests.torture.agreement import doubled
from tests.torture.journal_check import replay_all
from tests.torture.points import POINTS, NotReachedError, Point, is_gone
from tests.torture.strategy_log import Mode
from tests.torture.torn_site import STRATEGIES, TornSite

BATCH = 7
READY_TIMEOUT_S = 60.0
# What has no answer is sought for as long as the venue may still act on it, and then for one more second.
SETTLE_TIMEOUT_S = 25.0
TRADING_MS = (50, 400)


@dataclass
class Kill:
    """One process's end and how long it took until all was as before."""

    point: Point
    ready_ms: float


@dataclass
class Campaign:
    """What was done and what was found."""

    site: TornSite
    seed: int
    kills: list[Kill] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    settled_ms: list[float] = field(default_factory=list)
    replayed_entries: int = 0
    compared_digests: int = 0
    _checked_sequence: int = 0

    def run(self, count: int) -> None:
        """Strikes so often, at one point after the other."""
        generator = random.Random(self.seed)
        for name in STRATEGIES.values():
            self.site.start_strategy(name)
        for first in range(0, count, BATCH):
            self.site.start()
            self.site.order(Mode.TRADE)
            self.site.await_done(Mode.TRADE)
            for number in range(first, min(first + BATCH, count)):
                let_pass(generator.randint(*TRADING_MS))
                self.strike(POINTS[number % len(POINTS)], generator)
            self.settle(Mode.REST)
            if first + BATCH >= count:
                self.settle(Mode.CLEAR)
            self.site.stop()
            self.check_journal()
        self.site.order(Mode.END)

    def strike(self, point: Point, generator: random.Random) -> None:
        """Kills once and waits until everything runs again."""
        running = [self.site.pid_of(process) for process in ("engine", "journal")]
        try:
            died_ns = point.strike(self.site, generator)
        except NotReachedError as error:
            self.not_reached.append(f"{point.name}: {error}")
            return
        await_that(self._is_back(point, running, died_ns), f"life after {point.name}", timeout_s=READY_TIMEOUT_S)
        self.kills.append(Kill(point, (CLOCK.monotonic_ns() - died_ns) / NS_PER_MS))

    def _is_back(self, point: Point, running: list[int], died_ns: int) -> Callable[[], bool]:
        site = self.site
        if point.process == "engine":
            return lambda: site.is_engine_ready(running[0])
        if point.process == "journal":
            return lambda: site.is_journal_kept(died_ns)
        if point.process == "venue":
            return site.is_live
        if point.process == "control":
            # They are tied to it: the kernel tells them to end.
            await_that(lambda: all(map(is_gone, running)), "the end of what the dead control process had started")
            site.start()
            return lambda: True
        number = next(number for number, name in STRATEGIES.items() if name == point.process)
        log = site.logs[number]
        log.read_on()
        lives = log.connections
        site.start_strategy(point.process)

        def is_connected() -> bool:
            log.read_on()
            return log.connections > lives

        return is_connected

    def settle(self, mode: Mode) -> None:
        """Lets the strategies rest, and all of them agree."""
        self.site.order(mode)
        self.site.await_done(mode)
        started_ns = CLOCK.monotonic_ns()
        left = self.site.settle(SETTLE_TIMEOUT_S)
        self.settled_ms.append((CLOCK.monotonic_ns() - started_ns) / NS_PER_MS)
        self.differences += [f"after {len(self.kills)} kills: {difference}" for difference in left]

    def check_journal(self) -> None:
        """Replays what was written since the last check."""
        entries, digests = replay_all(self.site.journal_folder, self._checked_sequence)
        self.replayed_entries += entries
        self.compared_digests += digests
        self._checked_sequence += entries

    def table(self) -> str:
        """Point by point: how many kills, and when all was ready again."""
        lines = [f"{'point':<52} {'kills':>5} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}"]
        lines += [_row(point.name, [kill.ready_ms for kill in self.kills if kill.point is point]) for point in POINTS]
        for process in ("engine", "journal"):
            times = [kill.ready_ms for kill in self.kills if kill.point.process == process]
            lines.append(_row(f"all of the {process}", times))
        lines.append(_row("all", [kill.ready_ms for kill in self.kills]))
        truth = self.site.truth
        lines += [
            f"orders at the venue {len(truth.accepted)}, fills {truth.fill_count()}",
            f"differences {len(self.differences)}, legs twice at the venue {len(doubled(truth))}",
            f"journal entries replayed {self.replayed_entries}, digests compared {self.compared_digests}",
            _row("agreement after a batch", self.settled_ms),
            *(f"not reached: {text}" for text in self.not_reached),
            *self.differences,
        ]
        return "\n".join(lines)


def _row(name: str, times_ms: list[float]) -> str:
    if not times_ms:
        return f"{name:<52} {0:>5}"
    ordered = sorted(times_ms)
    p50, p99 = (ordered[min(len(ordered) * share // 100, len(ordered) - 1)] for share in (50, 99))
    return f"{name:<52} {len(ordered):>5} {p50:>8.0f} {p99:>8.0f} {ordered[-1]:>8.0f}"
