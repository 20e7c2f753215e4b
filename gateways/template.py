"""Owns the shape of a wire template: literal bytes and typed slots that a compiled kernel fills."""

from dataclasses import dataclass, field
from enum import IntEnum

from ipc.enums import OrderFlag, OrderType, RequestKind, Side, TimeInForce


class TemplateSlot(IntEnum):
    """What stands in a gap of a template; the text is ASCII without quotes."""

    REQUEST_ID = 1
    """The letter of the request kind (`REQUEST_LETTERS`), then the 16 characters of `order_id`."""
    CLIENT_ORDER_ID = 2
    """The 16 characters of `order_id`."""
    ORIGINAL_CLIENT_ORDER_ID = 3
    """The 16 characters of `original_order_id`."""
    SYMBOL = 4
    """The venue's own name of the instrument."""
    PRICE = 5
    """The limit price, exact, with the instrument's number of decimals."""
    QUANTITY = 6
    """The order quantity, exact, with the instrument's number of decimals."""
    TIMESTAMP_MS = 7
    """Milliseconds since the Unix epoch by the venue's clock."""
    SIGNATURE = 8
    """64 hexadecimal digits, written after the template's `signed_text` was filled and signed."""


REQUEST_LETTERS: dict[RequestKind, bytes] = {
    RequestKind.NEW: b"n",
    RequestKind.CANCEL: b"c",
    RequestKind.AMEND: b"a",
    RequestKind.CANCEL_REPLACE: b"r",
    RequestKind.STATUS: b"s",
}


@dataclass(frozen=True)
class TemplateKey:
    """What a template is for; a cancel or an amendment is the same for all values that it does not carry."""

    request_kind: RequestKind
    side: Side = Side.BUY
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    order_flags: OrderFlag = OrderFlag.NONE


@dataclass(frozen=True)
class Template:
    """One message: what goes on the wire and, where requests are signed one by one, the text to sign.

    Both may hold an API key, so neither shows in the repr.
    """

    frame: tuple[bytes | TemplateSlot, ...] = field(repr=False)
    signed_text: tuple[bytes | TemplateSlot, ...] = field(default=(), repr=False)
