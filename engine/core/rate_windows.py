"""Owns one window of a venue's rate limit: what the venue counts in it at most, by how it forgets.

A request counts from the moment it is sent until the venue has forgotten it for certain: as `in_flight` until its
answer, as `unanswered` until the venue can no longer carry it out when no answer will come, and from then on as
`counted` for as long as its window says.

    calendar   all is forgotten at an edge of the venue's calendar; what was answered so near to the edge that the
               venue may have counted it on either side counts on both
    rolling    each request is forgotten a window after its answer
    decaying   a level that falls at a steady rate, from the answer on

The venue's clock is known but for a doubt: its time is between utc_ns - doubt_ns and utc_ns + doubt_ns. Until it is
known at all, a calendar forgets nothing.
"""

import numpy as np

from engine.core.state import accounts_of, header_of, rate_entries_of
from ipc.compiler import kernel
from ipc.rate_enums import RateWindowKind

_NS_PER_S = 1_000_000_000
_COUNT_MAX = 1_000_000_000
# A reply may reach us this much later than one of a request that was sent after it.
_OVERTAKING_NS = 250_000_000


@kernel
def doubt_ns(state: int, account_id: int, budget: np.void) -> int:
    """How far the venue's clock may be from where we take it to be."""
    return budget["guard_ns"] + accounts_of(state)[account_id]["clock_doubt_ns"]


@kernel
def bring_up(state: int, account_id: int, budget: np.void) -> None:
    """Forgets what the venue has forgotten by now for certain."""
    now_ns, utc_offset_ns = header_of(state)["now_ns"], accounts_of(state)[account_id]["utc_offset_ns"]
    if budget["window_kind"] == RateWindowKind.CALENDAR:
        if utc_offset_ns == 0:
            # A restart hands on the window before the venue has told its time; what may be carried out late waits too.
            return
        sure_utc_ns = now_ns + utc_offset_ns - doubt_ns(state, account_id, budget)
        ahead_ns = budget["window_end_utc_ns"] - sure_utc_ns
        if ahead_ns <= 0 or ahead_ns > 2 * budget["window_ns"]:
            _turn(budget, sure_utc_ns)
    elif budget["window_kind"] == RateWindowKind.ROLLING:
        _drop_old(state, budget, now_ns)
    else:
        _decay(budget, now_ns)
    if budget["unanswered"] != 0 and now_ns >= budget["unanswered_until_ns"]:
        cost = budget["unanswered"]
        budget["unanswered"] = budget["unanswered_later"]
        budget["unanswered_until_ns"] = budget["unanswered_later_until_ns"]
        budget["unanswered_later"] = 0
        count(state, account_id, budget, cost)


@kernel
def count(state: int, account_id: int, budget: np.void, cost: int) -> None:
    """Counts what the venue has counted by now. Precondition: bring_up()."""
    now_ns, doubt = header_of(state)["now_ns"], doubt_ns(state, account_id, budget)
    if budget["window_kind"] == RateWindowKind.CALENDAR:
        budget["counted"] += cost
        utc_ns = now_ns + accounts_of(state)[account_id]["utc_offset_ns"]
        if utc_ns + doubt >= budget["window_end_utc_ns"]:
            budget["counted_next"] += cost
        if budget["counts_less"] != 0:
            _note_answered(budget, cost, now_ns)
    elif budget["window_kind"] == RateWindowKind.ROLLING:
        budget["counted"] += cost
        _enter(state, budget, now_ns + budget["window_ns"] + doubt, cost)
    else:
        budget["level"] += cost * _NS_PER_S
        budget["counted"] = _units(budget["level"])


@kernel
def leave(state: int, budget: np.void, cost: int) -> None:
    """Notes that no answer will come to a part of what is in flight; the venue may still carry it out for a while."""
    budget["in_flight"] -= cost
    until_ns = header_of(state)["now_ns"] + header_of(state)["request_expiry_ns"]
    if budget["unanswered"] == 0:
        budget["unanswered"] = cost
        budget["unanswered_until_ns"] = until_ns
    else:
        # What was lost before must not wait for this, or a steady loss would never be forgotten.
        budget["unanswered_later"] += cost
        budget["unanswered_later_until_ns"] = until_ns


@kernel
def used_of(budget: np.void) -> int:
    """What the venue may have counted at most by the time that a request sent now arrives."""
    return budget["counted"] + budget["in_flight"] + budget["unanswered"] + budget["unanswered_later"]


@kernel
def has_room(budget: np.void, cost: int, reserve: int) -> bool:
    """Whether a request fits beside ours, and beside what the venue says that everybody has used."""
    used = used_of(budget)
    if used + cost > budget["limit"] - reserve:
        return False
    if budget["reported"] == 0:
        return True
    return budget["reported"] + used - budget["counted"] + cost <= budget["venue_limit"] - reserve


@kernel
def learn_count(state: int, account_id: int, budget: np.void, reported: int) -> None:
    """Takes over the venue's own count. Precondition: bring_up().

    It may raise what we believe at any time. It may lower it, where the venue counts less than the costs say, only
    when it came with the answer to a request of ours that was sent within this window and is not so old that answers
    to later ones have been counted long since; what was answered just now may still be missing in it.
    """
    account, now_ns = accounts_of(state)[account_id], header_of(state)["now_ns"]
    reported = min(max(reported, 0), _COUNT_MAX)
    if budget["window_kind"] == RateWindowKind.DECAYING:
        budget["level"] = max(budget["level"], reported * _NS_PER_S)
        budget["counted"] = _units(budget["level"])
        return
    if budget["window_kind"] == RateWindowKind.ROLLING:
        return
    begin_utc_ns = budget["window_end_utc_ns"] - budget["window_ns"]
    is_answer = account["answered_ns"] == now_ns
    asked_ns = account["answered_sent_ns"] if is_answer else now_ns - _OVERTAKING_NS
    if asked_ns + account["utc_offset_ns"] - doubt_ns(state, account_id, budget) < begin_utc_ns:
        # It may speak of the window before.
        return
    budget["reported"] = reported
    is_own = budget["counts_less"] != 0 and budget["withheld_ppm"] == 0
    if is_own and is_answer and now_ns - asked_ns <= _OVERTAKING_NS:
        _note_answered(budget, 0, now_ns)
        recent = budget["answered_late"] + budget["answered_before"]
        budget["counted"] = min(budget["counted"], reported + recent)
        budget["counted_next"] = min(budget["counted_next"], budget["counted"])


@kernel
def _turn(budget: np.void, sure_utc_ns: int) -> None:
    """Begins the calendar window that the venue is in for certain.

    A window that ends far ahead was begun by a clock that has been set back since; what was counted in it still counts.
    """
    window_ns = budget["window_ns"]
    end_utc_ns = sure_utc_ns - sure_utc_ns % window_ns + window_ns
    if end_utc_ns > budget["window_end_utc_ns"]:
        is_next = end_utc_ns - budget["window_end_utc_ns"] == window_ns
        budget["counted"] = budget["counted_next"] if is_next else 0
        budget["reported"] = 0
        budget["counted_next"] = 0
        budget["answered_late"] = 0
        budget["answered_before"] = 0
    budget["window_end_utc_ns"] = end_utc_ns


@kernel
def _note_answered(budget: np.void, cost: int, now_ns: int) -> None:
    """Keeps apart what was counted within the last one or two times that replies may overtake each other."""
    if now_ns - budget["recent_since_ns"] >= _OVERTAKING_NS:
        is_long_ago = now_ns - budget["recent_since_ns"] >= 2 * _OVERTAKING_NS
        budget["answered_before"] = 0 if is_long_ago else budget["answered_late"]
        budget["answered_late"] = 0
        budget["recent_since_ns"] = now_ns
    budget["answered_late"] += cost


@kernel
def _drop_old(state: int, budget: np.void, now_ns: int) -> None:
    entries, rows = rate_entries_of(state), budget["entry_rows"]
    left = budget["entry_count"]
    while left > 0:
        oldest = budget["entry_next"] - left
        entry = entries[budget["first_entry"] + (oldest if oldest >= 0 else oldest + rows)]
        if entry["over_ns"] > now_ns:
            break
        budget["counted"] -= entry["cost"]
        left -= 1
    budget["entry_count"] = left


@kernel
def _enter(state: int, budget: np.void, over_ns: int, cost: int) -> None:
    """Remembers until when a cost counts; without a place of its own it counts as long as the newest."""
    if cost == 0:
        return
    entries, rows, place = rate_entries_of(state), budget["entry_rows"], budget["entry_next"]
    newest = entries[budget["first_entry"] + (place - 1 if place > 0 else rows - 1)]
    if budget["entry_count"] > 0 and (budget["entry_count"] == rows or newest["over_ns"] == over_ns):
        newest["over_ns"] = max(newest["over_ns"], over_ns)
        newest["cost"] += cost
        return
    entry = entries[budget["first_entry"] + place]
    entry["over_ns"] = over_ns
    entry["cost"] = cost
    budget["entry_next"] = place + 1 if place + 1 < rows else 0
    budget["entry_count"] += 1


@kernel
def _decay(budget: np.void, now_ns: int) -> None:
    elapsed_ns, rate = now_ns - budget["level_ns"], budget["units_per_s"]
    budget["level_ns"] = now_ns
    if elapsed_ns > budget["level"] // rate:
        budget["level"] = 0
    else:
        budget["level"] -= elapsed_ns * rate
    budget["counted"] = _units(budget["level"])


@kernel
def _units(level: int) -> int:
    return (level + _NS_PER_S - 1) // _NS_PER_S


@kernel
def period_of(state: int, account_id: int, budget: np.void) -> int:
    """What tells apart the times in which strategies' shares are counted anew; of the calendar it is the window."""
    if budget["window_kind"] == RateWindowKind.CALENDAR:
        return budget["window_end_utc_ns"]
    return header_of(state)["now_ns"] // budget["window_ns"] + 1


@kernel
def rest_of_period_ns(state: int, account_id: int, budget: np.void) -> int:
    """How much of that time is left."""
    now_ns, window_ns = header_of(state)["now_ns"], budget["window_ns"]
    if budget["window_kind"] == RateWindowKind.CALENDAR:
        left_ns = budget["window_end_utc_ns"] - now_ns - accounts_of(state)[account_id]["utc_offset_ns"]
        return min(max(left_ns, 0), window_ns)
    return window_ns - now_ns % window_ns
