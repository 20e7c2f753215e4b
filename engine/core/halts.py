"""Owns the cancelling of all that is open in a halted scope, as many steps as it takes, until nothing is left.

First the venue's own cancel-all of each instrument on each account, which also reaches orders that are not ours and
those that are not known. What lives after that is cancelled order by order, again and again; when a pass finds
nothing alive, a person is told. While the scope stays halted it is looked at further: what shows up later goes too.
"""

import numpy as np

from engine.core.cancel import BUDGET_WAIT_NS, cancel_rest, check_cancel_budget, is_at_venue, is_cancelable
from engine.core.deadline_heap import NEVER_NS
from engine.core.effects import request_of_account, room_for_effects
from engine.core.rate_budget import charge_without_order
from engine.core.rate_checks import check_venue_budget
from engine.core.state import accounts_of, header_of, instruments_of, orders_of, scopes_of
from engine.core.trading_states import alarm_of_scope, begin_halt
from ipc.compiler import kernel
from ipc.control_enums import HaltPhase
from ipc.enums import AlarmCode, ConnectionState, EndReason, RequestKind, ScopeKind

# How long the venue has to carry out its cancel-all before orders are cancelled one by one.
ANSWER_NS = 250_000_000
_LOOK_AGAIN_NS = 1_000_000_000
_REQUESTS_PER_STEP = 32
_PLACES_PER_STEP = 4_096
_EFFECTS_OF_ONE_ORDER = 4


@kernel
def continue_halts(state: int) -> None:
    """Does the next part of what halted scopes have to cancel."""
    header, scopes = header_of(state), scopes_of(state)
    left = _REQUESTS_PER_STEP
    next_ns = NEVER_NS
    for row in range(len(scopes)):
        scope = scopes[row]
        if scope["halt_phase"] == HaltPhase.NONE:
            continue
        if scope["halt_next_ns"] <= header["now_ns"] and left > 0:
            if scope["halt_phase"] == HaltPhase.ALL_AT_ONCE:
                left -= _cancel_at_once(state, scope, left)
            else:
                left -= _cancel_each(state, scope, left)
        next_ns = min(next_ns, scope["halt_next_ns"])
    header["halt_next_ns"] = next_ns


@kernel
def halt_again(state: int, account_id: int) -> None:
    """An account can be asked again: what it may have meanwhile is cancelled at once as well."""
    scopes = scopes_of(state)
    for row in range(len(scopes)):
        scope = scopes[row]
        if scope["halt_phase"] != HaltPhase.NONE and _is_meant(state, scope, account_id):
            begin_halt(state, scope)


@kernel
def is_of_scope(state: int, scope: np.void, account_id: int, instrument_id: int, strategy_id: int) -> bool:
    """Whether an order of these lies in a scope."""
    kind, subject_id = scope["scope_kind"], scope["subject_id"]
    if kind == ScopeKind.VENUE:
        return accounts_of(state)[account_id]["venue_id"] == subject_id
    if kind == ScopeKind.ACCOUNT:
        return account_id == subject_id
    if kind == ScopeKind.STRATEGY:
        return strategy_id == subject_id
    return kind == ScopeKind.ENGINE or instrument_id == subject_id


@kernel
def _is_live(state: int, account_id: int) -> bool:
    return accounts_of(state)[account_id]["connection_state"] == ConnectionState.LIVE


@kernel
def _is_meant(state: int, scope: np.void, account_id: int) -> bool:
    """Whether an account may have orders in a scope that nobody here knows of; a strategy's own are all known."""
    kind = scope["scope_kind"]
    if kind == ScopeKind.INSTRUMENT:
        return accounts_of(state)[account_id]["venue_id"] == instruments_of(state)[scope["subject_id"]]["venue_id"]
    return kind != ScopeKind.STRATEGY and is_of_scope(state, scope, account_id, -1, -1)


@kernel
def _is_reached(state: int, scope: np.void) -> bool:
    """Whether every account that the scope has to do with can be asked."""
    for account_id in range(len(accounts_of(state))):
        if _is_meant(state, scope, account_id) and not _is_live(state, account_id):
            return False
    return True


@kernel
def _cancel_at_once(state: int, scope: np.void, requests_max: int) -> int:
    """Asks for the cancel-all of the next instruments; returns how many were asked for."""
    header = header_of(state)
    instruments_count = header["instruments_count"]
    pairs = header["accounts_count"] * instruments_count
    asked, first = 0, scope["halt_cursor"]
    place = first
    while place < pairs and place < first + _PLACES_PER_STEP and asked < requests_max:
        account_id, instrument_id = place // instruments_count, place % instruments_count
        is_there = instruments_of(state)[instrument_id]["venue_id"] == accounts_of(state)[account_id]["venue_id"]
        if is_there and _is_live(state, account_id) and is_of_scope(state, scope, account_id, instrument_id, 0):
            if room_for_effects(state) == 0:
                break
            if check_venue_budget(state, account_id, instrument_id, RequestKind.CANCEL_ALL, 0).reason != 0:
                scope["halt_cursor"] = place
                scope["halt_next_ns"] = header["now_ns"] + BUDGET_WAIT_NS
                return asked
            charge_without_order(state, account_id, instrument_id, RequestKind.CANCEL_ALL)
            request_of_account(state, RequestKind.CANCEL_ALL, account_id, instrument_id)
            asked += 1
        place += 1
    scope["halt_cursor"] = place
    scope["halt_next_ns"] = header["now_ns"]
    if place == pairs:
        _begin_pass(scope, header["now_ns"] + ANSWER_NS)
        scope["halt_phase"] = HaltPhase.EACH
    return asked


@kernel
def _begin_pass(scope: np.void, next_ns: int) -> None:
    scope["halt_cursor"] = 0
    scope["halt_living"] = 0
    scope["halt_next_ns"] = next_ns


@kernel
def _cancel_each(state: int, scope: np.void, requests_max: int) -> int:
    """Cancels the next orders that live in the scope; returns how many it had to do with."""
    header, orders = header_of(state), orders_of(state)
    done, first = 0, scope["halt_cursor"]
    slot = first if header["open_order_count"] > 0 else len(orders)
    while slot < len(orders) and slot < first + _PLACES_PER_STEP and done < requests_max:
        order = orders[slot]
        if _is_alive_in(state, scope, order):
            if room_for_effects(state) < _EFFECTS_OF_ONE_ORDER:
                break
            if is_cancelable(order) and (_is_live(state, order["account_id"]) or not is_at_venue(order)):
                if check_cancel_budget(state, order).reason != 0:
                    scope["halt_cursor"] = slot
                    scope["halt_next_ns"] = header["now_ns"] + BUDGET_WAIT_NS
                    return done
                cancel_rest(state, order)
                done += 1
            scope["halt_living"] += 1
        slot += 1
    scope["halt_cursor"] = slot
    scope["halt_next_ns"] = header["now_ns"]
    if slot == len(orders):
        _end_pass(state, scope)
    return done


@kernel
def _is_alive_in(state: int, scope: np.void, order: np.void) -> bool:
    return (
        order["order_id"] != 0
        and order["end_reason"] == EndReason.NONE
        and is_of_scope(state, scope, order["account_id"], order["instrument_id"], order["strategy_id"])
    )


@kernel
def _end_pass(state: int, scope: np.void) -> None:
    """Looks again soon when something lived; tells once when nothing does any more."""
    now_ns = header_of(state)["now_ns"]
    if scope["halt_living"] > 0 or not _is_reached(state, scope):
        scope["halt_phase"] = HaltPhase.EACH
        _begin_pass(scope, now_ns + ANSWER_NS)
        return
    if scope["halt_phase"] != HaltPhase.VERIFIED:
        if room_for_effects(state) == 0:
            return
        scope["halt_phase"] = HaltPhase.VERIFIED
        alarm_of_scope(state, scope, AlarmCode.KILL_VERIFIED, 0, now_ns - scope["state_since_ns"])
    _begin_pass(scope, now_ns + _LOOK_AGAIN_NS)
