"""Owns the places at which processes are killed, and how each is brought about.

Compiled code and system calls are stopped from outside (`tracing.py`); the product has failpoints where files are
renamed and synced; a reconciliation is caught by a venue that answers late. Whatever the way, the end is SIGKILL.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ipc.enums import ConnectionState, RecordKind
from ipc.records import SLOT_BYTES
from ipc.segment import HEADER_BYTES, Segment, SegmentKind, SegmentWord
from tests.system.waiting import CLOCK, await_that, let_pass
from tests.torture.torn_site import TornSite
from tests.torture.tracing import Syscall, Tracee, TraceeGoneError, address_in

PATIENCE_S = 30.0
_ANSWER_DELAY_MS, _TRIES = 900, 4
TELLING = frozenset(
    (RecordKind.NEW_ORDER, RecordKind.CANCEL_ORDER, RecordKind.AMEND_ORDER, RecordKind.VENUE_REPORT, RecordKind.TIMER)
)
_COMMANDS = frozenset((RecordKind.NEW_ORDER, RecordKind.CANCEL_ORDER, RecordKind.AMEND_ORDER))


class NotReachedError(Exception):
    """The process did not come to the place in time; it was not killed."""


@dataclass(frozen=True)
class Point:
    """A place in a process; `strike` returns when it is dead there, and when that was."""

    name: str
    process: str  # engine, journal, alpha, beta, venue or control
    strike: Callable[[TornSite, random.Random], int]


def is_gone(pid: int) -> bool:
    """Whether a process has ended, even if nobody has asked how yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def await_gone(pid: int) -> int:
    """When a process was seen to have ended."""
    await_that(lambda: is_gone(pid), f"the end of process {pid}")
    return CLOCK.monotonic_ns()


def _pid(site: TornSite, process: str) -> int:
    if process == "control":
        assert site.control is not None, "it was started"
        return site.control.pid
    return site.strategies[process].pid if process in site.strategies else site.await_pid(process)


def _at_random(process: str, site: TornSite, generator: random.Random) -> int:
    let_pass(generator.randint(1, 100))
    pid = _pid(site, process)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return await_gone(pid)


def _at_failpoint(name: str, site: TornSite, generator: random.Random, *, passes_max: int = 1) -> int:
    """Arms a place that a running process comes to sooner or later."""
    armed = site.failpoints / name
    armed.write_text(str(generator.randint(1, passes_max)))
    try:
        await_that(lambda: not armed.exists(), f"the failpoint {name}", timeout_s=PATIENCE_S)
    except AssertionError as error:
        armed.unlink(missing_ok=True)
        raise NotReachedError(str(error)) from None
    return CLOCK.monotonic_ns()


def _at_start(name: str, site: TornSite, generator: random.Random) -> int:
    """Kills the engine, and its successor while that starts."""
    (site.failpoints / name).write_text("1")
    _at_random("engine", site, generator)
    return _at_failpoint(name, site, generator)


@contextmanager
def held_at_word(
    site: TornSite, process: str, ring: str, kind: SegmentKind, word: int, kinds: frozenset[RecordKind]
) -> Iterator[Tracee]:
    """Stops the thread behind its write of a word of a slot; word 1 is its first, word 0 the one that commits."""
    pid = _pid(site, process)
    path = site.runtime / ring
    segment = Segment.attach(path, kind, writable=False)
    deadline_ns = CLOCK.monotonic_ns() + int(PATIENCE_S * 1e9)
    try:
        with Tracee(pid) as tracee:
            while CLOCK.monotonic_ns() < deadline_ns:
                capacity = int(segment.words[SegmentWord.CAPACITY])
                slot = HEADER_BYTES + (int(segment.words[SegmentWord.NEXT]) & capacity - 1) * SLOT_BYTES
                if not tracee.run_to_write(address_in(pid, path) + slot + 8 * word, 2.0):
                    continue
                words = segment.content[slot - HEADER_BYTES :][:SLOT_BYTES].view("<i8")
                if int(words[1]) in kinds:
                    yield tracee
                    return
    except TraceeGoneError as error:
        raise NotReachedError(str(error)) from None
    finally:
        segment.close()
    raise NotReachedError(f"{process} wrote nothing of that kind to {ring}")


@contextmanager
def held_at_send(site: TornSite, is_done: bool, generator: random.Random) -> Iterator[Tracee]:
    """Stops the engine before or behind a send to a socket."""
    pid = _pid(site, "engine")
    passes = generator.randint(1, 5)
    try:
        with Tracee(pid) as tracee:
            for number in range(1, passes + 1):
                if not tracee.run_to_call(Syscall.SENDTO, PATIENCE_S):
                    raise NotReachedError("the engine sent nothing")
                if (is_done or number < passes) and not tracee.finish_call():
                    raise NotReachedError("the engine did not end its call")
            yield tracee
    except TraceeGoneError as error:
        raise NotReachedError(str(error)) from None


def _at_word(
    process: str, ring: str, kind: SegmentKind, word: int, kinds: frozenset[RecordKind], site: TornSite, _: object
) -> int:
    with held_at_word(site, process, ring, kind, word, kinds) as tracee:
        tracee.kill()
    return CLOCK.monotonic_ns()


def _at_send(is_done: bool, site: TornSite, generator: random.Random) -> int:
    with held_at_send(site, is_done, generator) as tracee:
        tracee.kill()
    return CLOCK.monotonic_ns()


def _in_reconciliation(method: str, site: TornSite, generator: random.Random) -> int:
    """Kills the engine while the venue's answer to one of its questions about orders is on its way."""
    for _ in range(_TRIES):
        # Fills of which nothing was heard make it ask for trades.
        site.venue.control("fault?action=drop_event&match=executionReport&count=6")
        let_pass(generator.randint(50, 150))
        site.venue.control(f"fault?action=delay_reply&match={method}&delay_ms={_ANSWER_DELAY_MS}")
        site.venue.control("drop-connections")
        pid = _pid(site, "engine")
        if _stays_reconciling(site):
            os.kill(pid, signal.SIGKILL)
            return await_gone(pid)
    raise NotReachedError(f"the engine did not wait for {method}")


def _stays_reconciling(site: TornSite) -> bool:
    """Whether the engine begins to reconcile and does not end it at once: the late answer is what it waits for."""
    try:
        await_that(lambda: not site.is_live(), "the loss of the connection", timeout_s=PATIENCE_S)
        await_that(lambda: _state(site) == ConnectionState.RECONCILING, "a reconciliation", timeout_s=PATIENCE_S)
    except AssertionError as error:
        raise NotReachedError(str(error)) from None
    let_pass(_ANSWER_DELAY_MS // 3)
    return _state(site) == ConnectionState.RECONCILING


def _state(site: TornSite) -> int:
    view = site.view()
    return ConnectionState.DOWN if view is None else view.connection_state


def _at_venue(request: str, site: TornSite, generator: random.Random) -> int:
    """Has the venue do something to the connection."""
    site.venue.control(request)
    try:
        await_that(lambda: not site.is_live(), f"the venue's {request}", timeout_s=PATIENCE_S)
    except AssertionError as error:
        raise NotReachedError(str(error)) from None
    return CLOCK.monotonic_ns()


def _journal_word(word: int) -> Callable[[TornSite, random.Random], int]:
    return partial(_at_word, "engine", "journal", SegmentKind.JOURNAL_RING, word, TELLING)


def _command_word(word: int) -> Callable[[TornSite, random.Random], int]:
    return partial(_at_word, "alpha", "commands-alpha", SegmentKind.COMMAND_RING, word, _COMMANDS)


# The first twenty name a place each. Deaths of one process are spread, for each is answered by a longer wait.
POINTS = (
    Point("engine: entry claimed", "engine", _journal_word(1)),
    Point(
        "journal: entries written, not synced",
        "journal",
        partial(_at_failpoint, "journal-entries-written", passes_max=50),
    ),
    Point("strategy: command claimed", "alpha", _command_word(1)),
    Point("engine: start, base snapshot half written", "engine", partial(_at_start, "base-snapshot-slice")),
    Point("venue: cut before an order", "venue", partial(_at_venue, "fault?action=drop_connection&match=order.place")),
    Point(
        "journal: synced, mark not written", "journal", partial(_at_failpoint, "journal-entries-synced", passes_max=50)
    ),
    Point("engine: entry committed", "engine", _journal_word(0)),
    Point("engine: before a send", "engine", partial(_at_send, False)),
    Point("journal: amid a snapshot", "journal", partial(_at_failpoint, "run-snapshot-slice", passes_max=3)),
    Point("engine: start, base snapshot renamed", "engine", partial(_at_start, "base-snapshot-renamed")),
    Point("strategy: command published", "alpha", _command_word(0)),
    Point("journal: file renamed, folder not synced", "journal", partial(_at_failpoint, "journal-segment-renamed")),
    Point("venue: cut behind an order", "venue", partial(_at_venue, "fault?action=drop_after&match=order.place")),
    Point("control: at random", "control", partial(_at_random, "control")),
    Point("engine: after a send", "engine", partial(_at_send, True)),
    Point("journal: snapshot renamed, folder not synced", "journal", partial(_at_failpoint, "run-snapshot-renamed")),
    Point("engine: start, carried over", "engine", partial(_at_start, "engine-carried-over")),
    Point("engine: amid reconciliation, orders", "engine", partial(_in_reconciliation, "order.status")),
    Point(
        "journal: compressed file renamed, folder not synced",
        "journal",
        partial(_at_failpoint, "journal-compressed-renamed"),
    ),
    Point("engine: start, no ring yet", "engine", partial(_at_start, "engine-ring-awaited")),
    Point("strategy over ZeroMQ: at random", "beta", partial(_at_random, "beta")),
    Point("engine: amid reconciliation, trades", "engine", partial(_in_reconciliation, "myTrades")),
    Point("journal: at random", "journal", partial(_at_random, "journal")),
    Point("engine: at random", "engine", partial(_at_random, "engine")),
    Point("venue: all connections cut", "venue", partial(_at_venue, "drop-connections")),
    Point("engine: amid reconciliation, order list", "engine", partial(_in_reconciliation, "openOrders.status")),
)
