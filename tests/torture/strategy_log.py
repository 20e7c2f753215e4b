"""Owns what a torn strategy writes down, one JSON object a line, and reading it; the file outlives the process.

{"connected": EPOCH}            to an engine, again and again
{"sent": ORDER_ID}              an order went to the engine
{"order_id": …, …}              a report, its words as they came (REPORT_WORDS)
{"sequence": NUMBER}            something else that it was told, such as the state of a connection
{"missing": [FROM, TO]}         reports of these sequences did not come, and are fetched now
{"doing": MODE}                 it has done what it was told to do
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ipc.enums import ExecutionType

REPORT_WORDS = (
    "sequence",
    "order_id",
    "execution_type",
    "order_status",
    "trade_id",
    "last_lots",
    "last_price_ticks",
    "cumulative_lots",
    "leaves_lots",
    "reason",
)


class Mode(StrEnum):
    """What a strategy is told to do, by a file that it reads again and again."""

    TRADE = "trade"  # submit, cancel and amend at random
    REST = "rest"  # send nothing, listen
    CLEAR = "clear"  # cancel whatever is open, listen
    END = "end"


@dataclass
class StrategyLog:
    """What one strategy knows, over all its lives."""

    path: Path
    connections: int = 0
    sent: list[int] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    fills: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # by trade id: order, lots, price in ticks
    repeated_trades: list[int] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)  # by RefusalReason
    sequences: list[int] = field(default_factory=list)
    mode: str = ""
    _read_bytes: int = 0

    @property
    def last_sequence(self) -> int:
        """Of the last report that was written down."""
        return max(self.sequences, default=0)

    def read_on(self) -> None:
        """Takes the whole lines that came since the last call; a line that a kill cut short is passed over."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read_bytes)
            *lines, partial = file.read().split(b"\n")
            self._read_bytes = file.tell() - len(partial)
        for line in lines:
            try:
                self._take(json.loads(line))
            except json.JSONDecodeError:
                continue

    def _take(self, words: dict[str, int]) -> None:
        if "sent" in words:
            self.sent.append(words["sent"])
        elif "order_id" in words:
            self._take_report(words)
        elif "sequence" in words:
            self.sequences.append(words["sequence"])
        elif "connected" in words:
            self.connections += 1
        elif "doing" in words:
            self.mode = str(words["doing"])

    def _take_report(self, words: dict[str, int]) -> None:
        if words["sequence"]:
            self.sequences.append(words["sequence"])
        if words["execution_type"] == ExecutionType.REFUSED:
            self.refused[words["reason"]] = self.refused.get(words["reason"], 0) + 1
            return
        self.told.add(words["order_id"])
        if words["execution_type"] == ExecutionType.TRADE:
            if words["trade_id"] in self.fills:
                self.repeated_trades.append(words["trade_id"])
            self.fills[words["trade_id"]] = (words["order_id"], words["last_lots"], words["last_price_ticks"])
