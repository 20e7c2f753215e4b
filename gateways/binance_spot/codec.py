"""Owns the decoding of order-connection frames into records."""

from collections import deque
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateways.binance_spot.messages import (
    KNOWN_EVENTS,
    UNDECODABLE,
    AccountPosition,
    BalanceUpdate,
    ExecutionReport,
    NamedEventFrame,
    OrderFrame,
    ServerShutdown,
    StreamTerminated,
)
from gateways.binance_spot.order_results import OrderResults
from gateways.binance_spot.replies import ReplyCodec
from gateways.binance_spot.vocabulary import (
    EXECUTION_TYPES,
    ORDER_STATUSES,
    REJECT_REASONS,
    SIDES,
    STOP_TYPES,
    end_reason,
)
from gateways.errors import VenueProtocolError
from gateways.instrument import AssetBinding, InstrumentBinding
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import RecordWriter
from gateways.scale import AssetScales, InstrumentScales, OrderIds
from ipc.clock import NS_PER_MS
from ipc.enums import Liquidity, RejectReason, VenueEvent
from ipc.records import EXTERNAL_ORDER, NOT_STATED

_ACCEPTED = int(VenueEvent.ACCEPTED)
_FILL = int(VenueEvent.FILL)
_REPLACED = int(VenueEvent.REPLACED)
_EXPIRED = int(VenueEvent.EXPIRED)
_STATUS = int(VenueEvent.STATUS)
_TRIGGERED = int(VenueEvent.TRIGGERED)
_ADDED = int(Liquidity.ADDED)
_REMOVED = int(Liquidity.REMOVED)

BALANCE_UPDATES_KEPT = 64
"""How many changes of configured assets may lie between the words of two connections on the same deposit."""


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
        self._external_reports = 0
        self._unreadable_external_reports = 0
        self._unknown_events = 0
        self._balance_updates: deque[tuple[int, int, int]] = deque(maxlen=BALANCE_UPDATES_KEPT)
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
        """What was seen of others, and what was left out."""
        return {
            "external_reports": self._external_reports,
            "unreadable_external_reports": self._unreadable_external_reports,
            "unknown_events": self._unknown_events,
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
        elif type(event) is BalanceUpdate:
            self._balance_update(event)
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
        self._unknown_events += 1

    def _execution_report(self, report: ExecutionReport) -> None:
        order_id = self._order_id(report)
        if order_id != EXTERNAL_ORDER:
            self._order_report(report, order_id)
            return
        self._external_reports += 1
        if report.symbol not in self._instruments:
            return
        try:
            self._order_report(report, order_id)
        except VenueProtocolError:
            # Others may have ordered long ago, when a tick was smaller; that must not cost us the connection.
            self._unreadable_external_reports += 1

    def _order_id(self, report: ExecutionReport) -> int:
        """Which leg a report speaks of, EXTERNAL_ORDER for an order that is not ours."""
        original = report.original_client_order_id
        # In the report of a cancellation `c` names the cancel request and `C` the order.
        if report.execution_type == "CANCELED" and original:
            return self._order_ids[original]
        order_id = self._order_ids[report.client_order_id]
        # An amendment made by hand may have renamed our order.
        return self._order_ids[original] if order_id == EXTERNAL_ORDER and original else order_id

    def _order_report(self, report: ExecutionReport, order_id: int) -> None:
        scale = self._instruments[report.symbol]
        # A kind of report that came after this file still states the order's status.
        event = EXECUTION_TYPES.get(report.execution_type) or ORDER_STATUSES.get(report.order_status)
        if event is None:
            raise VenueProtocolError(f"unknown execution {report.execution_type!r}, status {report.order_status!r}")
        order_lots = scale.lots[report.order_quantity]
        if report.prevented_quantity != "0":
            # Self-trade prevention took quantity away; the rest of the order may still be on the book.
            order_lots -= scale.lots[report.prevented_quantity]
            event = _REPLACED if event == _STATUS else event
        elif order_lots == 0:
            # A market order for an amount of money, which only others send.
            order_lots = NOT_STATED
        if event == _FILL:
            self._fill(report, order_id, order_lots)
            return
        reason = REJECT_REASONS.get(report.reject_reason, RejectReason.OTHER)
        if event == _EXPIRED:
            reason = end_reason(report.order_status, report.expiry_reason)
        elif event == _ACCEPTED and report.is_working and report.order_type in STOP_TYPES:
            event = _TRIGGERED
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
            side=SIDES.get(report.side, 0),
        )

    def _fill(self, report: ExecutionReport, order_id: int, order_lots: int) -> None:
        scale = self._instruments[report.symbol]
        lots, price_ticks = scale.fill(report.last_quantity, report.last_price)
        fee_asset_id, fee_units = self._assets.fee(report.commission_asset, report.commission)
        scale.see_trade(report.trade_id, is_buyer=report.side == "BUY")
        cumulative_lots = scale.lots[report.cumulative_quantity]
        if report.order_status == "FILLED" and cumulative_lots < order_lots:
            # Self-trade prevention took the rest, of which no list of orders tells.
            order_lots = cumulative_lots
            self._writer.venue_report(order_id, _REPLACED, scale.instrument_id, report.order_id, order_lots=order_lots)
        self._writer.venue_report(
            order_id,
            _FILL,
            scale.instrument_id,
            report.order_id,
            report.trade_id,
            lots,
            price_ticks,
            cumulative_lots,
            order_lots,
            scale.ticks[report.price],
            _ADDED if report.is_maker else _REMOVED,
            fee_units,
            fee_asset_id,
            0,
            0,
            report.transaction_ms * NS_PER_MS,
            side=SIDES.get(report.side, 0),
        )

    def _balance_update(self, update: BalanceUpdate) -> None:
        """Each connection of a pool tells of it, and nothing but its contents says that it is the same one."""
        asset_id, delta_units = self._assets.change(update.asset, update.delta)
        seen = asset_id, delta_units, update.clear_ms
        # Of other assets any number may come at once, as of an exchange of dust, and must push out none of ours.
        if asset_id == NOT_STATED or seen in self._balance_updates:
            return
        self._balance_updates.append(seen)
        self._writer.balance_change(
            asset_id=asset_id, delta_units=delta_units, venue_utc_ns=update.clear_ms * NS_PER_MS
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
