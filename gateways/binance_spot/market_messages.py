"""Owns the shapes of Binance Spot's market streams.

Source: https://github.com/binance/binance-spot-api-docs, web-socket-streams.md of 2026-07-21.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from gateways.binance_spot.messages import EventName, Identity, Number, Text


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


class MarketFrame(Struct, gc=False):
    """{"stream":"bnbusdt@bookTicker","data":{…}}, web-socket-streams.md#general-wss-information"""

    stream: Text
    data: BookTicker


class SubscribeReply(Struct, gc=False):
    """{"result":null,"id":1}, web-socket-streams.md#subscribe-to-a-stream"""

    id: Annotated[int, Meta(ge=0, le=(1 << 31))]
    result: None


class OtherMarketFrame(Struct, gc=False):
    """{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}, or another stream."""

    stream: Text
    data: EventName
