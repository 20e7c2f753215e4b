"""Owns making a failing seed small: fewer fault classes, then less time, then fewer actions."""

from collections.abc import Callable

from ipc.clock import NS_PER_MS
from tools.simulation.campaign import Outcome, play_seed
from tools.simulation.faults import FaultPlan
from tools.simulation.stage import ACTIVE_NS, Options

_STEP_NS_MIN = 50 * NS_PER_MS


def shrink(seed: int, *, policy: str = "", has_parents: bool = False) -> tuple[Options, Outcome]:
    """The smallest way found to break the same invariant, and how that went."""
    whole = Options(has_parents=has_parents)
    first = play_seed(seed, policy=policy, options=whole)
    assert first.invariant, "only a failing seed is made smaller"

    def fails(options: Options) -> bool:
        return play_seed(seed, policy=policy, options=options).invariant == first.invariant

    options = _without_faults(whole, FaultPlan(seed).enabled, fails)
    options = options._replace(
        active_ns=_least(ACTIVE_NS, _STEP_NS_MIN, lambda n: fails(options._replace(active_ns=n)))
    )
    options = options._replace(action_limit=_least(64, 1, lambda n: fails(options._replace(action_limit=n))))
    return options, play_seed(seed, policy=policy, options=options)


def story(seed: int, options: Options, *, policy: str = "") -> list[str]:
    """What happens in a seed, line by line."""
    lines: list[str] = []
    outcome = play_seed(seed, policy=policy, options=options, say=lines.append)
    return [*lines, f"{outcome.invariant}: {outcome.what}"] if outcome.invariant else lines


def _without_faults(options: Options, enabled: tuple[str, ...], fails: Callable[[Options], bool]) -> Options:
    """Drops every fault class without which it still fails; all at once when that does."""
    if fails(options._replace(dropped=frozenset(enabled))):
        return options._replace(dropped=frozenset(enabled))
    for name in enabled:
        fewer = options._replace(dropped=options.dropped | {name})
        if fails(fewer):
            options = fewer
    return options


def _least(most: int, step_min: int, fails: Callable[[int], bool]) -> int:
    """The smallest number that still fails, as far as halving finds it."""
    if not fails(most):
        return most
    low, high = 0, most
    while high - low > step_min:
        middle = (low + high) // 2
        if fails(middle):
            high = middle
        else:
            low = middle
    return high
