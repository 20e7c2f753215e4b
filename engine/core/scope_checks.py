"""Owns what every scope of an order is asked: open orders, exposure, volume, executions, messages."""

import numpy as np

from engine.core.money import SUM_MAX
from engine.core.throttles import check_messages, check_order_to_trade, check_traded
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, ScopeKind, Side

_EQUITY_MAX = 1 << 55
_LEVERAGE_PERCENT_MAX = 10_000


@kernel
def check_exposure(scope: np.void, side: int, added_units: int) -> Verdict:
    """The worst that a scope can come to when all that works is filled, and so much more."""
    open_units = scope["open_buy_units"] + scope["open_sell_units"]
    limit = min(scope["max_open_units"], SUM_MAX)
    if open_units + added_units > limit:
        return refuse(RefusalReason.MAX_OPEN_NOTIONAL_EXCEEDED, limit, open_units, added_units)
    gross_units = scope["gross_units"] + open_units
    limit = min(scope["max_gross_units"], SUM_MAX)
    if gross_units + added_units > limit:
        return refuse(RefusalReason.GROSS_EXPOSURE_EXCEEDED, limit, gross_units, added_units)
    long_units = scope["net_units"] + scope["open_buy_units"]
    short_units = scope["open_sell_units"] - scope["net_units"]
    if side == Side.BUY:
        long_units += added_units
    else:
        short_units += added_units
    net_units = max(abs(long_units), abs(short_units))
    limit = min(scope["max_net_units"], SUM_MAX)
    if net_units > limit:
        return refuse(RefusalReason.NET_EXPOSURE_EXCEEDED, limit, net_units - added_units, added_units)
    if scope["scope_kind"] != ScopeKind.ACCOUNT or scope["max_leverage_percent"] > _LEVERAGE_PERCENT_MAX:
        return passed()
    equity_units, percent = min(scope["equity_units"], _EQUITY_MAX), scope["max_leverage_percent"]
    limit = equity_units // 100 * percent + equity_units % 100 * percent // 100
    if gross_units + added_units > limit:
        return refuse(RefusalReason.LEVERAGE_EXCEEDED, limit, gross_units, added_units)
    return passed()


@kernel
def check_open_orders(scope: np.void, added_orders: int) -> Verdict:
    """Whether a scope may have so many more open orders."""
    if scope["open_order_count"] + added_orders > scope["max_open_orders"]:
        return refuse(
            RefusalReason.MAX_OPEN_ORDERS_EXCEEDED, scope["max_open_orders"], scope["open_order_count"], added_orders
        )
    return passed()


@kernel
def check_pace(scope: np.void, request_kind: int, added_orders: int, added_units: int, now_ns: int) -> Verdict:
    """Whether a scope may do one thing more so soon: executions, volume, messages for a fill, messages at all."""
    if scope["execution_count"] + added_orders > scope["max_executions"]:
        return refuse(
            RefusalReason.MAX_EXECUTIONS_EXCEEDED, scope["max_executions"], scope["execution_count"], added_orders
        )
    verdict = check_traded(scope, added_units, now_ns)
    if verdict.reason == 0:
        verdict = check_order_to_trade(scope)
    if verdict.reason == 0:
        verdict = check_messages(scope, request_kind, now_ns)
    return verdict
