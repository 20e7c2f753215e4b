"""Owns reduce-only: an order that may only bring its strategy's position nearer to nothing."""

import numpy as np

from engine.core.state import book_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import OrderFlag, RefusalReason, Side

# numba knows no IntFlag.
_REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)


@kernel
def check_reduces(book: np.void, side: int, added_lots: int) -> Verdict:
    """Whether so much more on a side, beside all that works there already, only reduces the position."""
    held_lots = book["position_lots"]
    if side == Side.BUY:
        reducible_lots = max(-held_lots, 0) - book["open_buy_lots"]
    else:
        reducible_lots = max(held_lots, 0) - book["open_sell_lots"]
    if added_lots <= reducible_lots:
        return passed()
    return refuse(RefusalReason.REDUCE_ONLY_WOULD_INCREASE, max(reducible_lots, 0), held_lots, added_lots)


@kernel
def check_still_reduces(state: int, order: np.void) -> Verdict:
    """Whether a reduce-only order that waited, and is reserved, still only reduces."""
    if order["order_flags"] & _REDUCE_ONLY == 0:
        return passed()
    return check_reduces(book_of(state, order["strategy_id"], order["instrument_id"]), order["side"], 0)
