"""Owns whether a venue says that an account has what was booked: a difference that lasts is told and acted upon.

What an account should have of an asset is the total of one word of the venue, the base, and all that was booked
since: fills, fees, trades taken back, deposits. What is stamped no later than the base is in it, as a rule; but two
trades may share a millisecond with a word between them, and a venue's clock may be set back. So the base is in doubt
at first, and again whenever something so stamped comes late, until words have agreed for as long as a difference may
last. A word that differs while it is in doubt is the next base; from then on a difference lasts until a word agrees,
or until a person arms the account and so takes the venue's word.

Only words that come while the account is live count: before that, the trades of a gap have not been asked for.
"""

import numpy as np

from engine.core.breakers import close_breaker, is_standing_in, open_breaker
from engine.core.scopes import account_row
from engine.core.state import accounts_of, balance_of, breaker_of, header_of
from ipc.compiler import kernel
from ipc.control_enums import Breaker
from ipc.enums import ConnectionState


@kernel
def book_units(state: int, row: np.void, units: int, venue_utc_ns: int) -> None:
    """Counts what was added to a balance at a time by the venue's clock.

    A word may come before what it speaks of; if that is all it lacked, it does not differ any more.
    """
    if row["base_utc_ns"] == 0:
        return
    if venue_utc_ns > row["base_utc_ns"]:
        row["booked_units"] += units
        is_in_word = venue_utc_ns <= row["venue_utc_ns"]
        if is_in_word and row["is_difference_told"] == 0 and _is_same(row):
            row["differs_since_ns"] = 0
    elif row["differs_since_ns"] == 0:
        row["base_doubted_ns"] = header_of(state)["now_ns"]


@kernel
def compare_balance(state: int, account_id: int, asset_id: int) -> None:
    """Holds the word that the venue has just spoken against what was booked."""
    time_ns = breaker_of(state, Breaker.POSITION_DIFFERS)["threshold"]
    if time_ns == 0 or accounts_of(state)[account_id]["connection_state"] != ConnectionState.LIVE:
        return
    row, now_ns = balance_of(state, account_id, asset_id), header_of(state)["now_ns"]
    if row["base_utc_ns"] == 0 or (row["base_doubted_ns"] != 0 and not _is_same(row)):
        _take_base(row, now_ns)
    elif _is_same(row):
        if now_ns - row["base_doubted_ns"] > time_ns:
            row["base_doubted_ns"] = 0
        _agree(state, account_id, row)
    elif row["differs_since_ns"] == 0:
        row["differs_since_ns"] = now_ns
    elif now_ns - row["differs_since_ns"] > time_ns:
        _tell(state, account_id, asset_id)


@kernel
def _is_same(row: np.void) -> bool:
    return row["free_units"] + row["locked_units"] == row["booked_units"]


@kernel
def _take_base(row: np.void, now_ns: int) -> None:
    row["booked_units"] = row["free_units"] + row["locked_units"]
    # The balances of an account that nothing was ever done with are of no time.
    row["base_utc_ns"] = max(row["venue_utc_ns"], 1)
    row["base_doubted_ns"] = now_ns


@kernel
def _agree(state: int, account_id: int, row: np.void) -> None:
    """A difference is over; the last one of an account that was told closes the breaker."""
    row["differs_since_ns"] = 0
    if row["is_difference_told"] == 0:
        return
    row["is_difference_told"] = 0
    for asset_id in range(header_of(state)["assets_count"]):
        if balance_of(state, account_id, asset_id)["is_difference_told"] != 0:
            return
    _close(state, account_id)


@kernel
def _close(state: int, account_id: int) -> None:
    row = account_row(state, account_id)
    if is_standing_in(state, row, Breaker.POSITION_DIFFERS):
        close_breaker(state, row, Breaker.POSITION_DIFFERS)


@kernel
def _tell(state: int, account_id: int, asset_id: int) -> None:
    """Opens the breaker, and tells of each asset once."""
    row = balance_of(state, account_id, asset_id)
    if row["is_difference_told"] != 0:
        return
    scope_row, found = account_row(state, account_id), row["free_units"] + row["locked_units"]
    if open_breaker(state, scope_row, Breaker.POSITION_DIFFERS, row["booked_units"], found, asset_id):
        row["is_difference_told"] = 1


@kernel
def compare_from_now(state: int, account_id: int) -> None:
    """An account has become live: for how long words differ or agree is counted anew, but what was told stays told.

    What an earlier run told opens the breaker of this one, unless this one has none.
    """
    if breaker_of(state, Breaker.POSITION_DIFFERS)["threshold"] == 0:
        return
    now_ns, scope_row = header_of(state)["now_ns"], account_row(state, account_id)
    is_of_earlier_run = not is_standing_in(state, scope_row, Breaker.POSITION_DIFFERS)
    for asset_id in range(header_of(state)["assets_count"]):
        row = balance_of(state, account_id, asset_id)
        if row["base_doubted_ns"] != 0:
            row["base_doubted_ns"] = now_ns
        if is_of_earlier_run and row["is_difference_told"] != 0:
            row["is_difference_told"] = 0
            if not _is_same(row):
                _tell(state, account_id, asset_id)
        if row["is_difference_told"] == 0:
            row["differs_since_ns"] = 0


@kernel
def believe_venue(state: int, account_id: int) -> None:
    """A person has looked into what was told: there the venue's next word is the base."""
    for asset_id in range(header_of(state)["assets_count"]):
        row = balance_of(state, account_id, asset_id)
        if row["is_difference_told"] != 0:
            row["is_difference_told"] = 0
            row["differs_since_ns"] = 0
            row["base_utc_ns"] = 0
    _close(state, account_id)
