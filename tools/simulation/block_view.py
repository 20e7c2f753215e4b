"""Owns the reading of a state block's words from Python, a few at a time and fast."""

from ctypes import string_at
from typing import Any

import numpy as np

from engine.core.order_table import NOWHERE, find_order
from engine.core.state import ROWS, State
from ipc.enums import ConnectionState
from ipc.records import SLOT_WORDS
from ipc.tables import STATE_HEADER


def _places(dtype: np.dtype[np.void]) -> dict[str, int]:
    return {name: place for place, name in enumerate(dtype.names or ())}


HEADER_PLACES = _places(STATE_HEADER)
ORDER_PLACES = _places(ROWS["orders"])
ORDER_WORDS = ROWS["orders"].itemsize // 8
# The first of these words that is set tells the phase.
_PHASE_WORDS = (
    ("end_reason", "ended"),
    ("is_unknown", "unknown"),
    ("pending_cancel_ns", "pending_cancel"),
    ("pending_replace_ns", "pending_replace"),
)
_ORDER_ID, _END_REASON = ORDER_PLACES["order_id"], ORDER_PLACES["end_reason"]


class OrderRow:
    """One row of the order table, read where it lies."""

    __slots__ = ("_start", "_words")

    def __init__(self, words: memoryview, start: int) -> None:
        self._words = words
        self._start = start

    def __getitem__(self, name: str) -> int:
        return int(self._words[self._start + ORDER_PLACES[name]])

    def __repr__(self) -> str:
        return str({name: self[name] for name in ORDER_PLACES if self[name] != 0})


class BlockView:
    """A block as words; the block's memory stays where it is for as long as this lives."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.address = state.address
        self.words: memoryview = memoryview(state.memory.data).cast("B").cast("q")
        header = state.header
        self.orders = int(header["orders_offset"]) // 8
        self.order_count = int(header["orders_count"])
        self._accounts = int(header["accounts_offset"]) // 8
        self._account_words = ROWS["accounts"].itemsize // 8
        self._connection = _places(ROWS["accounts"])["connection_state"]
        self.effects = int(header["effects_offset"]) // 8

    def header(self, name: str) -> int:
        """One word of the header."""
        return int(self.words[HEADER_PLACES[name]])

    def effect(self, place: int) -> list[int]:
        """The words of one effect."""
        start = self.effects + place * SLOT_WORDS
        return self.words[start : start + SLOT_WORDS].tolist()

    def connection(self, account_id: int) -> ConnectionState:
        """How far an account's connection is."""
        return ConnectionState(int(self.words[self._accounts + account_id * self._account_words + self._connection]))

    def living_phases(self) -> list[str]:
        """The phase of each order that has not ended."""
        return [phase_of_row(row, self.connection(row["account_id"])) for row in self.living()]

    def order(self, order_id: int) -> OrderRow | None:
        """One order's row, None when no slot holds it."""
        slot = int(find_order(self.address, order_id))
        return None if slot == NOWHERE else OrderRow(self.words, self.orders + slot * ORDER_WORDS)

    def living(self) -> list[OrderRow]:
        """The rows of all orders that have not ended."""
        first, after = self.orders, self.orders + self.order_count * ORDER_WORDS
        ids = self.words[first + _ORDER_ID : after : ORDER_WORDS].tolist()
        ends = self.words[first + _END_REASON : after : ORDER_WORDS].tolist()
        return [
            OrderRow(self.words, first + slot * ORDER_WORDS)
            for slot, order_id in enumerate(ids)
            if order_id != 0 and ends[slot] == 0
        ]

    def rows(self) -> Any:
        """The order table as numpy sees it."""
        return self.state.table("orders")


def phase_of_row(row: OrderRow | None, connection: ConnectionState) -> str:
    """In which phase of `faults.PHASES` an order is."""
    if connection == ConnectionState.RECONCILING:
        return "reconciling"
    if row is None:
        return "not_sent"
    for word, phase in _PHASE_WORDS:
        if row[word]:
            return phase
    if not row["sent_ns"]:
        return "not_sent"
    if not row["accepted"]:
        return "in_flight"
    return "partially_filled" if row["cumulative_lots"] else "acknowledged"


def word_at(address: int, place: int) -> int:
    """One word of a record."""
    return int.from_bytes(string_at(address + 8 * place, 8), "little", signed=True)
