"""Owns how the journal process begins: a replica at the journal's end, and an event stream that ends there too.

What the stream lacks is made again: from the newest snapshot before its end, run by run. A run's entries lead from its
base snapshot to the end of the run; the next run starts from a base of its own, which configuration went into.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.journal.events import EventWriter
from engine.journal.replica import Replica
from engine.journal.snapshot import Snapshot, SnapshotName, read_snapshot, read_snapshot_header
from engine.journal.store import JournalStore

Beat = Callable[[], None]


def catch_up(store: JournalStore, events: EventWriter, snapshot: Snapshot, beat: Beat) -> Replica:
    """The replica that has lived through the whole journal; `beat` is called now and then meanwhile.

    Precondition: `snapshot` is the newest one, and the store has recovered.
    """
    events.resume(store.next_sequence)
    bases = _bases(store)
    if events.journal_end < 0 or not any(name.sequence <= events.journal_end for name in store.snapshots()):
        start = bases[0] if bases else snapshot.name
        events.start_at(start.sequence, epoch=start.epoch)
    while True:
        start = max(name for name in store.snapshots() if name.sequence <= events.journal_end)
        is_last_run = start.epoch == snapshot.epoch
        replica = Replica(snapshot if start == snapshot.name else read_snapshot(store.disk, start))
        end = store.next_sequence if is_last_run else _end_of_run(bases, start, store.next_sequence)
        for entries in _until(store.entries(start.sequence), start.sequence, end):
            known = max(0, min(len(entries), events.journal_end - replica.next_sequence))
            replica.apply_only(entries[:known])
            if known < len(entries):
                told = replica.apply(entries[known:])
                events.append(told, replica.next_sequence, epoch=start.epoch)
            beat()
        if is_last_run:
            return replica


def _bases(store: JournalStore) -> list[SnapshotName]:
    return [name for name in store.snapshots() if read_snapshot_header(store.disk, name).is_base]


def _end_of_run(bases: list[SnapshotName], start: SnapshotName, last: int) -> int:
    """Where the run of a snapshot ends: there the next one has its base."""
    return min((base.sequence for base in bases if base.epoch > start.epoch), default=last)


def _until(batches: Iterator[NDArray[np.int64]], first: int, end: int) -> Iterator[NDArray[np.int64]]:
    for entries in batches:
        if first >= end:
            return
        yield entries[: end - first]
        first += len(entries)
