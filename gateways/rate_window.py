"""Owns how one window of a venue's rate limits is declared."""

from collections.abc import Mapping
from typing import NamedTuple

from ipc.enums import RequestKind
from ipc.rate_enums import RateLimitType, RateWindowKind


class AgeCost(NamedTuple):
    """What it costs more to end or to change an order that is younger than this."""

    age_ns: int
    cancel: int
    amend: int


class RateWindow(NamedTuple):
    """A limit until the venue states another, how the venue forgets, and what each kind of request costs.

    A decaying window falls by `units_per_s`, and `window_ns` is how long it takes to fall from its limit to nothing.
    """

    limit_type: RateLimitType
    window_ns: int
    limit: int
    costs: Mapping[RequestKind, int]
    reserve: int = 0  # kept for cancels
    query_share: int = 0  # for what is asked about orders and trades
    kind: RateWindowKind = RateWindowKind.CALENDAR
    units_per_s: int = 0
    age_costs: tuple[AgeCost, ...] = ()
    is_per_instrument: bool = False
    is_by_address: bool = False  # counted over all accounts behind one address
    counts_less: bool = False  # the venue's count falls with fills, or leaves out what succeeded
