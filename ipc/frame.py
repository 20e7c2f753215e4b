"""Owns the wire form: a message is one frame, a frame is records laid end to end.

    frame    zero or more records; an empty frame is a sign of life and asks for nothing
    record   the words of its layout (`oms schema`), little-endian, no padding
    word 0   0 on the wire: it is the commit word of rings
    word 1   the kind, which says the record's layout and so its length

The first record starts at byte 0, the next where the last one ends, and the last one ends with the
frame. A frame holds at most RECORDS_MAX records and FRAME_BYTES_MAX bytes. The client's socket is a
DEALER and sends one part for each message; the engine's is a ROUTER.

    client                                    engine
    HELLO                             ->
                                      <-      WELCOME, or the refusal that says why not
    commands                          ->
                                      <-      EXECUTION_REPORT, PARENT_REPORT, ROUTE_DECISION,
                                              VENUE_STATE, ALARM, LAGGED
    SNAPSHOT_REQUEST                  ->
                                      <-      rows of the kind asked for, then SNAPSHOT_END; each
                                              carries the request's sequence

A bad frame is answered by exactly one refusal, an EXECUTION_REPORT with execution_type REFUSED and a
RefusalReason, and none of its records is looked at. Each side sends an empty frame after a second in
which it had nothing else to say; a client that hears nothing for SILENCE_MAX_NS takes the engine for gone.
"""

import struct

from ipc.clock import NS_PER_S
from ipc.enums import RecordKind, RefusalReason
from ipc.records import HEADER, LAYOUTS, SLOT_BYTES

RECORDS_MAX = 64
FRAME_BYTES_MAX = RECORDS_MAX * SLOT_BYTES
LIFE_SIGN = b""
LIFE_SIGN_NS = NS_PER_S
SILENCE_MAX_NS = 5 * NS_PER_S

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
    if len(records) > RECORDS_MAX:
        raise FrameError(RefusalReason.FRAME_TOO_LARGE, limit=RECORDS_MAX, requested=len(records))
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
    """Records that lie at SLOT_BYTES each as one frame; Precondition: their commit words are 0."""
    offsets = range(0, len(slots), SLOT_BYTES)
    lengths = [RECORD_BYTES[_KIND.unpack_from(slots, offset)[0]] for offset in offsets]
    if all(length == SLOT_BYTES for length in lengths):
        return bytes(slots)
    return b"".join(slots[offset : offset + length] for offset, length in zip(offsets, lengths, strict=True))
