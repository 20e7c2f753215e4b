"""Owns what each kind of client writes down, one JSON object a line, and reading it.

{"ready": true}                 connected, waiting for the file that lets it begin
{"sent": ORDER_ID}              an order went to the engine
{"order_id": …, …}              a report, its words as they came (REPORT_WORDS)
{"ended": true}                 every order that it sent has ended
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ipc.enums import ExecutionType, OrderStatus
from tests.system.installation import LOT, TICK

REPORT_WORDS = (
    "order_id",
    "execution_type",
    "order_status",
    "trade_id",
    "last_lots",
    "last_price_ticks",
    "fee_units",
    "fee_asset_id",
)
ASSET_DECIMALS = 8


@dataclass(frozen=True)
class Fill:
    """One trade, as either side tells it."""

    order_id: int
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str


@dataclass
class ClientLog:
    """What one client knows at its end."""

    sent: list[int] = field(default_factory=list)
    fills: dict[int, Fill] = field(default_factory=dict)
    repeated_trades: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    accepted: set[int] = field(default_factory=set)
    last_status: dict[int, OrderStatus] = field(default_factory=dict)
    has_ended: bool = False

    @classmethod
    def read(cls, path: Path, assets: dict[int, str]) -> "ClientLog":
        """The log of a client that has ended."""
        log = cls()
        for line in path.read_text().splitlines():
            words = json.loads(line)
            if "sent" in words:
                log.sent.append(words["sent"])
            elif "order_id" in words:
                log.take(words, assets)
            log.has_ended |= "ended" in words
        return log

    def take(self, words: dict[str, int], assets: dict[int, str]) -> None:
        """Takes one report."""
        order_id = words["order_id"]
        if order_id not in self.sent:
            self.foreign.append(order_id)
        self.last_status[order_id] = OrderStatus(words["order_status"])
        if words["execution_type"] == ExecutionType.NEW:
            self.accepted.add(order_id)
        if words["execution_type"] != ExecutionType.TRADE:
            return
        self.accepted.add(order_id)
        if words["trade_id"] in self.fills:
            self.repeated_trades.append(words["trade_id"])
        self.fills[words["trade_id"]] = Fill(
            order_id,
            words["last_lots"] * Decimal(LOT),
            words["last_price_ticks"] * Decimal(TICK),
            words["fee_units"] / Decimal(10**ASSET_DECIMALS),
            assets[words["fee_asset_id"]],
        )
