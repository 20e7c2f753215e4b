"""A failing seed is made small and tells its story."""

from tools.simulation.campaign import play_seed
from tools.simulation.shrinking import shrink, story
from tools.simulation.stage import ACTIVE_NS, Options

POLICY = "breaks-I10"


def test_a_planted_bug_is_found_again_in_less() -> None:
    seed = next(seed for seed in range(200) if play_seed(seed, policy=POLICY).invariant == "I10")
    options, outcome = shrink(seed, policy=POLICY)
    assert outcome.invariant == "I10"
    assert options.dropped
    assert options.active_ns <= ACTIVE_NS
    assert options.action_limit < Options().action_limit
    lines = story(seed, options, policy=POLICY)
    assert lines[-1].startswith("I10: ")
    assert len(lines) < len(story(seed, Options(), policy=POLICY))
