"""Owns when parents are looked at: a heap of moments with at most one entry for each parent."""

from engine.core.deadline_heap import NEVER_NS, advance, take_first
from engine.core.state import header_of, markets_of, parent_timers_of, parents_of
from ipc.compiler import kernel


@kernel
def set_parent_timer(state: int, slot: int, deadline_ns: int) -> None:
    """Makes sure that a parent is looked at no later than the deadline."""
    header = header_of(state)
    count = header["parent_timer_count"]
    header["parent_timer_count"] = advance(parent_timers_of(state), parents_of(state), count, slot, deadline_ns)


@kernel
def wake_parent(state: int, slot: int) -> None:
    """Lets a parent be looked at in this step."""
    set_parent_timer(state, slot, header_of(state)["now_ns"])


@kernel
def parent_due_ns(state: int) -> int:
    """When the first parent wants to be looked at, NEVER_NS when none does."""
    if header_of(state)["parent_timer_count"] == 0:
        return NEVER_NS
    return parent_timers_of(state)[0]["deadline_ns"]


@kernel
def take_due_parent(state: int) -> int:
    """The slot of a parent that is to be looked at now, taken out of the heap; -1 when none is."""
    header = header_of(state)
    if parent_due_ns(state) > header["now_ns"]:
        return -1
    count = header["parent_timer_count"]
    header["parent_timer_count"] = count - 1
    return take_first(parent_timers_of(state), parents_of(state), count)


@kernel
def wake_followers(state: int, instrument_id: int, order_id: int) -> None:
    """Lets the parents look that follow an order or a parent of an instrument: they hear of the same market."""
    parents, slot = parents_of(state), markets_of(state)[instrument_id]["first_watcher"]
    while slot >= 0:
        if parents[slot]["after_order_id"] == order_id:
            wake_parent(state, slot)
        slot = parents[slot]["next_watcher"]
