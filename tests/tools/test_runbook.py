"""Every alarm and every reason of a refusal has one line that says what to do."""

import pytest

from ipc.enums import AlarmCode, RefusalReason
from tools.command_error import CommandError
from tools.runbook import ALARMS, REFUSALS, explain


def test_no_code_is_missing_and_none_is_left_over() -> None:
    assert set(ALARMS) == set(AlarmCode.__members__)
    assert set(REFUSALS) == set(RefusalReason.__members__)


@pytest.mark.parametrize("text", [*ALARMS.values(), *REFUSALS.values()])
def test_each_is_a_sentence(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("code", "kinds"),
    [("prices_stale", ["alarm"]), ("TRADING_STATE", ["refusal"]), (" LEASE_EXPIRED ", ["alarm", "refusal"])],
)
def test_a_code_is_explained_as_whatever_it_is(code: str, kinds: list[str]) -> None:
    assert [line.split()[0] for line in explain(code).splitlines()] == kinds


def test_a_code_that_is_none_is_told_with_those_that_are_near() -> None:
    with pytest.raises(CommandError, match=r"'PRICES_STAIL' is none; allowed are .* PRICES_STALE"):
        explain("PRICES_STAIL")
