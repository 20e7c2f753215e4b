"""Owns what a guardian says on an order connection and what it hears; it shares no decoder with the engine's codec.

A guardian subscribes to nothing, so all that comes is answers and, at times, the notice of a shutdown.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from gateways.binance_spot.errors import judge
from gateways.binance_spot.messages import NO_RESULT, UNDECODABLE, ErrorBody, RequestId, RetryData
from gateways.binance_spot.requests import Requests, Value
from gateways.binance_spot.session import guardian_opening
from gateways.clearing_answer import ClearingAnswer, ClearingQuestion, ClearingWeights
from gateways.errors import VenueProtocolError
from gateways.notice import Notice, NoticeKind
from gateways.venue import Opening
from gateways.venue_clock import VenueClock
from gateways.verdict import Concern, Verdict
from ipc.clock import NS_PER_MS

WEIGHTS = ClearingWeights(cancel_all=1, open_orders=6, cancel=1)
"""https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md"""

_CANCEL_ALL, _OPEN_ORDERS, _CANCEL = "X", "O", "C"
_SUCCESS_STATUS = 200


class _Event(Struct, gc=False):
    e: Annotated[str, Meta(max_length=64)]


class _Frame(Struct, gc=False):
    id: RequestId | int | None = None
    status: Annotated[int, Meta(ge=0, le=999)] = 0
    result: Raw = NO_RESULT
    error: ErrorBody | None = None
    event: _Event | None = None


class _OpenOrder(Struct, gc=False, rename="camel"):
    symbol: Annotated[str, Meta(max_length=64)]
    order_id: Annotated[int, Meta(ge=0, le=(1 << 62))]


class BinanceSpotGuardian:
    """The requests of one account; what was asked stands in the request's id."""

    weights = WEIGHTS

    def __init__(self, requests: Requests, clock: VenueClock) -> None:
        self._requests = requests
        self._clock = clock
        self._decode_frame = msgspec.json.Decoder(_Frame).decode
        self._decode_open_orders = msgspec.json.Decoder(list[_OpenOrder]).decode
        self._decode_ended = msgspec.json.Decoder(list[Raw]).decode
        self._decode_retry = msgspec.json.Decoder(RetryData).decode
        self._take: dict[str, _Reading] = {
            _CANCEL_ALL: _Reading(ClearingQuestion.CANCEL_ALL, self._ended),
            _OPEN_ORDERS: _Reading(ClearingQuestion.OPEN_ORDERS, self._open),
            _CANCEL: _Reading(ClearingQuestion.CANCEL, _nothing_more),
        }

    def opening(self) -> Opening:
        """Time and logon."""
        return guardian_opening(self._requests, self._clock)

    def cancel_all(self, symbol: str, now_ns: int) -> bytes:
        """`openOrders.cancelAll`."""
        return self._private("openOrders.cancelAll", _CANCEL_ALL + symbol, {"symbol": symbol}, now_ns)

    def open_orders(self, symbol: str, now_ns: int) -> bytes:
        """`openOrders.status`."""
        return self._private("openOrders.status", _OPEN_ORDERS + symbol, {"symbol": symbol}, now_ns)

    def cancel(self, symbol: str, venue_order_id: int, now_ns: int) -> bytes:
        """`order.cancel` by the venue's own number, so that it is found whoever sent it."""
        named: dict[str, Value] = {"symbol": symbol, "orderId": venue_order_id}
        return self._private("order.cancel", f"{_CANCEL}{venue_order_id}", named, now_ns)

    def _private(self, method: str, request_id: str, parameters: dict[str, Value], now_ns: int) -> bytes:
        return self._requests.private(method, request_id, self._clock.utc_ms(now_ns), parameters)

    def decode(self, frame: bytes) -> Notice | ClearingAnswer | None:
        """What a frame tells."""
        try:
            return self._told(self._decode_frame(frame))
        except UNDECODABLE as error:
            raise VenueProtocolError(f"a frame makes no sense: {error}") from error

    def _told(self, message: _Frame) -> Notice | ClearingAnswer | None:
        error = message.error
        if message.event is not None:
            return Notice(NoticeKind.SHUTDOWN) if message.event.e == "serverShutdown" else None
        if message.status == 0 or (error is None and message.status != _SUCCESS_STATUS):
            raise VenueProtocolError("a frame is neither a reply nor an event")
        verdict = None if error is None else judge(status=message.status, code=error.code, message=error.msg)
        if not isinstance(message.id, str):
            return self._unnamed(error, verdict)
        reading = self._take.get(message.id[:1])
        if reading is not None:
            symbol = message.id[1:]
            answer = ClearingAnswer(reading.question, symbol) if verdict else reading.take(symbol, message.result)
            return answer._replace(verdict=verdict, blocked_until_ns=self._blocked_until_ns(error, verdict))
        result = bytes(message.result) if error is None else error.msg.encode()
        return Notice(NoticeKind.ANSWER, message.id, result=result, verdict=verdict)

    def _unnamed(self, error: ErrorBody | None, verdict: Verdict | None) -> Notice | ClearingAnswer:
        if verdict is None:
            raise VenueProtocolError("a success answers no request")
        if verdict.concern is Concern.SESSION:
            return Notice(NoticeKind.SESSION_REVOKED, verdict=verdict)
        blocked_until_ns = self._blocked_until_ns(error, verdict)
        return ClearingAnswer(ClearingQuestion.UNNAMED, verdict=verdict, blocked_until_ns=blocked_until_ns)

    def _ended(self, symbol: str, result: Raw) -> ClearingAnswer:
        # An entry may be one order or a list of orders that belong together; that there is one is all that counts.
        return ClearingAnswer(ClearingQuestion.CANCEL_ALL, symbol, ended_count=len(self._decode_ended(result)))

    def _open(self, symbol: str, result: Raw) -> ClearingAnswer:
        orders = self._decode_open_orders(result)
        if any(order.symbol != symbol for order in orders):
            raise VenueProtocolError(f"a list of the orders of {symbol!r} holds one of another symbol")
        return ClearingAnswer(ClearingQuestion.OPEN_ORDERS, symbol, tuple(order.order_id for order in orders))

    def _blocked_until_ns(self, error: ErrorBody | None, verdict: Verdict | None) -> int:
        """web-socket-api.md#ip-limits"""
        if error is None or verdict is None or verdict.concern is not Concern.RATE:
            return 0
        try:
            retry_after_ms = self._decode_retry(error.data).retry_after
        except msgspec.ValidationError:
            return 0
        return max(0, retry_after_ms * NS_PER_MS - self._clock.utc_offset_ns) if retry_after_ms else 0


def _nothing_more(_symbol: str, _result: Raw) -> ClearingAnswer:
    return ClearingAnswer(ClearingQuestion.CANCEL, ended_count=1)


class _Reading(NamedTuple):
    question: ClearingQuestion
    take: Callable[[str, Raw], ClearingAnswer]
