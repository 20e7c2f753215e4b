"""Owns the check of rate limits: the platform's own, the venue's windows, the strategy's share of them."""

from engine.core.order_limiter import limiter_has_room
from engine.core.rate_budget import NO_ROW, budget_shortfall
from engine.core.rate_shares import check_share, note_asking
from engine.core.rate_windows import used_of
from engine.core.state import budget_rows_of, terms_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason


@kernel
def check_rate(
    state: int, strategy_id: int, account_id: int, instrument_id: int, request_kind: int, age_ns: int
) -> Verdict:
    """Whether a request has room in every limit; that the strategy asks counts for its share."""
    note_asking(state, strategy_id, account_id)
    return check_room(state, strategy_id, account_id, instrument_id, request_kind, age_ns)


@kernel
def check_room(
    state: int, strategy_id: int, account_id: int, instrument_id: int, request_kind: int, age_ns: int
) -> Verdict:
    """The platform's own limit, then the venue's windows, then what of them is this strategy's."""
    if not limiter_has_room(state, strategy_id, account_id):
        limit = terms_of(state, strategy_id, account_id)["rate_limit_orders"]
        return refuse(RefusalReason.RATE_LIMIT_EXCEEDED, limit, limit, 1)
    verdict = check_venue_budget(state, account_id, instrument_id, request_kind, age_ns)
    if verdict.reason != 0:
        return verdict
    return check_share(state, strategy_id, account_id, instrument_id, request_kind, age_ns)


@kernel
def check_venue_budget(state: int, account_id: int, instrument_id: int, request_kind: int, age_ns: int) -> Verdict:
    """Whether every window of the venue has room for one more request."""
    row = budget_shortfall(state, account_id, instrument_id, request_kind, age_ns)
    if row == NO_ROW:
        return passed()
    budget = budget_rows_of(state)[row]
    return refuse(RefusalReason.VENUE_RATE_LIMIT_EXCEEDED, budget["limit"], used_of(budget), 1)


@kernel
def is_of_rate(reason: int) -> bool:
    """Whether a refusal passes by itself when a rate limit has room again."""
    return (
        reason == RefusalReason.RATE_LIMIT_EXCEEDED
        or reason == RefusalReason.VENUE_RATE_LIMIT_EXCEEDED
        or reason == RefusalReason.RATE_SHARE_EXCEEDED
    )
