"""Owns reading the entries of a journal in their order, file behind file, each checked against what belongs there."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, zip_longest

import numpy as np
from numpy.typing import NDArray

from engine.journal.disk import Disk
from engine.journal.entry import check_entries, next_whole_entry
from engine.journal.errors import RESTORE, JournalDamagedError
from engine.journal.segment_file import (
    SegmentHeader,
    SegmentName,
    offset_of,
    read_header,
    read_slots,
    segment_names,
)
from ipc.memory import address_of

BATCH_ENTRIES = 1 << 14


@dataclass(frozen=True)
class SegmentSpan:
    """A file of entries and which of them count; `end` is None in the last one, which may still grow."""

    name: SegmentName
    header: SegmentHeader
    end: int | None


@dataclass(frozen=True)
class Tail:
    """How the last file ends."""

    segment: SegmentSpan
    end: int  # the sequence behind its last whole entry
    later_whole: int | None  # the first sequence behind a gap that is whole again
    left_slots: int  # how many slots behind the end hold anything


def spans(disk: Disk) -> list[SegmentSpan]:
    """The files of entries, oldest first; JournalDamagedError when they do not belong together."""
    names = segment_names(disk)
    headers = [read_header(disk, name) for name in names]
    for (_, before), (name, header) in pairwise(zip(names, headers, strict=True)):
        what = ""
        if header.number <= before.number:
            what = f"has segment number {header.number} after {before.number}"
        elif header.instance != before.instance:
            what = f"is of instance {header.instance}, the file before it of {before.instance}"
        elif header.first_sequence > before.first_sequence + before.capacity:
            what = f"starts with sequence {header.first_sequence}: a file before it is missing"
        if what:
            raise JournalDamagedError(disk.folder / str(name), 0, header.first_sequence, what, RESTORE)
    ends = [name.first_sequence for name in names[1:]]
    return [SegmentSpan(*each) for each in zip_longest(names, headers, ends)]


def closed_entries(disk: Disk, span: SegmentSpan, from_sequence: int) -> Iterator[NDArray[np.int64]]:
    """The entries of a file that has a successor; all of them must be there."""
    assert span.end is not None, "the last file has no certain end"
    sequence = max(from_sequence, span.header.first_sequence)
    slots = read_slots(disk, span.name, start=sequence - span.header.first_sequence, most=BATCH_ENTRIES)
    for rows in slots:
        part = rows[: span.end - sequence]
        whole = check_entries(address_of(part), sequence, len(part), span.header.number)
        if whole != len(part):
            raise damage(disk, span, sequence + whole, "the entry is damaged")
        if len(part):
            yield part
        sequence += len(part)
        if sequence == span.end:
            return
    if sequence < span.end:
        raise damage(disk, span, sequence, "the entry is missing")


def tail_entries(disk: Disk, span: SegmentSpan, from_sequence: int, durable: int) -> Iterator[NDArray[np.int64]]:
    """The entries of the last file up to the first slot that holds none; all durable ones must be there."""
    sequence = max(from_sequence, span.header.first_sequence)
    slots = read_slots(disk, span.name, start=sequence - span.header.first_sequence, most=BATCH_ENTRIES)
    for rows in slots:
        whole = check_entries(address_of(rows), sequence, len(rows), span.header.number)
        if whole:
            yield rows[:whole]
        sequence += whole
        if whole != len(rows):
            break
    if sequence < durable:
        raise damage(disk, span, sequence, f"the entry is damaged or missing although all below {durable} were durable")


def find_tail(disk: Disk, span: SegmentSpan, durable: int) -> Tail:
    """How the last file ends; JournalDamagedError when an entry that was durable is not whole."""
    first = span.header.first_sequence
    end = first
    for rows in tail_entries(disk, span, first, durable):
        end += len(rows)
    place, later, left = end - first, None, 0
    for rows in read_slots(disk, span.name, start=place, most=BATCH_ENTRIES):
        held = np.flatnonzero(rows.any(axis=1))
        if len(held):
            left = place + int(held[-1]) + 1 - (end - first)
        if later is None:
            whole = next_whole_entry(address_of(rows), first + place, 0, len(rows), span.header.number)
            later = first + place + whole if whole < len(rows) else None
        place += len(rows)
    return Tail(span, end, later, left)


def damage(disk: Disk, span: SegmentSpan, sequence: int, what: str) -> JournalDamagedError:
    """The error that names the place of an entry."""
    offset = offset_of(sequence - span.header.first_sequence)
    return JournalDamagedError(disk.folder / str(span.name), offset, sequence, what, RESTORE)
