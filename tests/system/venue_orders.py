"""Owns the venue's view of one order: every attempt that reached it, from the venue's own log."""

from itertools import pairwise
from typing import Any

from ipc.clock import NS_PER_MS
from ipc.order_id import LEG_BITS, from_text
from tests.system.installation import VenueProcess


def lines_of(venue: VenueProcess, order_id: int, event: str = "") -> list[dict[str, Any]]:
    """The venue's lines about an order, whichever of its legs they name."""
    return [
        line
        for line in venue.log()
        if (leg_id := from_text(line.get("client_order_id", ""))) is not None
        and leg_id >> LEG_BITS << LEG_BITS == order_id
        and event in ("", line["event"])
    ]


def attempts_of(venue: VenueProcess, order_id: int) -> list[dict[str, Any]]:
    """What the venue took on behalf of an order, one line for each leg."""
    return lines_of(venue, order_id, "accepted")


def gaps_ms(lines: list[dict[str, Any]]) -> list[float]:
    """The time from each line to the next."""
    times = [line["utc_ns"] for line in lines]
    return [(after - before) / NS_PER_MS for before, after in pairwise(times)]
