"""Owns the market data streams: book tickers, trades and depth.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from picows import WSCloseCode, WSTransport

from gateways.simulator.binance_spot import replies
from gateways.simulator.binance_spot.events import simple_event
from gateways.simulator.binance_spot.requests import RequestId
from gateways.simulator.connection import Connection
from gateways.simulator.order_book import OrderBook
from gateways.simulator.orders import Fill, Side
from ipc.clock import NS_PER_S

if TYPE_CHECKING:
    from gateways.simulator.binance_spot.face import BinanceSpotFace

STREAMS_MAX = 1_024
_DEPTH = re.compile(r"depth(5|10|20)?(@100ms)?")
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class _Control(msgspec.Struct):
    """{"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 1}"""

    method: str
    id: RequestId = None
    params: list[Any] = []


class StreamSession(Connection):
    """A connection at /ws or /stream."""

    def __init__(self, streams: MarketStreams, names: list[str], *, time_divisor: int, is_combined: bool) -> None:
        super().__init__(streams.face.venue)
        self.time_divisor = time_divisor
        self.is_combined = is_combined
        self.names: dict[str, None] = dict.fromkeys(names)
        self._streams = streams
        self._second = 0
        self._message_count = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Starts the streams that the path names."""
        super().on_ws_connected(transport)
        self._streams.sessions.add(self)
        self._streams.subscribe(self, list(self.names))

    def on_closed(self) -> None:
        """Ends its streams."""
        self._streams.sessions.discard(self)
        self._streams.unsubscribe(self, list(self.names))

    def on_control(self) -> None:
        """Too many messages in one second cost the connection."""
        second = self._streams.face.clock.utc_ns() // NS_PER_S
        if second != self._second:
            self._second, self._message_count = second, 0
        self._message_count += 1
        if self._message_count > self.venue.config.limits.stream_messages_1s:
            self.close(WSCloseCode.POLICY_VIOLATION, "Too many requests")

    def on_text(self, payload: bytes) -> None:
        """Answers one control message."""
        self.on_control()
        try:
            control = msgspec.json.decode(payload, type=_Control)
        except msgspec.ValidationError as error:
            self._fail(2, f"Invalid request: {error}", None)
            return
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._fail(3, f"Invalid JSON: {error}", None)
            return
        names = [name for name in control.params if isinstance(name, str)]
        if control.method == "SUBSCRIBE":
            self._subscribe(control, names)
        elif control.method == "UNSUBSCRIBE":
            known = [name for name in names if name in self.names]
            for name in known:
                del self.names[name]
            self._streams.unsubscribe(self, known)
            self._answer(None, control.id)
        elif control.method == "LIST_SUBSCRIPTIONS":
            self._answer(list(self.names), control.id)
        elif control.method in _METHODS:
            self._property(control)
        else:
            expected = ", ".join(f"`{method}`" for method in _METHODS)
            self._fail(2, f"Invalid request: unknown variant `{control.method}`, expected one of {expected}", None)

    def send_stream(self, name: str, payload: bytes) -> None:
        """Sends one message of a stream in the connection's form."""
        if self.is_combined:
            payload = b'{"stream":"%b","data":%b}' % (name.encode(), payload)
        self._streams.face.send(self, name.partition("@")[2], payload)

    def _subscribe(self, control: _Control, names: list[str]) -> None:
        new = [name for name in dict.fromkeys(names) if name not in self.names]
        if len(self.names) + len(new) > STREAMS_MAX:
            self._fail(2, "Invalid request: too many parameters", control.id)
            return
        self.names.update(dict.fromkeys(new))
        self._answer(None, control.id)
        self._streams.subscribe(self, new)

    def _property(self, control: _Control) -> None:
        if control.params[:1] != ["combined"]:
            self._fail(0, "Unknown property", control.id)
        elif control.method == "GET_PROPERTY":
            self._answer(self.is_combined, control.id)
        elif len(control.params) != 2 or not isinstance(control.params[1], bool):
            self._fail(1, "Invalid value type: expected Boolean", None)
        else:
            self.is_combined = control.params[1]
            self._answer(None, control.id)

    def _answer(self, result: object, control_id: int | str | None) -> None:
        self.deliver_reply("", orjson.dumps({"result": result, "id": control_id}))

    def _fail(self, code: int, message: str, control_id: int | str | None) -> None:
        self.deliver_reply("", orjson.dumps({"error": {"code": code, "msg": message}, "id": control_id}))


class _DepthStream:
    """One stream that is sent on a timer, and what has changed since it last was."""

    def __init__(self, streams: MarketStreams, name: str, book: OrderBook, match: re.Match[str]) -> None:
        self._streams = streams
        self._name = name
        self._book = book
        self._level_count = int(match[1] or 0)
        self._period_s = 0.1 if match[2] else 1.0
        self._changes: set[tuple[Side, int]] = set()
        self._sent_update_id = book.update_id
        if not self._level_count:
            book.change_sets.append(self._changes)
        self._timer = asyncio.get_running_loop().call_later(self._period_s, self._send)

    def stop(self) -> None:
        self._timer.cancel()
        if not self._level_count:
            self._book.change_sets.remove(self._changes)

    def _send(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._period_s, self._send)
        book = self._book
        if book.update_id == self._sent_update_id and not self._level_count:
            return
        sessions = self._streams.listeners(self._name)
        now_ns = self._streams.face.clock.utc_ns()
        for session in sessions:
            if self._level_count:
                payload = replies.depth(book, self._level_count)
            else:
                payload = self._difference(now_ns // session.time_divisor)
            session.send_stream(self._name, orjson.dumps(payload))
        self._changes.clear()
        self._sent_update_id = book.update_id

    def _difference(self, event_time: int) -> dict[str, Any]:
        book = self._book
        return {
            "e": "depthUpdate",
            "E": event_time,
            "s": book.instrument.symbol,
            "U": self._sent_update_id + 1,
            "u": book.update_id,
            "b": self._changed_levels(Side.BUY),
            "a": self._changed_levels(Side.SELL),
        }

    def _changed_levels(self, side: Side) -> list[list[str]]:
        instrument = self._book.instrument
        levels = (self._book.bids if side is Side.BUY else self._book.asks).levels
        rows = []
        for changed_side, price_ticks in sorted(self._changes, key=_price_of):
            if changed_side is side:
                level = levels.get(price_ticks)
                lots = level.visible_lots if level is not None else 0
                rows.append([instrument.price_text(price_ticks), instrument.quantity_text(lots)])
        return rows if side is Side.SELL else rows[::-1]


class MarketStreams:
    """Who listens to which stream; a name that no stream has is accepted and stays silent."""

    def __init__(self, face: BinanceSpotFace) -> None:
        self.face = face
        self.sessions: set[StreamSession] = set()
        self._listeners: dict[str, dict[StreamSession, None]] = {}
        self._depths: dict[str, _DepthStream] = {}

    def listeners(self, name: str) -> list[StreamSession]:
        """The sessions that a stream goes to."""
        return list(self._listeners.get(name, ()))

    def subscribe(self, session: StreamSession, names: list[str]) -> None:
        """Adds a listener to streams; a book ticker is told at once where the book stands."""
        for name in names:
            self._listeners.setdefault(name, {})[session] = None
            symbol, _, kind = name.partition("@")
            book = self.face.exchange.books.get(symbol.upper())
            if book is None or name in self._depths:
                continue
            match = _DEPTH.fullmatch(kind)
            if match is not None:
                self._depths[name] = _DepthStream(self, name, book, match)
            elif kind == "bookTicker":
                session.send_stream(name, _book_ticker(book))

    def unsubscribe(self, session: StreamSession, names: list[str]) -> None:
        """Takes a listener from streams."""
        for name in names:
            listeners = self._listeners.get(name, {})
            listeners.pop(session, None)
            if not listeners:
                self._listeners.pop(name, None)
                if name in self._depths:
                    self._depths.pop(name).stop()

    def stop(self) -> None:
        """Stops every timer."""
        for depth in self._depths.values():
            depth.stop()
        self._depths.clear()

    def announce_shutdown(self, now_ns: int) -> None:
        """Sends `serverShutdown` on every connection."""
        for session in list(self.sessions):
            event = simple_event("serverShutdown", now_ns, session.time_divisor)
            session.send_stream("!serverShutdown", orjson.dumps(event))

    def on_top_of_book(self, book: OrderBook) -> None:
        """The best bid or ask changed."""
        if self._listeners:
            name = f"{book.instrument.symbol.lower()}@bookTicker"
            sessions = self._listeners.get(name)
            if sessions:
                payload = _book_ticker(book)
                for session in sessions:
                    session.send_stream(name, payload)

    def on_trade(self, book: OrderBook, maker: Fill) -> None:
        """Two orders traded."""
        if self._listeners:
            name = f"{book.instrument.symbol.lower()}@trade"
            for session in self._listeners.get(name, ()):
                session.send_stream(name, _trade(book, maker, session.time_divisor))


def _price_of(change: tuple[Side, int]) -> int:
    return change[1]


def _book_ticker(book: OrderBook) -> bytes:
    bid_ticks, bid_lots, ask_ticks, ask_lots = book.top()
    instrument = book.instrument
    ticker = {
        "u": book.update_id,
        "s": instrument.symbol,
        "b": instrument.price_text(bid_ticks),
        "B": instrument.quantity_text(bid_lots),
        "a": instrument.price_text(ask_ticks),
        "A": instrument.quantity_text(ask_lots),
    }
    return orjson.dumps(ticker)


def _trade(book: OrderBook, maker: Fill, time_divisor: int) -> bytes:
    time = maker.utc_ns // time_divisor
    trade = {
        "e": "trade",
        "E": time,
        "s": book.instrument.symbol,
        "t": maker.trade_id,
        "p": book.instrument.price_text(maker.price_ticks),
        "q": book.instrument.quantity_text(maker.lots),
        "T": time,
        "m": maker.order.side is Side.BUY,
        "M": True,
    }
    return orjson.dumps(trade)
