"""Decimal text is exact or refused."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.decimal_text import MEMO_SIZE_MAX, TEXT_LENGTH_MAX, UnitMemo, to_scaled, to_text, to_units
from gateways.errors import VenueProtocolError

EXACT = settings(deadline=None, max_examples=200)


@EXACT
@given(st.integers(0, 10**18), st.integers(0, 12))
def test_a_number_survives_the_way_to_text_and_back(scaled: int, decimals: int) -> None:
    text = to_text(scaled, decimals)
    assert Decimal(text) == Decimal(scaled).scaleb(-decimals)
    assert to_scaled(text, decimals) == scaled


@EXACT
@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=8), st.integers(0, 12))
def test_the_scaled_number_is_the_decimal_or_nothing(number: Decimal, decimals: int) -> None:
    number = abs(number)  # zero has a sign in decimals, not on the wire
    scaled = number.scaleb(decimals)
    if scaled == scaled.to_integral_value() and scaled < 2**63:
        assert to_scaled(f"{number:f}", decimals) == int(scaled)
    else:
        with pytest.raises(VenueProtocolError):
            to_scaled(f"{number:f}", decimals)


@EXACT
@given(st.text(max_size=12))
def test_any_other_text_is_refused(text: str) -> None:
    plain = text.replace(".", "", 1)
    is_number = plain.isascii() and plain.isdigit() and text[0] != "." and text[-1] != "."
    if not is_number:
        with pytest.raises(VenueProtocolError):
            to_scaled(text, 8)


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".1", "-1", "+1", "1e5", "1E-5", " 1", "1 ", "1_000", "0x1", "१", "²", "1.2.3", "NaN"]
)
def test_what_python_would_take_but_no_venue_writes_is_refused(text: str) -> None:
    with pytest.raises(VenueProtocolError):
        to_scaled(text, 8)


def test_a_text_that_is_too_long_is_refused_and_not_quoted_in_full() -> None:
    with pytest.raises(VenueProtocolError) as caught:
        to_scaled("0" * 10_000, 8)
    assert len(str(caught.value)) < 2 * TEXT_LENGTH_MAX


def test_a_number_that_does_not_fit_a_record_is_refused() -> None:
    assert to_scaled("9223372036854775807", 0) == 2**63 - 1
    with pytest.raises(VenueProtocolError):
        to_scaled("9223372036854775808", 0)


def test_units_are_exact_multiples() -> None:
    assert to_units("0.015", 3, 5) == 3
    with pytest.raises(VenueProtocolError):
        to_units("0.016", 3, 5)


def test_a_memo_forgets_before_it_grows_without_bound() -> None:
    memo = UnitMemo(decimals=0)
    for number in range(MEMO_SIZE_MAX + 10):
        assert memo[str(number)] == number
    assert len(memo) <= MEMO_SIZE_MAX


def test_a_memo_does_not_keep_nonsense() -> None:
    memo = UnitMemo(decimals=0)
    with pytest.raises(VenueProtocolError):
        memo["x"]
    assert not memo
