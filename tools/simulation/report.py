"""Owns what `oms simulate` says: progress, failing seeds made small, the answer at the end."""

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from tools.command_error import CommandError
from tools.simulation.campaign import Chunk, Stopwatch, Tally, play_controls, play_seeds
from tools.simulation.faults import FAULTS, PHASES
from tools.simulation.policies import POLICIES
from tools.simulation.shrinking import shrink, story
from tools.simulation.stage import Options

SHRUNK_MAX = 3
"""So many failing seeds are made small; the others are only named."""
_STORY_LINES_MAX = 60


class Request(NamedTuple):
    """What was asked for."""

    seeds: str
    policy: str
    has_parents: bool
    resumes: bool
    with_controls: bool
    tells_trace: bool
    jobs: int
    state_file: Path
    as_json: bool


def run_simulation(request: Request) -> bool:
    """Does what was asked; returns whether something is wrong."""
    if request.policy == "list":
        print("\n".join(POLICIES))
        return False
    if request.policy and request.policy not in POLICIES:
        raise CommandError(f"no policy is called {request.policy!r}; `oms simulate --policy list` names them")
    first, last = _range(request.seeds)
    if request.tells_trace:
        print("\n".join(story(first, Options(has_parents=request.has_parents), policy=request.policy)))
        return False
    jobs = request.jobs or os.cpu_count() or 1
    answer = _play(request, first, last, jobs)
    if request.with_controls:
        controls = play_controls(list(POLICIES), jobs=jobs)
        answer["controls"] = controls
        answer["controls_caught"] = sum(control["caught_at_seed"] is not None for control in controls)
    is_wrong = bool(answer["violations"]) or (
        request.with_controls and answer["controls_caught"] < len(answer["controls"])
    )
    if request.as_json:
        print(orjson.dumps(answer).decode())
    else:
        _tell(answer)
    return is_wrong and not request.policy


def _range(text: str) -> tuple[int, int]:
    first, dots, last = text.partition("..")
    if dots and first.isdecimal() and last.isdecimal() and int(first) < int(last):
        return int(first), int(last)
    raise CommandError(f"--seeds is {text!r}, allowed is A..B with A below B")


def _play(request: Request, first: int, last: int, jobs: int) -> dict[str, Any]:
    key = f"{request.seeds} {request.policy}" + " algorithms" * request.has_parents
    tally = Tally.load(request.state_file, key=key) if request.resumes else Tally()
    before = tally.seeds
    stopwatch = Stopwatch()
    told = len(tally.violations)
    for _ in play_seeds(Chunk(first, last, request.policy, request.has_parents), jobs=jobs, tally=tally):
        speed = (tally.seeds - before) / stopwatch.seconds()
        bad = len(tally.violations)
        for violation in tally.violations[told:] if not request.policy else ():
            print(f"\rseed {violation['seed']}: {violation['invariant']}: {violation['what'][:160]}", file=sys.stderr)
        told = bad
        print(f"\r{tally.seeds} of {last - first} seeds, {bad} bad, {speed:.0f}/s", end="", file=sys.stderr, flush=True)
        if request.resumes:
            tally.save(request.state_file, key=key)
    seconds = stopwatch.seconds()
    print(file=sys.stderr)
    tally.violations.sort(key=lambda violation: violation["seed"])
    if not request.policy:
        _tell_failures(tally, has_parents=request.has_parents)
    return {**tally.as_json(), "seeds_per_s": round((tally.seeds - before) / seconds, 1), "jobs": jobs}


def _tell_failures(tally: Tally, *, has_parents: bool) -> None:
    flag = " --algorithms" * has_parents
    for violation in tally.violations[:SHRUNK_MAX]:
        seed = violation["seed"]
        print(f"\nseed {seed}: oms simulate{flag} --seeds {seed}..{seed + 1} --trace", file=sys.stderr)
        options, outcome = shrink(seed, has_parents=has_parents)
        kept = sorted(name for name, _ in outcome.hits)
        print(f"{outcome.invariant}: {outcome.what}\nwith {', '.join(kept) or 'no fault'}:", file=sys.stderr)
        print("\n".join(story(seed, options)[-_STORY_LINES_MAX:]), file=sys.stderr)


def _tell(answer: dict[str, Any]) -> None:
    width = max(map(len, FAULTS))
    print(f"{'fault':{width}} {'hits':>8} " + " ".join(f"{phase[:12]:>12}" for phase in PHASES))
    for name, phases in answer["fault_by_phase"].items():
        cells = " ".join(f"{phases[phase]:12}" for phase in PHASES)
        print(f"{name:{width}} {answer['fault_counts'][name]:8} {cells}")
    for control in answer.get("controls", ()):
        seed = control["caught_at_seed"]
        told = "NOT NOTICED" if seed is None else f"noticed at seed {seed} by {control['by']}"
        print(f"{control['policy']:{width}} {told}")
    for violation in answer["violations"]:
        print(f"seed {violation['seed']}: {violation['invariant']}: {violation['what'][:200]}")
    print(
        f"{answer['seeds']} seeds, {len(answer['violations'])} violations, {answer['seeds_per_s']} seeds/s, "
        f"trace {answer['trace_hash']}"
    )
