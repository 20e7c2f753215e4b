"""Owns the table of alarms: what a person should know of, until it is over and was acknowledged.

A condition lasts until the core sees its end; everything else happened once, and is over when it is acknowledged.
"""

import numpy as np

from engine.core.state import alarms_of, effect_address, header_of
from ipc.compiler import kernel
from ipc.enums import AlarmCode, RecordKind
from ipc.memory import view
from ipc.records import ALARM, HEADER

NO_ALARM = -1


@kernel
def is_condition(code: int) -> bool:
    """Whether an alarm of this code lasts until the core sees its end."""
    is_single = code == AlarmCode.TRADING_STATE_RAISED or code == AlarmCode.POSITION_DIFFERS
    return is_single or AlarmCode.REJECT_RATE <= code <= AlarmCode.LEASE_EXPIRED


@kernel
def keep_alarms(state: int) -> None:
    """Keeps what this step told a person; the same again about the same is counted."""
    header = header_of(state)
    for place in range(header["effect_count"]):
        effect = effect_address(state, place)
        if view(effect, 1, HEADER)[0]["kind"] == RecordKind.ALARM:
            _keep(state, view(effect, 1, ALARM)[0])


@kernel
def _keep(state: int, alarm: np.void) -> None:
    header, alarms = header_of(state), alarms_of(state)
    utc_ns = header["now_ns"] + header["utc_offset_ns"]
    place = _find(state, alarm)
    if place == NO_ALARM:
        place = _free_place(state)
        header["last_alarm_id"] += 1
        row = alarms[place]
        row["alarm_id"] = header["last_alarm_id"]
        row["code"] = alarm["code"]
        row["strategy_id"] = alarm["commit"]
        row["venue_id"] = alarm["venue_id"]
        row["account_id"] = alarm["account_id"]
        row["instrument_id"] = alarm["instrument_id"]
        row["asset_id"] = alarm["asset_id"]
        row["count"] = 0
        row["raised_utc_ns"] = utc_ns
    row = alarms[place]
    row["order_id"] = alarm["order_id"]
    row["count"] += 1
    row["expected"] = alarm["expected"]
    row["found"] = alarm["found"]
    row["last_utc_ns"] = utc_ns
    # What comes again is new to whoever acknowledged it before.
    row["cleared_utc_ns"] = 0
    row["acknowledged_utc_ns"] = 0
    row["operator_name_0"] = 0
    row["operator_name_1"] = 0


@kernel
def _find(state: int, alarm: np.void) -> int:
    alarms = alarms_of(state)
    for place in range(len(alarms)):
        row = alarms[place]
        account_id, instrument_id = alarm["account_id"], alarm["instrument_id"]
        if not _is_about(row, alarm["code"], alarm["commit"], alarm["venue_id"], account_id, instrument_id):
            continue
        if row["asset_id"] == alarm["asset_id"]:
            return place
    return NO_ALARM


@kernel
def _is_about(row: np.void, code: int, strategy_id: int, venue_id: int, account_id: int, instrument_id: int) -> bool:
    if row["alarm_id"] == 0 or row["code"] != code or row["strategy_id"] != strategy_id:
        return False
    return row["venue_id"] == venue_id and row["account_id"] == account_id and row["instrument_id"] == instrument_id


@kernel
def _free_place(state: int) -> int:
    """A free row; when there is none, of those missed least that which was heard of least recently gives way."""
    alarms = alarms_of(state)
    found = 0
    for place in range(len(alarms)):
        if alarms[place]["alarm_id"] == 0:
            return place
        missed, least = _missed(alarms[place]), _missed(alarms[found])
        if missed < least or (missed == least and alarms[place]["last_utc_ns"] < alarms[found]["last_utc_ns"]):
            found = place
    return found


@kernel
def _missed(row: np.void) -> int:
    """How much a row would be missed: what lasts more than what is over, then what nobody has acknowledged."""
    return 2 * int(row["cleared_utc_ns"] == 0) + int(row["acknowledged_utc_ns"] == 0)


@kernel
def clear_alarm(state: int, code: int, strategy_id: int, venue_id: int, account_id: int, instrument_id: int) -> None:
    """Notes that a condition is over, whatever assets it was about; one that was acknowledged is forgotten."""
    alarms, header = alarms_of(state), header_of(state)
    for place in range(len(alarms)):
        row = alarms[place]
        if not _is_about(row, code, strategy_id, venue_id, account_id, instrument_id):
            continue
        row["cleared_utc_ns"] = header["now_ns"] + header["utc_offset_ns"]
        if row["acknowledged_utc_ns"] != 0:
            row["alarm_id"] = 0


@kernel
def acknowledge_alarm(state: int, command: np.void) -> bool:
    """Notes who has seen an alarm; one that is over is forgotten. False when there is no such alarm."""
    alarms, header = alarms_of(state), header_of(state)
    for place in range(len(alarms)):
        row = alarms[place]
        if row["alarm_id"] == 0 or row["alarm_id"] != command["alarm_id"]:
            continue
        row["acknowledged_utc_ns"] = header["now_ns"] + header["utc_offset_ns"]
        row["operator_name_0"] = command["operator_name_0"]
        row["operator_name_1"] = command["operator_name_1"]
        if row["cleared_utc_ns"] != 0 or not is_condition(row["code"]):
            row["alarm_id"] = 0
        return True
    return False
