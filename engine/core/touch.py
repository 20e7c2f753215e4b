"""Owns the touch: the best price of one side of a book that is fresh and not crossed."""

from engine.core.state import header_of, instruments_of
from ipc.compiler import kernel
from ipc.enums import Side


@kernel
def touch_ticks(state: int, instrument_id: int, side: int) -> int:
    """The best price of a side of the book; 0 without one that can be trusted."""
    header, instrument = header_of(state), instruments_of(state)[instrument_id]
    if header["now_ns"] - instrument["book_received_ns"] > header["book_age_max_ns"]:
        return 0
    if instrument["crossed_since_ns"] != 0:
        return 0
    return instrument["bid_ticks"] if side == Side.BUY else instrument["ask_ticks"]
