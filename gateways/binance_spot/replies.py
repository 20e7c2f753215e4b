"""Owns the decoding of replies: which request is answered, and what a refusal means for its order."""

from collections.abc import Callable

import msgspec

from gateways.binance_spot.errors import judge
from gateways.binance_spot.limits import limit_type, window_ns
from gateways.binance_spot.messages import CancelReplaceResult, ErrorBody, OrderFrame, RateLimit, RateLimits, RetryData
from gateways.binance_spot.order_results import SUCCESS, OrderResults
from gateways.binance_spot.query_replies import QueryReplies
from gateways.errors import VenueProtocolError
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import RecordWriter
from gateways.scale import InstrumentScales, OrderIds
from gateways.template import REQUEST_LETTERS
from gateways.verdict import Concern, Verdict
from ipc.clock import NS_PER_MS
from ipc.enums import RequestKind, VenueEvent
from ipc.order_id import TEXT_BYTES
from ipc.rate_enums import RateLimitType
from ipc.records import EXTERNAL_ORDER, NOT_STATED

BALANCES_LETTER = "B"
CANCEL_ALL_LETTER = "X"
ORDER_LIMITS_LETTER = "L"
"""How the ids of requests begin whose results become records, beside the `REQUEST_LETTERS` and the `query_replies`."""

SUCCESS_STATUS = 200
_ORDER_REQUEST_LENGTH = 1 + TEXT_BYTES
_NOT_FOUND_CODES = frozenset((-2013, -2026))
_HALVES_CODES = frozenset((-2021, -2022))
_LIMITS_BY_CODE = {-1003: int(RateLimitType.REQUEST_WEIGHT), -1015: int(RateLimitType.ORDERS)}

_REFUSALS: dict[RequestKind, int] = {
    RequestKind.NEW: int(VenueEvent.REJECTED),
    RequestKind.CANCEL: int(VenueEvent.CANCEL_REJECTED),
    RequestKind.AMEND: int(VenueEvent.REPLACE_REJECTED),
    RequestKind.CANCEL_REPLACE: int(VenueEvent.REPLACE_REJECTED),
    RequestKind.CANCEL_ALL: int(VenueEvent.CANCEL_REJECTED),
}
_REJECTED = int(VenueEvent.REJECTED)
_REPLACE_REJECTED = int(VenueEvent.REPLACE_REJECTED)
_NOT_FOUND = int(VenueEvent.NOT_FOUND)
_OUTCOME_UNKNOWN = int(VenueEvent.OUTCOME_UNKNOWN)


class ReplyCodec:
    """Writes the records of one reply."""

    def __init__(
        self, writer: RecordWriter, order_ids: OrderIds, instruments: InstrumentScales, results: OrderResults
    ) -> None:
        self.request_replies = 0
        self._writer = writer
        self._order_ids = order_ids
        self._results = results
        self._queries = QueryReplies(order_ids, instruments, results)
        self._kinds = {letter.decode(): kind for kind, letter in REQUEST_LETTERS.items()}
        self._of_order: dict[str, Callable[[int, msgspec.Raw], None]] = {
            "n": results.placed,
            "c": results.canceled,
            "a": results.amended,
            "r": results.replaced,
            "s": results.status,
            "x": results.all_of_instrument_canceled,
        }
        self._of_account: dict[str, Callable[[msgspec.Raw], None]] = {
            BALANCES_LETTER: results.balances,
            CANCEL_ALL_LETTER: results.all_canceled,
            ORDER_LIMITS_LETTER: self._order_limits,
        }
        self._decode_halves = msgspec.json.Decoder(CancelReplaceResult).decode
        self._decode_error = msgspec.json.Decoder(ErrorBody).decode
        self._decode_limits = msgspec.json.Decoder(RateLimits).decode
        self._decode_retry = msgspec.json.Decoder(RetryData).decode

    def write(self, message: OrderFrame) -> Notice | None:
        """Writes the order's records, then the rate limits; returns what the reply tells the session."""
        error = message.error
        if message.status == 0 or (error is None and message.status != SUCCESS_STATUS):
            raise VenueProtocolError("a frame is neither a reply nor an event")
        verdict = None if error is None else judge(status=message.status, code=error.code, message=error.msg)
        request_id = message.id
        if type(request_id) is str:
            notice = self._correlated(request_id, message, verdict)
        elif verdict is None:
            raise VenueProtocolError("a success answers no request")
        else:
            self._writer.everything_in_flight_unknown()
            is_revoked = verdict.concern is Concern.SESSION
            kind = NoticeKind.SESSION_REVOKED if is_revoked else NoticeKind.UNCORRELATED_ERROR
            notice = Notice(kind, verdict=verdict)
        self._rate_limits(message, verdict)
        return notice

    def _correlated(self, request_id: str, message: OrderFrame, verdict: Verdict | None) -> Notice | None:
        letter = request_id[:1]
        write_order_result = self._of_order.get(letter)
        if write_order_result is None or len(request_id) != _ORDER_REQUEST_LENGTH:
            return self._account_answer(request_id, message, verdict)
        order_id = self._order_ids[request_id[1:]]
        if order_id == EXTERNAL_ORDER:
            raise VenueProtocolError(f"a reply to {request_id!r}, which was never asked")
        kind = self._kinds[letter]
        if message.error is None or verdict is None:
            write_order_result(order_id, message.result)
        else:
            self._refused(kind, order_id, message.error, verdict)
        if kind is RequestKind.STATUS:
            return Notice(NoticeKind.STATUS_ANSWER, request_id, order_id, verdict=verdict)
        self.request_replies += 1
        return None if verdict is None else _session_notice(verdict)

    def _account_answer(self, request_id: str, message: OrderFrame, verdict: Verdict | None) -> Notice:
        asked = self._queries.answer(request_id, message.result if verdict is None else None)
        if asked is not None:
            return asked._replace(verdict=verdict)
        write_result = self._of_account.get(request_id[:1])
        if write_result is not None and verdict is None:
            write_result(message.result)
        if message.error is not None:
            return Notice(NoticeKind.ANSWER, request_id, result=message.error.msg.encode(), verdict=verdict)
        return Notice(NoticeKind.ANSWER, request_id, result=bytes(message.result))

    def _refused(self, kind: RequestKind, order_id: int, error: ErrorBody, verdict: Verdict) -> None:
        if kind is RequestKind.STATUS:
            if error.code in _NOT_FOUND_CODES and verdict.is_definite:
                self._refusal(order_id, _NOT_FOUND, error.code, verdict, kind)
        elif kind is RequestKind.CANCEL_REPLACE and error.code in _HALVES_CODES and verdict.is_definite:
            self._replacement_failed(order_id, error)
        else:
            event = _REFUSALS[kind] if verdict.is_definite else _OUTCOME_UNKNOWN
            self._refusal(order_id, event, error.code, verdict, kind)

    def _replacement_failed(self, order_id: int, error: ErrorBody) -> None:
        """Reports both halves: STOP_ON_FAILURE places nothing unless the cancellation succeeded."""
        halves = self._decode_halves(error.data)
        if halves.cancel_result == SUCCESS:
            self._results.original_canceled(order_id, halves.cancel_response)
            self._half_refused(order_id, halves.new_order_response, _REJECTED)
        elif halves.new_order_result == SUCCESS:
            raise VenueProtocolError("a replacement was placed although the cancellation failed")
        else:
            self._half_refused(order_id, halves.cancel_response, _REPLACE_REJECTED)

    def _half_refused(self, order_id: int, response: msgspec.Raw, event: int) -> None:
        half = self._decode_error(response)
        verdict = judge(status=0, code=half.code, message=half.msg)
        self._refusal(
            order_id,
            event if verdict.is_definite else _OUTCOME_UNKNOWN,
            half.code,
            verdict,
            RequestKind.CANCEL_REPLACE,
        )

    def _refusal(self, order_id: int, event: int, code: int, verdict: Verdict, kind: RequestKind) -> None:
        is_replacement = kind is RequestKind.CANCEL_REPLACE
        self._writer.venue_report(
            order_id,
            event,
            reason=int(verdict.reason),
            venue_code=code,
            replacement_order_id=order_id if is_replacement else 0,
            answers_request=int(kind),
        )

    def _rate_limits(self, message: OrderFrame, verdict: Verdict | None) -> None:
        blocked_type = blocked_until_ns = 0
        if verdict is not None and message.error is not None and verdict.concern is Concern.RATE:
            blocked_type = _LIMITS_BY_CODE.get(message.error.code, int(RateLimitType.REQUEST_WEIGHT))
            blocked_until_ns = self._retry_after_ns(message.error)
        for limit in message.rate_limits:
            self._rate_limit(limit, blocked_until_ns if limit_type(limit) == blocked_type else 0)
        if blocked_until_ns and not message.rate_limits:
            self._writer.rate_limit(blocked_type, 0, NOT_STATED, NOT_STATED, blocked_until_ns)

    def _rate_limit(self, limit: RateLimit, blocked_until_ns: int) -> None:
        self._writer.rate_limit(limit_type(limit), window_ns(limit), limit.limit, limit.count, blocked_until_ns)

    def _order_limits(self, result: msgspec.Raw) -> None:
        for limit in self._decode_limits(result):
            self._rate_limit(limit, 0)

    def _retry_after_ns(self, error: ErrorBody) -> int:
        """When the venue takes requests again, 0 when it does not say: web-socket-api.md#ip-limits."""
        try:
            return self._decode_retry(error.data).retry_after * NS_PER_MS
        except msgspec.ValidationError:
            return 0


def _session_notice(verdict: Verdict) -> Notice | None:
    return Notice(NoticeKind.CLOCK_DOUBT, verdict=verdict) if verdict.concern is Concern.CLOCK else None
