"""Owns how a venue's declared rate limits become rows of the state, and which part of them this engine may use."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from engine.core.state import State
from gateways.rate_window import RateWindow
from ipc.clock import NS_PER_S
from ipc.enums import RequestKind
from ipc.rate_enums import RateWindowKind
from ipc.rate_tables import BUDGETS_PER_ACCOUNT, RATE_AGES

_PPM = 1_000_000
_ENTRIES_MAX = 1_024
_COST_FIELDS = {
    RequestKind.NEW: "new_cost",
    RequestKind.CANCEL: "cancel_cost",
    RequestKind.AMEND: "amend_cost",
    RequestKind.CANCEL_REPLACE: "cancel_replace_cost",
}


class RateLimitError(Exception):
    """A venue's rate limit leaves this engine nothing, or cannot be mirrored; the message says which and why."""


def instrument_budgets(windows: Sequence[RateWindow], instruments: int) -> int:
    """How many rows an account's windows need beside its own: one for each instrument where the venue counts so."""
    return sum(instruments for window in windows if window.is_per_instrument)


def entries_of(window: RateWindow) -> int:
    """How many moments a window remembers; more of them count together."""
    return min(window.limit, _ENTRIES_MAX) if window.kind is RateWindowKind.ROLLING else 0


def rate_entries(windows: Sequence[RateWindow], instruments: int) -> int:
    """How many moments all windows of an account remember."""
    return sum(entries_of(window) * (instruments if window.is_per_instrument else 1) for window in windows)


class RateRows:
    """Lays windows into the state's tables, one account after the other."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._next_row = len(state.table("accounts")) * BUDGETS_PER_ACCOUNT
        self._next_entry = 0

    def declare(
        self, account_id: int, windows: Sequence[RateWindow], *, share: Fraction, address_share: Fraction, guard_ns: int
    ) -> None:
        """Declares an account's windows; its share of what is counted by address is a smaller one."""
        if len(windows) > BUDGETS_PER_ACCOUNT:
            raise RateLimitError(f"a venue states {len(windows)} rate limits, allowed are {BUDGETS_PER_ACCOUNT}")
        rows, instruments = self._state.table("budgets"), len(self._state.table("instruments"))
        for place, window in enumerate(windows):
            row = rows[account_id * BUDGETS_PER_ACCOUNT + place]
            _fill(row, window, address_share if window.is_by_address else share, guard_ns)
            if not window.is_per_instrument:
                self._give_entries(row, window)
                continue
            first, self._next_row = self._next_row, self._next_row + instruments
            for instrument_row in range(first, first + instruments):
                rows[instrument_row] = row
                self._give_entries(rows[instrument_row], window)
            row["instrument_rows"] = first

    def _give_entries(self, row: np.void, window: RateWindow) -> None:
        row["first_entry"], row["entry_rows"] = self._next_entry, entries_of(window)
        self._next_entry += entries_of(window)


def _fill(row: np.void, window: RateWindow, share: Fraction, guard_ns: int) -> None:
    # A venue's clock that runs late by the guard lets a level fall by so much less.
    lag = ceil(Fraction(window.units_per_s * guard_ns, NS_PER_S))
    withheld_ppm = ceil((1 - share) * _PPM)
    query_share = ceil(window.query_share * share) + lag
    limit = window.limit - ceil(Fraction(window.limit * withheld_ppm, _PPM)) - query_share
    reserve = ceil(window.reserve * share)
    name = f"{window.limit_type.name} of {window.window_ns / NS_PER_S:g} s"
    if limit <= reserve:
        raise RateLimitError(f"{name}: of {window.limit} are ours {limit}, and {reserve} are kept for cancels")
    if 4 * guard_ns > window.window_ns and window.kind is not RateWindowKind.DECAYING:
        raise RateLimitError(f"{name}: a clock that may be wrong by {guard_ns / NS_PER_S:g} s leaves nothing of it")
    if len(window.age_costs) > RATE_AGES:
        raise RateLimitError(f"{name}: {len(window.age_costs)} ages, allowed are {RATE_AGES}")
    row["limit_type"], row["window_kind"], row["window_ns"] = window.limit_type, window.kind, window.window_ns
    row["limit"], row["venue_limit"], row["reserve"] = limit, window.limit, reserve
    row["withheld_ppm"], row["query_share"] = withheld_ppm, query_share
    row["is_by_address"], row["counts_less"] = window.is_by_address, window.counts_less
    row["guard_ns"], row["units_per_s"] = guard_ns, window.units_per_s * share.numerator // share.denominator
    for kind, field in _COST_FIELDS.items():
        row[field] = window.costs.get(kind, 0)
    for place, step in enumerate(window.age_costs):
        row[f"age_ns_{place}"] = step.age_ns
        row[f"cancel_age_cost_{place}"], row[f"amend_age_cost_{place}"] = step.cancel, step.amend
