"""Owns how much room a journal takes: what goes first when it is too much, and what never goes.

Never: the two newest snapshots, the base of the newest run, and every entry that is not before the oldest of these.
Snapshots between two that are kept for their own sake go at once. Only over budget do events and entries go, oldest
first, and with the entries the snapshots of runs that nothing can be replayed from any more.
"""

from dataclasses import dataclass

from engine.journal.disk import Disk
from engine.journal.event_file import EventName, event_names, read_header
from engine.journal.reading import SegmentSpan, spans
from engine.journal.snapshot import SnapshotName, read_snapshot_header, snapshot_names

SNAPSHOTS_KEPT = 2


@dataclass(frozen=True)
class Removal:
    """A file that can go, and why."""

    name: str
    bytes: int
    why: str


def plan_removals(disk: Disk, budget_bytes: int) -> list[Removal]:
    """What has to go to keep to the budget, in the order in which it goes."""
    names = snapshot_names(disk)
    bases = {name for name in names if read_snapshot_header(disk, name).is_base}
    kept = set(names[-SNAPSHOTS_KEPT:]) | set(sorted(bases)[-1:])
    # The base of a run whose snapshot is kept: without it a damaged snapshot could not be made again.
    kept |= {base for base in bases if any(base.epoch == name.epoch for name in kept)}
    removals = [_removal(disk, str(name), "a newer snapshot is there") for name in names if name not in kept | bases]
    size = sum(disk.size_of(name) for name in disk.names()) - sum(removal.bytes for removal in removals)
    oldest_needed = min(kept).sequence if kept else 0
    segments = [span for span in spans(disk) if span.end is not None and span.end <= oldest_needed]
    events = event_names(disk)
    while size > budget_bytes and (segments or len(events) > 1):
        part = _oldest(disk, segments, events, bases - kept)
        removals += part
        size -= sum(removal.bytes for removal in part)
    return removals


def _oldest(
    disk: Disk, segments: list[SegmentSpan], events: list[EventName], bases: set[SnapshotName]
) -> list[Removal]:
    """The oldest file of entries or of events with all that hangs on it; it leaves the lists."""
    header = read_header(disk, events[0]) if len(events) > 1 else None
    if segments and (header is None or segments[0].header.first_sequence <= header.journal_sequence):
        span = segments.pop(0)
        assert span.end is not None, "only complete files go"
        gone = [base for base in sorted(bases) if base.sequence < span.end]
        bases.difference_update(gone)
        # The bases first: one that is left without its entries would mislead whoever starts from it.
        return [
            *(_removal(disk, str(base), "the entries behind it go") for base in gone),
            _removal(disk, str(span.name), "the budget is used up"),
        ]
    name = events.pop(0)
    present = set(disk.names())
    parts = [part for part in (name.slots, name.index, name.summary) if part in present]
    return [_removal(disk, part, "the budget is used up") for part in parts]


def _removal(disk: Disk, name: str, why: str) -> Removal:
    return Removal(name, disk.size_of(name), why)


def prune(disk: Disk, budget_bytes: int) -> list[Removal]:
    """Removes what has to go; returns what went."""
    removals = plan_removals(disk, budget_bytes)
    for removal in removals:
        disk.unlink(removal.name)
    return removals
