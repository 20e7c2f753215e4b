"""Owns the client order id: a 63-bit integer inside, sixteen characters on the wire.

    62        58 57            43 42          36 35                8 7        0
    +-----------+----------------+--------------+-------------------+----------+
    | instance  | epoch          | strategy     | sequence          | leg      |
    | 5 bits    | 15 bits        | 7 bits       | 28 bits           | 8 bits   |
    +-----------+----------------+--------------+-------------------+----------+

An order is known by the id whose leg is zero. Each further attempt or replacement that reaches a
venue is a new leg, so an id is put on a wire once and every venue row maps back to its order, its
strategy and the run that sent it without a table. The epoch grows with every start of an engine,
so an id is never used again.

On the wire: the prefix "om", thirteen base-32 digits, most significant first, one check digit.
The alphabet [0-9a-z] without i, l, o and u is what every venue accepts.
"""

from typing import NamedTuple

LEG_BITS = 8
SEQUENCE_BITS = 28
STRATEGY_BITS = 7
EPOCH_BITS = 15
INSTANCE_BITS = 5

SEQUENCE_SHIFT = LEG_BITS
STRATEGY_SHIFT = SEQUENCE_SHIFT + SEQUENCE_BITS
EPOCH_SHIFT = STRATEGY_SHIFT + STRATEGY_BITS
INSTANCE_SHIFT = EPOCH_SHIFT + EPOCH_BITS

LEG_MAX = (1 << LEG_BITS) - 1
SEQUENCE_MAX = (1 << SEQUENCE_BITS) - 1
# The lower half is the client's, the upper half the engine's: for the children of its parents.
CLIENT_SEQUENCE_MAX = SEQUENCE_MAX >> 1
STRATEGY_MAX = (1 << STRATEGY_BITS) - 1
EPOCH_MAX = (1 << EPOCH_BITS) - 1
INSTANCE_MAX = (1 << INSTANCE_BITS) - 1

ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
PREFIX = b"om"
DIGITS = 13
TEXT_BYTES = len(PREFIX) + DIGITS + 1
CHECK_MULTIPLIER = 7
CHECK_MODULUS = 31

assert INSTANCE_SHIFT + INSTANCE_BITS == 63, "an order id is a positive signed 64-bit integer"

_VALUES = {digit: value for value, digit in enumerate(ALPHABET)}

# Reading goes through Python's own base 32, whose digits are 0-9a-v; what is no digit of ours becomes "!".
_TO_BASE_32 = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[_VALUES[byte]] if byte in _VALUES else ord("!") for byte in range(256)
)
_CHUNK_DIGITS = 3
_CHUNK_MASK = (1 << 5 * _CHUNK_DIGITS) - 1


def _check_tables() -> tuple[tuple[int, bytes], ...]:
    """The share in the check digit of each value of three digits, by the place of the first of them."""
    shifted = [bytes((digit + share) % CHECK_MODULUS for digit in range(32)) for share in range(CHECK_MODULUS)]
    second, third = CHECK_MULTIPLIER, CHECK_MULTIPLIER**2
    lowest = b"".join(
        shifted[(high * third + middle * second) % CHECK_MODULUS] for high in range(32) for middle in range(32)
    )
    tables = []
    for first_digit in range(0, DIGITS, _CHUNK_DIGITS):
        factor = pow(CHECK_MULTIPLIER, first_digit, CHECK_MODULUS)
        tables.append(
            (5 * first_digit, lowest.translate(bytes(share * factor % CHECK_MODULUS for share in range(256))))
        )
    return tuple(tables)


_CHECK_TABLES = _check_tables()


class OrderIdParts(NamedTuple):
    """What an order id says of its origin."""

    instance: int
    epoch: int
    strategy_id: int
    sequence: int
    leg: int


def pack(*, instance: int, epoch: int, strategy_id: int, sequence: int, leg: int = 0) -> int:
    """The id of one leg; ValueError names the part that does not fit."""
    for name, value, maximum in (
        ("instance", instance, INSTANCE_MAX),
        ("epoch", epoch, EPOCH_MAX),
        ("strategy_id", strategy_id, STRATEGY_MAX),
        ("sequence", sequence, SEQUENCE_MAX),
        ("leg", leg, LEG_MAX),
    ):
        if not 0 <= value <= maximum:
            raise ValueError(f"{name} is {value}, allowed is 0 to {maximum}")
    return (
        instance << INSTANCE_SHIFT
        | epoch << EPOCH_SHIFT
        | strategy_id << STRATEGY_SHIFT
        | sequence << SEQUENCE_SHIFT
        | leg
    )


def unpack(order_id: int) -> OrderIdParts:
    """The parts of an id."""
    return OrderIdParts(
        instance=order_id >> INSTANCE_SHIFT & INSTANCE_MAX,
        epoch=order_id >> EPOCH_SHIFT & EPOCH_MAX,
        strategy_id=order_id >> STRATEGY_SHIFT & STRATEGY_MAX,
        sequence=order_id >> SEQUENCE_SHIFT & SEQUENCE_MAX,
        leg=order_id & LEG_MAX,
    )


def to_text(order_id: int) -> str:
    """The sixteen characters that go to a venue."""
    digits = bytes(ALPHABET[order_id >> (5 * place) & 31] for place in range(DIGITS - 1, -1, -1))
    return (PREFIX + digits + bytes((ALPHABET[_check(digits)],))).decode()


def from_text(text: str | bytes) -> int | None:
    """The id behind a venue's text, or None when the text is not one of ours."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) != TEXT_BYTES or not raw.startswith(PREFIX):
        return None
    try:
        order_id = int(raw[len(PREFIX) : -1].translate(_TO_BASE_32), 32)
    except ValueError:
        return None
    check = 0
    for shift, weights in _CHECK_TABLES:
        check += weights[order_id >> shift & _CHUNK_MASK]
    if order_id >> 63 or raw[-1] != ALPHABET[check % CHECK_MODULUS]:
        return None
    return order_id


def _check(digits: bytes) -> int:
    check = 0
    for digit in digits:
        check = (check * CHECK_MULTIPLIER + _VALUES[digit]) % CHECK_MODULUS
    return check
