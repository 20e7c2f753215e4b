"""Whatever strategies want, however clocks run and whatever gets lost: a venue never counts one request too many."""

import sys
from functools import partial
from random import Random

import pytest

from tests.engine.core.world import NS_PER_S
from tests.engine.rates.traffic import JITTER_NS, Faults, Outcome, Traffic, begin_ns
from tests.engine.rates.venue_cases import CASES, VenueCase

HOUR_NS = 3_600 * NS_PER_S
FAULTS = Faults(lost_replies=0.02, connection_lost_every_s=15, ban_every_s=25)


def _days(case: VenueCase, seed: int, *, episodes: int, faults: Faults) -> Outcome:
    """Bursts of three strategies with hours between them."""
    traffic, random = Traffic(case, seed, faults), Random(seed)
    for _ in range(episodes):
        begin = traffic.world.now_ns + random.randint(0, 6) * HOUR_NS + random.randint(0, 20 * NS_PER_S)
        end = begin + random.randint(3, 25) * NS_PER_S
        traffic.run_until(begin)
        traffic.plan_faults(end)
        for strategy in (1, 2, 3):
            start = begin + random.randint(0, NS_PER_S)
            traffic.at(start, partial(traffic.saturate, strategy, end))
        traffic.run_until(end + 12 * NS_PER_S)
    return traffic.outcome


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hours_of_bursts_exceed_nothing(case: VenueCase) -> None:
    outcome = _days(case, 1, episodes=2, faults=FAULTS)
    assert (outcome.excesses, outcome.sent_in_ban) == (0, 0)
    assert outcome.sent > 60


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2, 5))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_days_of_bursts_exceed_nothing(case: VenueCase, seed: int) -> None:
    outcome = _days(case, seed, episodes=24, faults=FAULTS)
    assert outcome.excesses == 0
    assert outcome.sent_in_ban == 0
    sys.stdout.write(f"{case.name} seed {seed}: {outcome.sent} requests, 0 excesses\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_saturated_venue_is_used_to_its_limit(case: VenueCase) -> None:
    traffic = Traffic(case, 7)
    outcome = traffic.outcome
    # What was saved up before is used in a first period, which does not count.
    begin, first_ns = begin_ns(), max(case.shortest_ns, 10 * NS_PER_S)
    duration_ns = max(3 * case.shortest_ns, 10 * NS_PER_S)
    end = begin + first_ns + duration_ns
    traffic.run_until(begin)
    for strategy in (1, 2, 3):
        traffic.at(begin, partial(traffic.saturate, strategy, end))
    traffic.run_until(begin + first_ns)
    sent_before = sum(outcome.orders.values())
    traffic.run_until(end)
    assert outcome.excesses == 0
    share = (sum(outcome.orders.values()) - sent_before) / float(case.orders_per_s * duration_ns / NS_PER_S)
    sys.stdout.write(f"{case.name}: used {share:.4f} of what the venue takes\n")
    assert share >= 1 - 2 * JITTER_NS / case.shortest_ns - 1 / case.limit
    assert max(outcome.cancel_waits_ns, default=0) == 0
