"""Owns the journal process's end of the journal's ring."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.journal.errors import JournalError
from ipc.enums import JournalState
from ipc.records import SLOT_WORDS
from ipc.ring import is_retired, ready_count, release_many
from ipc.segment import Segment, SegmentError, SegmentKind, SegmentWord, boot_id

NAME = "journal"


class JournalRing:
    """What the engine hands over; slots are given back when their entries are on the disk."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._slots = segment.content.view(np.int64).reshape(-1, SLOT_WORDS)
        self.capacity = int(segment.words[SegmentWord.CAPACITY])
        self.epoch = int(segment.words[SegmentWord.EPOCH])

    @classmethod
    def attach(cls, folder: Path) -> "JournalRing":
        """The ring of the engine in a runtime folder; SegmentError when there is none to be served."""
        return cls(Segment.attach(folder / NAME, SegmentKind.JOURNAL_RING, writable=True))

    @property
    def next_sequence(self) -> int:
        """Of the first slot that was not given back yet."""
        return int(self.segment.words[SegmentWord.RELEASED])

    @property
    def end_sequence(self) -> int:
        """Behind the last slot that is certainly handed over."""
        return int(self.segment.words[SegmentWord.NEXT])

    def is_empty(self) -> bool:
        """Whether nothing is left to be written down."""
        return ready_count(self.segment.address, 1) == 0

    def take(self, most: int) -> NDArray[np.int64]:
        """A copy of the slots that lie ready, up to `most` and to the end of the ring's memory."""
        count = ready_count(self.segment.address, most)
        first = self.next_sequence & (self.capacity - 1)
        return self._slots[first : first + count].copy()

    def waiting(self) -> NDArray[np.int64]:
        """A copy of all slots that were handed over and not given back. Precondition: the engine is gone."""
        sequences = np.arange(self.next_sequence, self.next_sequence + self.capacity)
        places = sequences & (self.capacity - 1)
        is_committed = self._slots[places, 0] == sequences + 1
        count = self.capacity if is_committed.all() else int(is_committed.argmin())
        return self._slots[places[:count]]

    def release(self, durable_sequence: int) -> None:
        """Says up to where all is on the disk, and gives back the slots below."""
        self.segment.words[SegmentWord.JOURNAL_DURABLE] = durable_sequence
        release_many(self.segment.address, durable_sequence - self.next_sequence)

    def tell(self, state: JournalState, now_ns: int) -> None:
        """Says how things are, and that somebody is here to say it."""
        self.segment.words[SegmentWord.JOURNAL_STATE] = state
        self.segment.words[SegmentWord.JOURNAL_BEAT_NS] = now_ns

    def is_retired(self) -> bool:
        """Whether the engine has left it in good order."""
        return is_retired(self.segment.address)


def keep_left(folder: Path, from_sequence: int, keep: Callable[[NDArray[np.int64]], None]) -> int | None:
    """Has `keep` write down what a dead engine handed over and nobody wrote down yet; returns how many entries.

    None when there is no ring, or one of an earlier boot, of which anything may be missing.

    The slots are given back when it has: whatever stops it, all of them are still in the ring.
    Precondition: the engine is gone and nobody serves the ring; what comes before `from_sequence` is on disk.
    """
    path = folder / NAME
    if not path.exists() or not _is_of_this_boot(path):
        return None
    try:
        segment = Segment.attach(path, SegmentKind.JOURNAL_RING, writable=True, is_retired_allowed=True)
    except SegmentError as error:
        raise JournalError(
            f"{path} may hold what an earlier run left and cannot be read ({error}); "
            "start the version that left it once more, or remove it: then only the venues know its last inputs"
        ) from None
    ring = JournalRing(segment)
    try:
        first = ring.next_sequence
        if first > from_sequence:
            raise JournalError(
                f"{path} starts with journal sequence {first}, the journal ends before {from_sequence}: "
                "what lies between is lost; restore the journal folder from a copy"
            )
        waiting = ring.waiting()
        left = waiting[from_sequence - first :]
        if len(left):
            keep(left)
        ring.release(first + len(waiting))
    finally:
        ring.segment.close()
    return len(left)


def _is_of_this_boot(path: Path) -> bool:
    """Whether the machine has stayed up since: of a ring in a folder on disk anything may be missing else."""
    words = np.fromfile(path, np.int64, SegmentWord.BOOT_ID + 1)
    return len(words) > SegmentWord.BOOT_ID and int(words[SegmentWord.BOOT_ID]) == boot_id()
