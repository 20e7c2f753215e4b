"""Owns how a venue's rate limits are declared: one window and what each request counts in it."""

from dataclasses import dataclass

from ipc.enums import RateLimitType


@dataclass(frozen=True)
class VenueBudget:
    """One window of a venue's budget; the names are those of the state's budget table."""

    limit_type: RateLimitType
    window_ns: int
    limit: int
    reserve: int
    new_cost: int
    cancel_cost: int
    amend_cost: int
    cancel_replace_cost: int
