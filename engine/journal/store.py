"""Owns a journal's folder: entries are appended, read back, summed up in snapshots, and pruned."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.journal.disk import Disk
from engine.journal.durable_mark import DurableMark, read_mark
from engine.journal.entry import seal_entries
from engine.journal.errors import JournalBusyError, JournalError, JournalWriteError
from engine.journal.reading import closed_entries, spans, tail_entries
from engine.journal.recovery import RecoveryResult, inspect
from engine.journal.segment_file import OpenSegment, Spare, open_segment, segment_names
from engine.journal.snapshot import Snapshot, SnapshotName, SnapshotWriting, newest_whole, snapshot_names
from ipc.memory import address_of
from ipc.records import SLOT_BYTES, SLOT_WORDS

FOLDER = "journal"
SEGMENT_BYTES = 64 << 20
BUDGET_BYTES = 4096 << 20
# A file that is this full has its successor made ready.
_SPARE_FROM_SHARE = 2


class JournalStore:
    """One journal. Reading needs nothing; writing needs `open_for_append`, and one process does it at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        instance: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        budget_bytes: int = BUDGET_BYTES,
        disk: Disk | None = None,
    ) -> None:
        self.disk = disk or Disk(folder)
        self.folder = folder
        self.budget_bytes = budget_bytes
        self.next_sequence = 0
        self._instance = instance
        self._capacity = segment_bytes // SLOT_BYTES
        self._epoch = 0
        self._mark = DurableMark(self.disk)
        self._spare = Spare(self.disk, self._capacity)
        self._tail: OpenSegment | None = None
        self._last_number = 0
        self._is_spare_put_off = False
        self._is_writer = False

    # ---- writing ----
    def recover(self) -> RecoveryResult:
        """Finds out what can be trusted and clears away what was never durable, so that appending can go on.

        JournalDamagedError when entries that were durable are not there, JournalBusyError when another process writes.
        """
        if not self._take_folder():
            raise JournalBusyError(f"{self.folder} is being written by another process; end that first")
        result = inspect(self.disk, instance=self._instance)
        self._repair(result)
        self.next_sequence = result.next_sequence
        self._is_writer = True
        return result

    def _take_folder(self) -> bool:
        """Makes the folder if need be, and locks it; False when somebody else has."""
        try:
            self.disk.make_folder()
            return self.disk.try_lock()
        except OSError as error:
            raise JournalWriteError(self.folder, error) from error

    def open_for_append(self, *, epoch: int) -> RecoveryResult:
        """Recovers, and makes the next entries those of a run; returns what was found."""
        result = self.recover()
        self._epoch = epoch
        return result

    def _repair(self, result: RecoveryResult) -> None:
        """Makes what is accepted durable and what is not gone; a crash within leaves the same to be done again."""
        self._close_tail()
        try:
            if result.tail is not None:
                header = result.tail.header
                self._last_number = header.number
                unsure = max(result.durable_sequence, header.first_sequence)
                self._tail = open_segment(self.disk, header, unsure - header.first_sequence)
                # A sync that failed may have left them in memory only; what is written anew is synced anew.
                accepted = list(tail_entries(self.disk, result.tail, unsure, unsure))
                self._tail.wipe(result.next_sequence - header.first_sequence, result.truncated_entries)
                for rows in accepted:
                    self._tail.write(rows)
            self._mark.write(result.next_sequence)
        except OSError as error:
            raise JournalWriteError(self.folder, error) from error

    @property
    def durable_sequence(self) -> int:
        """All entries below it are on the disk."""
        return self.next_sequence

    def append(self, entries: NDArray[np.int64], on_durable: Callable[[int], None] | None = None) -> None:
        """Seals entries and returns when they are on the disk. Precondition: word 0 of each is its sequence + 1.

        `on_durable` hears of it a little earlier than the mark: a mark that is late costs nothing.

        JournalWriteError when the disk does not take them: `durable_sequence` then says which ones it took, and the
        rest may be appended again, to another file.
        """
        assert self._is_writer, "open_for_append comes first"
        assert entries.shape[1:] == (SLOT_WORDS,), "entries are whole slots"
        assert entries.flags.c_contiguous, "entries are written as they lie in memory"
        try:
            while len(entries):
                tail = self._open_tail()
                part, entries = entries[: tail.room], entries[tail.room :]
                seal_entries(address_of(part), self.next_sequence, len(part), tail.header.number)
                tail.write(part)
                self.next_sequence += len(part)
                if on_durable is not None:
                    on_durable(self.next_sequence)
                self._mark.write(self.next_sequence)
        except OSError as error:
            self._close_tail()
            raise JournalWriteError(self.folder, error) from error

    def _open_tail(self) -> OpenSegment:
        if self._tail is not None and self._tail.room == 0:
            self._close_tail()
        if self._tail is None:
            self._is_spare_put_off = False
            try:
                self._tail = self._spare.take(
                    number=self._last_number + 1,
                    first_sequence=self.next_sequence,
                    epoch=self._epoch,
                    instance=self._instance,
                )
            except OSError:
                self._spare.discard()
                raise
            finally:
                # A file that may be there under its number never shares it with another one.
                self._last_number += 1
        return self._tail

    def _close_tail(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def make_room(self) -> None:
        """Sees to it that the first entry has a file to go to. JournalWriteError when the disk has no room."""
        try:
            self._open_tail()
        except OSError as error:
            raise JournalWriteError(self.folder, error) from error

    def make_ready(self) -> bool:
        """Makes a slice of the next file ready when this one fills; False when there was nothing to do."""
        tail = self._tail
        if tail is None or self._is_spare_put_off or tail.used * _SPARE_FROM_SHARE < tail.header.capacity:
            return False
        try:
            return self._spare.advance()
        except OSError:
            # The next file is made when it is needed, and then its failure counts.
            self._spare.discard()
            self._is_spare_put_off = True
            return False

    def close(self) -> None:
        """Lets another process write."""
        self._close_tail()
        self._spare.discard()
        self._mark.close()
        self._is_writer = False
        self.disk.unlock()

    # ---- snapshots ----
    def start_snapshot(  # noqa: PLR0913  what it holds, and what it stands for
        self, block: bytes, sequence: int, digest: str, *, epoch: int, is_base: bool = False, is_closing: bool = False
    ) -> SnapshotWriting:
        """A snapshot to be written slice by slice; `digest` is State.digest() of the block."""
        assert self._is_writer, "open_for_append comes first"
        assert sequence <= self.durable_sequence, "a snapshot stands on entries that are durable"
        name = SnapshotName(sequence, epoch)
        return SnapshotWriting(self.disk, Snapshot(name, is_base, self._instance, digest, block, is_closing))

    def write_snapshot(self, block: bytes, sequence: int, digest: str, *, epoch: int, is_base: bool = False) -> None:
        """Writes the block as it is before the entry of a sequence, and returns when it is safely on the disk."""
        try:
            writing = self.start_snapshot(block, sequence, digest, epoch=epoch, is_base=is_base)
            try:
                while writing.advance():
                    continue
            finally:
                writing.close()
        except OSError as error:
            raise JournalWriteError(self.folder, error) from error

    def latest_snapshot(self) -> Snapshot | None:
        """The newest one that can be used, None when there is none."""
        return newest_whole(self.disk, lambda _: None)

    def snapshots(self) -> list[SnapshotName]:
        """All of them by name, oldest first."""
        return snapshot_names(self.disk)

    # ---- reading ----
    def first_sequence(self) -> int:
        """Of the oldest entry that is kept."""
        names = segment_names(self.disk)
        return names[0].first_sequence if names else 0

    def entries(self, from_sequence: int = 0) -> Iterator[NDArray[np.int64]]:
        """The entries from a sequence on, in batches; JournalDamagedError at the first that is not as written."""
        found = spans(self.disk)
        if not found:
            return
        if from_sequence < found[0].header.first_sequence:
            first = found[0].header.first_sequence
            raise JournalError(f"{self.folder}: entries are kept from {first} on, asked for was {from_sequence}")
        durable = read_mark(self.disk).sequence
        for span in found:
            if span.end is None:
                yield from tail_entries(self.disk, span, from_sequence, durable)
            elif span.end > from_sequence:
                yield from closed_entries(self.disk, span, from_sequence)
