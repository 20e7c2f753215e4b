"""Owns joining: finished cancels of one account become WebSocket frames that lie one behind the other (RFC 6455, 5.2).

 0                   1                   2                   3
+-+-----+-------+-+-------------+-------------------------------+
|1| 0   | TEXT  |1| length, or  | length from 126 bytes on,     |
| |     |       | | 126         | most significant byte first   |
+-+-----+-------+-+-------------+-------------------------------+
| mask                          | text, each byte with its byte |
|                               | of the mask                   |
+-------------------------------+-------------------------------+
"""

import numpy as np

from engine.spin.ports import frame_of, ports_at
from ipc.compiler import kernel
from ipc.enums import RequestKind
from ipc.memory import copy_bytes, view

MASK_BYTES = 4
# Of a text below 64 KiB, which a place for a frame never reaches.
HEADER_BYTES_MAX = 8

_WHOLE_TEXT = 0x81
_IS_MASKED = 0x80
_LENGTH_FOLLOWS = 126
_SHORT_BYTES_MAX = 125


@kernel
def _may_be_joined(frame: np.void, account_id: int) -> bool:
    """Whether a frame may wait for those behind it: a new order must go out at once, and so must its replacement."""
    request_kind = frame["request_kind"]
    is_cancel = request_kind == RequestKind.CANCEL or request_kind == RequestKind.CANCEL_ALL
    return is_cancel and frame["signed_text_bytes"] == 0 and frame["account_id"] == account_id


@kernel
def put_client_frame(target: int, text: int, text_bytes: int, mask: int) -> int:
    """Writes one text as a client's frame; returns how many bytes it takes.

    Precondition: the text is shorter than 64 KiB, its room HEADER_BYTES_MAX longer; the mask lies at an address.
    """
    header = view(target, HEADER_BYTES_MAX, np.uint8)
    header[0] = _WHOLE_TEXT
    length_end = 2
    if text_bytes <= _SHORT_BYTES_MAX:
        header[1] = _IS_MASKED | text_bytes
    else:
        header[1] = _IS_MASKED | _LENGTH_FOLLOWS
        header[2] = text_bytes >> 8
        header[3] = text_bytes & 0xFF
        length_end = 4
    copy_bytes(target + length_end, mask, MASK_BYTES)
    start = target + length_end + MASK_BYTES
    copy_bytes(start, text, text_bytes)
    _apply_mask(start, text_bytes, mask)
    return length_end + MASK_BYTES + text_bytes


@kernel
def _apply_mask(start: int, text_bytes: int, mask: int) -> None:
    text, key = view(start, text_bytes, np.uint8), view(mask, MASK_BYTES, np.uint8)
    first, second, third, fourth = key[0], key[1], key[2], key[3]
    whole_bytes = text_bytes & ~3
    # Four at a time, which the compiler makes vectors of.
    for place in range(0, whole_bytes, 4):
        text[place] ^= first
        text[place + 1] ^= second
        text[place + 2] ^= third
        text[place + 3] ^= fourth
    for place in range(whole_bytes, text_bytes):
        text[place] ^= key[place & 3]


@kernel
def joinable_count(ports_address: int, first: int) -> int:
    """How many finished frames from place `first` on may share one write; none where the first may not wait."""
    ports = ports_at(ports_address)
    account_id = frame_of(ports, first)["account_id"]
    place = first
    while place < ports["frames_used"] and _may_be_joined(frame_of(ports, place), account_id):
        place += 1
    return place - first


@kernel
def join_frames(ports_address: int, first: int, count: int, target: int, masks: int) -> int:
    """Writes finished texts as frames, one behind the other, to an address; returns how many bytes they take.

    Precondition: there are a mask and the room of a whole place for each.
    """
    ports = ports_at(ports_address)
    filled_bytes = 0
    for number in range(count):
        frame = frame_of(ports, first + number)
        offset = frame["text_offset"]
        assert offset >= HEADER_BYTES_MAX, "a text leaves room for its header, so a place has room for the frame"
        text_bytes = frame["buffer_bytes"] - offset
        mask = masks + number * MASK_BYTES
        filled_bytes += put_client_frame(target + filled_bytes, frame["buffer"] + offset, text_bytes, mask)
    return filled_bytes
