"""Owns filling a template by hand, as slowly and plainly as possible."""

import hashlib
from itertools import cycle

from gateways.credentials import Credentials
from gateways.decimal_text import to_text
from gateways.instrument import InstrumentRules
from gateways.template import REQUEST_LETTERS, Option, Piece, Template, TemplateKey, TemplateSlot
from ipc import order_id as order_ids

HEADER_ROOM = 14


def fill(
    template: Template,
    key: TemplateKey,
    *,
    rules: InstrumentRules,
    order_id: int,
    original_order_id: int = 0,
    price_ticks: int = 0,
    order_lots: int = 0,
    stop_price_ticks: int = 0,
    display_lots: int = 0,
    self_trade_prevention: int = 0,
    utc_ms: int,
    credentials: Credentials,
) -> bytes:
    """The text of one request."""
    texts = {
        TemplateSlot.REQUEST_ID: REQUEST_LETTERS[key.request_kind] + order_ids.to_text(order_id).encode(),
        TemplateSlot.CLIENT_ORDER_ID: order_ids.to_text(order_id).encode(),
        TemplateSlot.ORIGINAL_CLIENT_ORDER_ID: order_ids.to_text(original_order_id).encode(),
        TemplateSlot.SYMBOL: rules.symbol.encode(),
        TemplateSlot.PRICE: to_text(price_ticks * rules.tick_units, rules.price_decimals).encode(),
        TemplateSlot.QUANTITY: to_text(order_lots * rules.lot_units, rules.lot_decimals).encode(),
        TemplateSlot.STOP_PRICE: to_text(stop_price_ticks * rules.tick_units, rules.price_decimals).encode(),
        TemplateSlot.DISPLAY_QUANTITY: to_text(display_lots * rules.lot_units, rules.lot_decimals).encode(),
        TemplateSlot.SELF_TRADE_PREVENTION: b"",
        TemplateSlot.TIMESTAMP_MS: str(utc_ms).encode(),
    }
    asked = {
        TemplateSlot.DISPLAY_QUANTITY: 0 if display_lots else -1,
        TemplateSlot.SELF_TRADE_PREVENTION: self_trade_prevention,
    }

    def text_of(piece: Piece) -> bytes:
        if isinstance(piece, bytes):
            return piece
        if isinstance(piece, TemplateSlot):
            return texts[piece]
        if not isinstance(piece, Option) or asked[piece.slot] != piece.value:
            return b""
        return piece.before + texts[piece.slot] + piece.after

    def join(pieces: tuple[Piece, ...]) -> bytes:
        return b"".join(map(text_of, pieces))

    if template.signed_text:
        texts[TemplateSlot.SIGNATURE] = credentials.signer.sign(join(template.signed_text))
    return join(template.frame)


def in_buffer(frame: bytes) -> bytearray:
    """The frame behind the room that the WebSocket header takes."""
    return bytearray(HEADER_ROOM) + frame


def as_frames(texts: list[bytes]) -> bytes:
    """The texts as a client's WebSocket frames, one behind the other, each under a mask of its own."""
    frames = bytearray()
    for number, text in enumerate(texts):
        mask = hashlib.sha256(bytes([number])).digest()[:4]
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        frames += b"\x81" + length + mask + bytes(byte ^ key for byte, key in zip(text, cycle(mask), strict=False))
    return bytes(frames)
