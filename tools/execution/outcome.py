"""Owns what came of one trial, and how costs are counted: in basis points, fees included, positive is worse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateways.simulator.orders import Fill
from ipc.enums import Side
from ipc.parent_enums import Algorithm
from tools.execution.marketplace import Marketplace
from tools.execution.venues import VENUES
from tools.execution.world import World

BPS = 10_000
PPM = 1_000_000


class Trial(NamedTuple):
    """What is tried: an algorithm in a seed, at its home venue or from there over all of them."""

    algorithm: Algorithm
    seed: int
    is_routed: bool = False
    home: int = 0
    at_once: bool = False
    """Whether a sweep takes all of it however deep that goes, so that there is nothing to wait for."""
    against_naive: bool = True
    """Whether one order for all of it is sent in the same seed, too."""

    @property
    def venues(self) -> range:
        """Where it may trade."""
        return range(len(VENUES)) if self.is_routed else range(self.home, self.home + 1)


class Costs(NamedTuple):
    """In basis points."""

    arrival_bps: float
    """Against the mid at its start."""
    benchmark_bps: float
    """Against its own benchmark."""
    naive_bps: float | None
    """What one order for all of it, sent when it started, costs against the same mid."""


class Outcome(NamedTuple):
    """What it came to."""

    trial: Trial
    filled_share: float
    costs: Costs | None
    """None when it never started."""
    broken: tuple[str, ...]
    """The bounds that it broke."""
    venue_count: int = 0
    """At how many venues it traded."""


class Start(NamedTuple):
    """How the markets stood when a parent started."""

    started_ns: int
    mid_steps: float
    """The mean of the venues' middles: each of them is as good a guess at the value."""
    traded: tuple[tuple[int, int], ...]
    """Lots and notional of every venue so far, in the finest steps."""

    @classmethod
    def of(cls, world: World) -> Start:
        """Now."""
        mids = [mid_steps(place) for place in world.places]
        return cls(world.now_ns, sum(mids) / len(mids), tuple(map(_traded, world.places)))

    def market_vwap(self, world: World, venues: range) -> float | None:
        """What everybody traded at since then, in the finest price step; None when nobody did."""
        lots = notional = 0
        for number in venues:
            lots_now, notional_now = _traded(world.places[number])
            lots += lots_now - self.traded[number][0]
            notional += notional_now - self.traded[number][1]
        return notional / lots if lots else None


def _traded(place: Marketplace) -> tuple[int, int]:
    scale = place.terms.lot_scale
    return place.data.traded_lots * scale, place.data.traded_notional * scale * place.terms.price_scale


def mid_steps(place: Marketplace) -> float:
    """The middle of a book, in the finest price step; of an empty side the other one counts alone."""
    bid_ticks, _, ask_ticks, _ = place.book.top()
    return ((bid_ticks or ask_ticks) + (ask_ticks or bid_ticks)) * place.terms.price_scale / 2


class Ledger:
    """What our own fills come to from now on, in the finest steps; `venues` are where the rest could be had."""

    def __init__(self, world: World, side: Side, venues: range) -> None:
        self._world = world
        self._venues = venues
        self._sign = 1 if side is Side.BUY else -1
        self._first = [len(place.fills) for place in world.places]

    def lots(self) -> int:
        """What has traded."""
        return sum(fill.lots * place.terms.lot_scale for place, fill in self._fills())

    def venue_count(self) -> int:
        """At how many venues."""
        return len({place.terms.name for place, _ in self._fills()})

    def cost_bps(self, order_lots: int, reference_steps: float) -> float:
        """What all of it costs, if the rest is taken from the books as they stand."""
        lots = self.lots()
        fair = self._sign * reference_steps * max(order_lots, lots)
        return (self._paid() + self._rest(max(order_lots - lots, 0)) - fair) / abs(fair) * BPS

    def _fills(self) -> Iterator[tuple[Marketplace, Fill]]:
        for place, first in zip(self._world.places, self._first, strict=True):
            for fill in place.fills[first:]:
                yield place, fill

    def _paid(self) -> float:
        """Of a seller negative: what came in; fees are paid either way."""
        paid = 0.0
        for place, fill in self._fills():
            notional = fill.lots * place.terms.lot_scale * fill.price_ticks * place.terms.price_scale
            fee_ppm = place.terms.maker_ppm if fill.is_maker else place.terms.taker_ppm
            paid += self._sign * notional + notional * fee_ppm / PPM
        return paid

    def _rest(self, rest_lots: int) -> float:
        """What the rest would cost; what no book holds is counted at the last level."""
        if not rest_lots:
            return 0.0
        levels = []
        for number in self._venues:
            place = self._world.places[number]
            terms = place.terms
            for level in (place.book.asks if self._sign > 0 else place.book.bids).from_best():
                price_steps = level.price_ticks * terms.price_scale
                paid_steps = self._sign * price_steps + price_steps * terms.taker_ppm / PPM
                levels.append((paid_steps, level.visible_lots * terms.lot_scale))
        paid, last_steps = 0.0, self._sign * mid_steps(self._world.places[self._venues[0]])
        for last_steps, lots in sorted(levels):
            part = min(rest_lots, lots)
            paid += part * last_steps
            rest_lots -= part
        return paid + rest_lots * last_steps
