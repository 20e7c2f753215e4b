"""Owns the journal benchmark (P8, P9): what keeping an input costs the engine's loop, and how fast a life is relived.

    our core      append  --- ring --->  write, sync, release    peer's core
    our core      entries in memory -> the core again, every trace compared

The peer keeps a real journal on disk while appends are timed. A time has one read of the clock in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.journal.replica import Replica
from engine.journal.ring import JournalRing
from engine.journal.snapshot import Snapshot, SnapshotName
from engine.journal.store import JournalStore
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import RecordKind
from ipc.memory import address_of
from ipc.records import SLOT_WORDS
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind
from perf import core_kernels, journal_kernels
from perf.core_world import Size, World
from perf.harness import Run, interleave
from perf.latency import new_histogram, quantile, sample_count
from perf.peer import Peer
from perf.rows import Goal, Row, make_row

CAPACITY = 1 << 16
PACE_NS = 1_000
_BATCH = 4_096
_NAP_NS = 200_000
_KEPT_CAPACITY = 1 << 19
_SEGMENT_BYTES = 32 << 20


@contextmanager
def _ring(capacity: int) -> Iterator[Segment]:
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        segment = create_ring(Path(folder) / "journal", SegmentKind.JOURNAL_RING, capacity)
        try:
            yield segment
        finally:
            segment.close()


def appends(run: Run, count: int) -> dict[str, float]:
    """One repetition of appends beside a journal that is written to disk."""
    records = np.zeros((count, SLOT_WORDS), np.int64)
    records[:, 1] = RecordKind.NEW_ORDER
    records[:, 2] = np.arange(count)
    histogram = new_histogram()
    with TemporaryDirectory(prefix="oms-perf-") as folder, _ring(CAPACITY) as segment:

        def keep(words: NDArray[np.int64]) -> None:
            words[0] = _keep_journal(Path(folder) / "journal", segment, count)

        with Peer(keep, core=run.peer_core) as peer:
            refused = journal_kernels.append_at_pace(
                segment.address, address_of(records), count, PACE_NS, address_of(histogram)
            )
            kept = int(peer.join()[0])
        store = JournalStore(Path(folder) / "journal", segment_bytes=_SEGMENT_BYTES)
        found = np.concatenate([entries[:, 2] for entries in store.entries()])
    assert refused == 0, f"{refused} inputs found no room"
    assert kept == count, f"{kept} entries were kept, expected are {count}"
    assert (found == np.arange(count)).all(), "the journal holds other inputs than were appended"
    assert sample_count(histogram) == count, "an append was not recorded"
    return {"p50": quantile(histogram, 0.5), "p999": quantile(histogram, 0.999)}


def _keep_journal(folder: Path, segment: Segment, count: int) -> int:
    """The journal process's work for so many entries; returns how many it made durable."""
    store = JournalStore(folder, segment_bytes=_SEGMENT_BYTES)
    store.open_for_append(epoch=1)
    store.make_room()
    ring, clock = JournalRing(segment), SystemClock()
    while store.durable_sequence < count:
        entries = ring.take(_BATCH)
        if len(entries) == 0:
            clock.sleep_ns(_NAP_NS)
            continue
        store.append(entries)
        ring.release(store.durable_sequence)
    store.close()
    return store.durable_sequence


class Life:
    """A world's base and its entries, of one kind of input."""

    def __init__(self, kind: str, count: int) -> None:
        world = World(Size(instruments=10, strategies=1, live_orders=100, burst=1))
        block = world.state.memory.tobytes()
        self.base = Snapshot(SnapshotName(0, 1), True, 1, world.state.digest(), block)
        with _ring(_KEPT_CAPACITY) as segment:
            world.keep_in(segment)
            core = journal_kernels.keeping_core()
            if kind == "orders":
                core_kernels.live_and_die(core, world.address, count // 3)
            else:
                journal_kernels.see_prices(core, world.address, count)
            self.entries = JournalRing(segment).take(_KEPT_CAPACITY)
        self.digest = world.state.digest()

    def relive(self) -> dict[str, float]:
        """One repetition: the whole life from its base."""
        replica, clock = Replica(self.base), SystemClock()
        started_ns = clock.monotonic_ns()
        replica.apply_only(self.entries)
        elapsed_ns = clock.monotonic_ns() - started_ns
        assert replica.state.digest() == self.digest, "the life lived again ended differently"
        return {"rate": len(self.entries) * NS_PER_S / elapsed_ns}


def measure(run: Run) -> list[Row]:
    """The rows of P8 and P9; the time of a whole restart is measured on a running engine."""
    rows = [*_append_rows(run), *(_replay_row(run, kind) for kind in ("orders", "prices"))]
    run.say(
        f"verified: every appended input is in the journal on disk; an append every {PACE_NS} ns, ring of {CAPACITY}"
    )
    run.say("verified: the digest of the state after the replay, and every trace on the way")
    return rows


def _append_rows(run: Run) -> list[Row]:
    count = run.parameter(smoke=500, full=50_000)
    figures = interleave(run, partial(appends, run, count), {})
    return [
        make_row(
            run,
            figures,
            row="P8",
            key=f"journal_append_{figure}_ns",
            what="beside a journal that is synced",
            figure=figure,
            unit="ns",
            samples=count * figures.turns,
            goals=(goal,),
        )
        for figure, goal in (("p50", Goal(40)), ("p999", Goal(1_000)))
    ]


def _replay_row(run: Run, kind: str) -> Row:
    life = Life(kind, run.parameter(smoke=300, full=300_000))
    figures = interleave(run, life.relive, {})
    return make_row(
        run,
        figures,
        row="P9",
        key="replay_records_per_s",
        what="orders: new, acknowledged, filled" if kind == "orders" else "prices",
        figure="rate",
        unit="record/s",
        samples=len(life.entries) * figures.turns,
        better="higher",
        goals=(Goal(2_000_000),),
    )
