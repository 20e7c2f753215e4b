"""Owns the type of a secret: bytes that no log, repr, format or pickle can carry away."""

import hmac
from typing import NoReturn

_REDACTED = "Secret(redacted)"


class Secret:
    """Holds bytes that leave only through `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The bytes; the caller keeps them out of messages, logs and attributes."""
        return self._value

    def __repr__(self) -> str:
        return _REDACTED

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return _REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret is not a key of anything")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")
