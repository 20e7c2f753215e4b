"""Owns what is remembered of a venue beside its prices: rejections, latency, and what of ours was filled there."""

import numpy as np

from engine.core.state import header_of, route_of
from ipc.compiler import kernel

PPM = 1_000_000
_PENALTY_NS = 1_000_000_000
# From the seventh rejection in a row on it stays at a minute.
_DOUBLINGS_MAX = 6
_PENALTY_MAX_NS = 60_000_000_000
# A new latency counts for one eighth.
_LATENCY_PARTS = 8
_RESTED_LOTS_MAX = 1 << 40


@kernel
def note_rejection(state: int, account_id: int, instrument_id: int) -> None:
    """Keeps orders away from where one was rejected: for a second, and twice as long each time it happens again.

    After as long without a rejection as the last penalty lasted, it begins with a second again.
    """
    route, now_ns = route_of(state, account_id, instrument_id), header_of(state)["now_ns"]
    if now_ns > route["penalty_until_ns"] + _penalty_ns(route["reject_count"]):
        route["reject_count"] = 0
    route["reject_count"] += 1
    route["penalty_until_ns"] = now_ns + _penalty_ns(route["reject_count"])


@kernel
def _penalty_ns(reject_count: int) -> int:
    if reject_count == 0:
        return 0
    return min(_PENALTY_NS << min(reject_count - 1, _DOUBLINGS_MAX), _PENALTY_MAX_NS)


@kernel
def note_latency(state: int, account_id: int, instrument_id: int, latency_ns: int) -> None:
    """Takes the time from a request to its answer into the moving average."""
    route = route_of(state, account_id, instrument_id)
    latency_ns = max(latency_ns, 1)
    if route["latency_ns"] == 0:
        route["latency_ns"] = latency_ns
    else:
        route["latency_ns"] += (latency_ns - route["latency_ns"]) // _LATENCY_PARTS


@kernel
def note_rest(state: int, account_id: int, instrument_id: int, rested_lots: int, filled_lots: int) -> None:
    """Counts how much of an order that rested was filled, once it has ended; what is long ago fades."""
    route = route_of(state, account_id, instrument_id)
    route["rested_lots"] += rested_lots
    route["rest_filled_lots"] += min(filled_lots, rested_lots)
    while route["rested_lots"] > _RESTED_LOTS_MAX:
        route["rested_lots"] //= 2
        route["rest_filled_lots"] //= 2


@kernel
def fill_ppm_of(route: np.void, lots: int) -> int:
    """How much of what rests here is filled; the less is known, as measured by an order's lots, the nearer to half."""
    known_lots = route["rested_lots"] + lots
    return (route["rest_filled_lots"] * PPM + lots * (PPM // 2)) // max(known_lots, 1)
