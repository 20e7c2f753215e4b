"""Owns the loop's side of the journal: every input is kept before it is applied, and whether that goes well.

The journal process lives in another process and may be behind, dead or without a disk. What the core has to
know of that reaches it as an input like any other, so that a replay refuses what the engine refused.
"""

import numpy as np

from engine.core.state import header_of
from engine.core.step import ENGINE
from engine.spin.core_entry import run_step
from engine.spin.ports import ports_at
from engine.spin.routing import route_effects
from ipc.compiler import kernel
from ipc.enums import JournalState, RecordKind
from ipc.memory import load, load_acquire, monotonic_ns, pause, view
from ipc.records import HEADER, JOURNAL_STATE
from ipc.segment import SegmentWord

_CAPACITY = SegmentWord.CAPACITY * 8
_NEXT = SegmentWord.NEXT * 8
_RELEASED = SegmentWord.RELEASED * 8
_DURABLE = SegmentWord.JOURNAL_DURABLE * 8
_TOLD_STATE = SegmentWord.JOURNAL_STATE * 8
_BEAT_NS = SegmentWord.JOURNAL_BEAT_NS * 8

SILENCE_MAX_NS = 1_000_000_000
# Above that part of its ring the journal is pressed: no burst of commands is taken any more. It is what a journal that
# fell behind must catch up to, and half of where it counts as behind, where everybody's new orders are refused.
_PRESSED_PART = 4
# Room for what one turn of the duty cycle may append before it looks again.
_KEPT_FREE = 64


@kernel
def _used(ring: int) -> int:
    return load(ring + _NEXT) - load_acquire(ring + _RELEASED)


@kernel
def journal_has_room(ports: np.void) -> bool:
    """Whether another input can be kept; what cannot be kept must not be applied."""
    ring = ports["journal"]
    return ring == 0 or _used(ring) + _KEPT_FREE < load(ring + _CAPACITY)


@kernel
def journal_is_pressed(ports: np.void) -> bool:
    """Whether inputs come faster than the journal process takes them."""
    ring = ports["journal"]
    return ring != 0 and _used(ring) * _PRESSED_PART > load(ring + _CAPACITY)


@kernel
def has_journal_room(ports_address: int) -> bool:
    """Whether another input can be kept, as Python asks it."""
    return journal_has_room(ports_at(ports_address))


@kernel
def takes_prices(ports: np.void) -> bool:
    """Whether market data is worth its place in the journal: nobody trades on it while new orders are refused."""
    return header_of(ports["state"])["journal_state"] == JournalState.KEEPING


@kernel
def _state_of(ring: int, known: int, now_ns: int) -> int:
    """How the journal does; one that fell behind must catch up before it counts as keeping again."""
    if now_ns - load(ring + _BEAT_NS) > SILENCE_MAX_NS:
        return JournalState.ABSENT + 0
    told = load(ring + _TOLD_STATE)
    if told != JournalState.KEEPING:
        return told
    part = _PRESSED_PART if known == JournalState.BEHIND else 2
    return JournalState.BEHIND + 0 if _used(ring) * part > load(ring + _CAPACITY) else JournalState.KEEPING + 0


@kernel
def watch_journal(ports: np.void, now_ns: int) -> None:
    """Tells the core when the journal's state has changed."""
    ring = ports["journal"]
    if ring == 0:
        return
    known = header_of(ports["state"])["journal_state"]
    state = _state_of(ring, known, now_ns)
    if state == known or not journal_has_room(ports):
        return
    record = view(ports["scratch"], 1, JOURNAL_STATE)[0]
    header = view(ports["scratch"], 1, HEADER)[0]
    header["kind"] = RecordKind.JOURNAL_STATE
    header["sequence"] = 0
    header["published_ns"] = now_ns
    record["state"] = state
    effects = run_step(ports, ports["scratch"], now_ns, ENGINE)
    route_effects(ports, effects, now_ns, 0)


@kernel
def await_durable(ports_address: int) -> bool:
    """Returns when all that was kept is on disk, False when the journal died or failed before it was.

    Where no frame has to wait for the disk it returns at once.
    """
    ports = ports_at(ports_address)
    ring = ports["journal"]
    if ring == 0 or ports["awaits_disk"] == 0:
        return True
    wanted = load(ring + _NEXT)
    while load_acquire(ring + _DURABLE) < wanted:
        if _state_of(ring, JournalState.KEEPING, monotonic_ns()) in (JournalState.ABSENT, JournalState.FAILED):
            return False
        pause()
    return True
