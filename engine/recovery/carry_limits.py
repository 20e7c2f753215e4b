"""Owns handing on what limits were used: a restart gives nobody a fresh allowance, and never runs into a ban."""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.recovery.rows import as_matrix
from ipc.rate_enums import RateWindowKind
from ipc.rate_tables import BUDGETS_PER_ACCOUNT

_USE = ("window_end_utc_ns", "counted", "counted_next", "blocked_until_utc_ns", "level")
_DECLARED = ("limit_type", "window_kind", "window_ns")


def carry_limits(
    old: State, new: State, accounts: NDArray[np.int64], instruments: NDArray[np.int64], shift_ns: int
) -> None:
    """Lays the times of the last orders and the venues' windows into the new block, by the new numbers."""
    _carry_limiters(old, new, accounts, shift_ns)
    _carry_budgets(old, new, accounts, instruments, shift_ns)


def _carry_limiters(old: State, new: State, accounts: NDArray[np.int64], shift_ns: int) -> None:
    old_terms = as_matrix(old, "terms", len(old.table("strategies")))
    new_terms = as_matrix(new, "terms", len(new.table("strategies")))
    old_times, new_times = old.table("limiter_times")["sent_ns"], new.table("limiter_times")["sent_ns"]
    for strategy_id in range(min(len(old_terms), len(new_terms))):
        for account_id in np.flatnonzero(accounts >= 0):
            before, after = old_terms[strategy_id, account_id], new_terms[strategy_id, accounts[account_id]]
            limit = int(after["rate_limit_orders"])
            start = int(before["limiter_start"])
            times = np.sort(old_times[start : start + int(before["rate_limit_orders"])])[-limit:]
            if limit == 0 or len(times) == 0:
                continue
            # The limiter looks at its first place next, so the oldest stands there.
            end = int(after["limiter_start"]) + limit
            new_times[end - len(times) : end] = np.where(times > 0, times + shift_ns, 0)


def _carry_budgets(
    old: State, new: State, accounts: NDArray[np.int64], instruments: NDArray[np.int64], shift_ns: int
) -> None:
    old_rows, new_rows = old.table("budgets"), new.table("budgets")
    for account_id in np.flatnonzero(accounts >= 0):
        for before in _windows(old_rows, int(account_id)):
            for after in _windows(new_rows, int(accounts[account_id])):
                if any(before[name] != after[name] for name in _DECLARED) or after["limit"] == 0:
                    continue
                if before["instrument_rows"] == 0:
                    _carry_window(old, new, before, after, shift_ns)
                    continue
                for instrument_id in np.flatnonzero(instruments >= 0):
                    earlier = old_rows[before["instrument_rows"] + instrument_id]
                    later = new_rows[after["instrument_rows"] + instruments[instrument_id]]
                    _carry_window(old, new, earlier, later, shift_ns)


def _windows(rows: NDArray[np.void], account_id: int) -> NDArray[np.void]:
    return rows[account_id * BUDGETS_PER_ACCOUNT :][:BUDGETS_PER_ACCOUNT]


def _carry_window(old: State, new: State, before: np.void, after: np.void, shift_ns: int) -> None:
    for name in _USE:
        after[name] = before[name]
    after["level_ns"] = before["level_ns"] + shift_ns
    # No answer will come any more to what is in flight.
    after["unanswered"] = before["in_flight"] + before["unanswered"] + before["unanswered_later"]
    after["unanswered_until_ns"] = int(new.header["now_ns"]) + int(new.header["request_expiry_ns"])
    if after["window_kind"] == RateWindowKind.ROLLING:
        _carry_entries(old, new, before, after, shift_ns)


def _carry_entries(old: State, new: State, before: np.void, after: np.void, shift_ns: int) -> None:
    """Lays what a rolling window counts into its new ring; what finds no place there counts as long as the newest."""
    used = (before["entry_next"] - before["entry_count"] + np.arange(before["entry_count"])) % before["entry_rows"]
    entries = old.table("rate_entries")[before["first_entry"] + used]
    rows = int(after["entry_rows"])
    kept = min(len(entries), rows)
    places = new.table("rate_entries")[after["first_entry"] :][:kept]
    places["over_ns"] = entries["over_ns"][len(entries) - kept :] + shift_ns
    places["cost"] = entries["cost"][len(entries) - kept :]
    if kept > 0:
        places["cost"][-1] += entries["cost"][: len(entries) - kept].sum()
    after["entry_count"], after["entry_next"] = kept, kept % rows
