"""Decimal text crosses the border exactly, or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.simulator.decimals import PrecisionError, format_units, parse_units


@given(st.integers(0, 10**20 - 1), st.integers(0, 12))
def test_text_and_units_are_two_forms_of_one_number(units: int, decimals: int) -> None:
    text = format_units(units, decimals)
    assert Decimal(text) == Decimal(units).scaleb(-decimals)
    assert parse_units(text, decimals) == units


@pytest.mark.parametrize("text", ["", "1e5", "-1", "+1", " 1", "1.", ".5", "0x1", "NaN", "\u0661", "1_0", "1" * 21])
def test_what_is_not_a_plain_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        parse_units(text, 8)


def test_digits_finer_than_a_unit_are_refused_unless_they_are_zeros() -> None:
    assert parse_units("1.500000000000", 1) == 15
    with pytest.raises(PrecisionError):
        parse_units("1.51", 1)
