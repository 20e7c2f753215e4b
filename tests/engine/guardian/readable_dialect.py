"""Owns a venue's language in which a test can read what was asked, and answers in words."""

from gateways.clearing_answer import ClearingAnswer, ClearingQuestion, ClearingWeights
from gateways.notice import Notice, NoticeKind
from gateways.verdict import Certainty, Concern, Verdict
from ipc.enums import RejectReason
from tests.gateways.scripted_venue import ScriptedOpening

UNKNOWN_ORDER = Verdict(Certainty.DEFINITE, RejectReason.UNKNOWN_ORDER)
TOO_MUCH = Verdict(Certainty.DEFINITE, RejectReason.RATE_LIMIT, Concern.RATE)
LATE_CLOCK = Verdict(Certainty.DEFINITE, RejectReason.REQUEST_EXPIRED, Concern.CLOCK)


class ReadableDialect:
    """Frames are words; what the venue says was put under its frame before."""

    weights = ClearingWeights(cancel_all=1, open_orders=6, cancel=1)

    def __init__(self) -> None:
        self.told: dict[bytes, Notice | ClearingAnswer | None] = {b"hello": Notice(NoticeKind.ANSWER, "hello")}

    def opening(self) -> ScriptedOpening:
        return ScriptedOpening({})

    def cancel_all(self, symbol: str, now_ns: int) -> bytes:
        return f"cancel all {symbol}".encode()

    def open_orders(self, symbol: str, now_ns: int) -> bytes:
        return f"list {symbol}".encode()

    def cancel(self, symbol: str, venue_order_id: int, now_ns: int) -> bytes:
        return f"cancel {symbol} {venue_order_id}".encode()

    def decode(self, frame: bytes) -> Notice | ClearingAnswer | None:
        return self.told[frame]


def ended(symbol: str, count: int = 1) -> ClearingAnswer:
    """So many were cancelled."""
    return ClearingAnswer(ClearingQuestion.CANCEL_ALL, symbol, ended_count=count)


def nothing_to_cancel(symbol: str) -> ClearingAnswer:
    """The venue refuses to cancel nothing."""
    return ClearingAnswer(ClearingQuestion.CANCEL_ALL, symbol, verdict=UNKNOWN_ORDER)


def listed(symbol: str, *venue_order_ids: int) -> ClearingAnswer:
    """These are open."""
    return ClearingAnswer(ClearingQuestion.OPEN_ORDERS, symbol, venue_order_ids)
