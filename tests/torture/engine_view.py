"""Owns what the engine holds to be true, read from its state from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.state import State
from ipc.clock import NS_PER_S
from ipc.enums import EndReason, JournalState
from ipc.segment import Segment, SegmentKind

_FACTS_OF_DOUBT = (
    "leg",
    "accepted",
    "venue_order_id",
    "order_lots",
    "cumulative_lots",
    "stated_lots",
    "end_wanted",
    "replace_state",
    "replace_leg",
    "cancel_wanted",
    "not_found_count",
    "charged",
    "forgotten_trade_id",
)
_TIMES_OF_DOUBT = (
    *("sent_ns", "pending_new_ns", "pending_cancel_ns", "pending_replace_ns"),
    *("unknown_since_ns", "unresolved_at_ns"),
)


@dataclass(frozen=True)
class EngineView:
    """One moment of the one account and the one instrument."""

    journal_state: JournalState
    connection_state: int
    open_orders: dict[int, int]  # by order id: what is left of it, in lots
    unknown: dict[int, str]  # by order id: what is known of it, and what it waits for
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
            unknown={int(order["order_id"]): _doubt_of(order, state) for order in living[living["is_unknown"] != 0]},
            positions={int(place): int(books[place]) for place in np.flatnonzero(books)},
            account_lots=int(state.table("holdings")["position_lots"].sum()),
            overfills=int(header["overfill_count"]),
        )


def _doubt_of(order: np.void, state: State) -> str:
    """What may keep an order in doubt: whatever of it is not zero, times in seconds before and after now."""
    now_ns = int(state.header["now_ns"])
    told = [f"{name} {order[name]}" for name in _FACTS_OF_DOUBT if order[name]]
    told += [f"{name} {(order[name] - now_ns) / NS_PER_S:+.3f} s" for name in _TIMES_OF_DOUBT if order[name]]
    down_ns = int(state.table("accounts")["last_down_ns"][order["account_id"]])
    position = int(order["timer_position"])
    due_ns = int(state.table("timers")["deadline_ns"][position]) if position >= 0 else now_ns
    told.append(f"last down {(down_ns - now_ns) / NS_PER_S:+.3f} s")
    told.append(f"timer {(due_ns - now_ns) / NS_PER_S:+.3f} s" if position >= 0 else "no timer")
    return ", ".join(told)
