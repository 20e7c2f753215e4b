"""Owns the wire text of the hot requests: place, cancel, amend, cancel and replace, cancel all."""

from dataclasses import replace

from gateways.credentials import Credentials, KeyKind
from gateways.template import Option, Piece, Template, TemplateKey, TemplateSlot, joined
from ipc.enums import OrderFlag, OrderType, RequestKind, SelfTradePrevention, Side, TimeInForce

RECEIVE_WINDOW_MS = 2000
"""How long a request stays valid at the venue; the shorter, the sooner an unknown outcome is known.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#timing-security
"""

Parameters = dict[bytes, bytes | TemplateSlot]

_METHODS: dict[RequestKind, bytes] = {
    RequestKind.NEW: b"order.place",
    RequestKind.CANCEL: b"order.cancel",
    RequestKind.AMEND: b"order.amend.keepPriority",
    RequestKind.CANCEL_REPLACE: b"order.cancelReplace",
    RequestKind.CANCEL_ALL: b"openOrders.cancelAll",
}
# The time stamp is a number; every other parameter of the hot requests is a text.
_NUMBERS = frozenset((b"recvWindow", b"timestamp"))
# Only in requests that ask for them; web-socket-api.md#place-new-order-trade, enums.md#stpmodes.
_OPTIONAL = frozenset((TemplateSlot.DISPLAY_QUANTITY, TemplateSlot.SELF_TRADE_PREVENTION))
_MODES = tuple(mode for mode in SelfTradePrevention if mode is not SelfTradePrevention.DEFAULT)
# An order that has begun to fill is not replaced by one request: the new one could buy too much.
_CANCELED_FIRST: Parameters = {
    b"cancelRestrictions": b"ONLY_NEW",
    b"cancelOrigClientOrderId": TemplateSlot.ORIGINAL_CLIENT_ORDER_ID,
    b"cancelReplaceMode": b"STOP_ON_FAILURE",
}


def templates(credentials: Credentials, receive_window_ms: int = RECEIVE_WINDOW_MS) -> dict[TemplateKey, Template]:
    """A template for every order that the venue takes.

    With an Ed25519 key the session is logged on and nothing is signed here; with an HMAC key each
    request carries the key and its signature.
    """
    filled: dict[TemplateKey, Template] = {}

    def add(key: TemplateKey, parameters: Parameters) -> None:
        parameters[b"recvWindow"] = b"%d" % receive_window_ms
        parameters[b"timestamp"] = TemplateSlot.TIMESTAMP_MS
        filled[key] = _template(_METHODS[key.request_kind], parameters, credentials)

    for side in Side:
        for key, kind_parameters in _order_kinds(side).items():
            add(key, kind_parameters | _new_order(side))
        for key, kind_parameters in _order_kinds(side).items():
            if _rests(key):
                replaced = replace(key, request_kind=RequestKind.CANCEL_REPLACE)
                add(replaced, kind_parameters | _new_order(side) | _CANCELED_FIRST)
    add(
        TemplateKey(RequestKind.CANCEL),
        {b"origClientOrderId": TemplateSlot.CLIENT_ORDER_ID, b"symbol": TemplateSlot.SYMBOL},
    )
    add(TemplateKey(RequestKind.CANCEL_ALL), {b"symbol": TemplateSlot.SYMBOL})
    # Without newClientOrderId the venue would give the amended order a random name.
    add(
        TemplateKey(RequestKind.AMEND),
        {
            b"newClientOrderId": TemplateSlot.CLIENT_ORDER_ID,
            b"newQty": TemplateSlot.QUANTITY,
            b"origClientOrderId": TemplateSlot.CLIENT_ORDER_ID,
            b"symbol": TemplateSlot.SYMBOL,
        },
    )
    return filled


def _order_kinds(side: Side) -> dict[TemplateKey, Parameters]:
    kinds: dict[TemplateKey, Parameters] = {}
    for time_in_force in (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK):
        limited: Parameters = {b"price": TemplateSlot.PRICE, b"timeInForce": time_in_force.name.encode()}
        if time_in_force is TimeInForce.GTC:
            limited[b"icebergQty"] = TemplateSlot.DISPLAY_QUANTITY
        limit = TemplateKey(RequestKind.NEW, side=side, time_in_force=time_in_force)
        kinds[limit] = limited | {b"type": b"LIMIT"}
        kinds[replace(limit, order_type=OrderType.STOP_LIMIT)] = limited | {
            b"stopPrice": TemplateSlot.STOP_PRICE,
            b"type": b"STOP_LOSS_LIMIT",
        }
    kinds[TemplateKey(RequestKind.NEW, side=side, order_flags=OrderFlag.POST_ONLY)] = {
        b"icebergQty": TemplateSlot.DISPLAY_QUANTITY,
        b"price": TemplateSlot.PRICE,
        b"type": b"LIMIT_MAKER",
    }
    kinds[TemplateKey(RequestKind.NEW, side=side, order_type=OrderType.MARKET)] = {b"type": b"MARKET"}
    kinds[TemplateKey(RequestKind.NEW, side=side, order_type=OrderType.STOP)] = {
        b"stopPrice": TemplateSlot.STOP_PRICE,
        b"type": b"STOP_LOSS",
    }
    return kinds


def _rests(key: TemplateKey) -> bool:
    """Whether such an order can take over from one that rests on the book or waits for its stop price."""
    if key.order_type in (OrderType.STOP, OrderType.STOP_LIMIT):
        return True
    return key.order_type is OrderType.LIMIT and key.time_in_force is TimeInForce.GTC


def _new_order(side: Side) -> Parameters:
    return {
        b"newClientOrderId": TemplateSlot.CLIENT_ORDER_ID,
        b"newOrderRespType": b"ACK",
        b"quantity": TemplateSlot.QUANTITY,
        b"selfTradePreventionMode": TemplateSlot.SELF_TRADE_PREVENTION,
        b"side": side.name.encode(),
        b"symbol": TemplateSlot.SYMBOL,
    }


def _template(method: bytes, parameters: Parameters, credentials: Credentials) -> Template:
    signed_text: list[Piece] = []
    if credentials.kind is KeyKind.HMAC:
        parameters[b"apiKey"] = credentials.api_key.reveal()
        for name, separator in _separated(parameters, b"&"):
            signed_text += _parameter(name + b"=", parameters[name], separator)
    frame: list[Piece] = [b'{"id":"', TemplateSlot.REQUEST_ID, b'","method":"' + method + b'","params":{']
    for name, separator in _separated(parameters, b","):
        quote = b"" if name in _NUMBERS else b'"'
        frame += _parameter(b'"' + name + b'":' + quote, parameters[name], quote + separator)
    if credentials.kind is KeyKind.HMAC:
        frame += (b',"signature":"', TemplateSlot.SIGNATURE, b'"')
    frame.append(b"}}")
    return Template(frame=joined(iter(frame)), signed_text=joined(iter(signed_text)))


def _separated(parameters: Parameters, separator: bytes) -> list[tuple[bytes, bytes]]:
    """The names in the order that a signature wants, each with what separates it from the next."""
    names = sorted(parameters)
    assert parameters[names[-1]] not in _OPTIONAL, "what separates an option from what follows goes with it"
    return [(name, separator) for name in names[:-1]] + [(names[-1], b"")]


def _parameter(before: bytes, value: bytes | TemplateSlot, after: bytes) -> list[Piece]:
    if value is TemplateSlot.DISPLAY_QUANTITY:
        return [Option(value, before, after)]
    if value is TemplateSlot.SELF_TRADE_PREVENTION:
        return [Option(value, before + mode.name.encode() + after, value=int(mode)) for mode in _MODES]
    return [before, value, after]
