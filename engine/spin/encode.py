"""Owns encoding: a venue request and its template become the bytes of one frame."""

import numpy as np
from numpy.typing import NDArray

from engine.core.order_table import find_order
from engine.core.state import accounts_of, instruments_of
from engine.spin.ports import FRAME, PIECE, TEMPLATE, frame_of
from engine.spin.wire_text import put_decimal, put_integer, put_order_id, put_text
from gateways.template import REQUEST_LETTERS, TemplateSlot
from ipc.compiler import kernel
from ipc.enums import OrderFlag, OrderType, RequestKind, TimeInForce
from ipc.memory import view
from ipc.tables import INSTRUMENT

SHAPES = 5
VARIANTS = 4 * SHAPES + 2
_CANCEL_VARIANT = 4 * SHAPES
_AMEND_VARIANT = _CANCEL_VARIANT + 1
_SIGNATURE_BYTES = 64
_SYMBOL_OFFSET = INSTRUMENT.fields["symbol_0"][1] if INSTRUMENT.fields else 0
_SYMBOL_BYTES_MAX = 32
_PLACEHOLDER = ord("0")
_POST_ONLY = int(OrderFlag.POST_ONLY)
_LETTERS = np.zeros(max(REQUEST_LETTERS) + 1, np.uint8)
for _kind, _letter in REQUEST_LETTERS.items():
    _LETTERS[_kind] = _letter[0]
_NS_PER_MS = 1_000_000


@kernel
def shape_of(order_type: int, time_in_force: int, order_flags: int) -> int:
    """Which of the SHAPES of order messages fits."""
    if order_type == OrderType.MARKET:
        return 0
    if order_flags & _POST_ONLY != 0:
        return 4
    if time_in_force == TimeInForce.IOC:
        return 2
    if time_in_force == TimeInForce.FOK:
        return 3
    return 1


@kernel
def variant_of(request_kind: int, side: int, order_type: int, time_in_force: int, order_flags: int) -> int:
    """Which template of an account a request takes."""
    if request_kind == RequestKind.CANCEL:
        return _CANCEL_VARIANT
    if request_kind == RequestKind.AMEND:
        return _AMEND_VARIANT
    first = 2 * SHAPES if request_kind == RequestKind.CANCEL_REPLACE else 0
    return first + (side - 1) * SHAPES + shape_of(order_type, time_in_force, order_flags)


@kernel
def _fill(
    ports: np.void,
    request: np.void,
    instrument: np.void,
    buffer: NDArray[np.uint8],
    first_piece: int,
    count: int,
    frame: np.void,
) -> int:
    """Writes the pieces from the last to the first; returns where the text starts."""
    pieces = view(ports["template_pieces"], first_piece + count, PIECE)
    end = len(buffer)
    for place in range(first_piece + count - 1, first_piece - 1, -1):
        piece = pieces[place]
        slot = piece["slot"]
        if slot == 0:
            text = view(ports["template_text"], piece["text_offset"] + piece["text_bytes"], np.uint8)
            end = put_text(buffer, end, text, piece["text_offset"], piece["text_bytes"])
        elif slot == TemplateSlot.CLIENT_ORDER_ID:
            end = put_order_id(buffer, end, request["order_id"])
        elif slot == TemplateSlot.REQUEST_ID:
            end = put_order_id(buffer, end, request["order_id"]) - 1
            buffer[end] = _LETTERS[request["request_kind"]]
        elif slot == TemplateSlot.ORIGINAL_CLIENT_ORDER_ID:
            end = put_order_id(buffer, end, request["original_order_id"])
        elif slot == TemplateSlot.PRICE:
            units = request["price_ticks"] * instrument["tick_units"]
            end = put_decimal(buffer, end, units, instrument["price_decimals"])
        elif slot == TemplateSlot.QUANTITY:
            units = request["order_lots"] * instrument["lot_units"]
            end = put_decimal(buffer, end, units, instrument["lot_decimals"])
        elif slot == TemplateSlot.TIMESTAMP_MS:
            end = put_integer(buffer, end, request["timestamp_utc_ns"] // _NS_PER_MS)
        elif slot == TemplateSlot.SYMBOL:
            end = _put_symbol(buffer, end, instrument)
        else:
            for _ in range(_SIGNATURE_BYTES):
                end -= 1
                buffer[end] = _PLACEHOLDER
            frame["signature_offset"] = end
    return end


@kernel
def _put_symbol(buffer: NDArray[np.uint8], end: int, instrument: np.void) -> int:
    count = instrument["symbol_bytes"]
    begin = end - count
    for index in range(count):
        word = instrument["symbol_0"]
        if index >= 24:
            word = instrument["symbol_3"]
        elif index >= 16:
            word = instrument["symbol_2"]
        elif index >= 8:
            word = instrument["symbol_1"]
        buffer[begin + index] = (word >> (8 * (index & 7))) & 0xFF
    return begin


@kernel
def encode_request(ports: np.void, request: np.void) -> np.void:
    """Fills the next free frame; returns it. Precondition: one is free."""
    state = ports["state"]
    place = ports["frames_used"]
    assert place < ports["frame_count"], "no wire buffer is free"
    frame = frame_of(ports, place)
    ports["frames_used"] = place + 1
    account_id = request["account_id"]
    instrument = instruments_of(state)[request["instrument_id"]]
    variant = account_id * VARIANTS + variant_of(
        request["request_kind"],
        request["side"],
        request["order_type"],
        request["time_in_force"],
        request["order_flags"],
    )
    template = view(ports["template_index"], variant + 1, TEMPLATE)[variant]
    assert template["piece_count"] > 0, "the venue has no template for this request"
    buffer = view(frame["buffer"], frame["buffer_bytes"], np.uint8)
    frame["text_offset"] = _fill(
        ports, request, instrument, buffer, template["first_piece"], template["piece_count"], frame
    )
    if template["signed_piece_count"] > 0:
        _fill_signed_text(ports, request, instrument, template, frame)
    else:
        frame["signed_text_bytes"] = 0
    frame["account_id"] = account_id
    frame["order_id"] = request["order_id"]
    frame["venue_id"] = accounts_of(state)[account_id]["venue_id"]
    frame["strategy_id"] = request["strategy_id"]
    frame["request_kind"] = request["request_kind"]
    frame["order_slot"] = find_order(state, request["order_id"])
    return frame


@kernel
def _fill_signed_text(ports: np.void, request: np.void, instrument: np.void, template: np.void, frame: np.void) -> None:
    """Writes the text to sign in front of the frame, with room for the transport's header between them."""
    room = frame["text_offset"] - SIGNED_TEXT_GAP_BYTES
    buffer = view(frame["buffer"], room, np.uint8)
    start = _fill(
        ports,
        request,
        instrument,
        buffer,
        template["first_signed_piece"],
        template["signed_piece_count"],
        frame,
    )
    frame["signed_text"] = frame["buffer"] + start
    frame["signed_text_bytes"] = room - start


# The largest WebSocket header of a client: 2 bytes, 8 of length, 4 of mask (RFC 6455, 5.2).
SIGNED_TEXT_GAP_BYTES = 14
assert FRAME.itemsize % 8 == 0
