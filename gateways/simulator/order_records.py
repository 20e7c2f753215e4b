"""Owns how the matching engine's events are written into the venue's log."""

from typing import Any

from gateways.simulator.accounts import ASSET_DECIMALS, Account
from gateways.simulator.decimals import format_units
from gateways.simulator.orders import Fill, Order, Prevention
from gateways.simulator.venue_log import VenueLog


class OrderRecords:
    """Writes the events of configured accounts; `venue_log` describes the fields."""

    def __init__(self, log: VenueLog) -> None:
        self._log = log

    def accepted(self, order: Order) -> None:
        """The order is the venue's now."""
        if order.account.is_reported:
            instrument = order.instrument
            record = _state(order)
            record["order_type"] = _order_type(order)
            record["time_in_force"] = order.time_in_force
            record["price"] = instrument.price_text(order.price_ticks)
            record["stop_price"] = instrument.price_text(order.stop_ticks)
            record["quote_order_quantity"] = instrument.quote_text(order.quote_order_units)
            self._log.append("accepted", record)

    def working(self, order: Order) -> None:
        """A waiting order was triggered."""
        if order.account.is_reported:
            self._log.append("working", _state(order))

    def traded(self, fill: Fill) -> None:
        """One side of a trade."""
        order = fill.order
        if order.account.is_reported:
            instrument = order.instrument
            self._log.append(
                "traded",
                {
                    **_state(order),
                    "trade_id": fill.trade_id,
                    "last_price": instrument.price_text(fill.price_ticks),
                    "last_quantity": instrument.quantity_text(fill.lots),
                    "last_quote_quantity": instrument.quote_text(fill.quote_units),
                    "fee": instrument.asset_text(fill.fee_asset, fill.fee_units),
                    "fee_asset": fill.fee_asset,
                    "liquidity": "MAKER" if fill.is_maker else "TAKER",
                },
            )

    def canceled(self, order: Order, cancel_client_order_id: str) -> None:
        """The order ended because its owner wished so."""
        if order.account.is_reported:
            self._log.append("canceled", {**_state(order), "cancel_client_order_id": cancel_client_order_id})

    def expired(self, order: Order) -> None:
        """The venue ended the order."""
        if order.account.is_reported:
            self._log.append("expired", {**_state(order), "reason": order.end_reason.name})

    def prevented(self, order: Order, prevention: Prevention) -> None:
        """Self-trade prevention ended the order."""
        if order.account.is_reported:
            record = {
                **_state(order),
                "reason": order.end_reason.name,
                "prevented_quantity": order.instrument.quantity_text(prevention.expired_lots),
                "counterpart_venue_order_id": prevention.counterpart.order_id,
            }
            self._log.append("prevented", record)

    def amended(self, order: Order, previous_client_order_id: str) -> None:
        """The order is smaller now."""
        if order.account.is_reported:
            self._log.append("amended", {**_state(order), "previous_client_order_id": previous_client_order_id})

    def deposited(self, account: Account, asset: str, units: int) -> None:
        """A balance changed from outside."""
        quantity = format_units(units, ASSET_DECIMALS)
        self._log.append("deposited", {"account": account.name, "symbol": "", "asset": asset, "quantity": quantity})


def _state(order: Order) -> dict[str, Any]:
    instrument = order.instrument
    return {
        "account": order.account.name,
        "symbol": instrument.symbol,
        "client_order_id": order.client_order_id,
        "venue_order_id": order.order_id,
        "side": order.side,
        "order_status": order.status,
        "order_quantity": instrument.quantity_text(order.order_lots),
        "cumulative_quantity": instrument.quantity_text(order.cumulative_lots),
        "leaves_quantity": instrument.quantity_text(order.leaves_lots if order.is_open else 0),
        "cumulative_quote_quantity": instrument.quote_text(order.cumulative_quote_units),
    }


def _order_type(order: Order) -> str:
    name = "POST_ONLY" if order.post_only else order.kind.name
    return f"STOP_{name}" if order.stop_ticks else name
