"""Owns who is woken when a market changes: the parents to which that may matter now, and no others."""

import numpy as np

from engine.core.algorithms.taking import is_routed
from engine.core.algorithms.triggers import is_condition_met, is_stop_hit
from engine.core.parent_checks import is_contingent
from engine.core.parent_timers import wake_parent
from engine.core.state import header_of, instruments_of, markets_of, orders_of, parents_of
from ipc.compiler import kernel
from ipc.enums import Side
from ipc.parent_enums import Algorithm, ParentState

_PEG_NS = 200_000_000


@kernel
def wake_watchers(state: int, instrument_id: int) -> None:
    """Wakes the parents of an instrument, and the routed ones of the same pair elsewhere."""
    if header_of(state)["living_parent_count"] == 0:
        return
    _wake_of(state, instrument_id, False)
    other = markets_of(state)[instrument_id]["next_of_pair"]
    while other != instrument_id:
        _wake_of(state, other, True)
        other = markets_of(state)[other]["next_of_pair"]


@kernel
def _wake_of(state: int, instrument_id: int, is_elsewhere: bool) -> None:
    parents, instrument = parents_of(state), instruments_of(state)[instrument_id]
    slot = markets_of(state)[instrument_id]["first_watcher"]
    while slot >= 0:
        parent = parents[slot]
        if (not is_elsewhere or is_routed(parent)) and _does_matter(state, parent, instrument):
            wake_parent(state, slot)
        slot = parent["next_watcher"]


@kernel
def _does_matter(state: int, parent: np.void, instrument: np.void) -> bool:
    """Whether a change of the market may make a parent do something."""
    now_ns = header_of(state)["now_ns"]
    if parent["parent_state"] == ParentState.WAITING:
        has_condition = parent["trigger_price_ticks"] != 0 and not is_contingent(parent["algorithm"])
        return has_condition and now_ns >= parent["start_ns"] and is_condition_met(parent, instrument)
    if parent["parent_state"] != ParentState.WORKING:
        return False
    algorithm = parent["algorithm"]
    if is_contingent(algorithm) and parent["is_triggered"] == 0:
        # A stop is hit, and trails, also while its target is held back.
        return is_stop_hit(parent, instrument)
    if parent["hold_until_ns"] > now_ns:
        return False
    if algorithm == Algorithm.SWEEP or algorithm == Algorithm.SNIPER or is_contingent(algorithm):
        return parent["living_count"] == 0 and _is_within(parent, instrument)
    if algorithm == Algorithm.POV:
        return now_ns - parent["moved_ns"] >= _PEG_NS
    if algorithm == Algorithm.PEG:
        return parent["first_child"] >= 0 and _is_left_behind(orders_of(state)[parent["first_child"]], instrument)
    return False


@kernel
def _is_within(parent: np.void, instrument: np.void) -> bool:
    limit_ticks = parent["limit_price_ticks"]
    if parent["side"] == Side.BUY:
        return instrument["ask_ticks"] > 0 and (limit_ticks == 0 or instrument["ask_ticks"] <= limit_ticks)
    return instrument["bid_ticks"] > 0 and instrument["bid_ticks"] >= limit_ticks


@kernel
def _is_left_behind(order: np.void, instrument: np.void) -> bool:
    if order["side"] == Side.BUY:
        return instrument["bid_ticks"] > order["price_ticks"]
    return 0 < instrument["ask_ticks"] < order["price_ticks"]
