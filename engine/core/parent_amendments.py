"""Owns amendments of parents: another limit, quantity or trigger."""

import numpy as np

from engine.core.child_orders import cancel_children
from engine.core.children import working_lots
from engine.core.parent_checks import LOTS_MAX, check_limit, is_by_schedule, is_contingent
from engine.core.parent_reports import own_lots, report_parent
from engine.core.parent_table import find_parent
from engine.core.parent_timers import wake_parent
from engine.core.parents import check_living_parent
from engine.core.state import instruments_of, markets_of, parents_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason
from ipc.parent_enums import Algorithm, ParentEvent


@kernel
def on_amend_parent(state: int, command: np.void) -> Verdict:
    """Changes limit, quantity or trigger of a parent; what its children have beyond that is cancelled."""
    verdict = check_living_parent(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    slot = find_parent(state, command["order_id"])
    parent = parents_of(state)[slot]
    verdict = _check_amendment(state, parent, command)
    if verdict.reason != 0:
        return verdict
    if command["price_ticks"] != 0:
        parent["limit_price_ticks"] = command["price_ticks"]
    if command["order_lots"] != 0:
        parent["order_lots"] = command["order_lots"] * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]
    if command["stop_price_ticks"] != 0:
        parent["trigger_price_ticks"] = command["stop_price_ticks"]
    # What it went after and got was for what it was: a sweep comes again for what it has become.
    parent["moved_ns"] = 0
    if command["price_ticks"] != 0 or parent["cumulative_lots"] + working_lots(state, parent) > parent["order_lots"]:
        cancel_children(state, parent)
    report_parent(state, parent, ParentEvent.AMENDED)
    wake_parent(state, slot)
    return passed()


@kernel
def _check_amendment(state: int, parent: np.void, command: np.void) -> Verdict:
    """Whether a parent may become what an amendment asks for."""
    if command["version"] != 0 or command["conditional_on_version"] != 0:
        return refuse(RefusalReason.VERSION_CONFLICT, 0, command["conditional_on_version"], command["version"])
    instrument = instruments_of(state)[parent["instrument_id"]]
    verdict = check_limit(instrument, command["price_ticks"])
    if verdict.reason != 0:
        return verdict
    lots, trigger_ticks = command["order_lots"], command["stop_price_ticks"]
    if command["price_ticks"] == 0 and lots == 0 and trigger_ticks == 0:
        return refuse(RefusalReason.AMEND_CHANGES_NOTHING, 0, 0, 0)
    if lots < 0 or lots > LOTS_MAX or (lots != 0 and is_quantity_fixed(parent)):
        return refuse(RefusalReason.INVALID_QUANTITY, LOTS_MAX, 0, lots)
    if lots != 0 and lots * markets_of(state)[parent["instrument_id"]]["pair_lot_scale"] <= parent["cumulative_lots"]:
        done_lots = own_lots(state, parent, parent["cumulative_lots"])
        return refuse(RefusalReason.AMEND_BELOW_FILLED, done_lots + 1, done_lots, lots)
    is_past = parent["is_triggered"] != 0 or (parent["started_ns"] != 0 and not is_contingent(parent["algorithm"]))
    if trigger_ticks != 0 and (parent["trigger_price_ticks"] == 0 or is_past):
        return refuse(RefusalReason.INVALID_TRIGGER, 0, parent["is_triggered"], trigger_ticks)
    if trigger_ticks < 0 or trigger_ticks > instrument["max_price_ticks"]:
        return refuse(RefusalReason.INVALID_TRIGGER, instrument["max_price_ticks"], 0, trigger_ticks)
    return passed()


@kernel
def is_quantity_fixed(parent: np.void) -> bool:
    """Whether a parent's quantity follows from something else: a schedule, a position, another order's fills."""
    is_followed = parent["after_order_id"] != 0 or parent["algorithm"] == Algorithm.CLOSE_OUT
    return is_followed or is_by_schedule(parent["algorithm"])
