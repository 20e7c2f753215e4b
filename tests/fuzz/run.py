"""Owns one run of a fuzzer: spoil, take, keep what led somewhere new; stop at the first crash or hang."""

import os
import random
import resource
import traceback
from dataclasses import dataclass, field

from tests.fuzz.fuzzed import Fuzzed

HANG_NS = 10_000_000
# A kernel that is not compiled takes so many times as long.
_UNCOMPILED_TIMES = 100
# Whatever else the processor does, a real hang is one each time.
_TRIES = 3
_GENERATIONS_MAX = 6
_POOL_MAX = 4_096


class FuzzError(AssertionError):
    """A crash or a hang; the message holds the input."""


@dataclass
class Run:
    """How many inputs went through, and the slowest."""

    inputs: int = 0
    slowest_ns: int = 0
    pool: list[bytes] = field(default_factory=list)


def fuzz(fuzzed: Fuzzed, inputs: int, seed: int) -> Run:
    """Takes every seed, then so many spoilt inputs; FuzzError at the first that is not taken well."""
    generator = random.Random(seed)
    run = Run(pool=list(fuzzed.seeds))
    for data in fuzzed.seeds:
        check(fuzzed, data, run)
    while run.inputs < inputs:
        data = generator.choice(run.pool)
        for _ in range(generator.randrange(1, _GENERATIONS_MAX)):
            data = fuzzed.spoil(data, generator)
        check(fuzzed, data, run)
        if generator.random() < 0.01 and len(data) < 1 << 16:
            run.pool.append(data)
            if len(run.pool) > _POOL_MAX:
                del run.pool[generator.randrange(len(fuzzed.seeds), len(run.pool))]
    return run


def check(fuzzed: Fuzzed, data: bytes, run: Run) -> None:
    """Takes one input, in time."""
    run.inputs += 1
    hang_ns = HANG_NS * (_UNCOMPILED_TIMES if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 1)
    spent_ns = _spent(fuzzed, data)
    if spent_ns > hang_ns:
        spent_ns = min(spent_ns, *(_spent(fuzzed, data) for _ in range(_TRIES)))
        if spent_ns > hang_ns:
            raise FuzzError(f"hangs for {spent_ns / 1e6:.1f} ms: {data!r}")
    run.slowest_ns = max(run.slowest_ns, spent_ns)


def _spent(fuzzed: Fuzzed, data: bytes) -> int:
    began_ns = _thread_ns()
    try:
        fuzzed.take(data)
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        raise FuzzError(f"crashes on {data!r}\n{told}") from error
    return _thread_ns() - began_ns


def _thread_ns() -> int:
    """What this thread has had of the processor: others beside it are not counted."""
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return int((usage.ru_utime + usage.ru_stime) * 1e9)
