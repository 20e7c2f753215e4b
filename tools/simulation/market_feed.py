"""Owns the market of a simulation with parents: others who trade, and what everybody is told of book and trades."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from gateways.record_writer import RecordWriter
from gateways.simulator.order_book import BookSide, OrderBook
from gateways.simulator.orders import Fill, SelfTradePrevention
from gateways.simulator.orders import Side as VenueSide
from ipc.clock import NS_PER_MS
from ipc.enums import Side
from ipc.market_tables import DEPTH_LEVELS
from tools.simulation.order_kinds import MIDDLE_TICKS

if TYPE_CHECKING:
    from tools.simulation.site import Site
    from tools.simulation.stage import Stage
    from tools.simulation.venue import Venue

TOLD_EVERY_NS = 100 * NS_PER_MS
_GAP_NS = 250 * NS_PER_MS


class TradeTap:
    """Hears of every trade before the venue's face does."""

    def __init__(self, venue: Venue) -> None:
        self.trades: list[Fill] = []
        self._face: Any = venue.face

    def on_trade(self, book: OrderBook, maker: Fill) -> None:
        """Two orders traded."""
        self.trades.append(maker)
        self._face.on_trade(book, maker)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._face, name)


class MarketFeed:
    """Writes depth and trades for the core."""

    def __init__(self, stage: Stage, site: Site, generator: Random) -> None:
        self._stage = stage
        self._venue = site.venue
        self._instrument_id = site.number
        self._generator = generator
        self._tap = TradeTap(site.venue)
        site.venue.exchange.observer = self._tap
        stage.timeline.after(int(generator.random() * _GAP_NS), self._trade)

    def write(self, writer: RecordWriter) -> None:
        """What is new."""
        book, instrument_id = self._venue.book, self._instrument_id
        writer.book_depth(instrument_id, int(Side.BUY), book.update_id, _levels(book.bids))
        writer.book_depth(instrument_id, int(Side.SELL), book.update_id, _levels(book.asks))
        trades, self._tap.trades = self._tap.trades, []
        if not trades:
            return
        prices = [trade.price_ticks for trade in trades]
        lots = [trade.lots for trade in trades]
        bought_lots = sum(trade.lots for trade in trades if trade.order.side is VenueSide.SELL)
        writer.market_trades(
            instrument_id=instrument_id,
            last_trade_id=trades[-1].trade_id,
            last_price_ticks=prices[-1],
            high_ticks=max(prices),
            low_ticks=min(prices),
            bought_lots=bought_lots,
            sold_lots=sum(lots) - bought_lots,
            traded_notional=sum(price * part for price, part in zip(prices, lots, strict=True)),
            trade_count=len(trades),
            missed_count=0,
        )

    def _trade(self) -> None:
        """Somebody rests near the middle, or takes."""
        stage, generator = self._stage, self._generator
        if stage.plan.is_over:
            return
        buys, rests = generator.random() < 0.5, generator.random() < 0.4
        towards = 1 if buys else -1
        away_ticks = -generator.randrange(100, 1_000) if rests else 1_200
        price_ticks = MIDDLE_TICKS + towards * away_ticks
        self._venue.trade(
            buys=buys,
            price_ticks=price_ticks,
            lots=generator.randrange(20, 400),
            rests=rests,
            prevention=SelfTradePrevention.NONE,
        )
        stage.timeline.after(int(generator.random() * _GAP_NS) + NS_PER_MS, self._trade)


def _levels(side: BookSide) -> list[int]:
    words: list[int] = []
    for level in islice(side.from_best(), DEPTH_LEVELS):
        words += (level.price_ticks, level.visible_lots)
    return words
