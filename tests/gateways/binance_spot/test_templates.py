"""Each template filled is the request that the documentation describes."""

import hashlib
import hmac
import json
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateways.binance_spot.templates import templates
from gateways.credentials import Credentials, KeyKind
from gateways.signing import Ed25519Signer, HmacSigner
from gateways.template import TemplateKey
from ipc import order_id as order_ids
from ipc.enums import OrderFlag, OrderType, RequestKind, SelfTradePrevention, Side, TimeInForce
from ipc.secret import Secret
from tests.gateways.binance_spot.documented import ORDER, REPLACEMENT, RULES
from tests.gateways.wire_filler import fill

UTC_MS = 1_660_801_715_431
HMAC_SECRET = secrets.token_hex(32)
API_KEY = secrets.token_hex(32)
HMAC = Credentials(Secret(API_KEY.encode()), KeyKind.HMAC, HmacSigner(Secret(HMAC_SECRET.encode())))
ED25519 = Credentials(Secret(API_KEY.encode()), KeyKind.ED25519, Ed25519Signer(Ed25519PrivateKey.generate()))
TEXT, NEW_TEXT = order_ids.to_text(ORDER), order_ids.to_text(REPLACEMENT)


def filled(
    key: TemplateKey,
    credentials: Credentials = ED25519,
    order_id: int = ORDER,
    *,
    display_lots: int = 0,
    mode: SelfTradePrevention = SelfTradePrevention.DEFAULT,
) -> bytes:
    return fill(
        templates(credentials, 2000)[key],
        key,
        rules=RULES,
        order_id=order_id,
        original_order_id=ORDER,
        price_ticks=2_341_610,
        order_lots=847,
        stop_price_ticks=2_400_000,
        display_lots=display_lots,
        self_trade_prevention=mode,
        utc_ms=UTC_MS,
        credentials=credentials,
    )


def new(**fields: Any) -> TemplateKey:
    return TemplateKey(RequestKind.NEW, **fields)


NEW_ORDER = {
    "symbol": "BTCUSDT",
    "newClientOrderId": TEXT,
    "newOrderRespType": "ACK",
    "quantity": "0.00847",
    "recvWindow": 2000,
    "timestamp": UTC_MS,
}
PRICED = NEW_ORDER | {"price": "23416.10", "type": "LIMIT"}
STOPPED = PRICED | {"type": "STOP_LOSS_LIMIT", "stopPrice": "24000.00"}
REPLACING = {
    "cancelReplaceMode": "STOP_ON_FAILURE",
    "cancelRestrictions": "ONLY_NEW",
    "cancelOrigClientOrderId": TEXT,
    "newClientOrderId": NEW_TEXT,
    "side": "SELL",
}
CASES = [
    (
        TemplateKey(RequestKind.CANCEL_ALL),
        "x",
        "openOrders.cancelAll",
        {"recvWindow": 2000, "symbol": "BTCUSDT", "timestamp": UTC_MS},
    ),
    (new(side=Side.BUY), "n", "order.place", PRICED | {"side": "BUY", "timeInForce": "GTC"}),
    (
        new(side=Side.SELL, time_in_force=TimeInForce.IOC),
        "n",
        "order.place",
        PRICED | {"side": "SELL", "timeInForce": "IOC"},
    ),
    (
        new(side=Side.SELL, time_in_force=TimeInForce.FOK),
        "n",
        "order.place",
        PRICED | {"side": "SELL", "timeInForce": "FOK"},
    ),
    (
        new(side=Side.BUY, order_flags=OrderFlag.POST_ONLY),
        "n",
        "order.place",
        PRICED | {"side": "BUY", "type": "LIMIT_MAKER"},
    ),
    (
        new(side=Side.BUY, order_type=OrderType.MARKET),
        "n",
        "order.place",
        NEW_ORDER | {"side": "BUY", "type": "MARKET"},
    ),
    (
        new(side=Side.BUY, order_type=OrderType.STOP),
        "n",
        "order.place",
        NEW_ORDER | {"side": "BUY", "type": "STOP_LOSS", "stopPrice": "24000.00"},
    ),
    (
        new(side=Side.SELL, order_type=OrderType.STOP_LIMIT),
        "n",
        "order.place",
        STOPPED | {"side": "SELL", "timeInForce": "GTC"},
    ),
    (
        new(side=Side.SELL, order_type=OrderType.STOP_LIMIT, time_in_force=TimeInForce.FOK),
        "n",
        "order.place",
        STOPPED | {"side": "SELL", "timeInForce": "FOK"},
    ),
    (
        TemplateKey(RequestKind.CANCEL),
        "c",
        "order.cancel",
        {"symbol": "BTCUSDT", "origClientOrderId": TEXT, "recvWindow": 2000, "timestamp": UTC_MS},
    ),
    (
        TemplateKey(RequestKind.AMEND),
        "a",
        "order.amend.keepPriority",
        {
            "symbol": "BTCUSDT",
            "origClientOrderId": TEXT,
            "newClientOrderId": TEXT,
            "newQty": "0.00847",
            "recvWindow": 2000,
            "timestamp": UTC_MS,
        },
    ),
    (
        TemplateKey(RequestKind.CANCEL_REPLACE, side=Side.SELL),
        "r",
        "order.cancelReplace",
        PRICED | REPLACING | {"timeInForce": "GTC"},
    ),
    (
        TemplateKey(RequestKind.CANCEL_REPLACE, side=Side.SELL, order_flags=OrderFlag.POST_ONLY),
        "r",
        "order.cancelReplace",
        PRICED | REPLACING | {"type": "LIMIT_MAKER"},
    ),
    (
        TemplateKey(RequestKind.CANCEL_REPLACE, side=Side.SELL, order_type=OrderType.STOP_LIMIT),
        "r",
        "order.cancelReplace",
        STOPPED | REPLACING | {"timeInForce": "GTC"},
    ),
]


@pytest.mark.parametrize(("key", "letter", "method", "parameters"), CASES)
def test_a_filled_template_is_the_documented_request(
    key: TemplateKey, letter: str, method: str, parameters: dict[str, Any]
) -> None:
    order_id = REPLACEMENT if key.request_kind is RequestKind.CANCEL_REPLACE else ORDER
    request = json.loads(filled(key, order_id=order_id))
    assert request == {"id": letter + order_ids.to_text(order_id), "method": method, "params": parameters}


@pytest.mark.parametrize("credentials", [HMAC, ED25519])
@pytest.mark.parametrize("request_kind", [RequestKind.NEW, RequestKind.CANCEL_REPLACE])
def test_what_a_request_may_ask_for_stands_in_it_only_then(request_kind: RequestKind, credentials: Credentials) -> None:
    key = TemplateKey(request_kind, side=Side.SELL)
    plain = parameters_of(filled(key, credentials))
    shown = parameters_of(filled(key, credentials, display_lots=100))
    assert shown == plain | {"icebergQty": "0.00100"}
    for mode in SelfTradePrevention:
        both = parameters_of(filled(key, credentials, display_lots=100, mode=mode))
        named = {} if mode is SelfTradePrevention.DEFAULT else {"selfTradePreventionMode": mode.name}
        assert both == shown | named


@pytest.mark.parametrize("key", [new(order_type=OrderType.MARKET), new(time_in_force=TimeInForce.IOC)])
def test_only_an_order_that_rests_shows_a_part_of_itself(key: TemplateKey) -> None:
    assert "icebergQty" not in parameters_of(filled(key, display_lots=100))


def parameters_of(frame: bytes) -> dict[str, Any]:
    parameters: dict[str, Any] = json.loads(frame)["params"]
    parameters.pop("signature", None)
    return parameters


def test_every_supported_combination_has_a_template() -> None:
    for credentials in (HMAC, ED25519):
        declared = templates(credentials, 2000)
        assert len(declared) == 2 * 9 + 2 * 6 + 3
        assert all(key in declared for key, *_ in CASES)


@pytest.mark.parametrize("mode", [SelfTradePrevention.DEFAULT, SelfTradePrevention.EXPIRE_TAKER])
@pytest.mark.parametrize("display_lots", [0, 100])
@pytest.mark.parametrize("key", [key for key, *_ in CASES])
def test_an_hmac_request_signs_its_sorted_parameters(
    key: TemplateKey, display_lots: int, mode: SelfTradePrevention
) -> None:
    parameters = json.loads(filled(key, HMAC, display_lots=display_lots, mode=mode))["params"]
    signature = parameters.pop("signature")
    assert parameters["apiKey"] == API_KEY
    text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
    assert signature == hmac.new(HMAC_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_a_logged_on_session_shows_no_key() -> None:
    for key, template in templates(ED25519, 2000).items():
        assert template.signed_text == ()
        assert API_KEY.encode() not in filled(key)
        assert "signature" not in json.loads(filled(key))["params"]


@pytest.mark.parametrize("credentials", [HMAC, ED25519])
def test_the_wire_text_is_compact_ascii(credentials: Credentials) -> None:
    for key in templates(credentials, 2000):
        frame = filled(key, credentials)
        assert frame.isascii()
        assert b" " not in frame
        assert json.dumps(json.loads(frame), separators=(",", ":")).encode() == frame


def test_the_receive_window_is_the_configured_one() -> None:
    literals = [
        piece for piece in templates(ED25519, 750)[TemplateKey(RequestKind.CANCEL)].frame if type(piece) is bytes
    ]
    assert any(b'"recvWindow":750,' in literal for literal in literals)


def test_a_template_does_not_show_the_key_in_its_repr() -> None:
    assert API_KEY not in repr(templates(HMAC, 2000))
