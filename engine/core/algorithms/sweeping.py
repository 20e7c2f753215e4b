"""Owns what takes at once: the sweep, which comes again, and the sniper, which waits unseen until there is enough."""

import numpy as np

from engine.core.algorithms.participation import sendable_lots
from engine.core.algorithms.taking import plan, planned_lots, send_plan, take
from engine.core.children import working_lots
from engine.core.parent_reports import own_lots
from engine.core.state import header_of, markets_of
from ipc.compiler import kernel
from ipc.parent_enums import ParentEnd

_AGAIN_NS = 100_000_000
# A book may move while an order is on its way: so often one without an end goes after what it saw.
_TRIES = 5


@kernel
def _interval_ns(parent: np.void) -> int:
    return parent["interval_ns"] if parent["interval_ns"] != 0 else _AGAIN_NS + 0


@kernel
def _waits_until_ns(parent: np.void) -> int:
    """Until when nothing is tried: after a no, whose wait is its own, or after a book that was not as it seemed."""
    has_got_it = parent["cumulative_lots"] >= parent["due_lots"]
    if has_got_it or parent["refusal_count"] > 0:
        return parent["hold_until_ns"]
    # An interval is how often it looks: however long that is, what moved away is gone after soon.
    return max(parent["hold_until_ns"], parent["moved_ns"] + min(_interval_ns(parent), _AGAIN_NS))


@kernel
def _note_try(state: int, parent: np.void) -> None:
    """Notes when it went after something, and how much it has if it gets that."""
    now_ns = header_of(state)["now_ns"]
    is_refused = parent["hold_until_ns"] > now_ns
    due_lots = parent["cumulative_lots"] + working_lots(state, parent)
    # Of what was refused nothing works, and all the same it went after it.
    parent["due_lots"] = parent["order_lots"] if is_refused else due_lots
    parent["moved_ns"] = now_ns


@kernel
def sweep_rest(state: int, parent: np.void) -> int:
    """Takes what is there of what is left, when the children before have had their answer."""
    now_ns = header_of(state)["now_ns"]
    if parent["living_count"] == 0:
        if _waits_until_ns(parent) > now_ns:
            return _waits_until_ns(parent)
        left_lots = sendable_lots(state, parent)
        if own_lots(state, parent, left_lots) > 0:
            take(state, parent, left_lots)
        _note_try(state, parent)
    return now_ns + _interval_ns(parent)


@kernel
def decide_sweep(state: int, parent: np.void) -> int:
    """One decision; without an end, and following nothing, it comes again only for what it saw and did not get."""
    comes_once = parent["end_ns"] == 0 and parent["after_order_id"] == 0
    has_come = parent["moved_ns"] != 0 and parent["living_count"] == 0
    has_got_it = parent["cumulative_lots"] >= parent["due_lots"] or parent["decision_count"] >= _TRIES
    if comes_once and has_come and has_got_it:
        parent["end_reason"] = ParentEnd.EXPIRED
        return header_of(state)["now_ns"]
    return sweep_rest(state, parent)


@kernel
def decide_sniper(state: int, parent: np.void) -> int:
    """One decision: takes when what it shows, or all that is left, can be had at once."""
    now_ns = header_of(state)["now_ns"]
    if parent["living_count"] > 0 or _waits_until_ns(parent) > now_ns:
        return max(_waits_until_ns(parent), now_ns + _interval_ns(parent))
    left_lots = sendable_lots(state, parent)
    if own_lots(state, parent, left_lots) == 0:
        return now_ns + _interval_ns(parent)
    enough_lots = parent["display_lots"] * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    enough_lots = min(enough_lots, left_lots) if enough_lots > 0 else left_lots
    count = plan(state, parent, left_lots)
    if planned_lots(state, count) >= enough_lots:
        send_plan(state, parent, count, left_lots)
        _note_try(state, parent)
    return now_ns + _interval_ns(parent)
