"""Frames that are broken, cut, reordered or extended: sense is kept, nonsense raises one exception type."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.binance_spot.codec import BALANCE_UPDATES_KEPT
from gateways.binance_spot.market_data_codec import MarketDataCodec
from gateways.errors import VenueProtocolError
from gateways.record_writer import new_rows
from ipc.enums import RejectReason, VenueEvent
from ipc.records import EXTERNAL_ORDER, NOT_STATED
from tests.gateways.binance_spot.documented import (
    INSTRUMENTS,
    NAMES,
    ORDER,
    RECEIVED_NS,
    compact,
    decode,
    document,
    new_codec,
    payload,
)
from tests.gateways.recording_core import as_dict

ROWS = new_rows()
PAYLOADS = [payload(name) for name in NAMES]
ORDER_CODEC = new_codec()
MARKET_CODEC = MarketDataCodec(INSTRUMENTS)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=6,
)
LENIENT = settings(deadline=None, max_examples=150)


def survives(frame: bytes) -> None:
    """Both codecs either decode the frame or raise the one exception that a session takes."""
    for codec in (ORDER_CODEC, MARKET_CODEC):
        try:
            count = codec.decode(frame, RECEIVED_NS, ROWS)
        except VenueProtocolError:
            continue
        assert 0 <= count <= len(ROWS)


@LENIENT
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(frame: bytes) -> None:
    survives(frame)


@LENIENT
@given(JSON_VALUES)
def test_any_document_is_survived(value: Any) -> None:
    survives(json.dumps(value).encode())


@LENIENT
@given(st.sampled_from(PAYLOADS), st.data())
def test_a_frame_that_is_cut_anywhere_is_nonsense(frame: bytes, data: st.DataObject) -> None:
    cut = frame[: data.draw(st.integers(0, len(frame) - 1))]
    for codec in (ORDER_CODEC, MARKET_CODEC):
        with pytest.raises(VenueProtocolError):
            codec.decode(cut, RECEIVED_NS, ROWS)


@LENIENT
@given(st.sampled_from(PAYLOADS), st.data())
def test_a_flipped_byte_is_survived(frame: bytes, data: st.DataObject) -> None:
    broken = bytearray(frame)
    place = data.draw(st.integers(0, len(frame) - 1))
    broken[place] = data.draw(st.integers(0, 255))
    survives(bytes(broken))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value in a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, child in value.items():
            found += places(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            found += places(child, (*path, index))
    return found


@LENIENT
@given(st.sampled_from(NAMES), st.data())
def test_a_value_of_another_kind_anywhere_is_survived(name: str, data: st.DataObject) -> None:
    changed = document(name)
    *way, last = data.draw(st.sampled_from(places(changed)))
    target: Any = changed
    for step in way:
        target = target[step]
    if data.draw(st.booleans()):
        target[last] = data.draw(JSON_VALUES)
    elif isinstance(target, dict):
        del target[last]
    survives(compact(changed))


def reordered_and_extended(value: Any) -> Any:
    """The same document with its fields the other way round and one more in every object."""
    if isinstance(value, dict):
        turned = {key: reordered_and_extended(child) for key, child in reversed(value.items())}
        return {"aFieldOfTomorrow": {"x": [1.5e300, None]}, **turned}
    return [reordered_and_extended(child) for child in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("market.")])
def test_the_order_of_fields_and_unknown_fields_change_nothing(name: str) -> None:
    assert decode(compact(reordered_and_extended(document(name)))) == decode(payload(name))


def test_an_event_of_tomorrow_is_counted_and_left_out() -> None:
    codec = new_codec()
    assert decode(b'{"subscriptionId":0,"event":{"e":"marginCall","E":1}}', codec) == []
    assert codec.counters()["unknown_events"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("q", "1." + "0" * 40),
        ("q", "1e3"),
        ("q", "-1"),
        ("q", "+1"),
        ("q", " 1"),
        ("q", "1_0"),
        ("q", "\u0661"),
        ("q", ""),
        ("q", "."),
        ("q", "1."),
        ("q", ".5"),
        ("q", "0.000001"),
        ("q", 1.5),
        ("p", "23416.101"),
        ("p", "99999999999999999999"),
        ("i", 2**63),
        ("i", -2),
        ("i", 1.5),
        ("T", -1),
        ("T", 2**60),
        ("s", "DOGEUSDT"),
        ("s", "X" * 65),
        ("x", None),
        ("X", 3),
    ],
)
def test_a_bound_that_is_broken_is_nonsense(field: str, value: Any) -> None:
    changed = document("executionReport.NEW")
    changed["event"][field] = value
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


@pytest.mark.parametrize(
    "changes",
    [
        {"l": "0.00000000"},
        {"l": "21474.83648"},
        {"l": "21474.83647", "L": "21474836480.00"},
        {"z": "90071992547.40993"},
    ],
)
def test_a_fill_that_no_order_of_ours_can_have_had_is_nonsense(changes: dict[str, str]) -> None:
    changed = document("executionReport.TRADE")
    changed["event"] |= changes
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))
    row = {"price": changes.get("L", "1.00"), "qty": changes.get("l", "21474.83648")}
    trades = document("myTrades")
    trades["result"][0] |= row
    with pytest.raises(VenueProtocolError):
        decode(compact(trades))


def test_a_rate_limit_whose_window_fits_no_record_is_nonsense() -> None:
    changed = document("order.place.ack")
    changed["rateLimits"][0] |= {"interval": "DAY", "intervalNum": 1_000_000}
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


def test_an_execution_type_of_tomorrow_still_tells_the_status() -> None:
    changed = document("executionReport.CANCELED")
    changed["event"] |= {"x": "VANISHED", "c": changed["event"]["C"]}
    assert decode(compact(changed))[0]["event"] == 3


def test_neither_a_known_type_nor_a_known_status_is_nonsense() -> None:
    changed = document("executionReport.NEW")
    changed["event"] |= {"x": "VANISHED", "X": "GONE"}
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


@pytest.mark.parametrize("name", ["order.place.ack", "order.cancel", "order.amend.keepPriority"])
def test_a_reply_that_names_another_order_is_nonsense(name: str) -> None:
    text = payload(name).decode()
    foreign = text.replace("0100a", "0101b")
    mixed = text[:40] + foreign[40:]
    with pytest.raises(VenueProtocolError):
        decode(mixed.encode())


def test_a_reply_to_a_request_that_is_not_ours_is_nonsense() -> None:
    changed = document("order.place.ack") | {"id": "n" + "x" * 16}
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


def test_a_failed_decode_leaves_nothing_of_the_frame_before() -> None:
    codec = new_codec()
    decode(payload("serverShutdown"), codec)
    with pytest.raises(VenueProtocolError):
        decode(b"{", codec)
    assert codec.notice is None


def test_our_order_that_is_reported_in_an_unknown_fee_asset_is_booked_without_the_fee() -> None:
    codec = new_codec()
    changed = document("executionReport.TRADE")
    changed["event"]["N"] = "DOGE"
    (fill,) = decode(compact(changed), codec)
    assert (fill["last_lots"], fill["fee_asset_id"], fill["fee_units"]) == (25_000, -1, 0)
    assert codec.counters()["unknown_fee_assets"] == 1


def test_orders_of_others_are_counted_and_told() -> None:
    codec = new_codec()
    (report,) = decode(payload("executionReport.external"), codec)
    assert (report["order_id"], report["venue_order_id"]) == (EXTERNAL_ORDER, 4_293_153)
    assert codec.counters()["external_reports"] == 1


@pytest.mark.parametrize("changes", [{"s": "ETHBTC"}, {"p": "23416.105"}, {"q": "1.000000001"}])
def test_what_others_do_cannot_cost_us_the_connection(changes: dict[str, str]) -> None:
    codec = new_codec()
    changed = document("executionReport.external")
    changed["event"] |= changes
    assert decode(compact(changed), codec) == []
    assert codec.counters()["external_reports"] == 1


def test_an_order_for_an_amount_of_money_states_no_quantity() -> None:
    changed = document("executionReport.external")
    changed["event"] |= {"o": "MARKET", "q": "0.00000000", "p": "0.00000000"}
    (report,) = decode(compact(changed))
    assert report["order_lots"] == NOT_STATED


def test_what_prevention_took_is_no_part_of_what_an_order_is_amended_to() -> None:
    changed = document("order.amend.keepPriority")
    changed["result"]["amendedOrder"] |= {"preventedQty": "2.00000000"}
    assert decode(compact(changed))[0]["order_lots"] == 300_000


def test_our_order_that_somebody_renamed_by_an_amendment_is_still_ours() -> None:
    changed = document("executionReport.REPLACED")
    changed["event"] |= {"C": changed["event"]["c"], "c": "web_1"}
    (report,) = decode(compact(changed))
    assert (report["order_id"], report["event"]) == (ORDER, VenueEvent.REPLACED)


def test_a_withdrawal_is_a_negative_change_and_other_assets_are_left_out() -> None:
    changed = document("balanceUpdate")
    changed["event"]["d"] = "-0.50000000"
    (change,) = decode(compact(changed))
    assert change["delta_units"] == -50_000_000
    changed["event"]["a"] = "DOGE"
    assert decode(compact(changed)) == []


def test_a_deposit_of_which_two_connections_tell_came_once() -> None:
    codec, first = new_codec(), document("balanceUpdate")
    assert len(decode(compact(first), codec)) == 1
    for name, value in (("T", first["event"]["T"] + 1), ("d", "1.00000000"), ("a", "USDT")):
        other = document("balanceUpdate")
        other["event"][name] = value
        assert len(decode(compact(other), codec)) == 1
        assert decode(compact(other), codec) == []
    assert decode(compact(first), codec) == []


def test_a_deposit_came_once_however_many_assets_that_nobody_configured_change_with_it() -> None:
    codec, deposit = new_codec(), document("balanceUpdate")
    others = [document("balanceUpdate") for _ in range(BALANCE_UPDATES_KEPT)]
    for number, other in enumerate(others):
        other["event"]["a"] = f"DUST{number}"
    told = [deposit, *others] * 2
    assert sum(len(decode(compact(update), codec)) for update in told) == 1


@pytest.mark.parametrize("delta", ["--1", "-", "1e3", "+1"])
def test_a_change_that_is_no_number_is_nonsense(delta: str) -> None:
    changed = document("balanceUpdate")
    changed["event"]["d"] = delta
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("UNFILLED_IOC_QUANTITY_EXPIRED", RejectReason.NONE),
        ("EXECUTION_RULE_PRICE_RANGE_EXCEEDED", RejectReason.PRICE_OUTSIDE_VENUE_BAND),
        ("REJECTED", RejectReason.OTHER),
        ("SOMETHING_NEW", RejectReason.OTHER),
    ],
)
def test_an_expiry_tells_why(reason: str, meaning: RejectReason) -> None:
    changed = document("executionReport.EXPIRED")
    changed["event"]["eR"] = reason
    (report,) = decode(compact(changed))
    assert report["reason"] == meaning


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("myTrades", {"orderId": 5}),
        ("myTrades.symbol", {"symbol": "ETHBTC"}),
        ("openOrders.status", {"symbol": "ETHBTC"}),
    ],
)
def test_a_list_that_holds_what_was_not_asked_for_is_nonsense(name: str, changes: dict[str, Any]) -> None:
    changed = document(name)
    changed["result"][1] |= changes
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


@pytest.mark.parametrize("changes", [{"orderId": 5}, {"symbol": "ETHBTC"}])
def test_an_order_that_was_not_asked_for_is_nonsense(changes: dict[str, Any]) -> None:
    changed = document("order.status.identity")
    changed["result"] |= changes
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


@pytest.mark.parametrize("request_id", ["Wx.1", "W7", "W7.", "fom0800g60000100a", "fweb_112233445566x1", "FETHBTC"])
def test_an_answer_to_a_question_that_makes_no_sense_is_nonsense(request_id: str) -> None:
    with pytest.raises(VenueProtocolError):
        decode(compact(document("myTrades") | {"id": request_id}))


def test_self_trade_prevention_that_leaves_the_order_alive_reduces_it() -> None:
    changed = document("executionReport.TRADE_PREVENTION")
    changed["event"] |= {"X": "NEW", "A": "0.25000000"}
    (report,) = decode(compact(changed))
    assert (report["event"], report["order_lots"]) == (7, 75_000)


def test_more_rows_than_fit_are_nonsense() -> None:
    with pytest.raises(VenueProtocolError):
        new_codec().decode(payload("account.status"), RECEIVED_NS, new_rows(2))


def test_a_ban_without_rate_limits_is_still_told() -> None:
    changed = document("order.place.banned")
    del changed["rateLimits"]
    _, limit = decode(compact(changed))
    assert (limit["limit"], limit["count"], limit["blocked_until_utc_ns"]) == (-1, -1, 1_659_146_400_000_000_000)


def test_a_half_of_unknown_outcome_is_not_taken_for_a_refusal() -> None:
    changed = document("order.cancelReplace.new_failed")
    changed["error"]["data"]["newOrderResponse"] = {"code": -1007, "msg": "Timeout"}
    canceled, unknown, *_ = decode(compact(changed))
    assert (canceled["event"], unknown["event"]) == (3, 11)


def test_a_placement_without_its_cancellation_was_never_asked_for() -> None:
    changed = document("order.cancelReplace.cancel_failed")
    changed["error"]["data"]["newOrderResult"] = "SUCCESS"
    with pytest.raises(VenueProtocolError):
        decode(compact(changed))


def market(name: str, **changes: Any) -> bytes:
    """A documented market frame with other values in its data."""
    changed = document(name)
    changed["data"] |= changes
    return compact(changed)


LEVEL = ["23416.10", "1"]


@pytest.mark.parametrize(
    "frame",
    [
        market("market.bookTicker", s="ETHUSDT"),
        market("market.bookTicker", b="-1"),
        market("market.bookTicker", u=1 << 63),
        market("market.depth", lastUpdateId=1 << 63),
        market("market.depth", lastUpdateId="160"),
        market("market.depth", bids=[LEVEL] * 11),
        market("market.depth", bids=[["23416.10"]]),
        market("market.depth", bids=[[*LEVEL, "1"]]),
        market("market.depth", asks=[["23416.10", "-1"]]),
        market("market.depth", asks=[["23416.101", "1"]]),
        market("market.depth", asks=[["1e5", "1"]]),
        market("market.depth", asks=[["23416.10", "9" * 41]]),
        market("market.depth", asks=None),
        market("market.trade", s="ETHUSDT"),
        market("market.trade", t=-1),
        market("market.trade", t=1 << 63),
        market("market.trade", p="0"),
        market("market.trade", q="0.00000"),
        market("market.trade", q="90000000000", p="90000000.00"),
        market("market.trade", m="true"),
        compact(document("market.depth") | {"stream": "ethusdt@depth10@100ms"}),
        compact(document("market.trade") | {"stream": "BTCUSDT@trade"}),
        compact(document("market.trade") | {"stream": "btcusdt@depth10@100ms"}),
    ],
)
def test_market_data_that_nobody_can_have_sent_is_nonsense(frame: bytes) -> None:
    with pytest.raises(VenueProtocolError):
        MARKET_CODEC.decode(frame, RECEIVED_NS, ROWS)


def test_an_empty_side_of_depth_is_told_as_one_without_lots() -> None:
    assert MARKET_CODEC.decode(market("market.depth", bids=[]), RECEIVED_NS, ROWS) == 2
    bid = as_dict(ROWS[0])
    assert {value for name, value in bid.items() if name.startswith(("price_ticks", "lots"))} == {0}


def test_streams_of_other_kinds_are_counted() -> None:
    codec = MarketDataCodec(INSTRUMENTS)
    other = {"stream": "btcusdt@aggTrade", "data": {"e": "aggTrade", "s": "BTCUSDT"}}
    assert codec.decode(compact(other), RECEIVED_NS, ROWS) == 0
    assert codec.counters() == {"unknown_events": 1}
