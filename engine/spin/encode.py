"""Owns encoding: a venue request and its template become the bytes of one frame."""

import numpy as np

from engine.core.order_table import find_order
from engine.core.state import accounts_of, header_of, instruments_of
from engine.spin.ports import PIECE, TEMPLATE, frame_of
from engine.spin.wire_text import put_decimal, put_integer, put_order_id
from gateways.template import REQUEST_LETTERS, TemplateSlot
from ipc.compiler import kernel
from ipc.enums import OrderFlag, OrderType, RequestKind, TimeInForce
from ipc.memory import copy_bytes, view
from ipc.tables import INSTRUMENT

# Market; limit until cancelled, immediate or cancel, fill or kill, post-only; stop; stop limit in the same three.
SHAPES = 9
VARIANTS = 4 * SHAPES + 3
_CANCEL_VARIANT = 4 * SHAPES
_AMEND_VARIANT = _CANCEL_VARIANT + 1
_CANCEL_ALL_VARIANT = _AMEND_VARIANT + 1
_SIGNATURE_BYTES = 64
# The largest WebSocket header of a client: 2 bytes, 8 of length, 4 of mask (RFC 6455, 5.2).
SIGNED_TEXT_GAP_BYTES = 14
_SYMBOL_OFFSET = INSTRUMENT.fields["symbol_0"][1] if INSTRUMENT.fields else 0
_INSTRUMENT_BYTES = INSTRUMENT.itemsize
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
    if order_type == OrderType.STOP:
        return 5
    first = 1 if order_type == OrderType.LIMIT else 6
    if order_flags & _POST_ONLY != 0 and order_type == OrderType.LIMIT:
        return 4
    if time_in_force == TimeInForce.IOC:
        return first + 1
    if time_in_force == TimeInForce.FOK:
        return first + 2
    return first


@kernel
def variant_of(request_kind: int, side: int, order_type: int, time_in_force: int, order_flags: int) -> int:
    """Which template of an account a request takes."""
    if request_kind == RequestKind.CANCEL:
        return _CANCEL_VARIANT
    if request_kind == RequestKind.AMEND:
        return _AMEND_VARIANT
    if request_kind == RequestKind.CANCEL_ALL:
        return _CANCEL_ALL_VARIANT
    first = 2 * SHAPES if request_kind == RequestKind.CANCEL_REPLACE else 0
    return first + (side - 1) * SHAPES + shape_of(order_type, time_in_force, order_flags)


@kernel
def _fill(
    ports: np.void,
    request: np.void,
    room: int,
    first_piece: int,
    count: int,
    frame: np.void,
) -> int:
    """Writes the pieces from the last to the first into `room` bytes; returns where the text starts."""
    instrument = instruments_of(ports["state"])[request["instrument_id"]]
    start = frame["buffer"]
    buffer = view(start, room, np.uint8)
    pieces = view(ports["template_pieces"], first_piece + count, PIECE)
    end = room
    for place in range(first_piece + count - 1, first_piece - 1, -1):
        piece = pieces[place]
        slot = piece["slot"]
        if slot == 0:
            end -= piece["text_bytes"]
            copy_bytes(start + end, ports["template_text"] + piece["text_offset"], piece["text_bytes"])
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
            end -= instrument["symbol_bytes"]
            copy_bytes(
                start + end, _symbol_address(ports["state"], request["instrument_id"]), instrument["symbol_bytes"]
            )
        elif slot == TemplateSlot.STOP_PRICE:
            units = request["stop_price_ticks"] * instrument["tick_units"]
            end = put_decimal(buffer, end, units, instrument["price_decimals"])
        elif slot == TemplateSlot.DISPLAY_QUANTITY or slot == TemplateSlot.SELF_TRADE_PREVENTION:
            end = _put_option(ports, request, piece, frame, end)
        else:
            for _ in range(_SIGNATURE_BYTES):
                end -= 1
                buffer[end] = _PLACEHOLDER
            frame["signature_offset"] = end
    return end


@kernel
def _put_option(ports: np.void, request: np.void, piece: np.void, frame: np.void, end: int) -> int:
    """Writes what the request asks for, and nothing where it does not."""
    if piece["slot"] == TemplateSlot.SELF_TRADE_PREVENTION:
        if request["self_trade_prevention"] != piece["value"]:
            return end
    elif request["display_lots"] == 0:
        return end
    start, text = frame["buffer"], ports["template_text"] + piece["text_offset"]
    end -= piece["after_bytes"]
    copy_bytes(start + end, text + piece["text_bytes"], piece["after_bytes"])
    if piece["slot"] == TemplateSlot.DISPLAY_QUANTITY:
        instrument = instruments_of(ports["state"])[request["instrument_id"]]
        units = request["display_lots"] * instrument["lot_units"]
        end = put_decimal(view(start, frame["buffer_bytes"], np.uint8), end, units, instrument["lot_decimals"])
    end -= piece["text_bytes"]
    copy_bytes(start + end, text, piece["text_bytes"])
    return end


@kernel
def _symbol_address(state: int, instrument_id: int) -> int:
    return state + header_of(state)["instruments_offset"] + instrument_id * _INSTRUMENT_BYTES + _SYMBOL_OFFSET


@kernel
def encode_request(ports: np.void, request: np.void) -> np.void:
    """Fills the next free frame; returns it. Precondition: one is free."""
    state = ports["state"]
    place = ports["frames_used"]
    assert place < ports["frame_count"], "no wire buffer is free"
    frame = frame_of(ports, place)
    ports["frames_used"] = place + 1
    account_id = request["account_id"]
    variant = 2 * account_id * VARIANTS + 2 * variant_of(
        request["request_kind"],
        request["side"],
        request["order_type"],
        request["time_in_force"],
        request["order_flags"],
    )
    if request["display_lots"] | request["self_trade_prevention"] != 0:
        # Kept apart, so that the usual request does not pay for pieces that it has not got.
        variant += 1
    template = view(ports["template_index"], variant + 1, TEMPLATE)[variant]
    assert template["piece_count"] > 0, "the venue has no template for this request"
    frame["text_offset"] = _fill(
        ports, request, frame["buffer_bytes"], template["first_piece"], template["piece_count"], frame
    )
    if template["signed_piece_count"] > 0:
        _fill_signed_text(ports, request, template, frame)
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
def _fill_signed_text(ports: np.void, request: np.void, template: np.void, frame: np.void) -> None:
    """Writes the text to sign in front of the frame, with room for the transport's header between them."""
    room = frame["text_offset"] - SIGNED_TEXT_GAP_BYTES
    start = _fill(ports, request, room, template["first_signed_piece"], template["signed_piece_count"], frame)
    frame["signed_text"] = frame["buffer"] + start
    frame["signed_text_bytes"] = room - start
