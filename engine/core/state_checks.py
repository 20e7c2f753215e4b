"""Owns the check of trading states, breakers and the fence: what may still leave, and what forbids it.

Nearly always nothing does, which one word of the header says.
"""

import numpy as np

from engine.core.reduce_only import check_reduces
from engine.core.scopes import ENGINE_ROW, account_row, instrument_row, strategy_row, venue_row
from engine.core.state import book_of, breaker_of, header_of, scopes_of
from engine.core.trading_states import scope_code
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.control_enums import BREAKER_CODES, FenceState
from ipc.enums import RefusalReason, TradingState


@kernel
def check_states(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, added_lots: int
) -> Verdict:
    """Whether an order that adds so many lots on a side may leave. Precondition: every id is within its table."""
    if header_of(state)["restriction_count"] == 0:
        return passed()
    verdict = check_fence(state)
    if verdict.reason != 0:
        return verdict
    rows = (
        ENGINE_ROW,
        venue_row(state, account_id),
        account_row(state, account_id),
        strategy_row(state, strategy_id),
        instrument_row(state, instrument_id),
    )
    worst = scopes_of(state)[ENGINE_ROW]
    for row in rows:
        scope = scopes_of(state)[row]
        if scope["refusing_breakers"] != 0:
            return _refuse_by_breaker(state, scope)
        if scope["trading_state"] > worst["trading_state"]:
            worst = scope
    return _check_state(worst, book_of(state, strategy_id, instrument_id), side, added_lots)


@kernel
def check_fence(state: int) -> Verdict:
    """Whether anything but a cancel may leave at all."""
    fence_state = header_of(state)["fence_state"]
    if fence_state == FenceState.OPEN:
        return passed()
    reason = RefusalReason.ENGINE_FENCED + 0 if fence_state == FenceState.FENCED else RefusalReason.LEASE_EXPIRED + 0
    return refuse(reason, FenceState.OPEN, fence_state, 0)


@kernel
def check_not_fenced(state: int) -> Verdict:
    """Whether anything at all may leave, cancels included."""
    fence_state = header_of(state)["fence_state"]
    if fence_state == FenceState.FENCED:
        return refuse(RefusalReason.ENGINE_FENCED, FenceState.LEASE_EXPIRED, fence_state, 0)
    return passed()


@kernel
def _check_state(worst: np.void, book: np.void, side: int, added_lots: int) -> Verdict:
    trading_state = worst["trading_state"]
    if trading_state == TradingState.ACTIVE:
        return passed()
    is_reducing = check_reduces(book, side, added_lots).reason == 0
    if is_reducing and trading_state == TradingState.REDUCE_ONLY:
        return passed()
    allowed = TradingState.REDUCE_ONLY + 0 if is_reducing else TradingState.ACTIVE + 0
    return refuse(RefusalReason.TRADING_STATE, allowed, trading_state, scope_code(worst))


@kernel
def _refuse_by_breaker(state: int, scope: np.void) -> Verdict:
    kind = 0
    while scope["refusing_breakers"] >> kind & 1 == 0:
        kind += 1
    threshold = breaker_of(state, kind)["threshold"]
    return refuse(RefusalReason.BREAKER_OPEN, threshold, BREAKER_CODES[kind], scope_code(scope))
