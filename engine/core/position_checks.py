"""Owns the position limits of a strategy in one instrument."""

import numpy as np

from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, Side


@kernel
def check_position(book: np.void, side: int, added_lots: int) -> Verdict:
    """The position if everything that works on this side were filled."""
    held = book["position_lots"]
    if side == Side.BUY:
        worst = held + book["open_buy_lots"]
        if worst + added_lots > book["max_long_lots"]:
            return refuse(RefusalReason.POSITION_LIMIT_EXCEEDED, book["max_long_lots"], worst, added_lots)
    else:
        worst = held - book["open_sell_lots"]
        if worst - added_lots < -book["max_short_lots"]:
            return refuse(RefusalReason.POSITION_LIMIT_EXCEEDED, -book["max_short_lots"], worst, added_lots)
    return passed()
