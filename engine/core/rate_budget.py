"""Owns rate limits: the platform's own and the mirror of each venue's windows.

The platform's limit is exact over any window: the times of the last `limit` orders are kept, and one
more may go when the oldest of them has left the window.

A venue's windows are aligned to its calendar (Binance: `interval` x `intervalNum` from the epoch,
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits). What the venue last said is
kept apart from what it has not answered yet, so a lost reply never makes the budget look larger. A request that
will never be answered may reach the venue, and be counted there, for as long as the venue takes it.
"""

import numpy as np

from engine.core.state import budgets_of, header_of, limiter_times_of, terms_of
from ipc.compiler import kernel
from ipc.enums import RequestKind
from ipc.tables import BUDGETS_PER_ACCOUNT

# The longest ban that Binance states is three days; what says more is not believed.
_BAN_MAX_NS = 3 * 86_400_000_000_000


@kernel
def limiter_has_room(state: int, strategy_id: int, account_id: int) -> bool:
    """Whether the platform's own limit lets this strategy send one more order on this account."""
    terms = terms_of(state, strategy_id, account_id)
    limit = terms["rate_limit_orders"]
    if limit <= 0:
        return False
    oldest_ns = limiter_times_of(state)[terms["limiter_start"] + terms["limiter_next"]]["sent_ns"]
    return oldest_ns == 0 or header_of(state)["now_ns"] - oldest_ns >= terms["rate_limit_window_ns"]


@kernel
def charge_limiter(state: int, strategy_id: int, account_id: int) -> None:
    """Counts one order. Precondition: limiter_has_room()."""
    terms = terms_of(state, strategy_id, account_id)
    place = terms["limiter_next"]
    limiter_times_of(state)[terms["limiter_start"] + place]["sent_ns"] = header_of(state)["now_ns"]
    terms["limiter_next"] = place + 1 if place + 1 < terms["rate_limit_orders"] else 0


@kernel
def cost_of(budget: np.void, request_kind: int) -> int:
    """What one request counts in a window."""
    if request_kind == RequestKind.NEW:
        return budget["new_cost"]
    if request_kind == RequestKind.CANCEL or request_kind == RequestKind.CANCEL_ALL:
        return budget["cancel_cost"]
    if request_kind == RequestKind.AMEND:
        return budget["amend_cost"]
    return budget["cancel_replace_cost"]


@kernel
def _roll(budget: np.void, utc_ns: int) -> None:
    """Begins the calendar window that a moment lies in, if the last one is over.

    What is in flight then may be counted in the new window as well as in the old one, so it stays.
    One that lies far ahead was begun by a clock that has been set back since, and would not end for as long.
    """
    ahead_ns = budget["window_end_utc_ns"] - utc_ns
    if ahead_ns <= 0 or ahead_ns > 2 * budget["window_ns"]:
        budget["window_end_utc_ns"] = utc_ns - utc_ns % budget["window_ns"] + budget["window_ns"]
        budget["counted"] = 0


@kernel
def _settle_unanswered(budget: np.void, now_ns: int) -> None:
    """Counts what the venue can no longer take: it may have counted it after it last spoke."""
    if now_ns >= budget["unanswered_until_ns"]:
        budget["counted"] += budget["unanswered"]
        budget["unanswered"] = 0


@kernel
def used_of(budget: np.void) -> int:
    """What of a window is used, as far as anybody can know."""
    return budget["counted"] + budget["in_flight"] + budget["unanswered"]


@kernel
def budget_shortfall(state: int, account_id: int, request_kind: int, utc_ns: int) -> int:
    """Which of the account's windows has no room for a request, -1 when all have.

    A cancel may use what is kept in reserve; a new order may not.
    """
    budgets = budgets_of(state, account_id)
    for place in range(BUDGETS_PER_ACCOUNT):
        budget = budgets[place]
        if budget["limit"] == 0:
            continue
        _roll(budget, utc_ns)
        if budget["unanswered"] != 0:
            _settle_unanswered(budget, header_of(state)["now_ns"])
        is_cancel = request_kind == RequestKind.CANCEL or request_kind == RequestKind.CANCEL_ALL
        reserve = 0 if is_cancel else budget["reserve"]
        if used_of(budget) + cost_of(budget, request_kind) > budget["limit"] - reserve:
            return place
        if budget["blocked_until_utc_ns"] > utc_ns:
            return place
    return -1


@kernel
def charge_budget(state: int, account_id: int, request_kind: int) -> None:
    """Counts a request that is about to be sent."""
    budgets = budgets_of(state, account_id)
    for place in range(BUDGETS_PER_ACCOUNT):
        if budgets[place]["limit"] != 0:
            budgets[place]["in_flight"] += cost_of(budgets[place], request_kind)


@kernel
def settle_budget(state: int, account_id: int, request_kind: int) -> None:
    """Moves an answered request from in flight to counted; the venue's own count may correct it next."""
    budgets = budgets_of(state, account_id)
    for place in range(BUDGETS_PER_ACCOUNT):
        if budgets[place]["limit"] == 0:
            continue
        cost = min(cost_of(budgets[place], request_kind), budgets[place]["in_flight"])
        budgets[place]["in_flight"] -= cost
        budgets[place]["counted"] += cost


@kernel
def leave_in_flight(state: int, account_id: int) -> None:
    """Gives up the answers to all that is in flight."""
    budgets = budgets_of(state, account_id)
    for place in range(BUDGETS_PER_ACCOUNT):
        _leave(state, budgets[place], budgets[place]["in_flight"])


@kernel
def leave_request(state: int, account_id: int, request_kind: int) -> None:
    """Gives up the answer to one request: what the venue said of it leaves open whether it will carry it out."""
    budgets = budgets_of(state, account_id)
    for place in range(BUDGETS_PER_ACCOUNT):
        if budgets[place]["limit"] != 0:
            _leave(state, budgets[place], min(cost_of(budgets[place], request_kind), budgets[place]["in_flight"]))


@kernel
def _leave(state: int, budget: np.void, cost: int) -> None:
    header = header_of(state)
    if cost == 0:
        return
    budget["in_flight"] -= cost
    budget["unanswered"] += cost
    budget["unanswered_until_ns"] = header["now_ns"] + header["request_expiry_ns"]


@kernel
def learn_budget(state: int, account_id: int, feedback: np.void, utc_ns: int) -> None:
    """Takes over what the venue says of one of its windows; a window that was not declared is passed over."""
    budgets = budgets_of(state, account_id)
    for place in range(BUDGETS_PER_ACCOUNT):
        budget = budgets[place]
        if budget["limit"] == 0 or budget["limit_type"] != feedback["limit_type"]:
            continue
        # A ban names what was exceeded and may leave out in which window.
        blocked_until_utc_ns = min(feedback["blocked_until_utc_ns"], utc_ns + _BAN_MAX_NS)
        budget["blocked_until_utc_ns"] = max(budget["blocked_until_utc_ns"], blocked_until_utc_ns)
        if budget["window_ns"] == feedback["window_ns"]:
            _roll(budget, utc_ns)
            budget["limit"] = max(feedback["limit"], 1)
            budget["counted"] = feedback["count"]
