"""Every weakened policy is noticed: what the invariants would miss, they would miss here."""

import pytest

from tools.simulation.campaign import play_control
from tools.simulation.policies import POLICIES

EXACTLY = {
    "breaks-I1": "I1",
    "breaks-I3": "I3",
    "breaks-I4": "I4",
    "breaks-I5": "I5",
    "breaks-I6": "I6",
    "breaks-I7": "I7",
    "breaks-I8": "I8",
    "breaks-I9": "I9",
    "breaks-I10": "I10",
    "breaks-I11": "I11",
    "breaks-I12": "I12",
    "breaks-I13": "I13",
    "breaks-I14": "I14",
    "breaks-I15": "I15",
    "breaks-I16": "I16",
    "breaks-I17": "I17",
    "breaks-I18": "I18",
    "breaks-I19": "I19",
    "differs-at-once": "I14",
}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_weakened_policy_is_noticed(name: str) -> None:
    control = play_control(name)
    assert control["caught_at_seed"] is not None
    assert control["by"] == EXACTLY.get(name, control["by"])
