"""Owns the compression of files of entries that are complete, a slice at a time so that nothing waits for it."""

from collections.abc import Iterator

import zstandard

from engine.failpoint import reached
from engine.journal.disk import Disk, opened
from engine.journal.reading import SegmentSpan, closed_entries, spans
from engine.journal.segment_file import SegmentName

_BUILDING = "compressed.new"
_LEVEL = 3
_SLICE_ENTRIES = 1 << 12


def compress_next(disk: Disk) -> Iterator[None]:
    """Compresses the oldest complete file that is not compressed yet; pauses after each slice, ends when it is done."""
    for span in spans(disk):
        if span.end is not None and not span.name.is_compressed:
            yield from _compress(disk, span)
            return


def _compress(disk: Disk, span: SegmentSpan) -> Iterator[None]:
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    packed_bytes = 0
    with opened(disk.create(_BUILDING)) as file:
        data = packer.compress(span.header.encode())
        for entries in closed_entries(disk, span, span.header.first_sequence):
            for start in range(0, len(entries), _SLICE_ENTRIES):
                data += packer.compress(entries[start : start + _SLICE_ENTRIES].tobytes())
                file.write(packed_bytes, data)
                packed_bytes += len(data)
                data = b""
                yield
        file.write(packed_bytes, data + packer.flush())
        file.sync()
    name = SegmentName(span.name.first_sequence, is_compressed=True)
    disk.rename(_BUILDING, str(name))
    reached("journal-compressed-renamed")
    disk.sync_folder()
    disk.unlink(str(span.name))
