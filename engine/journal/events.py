"""Owns the event stream: everything the core had to say, by strategy and by order, for whoever missed it.

A strategy numbers nothing itself: the `sequence` of its reports is the core's, grows by one with each, and goes on over
restarts. The stream can always be made again from the journal.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.journal.block import BLOCK_BYTES
from engine.journal.disk import Disk, DiskFile, opened
from engine.journal.event_file import (
    INDEX_ROW,
    PART_SLOTS,
    SEQUENCE_WORD,
    STRATEGY_WORD,
    SUMMARY_ROW,
    Batch,
    EventHeader,
    EventName,
    encode_batch,
    encode_header,
    encode_summary,
    event_names,
    read_header,
    read_slots,
    read_summary,
    summarise,
    whole_batches,
)
from ipc.records import SLOT_BYTES, SLOT_WORDS

FILE_BYTES = 64 << 20


class EventWriter:
    """Appends what entries had for effects; the stream ends behind the entry that was last given."""

    def __init__(self, disk: Disk, *, file_bytes: int = FILE_BYTES) -> None:
        self._disk = disk
        self._slots_max = file_bytes // SLOT_BYTES
        self._slots: DiskFile | None = None
        self._index: DiskFile | None = None
        self._name = EventName(0)
        self._batches = 0
        self._parts: list[NDArray[np.void]] = []
        self.journal_end = -1
        self.event_end = 0

    def resume(self, journal_sequence: int) -> None:
        """Goes on with what is whole of the stream and not beyond a journal sequence; cuts off the rest."""
        self.close()
        self.journal_end, self.event_end = -1, 0
        names = event_names(self._disk)
        gap = next((place for place in range(len(names) - 1) if not self._is_complete(*names[place : place + 2])), -1)
        while names:
            name = names.pop()
            if 0 <= gap < len(names):
                self._remove(name)
                continue
            batches = [
                batch
                for batch in whole_batches(self._disk, name, checks_slots=True)
                if batch.journal_end <= journal_sequence
            ]
            header = read_header(self._disk, name)
            if header is not None and batches:
                self._go_on(name, batches)
                return
            self._remove(name)

    def _is_complete(self, name: EventName, following: EventName) -> bool:
        """Whether a file holds everything up to the next one."""
        batches = whole_batches(self._disk, name, checks_slots=False)
        size = BLOCK_BYTES + (following.first_event - name.first_event) * SLOT_BYTES
        is_whole = bool(batches) and batches[-1].event_end == following.first_event
        return is_whole and self._disk.size_of(name.slots) >= size

    def _remove(self, name: EventName) -> None:
        present = set(self._disk.names())
        for path in (name.slots, name.index, name.summary):
            if path in present:
                self._disk.unlink(path)

    def _go_on(self, name: EventName, batches: list[Batch]) -> None:
        self._name, self._batches = name, len(batches)
        self.journal_end, self.event_end = batches[-1]
        self._slots = self._disk.open(name.slots, writable=True)
        self._index = self._disk.open(name.index, writable=True)
        self._slots.truncate(BLOCK_BYTES + (self.event_end - name.first_event) * SLOT_BYTES)
        self._index.truncate(self._batches * INDEX_ROW.itemsize)
        if name.summary in self._disk.names():
            self._disk.unlink(name.summary)
        self._parts = []
        for part in range((self.event_end - name.first_event) // PART_SLOTS):
            self._summarise(part)

    def start_at(self, journal_sequence: int, *, epoch: int) -> None:
        """Leaves out what lies between: the next events are those of the entry of that sequence."""
        self.journal_end = journal_sequence
        self._start_file(epoch)

    def append(self, events: list[NDArray[np.int64]], journal_end: int, *, epoch: int) -> None:
        """Takes what the entries up to a journal sequence had for effects."""
        slots = np.concatenate(events) if events else np.zeros((0, SLOT_WORDS), np.int64)
        used = self.event_end - self._name.first_event
        if self._slots is None or (used and used + len(slots) > self._slots_max):
            self._start_file(epoch)
            used = 0
        assert self._slots is not None, "there is a file now"
        assert self._index is not None, "there is a file now"
        if len(slots):
            self._slots.write(BLOCK_BYTES + used * SLOT_BYTES, slots.data.cast("B"))
        batch = Batch(journal_end, self.event_end + len(slots))
        self._index.write(self._batches * INDEX_ROW.itemsize, encode_batch(self._name, batch, slots))
        self._batches += 1
        self.journal_end, self.event_end = batch
        for part in range(used // PART_SLOTS, (used + len(slots)) // PART_SLOTS):
            self._summarise(part)

    def _summarise(self, part: int) -> None:
        self._parts.append(summarise(read_slots(self._disk, self._name, part * PART_SLOTS, PART_SLOTS), part))

    def _start_file(self, epoch: int) -> None:
        self._end_file()
        self._name, self._batches, self._parts = EventName(self.event_end), 0, []
        self._slots = self._disk.create(self._name.slots)
        self._index = self._disk.create(self._name.index)
        self._slots.write(0, encode_header(EventHeader(self.event_end, self.journal_end, epoch)))
        batch = Batch(self.journal_end, self.event_end)
        self._index.write(0, encode_batch(self._name, batch, np.zeros((0, SLOT_WORDS), np.int64)))
        self._batches = 1

    def _end_file(self) -> None:
        """A file that is complete has a summary of all of it."""
        if self._slots is not None and self._index is not None:
            self._slots.sync()
            self._index.sync()
            used = self.event_end - self._name.first_event
            if used % PART_SLOTS:
                self._summarise(used // PART_SLOTS)
            with opened(self._disk.create(self._name.summary)) as file:
                file.write(0, encode_summary(np.concatenate([np.zeros(0, SUMMARY_ROW), *self._parts])))
        self.close()

    def close(self) -> None:
        """Lets go of the files."""
        for file in (self._slots, self._index):
            if file is not None:
                file.close()
        self._slots = self._index = None

    def summary_of(self, name: EventName) -> NDArray[np.void] | None:
        """What is known of the complete parts of the file that is written now."""
        if self._slots is None or name != self._name or not self._parts:
            return None
        return np.concatenate(self._parts)


class EventReader:
    """Finds events in the stream; with its writer at hand it need not look into what cannot hold them."""

    def __init__(self, disk: Disk, writer: EventWriter | None = None) -> None:
        self._disk = disk
        self._writer = writer
        # By the size too: a file that was lost may have been made again.
        self._summaries: dict[tuple[EventName, int], NDArray[np.void]] = {}

    def of_strategy(self, strategy_id: int, from_sequence: int, most: int) -> NDArray[np.int64]:
        """What a strategy was told, in order, from one of its sequences on; no more than `most`."""
        found: list[NDArray[np.int64]] = []
        count = 0
        from_sequence = max(from_sequence, 1)
        for slots in self._parts(strategy_id, from_sequence):
            mask = (slots[:, STRATEGY_WORD] == strategy_id) & (slots[:, SEQUENCE_WORD] >= from_sequence)
            found.append(slots[mask][: most - count])
            count += len(found[-1])
            if count == most:
                break
        return _joined(found)

    def between(self, first_event: int, end_event: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Events by their own numbers, in batches: the number of the first, and the events."""
        names = event_names(self._disk)
        for place, name in enumerate(names):
            file_end = names[place + 1].first_event if place + 1 < len(names) else end_event
            start, end = max(first_event, name.first_event), min(end_event, file_end)
            while start < end:
                slots = read_slots(self._disk, name, start - name.first_event, min(PART_SLOTS, end - start))
                if len(slots) == 0:
                    break
                yield start, slots
                start += len(slots)

    def _parts(self, strategy_id: int, from_sequence: int) -> Iterator[NDArray[np.int64]]:
        """The parts of all files that may hold what a strategy was told from a sequence on, in order."""
        for name in event_names(self._disk):
            summary = self._summary(name)
            start = 0
            if summary is not None and len(summary):
                is_wanted = (summary["strategy_id"] == strategy_id) & (summary["last_sequence"] >= from_sequence)
                for part in np.unique(summary["part"][is_wanted]):
                    yield read_slots(self._disk, name, int(part) * PART_SLOTS, PART_SLOTS)
                start = (int(summary["part"].max()) + 1) * PART_SLOTS
            while len(slots := read_slots(self._disk, name, start, PART_SLOTS)):
                yield slots
                start += len(slots)

    def _summary(self, name: EventName) -> NDArray[np.void] | None:
        if self._writer is not None and (summary := self._writer.summary_of(name)) is not None:
            return summary
        key = name, self._disk.size_of(name.slots)
        if key not in self._summaries:
            read = read_summary(self._disk, name)
            if read is None:
                return None
            self._summaries[key] = read
        return self._summaries[key]


def _joined(found: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros((0, SLOT_WORDS), np.int64), *found])
