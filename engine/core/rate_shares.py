"""Owns the fair share of a venue's limits: max-min between the strategies that ask for room on an account.

Each strategy that asked lately has an equal share of every window. Within its share it needs nobody's leave; beyond
it, it may take what is left when the rest of the others' shares is set aside. What is set aside falls as the window
goes by, so what nobody uses is not lost. Cancels have no share: they come first.
"""

import numpy as np

from engine.core.rate_budget import row_of
from engine.core.rate_costs import cost_of
from engine.core.rate_windows import period_of, rest_of_period_ns, used_of
from engine.core.state import accounts_of, budget_rows_of, header_of, rate_share_of, terms_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, RequestKind
from ipc.rate_tables import BUDGETS_PER_ACCOUNT

_LATELY_NS = 10_000_000_000
_COUNT_AGAIN_NS = 1_000_000_000
_PARTS = 1 << 20


@kernel
def _asks(terms: np.void, now_ns: int) -> bool:
    return terms["asked_ns"] != 0 and now_ns - terms["asked_ns"] < _LATELY_NS


@kernel
def note_asking(state: int, strategy_id: int, account_id: int) -> None:
    """Notes that a strategy asks for room now, and how many do."""
    header, account = header_of(state), accounts_of(state)[account_id]
    terms, now_ns = terms_of(state, strategy_id, account_id), header["now_ns"]
    if not _asks(terms, now_ns):
        account["asking_count"] += 1
    terms["asked_ns"] = now_ns
    if now_ns >= account["asking_until_ns"]:
        account["asking_until_ns"] = now_ns + _COUNT_AGAIN_NS
        account["asking_count"] = 0
        for other in range(header["strategies_count"]):
            if _asks(terms_of(state, other, account_id), now_ns):
                account["asking_count"] += 1


@kernel
def _used_by(state: int, row: int, strategy_id: int, period: int) -> int:
    share = rate_share_of(state, row, strategy_id)
    return share["used"] if share["period"] == period else 0


@kernel
def check_share(
    state: int, strategy_id: int, account_id: int, instrument_id: int, request_kind: int, age_ns: int
) -> Verdict:
    """Whether what a strategy asks for is its own or nobody's. Precondition: the windows have room for it."""
    asking = accounts_of(state)[account_id]["asking_count"]
    if asking <= 1:
        return passed()
    budgets = budget_rows_of(state)
    for place in range(BUDGETS_PER_ACCOUNT):
        row = row_of(state, account_id, place, instrument_id)
        budget = budgets[row]
        cost = cost_of(budget, request_kind, age_ns)
        if budget["limit"] == 0 or cost == 0:
            continue
        room, period = budget["limit"] - budget["reserve"], period_of(state, account_id, budget)
        used = _used_by(state, row, strategy_id, period)
        # Each division here would take longer than all the rest.
        if (used + cost) * asking <= room:
            continue
        set_aside = _set_aside(state, strategy_id, account_id, row, room // asking)
        if used_of(budget) + set_aside + cost > room:
            return refuse(RefusalReason.RATE_SHARE_EXCEEDED, room // asking, used, cost)
    return passed()


@kernel
def _set_aside(state: int, strategy_id: int, account_id: int, row: int, share: int) -> int:
    """What the other strategies that ask have not used of their shares, as much of it as they still have time for."""
    header, budget = header_of(state), budget_rows_of(state)[row]
    period = period_of(state, account_id, budget)
    parts = rest_of_period_ns(state, account_id, budget) // (budget["window_ns"] // _PARTS + 1)
    due = (share * parts + _PARTS - 1) // _PARTS
    total = 0
    for other in range(header["strategies_count"]):
        if other != strategy_id and _asks(terms_of(state, other, account_id), header["now_ns"]):
            total += max(min(share - _used_by(state, row, other, period), due), 0)
    return total


@kernel
def charge_share(state: int, order: np.void, request_kind: int, age_ns: int) -> None:
    """Counts a request that is about to be sent against its strategy's share."""
    account_id, instrument_id = order["account_id"], order["instrument_id"]
    if request_kind == RequestKind.CANCEL or accounts_of(state)[account_id]["asking_count"] <= 0:
        return
    budgets = budget_rows_of(state)
    for place in range(BUDGETS_PER_ACCOUNT):
        row = row_of(state, account_id, place, instrument_id)
        budget = budgets[row]
        cost = cost_of(budget, request_kind, age_ns)
        if budget["limit"] == 0 or cost == 0:
            continue
        share, period = rate_share_of(state, row, order["strategy_id"]), period_of(state, account_id, budget)
        if share["period"] != period:
            share["period"] = period
            share["used"] = 0
        share["used"] += cost
