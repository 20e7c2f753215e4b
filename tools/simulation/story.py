"""Owns how frames read in a seed's story: one short line for each, none for what only opens a connection."""

from typing import Any

import orjson

_OPENING = frozenset(("time", "logon", "subscribe"))
_REQUEST_FIELDS = (
    "newClientOrderId",
    "origClientOrderId",
    "cancelOrigClientOrderId",
    "orderId",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "newQty",
    "price",
    "stopPrice",
)
_RESULT_FIELDS = ("orderId", "status", "origQty", "executedQty", "qty", "id", "cancelResult", "newOrderResult")


def readable(arrow: str, frame: bytes) -> str:
    """The line of one frame, empty when it is not worth one."""
    try:
        message = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return f"{arrow} cut off: {frame[:60]!r}"
    if "event" in message:
        return _event(arrow, message["event"])
    name = str(message.get("id"))
    if name in _OPENING or name.startswith(("info", "L1", "B1")):
        return ""
    if "method" in message:
        return f"{arrow} {message['method']} {_fields(message['params'], _REQUEST_FIELDS)}"
    if "error" in message:
        return f"{arrow} {name} {message['status']} {message['error']['code']} {message['error']['msg']}"
    result = message.get("result")
    rows = result if isinstance(result, list) else [result]
    told = "; ".join(_fields(row, _RESULT_FIELDS) for row in rows if isinstance(row, dict))
    return f"{arrow} {name} {message.get('status')} {told}"


def _event(arrow: str, event: dict[str, Any]) -> str:
    if event["e"] == "outboundAccountPosition":
        return ""
    if event["e"] != "executionReport":
        return f"{arrow} {event['e']}"
    text = event["C"] or event["c"]
    trade = f" trade {event['t']}: {event['l']} @ {event['L']}" if event["t"] >= 0 else ""
    return f"{arrow} {event['x']} {text} {event['X']} {event['z']} of {event['q']}{trade}"


def _fields(row: dict[str, Any], names: tuple[str, ...]) -> str:
    return " ".join(f"{name}={row[name]}" for name in names if name in row)
