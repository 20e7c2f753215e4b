"""Owns the shapes of Binance Spot's market streams.

Source: https://github.com/binance/binance-spot-api-docs, web-socket-streams.md of 2026-07-21.
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct, field

from gateways.binance_spot.messages import EventName, Identity, Number, Text
from ipc.market_tables import DEPTH_LEVELS

TradeId = Annotated[int, Meta(ge=0, le=(1 << 62))]
Levels = Annotated[tuple[tuple[Number, Number], ...], Meta(max_length=DEPTH_LEVELS)]


class BookTicker(Struct, gc=False):
    """{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}

    web-socket-streams.md#individual-symbol-book-ticker-streams
    """

    update_id: Identity = field(name="u")
    symbol: Text = field(name="s")
    bid_price: Number = field(name="b")
    bid_quantity: Number = field(name="B")
    ask_price: Number = field(name="a")
    ask_quantity: Number = field(name="A")


class PartialDepth(Struct, gc=False):
    """{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}

    web-socket-streams.md#partial-book-depth-streams; price and quantity of each level, the best first. Only the
    stream's name says of which symbol.
    """

    last_update_id: Identity = field(name="lastUpdateId")
    bids: Levels
    asks: Levels


class Trade(Struct, gc=False):
    """{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}

    web-socket-streams.md#trade-streams; `m` says that the buyer was the maker.
    """

    symbol: Text = field(name="s")
    trade_id: TradeId = field(name="t")
    price: Number = field(name="p")
    quantity: Number = field(name="q")
    is_buyer_maker: bool = field(name="m")


class MarketFrame(Struct, gc=False):
    """{"stream":"bnbusdt@bookTicker","data":{…}}, web-socket-streams.md#general-wss-information"""

    stream: Text
    data: Raw


class SubscribeReply(Struct, gc=False):
    """{"result":null,"id":1}, web-socket-streams.md#subscribe-to-a-stream"""

    id: Annotated[int, Meta(ge=0, le=(1 << 31))]
    result: None


class OtherMarketFrame(Struct, gc=False):
    """{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}, or another stream."""

    stream: Text
    data: EventName
