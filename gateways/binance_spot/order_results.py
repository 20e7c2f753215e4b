"""Owns the records that the results of successful requests become."""

import msgspec

from gateways.binance_spot.messages import (
    AccountResult,
    AmendResult,
    CancelReplaceResult,
    CancelResult,
    OrderStatusResult,
    PlaceResult,
    TradeRow,
)
from gateways.binance_spot.vocabulary import ORDER_STATUSES, SIDES, STOP_TYPES, end_reason
from gateways.errors import VenueProtocolError
from gateways.record_writer import RecordWriter
from gateways.scale import AssetScales, InstrumentScales, OrderIds
from ipc.clock import NS_PER_MS
from ipc.enums import Liquidity, RequestKind, Side, VenueEvent
from ipc.records import EXTERNAL_ORDER

SUCCESS = "SUCCESS"

_ACCEPTED = int(VenueEvent.ACCEPTED)
_FILL = int(VenueEvent.FILL)
_CANCELED = int(VenueEvent.CANCELED)
_REPLACED = int(VenueEvent.REPLACED)
_EXPIRED = int(VenueEvent.EXPIRED)
_TRIGGERED = int(VenueEvent.TRIGGERED)
_NEW = int(RequestKind.NEW)
_CANCEL = int(RequestKind.CANCEL)
_CANCEL_ALL = int(RequestKind.CANCEL_ALL)
_AMEND = int(RequestKind.AMEND)
_CANCEL_REPLACE = int(RequestKind.CANCEL_REPLACE)
_STATUS = int(RequestKind.STATUS)
_ADDED = int(Liquidity.ADDED)
_REMOVED = int(Liquidity.REMOVED)
_BUY = int(Side.BUY)
_SELL = int(Side.SELL)


class OrderResults:
    """Writes one result; the order id comes from the request id, and what the result names must agree with it."""

    def __init__(
        self, writer: RecordWriter, order_ids: OrderIds, instruments: InstrumentScales, assets: AssetScales
    ) -> None:
        self._writer = writer
        self._order_ids = order_ids
        self._instruments = instruments
        self._assets = assets
        self._decode_place = msgspec.json.Decoder(PlaceResult).decode
        self._decode_cancel = msgspec.json.Decoder(CancelResult).decode
        self._decode_amend = msgspec.json.Decoder(AmendResult).decode
        self._decode_cancel_replace = msgspec.json.Decoder(CancelReplaceResult).decode
        self._decode_status = msgspec.json.Decoder(OrderStatusResult).decode
        self._decode_open_orders = msgspec.json.Decoder(list[OrderStatusResult]).decode
        self._decode_canceled_orders = msgspec.json.Decoder(list[CancelResult]).decode
        self._decode_trades = msgspec.json.Decoder(list[TradeRow]).decode
        self._decode_account = msgspec.json.Decoder(AccountResult).decode

    def placed(self, order_id: int, result: msgspec.Raw) -> None:
        """The order was accepted."""
        placed = self._placement(order_id, result)
        self._writer.venue_report(
            order_id,
            _ACCEPTED,
            self._instruments[placed.symbol].instrument_id,
            placed.order_id,
            venue_utc_ns=placed.transact_time * NS_PER_MS,
            answers_request=_NEW,
        )

    def _placement(self, order_id: int, result: msgspec.Raw) -> PlaceResult:
        placed = self._decode_place(result)
        if self._order_ids[placed.client_order_id] != order_id:
            raise VenueProtocolError("a placement answers for another order")
        return placed

    def canceled(self, order_id: int, result: msgspec.Raw) -> None:
        """The order was cancelled."""
        canceled = self._decode_cancel(result)
        if self._order_ids[canceled.orig_client_order_id] != order_id:
            raise VenueProtocolError("a cancellation answers for another order")
        self._cancel(order_id, canceled, _CANCELED, venue_order_id=canceled.order_id, answers_request=_CANCEL)

    def all_canceled(self, result: msgspec.Raw) -> None:
        """Every open order of one symbol was cancelled, also those that are not ours."""
        for canceled in self._decode_canceled_orders(result):
            order_id = self._order_ids[canceled.orig_client_order_id]
            self._cancel(order_id, canceled, _CANCELED, venue_order_id=canceled.order_id, answers_request=_CANCEL)

    def all_of_instrument_canceled(self, instrument_id: int, result: msgspec.Raw) -> None:
        """The same as the answer to a request of the core, which stands behind them."""
        for canceled in self._decode_canceled_orders(result):
            order_id = self._order_ids[canceled.orig_client_order_id]
            self._cancel(order_id, canceled, _CANCELED, venue_order_id=canceled.order_id, answers_request=0)
        self._writer.venue_report(instrument_id, _CANCELED, answers_request=_CANCEL_ALL)

    def amended(self, order_id: int, result: msgspec.Raw) -> None:
        """The order has a new quantity and keeps its id, so no other leg takes over."""
        amended = self._decode_amend(result)
        order = amended.amended_order
        if self._order_ids[order.client_order_id] != order_id:
            raise VenueProtocolError("an amendment answers for another order")
        scale = self._instruments[order.symbol]
        self._writer.venue_report(
            order_id,
            _REPLACED,
            scale.instrument_id,
            order.order_id,
            cumulative_lots=scale.lots[order.executed_qty],
            order_lots=scale.lots[order.qty] - scale.lots[order.prevented_qty],
            price_ticks=scale.ticks[order.price],
            venue_utc_ns=amended.transact_time * NS_PER_MS,
            answers_request=_AMEND,
            side=SIDES.get(order.side, 0),
        )

    def replaced(self, order_id: int, result: msgspec.Raw) -> None:
        """The leg `order_id` took over: one record on the original leg, with the venue's id of the new one."""
        both = self._decode_cancel_replace(result)
        if both.cancel_result != SUCCESS or both.new_order_result != SUCCESS:
            raise VenueProtocolError("a replacement both succeeded and failed")
        placed = self._placement(order_id, both.new_order_response)
        self._original(order_id, both.cancel_response, _REPLACED, venue_order_id=placed.order_id)

    def original_canceled(self, order_id: int, response: msgspec.Raw) -> None:
        """The original is off the book but the leg `order_id` did not take over."""
        self._original(order_id, response, _CANCELED, venue_order_id=0)

    def _original(self, replacement_order_id: int, response: msgspec.Raw, event: int, *, venue_order_id: int) -> None:
        canceled = self._decode_cancel(response)
        order_id = self._order_ids[canceled.orig_client_order_id]
        if order_id == EXTERNAL_ORDER:
            raise VenueProtocolError("a replacement took over from an order that is not ours")
        self._cancel(
            order_id,
            canceled,
            event,
            venue_order_id=venue_order_id or canceled.order_id,
            answers_request=_CANCEL_REPLACE,
            replacement_order_id=replacement_order_id,
        )

    def status(self, order_id: int, result: msgspec.Raw) -> None:
        """What the venue knows of the order; the client id of a cancelled one may be the cancel request's."""
        self._status(order_id, self._decode_status(result))

    def open_orders(self, symbol: str, result: msgspec.Raw) -> None:
        """What the venue knows of the open orders of one symbol, ours and others'."""
        for order in self._decode_open_orders(result):
            if order.symbol != symbol:
                raise VenueProtocolError(f"a list of the orders of {symbol!r} holds one of {order.symbol!r}")
            self._status(self._order_ids[order.client_order_id], order)

    def identity(self, symbol: str, venue_order_id: int, result: msgspec.Raw) -> None:
        """What the venue knows of an order of which only its own number was known; whose it is tells the client id."""
        order = self._decode_status(result)
        if order.symbol != symbol or order.order_id != venue_order_id:
            raise VenueProtocolError(f"a status of {order.order_id} instead of {venue_order_id}")
        self._status(self._order_ids[order.client_order_id], order)

    def trades(self, order_id: int, venue_order_id: int, result: msgspec.Raw) -> None:
        """The fills of one order."""
        for trade in self._decode_trades(result):
            if trade.order_id != venue_order_id:
                raise VenueProtocolError(f"a list of the trades of {venue_order_id} holds one of {trade.order_id}")
            self._trade(order_id, trade)
            self._instruments[trade.symbol].see_trade(trade.id, is_buyer=trade.is_buyer)

    def account_trades(self, symbol: str, result: msgspec.Raw) -> tuple[int, int]:
        """The fills of one symbol that have not come yet, whosever order they belong to: only the venue's number of
        it is known. Returns how many the venue told of, and the last one's id."""
        trades = self._decode_trades(result)
        scale = self._instruments[symbol]
        last_trade_id = 0
        for trade in trades:
            if trade.symbol != symbol or trade.id < last_trade_id:
                raise VenueProtocolError(f"a list of the trades of {symbol!r} holds {trade.id} of {trade.symbol!r}")
            last_trade_id = trade.id
            if not scale.has_seen_trade(trade.id, is_buyer=trade.is_buyer):
                self._trade(EXTERNAL_ORDER, trade)
        if trades:
            scale.forget_trades_before(trades[0].id)
        return len(trades), last_trade_id

    def _trade(self, order_id: int, trade: TradeRow) -> None:
        scale = self._instruments[trade.symbol]
        lots, price_ticks = scale.fill(trade.qty, trade.price)
        fee_asset_id, fee_units = self._assets.fee(trade.commission_asset, trade.commission)
        self._writer.venue_report(
            order_id,
            _FILL,
            scale.instrument_id,
            trade.order_id,
            trade.id,
            lots,
            price_ticks,
            liquidity=_ADDED if trade.is_maker else _REMOVED,
            fee_units=fee_units,
            fee_asset_id=fee_asset_id,
            venue_utc_ns=trade.time * NS_PER_MS,
            answers_request=_STATUS,
            side=_BUY if trade.is_buyer else _SELL,
        )

    def balances(self, result: msgspec.Raw) -> None:
        """Every configured asset; the request leaves out what the account does not hold."""
        account = self._decode_account(result)
        held = {balance.asset: balance for balance in account.balances}
        for asset, scale in self._assets.items():
            balance = held.get(asset)
            self._writer.balance(
                asset_id=scale.asset_id,
                free_units=scale.units[balance.free] if balance else 0,
                locked_units=scale.units[balance.locked] if balance else 0,
                venue_utc_ns=account.update_time * NS_PER_MS,
            )

    def _cancel(  # noqa: PLR0913 - the arguments tell the four kinds of cancellation apart
        self,
        order_id: int,
        canceled: CancelResult,
        event: int,
        *,
        venue_order_id: int,
        answers_request: int,
        replacement_order_id: int = 0,
    ) -> None:
        scale = self._instruments[canceled.symbol]
        self._writer.venue_report(
            order_id,
            event,
            scale.instrument_id,
            venue_order_id,
            cumulative_lots=scale.lots[canceled.executed_qty],
            order_lots=scale.lots[canceled.orig_qty],
            venue_utc_ns=canceled.transact_time * NS_PER_MS,
            replacement_order_id=replacement_order_id,
            answers_request=answers_request,
            side=SIDES.get(canceled.side, 0),
        )

    def _status(self, order_id: int, order: OrderStatusResult) -> None:
        event = ORDER_STATUSES.get(order.status)
        if event is None:
            raise VenueProtocolError(f"unknown order status {order.status!r}")
        scale = self._instruments[order.symbol]
        side = SIDES.get(order.side, 0)
        cumulative_lots = scale.lots[order.executed_qty]
        order_lots = scale.lots[order.orig_qty] - scale.lots[order.prevented_quantity]
        if order.status == "FILLED" and order_lots > 0:
            # Whatever self-trade prevention took is not part of the order any more.
            order_lots = cumulative_lots
        self._writer.venue_report(
            order_id,
            event,
            scale.instrument_id,
            order.order_id,
            cumulative_lots=cumulative_lots,
            order_lots=order_lots,
            price_ticks=scale.ticks[order.price],
            reason=end_reason(order.status, order.expiry_reason) if event == _EXPIRED else 0,
            venue_utc_ns=order.update_time * NS_PER_MS,
            answers_request=_STATUS,
            side=side,
        )
        if order.is_working and order.type in STOP_TYPES:
            self._writer.venue_report(
                order_id,
                _TRIGGERED,
                scale.instrument_id,
                order.order_id,
                venue_utc_ns=order.update_time * NS_PER_MS,
                answers_request=_STATUS,
                side=side,
            )
