"""Owns the venue's addresses; no other host is ever connected to unless the configuration names it.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#general-api-information
https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#general-wss-information
https://github.com/binance/binance-spot-api-docs/blob/master/demo-mode/general-info.md
"""

from gateways.endpoint import Endpoint

ENDPOINTS: dict[str, Endpoint] = {
    "production": Endpoint(
        order_url="wss://ws-api.binance.com:443/ws-api/v3",
        market_url="wss://stream.binance.com:443/stream",
    ),
    "testnet": Endpoint(
        order_url="wss://ws-api.testnet.binance.vision:443/ws-api/v3",
        market_url="wss://stream.testnet.binance.vision:443/stream",
    ),
    "demo": Endpoint(
        order_url="wss://demo-ws-api.binance.com:443/ws-api/v3",
        market_url="wss://demo-stream.binance.com:443/stream",
    ),
}
