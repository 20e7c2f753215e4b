"""Owns listing and acknowledging alarms from a terminal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ipc.alarm_tables import ALARM_ROW
from ipc.clock import NS_PER_S
from ipc.enums import AlarmCode
from ipc.tables import ACCOUNT, ASSET, INSTRUMENT, STRATEGY, words_name
from tools.answer import print_json
from tools.control_desk import ControlDesk, checked
from tools.engines import row_name, venue_names
from tools.manual_client import table
from tools.state_tables import Tables, read_tables

_LAYOUTS = {
    "alarms": ALARM_ROW,
    "accounts": ACCOUNT,
    "instruments": INSTRUMENT,
    "assets": ASSET,
    "strategies": STRATEGY,
}
_COLUMNS = ("id", "code", "state", "about", "count", "expected", "found", "last")


def list_alarms(engine: Path, *, as_json: bool) -> bool:
    """Tells what a person should know of; whether nothing is left that nobody has acknowledged."""
    tables = read_tables(engine, _LAYOUTS)
    alarms = tables["alarms"]
    rows = [_row(alarm, tables) for alarm in alarms[alarms["alarm_id"] != 0]]
    rows.sort(key=lambda row: int(row["id"]))
    if as_json:
        print_json({"alarms": rows})
    elif rows:
        print(table(rows, _COLUMNS))
        print("\noms help CODE says what to do, oms alarms ack ID that somebody has seen it")
    else:
        print("no alarms")
    return all(row["state"] == "acknowledged" for row in rows)


def _row(alarm: np.void, tables: Tables) -> dict[str, Any]:
    code = int(alarm["code"])
    acknowledged, cleared = int(alarm["acknowledged_utc_ns"]), int(alarm["cleared_utc_ns"])
    return {
        "id": int(alarm["alarm_id"]),
        "code": AlarmCode(code).name if code in AlarmCode._value2member_map_ else str(code),
        "state": "acknowledged" if acknowledged else "over" if cleared else "raised",
        "about": _about(alarm, tables),
        "count": int(alarm["count"]),
        "expected": int(alarm["expected"]),
        "found": int(alarm["found"]),
        "order_id": int(alarm["order_id"]) or None,
        "first": _utc(int(alarm["raised_utc_ns"])),
        "last": _utc(int(alarm["last_utc_ns"])),
        "operator": words_name([int(alarm["operator_name_0"]), int(alarm["operator_name_1"])]) or None,
    }


def _about(alarm: np.void, tables: Tables) -> str:
    parts = []
    if alarm["strategy_id"] > 0:
        parts.append(row_name(tables["strategies"][alarm["strategy_id"]], 2))
    if alarm["venue_id"] >= 0:
        venue_id = int(alarm["venue_id"])
        parts.append(venue_names(tables["instruments"]).get(venue_id, f"venue {venue_id}"))
    if alarm["account_id"] >= 0:
        parts.append(row_name(tables["accounts"][alarm["account_id"]], 2))
    if alarm["instrument_id"] >= 0:
        parts.append(row_name(tables["instruments"][alarm["instrument_id"]], 4))
    if alarm["asset_id"] >= 0:
        parts.append(row_name(tables["assets"][alarm["asset_id"]], 2))
    return " ".join(parts) or "engine"


def _utc(utc_ns: int) -> str:
    return datetime.fromtimestamp(utc_ns / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def acknowledge(engine: Path, alarm_ids: list[int], *, as_json: bool) -> None:
    """Says that a person has seen these alarms."""
    with ControlDesk(engine).operator() as operator:
        for alarm_id in alarm_ids:
            checked(operator.acknowledge_alarm(alarm_id), f"to acknowledge alarm {alarm_id}")
    if as_json:
        print_json({"acknowledged": alarm_ids})
    else:
        print(f"acknowledged: {', '.join(map(str, alarm_ids))}")
