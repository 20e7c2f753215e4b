"""Owns the price collar and the fat finger: how far from the market an order's price may lie."""

import numpy as np

from engine.core.exposure import TICKS_MAX
from engine.core.state import header_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, Side
from ipc.tables import NO_LIMIT

_BPS = 10_000


@kernel
def check_price(
    state: int, book: np.void, instrument: np.void, side: int, price_ticks: int, stop_price_ticks: int
) -> Verdict:
    """Whether a price lies within both bounds; of an order that waits for a stop price, that is the market."""
    collar_bps, aggression_bps = book["price_collar_bps"], book["fat_finger_bps"]
    if collar_bps >= NO_LIMIT and aggression_bps >= NO_LIMIT:
        return passed()
    bid_ticks, ask_ticks = instrument["bid_ticks"], instrument["ask_ticks"]
    if stop_price_ticks != 0:
        bid_ticks, ask_ticks = stop_price_ticks, stop_price_ticks
    else:
        header = header_of(state)
        age_ns = header["now_ns"] - instrument["book_received_ns"]
        is_fresh = age_ns <= header["book_age_max_ns"]
        if not is_fresh or bid_ticks <= 0 or ask_ticks < bid_ticks or ask_ticks > TICKS_MAX:
            return refuse(RefusalReason.NO_REFERENCE_PRICE, header["book_age_max_ns"], age_ns, price_ticks)
    # Twice the mid is a whole number.
    mid_twice = bid_ticks + ask_ticks
    if collar_bps < NO_LIMIT and abs(2 * price_ticks - mid_twice) * _BPS > mid_twice * collar_bps:
        return refuse(RefusalReason.PRICE_COLLAR_EXCEEDED, collar_bps, mid_twice // 2, price_ticks)
    if aggression_bps >= NO_LIMIT:
        return passed()
    if side == Side.BUY and price_ticks * _BPS > ask_ticks * (_BPS + aggression_bps):
        return refuse(RefusalReason.FAT_FINGER, aggression_bps, ask_ticks, price_ticks)
    if side == Side.SELL and price_ticks * _BPS < bid_ticks * (_BPS - aggression_bps):
        return refuse(RefusalReason.FAT_FINGER, aggression_bps, bid_ticks, price_ticks)
    return passed()
