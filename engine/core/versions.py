"""Owns the versions of an order: each amendment has a number, one is under way, one may wait for its turn.

A later amendment takes the place of the one that waits. When its turn comes it is checked anew; one that hangs
on a version which did not come about is rejected here, and no venue sees it.
"""

import numpy as np

from engine.core.amend import change_of, check_change, start_amendment
from engine.core.amendment_reports import reject_waiting, report_amendment
from engine.core.command_checks import check_living
from engine.core.doubts import is_in_doubt
from engine.core.order_kinds import may_rest
from engine.core.order_table import find_order
from engine.core.state import orders_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import EndReason, ExecutionType, OrderType, RefusalReason, ReplaceState, TimeInForce
from ipc.order_status import is_ended

_VERSION_MAX = 1 << 62


@kernel
def on_amend_order(state: int, command: np.void) -> Verdict:
    """Changes an order, now or when the amendment before it is settled; or says why not."""
    verdict = check_living(state, command["order_id"])
    if verdict.reason != 0:
        return verdict
    order = orders_of(state)[find_order(state, command["order_id"])]
    verdict = _check_order(state, order)
    if verdict.reason != 0:
        return verdict
    verdict = _check_version(order, command)
    if verdict.reason != 0:
        return verdict
    if order["order_type"] == OrderType.STOP and command["price_ticks"] != 0:
        return refuse(RefusalReason.INVALID_PRICE, 0, 0, command["price_ticks"])
    price_ticks, order_lots, stop_ticks = command["price_ticks"], command["order_lots"], command["stop_price_ticks"]
    change = change_of(state, order, price_ticks, order_lots, stop_ticks)
    verdict = check_change(state, order, change)
    if verdict.reason != 0:
        return verdict
    order["published_ns"] = command["published_ns"]
    version = command["version"] if command["version"] != 0 else _highest_version(order) + 1
    if _must_wait(order):
        _put_to_wait(state, order, command, version)
    else:
        start_amendment(state, order, change, version)
    return passed()


@kernel
def _check_order(state: int, order: np.void) -> Verdict:
    if order["order_type"] == OrderType.MARKET:
        return refuse(RefusalReason.MARKET_ORDER_AMEND, 0, 0, order["order_id"])
    if order["pending_cancel_ns"] != 0 and order["replace_state"] != ReplaceState.CANCELING_FIRST:
        return refuse(RefusalReason.CANCEL_ALREADY_PENDING, 0, order["pending_cancel_ns"], order["order_id"])
    if is_in_doubt(state, order):
        return refuse(RefusalReason.ORDER_OUTCOME_UNKNOWN, 0, order["pending_new_ns"], order["order_id"])
    if not may_rest(order["time_in_force"]):
        return refuse(RefusalReason.AMEND_NOT_SUPPORTED, TimeInForce.GTC, order["time_in_force"], order["order_id"])
    return passed()


@kernel
def _highest_version(order: np.void) -> int:
    return max(order["version"], order["replace_version"], order["wanted_version"])


@kernel
def _check_version(order: np.void, command: np.void) -> Verdict:
    """A version is larger than every one before; one that it hangs on is in force, or may still come about."""
    version, condition, highest = command["version"], command["conditional_on_version"], _highest_version(order)
    if version != 0 and (version <= highest or version > _VERSION_MAX):
        return refuse(RefusalReason.VERSION_CONFLICT, highest + 1, order["version"], version)
    if condition == 0:
        return passed()
    may_come_about = _must_wait(order) and order["version"] < condition <= highest
    if condition != order["version"] and not may_come_about:
        return refuse(RefusalReason.VERSION_CONFLICT, order["version"], order["version"], condition)
    return passed()


@kernel
def _must_wait(order: np.void) -> bool:
    """Whether something else must be settled before an amendment can be sent."""
    return (
        order["pending_replace_ns"] != 0
        or order["accepted"] == 0
        or order["pending_new_ns"] != 0
        or order["retry_at_ns"] != 0
    )


@kernel
def _put_to_wait(state: int, order: np.void, command: np.void, version: int) -> None:
    reject_waiting(state, order, RefusalReason.REPLACE_ALREADY_PENDING)
    order["wanted_version"] = version
    order["wanted_price_ticks"] = command["price_ticks"]
    order["wanted_lots"] = command["order_lots"]
    order["wanted_stop_ticks"] = command["stop_price_ticks"]
    order["wanted_condition"] = command["conditional_on_version"]
    report_amendment(state, order, ExecutionType.PENDING_REPLACE, 0, version)


@kernel
def carry_on(state: int, order: np.void) -> None:
    """Gives the amendment that waits its turn, if that has come. Precondition: one waits."""
    if is_ended(order):
        reject_waiting(state, order, RefusalReason.ORDER_ALREADY_ENDED)
        return
    is_canceling = order["pending_cancel_ns"] != 0 and order["replace_state"] != ReplaceState.CANCELING_FIRST
    if is_canceling or order["cancel_wanted"] != 0:
        reject_waiting(state, order, RefusalReason.CANCEL_ALREADY_PENDING)
        return
    if _must_wait(order) or order["end_wanted"] != EndReason.NONE or is_in_doubt(state, order):
        return
    condition, version = order["wanted_condition"], order["wanted_version"]
    if condition != 0 and condition != order["version"]:
        reject_waiting(state, order, RefusalReason.VERSION_CONFLICT)
        return
    change = change_of(state, order, order["wanted_price_ticks"], order["wanted_lots"], order["wanted_stop_ticks"])
    verdict = check_change(state, order, change)
    if verdict.reason != 0:
        reject_waiting(state, order, verdict.reason)
        return
    order["wanted_version"] = 0
    start_amendment(state, order, change, version)
