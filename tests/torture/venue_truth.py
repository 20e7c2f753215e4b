"""Owns the truth: what the venue says in its own log about every order that ever reached it."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ipc.enums import Side
from ipc.order_id import LEG_BITS, from_text, unpack
from tests.system.installation import LOT, TICK

Fill = tuple[int, int, int]
"""Order id, lots, price in ticks."""


@dataclass
class VenueOrder:
    """One order at the venue, which is one leg of one of ours."""

    leg_id: int  # under which it is there now
    leaves_lots: int = 0

    @property
    def order_id(self) -> int:
        """Ours, whichever of its legs this is."""
        return order_of(self.leg_id)


def order_of(leg_id: int) -> int:
    """The order to which a leg belongs."""
    return leg_id >> LEG_BITS << LEG_BITS


def signed_lots(side: str, lots: int) -> int:
    """What a trade adds to a position."""
    return lots if side == Side.BUY.name else -lots


class VenueTruth:
    """Reads the venue's log on and on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_bytes = 0
        self.orders: dict[int, VenueOrder] = {}  # by venue order id
        self.accepted: dict[int, int] = {}  # how often a leg reached the venue
        self.foreign: list[str] = []
        self.rejected: dict[str, int] = {}
        self.fills: dict[int, dict[int, Fill]] = {}  # by strategy, by trade id
        self.positions: dict[int, int] = {}  # by strategy, in lots

    def read_on(self) -> None:
        """Takes the lines that came since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            *lines, partial = file.read().split(b"\n")
            self._read_bytes = file.tell() - len(partial)
        for line in lines:
            words = json.loads(line)
            if "client_order_id" in words:
                self._take(words)

    def _take(self, words: dict[str, Any]) -> None:
        if words["event"] == "rejected":
            self.rejected[words["message"]] = self.rejected.get(words["message"], 0) + 1
            return
        leg_id = from_text(words["client_order_id"])
        if leg_id is None:
            self.foreign.append(words["client_order_id"])
            return
        if words["event"] == "accepted":
            self.accepted[leg_id] = self.accepted.get(leg_id, 0) + 1
        order = self.orders.setdefault(words["venue_order_id"], VenueOrder(leg_id))
        order.leg_id = leg_id
        is_open = words["order_status"] in {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
        order.leaves_lots = lots_of(words["leaves_quantity"]) if is_open else 0
        if words["event"] == "traded":
            self._take_fill(order, words)

    def _take_fill(self, order: VenueOrder, words: dict[str, Any]) -> None:
        lots = lots_of(words["last_quantity"])
        strategy_id = unpack(order.leg_id).strategy_id
        fill = (order.order_id, lots, int(Decimal(words["last_price"]) / Decimal(TICK)))
        self.fills.setdefault(strategy_id, {})[words["trade_id"]] = fill
        before = self.positions.get(strategy_id, 0)
        self.positions[strategy_id] = before + signed_lots(words["side"], lots)

    def open_orders(self) -> dict[int, int]:
        """What is left of each order of ours that is open, in lots."""
        return {order.order_id: order.leaves_lots for order in self.orders.values() if order.leaves_lots}

    def fill_count(self) -> int:
        """How many fills there were."""
        return sum(map(len, self.fills.values()))


def lots_of(quantity: str) -> int:
    """A quantity of the venue in lots."""
    return int(Decimal(quantity) / Decimal(LOT))
