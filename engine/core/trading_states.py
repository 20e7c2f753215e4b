"""Owns the trading states: what may still be done in a scope, raised by whatever goes wrong, lowered by a person only.

ACTIVE < REDUCE_ONLY < CANCEL_ONLY < HALT. Of the scopes that an order lies in the most restrictive holds.
"""

import numpy as np

from engine.core.alarms import clear_alarm
from engine.core.effects import NO_INSTRUMENT, NO_ORDER, NO_VENUE, raise_alarm, report_control, room_for_effects
from engine.core.state import header_of, scopes_of
from ipc.compiler import kernel
from ipc.control_enums import HaltPhase
from ipc.enums import AlarmCode, ScopeKind, TradingState

NO_ACCOUNT = -1
NO_STRATEGY = 0
_SCOPE_SHIFT = 32


@kernel
def scope_code(scope: np.void) -> int:
    """A scope as one word, for a refusal's numbers."""
    return scope["scope_kind"] << _SCOPE_SHIFT | scope["subject_id"]


@kernel
def strategy_of_scope(scope: np.void) -> int:
    """Whom an alarm about a scope is for."""
    return scope["subject_id"] if scope["scope_kind"] == ScopeKind.STRATEGY else NO_STRATEGY


@kernel
def venue_of_scope(scope: np.void) -> int:
    """Which venue an alarm about a scope names."""
    return scope["subject_id"] if scope["scope_kind"] == ScopeKind.VENUE else NO_VENUE


@kernel
def account_of_scope(scope: np.void) -> int:
    """Which account an alarm about a scope names."""
    return scope["subject_id"] if scope["scope_kind"] == ScopeKind.ACCOUNT else NO_ACCOUNT


@kernel
def instrument_of_scope(scope: np.void) -> int:
    """Which instrument an alarm about a scope names."""
    return scope["subject_id"] if scope["scope_kind"] == ScopeKind.INSTRUMENT else NO_INSTRUMENT


@kernel
def alarm_of_scope(state: int, scope: np.void, code: int, expected: int, found: int) -> np.void:
    """Tells a person of something about a scope; the caller may say more of it. Returns the alarm."""
    strategy_id, account_id = strategy_of_scope(scope), account_of_scope(scope)
    alarm = raise_alarm(state, strategy_id, code, NO_ORDER, account_id, instrument_of_scope(scope))
    alarm["venue_id"] = venue_of_scope(scope)
    alarm["expected"] = expected
    alarm["found"] = found
    return alarm


@kernel
def clear_alarm_of_scope(state: int, scope: np.void, code: int) -> None:
    """Notes that a condition of a scope is over."""
    venue_id, account_id = venue_of_scope(scope), account_of_scope(scope)
    clear_alarm(state, code, strategy_of_scope(scope), venue_id, account_id, instrument_of_scope(scope))


@kernel
def raise_trading_state(state: int, row: int, trading_state: int, cause: int) -> bool:
    """Makes a scope as restrictive as this, if it is not yet; `cause` is the AlarmCode that the caller tells."""
    scope = scopes_of(state)[row]
    before = scope["trading_state"]
    if trading_state <= before:
        return False
    change_trading_state(state, scope, trading_state, cause)
    if room_for_effects(state) > 0:
        tell_change(report_control(state, 0, 0, 0), scope, before)
    return True


@kernel
def restrict(state: int, row: int, trading_state: int, code: int, limit: int, found: int) -> None:
    """Makes a scope that went beyond a limit as restrictive as this, and tells of it once."""
    if raise_trading_state(state, row, trading_state, code) and room_for_effects(state) > 0:
        alarm_of_scope(state, scopes_of(state)[row], code, limit, found)


@kernel
def tell_change(report: np.void, scope: np.void, before: int) -> None:
    """Fills a report with what became of a scope."""
    report["scope_kind"] = scope["scope_kind"]
    report["subject_id"] = scope["subject_id"]
    report["before"] = before
    report["after"] = scope["trading_state"]
    report["cause"] = scope["state_cause"]


@kernel
def change_trading_state(state: int, scope: np.void, trading_state: int, cause: int) -> None:
    """Puts a scope into a state; what is halted is cancelled from now on."""
    header = header_of(state)
    before = scope["trading_state"]
    header["restriction_count"] += int(trading_state != TradingState.ACTIVE) - int(before != TradingState.ACTIVE)
    scope["trading_state"] = trading_state
    scope["state_cause"] = cause
    scope["state_since_ns"] = header["now_ns"]
    if trading_state == TradingState.HALT:
        begin_halt(state, scope)
    elif scope["halt_phase"] != HaltPhase.NONE:
        scope["halt_phase"] = HaltPhase.NONE
        header["halt_count"] -= 1
    if trading_state == TradingState.ACTIVE:
        clear_alarm_of_scope(state, scope, AlarmCode.TRADING_STATE_RAISED)
    elif trading_state > before and room_for_effects(state) > 0:
        alarm_of_scope(state, scope, AlarmCode.TRADING_STATE_RAISED, before, trading_state)


@kernel
def begin_halt(state: int, scope: np.void) -> None:
    """Lets the next steps cancel all that is open in a scope, from the beginning."""
    header = header_of(state)
    if scope["halt_phase"] == HaltPhase.NONE:
        header["halt_count"] += 1
    # What others do on a strategy's accounts is not its own, so its orders are cancelled one by one.
    is_alone = scope["scope_kind"] == ScopeKind.STRATEGY
    scope["halt_phase"] = HaltPhase.EACH if is_alone else HaltPhase.ALL_AT_ONCE
    scope["halt_cursor"] = 0
    scope["halt_living"] = 0
    scope["halt_next_ns"] = header["now_ns"]
    header["halt_next_ns"] = header["now_ns"]
