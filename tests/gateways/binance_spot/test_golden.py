"""Every documented payload decodes to exactly the records that it should."""

from typing import Any

import pytest

from gateways.binance_spot.market_data_codec import MarketDataCodec
from gateways.market_trade import MarketTrade
from gateways.notice import NoticeKind
from gateways.record_writer import new_rows
from ipc.clock import NS_PER_S
from ipc.enums import Liquidity, RecordKind, RejectReason, RequestKind, Side, VenueEvent
from ipc.rate_enums import RateLimitType
from ipc.records import EXTERNAL_ORDER
from tests.gateways.binance_spot.documented import (
    ACCOUNT_ID,
    FOLDER,
    INSTRUMENTS,
    NAMES,
    ORDER,
    RECEIVED_NS,
    REPLACEMENT,
    decode,
    new_codec,
    payload,
)
from tests.gateways.recording_core import as_dict

MS = 1_000_000
NOT_STATED = {
    "instrument_id": -1,
    "cumulative_lots": -1,
    "order_lots": -1,
    "price_ticks": -1,
    "fee_asset_id": -1,
}
VENUE_ORDER = 12_569_099_453


def report(event: VenueEvent, **fields: int) -> dict[str, int]:
    """A venue report of the order with everything that is not named left unstated."""
    base = dict.fromkeys(
        ("venue_order_id", "trade_id", "last_lots", "last_price_ticks", "liquidity", "fee_units", "reason"), 0
    ) | dict.fromkeys(("venue_code", "venue_utc_ns", "replacement_order_id", "answers_request", "side"), 0)
    return base | NOT_STATED | {"kind": RecordKind.VENUE_REPORT, "order_id": ORDER, "event": event} | fields


def known(event: VenueEvent, **fields: int) -> dict[str, int]:
    return report(event, instrument_id=7, **fields)


def streamed(event: VenueEvent, **fields: int) -> dict[str, int]:
    """A report of the private stream; the documented order is 1 BTC at 23416.10."""
    stated = {
        "venue_order_id": 4_293_153,
        "cumulative_lots": 0,
        "order_lots": 100_000,
        "price_ticks": 2_341_610,
        "venue_utc_ns": 1_499_405_658_657 * MS,
        "side": Side.BUY,
    }
    return known(event, **(stated | fields))


def rate(kind: RateLimitType, window_s: int, limit: int, count: int, until_ms: int = 0) -> dict[str, int]:
    return {
        "kind": RecordKind.RATE_LIMIT,
        "limit_type": kind,
        "window_ns": window_s * NS_PER_S,
        "limit": limit,
        "count": count,
        "blocked_until_utc_ns": until_ms * MS,
    }


def weight(count: int, until_ms: int = 0) -> dict[str, int]:
    return rate(RateLimitType.REQUEST_WEIGHT, 60, 6000, count, until_ms)


def orders(count_10s: int, count_1d: int, until_ms: int = 0) -> list[dict[str, int]]:
    return [
        rate(RateLimitType.ORDERS, 10, 50, count_10s, until_ms),
        rate(RateLimitType.ORDERS, 86_400, 160_000, count_1d, until_ms),
    ]


def balance(asset_id: int, free: int, locked: int, utc_ms: int) -> dict[str, int]:
    return {
        "kind": RecordKind.BALANCE,
        "asset_id": asset_id,
        "free_units": free,
        "locked_units": locked,
        "venue_utc_ns": utc_ms * MS,
    }


PLACED = [*orders(12, 4043), weight(321)]
CANCELED_MS = 1_684_804_350_068
UPDATED_MS = 1_660_801_717_945
ACCEPTED = known(
    VenueEvent.ACCEPTED,
    venue_order_id=VENUE_ORDER,
    venue_utc_ns=1_660_801_715_639 * MS,
    answers_request=RequestKind.NEW,
)
CANCELED = known(
    VenueEvent.CANCELED,
    venue_order_id=VENUE_ORDER,
    cumulative_lots=1,
    order_lots=847,
    venue_utc_ns=CANCELED_MS * MS,
    answers_request=RequestKind.CANCEL,
    side=Side.SELL,
)
STATUS = known(
    VenueEvent.STATUS,
    venue_order_id=VENUE_ORDER,
    cumulative_lots=847,
    order_lots=847,
    price_ticks=2_341_610,
    venue_utc_ns=UPDATED_MS * MS,
    answers_request=RequestKind.STATUS,
    side=Side.SELL,
)
TRADE = known(
    VenueEvent.FILL,
    venue_order_id=VENUE_ORDER,
    liquidity=Liquidity.ADDED,
    fee_asset_id=2,
    venue_utc_ns=1_660_801_715_793 * MS,
    answers_request=RequestKind.STATUS,
    side=Side.SELL,
)
TRADES = [
    TRADE | {"trade_id": 1_650_422_481, "last_lots": 635, "last_price_ticks": 2_341_610, "fee_units": 12_345},
    TRADE | {"trade_id": 1_650_422_482, "last_lots": 212, "last_price_ticks": 2_341_650},
]
OTHERS = {"order_id": EXTERNAL_ORDER}


def refusal(event: VenueEvent, kind: RequestKind, code: int, reason: RejectReason, **fields: int) -> dict[str, int]:
    return report(event, answers_request=kind, venue_code=code, reason=reason, **fields)


REPLACING = {"order_id": REPLACEMENT, "replacement_order_id": REPLACEMENT}
REPLACED = known(
    VenueEvent.REPLACED,
    venue_order_id=VENUE_ORDER,
    cumulative_lots=1,
    order_lots=847,
    venue_utc_ns=CANCELED_MS * MS,
    replacement_order_id=REPLACEMENT,
    answers_request=RequestKind.CANCEL_REPLACE,
    side=Side.SELL,
)

EXPECTED: dict[str, list[dict[str, int]]] = {
    "order.place.ack": [ACCEPTED, *PLACED],
    "order.place.full": [ACCEPTED, *PLACED],
    "order.place.insufficient_balance": [
        refusal(VenueEvent.REJECTED, RequestKind.NEW, -2010, RejectReason.INSUFFICIENT_BALANCE),
        *PLACED,
    ],
    "order.place.filter_failure": [
        refusal(VenueEvent.REJECTED, RequestKind.NEW, -1013, RejectReason.LOT_SIZE),
        *PLACED,
    ],
    "order.place.timeout": [
        refusal(VenueEvent.OUTCOME_UNKNOWN, RequestKind.NEW, -1007, RejectReason.OTHER),
        weight(1),
    ],
    "order.place.banned": [
        refusal(VenueEvent.REJECTED, RequestKind.NEW, -1003, RejectReason.BANNED),
        weight(2411, until_ms=1_659_146_400_000),
    ],
    "order.place.too_many_orders": [
        refusal(VenueEvent.REJECTED, RequestKind.NEW, -1015, RejectReason.RATE_LIMIT),
        *orders(50, 50, until_ms=1_659_142_910_000),
        weight(1),
    ],
    "order.cancel": [CANCELED, weight(1)],
    "order.cancel.unknown_order": [
        refusal(VenueEvent.CANCEL_REJECTED, RequestKind.CANCEL, -2011, RejectReason.UNKNOWN_ORDER),
        weight(1),
    ],
    "order.amend.keepPriority": [
        known(
            VenueEvent.REPLACED,
            venue_order_id=12,
            cumulative_lots=0,
            order_lots=500_000,
            price_ticks=500,
            venue_utc_ns=1_741_923_284_382 * MS,
            answers_request=RequestKind.AMEND,
            side=Side.BUY,
        ),
        weight(1),
    ],
    "order.amend.no_change": [
        refusal(VenueEvent.REPLACE_REJECTED, RequestKind.AMEND, -2038, RejectReason.NO_CHANGE),
        weight(1),
    ],
    "order.cancelReplace": [REPLACED, *PLACED],
    "order.cancelReplace.cancel_failed": [
        refusal(
            VenueEvent.REPLACE_REJECTED,
            RequestKind.CANCEL_REPLACE,
            -2011,
            RejectReason.UNKNOWN_ORDER,
            **REPLACING,
        ),
        *PLACED,
    ],
    "order.cancelReplace.new_failed": [
        REPLACED | {"event": VenueEvent.CANCELED, "venue_order_id": 125_690_984_230},
        refusal(
            VenueEvent.REJECTED,
            RequestKind.CANCEL_REPLACE,
            -2010,
            RejectReason.WOULD_TAKE_LIQUIDITY,
            **REPLACING,
        ),
        *PLACED,
    ],
    "order.cancelReplace.too_many_orders": [
        refusal(VenueEvent.REPLACE_REJECTED, RequestKind.CANCEL_REPLACE, -1015, RejectReason.RATE_LIMIT, **REPLACING),
        *orders(50, 50),
        weight(1),
    ],
    "order.status": [STATUS, weight(4)],
    "order.status.expired_in_match": [
        STATUS
        | {"event": VenueEvent.EXPIRED, "cumulative_lots": 0, "order_lots": 0}
        | {"reason": RejectReason.SELF_TRADE},
        weight(4),
    ],
    "order.status.not_found": [
        refusal(VenueEvent.NOT_FOUND, RequestKind.STATUS, -2013, RejectReason.UNKNOWN_ORDER),
        weight(1),
    ],
    "order.status.triggered": [
        STATUS | {"cumulative_lots": 0},
        STATUS | {"event": VenueEvent.TRIGGERED} | dict.fromkeys(("cumulative_lots", "order_lots", "price_ticks"), -1),
        weight(4),
    ],
    "order.status.identity": [STATUS, weight(4)],
    "order.status.external": [STATUS | OTHERS, weight(4)],
    "openOrders.status": [
        STATUS | {"cumulative_lots": 720},
        STATUS | OTHERS | {"venue_order_id": 1},
        weight(6),
    ],
    "openOrders.cancelAll": [CANCELED, CANCELED | OTHERS | {"venue_order_id": 7}, weight(1)],
    "myTrades": [*TRADES, weight(5)],
    "myTrades.symbol": [*(trade | OTHERS for trade in TRADES), weight(5)],
    "account.status": [
        balance(0, 134_471_120, 8_600_000, 1_660_801_833_000),
        balance(1, 102_121_000_000, 0, 1_660_801_833_000),
        balance(2, 0, 0, 1_660_801_833_000),
        weight(20),
    ],
    "account.rateLimits.orders": [*orders(0, 0), weight(40)],
    "session.logon": [],
    "session.revoked": [report(VenueEvent.OUTCOME_UNKNOWN, order_id=0)],
    "error.uncorrelated": [report(VenueEvent.OUTCOME_UNKNOWN, order_id=0)],
    "time": [weight(70)],
    "userDataStream.subscribe": [],
    "exchangeInfo": [weight(20)],
    "executionReport.NEW": [streamed(VenueEvent.ACCEPTED)],
    "executionReport.TRADE": [
        streamed(
            VenueEvent.FILL,
            trade_id=1_650_422_481,
            last_lots=25_000,
            last_price_ticks=2_341_610,
            cumulative_lots=25_000,
            liquidity=Liquidity.ADDED,
            fee_units=10_000,
            fee_asset_id=2,
        )
    ],
    "executionReport.CANCELED": [streamed(VenueEvent.CANCELED, cumulative_lots=25_000)],
    "executionReport.REPLACED": [streamed(VenueEvent.REPLACED, order_lots=75_000)],
    "executionReport.EXPIRED": [streamed(VenueEvent.EXPIRED)],
    "executionReport.TRADE_PREVENTION": [streamed(VenueEvent.EXPIRED, order_lots=0, reason=RejectReason.SELF_TRADE)],
    "executionReport.REJECTED": [streamed(VenueEvent.REJECTED, reason=RejectReason.INSUFFICIENT_BALANCE)],
    "executionReport.waiting": [streamed(VenueEvent.ACCEPTED)],
    "executionReport.TRIGGERED": [streamed(VenueEvent.TRIGGERED)],
    "executionReport.external": [streamed(VenueEvent.ACCEPTED, order_id=EXTERNAL_ORDER)],
    "outboundAccountPosition": [balance(0, 1_000_000_000_000, 0, 1_564_034_571_073)],
    "balanceUpdate": [
        {
            "kind": RecordKind.BALANCE_CHANGE,
            "asset_id": 0,
            "delta_units": 10_000_000_000,
            "venue_utc_ns": 1_573_200_697_068 * MS,
        }
    ],
    "externalLockUpdate": [],
    "eventStreamTerminated": [],
    "listStatus": [],
    "serverShutdown": [],
}
NOTICES = {
    "session.revoked": NoticeKind.SESSION_REVOKED,
    "error.uncorrelated": NoticeKind.UNCORRELATED_ERROR,
    "serverShutdown": NoticeKind.SHUTDOWN,
    "eventStreamTerminated": NoticeKind.STREAM_ENDED,
    "order.status": NoticeKind.STATUS_ANSWER,
    "order.status.expired_in_match": NoticeKind.STATUS_ANSWER,
    "order.status.not_found": NoticeKind.STATUS_ANSWER,
    "order.status.triggered": NoticeKind.STATUS_ANSWER,
    "order.status.identity": NoticeKind.IDENTITY_ANSWER,
    "order.status.external": NoticeKind.IDENTITY_ANSWER,
    "myTrades.symbol": NoticeKind.ACCOUNT_TRADES_ANSWER,
    "myTrades": NoticeKind.TRADES_ANSWER,
    "openOrders.status": NoticeKind.OPEN_ORDERS_ANSWER,
} | dict.fromkeys(
    (
        "account.status",
        "account.rateLimits.orders",
        "openOrders.cancelAll",
        "session.logon",
        "time",
        "userDataStream.subscribe",
        "exchangeInfo",
    ),
    NoticeKind.ANSWER,
)


def complete(expected: dict[str, int]) -> dict[str, Any]:
    """The header and account that every record carries."""
    header = {"commit": 0, "sequence": 0, "published_ns": RECEIVED_NS, "account_id": ACCOUNT_ID}
    return header | expected


def test_every_payload_has_a_file_an_index_entry_and_an_expectation() -> None:
    market = {name for name in NAMES if name.startswith("market.")}
    assert {path.stem for path in FOLDER.glob("*.json")} - {"INDEX"} == set(NAMES)
    assert set(EXPECTED) | market == set(NAMES)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_documented_payload_becomes_these_records(name: str) -> None:
    assert decode(payload(name)) == [complete(each) for each in EXPECTED[name]]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_documented_payload_tells_the_session_this(name: str) -> None:
    codec = new_codec()
    decode(payload(name), codec)
    assert (codec.notice.kind if codec.notice else None) == NOTICES.get(name)


def test_the_best_prices_become_a_book_top() -> None:
    codec = MarketDataCodec(INSTRUMENTS)
    rows = new_rows(1)
    assert codec.decode(payload("market.bookTicker"), RECEIVED_NS, rows) == 1
    assert as_dict(rows[0]) == {
        "commit": 0,
        "kind": RecordKind.BOOK_TOP,
        "sequence": 0,
        "published_ns": RECEIVED_NS,
        "instrument_id": 7,
        "bid_ticks": 2_341_610,
        "bid_lots": 3_121_000,
        "ask_ticks": 2_341_620,
        "ask_lots": 4_066_000,
        "venue_sequence": 400_900_217,
    }


def test_partial_depth_becomes_a_record_for_each_side() -> None:
    codec = MarketDataCodec(INSTRUMENTS)
    rows = new_rows(2)
    assert codec.decode(payload("market.depth"), RECEIVED_NS, rows) == 2
    for row, side, level in zip(
        rows, (Side.BUY, Side.SELL), ((2_341_610, 1_000_000), (2_341_620, 10_000_000)), strict=True
    ):
        record = as_dict(row)
        assert (record["kind"], record["published_ns"], record["instrument_id"]) == (76, RECEIVED_NS, 7)
        assert (record["side"], record["venue_sequence"]) == (side, 160)
        assert [(record[f"price_ticks_{place}"], record[f"lots_{place}"]) for place in range(10)] == [
            level, *[(0, 0)] * 9
        ]  # fmt: skip


def test_a_trade_is_told_beside_the_records() -> None:
    codec = MarketDataCodec(INSTRUMENTS)
    assert codec.decode(payload("market.trade"), RECEIVED_NS, new_rows(1)) == 0
    (trade,) = codec.trades
    assert trade == MarketTrade(
        instrument_id=7, trade_id=12_345, price_ticks=2_341_610, lots=10_000_000, is_bought=False
    )
    codec.decode(payload("market.bookTicker"), RECEIVED_NS, new_rows(1))
    assert codec.trades == (), "the trades are those of the last frame"


@pytest.mark.parametrize(
    ("name", "kind"), [("market.serverShutdown", NoticeKind.SHUTDOWN), ("market.subscribe", NoticeKind.ANSWER)]
)
def test_other_market_frames_tell_the_session(name: str, kind: NoticeKind) -> None:
    codec = MarketDataCodec(INSTRUMENTS)
    assert codec.decode(payload(name), RECEIVED_NS, new_rows(1)) == 0
    assert codec.notice is not None
    assert codec.notice.kind is kind
