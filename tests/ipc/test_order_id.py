"""An order id holds its parts exactly, and its text survives nothing but itself."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipc import order_id
from ipc.order_id import ALPHABET, OrderIdParts, from_text, pack, to_text, unpack

PARTS = st.builds(
    OrderIdParts,
    instance=st.integers(0, order_id.INSTANCE_MAX),
    epoch=st.integers(0, order_id.EPOCH_MAX),
    strategy_id=st.integers(0, order_id.STRATEGY_MAX),
    sequence=st.integers(0, order_id.SEQUENCE_MAX),
    leg=st.integers(0, order_id.LEG_MAX),
)
IDS = st.integers(0, (1 << 63) - 1)
# What Binance allows, and every other venue at least: https://developers.binance.com, newClientOrderId.
VENUE_TEXT = re.compile(r"[a-z0-9]{16}")


def naive_text(number: int) -> str:
    """The text by division, digit by digit."""
    digits = []
    for _ in range(13):
        number, value = divmod(number, 32)
        digits.append(value)
    digits.reverse()
    check = 0
    for value in digits:
        check = (check * 7 + value) % 31
    return "om" + "".join(chr(ALPHABET[value]) for value in [*digits, check])


@given(PARTS)
def test_packing_and_unpacking_are_inverse(parts: OrderIdParts) -> None:
    packed = pack(**parts._asdict())
    assert 0 <= packed < 1 << 63
    assert unpack(packed) == parts


@given(IDS)
def test_text_and_number_are_inverse(number: int) -> None:
    text = to_text(number)
    assert text == naive_text(number)
    assert VENUE_TEXT.fullmatch(text)
    assert from_text(text) == from_text(text.encode()) == number


@given(IDS, st.integers(2, 15), st.integers(1, 31))
def test_one_wrong_character_is_noticed(number: int, place: int, change: int) -> None:
    text = to_text(number)
    wrong = chr(ALPHABET[(ALPHABET.index(text[place].encode()) + change) % 32])
    mangled = text[:place] + wrong + text[place + 1 :]
    # 31 and 0 leave the same remainder, so those two digits alone pass for each other.
    confused = {ALPHABET.index(text[place].encode()), ALPHABET.index(wrong.encode())} == {0, 31}
    assert from_text(mangled) is None or confused


@pytest.mark.parametrize(
    "text", ["", "om", "x" * 16, "om" + "0" * 13, "om" + "0" * 15, "OM" + "0" * 14, "omi0000000000000"]
)
def test_a_text_that_is_not_ours_is_none_of_ours(text: str) -> None:
    assert from_text(text) is None


def test_a_text_beyond_63_bits_is_none_of_ours() -> None:
    assert from_text(naive_text(1 << 63)) is None


@pytest.mark.parametrize("part", ["instance", "epoch", "strategy_id", "sequence", "leg"])
@pytest.mark.parametrize("value", [-1, 1 << 60])
def test_a_part_that_does_not_fit_is_named(part: str, value: int) -> None:
    parts = {"instance": 0, "epoch": 0, "strategy_id": 0, "sequence": 0, "leg": 0, part: value}
    with pytest.raises(ValueError, match=f"{part} is {value}, allowed is 0 to"):
        pack(**parts)
