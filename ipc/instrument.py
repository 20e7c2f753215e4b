"""Owns instruments, accounts and assets as a client knows them, and the exact way between decimals and integers."""

import re
from dataclasses import dataclass
from decimal import Decimal

from ipc.enums import ConnectionState, InstrumentStatus

# Far beyond any price or quantity, and small enough that scaling stays cheap.
_EXPONENT_MAX = 40
_INT64_MAX = (1 << 63) - 1
_PPM_DECIMALS = 6
# Decimal itself also reads other scripts' digits, underscores and NaN.
_DECIMAL_TEXT = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)


def _exact(value: Decimal | str | int, what: str) -> Decimal | int:
    if isinstance(value, bool | float):
        raise TypeError(
            f"{what} is the {type(value).__name__} {value!r}; allowed are Decimal, str and int, "
            "because a binary fraction is not the decimal it looks like: write it as text"
        )
    if isinstance(value, str):
        if not _DECIMAL_TEXT.fullmatch(value):
            raise ValueError(f"{what} is {value[:60]!r}, allowed is a decimal number such as '0.05'")
        value = Decimal(value)
    if isinstance(value, int):
        return value
    if not isinstance(value, Decimal):
        raise TypeError(f"{what} is of type {type(value).__name__}, allowed are Decimal, str and int")
    if not value.is_finite() or abs(value.adjusted()) > _EXPONENT_MAX:
        raise ValueError(f"{what} is {value}, allowed is a finite number of at most {_EXPONENT_MAX} places")
    return value


def _steps(value: Decimal | str | int, units: int, decimals: int, what: str, step_name: str) -> int:
    """How many steps of units x 10^-decimals a value is; ValueError unless it is a whole number of them."""
    numerator, denominator = _exact(value, what).as_integer_ratio()
    steps, remainder = divmod(numerator * 10**decimals, denominator * units)
    if remainder:
        step = decimal_of(units, decimals)
        below, above = decimal_of(steps * units, decimals), decimal_of((steps + 1) * units, decimals)
        raise ValueError(
            f"{what} is {value}, allowed are multiples of the {step_name} {step}; the nearest are {below} and {above}"
        )
    if abs(steps) > _INT64_MAX:
        raise ValueError(f"{what} is {value}, allowed is at most {decimal_of(_INT64_MAX * units, decimals)}")
    return steps


def ppm_of(share: Decimal | str | int, what: str) -> int:
    """A share from 0 to 1 in parts per million; ValueError when it lies between two."""
    ppm = _steps(share, 1, _PPM_DECIMALS, what, "millionth")
    if not 0 <= ppm <= 10**_PPM_DECIMALS:
        raise ValueError(f"{what} is {share}, allowed is 0 to 1")
    return ppm


def decimal_of(units: int, decimals: int) -> Decimal:
    """Exactly units x 10^-decimals, whatever the decimal context says."""
    sign = 1 if units < 0 else 0
    return Decimal((sign, tuple(map(int, str(abs(units)))), -decimals))


@dataclass(frozen=True, slots=True)
class Instrument:
    """What one trades. One tick is tick_units x 10^-price_decimals, one lot lot_units x 10^-lot_decimals."""

    instrument_id: int
    name: str
    venue_id: int
    status: InstrumentStatus
    base_asset_id: int
    quote_asset_id: int
    price_decimals: int
    tick_units: int
    lot_decimals: int
    lot_units: int

    @property
    def tick_size(self) -> Decimal:
        """The smallest step of a price."""
        return decimal_of(self.tick_units, self.price_decimals)

    @property
    def lot_size(self) -> Decimal:
        """The smallest step of a quantity."""
        return decimal_of(self.lot_units, self.lot_decimals)

    def price_ticks(self, price: Decimal | str | int) -> int:
        """A price in ticks; ValueError when it lies between two."""
        return _steps(price, self.tick_units, self.price_decimals, f"price of {self.name}", "tick")

    def lots(self, quantity: Decimal | str | int) -> int:
        """A quantity in lots; ValueError when it lies between two."""
        return _steps(quantity, self.lot_units, self.lot_decimals, f"quantity of {self.name}", "lot")

    def notional_within(self, amount: Decimal | str | int, name: str = "quote_quantity") -> int:
        """The largest sum of price ticks x lots that an amount of the quote asset pays for."""
        what = f"{name} of {self.name}"
        numerator, denominator = _exact(amount, what).as_integer_ratio()
        unit = self.tick_units * self.lot_units
        notional = numerator * 10 ** (self.price_decimals + self.lot_decimals) // (denominator * unit)
        if not 0 < notional <= _INT64_MAX:
            raise ValueError(f"{what} is {amount}, allowed is more than 0 and at most {self.notional(_INT64_MAX)}")
        return notional

    def price(self, price_ticks: int) -> Decimal:
        """Ticks as a price."""
        return decimal_of(price_ticks * self.tick_units, self.price_decimals)

    def quantity(self, lots: int) -> Decimal:
        """Lots as a quantity."""
        return decimal_of(lots * self.lot_units, self.lot_decimals)

    def notional(self, notional: int) -> Decimal:
        """A sum of price ticks x lots as an amount of the quote asset."""
        return decimal_of(notional * self.tick_units * self.lot_units, self.price_decimals + self.lot_decimals)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that this strategy may use."""

    account_id: int
    name: str
    venue_id: int
    connection_state: ConnectionState


@dataclass(frozen=True, slots=True)
class Asset:
    """What accounts hold and fees are paid in. One unit is 10^-decimals."""

    asset_id: int
    name: str
    decimals: int

    def amount(self, units: int) -> Decimal:
        """Units as an amount."""
        return decimal_of(units, self.decimals)
