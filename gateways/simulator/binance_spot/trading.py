"""Owns the methods that place, cancel, replace and amend orders.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#trading-requests
"""

from typing import Any

from gateways.simulator.binance_spot import replies
from gateways.simulator.binance_spot.errors import (
    AMEND_REJECTED,
    CANCEL_REJECTED,
    NEW_ORDER_REJECTED,
    ApiError,
    engine_rejected,
    missing,
    missing_either,
)
from gateways.simulator.binance_spot.filters import check_filters
from gateways.simulator.binance_spot.methods import Call, Method, Security
from gateways.simulator.binance_spot.requests import (
    PLACE_PARAMETERS,
    read_client_order_id,
    read_flag,
    read_id,
    read_instrument,
    read_lots,
    read_new_order,
)
from gateways.simulator.decimals import format_units
from gateways.simulator.orders import Order, OrderStatus, RejectReason

CANCEL_RESTRICTIONS = {"ONLY_NEW": OrderStatus.NEW, "ONLY_PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED}


def place_order(call: Call) -> dict[str, Any]:
    """`order.place`."""
    order = _read_order(call)
    exceeded = call.face.order_count(call.account).exceeded(call.utc_ns)
    if exceeded is not None:
        raise exceeded
    return _place(call, order)


def test_order(call: Call) -> dict[str, Any]:
    """`order.test`: everything but the matching engine."""
    _read_order(call)
    if not read_flag(call.parameters, "computeCommissionRates", False):
        return {}
    account, zero = call.account, format_units(0, 8)
    return {
        "standardCommissionForOrder": {
            "maker": format_units(account.maker_rate, 8),
            "taker": format_units(account.taker_rate, 8),
        },
        "specialCommissionForOrder": {"maker": zero, "taker": zero},
        "taxCommissionForOrder": {"maker": zero, "taker": zero},
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": zero,
        },
    }


def cancel_order(call: Call) -> dict[str, Any]:
    """`order.cancel`."""
    return _cancel(call, "orderId", "origClientOrderId", "newClientOrderId")


def cancel_all_orders(call: Call) -> list[dict[str, Any]]:
    """`openOrders.cancelAll`."""
    instrument = read_instrument(call.parameters, call.face.instruments)
    orders = list(call.account.open_orders[instrument.symbol].values())
    if not orders:
        raise engine_rejected(CANCEL_REJECTED, RejectReason.UNKNOWN_ORDER)
    cancel_id = call.face.generate_client_order_id()
    for order in orders:
        call.face.exchange.cancel(order, cancel_id)
    return [replies.canceled_order(order, cancel_id, call.time_divisor) for order in orders]


def amend_order(call: Call) -> dict[str, Any]:
    """`order.amend.keepPriority`."""
    instrument = read_instrument(call.parameters, call.face.instruments)
    if not call.parameters.get("newQty"):
        raise missing("newQty")
    new_id = read_client_order_id(call.parameters, "newClientOrderId")
    order = _find_open(call, "orderId", "origClientOrderId", AMEND_REJECTED)
    order_lots = read_lots(call.parameters, "newQty", instrument)
    if not order_lots:
        raise ApiError(-1013, "Invalid quantity.")
    if order.amendment_count >= instrument.config.max_amendments:
        raise ApiError(AMEND_REJECTED, "Filter failure: MAX_NUM_ORDER_AMENDS")
    new_id = new_id or call.face.generate_client_order_id()
    namesake = call.account.find_by_client_order_id(instrument.symbol, new_id)
    if namesake is not None and namesake is not order and namesake.is_open:
        raise engine_rejected(AMEND_REJECTED, RejectReason.DUPLICATE_CLIENT_ORDER_ID)
    previous_id = order.client_order_id
    reason = call.face.exchange.amend(order, order_lots=order_lots, client_order_id=new_id)
    if reason is not None:
        raise engine_rejected(AMEND_REJECTED, reason)
    execution_id = call.face.exchange.books[instrument.symbol].execution_id
    return replies.amended_order(order, previous_id, execution_id, call.time_divisor)


def cancel_and_replace_order(call: Call) -> dict[str, Any]:
    """`order.cancelReplace`: two operations that are not one transaction."""
    stops_on_failure = _read_cancel_replace_mode(call)
    order = _read_order(call)
    order_count = call.face.order_count(call.account)
    exceeded = order_count.exceeded(call.utc_ns)
    if exceeded is not None and not _cancels_when_exceeded(call):
        raise exceeded
    cancel_reply: dict[str, Any]
    try:
        cancel_reply = _cancel(call, "cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId")
        is_canceled = True
    except ApiError as error:
        if error.code != CANCEL_REJECTED:
            raise
        cancel_reply = error.body()
        is_canceled = False
    if not is_canceled and stops_on_failure:
        order_count.placed(call.utc_ns)
        status = 429 if exceeded is not None else 400
        raise _failed(cancel_reply, "NOT_ATTEMPTED", None, status=status)
    if exceeded is not None:
        new_error: ApiError | None = ApiError(exceeded.code, exceeded.message)
    else:
        new_error = None
        try:
            new_reply = _place(call, order)
        except ApiError as error:
            new_error = error
    if new_error is None and is_canceled:
        return {
            "cancelResult": "SUCCESS",
            "newOrderResult": "SUCCESS",
            "cancelResponse": cancel_reply,
            "newOrderResponse": new_reply,
        }
    if new_error is None:
        raise _partially_failed("FAILURE", cancel_reply, "SUCCESS", new_reply)
    if is_canceled:
        raise _partially_failed("SUCCESS", cancel_reply, "FAILURE", new_error.body())
    raise _failed(cancel_reply, "FAILURE", new_error.body(), status=400)


def find_order(call: Call, id_name: str, client_id_name: str, not_found: ApiError) -> Order:
    """The order that the venue's id or the client's id names; with both, both must fit."""
    instrument = read_instrument(call.parameters, call.face.instruments)
    order_id = read_id(call.parameters, id_name)
    client_order_id = read_client_order_id(call.parameters, client_id_name)
    if order_id is None and not client_order_id:
        raise missing_either(id_name, client_id_name)
    if order_id is None:
        order = call.account.find_by_client_order_id(instrument.symbol, client_order_id)
    else:
        order = call.account.find(instrument.symbol, order_id)
    if order is None:
        raise not_found
    if order_id is not None and client_order_id and order.client_order_id != client_order_id:
        raise ApiError(-2039, "Client order ID is not correct for this order ID.")
    return order


def _read_order(call: Call) -> Order:
    """The order, after every check that needs no matching engine."""
    face = call.face
    instrument = read_instrument(call.parameters, face.instruments)
    order = read_new_order(call.parameters, call.account, instrument, face.generate_client_order_id)
    check_filters(order, face.exchange.books[instrument.symbol], call.utc_ns)
    return order


def _place(call: Call, order: Order) -> dict[str, Any]:
    order_count = call.face.order_count(call.account)
    order_count.placed(call.utc_ns)
    reason = call.face.exchange.place(order)
    if reason is not None:
        order_count.withdrawn(call.utc_ns)
        raise engine_rejected(NEW_ORDER_REJECTED, reason)
    return replies.placed_order(order, call.time_divisor)


def _find_open(call: Call, id_name: str, client_id_name: str, code: int) -> Order:
    order = find_order(call, id_name, client_id_name, engine_rejected(code, RejectReason.UNKNOWN_ORDER))
    if not order.is_open:
        raise engine_rejected(code, RejectReason.UNKNOWN_ORDER)
    return order


def _cancel(call: Call, id_name: str, client_id_name: str, cancel_id_name: str) -> dict[str, Any]:
    restriction = call.parameters.get("cancelRestrictions", "")
    if restriction and restriction not in CANCEL_RESTRICTIONS:
        raise ApiError(-1145, "Invalid cancelRestrictions")
    cancel_id = read_client_order_id(call.parameters, cancel_id_name) or call.face.generate_client_order_id()
    order = _find_open(call, id_name, client_id_name, CANCEL_REJECTED)
    if restriction and order.status is not CANCEL_RESTRICTIONS[restriction]:
        raise ApiError(CANCEL_REJECTED, "Order was not canceled due to cancel restrictions.")
    call.face.exchange.cancel(order, cancel_id)
    return replies.canceled_order(order, cancel_id, call.time_divisor)


def _read_cancel_replace_mode(call: Call) -> bool:
    mode = call.parameters.get("cancelReplaceMode", "")
    if not mode:
        raise missing("cancelReplaceMode")
    if mode not in {"STOP_ON_FAILURE", "ALLOW_FAILURE"}:
        raise ApiError(-1130, "Data sent for parameter 'cancelReplaceMode' is not valid.")
    if not call.parameters.get("cancelOrderId") and not call.parameters.get("cancelOrigClientOrderId"):
        raise missing_either("cancelOrderId", "cancelOrigClientOrderId")
    return mode == "STOP_ON_FAILURE"


def _cancels_when_exceeded(call: Call) -> bool:
    mode = call.parameters.get("orderRateLimitExceededMode") or "DO_NOTHING"
    if mode not in {"DO_NOTHING", "CANCEL_ONLY"}:
        raise ApiError(-1130, "Data sent for parameter 'orderRateLimitExceededMode' is not valid.")
    return mode == "CANCEL_ONLY"


def _partially_failed(
    cancel_result: str, cancel_reply: dict[str, Any], new_result: str, new_reply: dict[str, Any]
) -> ApiError:
    return ApiError(
        -2021,
        "Order cancel-replace partially failed.",
        status=409,
        data={
            "cancelResult": cancel_result,
            "newOrderResult": new_result,
            "cancelResponse": cancel_reply,
            "newOrderResponse": new_reply,
        },
    )


def _failed(
    cancel_reply: dict[str, Any], new_result: str, new_reply: dict[str, Any] | None, *, status: int
) -> ApiError:
    return ApiError(
        -2022,
        "Order cancel-replace failed.",
        status=status,
        data={
            "cancelResult": "FAILURE",
            "newOrderResult": new_result,
            "cancelResponse": cancel_reply,
            "newOrderResponse": new_reply,
        },
    )


_CANCEL_PARAMETERS = frozenset({"symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions"})
_REPLACE_PARAMETERS = PLACE_PARAMETERS | {
    "cancelReplaceMode", "cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId",
    "cancelRestrictions", "orderRateLimitExceededMode",
}  # fmt: skip

TRADING_METHODS = {
    "order.place": Method(place_order, 1, Security.TRADE, PLACE_PARAMETERS, is_free=True, shows_order_count=True),
    "order.test": Method(
        test_order,
        lambda parameters: 20 if parameters.get("computeCommissionRates") == "true" else 1,
        Security.TRADE,
        PLACE_PARAMETERS | {"computeCommissionRates"},
    ),
    "order.cancel": Method(cancel_order, 1, Security.TRADE, _CANCEL_PARAMETERS, is_free=True),
    "order.cancelReplace": Method(
        cancel_and_replace_order, 1, Security.TRADE, _REPLACE_PARAMETERS, is_free=True, shows_order_count=True
    ),
    "order.amend.keepPriority": Method(
        amend_order,
        4,
        Security.TRADE,
        frozenset({"symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty"}),
    ),
    "openOrders.cancelAll": Method(cancel_all_orders, 1, Security.TRADE, frozenset({"symbol"}), is_free=True),
}
