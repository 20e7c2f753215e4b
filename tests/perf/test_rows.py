"""Rows: medians, ratios inside repetitions, noise, and the three verdicts."""

from collections.abc import Sequence

import pytest

from perf import harness
from perf.floor import Floor
from perf.harness import Figures, Run, interleave
from perf.report import table
from perf.rows import MET, MISSED, NOT_MEASURABLE, Goal, Row, make_row


def _run(*, floor_ns: float = 1.0) -> Run:
    floor = Floor(core=0, p50_ns=floor_ns, p99_ns=2.0, p999_ns=5_000.0, max_gap_ns=9.0, long_gaps_per_s=0.0)
    return Run(smoke=False, core=0, peer_core=0, floors=(floor,))


def _figures(ours: Sequence[float], again: Sequence[float], reference: Sequence[float]) -> Figures:
    figures = Figures()
    for first, second, other in zip(ours, again, reference, strict=True):
        figures.add_ours({"cost": first}, {"cost": second})
        figures.add_reference("C", {"cost": other})
    return figures


def _row(figures: Figures, *goals: Goal, key: str = "cost_p50_ns", floor_ns: float = 1.0) -> Row:
    return make_row(
        _run(floor_ns=floor_ns),
        figures,
        row="P0",
        key=key,
        what="a test",
        figure="cost",
        unit="ns",
        samples=1,
        reference_name="C",
        goals=goals,
    )


STEADY = _figures([100.0] * 7, [100.0] * 7, [98.0] * 7)


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal(120), MET),
        (Goal(90), MISSED),
        (Goal(1.05, "ratio"), MET),
        (Goal(1.0, "ratio"), MISSED),
        (Goal(5, "difference"), MET),
        (Goal(1, "difference"), MISSED),
    ],
)
def test_a_steady_figure_meets_or_misses_its_goal(goal: Goal, verdict: str) -> None:
    assert _row(STEADY, goal).verdict == verdict


def test_of_several_goals_the_worst_verdict_counts() -> None:
    assert _row(STEADY, Goal(120), Goal(1.0, "ratio")).verdict == MISSED


def test_a_floor_above_the_distance_to_the_goal_makes_a_figure_not_measurable() -> None:
    assert _row(STEADY, Goal(120), floor_ns=30.0).verdict == NOT_MEASURABLE
    assert _row(STEADY, Goal(120), key="cost_p999_ns").verdict == NOT_MEASURABLE


def test_noise_above_the_distance_to_the_goal_makes_a_figure_not_measurable() -> None:
    noisy = _figures([100, 130, 90, 80, 120, 110, 100], [120, 100, 110, 90, 80, 130, 100], [98.0] * 7)
    assert _row(noisy, Goal(1.05, "ratio")).verdict == NOT_MEASURABLE
    assert _row(noisy, Goal(5.0, "ratio")).verdict == MET


def test_a_machine_that_changes_between_repetitions_does_not_change_the_ratio() -> None:
    drifting = _figures([100, 100, 100, 300, 300, 300, 300], [100, 100, 100, 300, 300, 300, 300], [98] * 3 + [294] * 4)
    row = _row(drifting, Goal(1.05, "ratio"))
    assert row.ratio == pytest.approx(100 / 98)
    assert row.noise == 0.0
    assert row.verdict == MET


def test_a_missing_reference_is_named_and_leaves_its_goal_open() -> None:
    figures = Figures()
    figures.add_ours({"cost": 100.0}, {"cost": 100.0})
    row = _row(figures, Goal(1.05, "ratio"))
    assert row.reference_name == "C (missing)"
    assert row.reference is None
    assert row.verdict == NOT_MEASURABLE


def test_repetitions_interleave_ours_the_reference_and_ours_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "_preemptions", lambda: 0)
    turns: list[str] = []

    def side(name: str) -> dict[str, float]:
        turns.append(name)
        return {"cost": 1.0}

    sides = {"C": lambda: side("C"), "other": lambda: side("other")}
    interleave(_run(), lambda: side("ours"), sides, repetitions=2)
    assert turns == ["ours", "C", "other", *(2 * ["ours", "C", "ours", "other"])]


def test_a_disturbed_repetition_is_run_again_while_that_is_the_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    preemptions = iter(range(1_000))
    monkeypatch.setattr(harness, "_preemptions", lambda: next(preemptions))
    run = _run()
    turns = 0

    def side() -> dict[str, float]:
        nonlocal turns
        turns += 1
        return {"cost": 1.0}

    interleave(run, side, {}, repetitions=3)
    assert run.disturbed == 6
    assert turns == 1 + harness.DISTURBED_MAX * harness.DISTURBED_TRIES + (6 - harness.DISTURBED_MAX)


def test_the_table_shows_every_row_under_its_headings() -> None:
    lines = table([_row(STEADY, Goal(120)), _row(STEADY)]).splitlines()
    assert len(lines) == 4
    assert lines[2].endswith(MET)
    assert lines[3].endswith("-")
