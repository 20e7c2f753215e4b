"""Owns how figures come about: interleaved repetitions of ours and the references, and their noise.

One repetition runs ours, the first reference, ours again, then the other references. Values are medians
over the repetitions. A ratio is the median of the ratios inside the repetitions, so that a machine which
changes between two repetitions changes both its sides. Ours against ours is the noise.
"""

import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from perf.floor import Floor

REPETITIONS = 7
# A repetition during which another process took one of our cores measures that process; it is run again.
DISTURBED_TRIES = 5
# On a machine that is busy throughout, trying again only takes longer.
DISTURBED_MAX = 3
_RESAMPLINGS = 1_000
_SEED = 20_250_101

Side = Callable[[], Mapping[str, float]]


@dataclass
class Run:
    """One run of a benchmark: its cores and floors, its parameters, and what it has to say besides rows."""

    smoke: bool
    core: int
    peer_core: int
    floors: tuple[Floor, ...]
    notes: list[str] = field(default_factory=list)
    disturbed: int = 0

    def parameter(self, *, smoke: int, full: int) -> int:
        """A size, tiny when the benchmark runs as a test."""
        return smoke if self.smoke else full

    def say(self, note: str) -> None:
        """Adds a line below the table: what was verified, what is not built yet."""
        if note not in self.notes:
            self.notes.append(note)

    def floor_ns(self, key: str) -> float:
        """The worst floor of the cores in use, at the quantile that the key names."""
        if "_p999_" in key:
            return max(floor.p999_ns for floor in self.floors)
        if "_p99_" in key:
            return max(floor.p99_ns for floor in self.floors)
        return max(floor.p50_ns for floor in self.floors)


class Figures:
    """What the repetitions gave, by side and by figure, one value per repetition."""

    def __init__(self) -> None:
        self._ours: dict[str, list[float]] = {}
        self._again: dict[str, list[float]] = {}
        self._references: dict[str, dict[str, list[float]]] = {}

    @property
    def turns(self) -> int:
        """How often ours was run."""
        return 2 * max(map(len, self._ours.values()))

    def add_ours(self, first: Mapping[str, float], again: Mapping[str, float]) -> None:
        """Takes in both turns of ours in one repetition."""
        for figure, value in first.items():
            self._ours.setdefault(figure, []).append(value)
            self._again.setdefault(figure, []).append(again[figure])

    def add_reference(self, name: str, figures: Mapping[str, float]) -> None:
        """Takes in one repetition of a reference."""
        for figure, value in figures.items():
            self._references.setdefault(name, {}).setdefault(figure, []).append(value)

    def value(self, figure: str) -> float:
        """Ours."""
        return float(np.median(self._ours[figure] + self._again[figure]))

    def reference(self, name: str | None, figure: str) -> float | None:
        """A reference; None when it was not measured."""
        values = self._references.get(name or "", {}).get(figure)
        return float(np.median(values)) if values else None

    def ratio(self, name: str | None, figure: str) -> float | None:
        """Ours as a multiple of a reference."""
        values = self._references.get(name or "", {}).get(figure)
        if not values:
            return None
        ours = np.sqrt(np.array(self._ours[figure]) * np.array(self._again[figure]))
        return float(np.median(ours / np.array(values)))

    def ratio_noise(self, figure: str) -> float:
        """How far ours against ours in the same repetitions is from 1: the 90th percentile over resamplings."""
        ratios = np.array(self._ours[figure]) / np.array(self._again[figure])
        return float(np.quantile(np.abs(_resampled_medians(ratios) - 1), 0.9))

    def value_noise(self, figure: str) -> float:
        """How far our median moves when the repetitions are drawn anew, as a share of it, 90th percentile."""
        return _spread(self._ours[figure] + self._again[figure])

    def reference_noise(self, name: str, figure: str) -> float:
        """The same for a reference."""
        return _spread(self._references[name][figure])


def _spread(values: list[float]) -> float:
    median = np.median(values)
    return float(np.quantile(np.abs(_resampled_medians(np.array(values)) - median), 0.9) / median)


def _resampled_medians(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    generator = np.random.default_rng(_SEED)
    drawn = generator.choice(values, size=(_RESAMPLINGS, len(values)))
    return np.median(drawn, axis=1)


def _preemptions() -> int:
    return sum(resource.getrusage(who).ru_nivcsw for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _undisturbed(run: Run, side: Side, *, tries_again: bool) -> Mapping[str, float]:
    if not tries_again:
        return side()
    for _ in range(DISTURBED_TRIES if run.disturbed < DISTURBED_MAX else 1):
        before = _preemptions()
        figures = side()
        if _preemptions() == before:
            return figures
    run.disturbed += 1
    return figures


def interleave(
    run: Run,
    ours: Side,
    references: Mapping[str, Side],
    *,
    repetitions: int = REPETITIONS,
    tries_again: bool = True,
) -> Figures:
    """Runs all sides in turn, each once unmeasured so that its code is loaded and its pages are there.

    `tries_again` is for sides that have a core to themselves and are short enough to be undisturbed.
    """
    figures = Figures()
    if run.smoke:
        first = ours()
        figures.add_ours(first, first)
        for name, side in references.items():
            figures.add_reference(name, side())
        return figures
    for side in (ours, *references.values()):
        side()
    for _ in range(repetitions):
        first = _undisturbed(run, ours, tries_again=tries_again)
        names = list(references)
        for name in names[:1]:
            figures.add_reference(name, _undisturbed(run, references[name], tries_again=tries_again))
        figures.add_ours(first, _undisturbed(run, ours, tries_again=tries_again))
        for name in names[1:]:
            figures.add_reference(name, _undisturbed(run, references[name], tries_again=tries_again))
    return figures
