"""Owns what happens when time passes: an order's deadlines, its retention, the rest of a pass over many orders."""

import numpy as np

from engine.core.attempts import try_again
from engine.core.breakers import watch
from engine.core.cancel import cancel_rest, is_at_venue, on_time_over
from engine.core.deadline_heap import NEVER_NS
from engine.core.deadlines import answer_due_ns, arm, expiry_due_ns
from engine.core.doubts import doubt, is_in_doubt, tell_unresolved, watch_doubt
from engine.core.effects import room_for_effects
from engine.core.halts import continue_halts
from engine.core.mass_pass import continue_passes
from engine.core.order_kinds import NS_PER_DAY
from engine.core.order_table import evict_oldest
from engine.core.parent_timers import parent_due_ns
from engine.core.release import release_order
from engine.core.results import begin_day
from engine.core.state import header_of, orders_of
from engine.core.timers import earliest_ns, set_timer, take_due
from engine.core.versions import carry_on
from ipc.compiler import kernel
from ipc.enums import EndReason

_TIMERS_PER_STEP = 32
# A timer and an order of a pass ask for one request each, and one step's requests have a bound.
_TIMERS_BESIDE_PASS = 8
_EFFECTS_OF_ONE_TIMER = 5


@kernel
def on_timer(state: int) -> None:
    """Does what is due, a bounded part of it in one step."""
    header = header_of(state)
    now_ns = header["now_ns"]
    if now_ns >= header["day_end_ns"]:
        begin_day(state)
        header["day_end_ns"] = _midnight_ns(header)
    handled = 0
    while handled < _TIMERS_PER_STEP and room_for_effects(state) >= _EFFECTS_OF_ONE_TIMER:
        slot = take_due(state, now_ns)
        if slot < 0:
            break
        _on_due(state, slot)
        handled += 1
    if handled > _TIMERS_BESIDE_PASS:
        return
    if header["halt_count"] > 0 and header["halt_next_ns"] <= now_ns:
        continue_halts(state)
        return
    if header["mass_count"] > 0 and header["mass_resume_ns"] <= now_ns:
        continue_passes(state)
    if header["watch_interval_ns"] > 0 and header["watch_next_ns"] <= now_ns:
        watch(state)


@kernel
def _midnight_ns(header: np.void) -> int:
    """When the UTC day ends."""
    utc_ns = header["now_ns"] + header["utc_offset_ns"]
    return header["now_ns"] + NS_PER_DAY - utc_ns % NS_PER_DAY


@kernel
def set_clock(state: int, utc_offset_ns: int) -> None:
    """Takes over what the host's clock says; the day ends when that comes to midnight, or has been set past it."""
    header = header_of(state)
    change_ns = utc_offset_ns - header["utc_offset_ns"]
    header["utc_offset_ns"] = utc_offset_ns
    if 0 < header["day_end_ns"] < NEVER_NS:
        header["day_end_ns"] = min(header["day_end_ns"] - change_ns, _midnight_ns(header))


@kernel
def _on_due(state: int, slot: int) -> None:
    order = orders_of(state)[slot]
    if order["order_id"] == 0:
        return
    if order["end_reason"] != EndReason.NONE:
        _retire(state, slot, order)
        return
    _meet_deadline(state, order)
    if order["wanted_version"] != 0:
        carry_on(state, order)
    if order["end_reason"] == EndReason.NONE:
        watch_doubt(state, slot, order)
        arm(state, slot, order)


@kernel
def _meet_deadline(state: int, order: np.void) -> None:
    """Does what the first of an order's due deadlines asks for; the others come up again at once."""
    now_ns = header_of(state)["now_ns"]
    if order["cancel_wanted"] != 0 and not is_at_venue(order):
        # An earlier run ended before it came to this order of a cancel-all.
        cancel_rest(state, order)
    elif 0 < order["execution_deadline_ns"] <= now_ns:
        on_time_over(state, order, EndReason.EXECUTION_TIMEOUT)
    elif expiry_due_ns(order) <= now_ns:
        on_time_over(state, order, EndReason.EXPIRED)
    elif 0 < order["release_at_ns"] <= now_ns:
        release_order(state, order)
    elif 0 < order["retry_at_ns"] <= now_ns:
        try_again(state, order)
    elif order["is_unknown"] != 0 and 0 < order["unresolved_at_ns"] <= now_ns:
        tell_unresolved(state, order)
    elif answer_due_ns(state, order) <= now_ns:
        if is_in_doubt(state, order):
            order["is_unknown"] = 1
        else:
            doubt(state, order)


@kernel
def _retire(state: int, slot: int, order: np.void) -> None:
    """Frees what has waited long enough; an order whose turn has not come waits on."""
    header = header_of(state)
    _evict_expired(state)
    if order["order_id"] != 0 and order["end_reason"] != EndReason.NONE and order["timer_position"] < 0:
        set_timer(state, slot, max(order["ended_ns"] + header["order_retention_ns"], header["now_ns"] + 1))


@kernel
def _evict_expired(state: int) -> None:
    """Frees the slots of orders whose retention is over, oldest first, a few at a time."""
    header, orders = header_of(state), orders_of(state)
    for _ in range(_TIMERS_PER_STEP):
        oldest = header["oldest_ended"]
        if oldest < 0 or orders[oldest]["ended_ns"] + header["order_retention_ns"] > header["now_ns"]:
            return
        evict_oldest(state)


@kernel
def next_deadline_ns(state: int) -> int:
    """When the core next wants a TIMER record; NEVER_NS when nothing waits."""
    header = header_of(state)
    deadline_ns = earliest_ns(state)
    deadline_ns = min(deadline_ns, parent_due_ns(state))
    if header["mass_count"] > 0:
        deadline_ns = min(deadline_ns, header["mass_resume_ns"])
    if header["halt_count"] > 0:
        deadline_ns = min(deadline_ns, header["halt_next_ns"])
    if header["watch_interval_ns"] > 0:
        deadline_ns = min(deadline_ns, header["watch_next_ns"])
    return min(deadline_ns, header["day_end_ns"], NEVER_NS)
