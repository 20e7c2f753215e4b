"""Owns the mirror of a venue's rate limits on an account: what a request costs, what is in flight, bans.

The mirror never shows more room than the venue has. A request leaves `in_flight` only with its own answer, so each
order remembers which of its requests are out; what no answer will come to counts on for as long as the venue may
still carry it out. `rate_windows` says how long what was answered counts.
"""

import numpy as np

from engine.core.rate_costs import age_of, cost_of
from engine.core.rate_windows import bring_up, count, doubt_ns, has_room, learn_count, leave
from engine.core.requests_out import note_back, note_out, out_count
from engine.core.state import accounts_of, budget_rows_of, header_of
from ipc.compiler import kernel
from ipc.enums import RequestKind
from ipc.rate_enums import RateLimitType
from ipc.rate_tables import BUDGETS_PER_ACCOUNT

NO_ROW = -1
# What an answer says of a request.
ANSWERED, NOT_SENT, OPEN = 0, 1, 2
# The longest ban that Binance states is three days; what says more is not believed.
_BAN_MAX_NS = 3 * 86_400_000_000_000
_PPM = 1_000_000
_LIMIT_MAX = 1_000_000_000


@kernel
def row_of(state: int, account_id: int, place: int, instrument_id: int) -> int:
    """Where one of an account's windows stands: in a row of the instrument where the venue counts by instrument."""
    row = account_id * BUDGETS_PER_ACCOUNT + place
    instrument_rows = budget_rows_of(state)[row]["instrument_rows"]
    return row if instrument_rows == 0 else instrument_rows + instrument_id


@kernel
def budget_shortfall(state: int, account_id: int, instrument_id: int, request_kind: int, age_ns: int) -> int:
    """The row of the first window that has no room for a request, NO_ROW when all have.

    A cancel may use what is kept in reserve; a new order may not. A window that does not count a request stops none,
    but a ban holds whatever would go out, unless it is one of orders alone: a venue that takes no more of those still
    takes their cancels.
    """
    budgets, account = budget_rows_of(state), accounts_of(state)[account_id]
    utc_ns = header_of(state)["now_ns"] + account["utc_offset_ns"]
    is_cancel = request_kind == RequestKind.CANCEL or request_kind == RequestKind.CANCEL_ALL
    for place in range(BUDGETS_PER_ACCOUNT):
        row = row_of(state, account_id, place, instrument_id)
        budget = budgets[row]
        if budget["limit"] == 0:
            continue
        cost = cost_of(budget, request_kind, age_ns)
        # A ban is never told of one instrument.
        blocked_until_utc_ns = budgets[account_id * BUDGETS_PER_ACCOUNT + place]["blocked_until_utc_ns"]
        is_banned = blocked_until_utc_ns != 0 and blocked_until_utc_ns > utc_ns - doubt_ns(state, account_id, budget)
        if is_banned and (cost != 0 or budget["limit_type"] != RateLimitType.ORDERS):
            return row
        if cost == 0:
            continue
        bring_up(state, account_id, budget)
        if not has_room(budget, cost, 0 if is_cancel else budget["reserve"]):
            return row
    return NO_ROW


@kernel
def charge_budget(state: int, order: np.void, request_kind: int, age_ns: int) -> None:
    """Counts a request for an order that is about to be sent."""
    budgets, account_id = budget_rows_of(state), order["account_id"]
    for place in range(BUDGETS_PER_ACCOUNT):
        budget = budgets[row_of(state, account_id, place, order["instrument_id"])]
        if budget["limit"] != 0:
            budget["in_flight"] += cost_of(budget, request_kind, age_ns)
    note_out(state, order, request_kind, age_ns)


@kernel
def charge_without_order(state: int, account_id: int, instrument_id: int, request_kind: int) -> None:
    """Counts a request that no order remembers: until the venue can no longer carry it out, answered or not."""
    budgets = budget_rows_of(state)
    for place in range(BUDGETS_PER_ACCOUNT):
        budget = budgets[row_of(state, account_id, place, instrument_id)]
        cost = cost_of(budget, request_kind, 0)
        if budget["limit"] != 0 and cost != 0:
            budget["in_flight"] += cost
            leave(state, budget, cost)


@kernel
def settle_budget(state: int, order: np.void, request_kind: int, outcome: int) -> None:
    """Moves an answered request from in flight to what the venue has counted; the venue's own count comes next.

    One of which the answer leaves open what becomes of it is counted when the venue can no longer carry it out.
    """
    account_id = order["account_id"]
    age_ns, sent_ns = age_of(state, order), order["charged_ns"]
    if not note_back(state, order, request_kind):
        return
    account = accounts_of(state)[account_id]
    account["answered_ns"] = header_of(state)["now_ns"]
    account["answered_sent_ns"] = sent_ns
    budgets = budget_rows_of(state)
    for place in range(BUDGETS_PER_ACCOUNT):
        budget = budgets[row_of(state, account_id, place, order["instrument_id"])]
        cost = cost_of(budget, request_kind, age_ns)
        if budget["limit"] == 0 or cost == 0:
            continue
        if outcome == OPEN:
            leave(state, budget, cost)
            continue
        budget["in_flight"] -= cost
        if outcome == ANSWERED:
            bring_up(state, account_id, budget)
            count(state, account_id, budget, cost)


@kernel
def leave_answers(state: int, order: np.void) -> None:
    """Waits no longer for answers to an order that is about to be forgotten."""
    budgets, account_id, age_ns = budget_rows_of(state), order["account_id"], age_of(state, order)
    for request_kind in range(RequestKind.NEW, RequestKind.CANCEL_REPLACE + 1):
        out = out_count(state, order, request_kind)
        if out == 0:
            continue
        for place in range(BUDGETS_PER_ACCOUNT):
            budget = budgets[row_of(state, account_id, place, order["instrument_id"])]
            cost = out * cost_of(budget, request_kind, age_ns)
            if budget["limit"] != 0 and cost != 0:
                leave(state, budget, cost)


@kernel
def leave_in_flight(state: int, account_id: int) -> None:
    """Waits for no answer to what is in flight: none will come any more. The caller notes when that was."""
    header, budgets = header_of(state), budget_rows_of(state)
    for place in range(BUDGETS_PER_ACCOUNT):
        budget = budgets[account_id * BUDGETS_PER_ACCOUNT + place]
        first, rows = budget["instrument_rows"], header["instruments_count"]
        if first == 0:
            first, rows = account_id * BUDGETS_PER_ACCOUNT + place, 1
        for row in range(first, first + rows):
            if budgets[row]["in_flight"] != 0:
                leave(state, budgets[row], budgets[row]["in_flight"])


@kernel
def learn_budget(state: int, account_id: int, feedback: np.void) -> None:
    """Takes over what the venue says of one of its windows; a window that was not declared is passed over.

    A ban names what was exceeded and may leave out in which window; one of the address is everybody's behind it. It
    may come before the venue's time does: to judge what is believed, ours will do.
    """
    header, budgets, accounts = header_of(state), budget_rows_of(state), accounts_of(state)
    utc_offset_ns = accounts[account_id]["utc_offset_ns"]
    utc_ns = header["now_ns"] + (utc_offset_ns if utc_offset_ns != 0 else header["utc_offset_ns"])
    blocked_until_utc_ns = min(feedback["blocked_until_utc_ns"], utc_ns + _BAN_MAX_NS)
    for row in range(len(accounts) * BUDGETS_PER_ACCOUNT):
        budget, other = budgets[row], row // BUDGETS_PER_ACCOUNT
        if budget["limit"] == 0 or budget["limit_type"] != feedback["limit_type"]:
            continue
        is_neighbour = accounts[other]["venue_id"] == accounts[account_id]["venue_id"] and budget["is_by_address"] != 0
        if other == account_id or is_neighbour:
            budget["blocked_until_utc_ns"] = max(budget["blocked_until_utc_ns"], blocked_until_utc_ns)
        if other == account_id and budget["window_ns"] == feedback["window_ns"] and budget["instrument_rows"] == 0:
            bring_up(state, account_id, budget)
            if feedback["limit"] > 0:
                _learn_limit(budget, feedback["limit"])
            if feedback["count"] >= 0:
                learn_count(state, account_id, budget, feedback["count"])


@kernel
def _learn_limit(budget: np.void, venue_limit: int) -> None:
    """Takes over how much the venue grants; our part stays in proportion, and is never taken for no limit."""
    venue_limit = min(venue_limit, _LIMIT_MAX)
    ours = venue_limit - (venue_limit * budget["withheld_ppm"] + _PPM - 1) // _PPM - budget["query_share"]
    budget["venue_limit"] = venue_limit
    budget["limit"] = ours if ours > 0 else -1
