"""Owns the benchmark of an order's way to the wire and back (P3-P6); so far what it will stand beside.

Both ends of every reference poll and never sleep, each on its own core, as the engine and its venue will.
"""

import ctypes
from functools import partial

from ipc.clock import NS_PER_US
from ipc.records import SLOT_BYTES
from perf.harness import Run, Side, interleave
from perf.reference import c_echo, picows_echo, zeromq
from perf.reference.build import load_c
from perf.rows import Row, make_row

MESSAGE_BYTES = 256
SEND_INTERVAL_NS = 20_000
C_ECHO = "C echo"


def _c_echo(run: Run, library: ctypes.CDLL, count: int) -> dict[str, float]:
    return {"us": c_echo.round_trip_ns(library, MESSAGE_BYTES, count, peer_core=run.peer_core) / NS_PER_US}


def _picows_echo(run: Run, count: int, *, tls: bool) -> dict[str, float]:
    return {"us": picows_echo.round_trip_ns(MESSAGE_BYTES, count, tls=tls, peer_core=run.peer_core) / NS_PER_US}


def _bare_send(run: Run, count: int, *, tls: bool) -> dict[str, float]:
    sent_ns = picows_echo.send_ns(MESSAGE_BYTES, count, tls=tls, peer_core=run.peer_core, interval_ns=SEND_INTERVAL_NS)
    return {"us": sent_ns / NS_PER_US}


def _zeromq_round_trip(run: Run, count: int) -> dict[str, float]:
    record = bytes(range(SLOT_BYTES))
    return {"us": zeromq.busy_round_trip_ns(record, count, core=run.core, peer_core=run.peer_core) / NS_PER_US}


def measure(run: Run) -> list[Row]:
    """The rows of the references."""
    count = run.parameter(smoke=100, full=10_000)
    library = load_c("echo")
    rows = []
    floor: dict[str, Side] = {}
    if library is None:
        run.say("no C compiler: the C echo is missing")
    else:
        floor = {C_ECHO: partial(_c_echo, run, library, count)}
        rows.append(_row(run, "P5", "c_echo_p50_us", "plain", floor[C_ECHO], {}, count))
    for tls, what in ((False, "plain"), (True, "TLS")):
        echo, send = partial(_picows_echo, run, count, tls=tls), partial(_bare_send, run, count, tls=tls)
        rows.append(_row(run, "P5", "picows_echo_p50_us", what, echo, floor, count))
        rows.append(_row(run, "P4", "bare_send_p50_us", what, send, {}, count))
    round_trip = partial(_zeromq_round_trip, run, count)
    rows.append(_row(run, "P6", "zmq_rtt_p50_us", f"pyzmq ipc, {SLOT_BYTES} B", round_trip, {}, count))
    run.say(f"verified: every answer of every echo, and the sums of what each peer read; {MESSAGE_BYTES} B messages")
    run.say("not built yet: the engine's own side; these are the figures that it will stand beside")
    return rows


def _row(run: Run, row: str, key: str, what: str, side: Side, references: dict[str, Side], count: int) -> Row:
    figures = interleave(run, side, references)
    return make_row(
        run,
        figures,
        row=row,
        key=key,
        what=what,
        figure="us",
        unit="us",
        samples=count * figures.turns,
        reference_name=next(iter(references), None),
    )
