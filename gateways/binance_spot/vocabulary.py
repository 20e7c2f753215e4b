"""Owns what the venue's words for orders mean in ours.

https://github.com/binance/binance-spot-api-docs/blob/master/enums.md
"""

from ipc.enums import RejectReason, Side, VenueEvent

SIDES: dict[str, int] = {side.name: int(side) for side in Side}

STOP_TYPES = frozenset(("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"))
"""Orders that wait for a price before they go to the market."""

ORDER_STATUSES: dict[str, int] = {
    "NEW": int(VenueEvent.STATUS),
    "PENDING_NEW": int(VenueEvent.STATUS),
    "PARTIALLY_FILLED": int(VenueEvent.STATUS),
    "PENDING_CANCEL": int(VenueEvent.STATUS),
    "FILLED": int(VenueEvent.STATUS),
    "CANCELED": int(VenueEvent.CANCELED),
    "EXPIRED": int(VenueEvent.EXPIRED),
    "EXPIRED_IN_MATCH": int(VenueEvent.EXPIRED),
    "REJECTED": int(VenueEvent.REJECTED),
}
"""enums.md#order-status-status"""

EXECUTION_TYPES: dict[str, int] = {
    "NEW": int(VenueEvent.ACCEPTED),
    "TRADE": int(VenueEvent.FILL),
    "CANCELED": int(VenueEvent.CANCELED),
    "REPLACED": int(VenueEvent.REPLACED),
    "EXPIRED": int(VenueEvent.EXPIRED),
    "REJECTED": int(VenueEvent.REJECTED),
}
"""user-data-stream.md#order-update"""

REJECT_REASONS: dict[str, RejectReason] = {
    "NONE": RejectReason.NONE,
    "INSUFFICIENT_BALANCES": RejectReason.INSUFFICIENT_BALANCE,
    "WOULD_MATCH_IMMEDIATELY": RejectReason.WOULD_TAKE_LIQUIDITY,
}
"""user-data-stream.md#order-reject-reason; others have no name of their own here."""

EXPIRY_REASONS: dict[str, RejectReason] = {
    "": RejectReason.NONE,
    "UNFILLED_IOC_QUANTITY_EXPIRED": RejectReason.NONE,
    "UNFILLED_FOK_ORDER_EXPIRED": RejectReason.NONE,
    "INSUFFICIENT_LIQUIDITY": RejectReason.NONE,
    "EXECUTION_RULE_PRICE_RANGE_EXCEEDED": RejectReason.PRICE_OUTSIDE_VENUE_BAND,
}
"""user-data-stream.md#order-expiry-reason; the usual ends of an order need none, and others have none here."""


def end_reason(status: str, expiry_reason: str) -> RejectReason:
    """Why an order expired, as far as that is not its own kind's doing."""
    if status == "EXPIRED_IN_MATCH":
        return RejectReason.SELF_TRADE
    return EXPIRY_REASONS.get(expiry_reason, RejectReason.OTHER)
