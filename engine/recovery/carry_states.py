"""Owns handing on what stops trading, and what a person still has to look at: a restart lifts nothing."""

import numpy as np
from numpy.typing import NDArray

from engine.core.alarms import is_condition
from engine.core.state import State
from ipc.control_enums import HaltPhase
from ipc.enums import AlarmCode, ScopeKind, TradingState

_STATE_FACTS = ("trading_state", "state_cause", "state_since_ns", "reject_level_ns", "reject_ns")
_TIMES = ("state_since_ns", "reject_ns")


def carry_states(old: State, new: State, numbers: dict[str, NDArray[np.int64]], shift_ns: int) -> None:
    """Lays trading states and alarms into the new block; `numbers` are the new ones of "account_id" and its like."""
    accounts, instruments = numbers["account_id"], numbers["instrument_id"]
    of_scopes = {
        ScopeKind.ENGINE: np.zeros(1, np.int64),
        ScopeKind.VENUE: _venues(old, new, instruments),
        ScopeKind.ACCOUNT: accounts,
        ScopeKind.STRATEGY: _strategies(old, new),
        ScopeKind.INSTRUMENT: instruments,
    }
    _carry_scopes(old, new, of_scopes, shift_ns)
    _carry_alarms(old, new, {**numbers, "venue_id": of_scopes[ScopeKind.VENUE]})


def _venues(old: State, new: State, instruments: NDArray[np.int64]) -> NDArray[np.int64]:
    """The new number of each venue, which has no name in the block but in those of its instruments."""
    old_venues, new_venues = old.table("instruments")["venue_id"], new.table("instruments")["venue_id"]
    count = int((old.table("scopes")["scope_kind"] == ScopeKind.VENUE).sum())
    numbers = np.full(count, -1, np.int64)
    for place in np.flatnonzero(instruments >= 0):
        numbers[old_venues[place]] = new_venues[instruments[place]]
    return numbers


def _strategies(old: State, new: State) -> NDArray[np.int64]:
    ids = np.arange(len(old.table("strategies")))
    return np.where(ids < len(new.table("strategies")), ids, -1)


def _carry_scopes(old: State, new: State, numbers: dict[ScopeKind, NDArray[np.int64]], shift_ns: int) -> None:
    rows = {(int(row["scope_kind"]), int(row["subject_id"])): row for row in new.table("scopes")}
    header = new.header
    for scope in old.table("scopes"):
        kind = ScopeKind(int(scope["scope_kind"]))
        own = rows.get((kind, int(numbers[kind][scope["subject_id"]])))
        if own is None:
            continue
        for name in _STATE_FACTS:
            own[name] = scope[name]
        for name in _TIMES:
            own[name] = max(int(scope[name]) + shift_ns, 1) if scope[name] > 0 else 0
        header["restriction_count"] += int(own["trading_state"] != TradingState.ACTIVE)
        if own["trading_state"] == TradingState.HALT:
            # What the venues have meanwhile is cancelled as soon as they can be asked.
            own["halt_phase"] = HaltPhase.EACH if kind is ScopeKind.STRATEGY else HaltPhase.ALL_AT_ONCE
            own["halt_next_ns"] = header["halt_next_ns"] = header["now_ns"]
            header["halt_count"] += 1


def _carry_alarms(old: State, new: State, numbers: dict[str, NDArray[np.int64]]) -> None:
    header, before = new.header, old.table("alarms")
    header["last_alarm_id"] = old.header["last_alarm_id"]
    kept = before[before["alarm_id"] != 0].copy()
    for row in kept:
        code = int(row["code"])
        if is_condition(code) and code != AlarmCode.TRADING_STATE_RAISED and row["cleared_utc_ns"] == 0:
            # It was one of that run, and this one will see for itself.
            row["cleared_utc_ns"] = header["now_ns"] + header["utc_offset_ns"]
    is_over = (kept["cleared_utc_ns"] != 0) & (kept["acknowledged_utc_ns"] != 0)
    has_place = ~is_over & (kept["strategy_id"] < len(new.table("strategies")))
    for name, own in numbers.items():
        renumbered = np.where(kept[name] >= 0, own[kept[name]], kept[name])
        has_place &= (renumbered >= 0) | (kept[name] < 0)
        kept[name] = renumbered
    kept = kept[has_place]
    new.table("alarms")[: len(kept)] = kept
