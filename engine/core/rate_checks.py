"""Owns the check of rate limits: the platform's own, then the venue's budget."""

from engine.core.rate_budget import budget_shortfall, limiter_has_room, used_of
from engine.core.state import accounts_of, budgets_of, header_of, terms_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason


@kernel
def check_rate(state: int, strategy_id: int, account_id: int, request_kind: int) -> Verdict:
    """The platform's own limit, then the venue's budget."""
    terms = terms_of(state, strategy_id, account_id)
    if not limiter_has_room(state, strategy_id, account_id):
        limit = terms["rate_limit_orders"]
        return refuse(RefusalReason.RATE_LIMIT_EXCEEDED, limit, limit, 1)
    return check_venue_budget(state, account_id, request_kind)


@kernel
def check_venue_budget(state: int, account_id: int, request_kind: int) -> Verdict:
    """Whether every window of the venue's budget has room for one more request."""
    utc_ns = header_of(state)["now_ns"] + accounts_of(state)[account_id]["utc_offset_ns"]
    short = budget_shortfall(state, account_id, request_kind, utc_ns)
    if short < 0:
        return passed()
    budget = budgets_of(state, account_id)[short]
    return refuse(RefusalReason.VENUE_RATE_LIMIT_EXCEEDED, budget["limit"], used_of(budget), 1)
