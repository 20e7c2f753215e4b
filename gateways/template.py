"""Owns the shape of a wire template: literal bytes and typed slots that a compiled kernel fills."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from ipc.enums import OrderFlag, OrderType, RequestKind, Side, TimeInForce


class TemplateSlot(IntEnum):
    """What stands in a gap of a template; the text is ASCII without quotes."""

    REQUEST_ID = 1
    """The letter of the request kind (`REQUEST_LETTERS`), then the 16 characters of `order_id`.

    In a cancel-all that is the number of its instrument."""
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
    STOP_PRICE = 9
    """The price that lets the order go to the market, written like the limit price."""
    DISPLAY_QUANTITY = 10
    """How much of the order the book shows, written like the quantity; stands only in an `Option`."""
    SELF_TRADE_PREVENTION = 11
    """Stands only in an `Option`, whose text is the venue's name of one mode."""


class Option(NamedTuple):
    """What stands in a message only where the request asks for it, with whatever separates it from what follows."""

    slot: TemplateSlot
    before: bytes
    """The text before the slot's own; all of it where `value` says when it is written."""
    after: bytes = b""
    value: int = 0
    """The request's value for which the text stands; 0 for a slot with text of its own, which any value but 0 has."""


Piece = bytes | TemplateSlot | Option


REQUEST_LETTERS: dict[RequestKind, bytes] = {
    RequestKind.NEW: b"n",
    RequestKind.CANCEL: b"c",
    RequestKind.AMEND: b"a",
    RequestKind.CANCEL_REPLACE: b"r",
    RequestKind.STATUS: b"s",
    RequestKind.CANCEL_ALL: b"x",
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

    frame: tuple[Piece, ...] = field(repr=False)
    signed_text: tuple[Piece, ...] = field(default=(), repr=False)


def joined(pieces: Iterator[Piece]) -> tuple[Piece, ...]:
    """The same pieces with neighbouring literals made one, so that a fill copies as few as possible."""
    parts: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and parts and isinstance(parts[-1], bytes):
            parts[-1] += piece
        elif piece != b"":
            parts.append(piece)
    return tuple(parts)


def without_options(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """What is left of a template for a request that asks for none of its options."""
    return joined(piece for piece in pieces if not isinstance(piece, Option))
