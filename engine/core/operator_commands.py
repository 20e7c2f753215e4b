"""Owns what an operator may tell the core of trading states and alarms, and the answer to each."""

import numpy as np

from engine.core.alarms import acknowledge_alarm
from engine.core.balance_agreement import believe_venue
from engine.core.effects import report_control
from engine.core.scopes import NO_ROW, row_of_scope
from engine.core.state import header_of, scopes_of
from engine.core.trading_states import begin_halt, change_trading_state, tell_change
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RecordKind, RefusalReason, ScopeKind, TradingState


@kernel
def on_set_trading_state(state: int, command: np.void) -> None:
    """Makes a scope more restrictive at anybody's word, and less at that of a person who arms it."""
    verdict = _check_trading_state(state, command)
    report = report_control(state, RecordKind.SET_TRADING_STATE, command["sequence"], verdict.reason)
    report["scope_kind"] = command["scope_kind"]
    report["subject_id"] = command["subject_id"]
    report["cause"] = command["cause"]
    _sign(report, command)
    if verdict.reason != 0:
        report["before"] = verdict.current
        report["after"] = verdict.requested
        return
    scope = scopes_of(state)[row_of_scope(state, command["scope_kind"], command["subject_id"])]
    before = scope["trading_state"]
    if command["trading_state"] == before == TradingState.HALT:
        # Asked for once more: everything is cancelled once more.
        begin_halt(state, scope)
    else:
        change_trading_state(state, scope, command["trading_state"], command["cause"])
    if command["is_rearming"] != 0:
        scope["reject_level_ns"] = 0
        scope["execution_count"] = 0
        if scope["scope_kind"] == ScopeKind.ACCOUNT:
            believe_venue(state, scope["subject_id"])
    tell_change(report, scope, before)


@kernel
def _check_trading_state(state: int, command: np.void) -> Verdict:
    wanted = command["trading_state"]
    if wanted < TradingState.ACTIVE or wanted > TradingState.HALT:
        return refuse(RefusalReason.INVALID_TRADING_STATE, TradingState.HALT, 0, wanted)
    row = row_of_scope(state, command["scope_kind"], command["subject_id"])
    if row == NO_ROW:
        return refuse(RefusalReason.UNKNOWN_SCOPE, 0, 0, wanted)
    if command["is_rearming"] != 0:
        return _check_not_expired(state, command)
    now = scopes_of(state)[row]["trading_state"]
    if wanted < now:
        return refuse(RefusalReason.REARMING_REQUIRED, now, now, wanted)
    return passed()


@kernel
def _check_not_expired(state: int, command: np.void) -> Verdict:
    """What lets trading go on must be of now; what stops it may come late."""
    header = header_of(state)
    utc_ns = header["now_ns"] + header["utc_offset_ns"]
    if command["expires_utc_ns"] < utc_ns:
        return refuse(RefusalReason.COMMAND_EXPIRED, command["expires_utc_ns"], 0, command["trading_state"])
    return passed()


@kernel
def on_acknowledge_alarm(state: int, command: np.void) -> None:
    """Notes that a person has seen an alarm."""
    is_known = acknowledge_alarm(state, command)
    reason = RefusalReason.NONE + 0 if is_known else RefusalReason.UNKNOWN_ALARM + 0
    report = report_control(state, RecordKind.ACKNOWLEDGE_ALARM, command["sequence"], reason)
    report["after"] = command["alarm_id"]
    _sign(report, command)


@kernel
def _sign(report: np.void, command: np.void) -> None:
    report["operator_name_0"] = command["operator_name_0"]
    report["operator_name_1"] = command["operator_name_1"]
