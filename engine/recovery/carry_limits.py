"""Owns handing on what limits were used: a restart gives nobody a fresh allowance, and never runs into a ban."""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.recovery.rows import as_matrix
from ipc.tables import BUDGETS_PER_ACCOUNT

_USE = ("window_end_utc_ns", "counted", "blocked_until_utc_ns")


def carry_limits(old: State, new: State, accounts: NDArray[np.int64], shift_ns: int) -> None:
    """Lays the times of the last orders and the venues' windows into the new block, by the new account numbers."""
    _carry_limiters(old, new, accounts, shift_ns)
    _carry_budgets(old, new, accounts)


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


def _carry_budgets(old: State, new: State, accounts: NDArray[np.int64]) -> None:
    old_budgets = old.table("budgets").reshape(-1, BUDGETS_PER_ACCOUNT)
    new_budgets = new.table("budgets").reshape(-1, BUDGETS_PER_ACCOUNT)
    for account_id in np.flatnonzero(accounts >= 0):
        for before in old_budgets[account_id]:
            for after in new_budgets[accounts[account_id]]:
                if (before["limit_type"], before["window_ns"]) == (after["limit_type"], after["window_ns"]):
                    for name in _USE:
                        after[name] = before[name]
                    # No answer will come any more to what is in flight.
                    after["unanswered"] += before["in_flight"] + before["unanswered"]
                    after["unanswered_until_ns"] = int(new.header["now_ns"]) + int(new.header["request_expiry_ns"])
