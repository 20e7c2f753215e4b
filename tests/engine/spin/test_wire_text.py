"""Texts written from right to left against Python's own formatting."""

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.spin.wire_text import put_decimal, put_integer, put_order_id
from ipc import order_id as order_ids

ROOM = 48
NUMBERS = st.one_of(
    st.integers(0, (1 << 63) - 1),
    st.integers(0, 20_000),
    st.integers(0, 18).map(lambda digits: 10**digits),
    st.integers(1, 18).map(lambda digits: 10**digits - 1),
)


def _buffer() -> np.ndarray:
    return np.full(ROOM, ord("#"), np.uint8)


def _written(buffer: np.ndarray, begin: int, end: int) -> str:
    text = bytes(buffer).decode()
    assert set(text[:begin] + text[end:]) <= {"#"}, "nothing is written outside"
    return text[begin:end]


@settings(max_examples=500, deadline=None)
@given(NUMBERS, st.integers(24, ROOM))
def test_an_integer_has_pythons_digits(value: int, end: int) -> None:
    buffer = _buffer()
    assert _written(buffer, int(put_integer(buffer, end, value)), end) == str(value)


@settings(max_examples=500, deadline=None)
@given(NUMBERS, st.integers(0, 18), st.integers(24, ROOM))
def test_a_decimal_is_exact_and_has_all_its_decimals(value: int, decimals: int, end: int) -> None:
    buffer = _buffer()
    text = _written(buffer, int(put_decimal(buffer, end, value, decimals)), end)
    assert Decimal(text) == Decimal(value).scaleb(-decimals)
    assert text == f"{Decimal(value).scaleb(-decimals):.{decimals}f}"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, (1 << 63) - 1))
def test_an_order_id_is_its_sixteen_characters(order_id: int) -> None:
    buffer = _buffer()
    text = _written(buffer, int(put_order_id(buffer, ROOM, order_id)), ROOM)
    assert text == order_ids.to_text(order_id)
    assert order_ids.from_text(text) == order_id
