"""Owns playing many seeds: over processes, with a state that a later call goes on from."""

import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ipc.clock import NS_PER_S, SystemClock
from tools.simulation.faults import FAULTS, PHASES
from tools.simulation.policies import POLICIES
from tools.simulation.stage import Options, Stage
from tools.simulation.violation import ViolationError
from tools.simulation.workshop import Workshop

CHUNK_SEEDS = 50
CONTROL_SEEDS_MAX = 400
"""Within so many seeds each weakened policy has to be noticed."""


@cache
def workshop(*, has_parents: bool = False) -> Workshop:
    """This process's own, of either kind."""
    return Workshop(has_parents=has_parents)


@dataclass
class Outcome:
    """How one seed went."""

    seed: int
    trace: int = 0
    invariant: str = ""
    what: str = ""
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)


def play_seed(
    seed: int,
    *,
    policy: str = "",
    options: Options | None = None,
    say: Callable[[str], None] | None = None,
) -> Outcome:
    """Plays one seed from its beginning to its end, or to its first violation."""
    options = options or Options()
    weakened = POLICIES[policy] if policy else None
    if weakened is not None and weakened.has_parents:
        options = options._replace(has_parents=True)
    stage = Stage(workshop(has_parents=options.has_parents), seed, options, policy=weakened, say=say)
    outcome = Outcome(seed)
    try:
        stage.play()
    except ViolationError as violation:
        outcome.invariant, outcome.what = violation.invariant, violation.what
    outcome.trace = stage.trace
    outcome.hits = stage.plan.hits
    return outcome


@dataclass
class Tally:
    """What many seeds came to."""

    seeds: int = 0
    violations: list[dict[str, Any]] = field(default_factory=list)
    checker_disagreements: int = 0
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: dict[int, str] = field(default_factory=dict)
    """By first seed of a chunk: the hash over its seeds' traces."""

    def add(self, first: int, outcomes: list[Outcome]) -> None:
        """Adds a chunk of seeds."""
        traces = b"".join(b"%d %d %b\n" % (each.seed, each.trace, each.invariant.encode()) for each in outcomes)
        self.digests[first] = hashlib.blake2b(traces, digest_size=16).hexdigest()
        self.seeds += len(outcomes)
        for each in outcomes:
            self.hits.update(each.hits)
            if each.invariant:
                self.violations.append({"seed": each.seed, "invariant": each.invariant, "what": each.what})
                self.checker_disagreements += each.invariant == "checker"

    def as_json(self) -> dict[str, Any]:
        """The part of the answer that the seeds alone decide."""
        by_phase = {name: {phase: self.hits[name, phase] for phase in PHASES} for name in FAULTS}
        whole = "".join(self.digests[first] for first in sorted(self.digests))
        return {
            "seeds": self.seeds,
            "violations": self.violations,
            "checker_disagreements": self.checker_disagreements,
            "fault_counts": {name: sum(phases.values()) for name, phases in by_phase.items()},
            "fault_by_phase": by_phase,
            "trace_hash": hashlib.blake2b(whole.encode(), digest_size=16).hexdigest(),
        }

    def save(self, path: Path, *, key: str) -> None:
        """Writes everything so that `load` gives it back."""
        hits = [[name, phase, count] for (name, phase), count in self.hits.items()]
        digests = [[first, digest] for first, digest in self.digests.items()]
        document = {
            "key": key,
            "seeds": self.seeds,
            "violations": self.violations,
            "checker_disagreements": self.checker_disagreements,
            "hits": hits,
            "digests": digests,
        }
        part = path.with_suffix(".part")
        part.write_bytes(orjson.dumps(document))
        part.replace(path)

    @classmethod
    def load(cls, path: Path, *, key: str) -> "Tally":
        """What was saved under the same key, else an empty tally."""
        try:
            document = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return cls()
        if document["key"] != key:
            return cls()
        return cls(
            seeds=document["seeds"],
            violations=document["violations"],
            checker_disagreements=document["checker_disagreements"],
            hits=Counter({(name, phase): count for name, phase, count in document["hits"]}),
            digests=dict(document["digests"]),
        )


class Chunk(NamedTuple):
    """Seeds that one process plays one after the other."""

    first: int
    last: int
    policy: str = ""
    has_parents: bool = False


def play_chunk(chunk: Chunk) -> tuple[int, list[Outcome]]:
    """Plays the seeds from the first to before the last."""
    options = Options(has_parents=chunk.has_parents)
    seeds = range(chunk.first, chunk.last)
    return chunk.first, [play_seed(seed, policy=chunk.policy, options=options) for seed in seeds]


def play_seeds(every: Chunk, *, jobs: int, tally: Tally) -> Iterator[Tally]:
    """Plays all seeds that the tally lacks; yields it after each part of them."""
    first, last = every.first, every.last
    tasks = [
        every._replace(first=start, last=min(start + CHUNK_SEEDS, last))
        for start in range(first, last, CHUNK_SEEDS)
        if start not in tally.digests
    ]
    if jobs <= 1 or len(tasks) <= 1:
        for task in tasks:
            tally.add(*play_chunk(task))
            yield tally
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for start, outcomes in pool.imap_unordered(play_chunk, tasks):
            tally.add(start, outcomes)
            yield tally


def play_control(name: str) -> dict[str, Any]:
    """Plays a weakened policy until it is noticed in a seed in which the real one is clean."""
    for seed in range(CONTROL_SEEDS_MAX):
        outcome = play_seed(seed, policy=name)
        options = Options(has_parents=POLICIES[name].has_parents)
        if outcome.invariant and not play_seed(seed, options=options).invariant:
            return {"policy": name, "caught_at_seed": seed, "seeds": seed + 1, "by": outcome.invariant}
    return {"policy": name, "caught_at_seed": None, "seeds": CONTROL_SEEDS_MAX, "by": ""}


def play_controls(names: list[str], *, jobs: int) -> list[dict[str, Any]]:
    """Every named control."""
    if jobs <= 1:
        return [play_control(name) for name in names]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return pool.map(play_control, names, chunksize=1)


class Stopwatch:
    """How long something has taken, in seconds."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._started_ns = self._clock.monotonic_ns()

    def seconds(self) -> float:
        """Since it was made."""
        return (self._clock.monotonic_ns() - self._started_ns) / NS_PER_S
