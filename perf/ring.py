"""Owns the ring benchmark (P1): round trip, throughput, and a publish from plain Python.

    our core      exchange  --- ring --->  answer    peer's core
                            <--- ring ---
    our core      consume   <--- ring ---  produce   peer's core

Every record is copied whole and read whole at both ends; sums of all words prove it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipc.clock import NS_PER_S
from ipc.memory import address_of
from ipc.records import SLOT_BYTES
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind
from perf import ring_kernels
from perf.harness import Run, Side, interleave
from perf.latency import new_histogram, quantile, sample_count
from perf.peer import Peer
from perf.publish import publish_ns
from perf.reference import zeromq
from perf.reference.build import c_function, load_c
from perf.rows import Goal, Row, make_row

SLOT_SIZES = (64, SLOT_BYTES)
CAPACITY = 1024
# Short and many, because a virtual machine may be moved to other cores between two repetitions.
REPETITIONS = 21
C_RING = "C ring"
ZEROMQ = "pyzmq ipc"


@dataclass(frozen=True)
class Ends:
    """The four ends of the benchmark in one language."""

    exchange: Callable[..., Any]
    answer: Callable[..., Any]
    produce: Callable[..., Any]
    consume: Callable[..., Any]


OURS = Ends(ring_kernels.exchange, ring_kernels.answer, ring_kernels.produce, ring_kernels.consume)


def _c_ends() -> Ends | None:
    library = load_c("ring")
    if library is None:
        return None
    return Ends(
        c_function(library, "exchange", 6),
        c_function(library, "answer", 4),
        c_function(library, "produce", 4),
        c_function(library, "consume", 4),
    )


@contextmanager
def _rings(slot_bytes: int) -> Iterator[tuple[Segment, Segment]]:
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        out, back = (
            create_ring(Path(folder) / name, SegmentKind.TEST_RING, CAPACITY, slot_bytes=slot_bytes)
            for name in ("out", "back")
        )
        try:
            yield out, back
        finally:
            out.close()
            back.close()


def _record(slot_bytes: int) -> NDArray[np.int64]:
    return np.arange(slot_bytes // 8, dtype=np.int64) * 1_000_003


def expected_sum(slot_bytes: int, count: int) -> int:
    """What the words of `count` records add up to: commit words 1..count, sequences 0..count-1, the rest as filled."""
    constant = int(_record(slot_bytes).sum()) - int(_record(slot_bytes)[2])
    return count * constant + count * (count + 1) // 2 + count * (count - 1) // 2


def round_trip(run: Run, ends: Ends, slot_bytes: int, count: int) -> dict[str, float]:
    """One repetition of ping-pong."""
    words, record, histogram = slot_bytes // 8, _record(slot_bytes), new_histogram()

    def serve(_: NDArray[np.int64]) -> None:
        _assert_passed(ends.answer(out.address, back.address, words, count))

    with _rings(slot_bytes) as (out, back), Peer(serve, core=run.peer_core):
        checksum = ends.exchange(out.address, back.address, address_of(record), words, count, address_of(histogram))
    assert checksum == expected_sum(slot_bytes, count), f"checksum {checksum} after {count} round trips"
    assert sample_count(histogram) == count, "a round trip was not recorded"
    return {"rtt": quantile(histogram, 0.5)}


def _assert_passed(result: int) -> None:
    assert result >= 0, "the other end stayed silent"


def throughput(run: Run, ends: Ends, slot_bytes: int, count: int) -> dict[str, float]:
    """One repetition of one-way traffic as fast as it goes."""
    words, record, elapsed = slot_bytes // 8, _record(slot_bytes), np.zeros(1, dtype=np.int64)

    def send(_: NDArray[np.int64]) -> None:
        _assert_passed(ends.produce(out.address, address_of(record), words, count))

    with _rings(slot_bytes) as (out, _), Peer(send, core=run.peer_core):
        checksum = ends.consume(out.address, words, count, address_of(elapsed))
    assert checksum == expected_sum(slot_bytes, count), f"checksum {checksum} after {count} records"
    return {"rate": (count - 1) * NS_PER_S / float(elapsed[0])}


def _zeromq_round_trip(run: Run, slot_bytes: int, count: int) -> dict[str, float]:
    record = _record(slot_bytes).tobytes()
    return {"rtt": zeromq.exchange([record] * count, peer_core=run.peer_core)}


def _zeromq_throughput(run: Run, slot_bytes: int, count: int) -> dict[str, float]:
    return {"rate": zeromq.stream(_record(slot_bytes).tobytes(), count, peer_core=run.peer_core)}


def measure(run: Run) -> list[Row]:
    """The rows of P1."""
    c_ends = _c_ends()
    rows = [row for slot_bytes in SLOT_SIZES for row in _round_trip_rows(run, c_ends, slot_bytes)]
    rows += [row for slot_bytes in SLOT_SIZES for row in _throughput_rows(run, c_ends, slot_bytes)]
    run.say(f"verified: sums of all words of all records, at both ends of every side; rings of {CAPACITY} slots")
    return [*rows, _publish_row(run)]


def _round_trip_rows(run: Run, c_ends: Ends | None, slot_bytes: int) -> list[Row]:
    count, zeromq_count = run.parameter(smoke=200, full=50_000), run.parameter(smoke=20, full=2_000)
    references: dict[str, Side] = {}
    if c_ends is not None:
        references[C_RING] = partial(round_trip, run, c_ends, slot_bytes, count)
    references[ZEROMQ] = partial(_zeromq_round_trip, run, slot_bytes, zeromq_count)
    ours = partial(round_trip, run, OURS, slot_bytes, count)
    figures = interleave(run, ours, references, repetitions=REPETITIONS)
    row = partial(
        make_row,
        run,
        figures,
        row="P1",
        key="ring_rtt_p50_ns",
        figure="rtt",
        unit="ns",
        samples=count * figures.turns,
    )
    return [
        row(what=f"{slot_bytes} B", reference_name=C_RING, missing="no C compiler", goals=(Goal(1.05, "ratio"),)),
        row(what=f"{slot_bytes} B, beside ZeroMQ", reference_name=ZEROMQ),
    ]


def _throughput_rows(run: Run, c_ends: Ends | None, slot_bytes: int) -> list[Row]:
    count, zeromq_count = run.parameter(smoke=2_000, full=500_000), run.parameter(smoke=100, full=30_000)
    references: dict[str, Side] = {}
    if c_ends is not None:
        references[C_RING] = partial(throughput, run, c_ends, slot_bytes, count)
    references[ZEROMQ] = partial(_zeromq_throughput, run, slot_bytes, zeromq_count)
    ours = partial(throughput, run, OURS, slot_bytes, count)
    figures = interleave(run, ours, references, repetitions=REPETITIONS)
    row = partial(
        make_row,
        run,
        figures,
        row="P1",
        key="ring_msgs_per_s",
        figure="rate",
        unit="msg/s",
        better="higher",
        samples=count * figures.turns,
    )
    goals: tuple[Goal, ...] = (Goal(1 / 1.05, "ratio"),)
    if slot_bytes == SLOT_SIZES[0]:
        goals += (Goal(30_000_000),)
    return [
        row(what=f"{slot_bytes} B", reference_name=C_RING, missing="no C compiler", goals=goals),
        row(what=f"{slot_bytes} B, beside ZeroMQ", reference_name=ZEROMQ),
    ]


def _publish_row(run: Run) -> Row:
    count = run.parameter(smoke=500, full=50_000)
    figures = interleave(run, partial(publish_ns, count, peer_core=run.peer_core), {}, repetitions=REPETITIONS)
    return make_row(
        run,
        figures,
        row="P1",
        key="python_publish_p50_ns",
        what="Client.submit_ticks, consumer busy",
        figure="publish",
        unit="ns",
        samples=count * figures.turns,
        goals=(Goal(200),),
    )
