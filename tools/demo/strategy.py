"""An example strategy: it quotes both sides of one instrument, takes now and then, and leaves nothing open.

It needs nothing but the client library, so it is also a way to begin one's own:

    python -m tools.demo.strategy shm://ENGINE --strategy NAME --instrument BTC/USDT.BINANCE --log events.jsonl
"""

import argparse
import signal
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from ipc.client import Client, connect
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.enums import ENDED_STATUSES, ExecutionType, OrderStatus, OrderType, Side, TimeInForce
from ipc.events import Best, ExecutionReport, Position
from tools.demo.strategy_log import StrategyLog

WORKING = {OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED}
PENDING = {OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE}

OPEN_ORDERS_MAX = 12
SETTLE_TIMEOUT_S = 15.0
# After the last order has ended, its last trades may still be on their way.
QUIET_NS = 300 * NS_PER_MS


class QuotingStrategy:
    """Sends one command a period, drawn at random; the seed decides which."""

    def __init__(self, client: Client, log: StrategyLog, instrument: str, quantity: Decimal, seed: int) -> None:
        self._client = client
        self._log = log
        self._instrument = client.instruments()[instrument]
        self._quantity = quantity
        self._random = Random(seed)  # noqa: S311  repeatable choices, nothing secret
        self._clock = SystemClock()
        self._open: dict[int, ExecutionReport | None] = {}
        self._changing: set[int] = set()  # a cancel or an amendment of these is on its way
        self._position = Decimal(0)

    def trade(self, *, rate: float, seconds: float) -> None:
        """Sends `rate` commands a second for so long."""
        period_ns = int(NS_PER_S / rate)
        due_ns = self._clock.monotonic_ns()
        end_ns = due_ns + int(seconds * NS_PER_S)
        while (now_ns := self._clock.monotonic_ns()) < end_ns:
            if now_ns >= due_ns:
                due_ns += period_ns
                self._act(self._client.best(self._instrument))
            self._take_events(timeout_s=max(0, due_ns - now_ns) / NS_PER_S)

    def settle(self) -> bool:
        """Cancels what is open and waits for every order's end; False when one has not ended in time."""
        self._client.cancel_all()
        deadline_ns = self._clock.monotonic_ns() + int(SETTLE_TIMEOUT_S * NS_PER_S)
        quiet_since_ns = self._clock.monotonic_ns()
        while self._open or self._clock.monotonic_ns() < quiet_since_ns + QUIET_NS:
            if self._clock.monotonic_ns() > deadline_ns:
                return False
            if self._take_events(timeout_s=0.02):
                quiet_since_ns = self._clock.monotonic_ns()
        return True

    def held(self) -> Position:
        """What the engine says that we hold."""
        return self._client.position(self._instrument)

    def _act(self, best: Best) -> None:
        """One command: mostly quotes, some orders that take, some changes of what is open."""
        if best.bid is None or best.ask is None:
            return
        choice = self._random.random()
        if choice < 0.45 and len(self._open) < OPEN_ORDERS_MAX:
            self._quote(best)
        elif choice < 0.70:
            self._take(best)
        else:
            self._change_one(best)

    def _take(self, best: Best) -> None:
        """An order that trades at once: at the market, or at the touch and for no longer than a moment."""
        side = self._side()
        own = self._own_at_touch(side, best)
        if own is not None:
            # Trading with oneself is no trade; the venue would expire one of the two orders.
            self._cancel(own)
        elif self._random.random() < 0.7:
            self._submit(best, side, order_type=OrderType.MARKET)
        else:
            price = best.ask if side is Side.BUY else best.bid
            self._submit(best, side, price=price, time_in_force=TimeInForce.IOC)

    def _own_at_touch(self, side: Side, best: Best) -> ExecutionReport | None:
        """Our own order that an order of this side would meet, if there is one."""
        assert best.bid is not None
        assert best.ask is not None
        for report in self._open.values():
            if report is None or report.side == side:
                continue
            if report.price <= best.ask if side is Side.BUY else report.price >= best.bid:
                return report
        return None

    def _quote(self, best: Best) -> None:
        """A limit order at the touch or a little behind it, half of them post-only."""
        assert best.bid is not None
        assert best.ask is not None
        side = self._side()
        touch, away = (best.bid, -1) if side is Side.BUY else (best.ask, 1)
        price = touch + away * self._random.randint(0, 200) * self._instrument.tick_size
        self._submit(best, side, price=price, post_only=self._random.random() < 0.5)

    def _change_one(self, best: Best) -> None:
        """Cancels or amends an order that is known to be working."""
        working = [report for report in self._open.values() if report and report.order_status in WORKING]
        if not working:
            self._quote(best)
            return
        order = self._random.choice(working)
        choice = self._random.random()
        if choice < 0.5:
            self._cancel(order)
        elif choice < 0.75 and order.leaves_lots > 1:
            self._amend(order, quantity=order.quantity - self._instrument.lot_size)
        else:
            away = -1 if order.side == Side.BUY else 1
            self._amend(order, price=order.price + away * 10 * self._instrument.tick_size)

    def _cancel(self, order: ExecutionReport) -> None:
        if order.order_id not in self._changing:
            self._changing.add(order.order_id)
            self._client.cancel(order.order_id)

    def _amend(self, order: ExecutionReport, *, price: Decimal | None = None, quantity: Decimal | None = None) -> None:
        if order.order_id not in self._changing:
            self._changing.add(order.order_id)
            self._client.amend(order.order_id, price=price, quantity=quantity)

    def _side(self) -> Side:
        """Mostly the side that brings the position back to zero, once it is some orders large."""
        if abs(self._position) > 5 * self._quantity:
            return Side.SELL if self._position > 0 else Side.BUY
        return self._random.choice((Side.BUY, Side.SELL))

    def _submit(self, best: Best, side: Side, **terms: Any) -> None:
        """An order of one to three times the smallest quantity; what the terms leave out is as configured."""
        quantity = self._quantity * self._random.randint(1, 3)
        order_id = self._client.submit(self._instrument, side, quantity, **terms)
        self._open[order_id] = None
        self._log.submitted(order_id, side, quantity, best, is_market="price" not in terms)

    def _take_events(self, *, timeout_s: float) -> bool:
        """Takes what happened in the meantime; whether anything did."""
        events = self._client.wait(timeout_s)
        for event in events:
            self._log.event(event)
            if isinstance(event, ExecutionReport):
                self._take_report(event)
        return bool(events)

    def _take_report(self, report: ExecutionReport) -> None:
        order_id = report.order_id
        if report.last_lots:
            self._position += report.last_quantity if report.side == Side.BUY else -report.last_quantity
        if report.order_status not in PENDING:
            self._changing.discard(order_id)
        if report.execution_type == ExecutionType.REFUSED and self._open.get(order_id) is not None:
            return  # a cancel or an amendment was refused; the order stands as it stood
        if report.order_status in ENDED_STATUSES:
            self._open.pop(order_id, None)
        elif order_id in self._open:
            self._open[order_id] = report


def main() -> None:
    """Trades, settles and logs how it ended."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo.strategy", description="An example strategy.")
    parser.add_argument("url", help="the engine, such as shm://demo")
    parser.add_argument("--strategy", required=True, metavar="NAME", help="its name in the engine's configuration")
    parser.add_argument("--instrument", required=True, metavar="BTC/USDT.BINANCE")
    parser.add_argument("--quantity", type=Decimal, default=Decimal("0.001"), help="of the smallest order")
    parser.add_argument("--rate", type=float, default=50.0, help="commands a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to trade")
    parser.add_argument("--seed", type=int, default=1, help="of its choices")
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="where its events go, as JSON lines")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with StrategyLog(arguments.log) as log, connect(arguments.url, strategy=arguments.strategy) as client:
        strategy = QuotingStrategy(client, log, arguments.instrument, arguments.quantity, arguments.seed)
        strategy.trade(rate=arguments.rate, seconds=arguments.seconds)
        is_settled = strategy.settle()
        log.ended(strategy.held(), is_settled=is_settled)


if __name__ == "__main__":
    main()
