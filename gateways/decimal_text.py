"""Owns exact decimal text: venue text to scaled integers and back."""

from gateways.errors import VenueProtocolError

TEXT_LENGTH_MAX = 40
SCALED_MAX = (1 << 63) - 1
MEMO_SIZE_MAX = 8192


def to_scaled(text: str, decimals: int) -> int:
    """The number times 10^decimals, exact; VenueProtocolError when it is no plain decimal or needs more digits.

    Scientific notation, signs, blanks and digits outside ASCII are refused: the venues write none of
    them, and Python's own `int` would take some of them silently.
    """
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    if not (
        0 < len(text) <= TEXT_LENGTH_MAX
        and whole
        and bool(point) == bool(fraction)
        and digits.isascii()
        and digits.isdigit()
    ):
        raise VenueProtocolError(f"not a decimal number: {text[:TEXT_LENGTH_MAX]!r}")
    shift = decimals - len(fraction)
    if shift >= 0:
        scaled = int(digits) * 10**shift
    else:
        scaled, lost = divmod(int(digits), 10**-shift)
        if lost:
            raise VenueProtocolError(f"{text} has more than {decimals} decimals")
    if scaled > SCALED_MAX:
        raise VenueProtocolError(f"{text} does not fit a record")
    return scaled


def to_units(text: str, decimals: int, unit: int) -> int:
    """How many units of unit x 10^-decimals the number is, exact."""
    count, rest = divmod(to_scaled(text, decimals), unit)
    if rest:
        raise VenueProtocolError(f"{text} is not a multiple of {unit} x 10^-{decimals}")
    return count


def to_text(scaled: int, decimals: int) -> str:
    """The number scaled x 10^-decimals with exactly that many decimals."""
    assert scaled >= 0, "venues take no negative numbers"
    digits = str(scaled).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


class UnitMemo(dict[str, int]):
    """The texts of one scale already parsed: prices and quantities repeat, and a look-up is ten times cheaper."""

    def __init__(self, decimals: int, unit: int = 1, *, largest: int = SCALED_MAX) -> None:
        super().__init__()
        self._decimals = decimals
        self._unit = unit
        self._largest = largest

    def __missing__(self, text: str) -> int:
        count = to_units(text, self._decimals, self._unit)
        if count > self._largest:
            raise VenueProtocolError(f"{text} is more than can be")
        if len(self) >= MEMO_SIZE_MAX:
            self.clear()
        self[text] = count
        return count
