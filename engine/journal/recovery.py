"""Owns recovery: what of a journal can be trusted after whatever happened to its writer.

At or below the durable mark a bad entry means that the disk lost what it had promised: nothing may go on then. Above
it nothing was promised. After the death of the writer alone, everything that it wrote is there up to one point; behind
that point there must be nothing whole. After the death of the machine any part of what was written since the mark
may be missing, and what lies behind the first gap is given up.
"""

from dataclasses import dataclass

from engine.journal.disk import Disk
from engine.journal.durable_mark import NAME as MARK
from engine.journal.durable_mark import read_mark
from engine.journal.errors import RESTORE, JournalDamagedError
from engine.journal.reading import SegmentSpan, closed_entries, damage, find_tail, spans
from engine.journal.snapshot import Snapshot, newest_whole


@dataclass(frozen=True)
class RecoveryResult:
    """What a journal holds, and what a writer must clear away behind it."""

    next_sequence: int  # behind the last entry
    durable_sequence: int  # as the mark says
    truncated_entries: int  # slots that held something and are given up
    snapshot: Snapshot | None
    tail: SegmentSpan | None
    said: tuple[str, ...]

    @property
    def last_sequence(self) -> int:
        """Of the last entry; -1 when there is none."""
        return self.next_sequence - 1


def inspect(disk: Disk, *, instance: int | None = None, from_sequence: int | None = None) -> RecoveryResult:
    """What a journal holds; JournalDamagedError when it cannot be trusted. Nothing is written.

    Entries before `from_sequence`, the newest snapshot's if not given, are not looked at.
    """
    said: list[str] = []
    snapshot = newest_whole(disk, said.append)
    found = spans(disk)
    _check_instance(disk, instance, found, snapshot)
    if not found:
        return _empty(disk, snapshot, said)
    start = from_sequence if from_sequence is not None else snapshot.sequence if snapshot else 0
    first = found[0].header.first_sequence
    if first > start:
        what = f"the entries from {start} on are missing"
        raise JournalDamagedError(disk.folder / str(found[0].name), 0, start, what, RESTORE)
    mark = read_mark(disk)
    for span in found[:-1]:
        assert span.end is not None, "a file with a successor ends there"
        if span.end > start:
            for _ in closed_entries(disk, span, start):
                continue
    last = found[-1]
    tail = find_tail(disk, last, max(mark.sequence, snapshot.sequence if snapshot else 0))
    if tail.later_whole is not None and mark.boot == disk.boot():
        what = f"the entry is damaged, but {tail.later_whole} behind it is whole"
        raise damage(disk, last, tail.end, what)
    if tail.left_slots:
        why = "the machine went down" if mark.boot != disk.boot() else "its writer died"
        said.append(
            f"{tail.left_slots} unfinished entries from {tail.end} on were never durable and are given up: {why}"
        )
    return RecoveryResult(tail.end, mark.sequence, tail.left_slots, snapshot, last, tuple(said))


def _check_instance(disk: Disk, instance: int | None, found: list[SegmentSpan], snapshot: Snapshot | None) -> None:
    held = {str(span.name): span.header.instance for span in found[-1:]}
    if snapshot is not None:
        held[str(snapshot.name)] = snapshot.instance
    for name, theirs in held.items():
        if instance is not None and theirs != instance:
            what = f"was written by instance {theirs}, this engine is instance {instance}"
            raise JournalDamagedError(
                disk.folder / name, 0, -1, what, "give the engine its own name, or its instance back"
            )


def _empty(disk: Disk, snapshot: Snapshot | None, said: list[str]) -> RecoveryResult:
    """A journal without a file of entries is one that never had an entry."""
    promised = snapshot.sequence if snapshot else 0
    if MARK in disk.names():
        promised = max(promised, read_mark(disk).sequence)
    if promised:
        what = f"no file of entries is here, but all below {promised} were durable"
        raise JournalDamagedError(disk.folder, 0, 0, what, RESTORE)
    return RecoveryResult(0, 0, 0, snapshot, None, tuple(said))
