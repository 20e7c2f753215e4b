"""Owns how a request is read: its JSON shape, its parameters and the order that they describe."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec

from gateways.simulator.accounts import Account
from gateways.simulator.binance_spot.errors import (
    NEW_ORDER_REJECTED,
    ApiError,
    filter_failure,
    illegal_characters,
    missing,
    missing_either,
    not_required,
)
from gateways.simulator.decimals import DECIMAL_PATTERN, PrecisionError, parse_units
from gateways.simulator.instruments import PRICE_DECIMALS, QUANTITY_DECIMALS, Instrument
from gateways.simulator.orders import Order, OrderKind, SelfTradePrevention, Side, TimeInForce

CLIENT_ORDER_ID_PATTERN = "^[a-zA-Z0-9-_]{1,36}$"
SYMBOL_PATTERN = "^[A-Z0-9-_.]{1,20}$"
ID_PATTERN = "^[0-9]{1,20}$"
STRATEGY_TYPE_MIN = 1_000_000
_CLIENT_ORDER_ID = re.compile("[a-zA-Z0-9-_]{1,36}")
_SYMBOL = re.compile("[A-Z0-9-_.]{1,20}")
_ID = re.compile("[0-9]{1,20}")
_SIDES: dict[str, Side] = {side: side for side in Side}
_TIMES_IN_FORCE: dict[str, TimeInForce] = {time_in_force: time_in_force for time_in_force in TimeInForce}
_SELF_TRADE_PREVENTIONS: dict[str, SelfTradePrevention] = {mode: mode for mode in SelfTradePrevention}


# Beyond it an answer could not repeat it.
RequestId = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)] | str | None


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#request-format

    {"id": "e2a85d9f…", "method": "order.place", "params": {"symbol": "BTCUSDT", …}}
    """

    id: RequestId
    method: str
    params: dict[str, Any] = {}


class WireOrder(msgspec.Struct):
    """What only the protocol remembers of an order."""

    order_type: str
    response_type: str
    strategy_id: int | None = None
    strategy_type: int | None = None


# Number texts are kept as they were written, so that a signature over them can be checked.
request_decoder = msgspec.json.Decoder(Request, float_hook=str)
# What is no UTF-8 and what is nested without end does not fail as msgspec's own errors do.
UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


class _Shape(NamedTuple):
    """Which parameters an order type needs, and which it may have besides."""

    mandatory: tuple[str, ...]
    optional: frozenset[str]


_SHAPES = {
    "LIMIT": _Shape(("timeInForce", "price", "quantity"), frozenset({"icebergQty"})),
    "LIMIT_MAKER": _Shape(("price", "quantity"), frozenset({"icebergQty"})),
    "MARKET": _Shape((), frozenset({"quantity", "quoteOrderQty"})),
    "STOP_LOSS": _Shape(("quantity", "stopPrice"), frozenset()),
    "STOP_LOSS_LIMIT": _Shape(("timeInForce", "price", "quantity", "stopPrice"), frozenset({"icebergQty"})),
    "TAKE_PROFIT": _Shape(("quantity", "stopPrice"), frozenset()),
    "TAKE_PROFIT_LIMIT": _Shape(("timeInForce", "price", "quantity", "stopPrice"), frozenset({"icebergQty"})),
}
ORDER_TYPES = tuple(_SHAPES)
_PEGGED = frozenset({"pegPriceType", "pegOffsetValue", "pegOffsetType"})
_SHAPED = ("timeInForce", "price", "quantity", "quoteOrderQty", "stopPrice", "icebergQty")
PLACE_PARAMETERS = frozenset(
    {
        "symbol", "side", "type", "newClientOrderId", "newOrderRespType", "trailingDelta", "strategyId",
        "strategyType", "selfTradePreventionMode", *_PEGGED, *_SHAPED,
    }
)  # fmt: skip


def parameter_texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Every parameter as the text that is signed."""
    return {name: value if type(value) is str else _text(value) for name, value in params.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return str(value)


def read_flag(parameters: Mapping[str, str], name: str, default: bool) -> bool:
    """A boolean parameter."""
    text = parameters.get(name, "")
    if not text:
        return default
    if text not in {"true", "false"}:
        raise illegal_characters(name, "^(true|false)$")
    return text == "true"


def read_id(parameters: Mapping[str, str], name: str) -> int | None:
    """A whole-number parameter, or None."""
    text = parameters.get(name, "")
    if not text:
        return None
    if not _ID.fullmatch(text):
        raise illegal_characters(name, ID_PATTERN)
    return int(text)


def read_client_order_id(parameters: Mapping[str, str], name: str) -> str:
    """A client order id, or nothing."""
    text = parameters.get(name, "")
    if text and not _CLIENT_ORDER_ID.fullmatch(text):
        raise illegal_characters(name, CLIENT_ORDER_ID_PATTERN)
    return text


def read_instrument(parameters: Mapping[str, str], instruments: Mapping[str, Instrument]) -> Instrument:
    """The instrument that `symbol` names."""
    symbol = parameters.get("symbol", "")
    if not symbol:
        raise missing("symbol")
    instrument = instruments.get(symbol)
    if instrument is None:
        if not _SYMBOL.fullmatch(symbol):
            raise illegal_characters("symbol", SYMBOL_PATTERN)
        raise ApiError(-1121, "Invalid symbol.")
    return instrument


def read_units(parameters: Mapping[str, str], name: str, decimals: int) -> int:
    """A decimal parameter in units; zero when it is not there."""
    text = parameters.get(name, "")
    if not text:
        return 0
    try:
        return parse_units(text, decimals)
    except PrecisionError as error:
        raise ApiError(-1111, f"Parameter '{name}' has too much precision.") from error
    except ValueError as error:
        raise illegal_characters(name, DECIMAL_PATTERN) from error


def read_lots(parameters: Mapping[str, str], name: str, instrument: Instrument) -> int:
    """A quantity parameter in lots; zero when it is not there."""
    lots, rest = divmod(read_units(parameters, name, QUANTITY_DECIMALS), instrument.lot_size)
    if rest:
        raise filter_failure("LOT_SIZE")
    return lots


def read_ticks(parameters: Mapping[str, str], name: str, instrument: Instrument) -> int:
    """A price parameter in ticks; zero when it is not there."""
    ticks, rest = divmod(read_units(parameters, name, PRICE_DECIMALS), instrument.tick_size)
    if rest:
        raise filter_failure("PRICE_FILTER")
    return ticks


def read_new_order(
    parameters: Mapping[str, str], account: Account, instrument: Instrument, generate_id: Callable[[], str]
) -> Order:
    """The order that a placement describes, before any trading rule is applied."""
    order_type = _read_order_type(parameters)
    _check_shape(parameters, order_type)
    is_limit = "LIMIT" in order_type
    side = _SIDES.get(parameters["side"])
    if side is None:
        raise ApiError(-1117, "Invalid side.")
    order = Order(
        account=account,
        instrument=instrument,
        client_order_id=read_client_order_id(parameters, "newClientOrderId") or generate_id(),
        side=side,
        kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
        order_lots=read_lots(parameters, "quantity", instrument),
        wire=_read_wire(parameters, order_type),
    )
    if "timeInForce" in parameters:
        time_in_force = _TIMES_IN_FORCE.get(parameters["timeInForce"])
        if time_in_force is None:
            raise ApiError(-1115, "Invalid timeInForce.")
        order.time_in_force = time_in_force
    if is_limit:
        order.price_ticks = read_ticks(parameters, "price", instrument)
        order.post_only = order_type == "LIMIT_MAKER"
        order.display_lots = read_lots(parameters, "icebergQty", instrument)
    elif "quoteOrderQty" in parameters:
        order.quote_order_units = read_units(parameters, "quoteOrderQty", instrument.quote_decimals)
    if "stopPrice" in parameters:
        order.stop_ticks = read_ticks(parameters, "stopPrice", instrument)
        order.stop_rises = (side is Side.BUY) == order_type.startswith("STOP_LOSS")
    order.self_trade_prevention = _read_self_trade_prevention(parameters)
    _check_amounts(parameters, order)
    return order


def _read_order_type(parameters: Mapping[str, str]) -> str:
    for name in ("side", "type"):
        if not parameters.get(name):
            raise missing(name)
    order_type = parameters["type"]
    if order_type not in _SHAPES:
        raise ApiError(-1116, "Invalid orderType.")
    if "trailingDelta" in parameters:
        raise ApiError(NEW_ORDER_REJECTED, "Trailing stop orders are not supported for this symbol.")
    if not _PEGGED.isdisjoint(parameters):
        raise ApiError(NEW_ORDER_REJECTED, "Pegged orders are not supported for this symbol.")
    return order_type


def _check_shape(parameters: Mapping[str, str], order_type: str) -> None:
    shape = _SHAPES[order_type]
    for name in shape.mandatory:
        if not parameters.get(name):
            raise missing(name)
    for name in _SHAPED:
        if name in parameters and name not in shape.mandatory and name not in shape.optional:
            raise not_required(name)
    if order_type == "MARKET":
        quantity, amount = parameters.get("quantity"), parameters.get("quoteOrderQty")
        if not quantity and not amount:
            raise missing_either("quantity", "quoteOrderQty")
        if quantity and amount:
            raise not_required("quoteOrderQty")


def _check_amounts(parameters: Mapping[str, str], order: Order) -> None:
    if "price" in parameters and not order.price_ticks:
        raise ApiError(-1013, "Invalid price.")
    if "quantity" in parameters and not order.order_lots:
        raise ApiError(-1013, "Invalid quantity.")
    if "quoteOrderQty" in parameters and not order.quote_order_units:
        raise ApiError(-1013, "Invalid quote order qty.")
    if "stopPrice" in parameters and not order.stop_ticks:
        raise ApiError(-1013, "Invalid stopPrice.")
    if order.display_lots and order.time_in_force is not TimeInForce.GTC:
        raise ApiError(-1013, "TimeInForce must be GTC when using icebergQty.")
    if order.display_lots > order.order_lots:
        raise ApiError(-1013, "IcebergQty exceeds QTY.")


def _read_wire(parameters: Mapping[str, str], order_type: str) -> WireOrder:
    default = "FULL" if order_type in {"LIMIT", "MARKET"} else "ACK"
    response_type = parameters.get("newOrderRespType") or default
    if response_type not in {"ACK", "RESULT", "FULL"}:
        raise ApiError(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    strategy_type = read_id(parameters, "strategyType")
    if strategy_type is not None and strategy_type < STRATEGY_TYPE_MIN:
        raise ApiError(-1134, "strategyType was less than 1000000.")
    return WireOrder(order_type, response_type, read_id(parameters, "strategyId"), strategy_type)


def _read_self_trade_prevention(parameters: Mapping[str, str]) -> SelfTradePrevention:
    text = parameters.get("selfTradePreventionMode", "")
    if not text:
        return SelfTradePrevention.EXPIRE_MAKER
    if text == "TRANSFER":
        raise ApiError(-1013, "This symbol does not allow the specified self-trade prevention mode.")
    mode = _SELF_TRADE_PREVENTIONS.get(text)
    if mode is None:
        raise ApiError(-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")
    return mode
