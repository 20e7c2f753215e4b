"""Owns the timers: a heap of deadlines with at most one entry for each order slot.

An entry is never removed before its time: when it comes up, the order says whether it still wants
anything. So setting a later deadline costs nothing, and the heap never outgrows the order table.
"""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import header_of, orders_of, timers_of
from ipc.compiler import kernel

NEVER_NS = (1 << 63) - 1


@kernel
def _place(timers: NDArray[np.void], orders: NDArray[np.void], position: int, deadline_ns: int, slot: int) -> None:
    timers[position]["deadline_ns"] = deadline_ns
    timers[position]["slot"] = slot
    orders[slot]["timer_position"] = position


@kernel
def _rise(timers: NDArray[np.void], orders: NDArray[np.void], position: int) -> None:
    deadline_ns, slot = timers[position]["deadline_ns"], timers[position]["slot"]
    while position > 0:
        parent = (position - 1) >> 1
        if timers[parent]["deadline_ns"] <= deadline_ns:
            break
        _place(timers, orders, position, timers[parent]["deadline_ns"], timers[parent]["slot"])
        position = parent
    _place(timers, orders, position, deadline_ns, slot)


@kernel
def _sink(timers: NDArray[np.void], orders: NDArray[np.void], count: int, deadline_ns: int, slot: int) -> None:
    position = 0
    while True:
        child = 2 * position + 1
        if child >= count:
            break
        if child + 1 < count and timers[child + 1]["deadline_ns"] < timers[child]["deadline_ns"]:
            child += 1
        if deadline_ns <= timers[child]["deadline_ns"]:
            break
        _place(timers, orders, position, timers[child]["deadline_ns"], timers[child]["slot"])
        position = child
    _place(timers, orders, position, deadline_ns, slot)


@kernel
def set_timer(state: int, slot: int, deadline_ns: int) -> None:
    """Makes sure that the slot comes up no later than the deadline."""
    header, timers, orders = header_of(state), timers_of(state), orders_of(state)
    position = orders[slot]["timer_position"]
    if position < 0:
        position = header["timer_count"]
        header["timer_count"] = position + 1
        _place(timers, orders, position, deadline_ns, slot)
        _rise(timers, orders, position)
    elif deadline_ns < timers[position]["deadline_ns"]:
        timers[position]["deadline_ns"] = deadline_ns
        _rise(timers, orders, position)


@kernel
def earliest_ns(state: int) -> int:
    """When the first slot comes up, NEVER_NS when none does."""
    if header_of(state)["timer_count"] == 0:
        return NEVER_NS
    return timers_of(state)[0]["deadline_ns"]


@kernel
def take_due(state: int, now_ns: int) -> int:
    """The slot of a timer that is due, taken out of the heap; -1 when none is."""
    header, timers = header_of(state), timers_of(state)
    count = header["timer_count"]
    if count == 0 or timers[0]["deadline_ns"] > now_ns:
        return -1
    orders = orders_of(state)
    slot = timers[0]["slot"]
    orders[slot]["timer_position"] = -1
    count -= 1
    header["timer_count"] = count
    if count > 0:
        _sink(timers, orders, count, timers[count]["deadline_ns"], timers[count]["slot"])
    return slot
