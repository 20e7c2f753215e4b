"""Owns the heap of deadlines: what is due first lies first, and each row knows its entry's place.

An entry is (deadline_ns, slot); `rows` are what the slots lead to, each with a `timer_position`.
"""

import numpy as np
from numpy.typing import NDArray

from ipc.compiler import kernel

NEVER_NS = (1 << 63) - 1


@kernel
def advance(timers: NDArray[np.void], rows: NDArray[np.void], count: int, slot: int, deadline_ns: int) -> int:
    """Makes sure that a slot comes up no later than the deadline; returns how many entries there are."""
    position = rows[slot]["timer_position"]
    if position < 0:
        _place(timers, rows, count, deadline_ns, slot)
        _rise(timers, rows, count)
        return count + 1
    if deadline_ns < timers[position]["deadline_ns"]:
        timers[position]["deadline_ns"] = deadline_ns
        _rise(timers, rows, position)
    return count


@kernel
def take_first(timers: NDArray[np.void], rows: NDArray[np.void], count: int) -> int:
    """Takes the first entry out, so that there is one less; returns its slot. Precondition: there is one."""
    slot = timers[0]["slot"]
    rows[slot]["timer_position"] = -1
    if count > 1:
        _sink(timers, rows, count - 1, timers[count - 1]["deadline_ns"], timers[count - 1]["slot"])
    return slot


@kernel
def _place(timers: NDArray[np.void], rows: NDArray[np.void], position: int, deadline_ns: int, slot: int) -> None:
    timers[position]["deadline_ns"] = deadline_ns
    timers[position]["slot"] = slot
    rows[slot]["timer_position"] = position


@kernel
def _rise(timers: NDArray[np.void], rows: NDArray[np.void], position: int) -> None:
    deadline_ns, slot = timers[position]["deadline_ns"], timers[position]["slot"]
    while position > 0:
        parent = (position - 1) >> 1
        if timers[parent]["deadline_ns"] <= deadline_ns:
            break
        _place(timers, rows, position, timers[parent]["deadline_ns"], timers[parent]["slot"])
        position = parent
    _place(timers, rows, position, deadline_ns, slot)


@kernel
def _sink(timers: NDArray[np.void], rows: NDArray[np.void], count: int, deadline_ns: int, slot: int) -> None:
    position = 0
    while True:
        child = 2 * position + 1
        if child >= count:
            break
        if child + 1 < count and timers[child + 1]["deadline_ns"] < timers[child]["deadline_ns"]:
            child += 1
        if deadline_ns <= timers[child]["deadline_ns"]:
            break
        _place(timers, rows, position, timers[child]["deadline_ns"], timers[child]["slot"])
        position = child
    _place(timers, rows, position, deadline_ns, slot)
