"""Owns the check of a journal at rest: every run replays from its base snapshot to the very traces and digests."""

from pathlib import Path

from engine.journal.replica import Replica
from engine.journal.snapshot import read_snapshot
from engine.journal.store import JournalStore


def replay_all(folder: Path, from_sequence: int = 0) -> tuple[int, int]:
    """Replays every run that starts at a sequence or behind; returns how many entries and digests were compared.

    JournalError at the first entry that is damaged or gives another result than it gave the engine.
    """
    store = JournalStore(folder)
    entries, digests = 0, 0
    names = [name for name in store.snapshots() if name.sequence >= from_sequence]
    snapshots = [read_snapshot(store.disk, name) for name in names]
    for base in (snapshot for snapshot in snapshots if snapshot.is_base):
        later = [snapshot for snapshot in snapshots if snapshot.name > base.name]
        run_end = next((snapshot.sequence for snapshot in later if snapshot.epoch != base.epoch), None)
        stops = {snapshot.sequence: snapshot for snapshot in later if snapshot.epoch == base.epoch}
        replica = Replica(base)
        for batch in store.entries(base.sequence):
            rows = batch if run_end is None else batch[: max(run_end - replica.next_sequence, 0)]
            while len(rows):
                stop = next((sequence for sequence in sorted(stops) if sequence > replica.next_sequence), None)
                part = rows if stop is None else rows[: stop - replica.next_sequence]
                replica.apply_only(part)
                entries += len(part)
                rows = rows[len(part) :]
                reached = stops.get(replica.next_sequence)
                if reached is not None:
                    assert replica.state.digest() == reached.digest, f"{reached.name} is not what a replay gives"
                    digests += 1
            if run_end is not None and replica.next_sequence >= run_end:
                break
    return entries, digests
