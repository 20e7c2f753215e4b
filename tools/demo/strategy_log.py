"""Owns a strategy's own log: what it sent and what it was told, as JSON lines with exact decimal text.

submitted   order_id, order_type, side, quantity, bid, ask (the best prices when it was sent)
report      order_id, leg, execution_type, order_status, venue_order_id, cumulative_quantity, reason;
            a trade's trade_id, last_quantity, last_price, fee and fee_asset are empty otherwise
lagged      lost_count
ended       is_settled, position, base_fee_units, quote_fee_units
"""

import json
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ipc.clock import NS_PER_MS, SystemClock
from ipc.enums import ExecutionType, OrderStatus, Side
from ipc.events import Best, Event, ExecutionReport, Lagged, Position

FLUSH_NS = 100 * NS_PER_MS


class StrategyLog:
    """Writes the lines; others may read the file meanwhile."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="ascii")
        self._clock = SystemClock()
        self._flushed_ns = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def submitted(self, order_id: int, side: Side, quantity: Decimal, best: Best, *, is_market: bool) -> None:
        """An order was handed to the engine."""
        self._write(
            event="submitted",
            order_id=order_id,
            order_type="market" if is_market else "limit",
            side=side.name,
            quantity=str(quantity),
            bid=str(best.bid),
            ask=str(best.ask),
        )

    def event(self, event: Event) -> None:
        """The engine told something."""
        if isinstance(event, Lagged):
            self._write(event="lagged", lost_count=event.lost_count)
        if not isinstance(event, ExecutionReport):
            return
        is_trade = event.execution_type == ExecutionType.TRADE
        self._write(
            event="report",
            order_id=event.order_id,
            leg=event.leg,
            execution_type=ExecutionType(event.execution_type).name,
            order_status=OrderStatus(event.order_status).name,
            venue_order_id=event.venue_order_id,
            cumulative_quantity=str(event.cumulative_quantity) if event.instrument else "0",
            reason=event.reason,
            trade_id=event.trade_id if is_trade else 0,
            last_quantity=str(event.last_quantity) if is_trade else "",
            last_price=str(event.last_price) if is_trade else "",
            fee=str(event.fee) if is_trade else "",
            fee_asset=event.fee_asset.name if is_trade and event.fee_asset else "",
        )

    def ended(self, position: Position, *, is_settled: bool) -> None:
        """The strategy is done; this is what the engine says it holds."""
        self._write(
            event="ended",
            is_settled=is_settled,
            position=str(position.quantity),
            base_fee_units=position.base_fee_units,
            quote_fee_units=position.quote_fee_units,
        )

    def _write(self, **fields: Any) -> None:
        self._file.write(json.dumps(fields) + "\n")
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._flushed_ns >= FLUSH_NS:
            self._file.flush()
            self._flushed_ns = now_ns
