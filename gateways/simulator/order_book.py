"""Owns the order book: price levels in price order, orders in time order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict, deque
from collections.abc import Iterator

from gateways.simulator.instruments import Instrument
from gateways.simulator.orders import Order, Side


class PriceLevel:
    """The orders at one price, oldest first."""

    __slots__ = ("orders", "price_ticks", "visible_lots")

    def __init__(self, price_ticks: int) -> None:
        self.price_ticks = price_ticks
        self.visible_lots = 0
        self.orders: OrderedDict[int, Order] = OrderedDict()

    def first(self) -> Order:
        """The order that trades next."""
        return next(iter(self.orders.values()))


class BookSide:
    """One side; the best price is the last of the sorted ranks, so that taking it is cheap."""

    __slots__ = ("_ranks", "_sign", "levels")

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is Side.BUY else -1
        self._ranks: list[int] = []
        self.levels: dict[int, PriceLevel] = {}

    def best(self) -> PriceLevel | None:
        """The level that trades next."""
        return self.levels[self._ranks[-1] * self._sign] if self._ranks else None

    def from_best(self) -> Iterator[PriceLevel]:
        """Every level, the best first."""
        levels, sign = self.levels, self._sign
        return (levels[rank * sign] for rank in reversed(self._ranks))

    def level(self, price_ticks: int) -> PriceLevel:
        """The level at the price, made when there is none."""
        level = self.levels.get(price_ticks)
        if level is None:
            level = self.levels[price_ticks] = PriceLevel(price_ticks)
            insort(self._ranks, price_ticks * self._sign)
        return level

    def discard(self, level: PriceLevel) -> None:
        """Forgets an empty level."""
        rank = level.price_ticks * self._sign
        if self._ranks[-1] == rank:
            self._ranks.pop()
        else:
            del self._ranks[bisect_left(self._ranks, rank)]
        del self.levels[level.price_ticks]


class AveragePrice:
    """The volume-weighted price of the trades of the last minutes."""

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._trades: deque[tuple[int, int, int]] = deque()
        self._ticks_lots = 0
        self._lots = 0

    def add(self, utc_ns: int, price_ticks: int, lots: int) -> None:
        """Counts one trade."""
        self._trades.append((utc_ns, price_ticks * lots, lots))
        self._ticks_lots += price_ticks * lots
        self._lots += lots

    def ticks(self, utc_ns: int) -> int | None:
        """The average in whole ticks, or None when nothing traded in the window."""
        while self._trades and self._trades[0][0] < utc_ns - self._window_ns:
            _, ticks_lots, lots = self._trades.popleft()
            self._ticks_lots -= ticks_lots
            self._lots -= lots
        return self._ticks_lots // self._lots if self._lots else None


class OrderBook:
    """Both sides of one instrument, the counters of its ids, and who wants to hear of changed levels."""

    AVERAGE_WINDOW_NS = 300_000_000_000

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)
        self.last_price_ticks = instrument.reference_ticks
        self.average = AveragePrice(self.AVERAGE_WINDOW_NS)
        self.update_id = 1
        self.order_id = 0
        self.trade_id = 0
        self.execution_id = 0
        self.prevented_match_id = 0
        self.change_sets: list[set[tuple[Side, int]]] = []
        self._published_top = (0, 0, 0, 0)

    def own_side(self, order: Order) -> BookSide:
        """Where the order rests."""
        return self.bids if order.side is Side.BUY else self.asks

    def other_side(self, order: Order) -> BookSide:
        """What the order trades against."""
        return self.asks if order.side is Side.BUY else self.bids

    def average_ticks(self, utc_ns: int) -> int:
        """The price that stands in for a missing one."""
        return self.average.ticks(utc_ns) or self.last_price_ticks

    def rest(self, order: Order) -> None:
        """Puts an order behind the others at its price."""
        leaves_lots = order.leaves_lots
        order.visible_lots = min(order.display_lots or leaves_lots, leaves_lots)
        level = self.own_side(order).level(order.price_ticks)
        level.orders[order.order_id] = order
        level.visible_lots += order.visible_lots
        self._changed(order)

    def remove(self, order: Order) -> None:
        """Takes a resting order off the book."""
        side = self.own_side(order)
        level = side.levels[order.price_ticks]
        del level.orders[order.order_id]
        level.visible_lots -= order.visible_lots
        order.visible_lots = 0
        if not level.orders:
            side.discard(level)
        self._changed(order)

    def reduce(self, order: Order, lots: int) -> None:
        """Shows that a resting order has traded; Precondition: its cumulative quantity already says so."""
        if order.leaves_lots == 0 or (order.display_lots and order.visible_lots == lots):
            # An iceberg's next slice queues up behind everyone else at the price.
            is_done = order.leaves_lots == 0
            self.remove(order)
            if not is_done:
                self.rest(order)
            return
        order.visible_lots -= lots
        self.own_side(order).levels[order.price_ticks].visible_lots -= lots
        self._changed(order)

    def shrink(self, order: Order) -> None:
        """Lowers what an amended order shows, without losing its place."""
        visible_lots = min(order.visible_lots, order.leaves_lots)
        level = self.own_side(order).levels[order.price_ticks]
        level.visible_lots += visible_lots - order.visible_lots
        order.visible_lots = visible_lots
        self._changed(order)

    def top(self) -> tuple[int, int, int, int]:
        """Best bid price and lots, best ask price and lots; zeros for an empty side."""
        bid, ask = self.bids.best(), self.asks.best()
        return (
            *((bid.price_ticks, bid.visible_lots) if bid else (0, 0)),
            *((ask.price_ticks, ask.visible_lots) if ask else (0, 0)),
        )

    def take_top_change(self) -> bool:
        """Whether the top differs from the last time this was asked."""
        top = self.top()
        if top == self._published_top:
            return False
        self._published_top = top
        return True

    def _changed(self, order: Order) -> None:
        self.update_id += 1
        for change_set in self.change_sets:
            change_set.add((order.side, order.price_ticks))
