"""Owns how one window of a venue's rate limits is declared."""

from typing import NamedTuple

from ipc.enums import RateLimitType


class RateWindow(NamedTuple):
    """A limit until the venue states another; `reserve` is kept for cancels."""

    limit_type: RateLimitType
    window_ns: int
    limit: int
    reserve: int
