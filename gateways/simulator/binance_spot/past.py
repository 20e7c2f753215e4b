"""Owns what a query still shows that is answered by a replica which lags behind the matching engine."""

from collections.abc import Iterable

import msgspec

from gateways.simulator.orders import EndReason, Fill, Order, OrderStatus


def order_as_of(order: Order, utc_ns: int) -> Order | None:
    """The order as it was at a moment, None when it was not there yet; 0 is now. Amendments are not taken back."""
    if not utc_ns or order.updated_ns <= utc_ns:
        return order
    if order.created_ns > utc_ns:
        return None
    fills = fills_as_of(order.fills, utc_ns)
    lots = sum(fill.lots for fill in fills)
    status = OrderStatus.PARTIALLY_FILLED if lots else OrderStatus.NEW
    return msgspec.structs.replace(
        order,
        status=OrderStatus.FILLED if lots == order.order_lots else status,
        is_open=lots < order.order_lots,
        end_reason=EndReason.NONE,
        cumulative_lots=lots,
        cumulative_quote_units=sum(fill.quote_units for fill in fills),
        prevented_lots=0,
        prevented_match_id=-1,
        updated_ns=fills[-1].utc_ns if fills else order.created_ns,
        working_ns=order.working_ns if order.working_ns <= utc_ns else 0,
    )


def fills_as_of(fills: Iterable[Fill], utc_ns: int) -> list[Fill]:
    """Those that had come about; 0 is now."""
    return [fill for fill in fills if not utc_ns or fill.utc_ns <= utc_ns]
