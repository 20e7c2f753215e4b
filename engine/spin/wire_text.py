"""Owns the text in frames: digits and names written from right to left into a buffer.

Decimal digits come out last first, so a frame is filled from its end: no length is needed beforehand,
and what is free stays in front, where the transport puts its header.
"""

import numpy as np
from numpy.typing import NDArray

from ipc.compiler import kernel
from ipc.order_id import ALPHABET, CHECK_MODULUS, CHECK_MULTIPLIER, DIGITS, PREFIX, TEXT_BYTES

_DIGITS32 = np.frombuffer(ALPHABET, dtype=np.uint8)
_PREFIX_0, _PREFIX_1 = PREFIX
# The check digit is a sum of the digits by weight: powers of the multiplier, so no step waits for the one before.
_CHECK_WEIGHTS = np.array([pow(CHECK_MULTIPLIER, place, CHECK_MODULUS) for place in range(DIGITS)], np.int64)
_PAIRS = np.frombuffer("".join(f"{number:02}" for number in range(100)).encode(), dtype=np.uint8)
_ZERO = ord("0")
_POINT = ord(".")


@kernel
def put_integer(buffer: NDArray[np.uint8], end: int, value: int) -> int:
    """Writes a number that is not negative, two digits with each division."""
    while value >= 100:
        quotient = value // 100
        pair = 2 * (value - quotient * 100)
        buffer[end - 1] = _PAIRS[pair + 1]
        buffer[end - 2] = _PAIRS[pair]
        end -= 2
        value = quotient
    if value >= 10:
        buffer[end - 1] = _PAIRS[2 * value + 1]
        buffer[end - 2] = _PAIRS[2 * value]
        return end - 2
    buffer[end - 1] = _ZERO + value
    return end - 1


@kernel
def put_decimal(buffer: NDArray[np.uint8], end: int, value: int, decimals: int) -> int:
    """Writes value x 10^-decimals with all its decimals. Precondition: value is not negative."""
    if decimals == 0:
        return put_integer(buffer, end, value)
    if decimals & 1 != 0:
        quotient = value // 10
        end -= 1
        buffer[end] = _ZERO + (value - quotient * 10)
        value = quotient
    for _ in range(decimals >> 1):
        quotient = value // 100
        pair = 2 * (value - quotient * 100)
        buffer[end - 1] = _PAIRS[pair + 1]
        buffer[end - 2] = _PAIRS[pair]
        end -= 2
        value = quotient
    end -= 1
    buffer[end] = _POINT
    return put_integer(buffer, end, value)


@kernel
def put_order_id(buffer: NDArray[np.uint8], end: int, order_id: int) -> int:
    """Writes the sixteen characters of an order id (ipc.order_id)."""
    check = 0
    for place in range(DIGITS):
        digit = (order_id >> (5 * place)) & 31
        check += digit * _CHECK_WEIGHTS[place]
        buffer[end - 2 - place] = _DIGITS32[digit]
    buffer[end - 1] = _DIGITS32[check % CHECK_MODULUS]
    begin = end - TEXT_BYTES
    buffer[begin + 1] = _PREFIX_1
    buffer[begin] = _PREFIX_0
    return begin
