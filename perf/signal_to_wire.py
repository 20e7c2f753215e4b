"""Owns the benchmark of an order's way to the wire and back (P3-P6).

    strategy and venue, one loop        signal ---ring---> engine, this process
    on the peer's core          <---frame--- WebSocket ---
                                ---acknowledgement------->
                                        <---ring--- report

Signals are due at times fixed beforehand, and a sample starts when its signal was due. References poll at
both ends and never sleep, each end on its own core, as the engine and its venue do.
"""

import ctypes
from functools import partial

import numpy as np

from ipc.clock import NS_PER_US
from ipc.records import SLOT_BYTES
from perf.harness import Figures, Run, Side, interleave
from perf.latency import median, quantile
from perf.reference import c_echo, picows_echo, zeromq
from perf.reference.build import load_c
from perf.rows import Goal, Row, make_row, reference_row
from perf.running_engine import RunningEngine, running_engine
from perf.venue_driver import OVER_ZEROMQ

MESSAGE_BYTES = 256
SEND_INTERVAL_NS = 20_000
SIGNAL_INTERVAL_NS = 100_000
ZEROMQ_INTERVAL_NS = 2_000_000
C_ECHO, PICOWS_ECHO, BARE_SEND, ZEROMQ = "C echo", "picows echo", "bare picows send", "bare pyzmq round trip"


def _engine(engine: RunningEngine, count: int) -> dict[str, float]:
    times = engine.trade(count, SIGNAL_INTERVAL_NS)
    return {
        "ready": median(times.ready) / NS_PER_US,
        "ready_p99": float(np.quantile(times.ready, 0.99)) / NS_PER_US,
        "ready_p999": float(np.quantile(times.ready, 0.999)) / NS_PER_US,
        "sent": median(times.sent) / NS_PER_US,
        "acknowledged": quantile(times.acknowledged, 0.5) / NS_PER_US,
    }


def _engine_over_zeromq(engine: RunningEngine, count: int) -> dict[str, float]:
    times = engine.trade(count, ZEROMQ_INTERVAL_NS, mode=OVER_ZEROMQ)
    return {"remote_ready": median(times.ready) / NS_PER_US}


def _c_echo(run: Run, library: ctypes.CDLL, count: int) -> dict[str, float]:
    return {"acknowledged": c_echo.round_trip_ns(library, MESSAGE_BYTES, count, peer_core=run.peer_core) / NS_PER_US}


def _picows_echo(run: Run, count: int, *, tls: bool) -> dict[str, float]:
    echoed_ns = picows_echo.round_trip_ns(MESSAGE_BYTES, count, tls=tls, peer_core=run.peer_core)
    return {"acknowledged": echoed_ns / NS_PER_US}


def _bare_send(run: Run, count: int, *, tls: bool) -> dict[str, float]:
    sent_ns = picows_echo.send_ns(MESSAGE_BYTES, count, tls=tls, peer_core=run.peer_core, interval_ns=SEND_INTERVAL_NS)
    return {"sent": sent_ns / NS_PER_US}


def _zeromq_round_trip(run: Run, count: int) -> dict[str, float]:
    record = bytes(range(SLOT_BYTES))
    answered_ns = zeromq.busy_round_trip_ns(record, count, core=run.core, peer_core=run.peer_core)
    return {"remote_ready": answered_ns / NS_PER_US}


def measure(run: Run) -> list[Row]:
    """The rows of P3 to P6."""
    orders = run.parameter(smoke=100, full=75_000)
    count, messages = run.parameter(smoke=100, full=5_000), run.parameter(smoke=100, full=1_000)
    library = load_c("echo")
    references: dict[str, Side] = {PICOWS_ECHO: partial(_picows_echo, run, count, tls=False)}
    if library is None:
        run.say("no C compiler: the C echo is missing")
    else:
        references[C_ECHO] = partial(_c_echo, run, library, count)
    references[BARE_SEND] = partial(_bare_send, run, count, tls=False)
    with running_engine(core=run.core, peer_core=run.peer_core, kind=RunningEngine) as engine:
        figures = interleave(run, partial(_engine, engine, orders), references, tries_again=False)
        remote = interleave(
            run,
            partial(_engine_over_zeromq, engine, messages),
            {ZEROMQ: partial(_zeromq_round_trip, run, messages)},
            tries_again=False,
        )
    run.say(
        "verified: every order acknowledged and filled, positions flat, nothing refused, in the engine's own tables"
    )
    run.say(f"verified: every answer of every echo and the sums of what each peer read; {MESSAGE_BYTES} B messages")
    run.say("risk controls and rate limits are on, each with a finite limit, and a journal process keeps every input")
    run.say("not measured yet: the engine over TLS; its references stand alone")
    return [
        *_wire_rows(run, figures, orders),
        _zeromq_row(run, remote, messages),
        *_reference_rows(figures, remote, count, messages),
        *_tls_rows(run, count),
    ]


def _wire_rows(run: Run, figures: Figures, orders: int) -> list[Row]:
    row = partial(make_row, run, figures, unit="us", samples=orders * figures.turns, missing="no C compiler")
    what = f"one signal each {SIGNAL_INTERVAL_NS // NS_PER_US} us"
    back = partial(row, row="P5", key="signal_to_ack_p50_us", figure="acknowledged")
    return [
        row(row="P3", key="signal_to_bytes_p50_us", what=what, figure="ready", goals=(Goal(1.5),)),
        row(row="P3", key="signal_to_bytes_p99_us", what=what, figure="ready_p99", goals=(Goal(4),)),
        row(row="P3", key="signal_to_bytes_p999_us", what=what, figure="ready_p999", goals=(Goal(20),)),
        row(
            row="P4",
            key="signal_to_sent_p50_us",
            what="plain",
            figure="sent",
            reference_name=BARE_SEND,
            goals=(Goal(2, "difference"),),
        ),
        back(what="plain", reference_name=PICOWS_ECHO, goals=(Goal(1.35, "ratio"),)),
        back(what="plain, stretch", reference_name=C_ECHO, goals=(Goal(1.3, "ratio"),)),
    ]


def _zeromq_row(run: Run, remote: Figures, messages: int) -> Row:
    return make_row(
        run,
        remote,
        row="P6",
        key="zmq_to_bytes_p50_us",
        what="one command at a time",
        figure="remote_ready",
        unit="us",
        samples=messages * remote.turns,
        reference_name=ZEROMQ,
        goals=(Goal(0.7, "ratio"),),
    )


def _reference_rows(figures: Figures, remote: Figures, count: int, messages: int) -> list[Row]:
    """What stood beside ours, as rows of its own."""
    return [
        reference_row(source, name, row=row, key=key, what=what, figure=figure, unit="us", samples=samples)
        for source, name, row, key, what, figure, samples in (
            (figures, BARE_SEND, "P4", "bare_send_p50_us", "plain", "sent", count),
            (figures, PICOWS_ECHO, "P5", "picows_echo_p50_us", "plain", "acknowledged", count),
            (figures, C_ECHO, "P5", "c_echo_p50_us", "plain", "acknowledged", count),
            (remote, ZEROMQ, "P6", "zmq_rtt_p50_us", "pyzmq ipc", "remote_ready", messages),
        )
        if source.reference(name, figure) is not None
    ]


def _tls_rows(run: Run, count: int) -> list[Row]:
    echo, send = partial(_picows_echo, run, count, tls=True), partial(_bare_send, run, count, tls=True)
    rows = []
    for side, row, key, figure in (
        (send, "P4", "bare_send_p50_us", "sent"),
        (echo, "P5", "picows_echo_p50_us", "acknowledged"),
    ):
        figures = interleave(run, side, {})
        samples = count * figures.turns
        rows.append(make_row(run, figures, row=row, key=key, what="TLS", figure=figure, unit="us", samples=samples))
    return rows
