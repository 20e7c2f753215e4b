"""Owns the trading states: what may still be done in a scope."""

from engine.core.effects import NO_INSTRUMENT, NO_ORDER, raise_alarm, room_for_effects
from engine.core.state import header_of, scopes_of
from ipc.compiler import kernel
from ipc.enums import ScopeKind


@kernel
def raise_trading_state(state: int, row: int, trading_state: int, cause: int) -> bool:
    """Makes a scope as restrictive as this, if it is not yet; `cause` is an AlarmCode."""
    scope = scopes_of(state)[row]
    before = scope["trading_state"]
    if trading_state <= before:
        return False
    scope["trading_state"] = trading_state
    scope["state_cause"] = cause
    scope["state_since_ns"] = header_of(state)["now_ns"]
    if room_for_effects(state) > 0:
        kind, subject_id = scope["scope_kind"], scope["subject_id"]
        strategy_id = subject_id if kind == ScopeKind.STRATEGY else 0
        account_id = subject_id if kind == ScopeKind.ACCOUNT else -1
        instrument_id = subject_id if kind == ScopeKind.INSTRUMENT else NO_INSTRUMENT + 0
        alarm = raise_alarm(state, strategy_id, cause, NO_ORDER, account_id, instrument_id)
        alarm["expected"] = before
        alarm["found"] = trading_state
    return True
