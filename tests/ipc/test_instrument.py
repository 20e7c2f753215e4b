"""Decimals become ticks and lots exactly or not at all."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipc.enums import InstrumentStatus
from ipc.instrument import Asset, Instrument, decimal_of


def instrument(tick_units: int, price_decimals: int) -> Instrument:
    """An instrument whose ticks and lots are the same step."""
    return Instrument(
        instrument_id=0,
        name="A/B.C",
        venue_id=0,
        status=InstrumentStatus.TRADING,
        base_asset_id=0,
        quote_asset_id=1,
        price_decimals=price_decimals,
        tick_units=tick_units,
        lot_decimals=price_decimals,
        lot_units=tick_units,
    )


INSTRUMENTS = st.builds(instrument, st.integers(1, 10_000), st.integers(0, 12))
STEPS = st.integers(-(10**12), 10**12)


@given(INSTRUMENTS, STEPS)
def test_ticks_and_price_are_inverse(known: Instrument, ticks: int) -> None:
    price = known.price(ticks)
    assert Fraction(price) == ticks * Fraction(known.tick_units, 10**known.price_decimals)
    assert known.price_ticks(price) == known.price_ticks(str(price)) == ticks
    assert known.lots(known.quantity(ticks)) == ticks


@given(INSTRUMENTS, STEPS, st.integers(1, 10**6))
def test_what_lies_between_two_ticks_is_refused_with_both(known: Instrument, ticks: int, part: int) -> None:
    between = Fraction(known.tick_units, 10**known.price_decimals) * (ticks + Fraction(part, 10**6 + 1))
    finer = 10 ** (known.price_decimals + 8)
    value = decimal_of(int(between * finer), known.price_decimals + 8)
    steps = Fraction(value) / Fraction(known.tick_size)
    if steps.denominator == 1:
        assert known.price_ticks(value) == steps
        return
    with pytest.raises(ValueError, match="allowed are multiples of the tick") as refusal:
        known.price_ticks(value)
    below, above = known.price(steps.__floor__()), known.price(steps.__ceil__())
    assert str(refusal.value).endswith(f"the nearest are {below} and {above}")


def test_the_decimal_context_of_the_caller_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 3
        known = instrument(1, 8)
        assert known.price_ticks(Decimal("123456.78900001")) == 12_345_678_900_001
        assert str(known.price(12_345_678_900_001)) == "123456.78900001"
        assert str(known.notional(10**15 + 1)) == "0.1000000000000001"
        assert str(Asset(0, "A", 18).amount(-(10**20) - 1)) == "-100.000000000000000001"


@pytest.mark.parametrize("text", ["", " 1", "1_000", "١٢", "NaN", "Infinity", "0x10", "1e", "--1", "1" * 50, "1e1000"])
def test_a_text_that_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed is"):
        instrument(1, 2).price_ticks(text)


@pytest.mark.parametrize("value", [Decimal("Infinity"), Decimal("sNaN"), Decimal("1e999999"), Decimal("1e-999999")])
def test_a_decimal_that_is_no_reasonable_number_is_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match="allowed is a finite number"):
        instrument(1, 2).price_ticks(value)


@pytest.mark.parametrize("value", [1.5, True, None, b"1"])
def test_a_type_that_is_not_exact_is_refused_and_told_why(value: object) -> None:
    with pytest.raises(TypeError, match="allowed are Decimal, str and int"):
        instrument(1, 2).price_ticks(value)  # type: ignore[arg-type]


def test_a_number_that_no_word_holds_is_refused() -> None:
    assert instrument(1, 0).price_ticks((1 << 63) - 1) == (1 << 63) - 1
    with pytest.raises(ValueError, match="allowed is at most 9223372036854775807"):
        instrument(1, 0).price_ticks(1 << 63)
