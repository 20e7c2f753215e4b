"""Owns what a decoder under test is: where its inputs come from, how they are spoilt, what it may answer."""

import random
from collections.abc import Sequence
from typing import Protocol


class Fuzzed(Protocol):
    """One decoder. Everything that `take` lets out is a crash: it swallows the decoder's own named error alone."""

    seeds: Sequence[bytes]
    """Inputs that make sense."""

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """The input with something changed that the decoder looks at."""

    def close(self) -> None:
        """Gives back what it holds."""

    def take(self, data: bytes) -> None:
        """Decodes one input."""
