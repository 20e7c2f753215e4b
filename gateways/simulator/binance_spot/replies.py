"""Owns the objects that answer requests about orders, trades, accounts and books.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#trading-requests
"""

from itertools import islice
from typing import Any

from gateways.simulator.accounts import ASSET_DECIMALS, RATE_DECIMALS, Account
from gateways.simulator.decimals import format_units
from gateways.simulator.order_book import BookSide, OrderBook
from gateways.simulator.orders import EndReason, Fill, Order, OrderStatus, Side

EXPIRY_REASONS = {
    EndReason.UNFILLED_IMMEDIATE_OR_CANCEL: "UNFILLED_IOC_QUANTITY_EXPIRED",
    EndReason.UNFILLED_FILL_OR_KILL: "UNFILLED_FOK_ORDER_EXPIRED",
    EndReason.INSUFFICIENT_LIQUIDITY: "INSUFFICIENT_LIQUIDITY",
    EndReason.TRIGGERED_ORDER_REJECTED: "REJECTED",
}
BPS_PER_RATE = 10**RATE_DECIMALS // 10_000


def status_text(order: Order) -> str:
    """Binance's name of the order's status."""
    if order.end_reason is EndReason.SELF_TRADE and order.status is OrderStatus.EXPIRED:
        return "EXPIRED_IN_MATCH"
    return order.status


def placed_order(order: Order, time_divisor: int) -> dict[str, Any]:
    """The result of `order.place`, as long as the client asked for."""
    reply: dict[str, Any] = {
        "symbol": order.instrument.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": order.updated_ns // time_divisor,
    }
    response_type = order.wire.response_type
    if response_type == "ACK":
        return reply
    _add_state(reply, order)
    reply["workingTime"] = order.working_ns // time_divisor if order.working_ns else -1
    if response_type == "FULL":
        reply["fills"] = [placed_fill(fill) for fill in order.fills]
    reply["selfTradePreventionMode"] = order.self_trade_prevention
    _add_conditional(reply, order)
    return reply


def placed_fill(fill: Fill) -> dict[str, Any]:
    """One of the `fills` of a FULL result."""
    instrument = fill.order.instrument
    return {
        "price": instrument.price_text(fill.price_ticks),
        "qty": instrument.quantity_text(fill.lots),
        "commission": instrument.asset_text(fill.fee_asset, fill.fee_units),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade_id,
    }


def canceled_order(order: Order, cancel_client_order_id: str, time_divisor: int) -> dict[str, Any]:
    """The result of `order.cancel`; note which of the two client ids is the order's own."""
    reply: dict[str, Any] = {
        "symbol": order.instrument.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": cancel_client_order_id,
        "transactTime": order.updated_ns // time_divisor,
    }
    _add_state(reply, order)
    reply["selfTradePreventionMode"] = order.self_trade_prevention
    _add_conditional(reply, order)
    return reply


def amended_order(order: Order, previous_client_order_id: str, execution_id: int, time_divisor: int) -> dict[str, Any]:
    """The result of `order.amend.keepPriority`; several fields are named unlike everywhere else."""
    instrument = order.instrument
    amended: dict[str, Any] = {
        "symbol": instrument.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "origClientOrderId": previous_client_order_id,
        "clientOrderId": order.client_order_id,
        "price": instrument.price_text(order.price_ticks),
        "qty": instrument.quantity_text(order.order_lots),
        "executedQty": instrument.quantity_text(order.cumulative_lots),
        "preventedQty": instrument.quantity_text(order.prevented_lots),
        "quoteOrderQty": instrument.quote_text(order.quote_order_units),
        "cumulativeQuoteQty": instrument.quote_text(order.cumulative_quote_units),
        "status": status_text(order),
        "timeInForce": order.time_in_force,
        "type": order.wire.order_type,
        "side": order.side,
        "workingTime": order.working_ns // time_divisor if order.working_ns else -1,
        "selfTradePreventionMode": order.self_trade_prevention,
    }
    _add_conditional(amended, order)
    return {
        "transactTime": order.updated_ns // time_divisor,
        "executionId": execution_id,
        "amendedOrder": amended,
    }


def queried_order(order: Order, time_divisor: int) -> dict[str, Any]:
    """The result of `order.status`, and each element of the lists of orders."""
    instrument = order.instrument
    reply: dict[str, Any] = {
        "symbol": instrument.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
    }
    _add_state(reply, order)
    reply |= {
        "stopPrice": instrument.price_text(order.stop_ticks),
        "icebergQty": instrument.quantity_text(order.display_lots),
        "time": order.created_ns // time_divisor,
        "updateTime": order.updated_ns // time_divisor,
        "isWorking": bool(order.working_ns),
        "workingTime": order.working_ns // time_divisor if order.working_ns else -1,
        "selfTradePreventionMode": order.self_trade_prevention,
    }
    _add_labels(reply, order)
    return reply


def queried_trade(fill: Fill, time_divisor: int) -> dict[str, Any]:
    """One element of `myTrades`."""
    order, instrument = fill.order, fill.order.instrument
    return {
        "symbol": instrument.symbol,
        "id": fill.trade_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "price": instrument.price_text(fill.price_ticks),
        "qty": instrument.quantity_text(fill.lots),
        "quoteQty": instrument.quote_text(fill.quote_units),
        "commission": instrument.asset_text(fill.fee_asset, fill.fee_units),
        "commissionAsset": fill.fee_asset,
        "time": fill.utc_ns // time_divisor,
        "isBuyer": order.side is Side.BUY,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def account_status(account: Account, *, omits_zero: bool, time_divisor: int) -> dict[str, Any]:
    """The result of `account.status`."""
    assets = sorted(set(account.free) | set(account.locked))
    return {
        "makerCommission": account.maker_rate // BPS_PER_RATE,
        "takerCommission": account.taker_rate // BPS_PER_RATE,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "commissionRates": {
            "maker": format_units(account.maker_rate, RATE_DECIMALS),
            "taker": format_units(account.taker_rate, RATE_DECIMALS),
            "buyer": format_units(0, RATE_DECIMALS),
            "seller": format_units(0, RATE_DECIMALS),
        },
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": account.updated_ns // time_divisor,
        "accountType": "SPOT",
        "balances": [
            {
                "asset": asset,
                "free": format_units(account.free[asset], ASSET_DECIMALS),
                "locked": format_units(account.locked[asset], ASSET_DECIMALS),
            }
            for asset in assets
            if not omits_zero or account.free[asset] or account.locked[asset]
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def depth(book: OrderBook, level_count: int) -> dict[str, Any]:
    """The result of `depth` and the payload of a partial depth stream."""
    return {
        "lastUpdateId": book.update_id,
        "bids": _levels(book, book.bids, level_count),
        "asks": _levels(book, book.asks, level_count),
    }


def book_ticker(book: OrderBook) -> dict[str, Any]:
    """The result of `ticker.book` for one symbol."""
    bid_ticks, bid_lots, ask_ticks, ask_lots = book.top()
    instrument = book.instrument
    return {
        "symbol": instrument.symbol,
        "bidPrice": instrument.price_text(bid_ticks),
        "bidQty": instrument.quantity_text(bid_lots),
        "askPrice": instrument.price_text(ask_ticks),
        "askQty": instrument.quantity_text(ask_lots),
    }


def _levels(book: OrderBook, side: BookSide, level_count: int) -> list[list[str]]:
    instrument = book.instrument
    return [
        [instrument.price_text(level.price_ticks), instrument.quantity_text(level.visible_lots)]
        for level in islice(side.from_best(), level_count)
    ]


def _add_state(reply: dict[str, Any], order: Order) -> None:
    """The fields that every description of an order shares."""
    instrument = order.instrument
    reply["price"] = instrument.price_text(order.price_ticks)
    reply["origQty"] = instrument.quantity_text(order.order_lots)
    reply["executedQty"] = instrument.quantity_text(order.cumulative_lots)
    reply["origQuoteOrderQty"] = instrument.quote_text(order.quote_order_units)
    reply["cummulativeQuoteQty"] = instrument.quote_text(order.cumulative_quote_units)
    reply["status"] = status_text(order)
    reply["timeInForce"] = order.time_in_force
    reply["type"] = order.wire.order_type
    reply["side"] = order.side


def _add_conditional(reply: dict[str, Any], order: Order) -> None:
    """Fields that a query always shows, but an answer only for orders that have them."""
    instrument = order.instrument
    if order.stop_ticks:
        reply["stopPrice"] = instrument.price_text(order.stop_ticks)
    if order.display_lots:
        reply["icebergQty"] = instrument.quantity_text(order.display_lots)
    _add_labels(reply, order)


def _add_labels(reply: dict[str, Any], order: Order) -> None:
    wire = order.wire
    if wire.strategy_id is not None:
        reply["strategyId"] = wire.strategy_id
    if wire.strategy_type is not None:
        reply["strategyType"] = wire.strategy_type
    if order.prevented_match_id >= 0:
        reply["preventedMatchId"] = order.prevented_match_id
        reply["preventedQuantity"] = order.instrument.quantity_text(order.prevented_lots)
    expiry_reason = EXPIRY_REASONS.get(order.end_reason)
    if expiry_reason is not None:
        reply["expiryReason"] = expiry_reason
