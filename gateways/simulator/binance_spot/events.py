"""Owns the events of the user data stream.

https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md
"""

from typing import Any

from gateways.simulator.accounts import ASSET_DECIMALS, Account
from gateways.simulator.binance_spot.replies import EXPIRY_REASONS, status_text
from gateways.simulator.decimals import format_units
from gateways.simulator.orders import Execution, ExecutionType, Order, OrderKind, Prevention, TimeInForce


def execution_report(execution: Execution, now_ns: int, time_divisor: int) -> dict[str, Any]:
    """`executionReport`. For a cancel `c` is the cancel's own id and `C` the canceled order's."""
    order, instrument, fill = execution.order, execution.order.instrument, execution.fill
    client_order_id, original_client_order_id = _client_order_ids(execution)
    is_trade = fill is not None
    report: dict[str, Any] = {
        "e": "executionReport",
        "E": now_ns // time_divisor,
        "s": instrument.symbol,
        "c": client_order_id,
        "S": order.side,
        "o": order.wire.order_type,
        "f": order.time_in_force,
        "q": instrument.quantity_text(order.order_lots),
        "p": instrument.price_text(order.price_ticks),
        "P": instrument.price_text(order.stop_ticks),
        "F": instrument.quantity_text(order.display_lots),
        "g": -1,
        "C": original_client_order_id,
        "x": execution.execution_type,
        "X": status_text(order),
        "r": "NONE",
        "i": order.order_id,
        "l": instrument.quantity_text(fill.lots if fill else 0),
        "z": instrument.quantity_text(order.cumulative_lots),
        "L": instrument.price_text(fill.price_ticks if fill else 0),
        "n": instrument.asset_text(fill.fee_asset, fill.fee_units) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": execution.utc_ns // time_divisor,
        "t": fill.trade_id if fill else -1,
        "I": execution.execution_id,
        "w": _is_on_book(order),
        "m": fill.is_maker if fill else False,
        "M": is_trade,
        "O": order.created_ns // time_divisor,
        "Z": instrument.quote_text(order.cumulative_quote_units),
        "Y": instrument.quote_text(fill.quote_units if fill else 0),
        "Q": instrument.quote_text(order.quote_order_units),
        "V": order.self_trade_prevention,
    }
    if order.working_ns:
        report["W"] = order.working_ns // time_divisor
    _add_labels(report, order)
    if execution.prevention is not None:
        _add_prevention(report, order, execution.prevention)
    return report


def account_position(
    account: Account, assets: tuple[str, ...], utc_ns: int, now_ns: int, time_divisor: int
) -> dict[str, Any]:
    """`outboundAccountPosition`: the balances that an event may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ns // time_divisor,
        "u": utc_ns // time_divisor,
        "B": [
            {
                "a": asset,
                "f": format_units(account.free[asset], ASSET_DECIMALS),
                "l": format_units(account.locked[asset], ASSET_DECIMALS),
            }
            for asset in assets
        ],
    }


def balance_update(asset: str, units: int, now_ns: int, time_divisor: int) -> dict[str, Any]:
    """`balanceUpdate`: a deposit or a withdrawal."""
    time = now_ns // time_divisor
    return {
        "e": "balanceUpdate",
        "E": time,
        "a": asset,
        "d": format_units(units, ASSET_DECIMALS),
        "T": time,
    }


def simple_event(name: str, now_ns: int, time_divisor: int) -> dict[str, Any]:
    """`eventStreamTerminated` and `serverShutdown`, which say nothing but when."""
    return {"e": name, "E": now_ns // time_divisor}


def _client_order_ids(execution: Execution) -> tuple[str, str]:
    """`c` and `C`."""
    order = execution.order
    if execution.execution_type is ExecutionType.CANCELED:
        return execution.client_order_id, order.client_order_id
    if execution.execution_type is ExecutionType.REPLACED:
        return order.client_order_id, execution.client_order_id
    return order.client_order_id, ""


def _is_on_book(order: Order) -> bool:
    if not order.is_open or not order.working_ns:
        return False
    # The documented example shows a market order as on the book in its first report only.
    return not order.cumulative_lots or (order.kind is OrderKind.LIMIT and order.time_in_force is TimeInForce.GTC)


def _add_labels(report: dict[str, Any], order: Order) -> None:
    if order.wire.strategy_id is not None:
        report["j"] = order.wire.strategy_id
    if order.wire.strategy_type is not None:
        report["J"] = order.wire.strategy_type
    expiry_reason = EXPIRY_REASONS.get(order.end_reason)
    if expiry_reason is not None:
        report["eR"] = expiry_reason


def _add_prevention(report: dict[str, Any], order: Order, prevention: Prevention) -> None:
    instrument = order.instrument
    report |= {
        "v": order.prevented_match_id,
        "A": instrument.quantity_text(order.prevented_lots),
        "B": instrument.quantity_text(prevention.expired_lots),
        "u": -1,
        "U": prevention.counterpart.order_id,
        "Cs": instrument.symbol,
        "pl": instrument.quantity_text(prevention.match_lots),
        "pL": instrument.price_text(prevention.price_ticks),
        "pY": instrument.quote_text(instrument.notional_units(prevention.price_ticks, prevention.match_lots)),
    }
