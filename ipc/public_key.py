"""Owns what a CURVE public key looks like: 32 bytes in 40 characters of Z85 (https://rfc.zeromq.org/spec/32/)."""

import re

PUBLIC_KEY_PATTERN = r"\A[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_KEY = re.compile(PUBLIC_KEY_PATTERN)
_DIGITS_PER_WORD, _BYTES_PER_WORD = 5, 4


def raw_key(text: str) -> bytes | None:
    """The 32 bytes as they travel; None when the text is no key."""
    if not _KEY.fullmatch(text):
        return None
    raw = b""
    for place in range(0, len(text), _DIGITS_PER_WORD):
        word = 0
        for digit in text[place : place + _DIGITS_PER_WORD]:
            word = word * len(_DIGITS) + _VALUE[digit]
        if word >> 8 * _BYTES_PER_WORD:
            return None
        raw += word.to_bytes(_BYTES_PER_WORD, "big")
    return raw
