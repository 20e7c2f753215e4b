"""Owns the decoding of order-connection frames into records."""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateways.binance_spot.messages import (
    KNOWN_EVENTS,
    UNDECODABLE,
    AccountPosition,
    ExecutionReport,
    NamedEventFrame,
    OrderFrame,
    ServerShutdown,
    StreamTerminated,
)
from gateways.binance_spot.order_results import ORDER_STATUSES, OrderResults
from gateways.binance_spot.replies import ReplyCodec
from gateways.errors import VenueProtocolError
from gateways.instrument import AssetBinding, InstrumentBinding
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import RecordWriter
from gateways.scale import AssetScales, InstrumentScales, OrderIds
from ipc.clock import NS_PER_MS
from ipc.enums import Liquidity, RejectReason, VenueEvent

_ACCEPTED = int(VenueEvent.ACCEPTED)
_FILL = int(VenueEvent.FILL)
_CANCELED = int(VenueEvent.CANCELED)
_REPLACED = int(VenueEvent.REPLACED)
_EXPIRED = int(VenueEvent.EXPIRED)
_STATUS = int(VenueEvent.STATUS)
_ADDED = int(Liquidity.ADDED)
_REMOVED = int(Liquidity.REMOVED)

EXECUTION_TYPES: dict[str, int] = {
    "NEW": _ACCEPTED,
    "TRADE": _FILL,
    "CANCELED": _CANCELED,
    "REPLACED": _REPLACED,
    "EXPIRED": _EXPIRED,
    "REJECTED": int(VenueEvent.REJECTED),
}
"""https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md#order-update"""

REJECT_REASONS: dict[str, RejectReason] = {
    "NONE": RejectReason.NONE,
    "INSUFFICIENT_BALANCES": RejectReason.INSUFFICIENT_BALANCE,
    "WOULD_MATCH_IMMEDIATELY": RejectReason.WOULD_TAKE_LIQUIDITY,
}
"""user-data-stream.md#order-reject-reason"""


class Codec:
    """Decodes what comes over one order connection; keeps nothing between frames but memos and counters."""

    def __init__(
        self,
        *,
        account_id: int,
        instruments: Mapping[str, InstrumentBinding],
        assets: Mapping[str, AssetBinding],
    ) -> None:
        self.notice: Notice | None = None
        self.external_orders = 0
        self.unknown_events = 0
        self._writer = RecordWriter(account_id)
        self._order_ids = OrderIds()
        self._instruments = InstrumentScales(instruments)
        self._assets = AssetScales(assets)
        results = OrderResults(self._writer, self._order_ids, self._instruments, self._assets)
        self._replies = ReplyCodec(self._writer, self._order_ids, self._instruments, results)
        self._decode_frame = msgspec.json.Decoder(OrderFrame).decode
        self._decode_event_name = msgspec.json.Decoder(NamedEventFrame).decode

    @property
    def request_replies(self) -> int:
        """How many replies to hot requests were decoded so far."""
        return self._replies.request_replies

    def counters(self) -> dict[str, int]:
        """What was seen and left out."""
        return {
            "external_orders": self.external_orders,
            "unknown_events": self.unknown_events,
            "unknown_fee_assets": self._assets.unknown,
        }

    def decode(self, frame: bytes | bytearray | memoryview, received_ns: int, out: NDArray[np.int64]) -> int:
        """Fills `out` from its first row on and returns how many records the frame holds.

        `notice` is what the frame tells the session, or None. VenueProtocolError when the frame makes
        no sense; then no row counts.
        """
        self._writer.start(out, received_ns)
        self.notice = None
        try:
            message = self._decode_frame(frame)
        except UNDECODABLE as error:
            self._skip_unknown_event(frame, error)
            return 0
        event = message.event
        if event is None:
            try:
                self.notice = self._replies.write(message)
            except UNDECODABLE as error:
                raise VenueProtocolError(f"a reply makes no sense: {error}") from error
        elif type(event) is ExecutionReport:
            self._execution_report(event)
        elif type(event) is AccountPosition:
            self._account_position(event)
        elif type(event) is ServerShutdown:
            self.notice = Notice(NoticeKind.SHUTDOWN)
        elif type(event) is StreamTerminated:
            self.notice = Notice(NoticeKind.STREAM_ENDED)
        return self._writer.count

    def _skip_unknown_event(self, frame: bytes | bytearray | memoryview, error: Exception) -> None:
        """Counts an event of a kind that came after this file; anything else is an error."""
        try:
            name = self._decode_event_name(frame).event.e
        except UNDECODABLE:
            name = ""
        if not name or name in KNOWN_EVENTS:
            raise VenueProtocolError(f"a frame makes no sense: {error}") from error
        self.unknown_events += 1

    def _execution_report(self, report: ExecutionReport) -> None:
        execution_type = report.execution_type
        # In the report of a cancellation `c` names the cancel request and `C` the order.
        text = report.client_order_id
        if execution_type == "CANCELED" and report.original_client_order_id:
            text = report.original_client_order_id
        order_id = self._order_ids[text]
        if order_id is None:
            self.external_orders += 1
            return
        scale = self._instruments[report.symbol]
        # A kind of report that came after this file still states the order's status.
        event = EXECUTION_TYPES.get(execution_type) or ORDER_STATUSES.get(report.order_status)
        if event is None:
            raise VenueProtocolError(f"unknown execution {execution_type!r}, status {report.order_status!r}")
        order_lots = scale.lots[report.order_quantity]
        if report.prevented_quantity != "0":
            # Self-trade prevention took quantity away; the rest of the order may still be on the book.
            order_lots -= scale.lots[report.prevented_quantity]
            event = _REPLACED if event == _STATUS else event
        if event == _FILL:
            self._fill(report, order_id, order_lots)
            return
        reason = REJECT_REASONS.get(report.reject_reason, RejectReason.OTHER)
        if report.order_status == "EXPIRED_IN_MATCH":
            reason = RejectReason.SELF_TRADE
        self._writer.venue_report(
            order_id,
            event,
            scale.instrument_id,
            report.order_id,
            cumulative_lots=scale.lots[report.cumulative_quantity],
            order_lots=order_lots,
            price_ticks=scale.ticks[report.price],
            reason=reason,
            venue_utc_ns=report.transaction_ms * NS_PER_MS,
        )

    def _fill(self, report: ExecutionReport, order_id: int, order_lots: int) -> None:
        scale = self._instruments[report.symbol]
        lots, price_ticks = scale.fill(report.last_quantity, report.last_price)
        fee_asset_id, fee_units = self._assets.fee(report.commission_asset, report.commission)
        self._writer.venue_report(
            order_id,
            _FILL,
            scale.instrument_id,
            report.order_id,
            report.trade_id,
            lots,
            price_ticks,
            scale.lots[report.cumulative_quantity],
            order_lots,
            scale.ticks[report.price],
            _ADDED if report.is_maker else _REMOVED,
            fee_units,
            fee_asset_id,
            0,
            0,
            report.transaction_ms * NS_PER_MS,
        )

    def _account_position(self, position: AccountPosition) -> None:
        for balance in position.balances:
            scale = self._assets.get(balance.asset)
            if scale is not None:
                self._writer.balance(
                    asset_id=scale.asset_id,
                    free_units=scale.units[balance.free],
                    locked_units=scale.units[balance.locked],
                    venue_utc_ns=position.update_ms * NS_PER_MS,
                )
