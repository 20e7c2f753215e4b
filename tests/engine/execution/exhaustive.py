"""Owns the exhaustive answer to how a quantity is best shared over small books: every sharing is tried."""

from dataclasses import dataclass

import numpy as np

from ipc.enums import Side
from tests.engine.execution.books import Levels, Venue

PPM = 1_000_000
_NEVER = 1 << 60


@dataclass(frozen=True)
class Share:
    """How many fine lots trade, and what they cost in millionths, fees included; a sale costs less than 0."""

    fine_lots: int
    cost: int

    def is_worse_than(self, other: "Share") -> bool:
        """More is better, then cheaper."""
        return (-self.fine_lots, self.cost) > (-other.fine_lots, other.cost)


def levels_within(venue: Venue, side: Side, limit_fine: int) -> Levels:
    """What may be taken at a limit, 0 for none."""
    found = []
    for price_ticks, lots in venue.levels(side):
        fine = price_ticks * venue.price_scale
        if limit_fine and (fine > limit_fine if side is Side.BUY else fine < limit_fine):
            break
        found.append((price_ticks, lots))
    return found


def cost_of(venue: Venue, side: Side, lots: int) -> tuple[int, int]:
    """What the first lots of a book cost in millionths, and the price of the last of them."""
    cost = worst_ticks = 0
    rest = lots
    for price_ticks, there in venue.levels(side):
        if rest == 0:
            break
        part = min(there, rest)
        rest -= part
        worst_ticks = price_ticks
        fee = PPM + venue.taker_ppm if side is Side.BUY else venue.taker_ppm - PPM
        cost += price_ticks * venue.price_scale * part * venue.lot_scale * fee
    assert rest == 0, "the book holds as much"
    return cost, worst_ticks


def takes(venue: Venue, lots: int, worst_ticks: int) -> bool:
    """Whether the venue takes an order of this size."""
    return venue.least_lots <= lots <= venue.most_lots and worst_ticks * lots >= venue.min_notional


def options(venue: Venue, side: Side, limit_fine: int, wanted: int) -> dict[int, int]:
    """Every order that one venue takes, as fine lots to cost."""
    available = sum(lots for _, lots in levels_within(venue, side, limit_fine))
    found = {}
    for lots in range(1, min(available, wanted // venue.lot_scale) + 1):
        cost, worst_ticks = cost_of(venue, side, lots)
        if takes(venue, lots, worst_ticks):
            found[lots * venue.lot_scale] = cost
    return found


def best_single(venues: list[Venue], side: Side, limit_fine: int, wanted: int) -> Share:
    """The best of those sharings that use one venue alone."""
    best = Share(0, 0)
    for venue in venues:
        for fine_lots, cost in options(venue, side, limit_fine, wanted).items():
            share = Share(fine_lots, cost)
            if best.is_worse_than(share):
                best = share
    return best


def optimum(venues: list[Venue], side: Side, limit_fine: int, wanted: int) -> Share:
    """The best of all sharings, by the cheapest way to each total."""
    cheapest = np.full(wanted + 1, _NEVER, np.int64)
    cheapest[0] = 0
    for venue in venues:
        before = cheapest.copy()
        for fine_lots, cost in options(venue, side, limit_fine, wanted).items():
            reached = before[: wanted + 1 - fine_lots]
            with_it = np.where(reached == _NEVER, _NEVER, reached + cost)
            np.minimum(cheapest[fine_lots:], with_it, out=cheapest[fine_lots:])
    total = int(np.flatnonzero(cheapest != _NEVER)[-1])
    return Share(total, int(cheapest[total]))
