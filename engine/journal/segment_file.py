"""Owns the files of entries: a header, then one entry behind the other, room for all of them from the start.

A file is filled with zeros and synced before it has its name, so writing an entry changes no size and needs no
room. An entry beyond the first sequence of the next file does not count: the disk failed there, and the next file
holds what was written instead.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import zstandard
from numpy.typing import NDArray

from engine.failpoint import reached
from engine.journal.block import BLOCK_BYTES, decode_block, encode_block
from engine.journal.disk import Disk, DiskFile, opened
from engine.journal.entry import as_entries
from engine.journal.errors import RESTORE, JournalDamagedError
from ipc.records import SLOT_BYTES
from ipc.tables import word_row

MAGIC = 0x314E_524A_5F53_4D4F  # "OMS_JRN1"
PLAIN, COMPRESSED = ".oms", ".oms.zst"
SLICE_BYTES = 1 << 20
_SPARE = "spare.new"
# A block of zstd has at most 128 KiB and comes out whole.
_HEADER_PACKED_MAX = 256 << 10
_NAME = re.compile(r"journal-([0-9a-f]{16})(\.oms|\.oms\.zst)")
_HEADER = word_row(
    "magic", "version", "schema_digest", "segment_number", "first_sequence", "epoch", "instance", "capacity"
)


@dataclass(frozen=True)
class SegmentHeader:
    """What the first block of a file of entries says."""

    number: int
    first_sequence: int
    epoch: int
    instance: int
    capacity: int

    def encode(self) -> bytes:
        """The block."""
        return encode_block(
            MAGIC,
            _HEADER,
            segment_number=self.number,
            first_sequence=self.first_sequence,
            epoch=self.epoch,
            instance=self.instance,
            capacity=self.capacity,
        )


@dataclass(frozen=True)
class SegmentName:
    """A file of entries by its name alone."""

    first_sequence: int
    is_compressed: bool

    def __str__(self) -> str:
        return f"journal-{self.first_sequence:016x}{COMPRESSED if self.is_compressed else PLAIN}"


def segment_names(disk: Disk) -> list[SegmentName]:
    """The files of entries, oldest first; of one that is there twice, the one that was written first."""
    found: dict[int, SegmentName] = {}
    for name in disk.names():
        match = _NAME.fullmatch(name)
        if match:
            segment = SegmentName(int(match[1], 16), match[2] == COMPRESSED)
            if segment.first_sequence not in found or not segment.is_compressed:
                found[segment.first_sequence] = segment
    return [found[first] for first in sorted(found)]


def read_header(disk: Disk, name: SegmentName) -> SegmentHeader:
    """What a file says of itself; JournalDamagedError when that is not what its name says."""
    path = disk.folder / str(name)
    if name.is_compressed:
        data: bytes | bytearray = _start_of(disk, name)
    else:
        with opened(disk.open(str(name))) as file:
            data = file.read(0, BLOCK_BYTES)
    row = decode_block(path, data, MAGIC, _HEADER)
    header = SegmentHeader(
        int(row["segment_number"]),
        int(row["first_sequence"]),
        int(row["epoch"]),
        int(row["instance"]),
        int(row["capacity"]),
    )
    if header.first_sequence != name.first_sequence:
        what = f"the header says that the file starts with sequence {header.first_sequence}: it has another's name"
        raise JournalDamagedError(path, 0, name.first_sequence, what, RESTORE)
    return header


def read_slots(disk: Disk, name: SegmentName, *, start: int, most: int) -> Iterator[NDArray[np.int64]]:
    """The slots of a file from one place on, as they are, in rows of no more than `most` together."""
    if name.is_compressed:
        place = 0
        for data in _decompressed(disk, name, most * SLOT_BYTES, skip=BLOCK_BYTES):
            rows = _whole_rows(disk, name, data, place)
            if place + len(rows) > start:
                yield rows[max(start - place, 0) :]
            place += len(rows)
        return
    with opened(disk.open(str(name))) as file:
        place = start
        while True:
            block = file.read(BLOCK_BYTES + place * SLOT_BYTES, most * SLOT_BYTES)
            rows = as_entries(memoryview(block)[: len(block) // SLOT_BYTES * SLOT_BYTES])
            if len(rows) == 0:
                return
            yield rows
            place += len(rows)


def _whole_rows(disk: Disk, name: SegmentName, data: bytes, place: int) -> NDArray[np.int64]:
    if len(data) % SLOT_BYTES:
        sequence = name.first_sequence + place + len(data) // SLOT_BYTES
        raise JournalDamagedError(disk.folder / str(name), 0, sequence, "ends within an entry", RESTORE)
    return as_entries(bytearray(data))


def _start_of(disk: Disk, name: SegmentName) -> bytes:
    """What a compressed file starts with, its header at least; less when it is damaged there."""
    with opened(disk.open(str(name))) as file:
        packed = bytes(file.read(0, _HEADER_PACKED_MAX))
    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    except zstandard.ZstdError:
        return b""


def _decompressed(disk: Disk, name: SegmentName, most: int, *, skip: int = 0) -> Iterator[bytes]:
    """The content in pieces; the last one comes only when the file has proved to be whole."""
    path = disk.folder / str(name)
    with opened(disk.open(str(name))) as file:
        packed = bytes(file.read(0, file.size()))
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    held = b""
    try:
        for start in range(0, len(packed), SLICE_BYTES):
            held += unpacker.decompress(packed[start : start + SLICE_BYTES])
            if skip and len(held) > skip:
                held, skip = held[skip:], 0
            while len(held) > most and not skip:
                yield held[:most]
                held = held[most:]
    except zstandard.ZstdError as error:
        raise JournalDamagedError(path, 0, name.first_sequence, f"does not decompress: {error}", RESTORE) from None
    if not unpacker.eof or unpacker.unused_data:
        raise JournalDamagedError(path, len(packed), name.first_sequence, "is not one whole compressed file", RESTORE)
    if not skip and held:
        yield held


class OpenSegment:
    """The file that is written now; `used` slots of it count."""

    def __init__(self, file: DiskFile, header: SegmentHeader, used: int) -> None:
        self._file = file
        self.header = header
        self.used = used

    @property
    def room(self) -> int:
        """How many entries still fit."""
        return self.header.capacity - self.used

    def write(self, entries: NDArray[np.int64]) -> None:
        """Writes sealed entries behind the others; they count when they are durable."""
        self._file.write(BLOCK_BYTES + self.used * SLOT_BYTES, entries.data.cast("B"))
        reached("journal-entries-written")
        self._file.sync()
        reached("journal-entries-synced")
        self.used += len(entries)

    def wipe(self, first: int, count: int) -> None:
        """Makes slots empty, the last ones first: what is left of them after a crash still lies behind a gap."""
        step = SLICE_BYTES // SLOT_BYTES
        for start in reversed(range(first, first + count, step)):
            slots = min(step, first + count - start)
            self._file.write(BLOCK_BYTES + start * SLOT_BYTES, bytes(slots * SLOT_BYTES))
            self._file.sync()

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


class Spare:
    """The file that comes next, made ready a slice at a time so that nothing waits for it."""

    def __init__(self, disk: Disk, capacity: int) -> None:
        self._disk = disk
        self._capacity = capacity
        self._bytes = BLOCK_BYTES + capacity * SLOT_BYTES
        self._file: DiskFile | None = None
        self._written = 0

    def advance(self) -> bool:
        """Fills one slice; False when the file was ready already."""
        if self._file is None:
            self._file, self._written = self._disk.create(_SPARE), 0
        if self._written == self._bytes:
            return False
        count = min(SLICE_BYTES, self._bytes - self._written)
        self._file.write(self._written, bytes(count))
        self._file.sync()
        self._written += count
        return True

    def take(self, *, number: int, first_sequence: int, epoch: int, instance: int) -> OpenSegment:
        """The file under its name, with its header, safely on the disk."""
        while self.advance():
            pass
        assert self._file is not None, "advance made it"
        header = SegmentHeader(number, first_sequence, epoch, instance, self._capacity)
        self._file.write(0, header.encode())
        self._file.sync()
        name = str(SegmentName(first_sequence, is_compressed=False))
        self._disk.rename(_SPARE, name)
        reached("journal-segment-renamed")
        self._disk.sync_folder()
        file, self._file = self._file, None
        file.path = self._disk.folder / name
        return OpenSegment(file, header, 0)

    def discard(self) -> None:
        """Gives up what was made so far and the room that it took; the next one starts from nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None
            with suppress(OSError):
                self._disk.unlink(_SPARE)


def open_segment(disk: Disk, header: SegmentHeader, used: int) -> OpenSegment:
    """An existing file to go on with behind its first `used` entries."""
    name = SegmentName(header.first_sequence, is_compressed=False)
    return OpenSegment(disk.open(str(name), writable=True), header, used)


def offset_of(place: int) -> int:
    """At which byte of a plain file an entry starts."""
    return BLOCK_BYTES + place * SLOT_BYTES
