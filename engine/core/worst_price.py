"""Owns the worst price at which an order without a limit of its own may trade."""

import numpy as np

from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import Side

BPS = 10_000


@kernel
def slipped(instrument: np.void, side: int, price_ticks: int, slippage_bps: int) -> int:
    """A price and the allowed slippage, within what the venue takes."""
    if side == Side.BUY:
        return min(price_ticks + price_ticks * slippage_bps // BPS, instrument["max_price_ticks"])
    return max(price_ticks - price_ticks * slippage_bps // BPS, instrument["min_price_ticks"])


@kernel
def protected_price(state: int, instrument: np.void, side: int, slippage_bps: int) -> int:
    """The worst price of a market order: the touch and the allowed slippage; 0 without a fresh touch."""
    header = header_of(state)
    if header["now_ns"] - instrument["book_received_ns"] > header["book_age_max_ns"]:
        return 0
    touch = instrument["ask_ticks"] if side == Side.BUY else instrument["bid_ticks"]
    if touch <= 0:
        return 0
    return slipped(instrument, side, touch, slippage_bps)
