"""Owns sane numbers and the largest order: what a venue takes, and what is our own most."""

import numpy as np

from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason


@kernel
def check_numbers(instrument: np.void, price_ticks: int, lots: int, is_market: bool) -> Verdict:
    """Whether price and quantity lie within what the venue states; their product then fits 63 bits."""
    if price_ticks <= 0:
        return refuse(RefusalReason.INVALID_PRICE, instrument["min_price_ticks"], 0, price_ticks)
    if lots <= 0:
        return refuse(RefusalReason.INVALID_QUANTITY, instrument["min_order_lots"], 0, lots)
    if price_ticks < instrument["min_price_ticks"]:
        return refuse(RefusalReason.PRICE_OUT_OF_RANGE, instrument["min_price_ticks"], 0, price_ticks)
    if price_ticks > instrument["max_price_ticks"]:
        return refuse(RefusalReason.PRICE_OUT_OF_RANGE, instrument["max_price_ticks"], 0, price_ticks)
    if lots < instrument["min_order_lots"]:
        return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, instrument["min_order_lots"], 0, lots)
    largest = instrument["market_max_order_lots"] if is_market else instrument["max_order_lots"]
    if lots > largest:
        return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, largest, 0, lots)
    notional = price_ticks * lots
    if notional < instrument["min_notional"]:
        return refuse(RefusalReason.NOTIONAL_BELOW_MINIMUM, instrument["min_notional"], 0, notional)
    return passed()


@kernel
def check_size(book: np.void, instrument: np.void, price_ticks: int, lots: int) -> Verdict:
    """Our own largest order, by quantity and by notional, and the venue's largest notional."""
    if lots > book["max_order_lots"]:
        return refuse(RefusalReason.MAX_QUANTITY_EXCEEDED, book["max_order_lots"], 0, lots)
    notional = price_ticks * lots
    limit = min(book["max_order_notional"], instrument["max_notional"])
    if notional > limit:
        return refuse(RefusalReason.MAX_NOTIONAL_EXCEEDED, limit, 0, notional)
    return passed()
