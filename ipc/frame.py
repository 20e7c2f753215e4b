"""Owns the wire form: a message is one frame, a frame is records laid end to end.

    frame    zero or more records; an empty frame is a sign of life and asks for nothing
    record   the words of its layout (`oms schema`), little-endian, no padding
    word 0   0 on the wire: it is the commit word of rings
    word 1   the kind, which says the record's layout and so its length

The first record starts at byte 0, the next where the last one ends, and the last one ends with the
frame. A frame holds at most FRAME_BYTES_MAX bytes.
"""

import struct

from ipc.enums import RecordKind, RefusalReason
from ipc.records import HEADER, LAYOUTS, SLOT_BYTES

FRAME_BYTES_MAX = 64 * SLOT_BYTES

RECORD_BYTES: dict[int, int] = {int(kind): layout.itemsize for kind, layout in LAYOUTS.items()}
_STRUCTS = {int(kind): struct.Struct(f"<{layout.itemsize // 8}q") for kind, layout in LAYOUTS.items()}
_KIND = struct.Struct("<8xq")


class FrameError(Exception):
    """A frame that is not whole records of known kinds: the one reason, and the numbers behind it."""

    def __init__(self, reason: RefusalReason, *, limit: int, requested: int) -> None:
        super().__init__(f"{reason.name}: {requested}, allowed is {limit}")
        self.reason = reason
        self.limit = limit
        self.requested = requested


def encode(kind: RecordKind, *words: int) -> bytes:
    """One record; `words` are those after the kind."""
    return _STRUCTS[kind].pack(0, kind, *words)


def outline(frame: bytes) -> list[tuple[int, int, int]]:
    """Kind, offset and length of each record; FrameError at the first thing that is wrong."""
    if len(frame) > FRAME_BYTES_MAX:
        raise FrameError(RefusalReason.FRAME_TOO_LARGE, limit=FRAME_BYTES_MAX, requested=len(frame))
    records = []
    offset = 0
    while offset < len(frame):
        left = len(frame) - offset
        if left < HEADER.itemsize:
            raise FrameError(RefusalReason.MALFORMED_RECORD, limit=HEADER.itemsize, requested=left)
        kind = _KIND.unpack_from(frame, offset)[0]
        length = RECORD_BYTES.get(kind)
        if length is None:
            raise FrameError(RefusalReason.UNKNOWN_RECORD_KIND, limit=0, requested=kind)
        if left < length:
            raise FrameError(RefusalReason.MALFORMED_RECORD, limit=length, requested=left)
        records.append((kind, offset, length))
        offset += length
    return records


def decode(frame: bytes) -> list[tuple[int, ...]]:
    """The words of each record; FrameError when the frame makes no sense."""
    return [_STRUCTS[kind].unpack_from(frame, offset) for kind, offset, _ in outline(frame)]


def decode_slots(slots: memoryview) -> list[tuple[int, ...]]:
    """The words of records that lie at SLOT_BYTES each."""
    records = []
    for offset in range(0, len(slots), SLOT_BYTES):
        kind = _KIND.unpack_from(slots, offset)[0]
        records.append(_STRUCTS[kind].unpack_from(slots, offset))
    return records


def encode_slots(slots: memoryview) -> bytes:
    """Records that lie at SLOT_BYTES each as one frame; their commit words are cleared."""
    parts = []
    for offset in range(0, len(slots), SLOT_BYTES):
        kind = _KIND.unpack_from(slots, offset)[0]
        parts.append(bytes(8))
        parts.append(bytes(slots[offset + 8 : offset + RECORD_BYTES[kind]]))
    return b"".join(parts)
