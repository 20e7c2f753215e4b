"""Owns the text in frames: digits and names written from right to left into a buffer.

Decimal digits come out last first, so a frame is filled from its end: no length is needed beforehand,
and what is free stays in front, where the transport puts its header.
"""

import numpy as np
from numpy.typing import NDArray

from ipc.compiler import kernel
from ipc.order_id import ALPHABET, CHECK_MODULUS, CHECK_MULTIPLIER, DIGITS, PREFIX

_DIGITS32 = np.frombuffer(ALPHABET, dtype=np.uint8)
_PREFIX_0, _PREFIX_1 = PREFIX
_ZERO = ord("0")
_POINT = ord(".")


@kernel
def put_text(buffer: NDArray[np.uint8], end: int, text: NDArray[np.uint8], start: int, count: int) -> int:
    """Writes `count` bytes of a text so that they stop before `end`; returns where they start."""
    begin = end - count
    for index in range(count):
        buffer[begin + index] = text[start + index]
    return begin


@kernel
def put_integer(buffer: NDArray[np.uint8], end: int, value: int) -> int:
    """Writes a number that is not negative."""
    while True:
        quotient = value // 10
        end -= 1
        buffer[end] = _ZERO + (value - quotient * 10)
        value = quotient
        if value == 0:
            return end


@kernel
def put_decimal(buffer: NDArray[np.uint8], end: int, value: int, decimals: int) -> int:
    """Writes value x 10^-decimals with all its decimals. Precondition: value is not negative."""
    for _ in range(decimals):
        quotient = value // 10
        end -= 1
        buffer[end] = _ZERO + (value - quotient * 10)
        value = quotient
    if decimals > 0:
        end -= 1
        buffer[end] = _POINT
    return put_integer(buffer, end, value)


@kernel
def put_order_id(buffer: NDArray[np.uint8], end: int, order_id: int) -> int:
    """Writes the sixteen characters of an order id (ipc.order_id)."""
    check = 0
    for place in range(DIGITS - 1, -1, -1):
        check = (check * CHECK_MULTIPLIER + ((order_id >> (5 * place)) & 31)) % CHECK_MODULUS
    end -= 1
    buffer[end] = _DIGITS32[check]
    for place in range(DIGITS):
        end -= 1
        buffer[end] = _DIGITS32[(order_id >> (5 * place)) & 31]
    buffer[end - 1] = _PREFIX_1
    buffer[end - 2] = _PREFIX_0
    return end - 2
