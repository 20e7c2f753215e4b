"""Owns what a venue's error means, in words that every venue shares."""

from enum import Enum
from typing import NamedTuple

from ipc.enums import RejectReason


class Certainty(Enum):
    """Whether an error proves that the request had no effect."""

    DEFINITE = 1
    AMBIGUOUS = 2


class Concern(Enum):
    """What an error is about."""

    REQUEST = 1
    RATE = 2
    SESSION = 3
    CLOCK = 4


class Verdict(NamedTuple):
    """What an error means."""

    certainty: Certainty
    reason: RejectReason
    concern: Concern = Concern.REQUEST

    @property
    def is_definite(self) -> bool:
        """Whether the request certainly had no effect."""
        return self.certainty is Certainty.DEFINITE
