"""Owns handing on what the day has come to and what windows hold: a restart is no way to trade on after a loss."""

import numpy as np
from numpy.typing import NDArray

from engine.core.order_kinds import NS_PER_DAY
from engine.core.state import State
from ipc.enums import ScopeKind
from ipc.tables import words_name

_DAY = ("realised_units", "peak_units", "traded_level_units", "execution_count", "message_count", "fill_count")
_BUCKETS = ("new", "amend", "cancel")
_NEVER_NS = np.iinfo(np.int64).max


def carry_results(
    old: State, new: State, numbers: dict[ScopeKind, NDArray[np.int64]], assets: NDArray[np.int64], shift_ns: int
) -> None:
    """Lays counts of each scope that both blocks know into the new one, and what assets were last worth.

    Venues are known by their place. What is counted in another currency than before begins anew.
    """
    if _currency(old) == _currency(new):
        worth = old.table("assets")["rate"]
        for asset_id in np.flatnonzero(assets >= 0):
            new.table("assets")[assets[asset_id]]["rate"] = worth[asset_id]
        new.header["day_end_ns"] = _day_end_ns(old.header, new.header)
        rows = {(int(row["scope_kind"]), int(row["subject_id"])): row for row in new.table("scopes")}
        for scope in old.table("scopes"):
            subject_id = int(scope["subject_id"])
            if scope["scope_kind"] in numbers:
                subject_id = int(numbers[ScopeKind(int(scope["scope_kind"]))][subject_id])
            row = rows.get((int(scope["scope_kind"]), subject_id))
            if row is not None:
                _carry(scope, row, shift_ns)


def _day_end_ns(old: np.void, new: np.void) -> int:
    """The same midnight, or the next one where the host's clock was set back since."""
    day_end_ns = int(old["day_end_ns"])
    if day_end_ns in (0, _NEVER_NS):
        return day_end_ns
    now_ns, utc_offset_ns = int(new["now_ns"]), int(new["utc_offset_ns"])
    midnight_ns = now_ns + NS_PER_DAY - (now_ns + utc_offset_ns) % NS_PER_DAY
    return min(day_end_ns + int(old["utc_offset_ns"]) - utc_offset_ns, midnight_ns)


def _carry(scope: np.void, row: np.void, shift_ns: int) -> None:
    for name in _DAY:
        row[name] = scope[name]
    row["traded_ns"] = scope["traded_ns"] + shift_ns
    for name in _BUCKETS:
        row[f"{name}_level"] = scope[f"{name}_level"]
        row[f"{name}_ns"] = scope[f"{name}_ns"] + shift_ns


def _currency(state: State) -> str:
    row = state.table("assets")[int(state.header["risk_asset_id"])]
    return words_name([row["name_0"], row["name_1"]])
