"""Owns the slots of parents: finding, taking and giving back, and who looks at which market.

An ended parent keeps its slot until it is needed, the one that ended first goes first.
"""

import numpy as np

from engine.core.index import find, put, remove
from engine.core.state import header_of, markets_of, order_index_of, parents_of
from ipc.compiler import kernel
from ipc.parent_enums import ParentState

NO_PARENT = -1
# The group of the index in which a parent's id leads to its slot.
PARENT_GROUP = -1


@kernel
def find_parent(state: int, order_id: int) -> int:
    """The slot of a parent by its id, NO_PARENT when it has none."""
    return find(order_index_of(state), order_id, PARENT_GROUP)


@kernel
def has_room_for_parent(state: int) -> bool:
    """Whether one more parent finds a slot."""
    header = header_of(state)
    return header["free_parent"] >= 0 or header["oldest_ended_parent"] >= 0


@kernel
def take_parent_slot(state: int, order_id: int) -> int:
    """A slot for a new parent; the caller fills its row. Precondition: has_room_for_parent()."""
    header = header_of(state)
    if header["free_parent"] < 0:
        _forget_oldest(state)
    slot = header["free_parent"]
    parent = parents_of(state)[slot]
    header["free_parent"] = parent["next_free"]
    parent["next_free"] = NO_PARENT
    parent["next_ended"] = NO_PARENT
    parent["first_child"] = NO_PARENT
    parent["order_id"] = order_id
    put(order_index_of(state), order_id, PARENT_GROUP, slot)
    header["living_parent_count"] += 1
    return slot


@kernel
def _forget_oldest(state: int) -> None:
    header = header_of(state)
    slot = header["oldest_ended_parent"]
    parent = parents_of(state)[slot]
    header["oldest_ended_parent"] = parent["next_ended"]
    if parent["next_ended"] < 0:
        header["newest_ended_parent"] = NO_PARENT
    remove(order_index_of(state), parent["order_id"], PARENT_GROUP)
    parent["order_id"] = 0
    parent["next_ended"] = NO_PARENT
    parent["next_free"] = header["free_parent"]
    header["free_parent"] = slot


@kernel
def queue_ended_parent(state: int, slot: int) -> None:
    """Lets an ended parent wait until its slot is needed."""
    header, parents = header_of(state), parents_of(state)
    if header["newest_ended_parent"] >= 0:
        parents[header["newest_ended_parent"]]["next_ended"] = slot
    else:
        header["oldest_ended_parent"] = slot
    header["newest_ended_parent"] = slot
    parents[slot]["next_ended"] = NO_PARENT
    header["living_parent_count"] -= 1


@kernel
def link_watcher(state: int, slot: int) -> None:
    """Lets a living parent hear of its market."""
    parents = parents_of(state)
    market = markets_of(state)[parents[slot]["instrument_id"]]
    first = market["first_watcher"]
    parents[slot]["previous_watcher"] = NO_PARENT
    parents[slot]["next_watcher"] = first
    if first >= 0:
        parents[first]["previous_watcher"] = slot
    market["first_watcher"] = slot


@kernel
def unlink_watcher(state: int, slot: int) -> None:
    """Lets a parent hear no more of its market."""
    parents = parents_of(state)
    parent = parents[slot]
    before, after = parent["previous_watcher"], parent["next_watcher"]
    if before >= 0:
        parents[before]["next_watcher"] = after
    else:
        markets_of(state)[parent["instrument_id"]]["first_watcher"] = after
    if after >= 0:
        parents[after]["previous_watcher"] = before
    parent["previous_watcher"] = NO_PARENT
    parent["next_watcher"] = NO_PARENT


@kernel
def is_over(parent: np.void) -> bool:
    """Whether a parent sends nothing any more."""
    return parent["parent_state"] == ParentState.ENDED or parent["parent_state"] == ParentState.ENDING
