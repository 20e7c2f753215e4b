"""Owns the breakers: thresholds that nothing sound exceeds, and what is done in the scope where one is exceeded.

What lasts is looked at in an interval, by TIMER records like everything that has to do with time; rejections and
stalls are counted as they come. Whether balances agree is looked at in `balance_agreement.py`.
"""

import numpy as np

from engine.core.effects import NO_ASSET, room_for_effects
from engine.core.scopes import ENGINE_ROW, account_row, instrument_row, strategy_row
from engine.core.state import accounts_of, breaker_of, header_of, instruments_of, orders_of, scopes_of, strategies_of
from engine.core.trading_states import alarm_of_scope, clear_alarm_of_scope, raise_trading_state
from ipc.compiler import kernel
from ipc.control_enums import BREAKER_CODES, Breaker, BreakerAction
from ipc.enums import TradingState

# An alarm and the two effects of a trading state that is raised.
_EFFECTS_OF_ONE = 3
_STATE_BEFORE_ACTION = int(BreakerAction.REDUCE_ONLY) - int(TradingState.REDUCE_ONLY)


@kernel
def set_breaker(state: int, row: int, kind: int, is_open: bool, found: int) -> None:
    """Notes whether a threshold is exceeded in a scope; when that begins, a person is told and the action taken."""
    is_standing = is_standing_in(state, row, kind)
    if is_open and not is_standing:
        open_breaker(state, row, kind, breaker_of(state, kind)["threshold"], found, NO_ASSET)
    elif is_standing and not is_open:
        close_breaker(state, row, kind)


@kernel
def is_standing_in(state: int, row: int, kind: int) -> bool:
    """Whether a breaker of a scope is open."""
    return scopes_of(state)[row]["standing_breakers"] & 1 << kind != 0


@kernel
def open_breaker(state: int, row: int, kind: int, expected: int, found: int, asset_id: int) -> bool:
    """Tells a person what a breaker of a scope found and takes its action; False where this step has no room for it.

    Whoever looks finds it again.
    """
    header, scope, breaker = header_of(state), scopes_of(state)[row], breaker_of(state, kind)
    if room_for_effects(state) < _EFFECTS_OF_ONE:
        return False
    refused_before = int(scope["refusing_breakers"] != 0)
    scope["standing_breakers"] |= 1 << kind
    alarm_of_scope(state, scope, BREAKER_CODES[kind], expected, found)["asset_id"] = asset_id
    if breaker["action"] == BreakerAction.REFUSE:
        scope["refusing_breakers"] |= 1 << kind
    elif breaker["action"] >= BreakerAction.REDUCE_ONLY:
        raise_trading_state(state, row, breaker["action"] - _STATE_BEFORE_ACTION, BREAKER_CODES[kind])
    header["restriction_count"] += int(scope["refusing_breakers"] != 0) - refused_before
    return True


@kernel
def close_breaker(state: int, row: int, kind: int) -> None:
    """What a breaker of a scope watches is as it should be again; a trading state stays until a person arms."""
    header, scope = header_of(state), scopes_of(state)[row]
    refused_before = int(scope["refusing_breakers"] != 0)
    scope["standing_breakers"] &= ~(1 << kind)
    scope["refusing_breakers"] &= ~(1 << kind)
    clear_alarm_of_scope(state, scope, BREAKER_CODES[kind])
    header["restriction_count"] += int(scope["refusing_breakers"] != 0) - refused_before


@kernel
def watch(state: int) -> None:
    """Looks at everything that the breakers watch."""
    header = header_of(state)
    header["watch_next_ns"] = header["now_ns"] + header["watch_interval_ns"]
    _watch_orders(state)
    for account_id in range(header["accounts_count"]):
        _watch_account(state, account_id)
    for instrument_id in range(header["instruments_count"]):
        _watch_prices(state, instrument_id)
    for strategy_id in range(header["strategies_count"]):
        _watch_rejects(state, strategy_id)
    if scopes_of(state)[ENGINE_ROW]["standing_breakers"] != 0:
        set_breaker(state, ENGINE_ROW, Breaker.LOOP_STALL, False, 0)


@kernel
def _watch_orders(state: int) -> None:
    """Counts the orders of unknown outcome of each account, and finds since when one of them is unknown."""
    header, scopes, orders = header_of(state), scopes_of(state), orders_of(state)
    first = account_row(state, 0)
    for account_id in range(header["accounts_count"]):
        scopes[first + account_id]["unknown_count"] = 0
        scopes[first + account_id]["oldest_unknown_ns"] = 0
    for strategy in strategies_of(state):
        slot = strategy["first_open"]
        while slot >= 0:
            order = orders[slot]
            slot = order["next_open"]
            if order["is_unknown"] == 0:
                continue
            scope = scopes[first + order["account_id"]]
            scope["unknown_count"] += 1
            since_ns, oldest_ns = order["unknown_since_ns"], scope["oldest_unknown_ns"]
            scope["oldest_unknown_ns"] = since_ns if oldest_ns == 0 else min(oldest_ns, since_ns)


@kernel
def _watch_account(state: int, account_id: int) -> None:
    header, row = header_of(state), account_row(state, account_id)
    scope, account = scopes_of(state)[row], accounts_of(state)[account_id]
    count = scope["unknown_count"]
    _compare(state, row, Breaker.UNKNOWN_ORDERS, count)
    _compare(state, row, Breaker.UNKNOWN_ORDER_AGE, header["now_ns"] - scope["oldest_unknown_ns"] if count > 0 else 0)
    offset_ns = account["utc_offset_ns"] - header["utc_offset_ns"] if account["utc_offset_ns"] != 0 else 0
    _compare(state, row, Breaker.CLOCK_OFFSET, abs(offset_ns))


@kernel
def _watch_prices(state: int, instrument_id: int) -> None:
    """Of an instrument that has no price yet nothing is stale: whatever needs a price is refused for the want of it."""
    now_ns, instrument = header_of(state)["now_ns"], instruments_of(state)[instrument_id]
    if instrument["book_received_ns"] == 0:
        return
    row, crossed_ns = instrument_row(state, instrument_id), instrument["crossed_since_ns"]
    _compare(state, row, Breaker.PRICES_STALE, now_ns - instrument["book_received_ns"])
    _compare(state, row, Breaker.PRICES_CROSSED, now_ns - crossed_ns if crossed_ns != 0 else 0)


@kernel
def _compare(state: int, row: int, kind: int, found: int) -> None:
    threshold = breaker_of(state, kind)["threshold"]
    set_breaker(state, row, kind, 0 < threshold < found, found)


@kernel
def _watch_rejects(state: int, strategy_id: int) -> None:
    row = strategy_row(state, strategy_id)
    if scopes_of(state)[row]["standing_breakers"] == 0:
        return
    breaker = breaker_of(state, Breaker.REJECT_RATE)
    level_ns = _leaked(state, scopes_of(state)[row], breaker)
    # Half empty, so that it does not open and close with each rejection.
    if 2 * level_ns <= breaker["threshold"] * breaker["window_ns"]:
        set_breaker(state, row, Breaker.REJECT_RATE, False, 0)


@kernel
def _leaked(state: int, scope: np.void, breaker: np.void) -> int:
    """What is left of the level by now: a whole window lets as many rejections leak out as the threshold says."""
    now_ns, window_ns = header_of(state)["now_ns"], breaker["window_ns"]
    gone_ns = min(now_ns - scope["reject_ns"], window_ns) * breaker["threshold"]
    scope["reject_level_ns"] = max(scope["reject_level_ns"] - gone_ns, 0)
    scope["reject_ns"] = now_ns
    return scope["reject_level_ns"]


@kernel
def count_rejection(state: int, strategy_id: int) -> None:
    """Counts an order that the venue rejected."""
    breaker = breaker_of(state, Breaker.REJECT_RATE)
    threshold, window_ns = breaker["threshold"], breaker["window_ns"]
    if threshold == 0:
        return
    row = strategy_row(state, strategy_id)
    scope = scopes_of(state)[row]
    scope["reject_level_ns"] = _leaked(state, scope, breaker) + window_ns
    if scope["reject_level_ns"] > threshold * window_ns:
        # What a level is made of beyond that would only keep it open for longer.
        scope["reject_level_ns"] = (threshold + 1) * window_ns
        set_breaker(state, row, Breaker.REJECT_RATE, True, threshold + 1)


@kernel
def on_loop_stall(state: int, stall: np.void) -> None:
    """The engine did nothing for longer than it may."""
    threshold = breaker_of(state, Breaker.LOOP_STALL)["threshold"]
    if 0 < threshold < stall["stalled_ns"]:
        set_breaker(state, ENGINE_ROW, Breaker.LOOP_STALL, True, stall["stalled_ns"])
