"""Owns the rest of the market at one venue: seeded orders around the value, that nobody else's orders change."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from gateways.simulator.accounts import Account
from gateways.simulator.config import AccountConfig
from gateways.simulator.exchange import Exchange
from gateways.simulator.instruments import Instrument
from gateways.simulator.orders import Order, OrderKind, Side, TimeInForce
from ipc.clock import NS_PER_MS, NS_PER_S
from tools.execution.value import MILLI
from tools.execution.venues import BASE, QUOTE, VenueTerms
from tools.simulation.timeline import Timeline

_GAP_NS = 200 * NS_PER_MS
"""Between two orders, on average half of it."""
_TAKING_SHARE = 0.22
_LIFE_NS = 12 * NS_PER_S
"""How long an order rests if nobody takes it, on average half of it."""
_DEPTH_STEPS = 40
"""How far from the value orders rest, in the finest price step; the nearer the more."""
_HALF_SPREAD_MILLI = 900
_SIZE_MULTIPLES = 6
_RESTING_AT_START = 26
_TAKING_STEPS = 60
"""How far through the book a taking order may go."""
_RICH = "1000000000"


class Flow:
    """Draws the same numbers whatever the book looks like, so that two trials of a seed differ by our orders alone."""

    def __init__(
        self,
        terms: VenueTerms,
        instrument: Instrument,
        worth_milli: Callable[[], int],
        timeline: Timeline,
        generator: Random,
    ) -> None:
        self.account = Account(AccountConfig(name="flow", balances={BASE: _RICH, QUOTE: _RICH}), is_reported=False)
        self._terms = terms
        self._instrument = instrument
        self._worth_milli = worth_milli
        self._timeline = timeline
        self._random = generator.random
        self._step_milli = terms.price_scale * MILLI
        self._count = 0
        self._exchange: Exchange

    def start(self, exchange: Exchange) -> None:
        """Fills the book, and goes on for as long as time does."""
        self._exchange = exchange
        random = self._random
        for _ in range(_RESTING_AT_START):
            for side in (Side.BUY, Side.SELL):
                self._rest(side, random(), random(), random(), random())
        self._timeline.after(int(random() * _GAP_NS), self._act)

    def _act(self) -> None:
        random = self._random
        gap_ns, draw, side_draw, *draws = (random() for _ in range(7))
        side = Side.BUY if side_draw < 0.5 else Side.SELL
        if draw < _TAKING_SHARE:
            self._take(side, draws[0])
        else:
            self._rest(side, *draws)
        self._timeline.after(int(gap_ns * _GAP_NS) + 1, self._act)

    def _rest(self, side: Side, near: float, nearer: float, size: float, life: float) -> None:
        """An order that waits for a while."""
        away_milli = _HALF_SPREAD_MILLI + int(near * nearer * _DEPTH_STEPS * MILLI)
        order = self._order(side, away_milli if side is Side.SELL else -away_milli, self._lots(size), TimeInForce.GTC)
        self._exchange.place(order)
        self._timeline.after(int(life * _LIFE_NS) + NS_PER_MS, self._withdraw, order)

    def _take(self, side: Side, size: float) -> None:
        """An order that takes what is there."""
        beyond_milli = _TAKING_STEPS * MILLI if side is Side.BUY else -_TAKING_STEPS * MILLI
        # A few are many times as large as most.
        self._exchange.place(self._order(side, beyond_milli, 2 * self._lots(size * size), TimeInForce.IOC))

    def _withdraw(self, order: Order) -> None:
        if order.is_open:
            self._exchange.cancel(order, "")

    def _lots(self, size: float) -> int:
        return self._terms.order_lots * (1 + int(size * _SIZE_MULTIPLES))

    def _order(self, side: Side, away_milli: int, lots: int, time_in_force: TimeInForce) -> Order:
        self._count += 1
        milli = self._worth_milli() + away_milli
        step_milli = self._step_milli
        price_ticks = milli // step_milli if side is Side.BUY else -(-milli // step_milli)
        return Order(
            account=self.account,
            instrument=self._instrument,
            client_order_id=f"f{self._count}",
            side=side,
            kind=OrderKind.LIMIT,
            time_in_force=time_in_force,
            order_lots=lots,
            price_ticks=price_ticks,
        )
