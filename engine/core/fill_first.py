"""Owns the promise of a market order to be filled: as the venue's own, if the book says what that would cost."""

import numpy as np

from engine.core.depth_walk import walk
from engine.core.order_kinds import FILL_FIRST, PROMISES
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import OrderType, RefusalReason, TimeInForce


@kernel
def resolve_promise(terms: np.void, order_type: int, time_in_force: int, order_flags: int) -> int:
    """The order's flags with the promise that a market order makes; one that is all or nothing needs its limit."""
    if order_type != OrderType.MARKET or order_flags & PROMISES != 0 or time_in_force == TimeInForce.FOK:
        return order_flags
    return order_flags | FILL_FIRST if terms["is_fill_first"] != 0 else order_flags


@kernel
def check_promise(order_type: int, time_in_force: int, order_flags: int) -> Verdict:
    """Whether a promise is made by a market order, is one alone, and goes with its time in force."""
    promise = order_flags & PROMISES
    if promise != 0 and (order_type != OrderType.MARKET or promise == PROMISES):
        return refuse(RefusalReason.INVALID_FLAGS, 0, order_type, order_flags)
    if promise & FILL_FIRST != 0 and time_in_force == TimeInForce.FOK:
        return refuse(RefusalReason.INVALID_TIME_IN_FORCE, TimeInForce.IOC, 0, time_in_force)
    return passed()


@kernel
def check_depth(state: int, instrument_id: int, side: int, lots: int, worst_ticks: int) -> Verdict:
    """Whether the book holds a quantity at no worse than a price."""
    if walk(state, instrument_id, side, lots, worst_ticks).filled_lots >= lots:
        return passed()
    whole = walk(state, instrument_id, side, lots, 0)
    if whole.filled_lots < lots:
        return refuse(RefusalReason.NO_DEPTH, whole.filled_lots, 0, lots)
    return refuse(RefusalReason.SLIPPAGE_EXCEEDED, worst_ticks, whole.worst_ticks, lots)
