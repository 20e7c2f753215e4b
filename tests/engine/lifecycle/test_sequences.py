"""All sequences of events without repetition leave the core and the reference model with the same facts.

Up to five events long in an ordinary run. OMS_SEQUENCE_LENGTH=7 goes further: a quarter of an hour of one core, with
`-k "not everything and not every_event"`. Without it all events at once go to two less, 52 million sequences: hours.
Longer lives are tried at random, OMS_RANDOM_SEQUENCES of them.
`-s` prints how many sequences, distinct states and pairs of status and event there were.
"""

import os
import sys
from functools import cache

import pytest

from tests.engine.lifecycle.alphabets import ALPHABETS, EVENTS
from tests.engine.lifecycle.facts import Status
from tests.engine.lifecycle.walk import Count, walk, wander

LENGTH = int(os.environ.get("OMS_SEQUENCE_LENGTH", "5"))
# Of all events at once only the beginnings of lives can be tried.
EVERYTHING_LENGTH = max(LENGTH - 2, 3)
RANDOM_LENGTH = 10
RANDOM_SEQUENCES = int(os.environ.get("OMS_RANDOM_SEQUENCES", "10000"))


@cache
def _walked(name: str) -> Count:
    alphabet = ALPHABETS[name]
    length = EVERYTHING_LENGTH if name == "everything" else LENGTH
    count = walk(alphabet.start, {event: EVENTS[event] for event in alphabet.events}, length)
    sys.stdout.write(f"\n{name}: {len(alphabet.events)} events, up to {length} of them: {count}")
    return count


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("name", ALPHABETS)
def test_core_and_reference_agree_after_every_sequence(name: str) -> None:
    count = _walked(name)
    assert count.differences == []


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("start", ["everything", "ends"])
def test_core_and_reference_agree_in_random_lives(start: str) -> None:
    count = wander(ALPHABETS[start].start, EVENTS, RANDOM_LENGTH, sequences=RANDOM_SEQUENCES, seed=RANDOM_LENGTH)
    sys.stdout.write(f"\n{start}: random sequences of {RANDOM_LENGTH} of all events: {count}")
    assert count.differences == []


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_every_event_comes_in_every_status() -> None:
    total = Count()
    for name in ALPHABETS:
        total.take_in(_walked(name))
    sys.stdout.write(f"\nin all: {total}\n")
    missing = {(status.name, event) for status in Status for event in EVENTS} - total.pairs
    # A venue may say anything at any time; only what leads into a status alone cannot come again without repetition.
    alone = ("expired", "rejected", "done for day", "calculated", "stopped", "suspended")
    assert missing <= {(event.upper().replace(" ", "_"), event) for event in alone}
