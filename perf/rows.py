"""Owns a result's rows: a figure beside its reference, its goal and the verdict."""

from dataclasses import dataclass
from typing import Literal

from perf.harness import Figures, Run

Better = Literal["lower", "higher"]

MET = "met"
MISSED = "missed"
NOT_MEASURABLE = "not measurable here"

_NS_IN_UNIT = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True)
class Goal:
    """What a figure must reach: a number, a multiple of the reference, or the reference plus a number."""

    limit: float
    of: Literal["value", "ratio", "difference"] = "value"

    def text(self, unit: str, better: Better, reference_name: str | None) -> str:
        """The goal as people read it."""
        sign = "<=" if better == "lower" else ">="
        if self.of == "ratio":
            return f"{sign} {self.limit:.3g}x {reference_name}"
        if self.of == "difference":
            return f"{sign} {reference_name} + {self.limit:,g} {unit}"
        return f"{sign} {self.limit:,.10g} {unit}"


@dataclass(frozen=True)
class Row:
    """One line of a result, as it is printed and compared over time."""

    row: str
    key: str
    what: str
    value: float
    unit: str
    better: Better
    reference_name: str | None
    reference: float | None
    ratio: float | None
    noise: float
    samples: int
    goal: str | None
    verdict: str | None


def judge(*, distance: float, uncertainty: float) -> str:
    """The verdict on a figure that is `distance` better than its goal (worse when negative)."""
    if abs(distance) <= uncertainty:
        return NOT_MEASURABLE
    return MET if distance > 0 else MISSED


def _verdict(run: Run, figures: Figures, figure: str, row: Row, goal: Goal, reference_name: str | None) -> str:
    if run.smoke:
        return NOT_MEASURABLE
    sign = 1 if row.better == "lower" else -1
    if goal.of == "ratio":
        # The floor is in both figures; only the noise separates them.
        if row.ratio is None:
            return NOT_MEASURABLE
        return judge(distance=sign * (goal.limit - row.ratio), uncertainty=figures.ratio_noise(figure) * row.ratio)
    noise = figures.value_noise(figure) * row.value
    if goal.of == "difference":
        reference = figures.reference(reference_name, figure)
        if reference is None:
            return NOT_MEASURABLE
        return judge(distance=sign * (reference + goal.limit - row.value), uncertainty=noise)
    floor = run.floor_ns(row.key) / _NS_IN_UNIT[row.unit] if row.unit in _NS_IN_UNIT else 0.0
    return judge(distance=sign * (goal.limit - row.value), uncertainty=max(noise, floor))


def make_row(
    run: Run,
    figures: Figures,
    *,
    row: str,
    key: str,
    what: str,
    figure: str,
    unit: str,
    samples: int,
    better: Better = "lower",
    reference_name: str | None = None,
    missing: str = "missing",
    goals: tuple[Goal, ...] = (),
) -> Row:
    """The row of one figure; with several goals the worst verdict counts.

    `missing` says why the reference could not be measured, if it could not.
    """
    reference = figures.reference(reference_name, figure)
    kinds = {goal.of for goal in goals} or {"ratio" if reference is not None else "value"}
    noises = [figures.ratio_noise(figure)] if "ratio" in kinds else []
    if kinds & {"value", "difference"}:
        noises.append(figures.value_noise(figure))
    unjudged = Row(
        row=row,
        key=key,
        what=what,
        value=figures.value(figure),
        unit=unit,
        better=better,
        reference_name=f"{reference_name} ({missing})" if reference_name and reference is None else reference_name,
        reference=reference,
        ratio=figures.ratio(reference_name, figure),
        noise=max(noises),
        samples=samples,
        goal="; ".join(goal.text(unit, better, reference_name) for goal in goals) or None,
        verdict=None,
    )
    verdicts = {_verdict(run, figures, figure, unjudged, goal, reference_name) for goal in goals}
    worst = next((verdict for verdict in (MISSED, NOT_MEASURABLE, MET) if verdict in verdicts), None)
    return Row(**{**vars(unjudged), "verdict": worst})


def reference_row(
    figures: Figures, name: str, *, row: str, key: str, what: str, figure: str, unit: str, samples: int
) -> Row:
    """A reference as a row of its own, so that it can be compared over time as well."""
    value = figures.reference(name, figure)
    assert value is not None, f"{name} was not measured"
    repetitions = figures.turns // 2
    return Row(
        row=row,
        key=key,
        what=what,
        value=value,
        unit=unit,
        better="lower",
        reference_name=None,
        reference=None,
        ratio=None,
        noise=figures.reference_noise(name, figure),
        samples=samples * repetitions,
        goal=None,
        verdict=None,
    )
