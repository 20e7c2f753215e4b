"""Owns what must hold of parents after every step, from the rows behind every link and count."""

import numpy as np

from engine.core.algorithms.excess import CANCEL_AGAIN_NS
from engine.core.deadline_heap import NEVER_NS
from engine.core.state import State
from ipc.enums import EndReason, TimeInForce
from ipc.parent_enums import ParentEnd, ParentState


def check_parents(state: State) -> None:
    """Asserts that lists, counts and timers say what the rows do, and that no parent works for more than it is."""
    parents = state.table("parents")
    used = np.flatnonzero(parents["order_id"] != 0)
    is_ended = parents["parent_state"] == ParentState.ENDED
    living = [slot for slot in used if not is_ended[slot]]
    assert int(state.header["living_parent_count"]) == len(living)
    _check_slots(state, [slot for slot in used if is_ended[slot]], living)
    _check_children(state, used)
    _check_watchers(state, living)
    _check_timers(state)
    for slot in used:
        parent = parents[slot]
        is_over = parent["parent_state"] in (ParentState.ENDING, ParentState.ENDED)
        assert parent["end_reason"] != ParentEnd.NONE or not is_over, "who is over has a reason"


def _walk(rows: np.ndarray, slot: int, field: str) -> list[int]:
    slots: list[int] = []
    while slot >= 0:
        slots.append(slot)
        assert len(slots) <= len(rows), f"{field} goes round in a circle"
        slot = int(rows[slot][field])
    return slots


def _check_slots(state: State, ended: list[np.intp], living: list[np.intp]) -> None:
    header, parents = state.header, state.table("parents")
    queued = _walk(parents, int(header["oldest_ended_parent"]), "next_ended")
    assert sorted(queued) == sorted(ended)
    assert queued[-1:] == ([int(header["newest_ended_parent"])] if header["newest_ended_parent"] >= 0 else [])
    free = _walk(parents, int(header["free_parent"]), "next_free")
    assert sorted([*free, *queued, *living]) == list(range(len(parents))), "every slot is in one list"


def _check_children(state: State, used: np.ndarray) -> None:
    orders, parents, markets = state.table("orders"), state.table("parents"), state.table("markets")
    is_living = (orders["order_id"] != 0) & (orders["end_reason"] == EndReason.NONE)
    for slot in used:
        parent = parents[slot]
        children = _walk(orders, int(parent["first_child"]), "next_child")
        assert sorted(children) == sorted(np.flatnonzero(is_living & (orders["parent_order_id"] == parent["order_id"])))
        assert int(parent["living_count"]) == len(children)
        working = sum(
            int(orders[child]["reserved_lots"]) * int(markets[orders[child]["instrument_id"]]["pair_lot_scale"])
            for child in children
        )
        if parent["parent_state"] == ParentState.WORKING and parent["cumulative_lots"] <= parent["order_lots"]:
            surplus = parent["cumulative_lots"] + working - parent["order_lots"]
            is_due = _due_ns(state, parent) <= state.header["now_ns"] + CANCEL_AGAIN_NS
            assert surplus <= 0 or is_due or _may_be_less(orders, children), "no more works than is left"


def _due_ns(state: State, parent: np.void) -> int:
    """When a parent looks again: a cancel of what is too much may have come to nothing."""
    position = int(parent["timer_position"])
    return int(state.table("parent_timers")["deadline_ns"][position]) if position >= 0 else NEVER_NS


def _may_be_less(orders: np.ndarray, children: list[int]) -> bool:
    """Whether what is reserved is more than can trade.

    A parent that became less is cancelling what is too much, unless it takes and is over by itself. And of a child that
    is being replaced the old leg and the new one are both reserved, though a venue replaces only what has not traded.
    """
    if any(orders[child]["time_in_force"] == TimeInForce.IOC for child in children):
        return True
    facts = ("pending_cancel_ns", "is_unknown", "replace_state")
    return any(orders[child][fact] != 0 for child in children for fact in facts)


def _check_watchers(state: State, living: list[np.intp]) -> None:
    parents = state.table("parents")
    found: list[int] = []
    for instrument_id, market in enumerate(state.table("markets")):
        before = -1
        for slot in _walk(parents, int(market["first_watcher"]), "next_watcher"):
            assert int(parents[slot]["instrument_id"]) == instrument_id
            assert int(parents[slot]["previous_watcher"]) == before
            before = slot
            found.append(slot)
    assert sorted(found) == sorted(living)


def _check_timers(state: State) -> None:
    parents = state.table("parents")
    timers = state.table("parent_timers")[: int(state.header["parent_timer_count"])]
    for position, timer in enumerate(timers):
        assert int(parents[timer["slot"]]["timer_position"]) == position
        if position > 0:
            assert timers[(position - 1) // 2]["deadline_ns"] <= timer["deadline_ns"]
    assert int((parents["timer_position"] >= 0).sum()) == len(timers)
