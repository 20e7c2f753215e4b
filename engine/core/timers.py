"""Owns the timers of orders: a heap of deadlines with at most one entry for each order slot.

An entry is never removed before its time: when it comes up, the order says whether it still wants
anything. So setting a later deadline costs nothing, and the heap never outgrows the order table.
"""

from engine.core.deadline_heap import NEVER_NS, advance, take_first
from engine.core.state import header_of, orders_of, timers_of
from ipc.compiler import kernel


@kernel
def set_timer(state: int, slot: int, deadline_ns: int) -> None:
    """Makes sure that the slot comes up no later than the deadline."""
    header = header_of(state)
    header["timer_count"] = advance(timers_of(state), orders_of(state), header["timer_count"], slot, deadline_ns)


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
    header["timer_count"] = count - 1
    return take_first(timers, orders_of(state), count)
