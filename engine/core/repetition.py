"""Owns the same order over and over: how often in a row one may come within a window."""

import numpy as np

from engine.core.state import header_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason


@kernel
def check_duplicate(state: int, book: np.void, side: int, price_ticks: int, lots: int) -> Verdict:
    """Whether the same order came too often in a row within the window."""
    header = header_of(state)
    if not is_repetition(state, book, side, price_ticks, lots):
        return passed()
    if book["duplicate_count"] >= header["duplicate_orders_max"]:
        return refuse(
            RefusalReason.DUPLICATE_ORDER, header["duplicate_orders_max"], book["duplicate_count"], price_ticks
        )
    return passed()


@kernel
def is_repetition(state: int, book: np.void, side: int, price_ticks: int, lots: int) -> bool:
    """Whether an order equals the last one of its book within the window."""
    header = header_of(state)
    return (
        book["duplicate_count"] > 0
        and book["duplicate_side"] == side
        and book["duplicate_price_ticks"] == price_ticks
        and book["duplicate_lots"] == lots
        and header["now_ns"] - book["duplicate_since_ns"] < header["duplicate_window_ns"]
    )


@kernel
def note_repetition(state: int, book: np.void, side: int, price_ticks: int, lots: int) -> None:
    """Remembers an order that passed, for the next check."""
    if is_repetition(state, book, side, price_ticks, lots):
        book["duplicate_count"] += 1
        return
    book["duplicate_side"] = side
    book["duplicate_price_ticks"] = price_ticks
    book["duplicate_lots"] = lots
    book["duplicate_since_ns"] = header_of(state)["now_ns"]
    book["duplicate_count"] = 1
