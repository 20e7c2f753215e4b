"""Owns the few REST endpoints that ask; they run the WebSocket API's methods.

https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md

Only GET is served: the listening socket belongs to the WebSocket server, which hands other requests on
as long as they have no body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from picows import WSUpgradeResponse, WSUpgradeResponseWithListener

from gateways.simulator.binance_spot.errors import ApiError
from gateways.simulator.binance_spot.methods import Call
from ipc.clock import NS_PER_MS, NS_PER_US

if TYPE_CHECKING:
    from gateways.simulator.binance_spot.face import BinanceSpotFace

ENDPOINTS = {
    "/api/v3/ping": "ping",
    "/api/v3/time": "time",
    "/api/v3/exchangeInfo": "exchangeInfo",
    "/api/v3/depth": "depth",
    "/api/v3/ticker/bookTicker": "ticker.book",
    "/api/v3/account": "account.status",
    "/api/v3/order": "order.status",
    "/api/v3/openOrders": "openOrders.status",
    "/api/v3/allOrders": "allOrders",
    "/api/v3/myTrades": "myTrades",
    "/api/v3/rateLimit/order": "account.rateLimits.orders",
}


def answer_rest(
    face: BinanceSpotFace, path: str, query: str, headers: Mapping[str, str]
) -> WSUpgradeResponseWithListener | None:
    """The answer to a GET request; None for an endpoint that is not served."""
    method = ENDPOINTS.get(path)
    if method is None:
        return None
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    # REST signs the query as it is sent, percent-encoding included.
    signed = "&".join(part for part in query.split("&") if not part.startswith("signature=")).encode()
    if "X-MBX-APIKEY" in headers:
        parameters["apiKey"] = headers["X-MBX-APIKEY"]
    time_unit = headers.get("X-MBX-TIME-UNIT", "").upper()
    time_divisor = NS_PER_US if time_unit == "MICROSECOND" else NS_PER_MS
    call = Call(face, None, method, parameters, time_divisor=time_divisor)
    try:
        return _answer(call, 200, face.run(call, signed))
    except ApiError as error:
        return _answer(call, error.status, error.body())


def _answer(call: Call, status: int, content: Any) -> WSUpgradeResponseWithListener:
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "X-MBX-USED-WEIGHT-1M": str(call.face.weight.weight.count(call.utc_ns)),
    }
    body = orjson.dumps(content)
    if status == 200:
        response = WSUpgradeResponse.create_ok_response(body, headers)
    else:
        response = WSUpgradeResponse.create_error_response(status, body, headers)
    return WSUpgradeResponseWithListener(response, None)
