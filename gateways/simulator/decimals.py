"""Owns the border between exact decimal text and whole units; no float passes it."""

import re
from functools import lru_cache

DECIMAL_PATTERN = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_DECIMAL = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?")


class PrecisionError(ValueError):
    """The text is a decimal number, but finer than one unit."""


@lru_cache(maxsize=65536)
def parse_units(text: str, decimals: int) -> int:
    """How many units of 10**-decimals the text says; ValueError when it is not a plain decimal number."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a plain decimal number")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > decimals and fraction[decimals:].strip("0"):
        raise PrecisionError(f"{text!r} has more than {decimals} decimal places")
    return int(whole) * 10**decimals + int(fraction[:decimals].ljust(decimals, "0") or "0")


@lru_cache(maxsize=65536)
def format_units(units: int, decimals: int) -> str:
    """The units of 10**-decimals as text with exactly that many decimal places."""
    if decimals == 0:
        return str(units)
    sign, magnitude = ("-", -units) if units < 0 else ("", units)
    whole, fraction = divmod(magnitude, 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"
