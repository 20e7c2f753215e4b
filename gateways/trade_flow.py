"""Owns the conflation of what everybody trades: one record for an instrument at a time, a while apart.

The first trade after a quiet while is told at once; what follows is gathered until the while is over.
"""

import numpy as np
from numpy.typing import NDArray

from gateways.market_trade import MarketTrade
from gateways.record_writer import RecordWriter
from ipc.clock import NS_PER_MS

TOLD_EVERY_NS = 50 * NS_PER_MS
WORD_MAX = (1 << 62) - 1
"""What a word of a record holds at most."""


class _Flow:
    """What is known of one instrument's trades."""

    __slots__ = (
        "bought_lots",
        "high_ticks",
        "instrument_id",
        "last",
        "low_ticks",
        "missed_count",
        "notional",
        "sold_lots",
        "told_ns",
        "trade_count",
    )

    def __init__(self, trade: MarketTrade) -> None:
        self.instrument_id = trade.instrument_id
        self.last = trade
        self.told_ns: int | None = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.trade_count = self.bought_lots = self.sold_lots = self.notional = 0
        self.high_ticks = self.low_ticks = self.missed_count = 0

    def add(self, trade: MarketTrade) -> None:
        """Counts one trade."""
        price_ticks = trade.price_ticks
        self.high_ticks = max(self.high_ticks, price_ticks)
        self.low_ticks = min(self.low_ticks, price_ticks) if self.trade_count else price_ticks
        if trade.is_bought:
            self.bought_lots += trade.lots
        else:
            self.sold_lots += trade.lots
        self.notional += price_ticks * trade.lots
        self.trade_count += 1
        self.last = trade

    def is_due(self, now_ns: int) -> bool:
        """Whether the record before was long enough ago."""
        return self.told_ns is None or now_ns - self.told_ns >= TOLD_EVERY_NS

    def tell(self, writer: RecordWriter, now_ns: int) -> None:
        """Writes what was gathered."""
        writer.market_trades(
            instrument_id=self.instrument_id,
            last_trade_id=self.last.trade_id,
            last_price_ticks=self.last.price_ticks,
            high_ticks=self.high_ticks,
            low_ticks=self.low_ticks,
            bought_lots=min(self.bought_lots, WORD_MAX),
            sold_lots=min(self.sold_lots, WORD_MAX),
            traded_notional=min(self.notional, WORD_MAX),
            trade_count=self.trade_count,
            missed_count=min(self.missed_count, WORD_MAX),
        )
        self._begin_anew()
        self.told_ns = now_ns


class TradeFlow:
    """The trades of one connection; each method that tells something returns how many rows it filled."""

    def __init__(self) -> None:
        self.repeated_count = 0
        self._writer = RecordWriter(account_id=-1)
        self._flows: dict[int, _Flow] = {}
        self._waiting: dict[int, _Flow] = {}

    def take(self, trade: MarketTrade, now_ns: int, rows: NDArray[np.int64]) -> int:
        """Counts a trade, and tells of its instrument when that is due; what came before is left out."""
        flow = self._flows.get(trade.instrument_id)
        if flow is None:
            flow = self._flows[trade.instrument_id] = _Flow(trade)
        elif trade.trade_id <= flow.last.trade_id:
            self.repeated_count += 1
            return 0
        else:
            flow.missed_count += trade.trade_id - flow.last.trade_id - 1
        flow.add(trade)
        self._waiting[trade.instrument_id] = flow
        return self._tell([flow], now_ns, rows) if flow.is_due(now_ns) else 0

    def flush(self, now_ns: int, rows: NDArray[np.int64]) -> int:
        """Tells what waits and is due."""
        return self._tell([flow for flow in self._waiting.values() if flow.is_due(now_ns)], now_ns, rows)

    def end(self, now_ns: int, rows: NDArray[np.int64]) -> int:
        """Tells all that waits, and forgets the venue's numbers: what comes after an outage counts anew."""
        told = self._tell(list(self._waiting.values()), now_ns, rows)
        self._flows.clear()
        return told

    def _tell(self, flows: list[_Flow], now_ns: int, rows: NDArray[np.int64]) -> int:
        writer = self._writer
        writer.start(rows, now_ns)
        for flow in flows:
            flow.tell(writer, now_ns)
            del self._waiting[flow.instrument_id]
        return writer.count
