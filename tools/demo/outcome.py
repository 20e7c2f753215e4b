"""Owns what became of the strategy's orders, read from its own log."""

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from ipc.enums import RefusalReason

ACCEPTING = {"NEW", "TRADE", "REPLACED", "CANCELED", "EXPIRED"}
ENDED = {"FILLED", "CANCELED", "EXPIRED", "REJECTED", "REFUSED"}
BPS = 10_000


class Trade(NamedTuple):
    """One fill, as either side tells it."""

    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str


@dataclass
class OrderOutcome:
    """One order from its sending to its end."""

    order_id: int
    order_type: str
    side: str
    middle: Decimal
    status: str = ""  # empty until something was heard of it
    is_acknowledged: bool = False
    trades: dict[int, Trade] = field(default_factory=dict)
    repeated_trades: list[int] = field(default_factory=list)

    @property
    def sign(self) -> int:
        """1 for a buy, -1 for a sell."""
        return 1 if self.side == "BUY" else -1

    @property
    def notional(self) -> Decimal:
        """What its trades were worth, in the quote asset."""
        return sum((trade.quantity * trade.price for trade in self.trades.values()), Decimal(0))

    @property
    def cost(self) -> Decimal:
        """What its trades cost beyond the middle of the book when it was sent; positive is bad."""
        trades = self.trades.values()
        return sum((self.sign * trade.quantity * (trade.price - self.middle) for trade in trades), Decimal(0))

    def take(self, line: dict[str, Any]) -> None:
        """Takes one report."""
        self.status = line["order_status"]
        self.is_acknowledged |= line["venue_order_id"] != 0 or line["execution_type"] in ACCEPTING
        if line["execution_type"] == "TRADE":
            if line["trade_id"] in self.trades:
                self.repeated_trades.append(line["trade_id"])
            self.trades[line["trade_id"]] = Trade(
                Decimal(line["last_quantity"]), Decimal(line["last_price"]), Decimal(line["fee"]), line["fee_asset"]
            )


@dataclass
class StrategyOutcome:
    """All orders of one run, and the position that the engine stated at its end."""

    orders: dict[int, OrderOutcome] = field(default_factory=dict)
    position: Decimal = Decimal(0)
    is_settled: bool = False
    lost_reports: int = 0
    refused_changes: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """Of orders, by the reason's name."""

    @classmethod
    def read(cls, path: Path) -> "StrategyOutcome":
        """The outcome that the log tells."""
        outcome = cls()
        with path.open(encoding="ascii") as lines:
            for text in lines:
                outcome.take(json.loads(text))
        return outcome

    def take(self, line: dict[str, Any]) -> None:
        """Takes one line of the log."""
        match line["event"]:
            case "submitted":
                middle = (Decimal(line["bid"]) + Decimal(line["ask"])) / 2
                self.orders[line["order_id"]] = OrderOutcome(line["order_id"], line["order_type"], line["side"], middle)
            case "report":
                order = self.orders.get(line["order_id"])
                # A refusal before anything else is the order's; a later one is of a cancel or an amendment.
                if order is None or (line["execution_type"] == "REFUSED" and order.status):
                    self.refused_changes += 1
                else:
                    order.take(line)
                    if line["execution_type"] == "REFUSED":
                        self.refusals[RefusalReason(line["reason"]).name] += 1
            case "lagged":
                self.lost_reports = line["lost_count"]
            case "ended":
                self.position = Decimal(line["position"])
                self.is_settled = line["is_settled"]

    def count(self, *statuses: str) -> int:
        """How many orders ended so."""
        return sum(order.status in statuses for order in self.orders.values())

    @property
    def acknowledged(self) -> list[OrderOutcome]:
        """The orders that the venue took."""
        return [order for order in self.orders.values() if order.is_acknowledged]

    @property
    def trades(self) -> list[Trade]:
        """Every fill."""
        return [trade for order in self.orders.values() for trade in order.trades.values()]

    @property
    def unknown(self) -> int:
        """How many orders have no known end."""
        return sum(order.status not in ENDED for order in self.orders.values())

    def fees(self) -> dict[str, Decimal]:
        """What was paid, by asset."""
        totals: dict[str, Decimal] = {}
        for trade in self.trades:
            totals[trade.fee_asset] = totals.get(trade.fee_asset, Decimal(0)) + trade.fee
        return totals

    def slippage_bps(self, order_type: str) -> Decimal | None:
        """The cost against the middle of the book when each order was sent, over what traded; None without trades."""
        traded = [order for order in self.orders.values() if order.trades and order.order_type == order_type]
        worth = sum((abs(order.notional) for order in traded), Decimal(0))
        return BPS * sum((order.cost for order in traded), Decimal(0)) / worth if worth else None
