"""Every template filled by the kernel is what a plain filler makes of it, byte by byte, and JSON."""

import json
import random
from dataclasses import replace

import pytest

from gateways.template import TemplateKey
from ipc.enums import OrderType, RequestKind, SelfTradePrevention, TimeInForce
from ipc.order_id import LEG_MAX
from tests.engine.spin.wire_desk import CREDENTIALS, TEMPLATES, WireDesk
from tests.gateways.binance_spot.documented import RULES
from tests.gateways.wire_filler import fill

NS_PER_MS = 1_000_000
CASES = [(name, key) for name, templates in TEMPLATES.items() for key in templates]
ODD_RULES = replace(RULES, symbol="1000SATSLONGNAMEUSDTOFTHIRTYTWO1", price_decimals=7, tick_units=5, lot_decimals=0)


def _case_name(value: object) -> str:
    if not isinstance(value, TemplateKey):
        return str(value)
    parts = (value.request_kind, value.side, value.order_type, value.time_in_force)
    return " ".join(part.name for part in parts) + (" POST_ONLY" if value.order_flags else "")


@pytest.fixture(scope="module", params=[RULES, ODD_RULES], ids=["usual rules", "odd rules"])
def desk(request: pytest.FixtureRequest) -> WireDesk:
    """A desk for one instrument's rules."""
    return WireDesk(request.param)


@pytest.mark.parametrize(("name", "key"), CASES, ids=_case_name)
def test_a_frame_is_what_a_plain_filler_makes(desk: WireDesk, name: str, key: TemplateKey) -> None:
    draw = random.Random(f"{name} {key}")
    for _ in range(16):
        order_id = draw.getrandbits(63)
        values = {
            "order_id": order_id,
            "original_order_id": order_id & ~LEG_MAX,
            "price_ticks": draw.randrange(1, 10 ** draw.randrange(1, 10)),
            "order_lots": draw.randrange(1, 10 ** draw.randrange(1, 9)),
            "stop_price_ticks": draw.randrange(1, 10 ** draw.randrange(1, 10)),
            "display_lots": draw.choice((0, 0, draw.randrange(1, 10 ** draw.randrange(1, 9)))),
            "self_trade_prevention": draw.choice((0, *SelfTradePrevention)),
        }
        utc_ms = 1_700_000_000_000 + draw.randrange(10**11)
        frame, signed = desk.encode(name, key, **values, timestamp_utc_ns=utc_ms * NS_PER_MS + 999_999)
        expected = fill(
            TEMPLATES[name][key],
            key,
            rules=desk.rules,
            utc_ms=utc_ms,
            credentials=CREDENTIALS[name],
            **values,
        )
        assert frame == expected
        parameters = json.loads(frame)["params"]
        assert parameters["symbol"] == desk.rules.symbol
        assert (b"apiKey" in signed) == (name == "hmac") == ("signature" in parameters)


@pytest.mark.parametrize("time_in_force", [TimeInForce.DAY, TimeInForce.GTD])
@pytest.mark.parametrize("order_type", [OrderType.LIMIT, OrderType.STOP_LIMIT])
def test_a_time_in_force_that_the_engine_keeps_itself_is_until_cancelled_to_the_venue(
    desk: WireDesk, order_type: OrderType, time_in_force: TimeInForce
) -> None:
    key = TemplateKey(RequestKind.NEW, order_type=order_type)
    fields = {"order_id": 1, "price_ticks": 5, "order_lots": 7, "stop_price_ticks": 4}
    kept, _ = desk.encode("ed25519", key, **fields, time_in_force=time_in_force, expire_utc_ns=NS_PER_MS)
    assert kept == desk.encode("ed25519", key, **fields)[0]


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.GTC])
def test_a_market_order_goes_out_with_its_quantity_alone(desk: WireDesk, time_in_force: TimeInForce) -> None:
    key = TemplateKey(RequestKind.NEW, order_type=OrderType.MARKET)
    fields = {"order_id": 1, "price_ticks": 5, "order_lots": 7}
    frame, _ = desk.encode("ed25519", key, **fields, time_in_force=time_in_force)
    parameters = json.loads(frame)["params"]
    assert parameters["type"] == "MARKET"
    assert "quantity" in parameters
    assert not {"price", "timeInForce", "stopPrice"} & set(parameters)


def test_there_is_a_template_for_each_request_that_the_core_makes() -> None:
    kinds = {key.request_kind for key in TEMPLATES["hmac"]}
    assert kinds == set(RequestKind) - {RequestKind.STATUS}
