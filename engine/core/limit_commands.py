"""Owns changing a limit while trading goes on: checked, in force at once, told with what it was before and by whom."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.core.effects import report_control
from engine.core.money import SUM_MAX
from engine.core.scopes import NO_ROW, row_of_scope
from engine.core.state import header_of, instruments_of
from engine.core.throttles import PER_SECOND_MAX
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RecordKind, RefusalReason, RiskLimit, ScopeKind
from ipc.memory import load, store
from ipc.tables import BOOK, NO_LIMIT, SCOPE

_NOWHERE = 0
_LIMITS_MAX = max(RiskLimit) + 1
_LOTS_MAX = (1 << 31) - 1
_SCOPE_BYTES = SCOPE.itemsize
_BOOK_BYTES = BOOK.itemsize


def _offsets(row: np.dtype[np.void]) -> tuple[int, ...]:
    """Where each limit lies in a row, by its number; 0 for one that is not there."""
    fields: Mapping[str, Any] = row.fields or {}
    names = {int(limit): limit.name.lower() for limit in RiskLimit}
    return tuple(int(fields[names[number]][1]) if names.get(number) in fields else 0 for number in range(_LIMITS_MAX))


# No limit lies at the beginning of a row.
_SCOPE_OFFSETS = _offsets(SCOPE)
_BOOK_OFFSETS = _offsets(BOOK)


@kernel
def on_set_limit(state: int, command: np.void) -> None:
    """Puts a limit into force, or says why not; either is told."""
    verdict = _check(state, command)
    report = report_control(state, RecordKind.SET_LIMIT, command["sequence"], verdict.reason)
    report["scope_kind"] = command["scope_kind"]
    report["subject_id"] = command["subject_id"]
    report["instrument_id"] = command["instrument_id"]
    report["limit_name"] = command["limit_name"]
    report["operator_name_0"] = command["operator_name_0"]
    report["operator_name_1"] = command["operator_name_1"]
    address = _address_of(state, command)
    if address != _NOWHERE:
        report["before"] = load(address)
        if verdict.reason == 0:
            store(address, command["value"])
        report["after"] = load(address)


@kernel
def _address_of(state: int, command: np.void) -> int:
    """Where the limit lies that a command names, _NOWHERE when there is none."""
    header, limit, subject_id = header_of(state), command["limit_name"], command["subject_id"]
    if limit <= 0 or limit >= _LIMITS_MAX:
        return _NOWHERE
    if command["scope_kind"] == ScopeKind.BOOK:
        instrument_id = command["instrument_id"]
        if subject_id < 0 or subject_id >= header["strategies_count"] or _BOOK_OFFSETS[limit] == 0:
            return _NOWHERE
        if instrument_id < 0 or instrument_id >= header["instruments_count"]:
            return _NOWHERE
        place = subject_id * header["instruments_count"] + instrument_id
        return state + header["books_offset"] + place * _BOOK_BYTES + _BOOK_OFFSETS[limit]
    row = row_of_scope(state, command["scope_kind"], subject_id)
    is_elsewhere = limit == RiskLimit.MAX_LEVERAGE_PERCENT and command["scope_kind"] != ScopeKind.ACCOUNT
    if row == NO_ROW or is_elsewhere or _SCOPE_OFFSETS[limit] == 0:
        return _NOWHERE
    return state + header["scopes_offset"] + row * _SCOPE_BYTES + _SCOPE_OFFSETS[limit]


@kernel
def _check(state: int, command: np.void) -> Verdict:
    value = command["value"]
    if _address_of(state, command) == _NOWHERE:
        return refuse(RefusalReason.UNKNOWN_SCOPE, 0, command["limit_name"], command["subject_id"])
    header = header_of(state)
    if command["expires_utc_ns"] < header["now_ns"] + header["utc_offset_ns"]:
        return refuse(RefusalReason.COMMAND_EXPIRED, command["expires_utc_ns"], 0, value)
    largest = _largest(command["limit_name"])
    if command["limit_name"] == RiskLimit.MAX_LONG_LOTS or command["limit_name"] == RiskLimit.MAX_SHORT_LOTS:
        # What so much is worth at any price of the instrument must fit a word.
        largest = min(largest, NO_LIMIT // instruments_of(state)[command["instrument_id"]]["max_price_ticks"])
    if value < 0 or (value > largest and (value != NO_LIMIT or _is_bounded(command["limit_name"]))):
        return refuse(RefusalReason.MALFORMED_RECORD, largest, 0, value)
    return passed()


@kernel
def _is_bounded(limit: int) -> bool:
    """Whether a limit cannot be lifted: sums and windows would not fit a word."""
    return limit == RiskLimit.TRADED_WINDOW_NS or RiskLimit.MAX_ORDER_LOTS <= limit <= RiskLimit.MAX_SHORT_LOTS


@kernel
def _largest(limit: int) -> int:
    """The largest value that a limit may have, apart from none at all."""
    if RiskLimit.MAX_NEW_PER_S <= limit <= RiskLimit.MAX_CANCELS_PER_S or limit == RiskLimit.MAX_ORDER_TO_TRADE:
        return PER_SECOND_MAX
    if limit == RiskLimit.TRADED_WINDOW_NS:
        return 86_400_000_000_000
    if limit == RiskLimit.PRICE_COLLAR_BPS or limit == RiskLimit.FAT_FINGER_BPS:
        return 9_999
    if limit == RiskLimit.MAX_ORDER_LOTS or limit == RiskLimit.MAX_LONG_LOTS or limit == RiskLimit.MAX_SHORT_LOTS:
        return _LOTS_MAX
    return SUM_MAX
