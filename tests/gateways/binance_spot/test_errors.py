"""What the venue's error codes mean."""

import pytest

from gateways.binance_spot.errors import CODES, FILTERS, MESSAGES, judge
from gateways.verdict import Concern
from ipc.enums import RejectReason


@pytest.mark.parametrize("code", [-1000, -1001, -1006, -1007, -1016, -9999, 0, 17])
def test_what_is_not_certain_is_never_taken_for_a_refusal(code: int) -> None:
    assert not judge(status=400, code=code, message="").is_definite


@pytest.mark.parametrize("status", [500, 502, 503, 599])
@pytest.mark.parametrize("code", [-2010, -1013, -1003, -1121])
def test_a_server_error_leaves_the_outcome_open_whatever_its_code(status: int, code: int) -> None:
    assert not judge(status=status, code=code, message="Account has insufficient balance").is_definite


@pytest.mark.parametrize(("name", "reason"), FILTERS.items())
@pytest.mark.parametrize("code", [-1013, -2010])
def test_a_filter_failure_names_its_filter(name: str, reason: RejectReason, code: int) -> None:
    verdict = judge(status=400, code=code, message=f"Filter failure: {name}")
    assert (verdict.is_definite, verdict.reason) == (True, reason)


@pytest.mark.parametrize(("message", "reason"), MESSAGES)
@pytest.mark.parametrize("code", [-1010, -2010, -2011, -2038])
def test_the_message_tells_the_codes_of_the_matching_engine_apart(
    message: str, reason: RejectReason, code: int
) -> None:
    verdict = judge(status=400, code=code, message=message + ".")
    assert (verdict.is_definite, verdict.reason) == (True, reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-2010, RejectReason.OTHER),
        (-2011, RejectReason.UNKNOWN_ORDER),
        (-2038, RejectReason.AMEND_NOT_POSSIBLE),
        (-1013, RejectReason.OTHER),
    ],
)
def test_a_message_of_tomorrow_leaves_what_the_code_says(code: int, reason: RejectReason) -> None:
    verdict = judge(status=400, code=code, message="Something new.")
    assert (verdict.is_definite, verdict.reason) == (True, reason)


def test_a_filter_of_tomorrow_is_a_definite_refusal() -> None:
    verdict = judge(status=400, code=-1013, message="Filter failure: MOON_PHASE")
    assert (verdict.is_definite, verdict.reason) == (True, RejectReason.OTHER)


def test_every_malformed_request_is_refused_for_certain() -> None:
    for code in range(-1199, -1099):
        assert judge(status=400, code=code, message="").is_definite


def test_a_ban_and_a_rate_limit_are_told_apart() -> None:
    banned = judge(status=418, code=-1003, message="")
    limited = judge(status=429, code=-1003, message="")
    assert (banned.reason, banned.concern) == (RejectReason.BANNED, Concern.RATE)
    assert (limited.reason, limited.concern) == (RejectReason.RATE_LIMIT, Concern.RATE)


def test_a_time_stamp_that_was_refused_puts_the_clock_in_doubt() -> None:
    assert judge(status=400, code=-1021, message="").concern is Concern.CLOCK


def test_every_listed_code_is_negative_and_judged() -> None:
    assert all(code < 0 for code in CODES)
    assert {judge(status=400, code=code, message="").is_definite for code in CODES} == {True, False}
