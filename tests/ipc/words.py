"""Owns reading and writing single words of memory from plain Python, with the JIT on or off."""

import ctypes


def word_at(address: int) -> int:
    """The word at an address."""
    return ctypes.c_int64.from_address(address).value


def set_word(address: int, value: int) -> None:
    """Writes the word at an address."""
    ctypes.c_int64.from_address(address).value = value


def words_at(address: int, count: int) -> list[int]:
    """So many words from an address on."""
    return list((ctypes.c_int64 * count).from_address(address))
