"""Owns reduce-only: an order that may only bring its strategy's position nearer to nothing."""

import numpy as np

from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, Side


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
