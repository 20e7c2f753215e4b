"""Owns what a simulated venue tells everybody: best prices at once, depth every 100 ms, trades together for 50 ms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from gateways.simulator.order_book import BookSide, OrderBook
from gateways.simulator.orders import Fill
from gateways.simulator.orders import Side as VenueSide
from ipc.clock import NS_PER_MS
from ipc.enums import RecordKind, Side
from ipc.market_tables import DEPTH_LEVELS
from tools.execution.records import record
from tools.simulation.timeline import Timeline

DEPTH_EVERY_NS = 100 * NS_PER_MS
TRADES_WITHIN_NS = 50 * NS_PER_MS
_DEPTH_KIND = int(RecordKind.BOOK_DEPTH)
_SIDES = (int(Side.BUY), int(Side.SELL))


class MarketData:
    """The public streams of one instrument."""

    def __init__(
        self, instrument_id: int, book: OrderBook, timeline: Timeline, publish: Callable[[list[int]], None]
    ) -> None:
        self.traded_lots = 0
        self.traded_notional = 0
        self.history: list[tuple[int, int]] = []
        """When something traded, and how much had traded then."""
        self._instrument_id = instrument_id
        self._book = book
        self._timeline = timeline
        self._publish = publish
        self._trades: list[Fill] = []

    def start(self) -> None:
        """Tells of the book, and again and again."""
        self.on_top()
        self._tell_depth()

    def on_top(self) -> None:
        """The best bid or ask is another one."""
        bid_ticks, bid_lots, ask_ticks, ask_lots = self._book.top()
        self._publish(
            record(
                RecordKind.BOOK_TOP,
                instrument_id=self._instrument_id,
                bid_ticks=bid_ticks,
                bid_lots=bid_lots,
                ask_ticks=ask_ticks,
                ask_lots=ask_lots,
                venue_sequence=self._book.update_id,
            )
        )

    def on_trade(self, maker: Fill) -> None:
        """Two orders traded."""
        self.traded_lots += maker.lots
        self.traded_notional += maker.lots * maker.price_ticks
        self.history.append((self._timeline.utc_ns(), self.traded_lots))
        if not self._trades:
            self._timeline.after(TRADES_WITHIN_NS, self._tell_trades)
        self._trades.append(maker)

    def _tell_trades(self) -> None:
        trades, self._trades = self._trades, []
        prices = [trade.price_ticks for trade in trades]
        self._publish(
            record(
                RecordKind.MARKET_TRADES,
                instrument_id=self._instrument_id,
                last_trade_id=trades[-1].trade_id,
                last_price_ticks=prices[-1],
                high_ticks=max(prices),
                low_ticks=min(prices),
                bought_lots=sum(trade.lots for trade in trades if trade.order.side is VenueSide.SELL),
                sold_lots=sum(trade.lots for trade in trades if trade.order.side is VenueSide.BUY),
                traded_notional=sum(trade.lots * trade.price_ticks for trade in trades),
                trade_count=len(trades),
            )
        )

    def _tell_depth(self) -> None:
        book = self._book
        for side, levels in zip(_SIDES, (book.bids, book.asks), strict=True):
            words = [0, _DEPTH_KIND, 0, 0, self._instrument_id, side, book.update_id, *_levels(levels)]
            self._publish(words)
        self._timeline.after(DEPTH_EVERY_NS, self._tell_depth)


def _levels(side: BookSide) -> list[int]:
    words: list[int] = []
    for level in islice(side.from_best(), DEPTH_LEVELS):
        words += (level.price_ticks, level.visible_lots)
    return words
