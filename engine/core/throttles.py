"""Owns how fast: buckets of messages for each scope, traded volume in a window, messages for each fill of a day."""

import numpy as np

from engine.core.money import cost_share
from engine.core.scopes import rows_of_order
from engine.core.state import header_of, scopes_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, RequestKind
from ipc.tables import BUCKET_UNIT, NO_LIMIT

# More per second is as good as no limit, and the level of its bucket would not fit a word.
PER_SECOND_MAX = 1_000_000
_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


@kernel
def _level(level: int, since_ns: int, now_ns: int, per_s: int) -> int:
    """What is left in a bucket: it leaks as many messages a second as it holds."""
    elapsed_ns = min(max(now_ns - since_ns, 0), _NS_PER_S)
    return max(level - elapsed_ns * per_s, 0)


@kernel
def check_bucket(level: int, since_ns: int, now_ns: int, per_s: int) -> Verdict:
    """Whether one more message finds room in a bucket."""
    if per_s >= NO_LIMIT:
        return passed()
    left = _level(level, since_ns, now_ns, per_s)
    if left + BUCKET_UNIT > per_s * BUCKET_UNIT:
        return refuse(RefusalReason.MESSAGE_THROTTLE_EXCEEDED, per_s, (left + BUCKET_UNIT - 1) // BUCKET_UNIT, 1)
    return passed()


@kernel
def check_messages(scope: np.void, request_kind: int, now_ns: int) -> Verdict:
    """Whether a scope has room for one more request of a kind that may be refused."""
    if request_kind == RequestKind.NEW:
        return check_bucket(scope["new_level"], scope["new_ns"], now_ns, scope["max_new_per_s"])
    return check_bucket(scope["amend_level"], scope["amend_ns"], now_ns, scope["max_amends_per_s"])


@kernel
def check_cancel_messages(state: int, order: np.void) -> Verdict:
    """Whether every scope of an order has room for a cancel that a strategy asks for."""
    scopes, now_ns = scopes_of(state), header_of(state)["now_ns"]
    for row in rows_of_order(state, order):
        scope = scopes[row]
        verdict = check_bucket(scope["cancel_level"], scope["cancel_ns"], now_ns, scope["max_cancels_per_s"])
        if verdict.reason != 0:
            return verdict
    return passed()


@kernel
def count_execution(state: int, order: np.void) -> None:
    """Counts an order against what a person has let its scopes do."""
    scopes = scopes_of(state)
    for row in rows_of_order(state, order):
        scopes[row]["execution_count"] += 1


@kernel
def count_message(state: int, order: np.void, request_kind: int) -> None:
    """Counts a request of an order that is about to be sent, in every scope."""
    scopes, now_ns = scopes_of(state), header_of(state)["now_ns"]
    for row in rows_of_order(state, order):
        _count(scopes[row], request_kind, now_ns)


@kernel
def _count(scope: np.void, request_kind: int, now_ns: int) -> None:
    """A bucket without a limit stays empty; one that is full takes what nobody may refuse, such as our own cancels."""
    scope["message_count"] += 1
    if request_kind == RequestKind.NEW:
        if scope["max_new_per_s"] < NO_LIMIT:
            level = _level(scope["new_level"], scope["new_ns"], now_ns, scope["max_new_per_s"])
            scope["new_level"] = level + BUCKET_UNIT
            scope["new_ns"] = now_ns
    elif request_kind == RequestKind.CANCEL:
        if scope["max_cancels_per_s"] < NO_LIMIT:
            level = _level(scope["cancel_level"], scope["cancel_ns"], now_ns, scope["max_cancels_per_s"])
            scope["cancel_level"] = level + BUCKET_UNIT
            scope["cancel_ns"] = now_ns
    elif scope["max_amends_per_s"] < NO_LIMIT:
        level = _level(scope["amend_level"], scope["amend_ns"], now_ns, scope["max_amends_per_s"])
        scope["amend_level"] = level + BUCKET_UNIT
        scope["amend_ns"] = now_ns


@kernel
def traded_level(scope: np.void, now_ns: int) -> int:
    """What was traded and has not leaked out: all of a full bucket leaks within the window."""
    window_ns, limit = scope["traded_window_ns"], scope["max_traded_units"]
    if limit >= NO_LIMIT or window_ns <= 0:
        return scope["traded_level_units"]
    elapsed_ns = max(now_ns - scope["traded_ns"], 0)
    if elapsed_ns >= window_ns:
        return 0
    elapsed_ms = elapsed_ns // _NS_PER_MS
    if elapsed_ms == 0:
        return scope["traded_level_units"]
    return max(scope["traded_level_units"] - cost_share(limit, elapsed_ms, window_ns // _NS_PER_MS), 0)


@kernel
def count_traded(scope: np.void, units: int, now_ns: int) -> None:
    """Counts a fill of a scope, and what it was worth while there is a limit on that."""
    scope["fill_count"] += 1
    if scope["max_traded_units"] >= NO_LIMIT:
        return
    scope["traded_level_units"] = traded_level(scope, now_ns) + units
    # Parts of a millisecond have not leaked yet.
    scope["traded_ns"] = now_ns - max(now_ns - scope["traded_ns"], 0) % _NS_PER_MS


@kernel
def check_traded(scope: np.void, added_units: int, now_ns: int) -> Verdict:
    """Whether so much more may work, as all that works already may trade; what makes it less always may."""
    limit = scope["max_traded_units"]
    open_units = scope["open_buy_units"] + scope["open_sell_units"]
    # What leaked since the last fill makes it less: only an order that does not pass without needs to know.
    if scope["traded_level_units"] + open_units + added_units <= limit or added_units < 0:
        return passed()
    counted_units = traded_level(scope, now_ns) + open_units
    if counted_units + added_units > limit:
        return refuse(RefusalReason.TRADED_VOLUME_EXCEEDED, limit, counted_units, added_units)
    return passed()


@kernel
def check_order_to_trade(scope: np.void) -> Verdict:
    """Whether the day's messages beyond the grace keep their proportion to its fills."""
    limit = scope["max_order_to_trade"]
    counted = scope["message_count"] + 1 - scope["order_to_trade_grace"]
    if limit < NO_LIMIT and counted > limit * max(scope["fill_count"], 1):
        return refuse(RefusalReason.ORDER_TO_TRADE_EXCEEDED, limit, scope["message_count"], scope["fill_count"])
    return passed()
