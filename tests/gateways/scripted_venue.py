"""Owns a venue whose frames are Python values: the session is driven without a socket or a real codec.

A frame is the name under which a test put a Notice and its records; "" is nonsense.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gateways.binance_spot.limits import QUERY_WEIGHTS
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentBinding, InstrumentRules
from gateways.market_trade import MarketTrade
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import RecordWriter
from gateways.venue import OpenOrder
from ipc.enums import VenueEvent
from tests.gateways.binance_spot.documented import ACCOUNT_ID, INSTRUMENTS, RULES


class ScriptedCodec:
    """Decodes what the test scripted."""

    def __init__(self) -> None:
        self.notice: Notice | None = None
        self.trades: tuple[MarketTrade, ...] = ()
        self.request_replies = 0
        self.frames: dict[bytes, tuple[Notice | None, list[dict[str, int]]]] = {}
        self.hot_frames: set[bytes] = set()

    def script(self, frame: bytes, notice: Notice | None = None, *reports: dict[str, int], hot: bool = False) -> bytes:
        """Gives a frame its meaning."""
        self.frames[frame] = (notice, list(reports))
        if hot:
            self.hot_frames.add(frame)
        return frame

    def decode(self, frame: bytes | bytearray | memoryview, received_ns: int, out: NDArray[np.int64]) -> int:
        if not frame:
            raise VenueProtocolError("scripted nonsense")
        self.notice, reports = self.frames[bytes(frame)]
        self.request_replies += bytes(frame) in self.hot_frames
        writer = RecordWriter(ACCOUNT_ID)
        writer.start(out, received_ns)
        for report in reports:
            writer.venue_report(**report)
        return writer.count

    def counters(self) -> dict[str, int]:
        return {}


class ScriptedOpening:
    """One request, one answer."""

    def __init__(self, instruments: Mapping[str, InstrumentRules]) -> None:
        self.instruments = instruments
        self._is_answered = False

    def next_request(self, now_ns: int) -> bytes | None:
        return None if self._is_answered else b"hello"

    def take(self, answer: Notice, now_ns: int) -> None:
        if answer.request_id != "hello":
            raise VenueProtocolError("not what was asked")
        self._is_answered = True


class ScriptedDialect:
    """Requests that a test can read."""

    trades_page = 3
    query_weights = QUERY_WEIGHTS

    def __init__(self) -> None:
        self.instruments: dict[str, InstrumentRules] = {"BTCUSDT": RULES}

    def opening(self) -> ScriptedOpening:
        return ScriptedOpening(self.instruments)

    def time_query(self) -> bytes:
        return b"time"

    def server_time_ms(self, answer: Notice) -> int | None:
        return int(answer.result) if answer.request_id == "time" else None

    def status_query(self, order: OpenOrder, now_ns: int) -> bytes:
        return f"status {order.order_id}".encode()

    def open_orders_query(self, instrument_id: int, now_ns: int) -> bytes:
        return f"list {instrument_id}".encode()

    def trades_query(self, order: OpenOrder, *, venue_order_id: int, from_trade_id: int, now_ns: int) -> bytes:
        return f"trades {order.order_id} {venue_order_id} {from_trade_id}".encode()

    def identity_query(self, instrument_id: int, venue_order_id: int, now_ns: int) -> bytes:
        return f"whose {instrument_id} {venue_order_id}".encode()

    def account_trades_query(self, instrument_id: int, *, from_trade_id: int, page: int, now_ns: int) -> bytes:
        return f"all trades {instrument_id} {from_trade_id} {page}".encode()

    def balances_query(self, now_ns: int) -> bytes:
        return b"balances"

    def cancel_all(self, symbol: str, now_ns: int) -> bytes:
        return f"cancel all {symbol}".encode()


BINDINGS: dict[str, InstrumentBinding] = INSTRUMENTS
HELLO = Notice(NoticeKind.ANSWER, "hello")


def open_order(
    order_id: int,
    *,
    cumulative_lots: int = 0,
    is_unknown: bool = False,
    instrument_id: int = 7,
    waits_since_ns: int = 0,
    final_ns: int = 0,
) -> OpenOrder:
    """A leg as the core would list it."""
    return OpenOrder(
        order_id=order_id,
        venue_order_id=0,
        instrument_id=instrument_id,
        cumulative_lots=cumulative_lots,
        sent_ns=0,
        is_unknown=is_unknown,
        waits_since_ns=waits_since_ns,
        final_ns=final_ns,
    )


def status_report(
    order_id: int, *, cumulative_lots: int, event: VenueEvent = VenueEvent.STATUS, **fields: int
) -> dict[str, int]:
    """What a status query finds."""
    stated = {"order_id": order_id, "event": int(event), "venue_order_id": 900, "cumulative_lots": cumulative_lots}
    return stated | fields


def fill_report(order_id: int, *, trade_id: int, lots: int, **fields: int) -> dict[str, int]:
    """What a trades query finds."""
    return {"order_id": order_id, "event": int(VenueEvent.FILL), "trade_id": trade_id, "last_lots": lots} | fields
