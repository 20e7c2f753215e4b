"""Owns the wire text of the hot requests: place, cancel, amend, cancel and replace."""

from dataclasses import replace

from gateways.credentials import Credentials, KeyKind
from gateways.template import Template, TemplateKey, TemplateSlot
from ipc.enums import OrderFlag, OrderType, RequestKind, Side, TimeInForce

RECEIVE_WINDOW_MS = 2000
"""How long a request stays valid at the venue; the shorter, the sooner an unknown outcome is known.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#timing-security
"""

Piece = bytes | TemplateSlot
Parameters = dict[bytes, Piece]

_METHODS: dict[RequestKind, bytes] = {
    RequestKind.NEW: b"order.place",
    RequestKind.CANCEL: b"order.cancel",
    RequestKind.AMEND: b"order.amend.keepPriority",
    RequestKind.CANCEL_REPLACE: b"order.cancelReplace",
}
# The time stamp is a number; every other parameter of the hot requests is a text.
_NUMBERS = frozenset((b"recvWindow", b"timestamp"))
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
            if key in _resting_kinds(side):
                replaced = replace(key, request_kind=RequestKind.CANCEL_REPLACE)
                add(replaced, kind_parameters | _new_order(side) | _CANCELED_FIRST)
    add(
        TemplateKey(RequestKind.CANCEL),
        {b"origClientOrderId": TemplateSlot.CLIENT_ORDER_ID, b"symbol": TemplateSlot.SYMBOL},
    )
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
    kinds: dict[TemplateKey, Parameters] = {
        TemplateKey(RequestKind.NEW, side=side, time_in_force=time_in_force): {
            b"price": TemplateSlot.PRICE,
            b"timeInForce": time_in_force.name.encode(),
            b"type": b"LIMIT",
        }
        for time_in_force in (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
    }
    kinds[TemplateKey(RequestKind.NEW, side=side, order_flags=OrderFlag.POST_ONLY)] = {
        b"price": TemplateSlot.PRICE,
        b"type": b"LIMIT_MAKER",
    }
    kinds[TemplateKey(RequestKind.NEW, side=side, order_type=OrderType.MARKET)] = {b"type": b"MARKET"}
    return kinds


def _resting_kinds(side: Side) -> tuple[TemplateKey, ...]:
    """What can take over from an order on the book."""
    return (
        TemplateKey(RequestKind.NEW, side=side),
        TemplateKey(RequestKind.NEW, side=side, order_flags=OrderFlag.POST_ONLY),
    )


def _new_order(side: Side) -> Parameters:
    return {
        b"newClientOrderId": TemplateSlot.CLIENT_ORDER_ID,
        b"newOrderRespType": b"ACK",
        b"quantity": TemplateSlot.QUANTITY,
        b"side": side.name.encode(),
        b"symbol": TemplateSlot.SYMBOL,
    }


def _template(method: bytes, parameters: Parameters, credentials: Credentials) -> Template:
    signed_text: list[Piece] = []
    if credentials.kind is KeyKind.HMAC:
        parameters[b"apiKey"] = credentials.api_key.reveal()
        for name in sorted(parameters):
            signed_text += (b"&" if signed_text else b"", name + b"=", parameters[name])
    frame: list[Piece] = [b'{"id":"', TemplateSlot.REQUEST_ID, b'","method":"' + method + b'","params":{']
    for position, name in enumerate(sorted(parameters)):
        quote = b"" if name in _NUMBERS else b'"'
        comma = b"," if position else b""
        frame += (comma + b'"' + name + b'":' + quote, parameters[name], quote)
    if credentials.kind is KeyKind.HMAC:
        frame += (b',"signature":"', TemplateSlot.SIGNATURE, b'"')
    frame.append(b"}}")
    return Template(frame=_joined(frame), signed_text=_joined(signed_text))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """The same pieces with neighbouring literals made one, so that a fill copies as few as possible."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        elif piece != b"":
            joined.append(piece)
    return tuple(joined)
