"""Owns living through a journal again: run by run from its base, comparing every trace and every snapshot."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.journal.errors import JournalError
from engine.journal.replica import Replica
from engine.journal.snapshot import SnapshotName, read_snapshot, read_snapshot_header
from engine.journal.store import JournalStore
from ipc.clock import NS_PER_S, SystemClock
from tools.answer import print_json
from tools.command_error import CommandError
from tools.journal_folder import open_disk


def replay_journal(place: str, *, epoch: int | None, as_json: bool) -> bool:
    """Replays every run that is kept whole, or one; whether all came out as the engine did."""
    disk = open_disk(place)
    store = JournalStore(disk.folder, disk=disk)
    names = store.snapshots()
    bases = [name for name in names if read_snapshot_header(disk, name).is_base]
    wanted = [base for base in bases if epoch in (None, base.epoch) and base.sequence >= store.first_sequence()]
    if not wanted:
        epochs = ", ".join(str(base.epoch) for base in bases) or "none"
        raise CommandError(f"{disk.folder}: no such run can be replayed; there are base snapshots of runs {epochs}")
    runs = []
    for base in wanted:
        following = min((other.sequence for other in bases if other.epoch > base.epoch), default=None)
        runs.append(_replay_run(store, base, following, [name for name in names if name.epoch == base.epoch]))
        if not as_json:
            print(_sentence(runs[-1]))
    if as_json:
        print_json({"folder": str(disk.folder), "same": all(not run["difference"] for run in runs), "runs": runs})
    return all(not run["difference"] for run in runs)


def _replay_run(
    store: JournalStore, base: SnapshotName, end: int | None, snapshots: list[SnapshotName]
) -> dict[str, Any]:
    """Lives through one run; stops at the first difference."""
    replica = Replica(read_snapshot(store.disk, base))
    clock = SystemClock()
    checks = {name.sequence: name for name in snapshots if name != base}
    compared, difference, spent_ns = 0, "", 0
    try:
        for entries in _parts(store, base.sequence, end, sorted(checks)):
            started_ns = clock.monotonic_ns()
            replica.apply_only(entries)
            spent_ns += clock.monotonic_ns() - started_ns
            name = checks.get(replica.next_sequence)
            if name is None:
                continue
            expected, found = read_snapshot_header(store.disk, name).digest, replica.state.digest()
            compared += 1
            if found != expected:
                difference = f"{name}: the digest is {expected}, replayed it is {found}"
                break
    except JournalError as error:
        difference = str(error)
    count = replica.next_sequence - base.sequence
    return {
        "epoch": base.epoch,
        "first": base.sequence,
        "entries": count,
        "records_per_s": count * NS_PER_S // max(spent_ns, 1),
        "snapshots_compared": compared,
        "digest": replica.state.digest(),
        "difference": difference,
    }


def _parts(store: JournalStore, first: int, end: int | None, cuts: list[int]) -> Iterator[NDArray[np.int64]]:
    """A run's entries in batches that end where there is something to compare."""
    for entries in store.entries(first):
        if end is not None and first >= end:
            return
        batch = entries if end is None else entries[: end - first]
        inner = [cut - first for cut in cuts if first < cut < first + len(batch)]
        yield from (part for part in np.split(batch, inner) if len(part))
        first += len(batch)


def _sentence(run: dict[str, Any]) -> str:
    outcome = run["difference"] or f"same; {run['snapshots_compared']} snapshots compared, digest {run['digest']}"
    return (
        f"run {run['epoch']}: {run['entries']} entries from {run['first']}, {run['records_per_s']} records/s: {outcome}"
    )
