"""Owns playing many trials: over processes, with a word on how far it is."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator

from tools.execution.outcome import Outcome, Trial
from tools.execution.trial import play

_CHUNK = 20


def play_all(trials: Iterable[Trial], *, jobs: int, show: Callable[[int], None]) -> list[Outcome]:
    """Every outcome, in the order of the trials; `show` is told how many there are."""
    outcomes: list[Outcome] = []
    queue = tuple(trials)
    tasks = [queue[start : start + _CHUNK] for start in range(0, len(queue), _CHUNK)]
    for chunk in _chunks(tasks, jobs):
        outcomes += chunk
        show(len(outcomes))
    return outcomes


def _chunks(tasks: list[tuple[Trial, ...]], jobs: int) -> Iterator[list[Outcome]]:
    if jobs <= 1 or len(tasks) <= 1:
        yield from map(_play_chunk, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(min(jobs, len(tasks))) as pool:
        yield from pool.imap(_play_chunk, tasks)


def _play_chunk(chunk: tuple[Trial, ...]) -> list[Outcome]:
    return [play(trial) for trial in chunk]
