"""The requests of the session, and the order in which a connection opens."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateways.binance_spot.market_data_session import SYMBOLS_MAX, MarketDataOpening, stream_url
from gateways.binance_spot.replies import BALANCES_LETTER, ORDER_LIMITS_LETTER
from gateways.binance_spot.requests import Requests
from gateways.binance_spot.session import (
    SYMBOLS_PER_QUESTION,
    BinanceSpotDialect,
    account_opening,
    instruments_opening,
)
from gateways.credentials import Credentials, KeyKind
from gateways.errors import VenueProtocolError
from gateways.notice import Notice, NoticeKind
from gateways.signing import Ed25519Signer, HmacSigner
from gateways.venue import Opening, OpenOrder
from gateways.venue_clock import VenueClock
from ipc import order_id as order_ids
from ipc.clock import NS_PER_MS
from ipc.secret import Secret
from tests.gateways.binance_spot.documented import INSTRUMENTS, ORDER, compact, document

API_KEY = secrets.token_hex(32)
HMAC_SECRET = secrets.token_hex(32)
PRIVATE_KEY = Ed25519PrivateKey.generate()
HMAC = Credentials(Secret(API_KEY.encode()), KeyKind.HMAC, HmacSigner(Secret(HMAC_SECRET.encode())))
ED25519 = Credentials(Secret(API_KEY.encode()), KeyKind.ED25519, Ed25519Signer(PRIVATE_KEY))
UTC_MS = 1_660_801_715_431
NOW_NS = 5 * NS_PER_MS
CLOCK = VenueClock(UTC_MS * NS_PER_MS - NOW_NS)
TEXT = order_ids.to_text(ORDER)


def dialect(credentials: Credentials) -> BinanceSpotDialect:
    return BinanceSpotDialect(Requests(credentials, 2000), CLOCK, INSTRUMENTS)


def check_signature(parameters: dict[str, Any], credentials: Credentials) -> None:
    """Verifies the signature over the parameters, computed without the code under test."""
    signed = dict(parameters)
    signature = signed.pop("signature")
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in signed.items()}
    text = "&".join(f"{name}={words[name]}" for name in sorted(words)).encode()
    if credentials.kind is KeyKind.HMAC:
        assert signature == hmac.new(HMAC_SECRET.encode(), text, hashlib.sha256).hexdigest()
    else:
        PRIVATE_KEY.public_key().verify(base64.b64decode(signature, validate=True), text)


def order(venue_order_id: int = 0) -> OpenOrder:
    return OpenOrder(
        order_id=ORDER,
        venue_order_id=venue_order_id,
        instrument_id=7,
        cumulative_lots=0,
        sent_ns=0,
        is_unknown=True,
    )


QUESTIONS = [
    (
        lambda spoken: spoken.status_query(order(), NOW_NS),
        f"s{TEXT}",
        "order.status",
        {"symbol": "BTCUSDT", "origClientOrderId": TEXT},
    ),
    (
        lambda spoken: spoken.status_query(order(99), NOW_NS),
        f"s{TEXT}",
        "order.status",
        {"symbol": "BTCUSDT", "orderId": 99},
    ),
    (
        lambda spoken: spoken.trades_query(order(99), venue_order_id=99, from_trade_id=0, now_ns=NOW_NS),
        f"f{TEXT}99",
        "myTrades",
        {"symbol": "BTCUSDT", "orderId": 99, "limit": 1000},
    ),
    (
        lambda spoken: spoken.trades_query(order(99), venue_order_id=99, from_trade_id=12, now_ns=NOW_NS),
        f"f{TEXT}99",
        "myTrades",
        {"symbol": "BTCUSDT", "orderId": 99, "limit": 1000, "fromId": 12},
    ),
    (
        lambda spoken: spoken.open_orders_query(7, NOW_NS),
        "OBTCUSDT",
        "openOrders.status",
        {"symbol": "BTCUSDT"},
    ),
    (
        lambda spoken: spoken.identity_query(7, 99, NOW_NS),
        "W7.99",
        "order.status",
        {"symbol": "BTCUSDT", "orderId": 99},
    ),
    (
        lambda spoken: spoken.account_trades_query(7, from_trade_id=12, page=100, now_ns=NOW_NS),
        "FBTCUSDT",
        "myTrades",
        {"symbol": "BTCUSDT", "fromId": 12, "limit": 100},
    ),
    (
        lambda spoken: spoken.account_trades_query(7, from_trade_id=0, page=100, now_ns=NOW_NS),
        "FBTCUSDT",
        "myTrades",
        {"symbol": "BTCUSDT", "limit": 100},
    ),
    (lambda spoken: spoken.balances_query(NOW_NS), "B1", "account.status", {"omitZeroBalances": True}),
    (
        lambda spoken: spoken.cancel_all("BTCUSDT", NOW_NS),
        "XBTCUSDT",
        "openOrders.cancelAll",
        {"symbol": "BTCUSDT"},
    ),
]


@pytest.mark.parametrize(("ask", "request_id", "method", "parameters"), QUESTIONS)
@pytest.mark.parametrize("credentials", [HMAC, ED25519], ids=["hmac", "ed25519"])
def test_a_question_about_orders_is_the_documented_request(
    ask: Any, request_id: str, method: str, parameters: dict[str, Any], credentials: Credentials
) -> None:
    request = json.loads(ask(dialect(credentials)))
    assert (request["id"], request["method"]) == (request_id, method)
    asked = request["params"]
    if credentials.kind is KeyKind.HMAC:
        check_signature(asked, credentials)
        assert asked.pop("apiKey") == API_KEY
        del asked["signature"]
    assert asked == parameters | {"recvWindow": 2000, "timestamp": UTC_MS}


def answer(request: bytes, now_ns: int = NOW_NS) -> Notice:
    """What the venue would say."""
    asked = json.loads(request)
    result: Any = {}
    if asked["method"] == "time":
        result = {"serverTime": UTC_MS + 250}
    elif asked["method"] == "exchangeInfo":
        (documented,) = document("exchangeInfo")["result"]["symbols"]
        result = {"symbols": [documented | {"symbol": symbol} for symbol in asked["params"]["symbols"]]}
    return Notice(NoticeKind.ANSWER, asked["id"], result=compact(result))


def dialogue(opening: Opening) -> list[dict[str, Any]]:
    """Every request of an opening, answered one by one."""
    asked = []
    while (request := opening.next_request(NOW_NS)) is not None:
        asked.append(json.loads(request))
        opening.take(answer(request), NOW_NS)
    return asked


@pytest.mark.parametrize(
    ("credentials", "first"),
    [
        (ED25519, ["session.logon", "userDataStream.subscribe"]),
        (HMAC, ["userDataStream.subscribe.signature"]),
    ],
    ids=["ed25519", "hmac"],
)
def test_a_connection_opens_with_time_logon_and_stream_before_any_snapshot(
    credentials: Credentials, first: list[str]
) -> None:
    clock = VenueClock(CLOCK.utc_offset_ns)
    opening = account_opening(Requests(credentials, 2000), clock, ["BNBBTC"])
    asked = dialogue(opening)
    methods = [request["method"] for request in asked]
    assert methods == ["time"] * 3 + first + ["exchangeInfo", "account.rateLimits.orders", "account.status"]
    assert [request["id"] for request in asked[-2:]] == [f"{ORDER_LIMITS_LETTER}1", f"{BALANCES_LETTER}1"]
    assert opening.instruments["BNBBTC"].symbol == "BNBBTC"
    # The measured clock, half a millisecond for the venue's rounding included, dates what follows.
    assert clock.utc_offset_ns == CLOCK.utc_offset_ns + 250 * NS_PER_MS + NS_PER_MS // 2
    check_signature(asked[3]["params"], credentials)
    assert asked[3]["params"]["timestamp"] == UTC_MS + 250


def test_an_answer_out_of_turn_is_nonsense() -> None:
    opening = account_opening(Requests(ED25519, 2000), VenueClock(0), ["BNBBTC"])
    with pytest.raises(VenueProtocolError):
        opening.take(Notice(NoticeKind.ANSWER, "logon"), NOW_NS)


@pytest.mark.parametrize("result", [b"null", b"{}", b'{"serverTime":-1}', b'{"serverTime":"now"}', b"\xff"])
def test_a_time_that_is_none_is_nonsense(result: bytes) -> None:
    opening = account_opening(Requests(ED25519, 2000), VenueClock(0), ["BNBBTC"])
    opening.next_request(NOW_NS)
    with pytest.raises(VenueProtocolError):
        opening.take(Notice(NoticeKind.ANSWER, "time", result=result), NOW_NS)


def test_many_symbols_are_asked_for_in_several_questions_that_need_no_key() -> None:
    symbols = [f"A{number}B" for number in range(2 * SYMBOLS_PER_QUESTION + 1)]
    opening = instruments_opening(symbols)
    asked = dialogue(opening)
    assert [len(request["params"]["symbols"]) for request in asked] == [SYMBOLS_PER_QUESTION, SYMBOLS_PER_QUESTION, 1]
    assert len({request["id"] for request in asked}) == 3
    assert set(opening.instruments) == set(symbols)
    assert all("apiKey" not in request["params"] for request in asked)


def test_rules_that_make_no_sense_are_nonsense() -> None:
    opening = instruments_opening(["BNBBTC"])
    for result in (b"null", b'{"symbols":[{"symbol":"BNBBTC"}]}'):
        with pytest.raises(VenueProtocolError):
            opening.take(Notice(NoticeKind.ANSWER, "info0", result=result), NOW_NS)
            opening = instruments_opening(["BNBBTC"])


def test_the_time_is_read_from_its_own_answer_alone() -> None:
    spoken = dialect(ED25519)
    assert spoken.server_time_ms(Notice(NoticeKind.ANSWER, "time", result=b'{"serverTime":7}')) == 7
    assert spoken.server_time_ms(Notice(NoticeKind.ANSWER, "B1", result=b"{}")) is None


def test_the_stream_address_holds_the_first_symbols_and_messages_the_rest() -> None:
    symbols = [f"AVERYLONGSYMBOL{number:05}" for number in range(SYMBOLS_MAX)]
    assert stream_url("wss://host/stream", ["BTCUSDT", "ETHBTC"]) == (
        "wss://host/stream?streams=btcusdt@bookTicker/btcusdt@depth10@100ms/btcusdt@trade"
        "/ethbtc@bookTicker/ethbtc@depth10@100ms/ethbtc@trade"
    )
    url = stream_url("wss://host/stream", symbols)
    named = url.partition("=")[2].split("/")
    opening = MarketDataOpening(symbols)
    requests = []
    while (request := opening.next_request(NOW_NS)) is not None:
        requests.append(request)
        subscription = json.loads(request)
        assert subscription["method"] == "SUBSCRIBE"
        named += subscription["params"]
        opening.take(Notice(NoticeKind.ANSWER, str(subscription["id"])), NOW_NS)
    kinds = ("@bookTicker", "@depth10@100ms", "@trade")
    assert named == [symbol.lower() + kind for symbol in symbols for kind in kinds]
    assert len(named) <= 1_024, "one connection takes so many streams"
    assert len(requests) < 5, "whoever sends so many messages in a second is disconnected"
    assert max(len(message) for message in (url, *requests)) < 4_088, "a longer message gets no answer"


def test_an_answer_to_another_subscription_is_nonsense() -> None:
    opening = MarketDataOpening([f"S{number}" for number in range(150)])
    opening.next_request(NOW_NS)
    with pytest.raises(VenueProtocolError):
        opening.take(Notice(NoticeKind.ANSWER, "99"), NOW_NS)


def test_more_symbols_than_one_connection_takes_are_refused() -> None:
    with pytest.raises(AssertionError, match=f"{SYMBOLS_MAX} symbols"):
        stream_url("wss://host/stream", ["S"] * (SYMBOLS_MAX + 1))
