"""Owns the proof: what the strategy was told against the venue's own log and a fresh query of its balances."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ipc.order_id import LEG_BITS, from_text
from tools.demo.outcome import StrategyOutcome, Trade
from tools.demo.setting import ACCOUNT, BASE, OPENING_BALANCES, QUOTE

OPEN = {"NEW", "PARTIALLY_FILLED"}


@dataclass
class VenueOrders:
    """What the venue's log says of our account, by order id: its legs belong to one order."""

    accepted: set[int] = field(default_factory=set)
    trades: dict[int, dict[int, Trade]] = field(default_factory=dict)
    leg_status: dict[int, str] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "VenueOrders":
        """Everything in the log."""
        orders = cls()
        with path.open(encoding="utf-8") as lines:
            for text in lines:
                line = json.loads(text)
                if line.get("account") == ACCOUNT and "venue_order_id" in line:
                    orders.take(line)
        return orders

    def take(self, line: dict[str, Any]) -> None:
        """Takes one line about an order."""
        self.leg_status[line["venue_order_id"]] = line["order_status"]
        leg_id = from_text(line["client_order_id"])
        if leg_id is None:
            self.foreign.append(line["client_order_id"])
            return
        order_id = leg_id >> LEG_BITS << LEG_BITS
        if line["event"] == "accepted":
            self.accepted.add(order_id)
        elif line["event"] == "traded":
            trade = Trade(
                Decimal(line["last_quantity"]), Decimal(line["last_price"]), Decimal(line["fee"]), line["fee_asset"]
            )
            self.trades.setdefault(order_id, {})[line["trade_id"]] = trade


def log_differences(outcome: StrategyOutcome, venue: VenueOrders) -> list[str]:
    """Every difference between the strategy's log and the venue's."""
    found = [f"the venue has an order {text!r} that is not ours" for text in venue.foreign]
    found += [f"order {order_id} was never sent by the strategy" for order_id in venue.accepted - set(outcome.orders)]
    for order in outcome.orders.values():
        if order.is_acknowledged and order.order_id not in venue.accepted:
            found.append(f"order {order.order_id} is acknowledged but not in the venue's log")
        if order.trades != venue.trades.get(order.order_id, {}):
            theirs = venue.trades.get(order.order_id, {})
            found.append(f"order {order.order_id}: told {order.trades}, the venue's log has {theirs}")
        found += [f"trade {trade_id} was told twice" for trade_id in order.repeated_trades]
    still_open = sum(status in OPEN for status in venue.leg_status.values())
    if still_open:
        found.append(f"{still_open} orders are still open at the venue")
    return found


def balance_differences(outcome: StrategyOutcome, balances: dict[str, Decimal]) -> list[str]:
    """Every difference between what the position and the trades imply and what the venue holds for us."""
    fees = outcome.fees()
    spent = sum((order.sign * order.notional for order in outcome.orders.values()), Decimal(0))
    changes = {BASE: outcome.position, QUOTE: -spent}
    found = []
    for asset, change in changes.items():
        expected = Decimal(OPENING_BALANCES[asset]) + change - fees.get(asset, Decimal(0))
        if balances.get(asset) != expected:
            found.append(f"{asset}: the position and the fees make {expected}, the venue holds {balances.get(asset)}")
    found += [f"fees were paid in {asset}, which was not expected" for asset in fees.keys() - changes.keys()]
    return found
