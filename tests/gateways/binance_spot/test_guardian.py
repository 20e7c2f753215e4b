"""What the guardian says to the venue and reads from it, by the venue's documented payloads."""

import json
from typing import Any

import pytest

from gateways.binance_spot.guardian import BinanceSpotGuardian
from gateways.binance_spot.limits import QUERY_WEIGHTS, REQUEST_WEIGHTS
from gateways.binance_spot.requests import Requests
from gateways.clearing_answer import ClearingAnswer, ClearingQuestion
from gateways.credentials import Credentials
from gateways.errors import VenueProtocolError
from gateways.notice import Notice, NoticeKind
from gateways.venue_clock import VenueClock
from gateways.verdict import Concern
from ipc.clock import NS_PER_MS
from ipc.enums import RejectReason, RequestKind
from tests.gateways.binance_spot.documented import compact, document
from tests.gateways.binance_spot.test_requests import CLOCK, ED25519, HMAC, NOW_NS, UTC_MS, check_signature

QUESTIONS = [
    (lambda spoken: spoken.cancel_all("BTCUSDT", NOW_NS), "XBTCUSDT", "openOrders.cancelAll", {"symbol": "BTCUSDT"}),
    (lambda spoken: spoken.open_orders("BTCUSDT", NOW_NS), "OBTCUSDT", "openOrders.status", {"symbol": "BTCUSDT"}),
    (
        lambda spoken: spoken.cancel("BTCUSDT", 12569099453, NOW_NS),
        "C12569099453",
        "order.cancel",
        {"symbol": "BTCUSDT", "orderId": 12569099453},
    ),
]


def guardian(credentials: Credentials = ED25519) -> BinanceSpotGuardian:
    return BinanceSpotGuardian(Requests(credentials, 2000), VenueClock(CLOCK.utc_offset_ns))


def answered(name: str, request_id: str | None, **changes: Any) -> Notice | ClearingAnswer | None:
    """What a documented payload tells when it answers this request."""
    return guardian().decode(compact({**document(name), "id": request_id, **changes}))


@pytest.mark.parametrize("credentials", [ED25519, HMAC], ids=["logged on", "signed"])
@pytest.mark.parametrize(("ask", "request_id", "method", "parameters"), QUESTIONS, ids=[row[2] for row in QUESTIONS])
def test_each_question_carries_what_the_venue_wants(
    credentials: Credentials, ask: Any, request_id: str, method: str, parameters: dict[str, Any]
) -> None:
    asked = json.loads(ask(guardian(credentials)))
    assert (asked["id"], asked["method"]) == (request_id, method)
    assert len(asked["id"]) <= 36
    told = asked["params"]
    if credentials is HMAC:
        check_signature(told, credentials)
        told = {name: value for name, value in told.items() if name not in {"apiKey", "signature"}}
    assert told == {**parameters, "recvWindow": 2000, "timestamp": UTC_MS}


@pytest.mark.parametrize(("credentials", "asked"), [(ED25519, ["time"] * 3 + ["logon"]), (HMAC, ["time"] * 3)])
def test_a_connection_opens_with_the_venues_time_and_a_logon(credentials: Credentials, asked: list[str]) -> None:
    spoken = guardian(credentials)
    opening = spoken.opening()
    ids = []
    while (request := opening.next_request(NOW_NS)) is not None:
        ids.append(json.loads(request)["id"])
        answer = spoken.decode(compact({**document("time"), "id": ids[-1]}))
        assert isinstance(answer, Notice)
        opening.take(answer, NOW_NS)
    assert ids == asked


def test_the_weights_are_those_of_the_venues_other_requests() -> None:
    weights = guardian().weights
    assert weights.open_orders == QUERY_WEIGHTS.open_orders
    assert weights.cancel == weights.cancel_all == REQUEST_WEIGHTS[RequestKind.CANCEL]


def test_a_cancel_of_everything_tells_how_many_ended() -> None:
    answer = answered("openOrders.cancelAll", "XBTCUSDT")
    assert answer == ClearingAnswer(ClearingQuestion.CANCEL_ALL, "BTCUSDT", ended_count=2)


def test_a_list_tells_which_orders_are_open() -> None:
    result = document("openOrders.status")["result"]
    answer = answered("openOrders.status", "OBTCUSDT")
    assert answer == ClearingAnswer(
        ClearingQuestion.OPEN_ORDERS, "BTCUSDT", tuple(order["orderId"] for order in result)
    )
    assert len(result) > 1
    assert answered("openOrders.status", "OBTCUSDT", result=[]) == ClearingAnswer(
        ClearingQuestion.OPEN_ORDERS, "BTCUSDT"
    )


def test_the_cancel_of_one_order_says_nothing_that_the_list_does_not() -> None:
    answer = answered("order.cancel", "C12569099453")
    assert answer == ClearingAnswer(ClearingQuestion.CANCEL, ended_count=1)


def test_a_refusal_is_judged_and_names_its_question() -> None:
    answer = answered("order.cancel.unknown_order", "XBTCUSDT")
    assert isinstance(answer, ClearingAnswer)
    assert (answer.question, answer.symbol) == (ClearingQuestion.CANCEL_ALL, "BTCUSDT")
    assert answer.verdict is not None
    assert answer.verdict.reason is RejectReason.UNKNOWN_ORDER


@pytest.mark.parametrize("request_id", ["XBTCUSDT", "OBTCUSDT", "C7", None])
def test_a_ban_says_until_when(request_id: str | None) -> None:
    banned = {**document("order.place.banned")["error"], "data": {"retryAfter": UTC_MS + 60_000}}
    answer = answered("order.place.banned", request_id, error=banned)
    assert isinstance(answer, ClearingAnswer)
    assert answer.verdict is not None
    assert answer.verdict.concern is Concern.RATE
    assert answer.blocked_until_ns + CLOCK.utc_offset_ns == (UTC_MS + 60_000) * NS_PER_MS


def test_an_answer_to_the_opening_is_handed_on() -> None:
    assert answered("session.logon", "logon", result={"a": 1}) == Notice(NoticeKind.ANSWER, "logon", result=b'{"a":1}')
    refused = answered("session.revoked", "logon")
    assert isinstance(refused, Notice)
    assert (refused.kind, refused.request_id) == (NoticeKind.ANSWER, "logon")
    assert refused.verdict is not None
    assert refused.verdict.concern is Concern.SESSION


def test_the_end_of_a_session_is_noticed() -> None:
    assert getattr(answered("session.revoked", None), "kind", None) is NoticeKind.SESSION_REVOKED
    shutdown = guardian().decode(compact(document("serverShutdown")))
    assert shutdown == Notice(NoticeKind.SHUTDOWN)
    assert guardian().decode(compact(document("executionReport.NEW"))) is None


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id":"XA","status":500}',
        b'{"id":7,"status":200}',
        b'{"id":"XA","status":200,"result":{}}',
        b'{"id":"OA","status":200,"result":[{"symbol":"B","orderId":1}]}',
        b'{"id":"OA","status":200,"result":[{"symbol":"A","orderId":-1}]}',
        b'{"id":"OA","status":200,"result":[{"symbol":"A"}]}',
        b'{"id":"' + b"X" * 99 + b'","status":200,"result":[]}',
        b"\xff",
    ],
)
def test_nonsense_is_an_error_by_name(frame: bytes) -> None:
    with pytest.raises(VenueProtocolError):
        guardian().decode(frame)
