"""Owns the tables of the two scenarios for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tools.execution.algorithms import AlgorithmsResult
from tools.execution.routing import RoutingResult
from tools.execution.statistics import Mean
from tools.execution.venues import VENUES

_BROKEN_MAX = 10
_NAME_WIDTH = 26
_MEAN_WIDTH = 24
_CLOSING = "Costs in basis points, fees included, with 95 % intervals; positive is worse, and what is saved is better."


def algorithms_lines(result: AlgorithmsResult) -> list[str]:
    """Each algorithm against arrival, its benchmark and the naive order."""
    lines = [_heading("filled", "against arrival", "against benchmark", "naive order", "saved")]
    for each in result.summaries:
        means = (each.arrival_bps, each.benchmark_bps, each.naive_bps, each.saved_bps)
        lines.append(_row(each.algorithm.name, f"{100 * each.filled:.1f} %", means))
    for each in result.summaries:
        lines += _losing(each.algorithm.name, each.losing_seeds, each.started, "the naive order cost less")
    return _closed(lines, [(each.algorithm.name, each.broken) for each in result.summaries], is_ok=result.is_proven)


def routing_lines(result: RoutingResult) -> list[str]:
    """Each algorithm over both venues against each of them alone."""
    lines = [_heading("both", "routed", *(f"{terms.name} alone" for terms in VENUES), "saved to the better")]
    for each in result.summaries:
        means = (each.routed_bps, *each.alone_bps, each.saved_bps)
        lines.append(_row(each.algorithm.name, f"{100 * each.venues_used:.1f} %", means))
    for each in result.summaries:
        lines += _losing(each.algorithm.name, each.losing_seeds, result.seeds, "the better venue alone cost less")
    return _closed(lines, [(each.algorithm.name, each.broken) for each in result.summaries], is_ok=result.is_proven)


def _heading(share: str, *columns: str) -> str:
    return f"{'algorithm':{_NAME_WIDTH}} {share:>8} " + " ".join(f"{column:>{_MEAN_WIDTH}}" for column in columns)


def _row(name: str, share: str, means: Iterable[Mean]) -> str:
    cells = " ".join(f"{mean!s:>{_MEAN_WIDTH}}" for mean in means)
    return f"{name.lower():{_NAME_WIDTH}} {share:>8} {cells}"


def _losing(name: str, seeds: Sequence[int], of: int, what: str) -> list[str]:
    if not seeds:
        return []
    return [f"{name.lower()}: {what} in {len(seeds)} of {of} seeds: {' '.join(map(str, seeds))}"]


def _closed(lines: list[str], broken: list[tuple[str, Sequence[tuple[int, str]]]], *, is_ok: bool) -> list[str]:
    lines.append(_CLOSING)
    for name, breaches in broken:
        lines += [f"{name.lower()}: seed {seed} {text}" for seed, text in breaches[:_BROKEN_MAX]]
        if len(breaches) > _BROKEN_MAX:
            lines.append(f"{name.lower()}: and {len(breaches) - _BROKEN_MAX} more")
    lines.append("every bound was kept" if is_ok else "FAILED")
    return lines
