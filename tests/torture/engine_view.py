"""Owns what the engine holds to be true, read from its state from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.state import State
from ipc.enums import EndReason, JournalState
from ipc.segment import Segment, SegmentKind


@dataclass(frozen=True)
class EngineView:
    """One moment of the one account and the one instrument."""

    journal_state: JournalState
    connection_state: int
    open_orders: dict[int, int]  # by order id: what is left of it, in lots
    unknown: list[int]
    positions: dict[int, int]  # by strategy, in lots
    account_lots: int
    overfills: int


@contextmanager
def state_of(folder: Path) -> Iterator[State]:
    """The state block of the engine that runs in a folder, read-only; SegmentError when there is none."""
    segment = Segment.attach(folder / "state", SegmentKind.STATE, writable=False)
    try:
        yield State(segment.content)
    finally:
        segment.close()


def view_of(folder: Path) -> EngineView:
    """What the engine of a folder holds to be true now."""
    with state_of(folder) as state:
        header = state.header
        orders = state.table("orders").copy()
        living = orders[(orders["order_id"] != 0) & (orders["end_reason"] == EndReason.NONE)]
        strategies = state.table("strategies")
        books = state.table("books").reshape(len(strategies), -1)["position_lots"].sum(axis=1)
        return EngineView(
            journal_state=JournalState(int(header["journal_state"])),
            connection_state=int(state.table("accounts")["connection_state"][0]),
            open_orders={
                int(order["order_id"]): int(order["order_lots"] - order["cumulative_lots"]) for order in living
            },
            unknown=[int(order_id) for order_id in living["order_id"][living["is_unknown"] != 0]],
            positions={int(place): int(books[place]) for place in np.flatnonzero(books)},
            account_lots=int(state.table("holdings")["position_lots"].sum()),
            overfills=int(header["overfill_count"]),
        )
