"""Owns the duty cycle: polls rings, timers and descriptors until there is something for Python to do.

A command's whole way lies in one call: ring slot, copy, step, frame. Python is entered only to hand
finished bytes to a socket, to serve a ready descriptor, or because time is up. The cycle gives the GIL
away, and comes back after at most a millisecond of silence so that signals are never locked out.
"""

import numpy as np

from engine.core.market_data import is_market_data
from engine.core.state import header_of
from engine.core.step import ENGINE
from engine.spin.control import beat, take_requests
from engine.spin.core_entry import run_step
from engine.spin.journaling import journal_has_room, journal_is_pressed, takes_prices, watch_journal
from engine.spin.ports import lane_of, ports_at
from engine.spin.routing import frames_left, route_effects
from ipc.broadcast_ring import broadcast
from ipc.compiler import kernel, kernel_without_gil
from ipc.enums import RecordKind
from ipc.memory import copy_words, epoll_ready_count, monotonic_ns, pause, view, yield_processor
from ipc.record_words import COMMAND_WORDS_MIN, words_of_kind
from ipc.records import HEADER, SLOT_BYTES, SLOT_WORDS, TIMER
from ipc.ring import poll, release

FRAMES_READY = 1
DESCRIPTORS_READY = 2
REPORTS_READY = 4
TIME_UP = 8

APPLIED_BITS = 32
APPLIED_MASK = (1 << APPLIED_BITS) - 1

IDLE_SPIN = 0
IDLE_YIELD = 1
IDLE_BACKOFF = 2

_TURNS_BETWEEN_POLLS = 16
_IDLE_TURNS_BEFORE_SLEEP = 4096
_SLEEP_MS = 1
# How often one strategy's commands are taken in the long run, and how far ahead of that it may be after a pause, as a
# ZeroMQ client: far beyond what any venue lets it use, and little enough for the journal to share a core with others.
_PACE_NS = 50_000
_BURST_NS = 4_096 * _PACE_NS
# What one step can ask for at the most, so that its frames always find room.
FRAMES_OF_ONE_STEP = 40
# As many as find room for their frames when none waits.
_TIMERS_OF_ONE_LOOK = 3


@kernel
def copy_command(target: int, slot: int) -> None:
    """Takes a command out of memory that its writer could still change, before anything is checked."""
    kind = view(slot, 1, HEADER)[0]["kind"]
    copy_words(target, slot, max(words_of_kind(kind), COMMAND_WORDS_MIN))
    # The kind was read twice: what was copied counts, and must not be longer than what was copied.
    view(target, 1, HEADER)[0]["kind"] = kind


@kernel
def take_command(ports: np.void, strategy_id: int, ring: int, slot: int, now_ns: int) -> None:
    """Applies the command in a ring's slot and gives the slot back."""
    scratch = ports["scratch"]
    copy_command(scratch, slot)
    release(ring)
    published_ns = view(scratch, 1, HEADER)[0]["published_ns"]
    effects = run_step(ports, scratch, now_ns, strategy_id)
    route_effects(ports, effects, now_ns, published_ns)


@kernel
def poll_commands(ports: np.void) -> int:
    """Takes at most one command of each strategy, so that none waits for another's backlog; returns how many.

    When frames must leave before all had their turn, it goes on next time where it stopped. Who floods its ring waits
    in it, so that it takes neither the others' time nor the journal's.
    """
    taken = 0
    take_requests(ports)
    if not journal_has_room(ports):
        return 0
    is_pressed = journal_is_pressed(ports)
    strategy_id = max(ports["first_lane"], 1)
    for _ in range(1, ports["lane_count"]):
        lane = lane_of(ports, strategy_id)
        ring = lane["commands"]
        slot = poll(ring) if ring != 0 else 0
        if slot != 0:
            if ports["frame_count"] - ports["frames_used"] < FRAMES_OF_ONE_STEP:
                break
            now_ns = monotonic_ns()
            if _takes_turn(lane, now_ns, is_pressed):
                take_command(ports, strategy_id, ring, slot, now_ns)
                taken += 1
        strategy_id = strategy_id + 1 if strategy_id + 1 < ports["lane_count"] else 1
    ports["first_lane"] = strategy_id
    return taken


@kernel
def _takes_turn(lane: np.void, now_ns: int, is_pressed: bool) -> bool:
    """Whether a strategy's next command may be taken now; it then counts as taken.

    While the journal is pressed nobody is ahead of the pace.
    """
    due_ns = lane["due_ns"]
    if due_ns - (0 if is_pressed else _BURST_NS) > now_ns:
        return False
    lane["due_ns"] = max(due_ns, now_ns) + _PACE_NS
    return True


@kernel
def fire_timer(ports: np.void, now_ns: int) -> bool:
    """Tells the core that time has passed, when it asked to be told."""
    if header_of(ports["state"])["next_deadline_ns"] > now_ns:
        return False
    if ports["frame_count"] - ports["frames_used"] < FRAMES_OF_ONE_STEP or not journal_has_room(ports):
        return False
    timer = view(ports["scratch"], 1, TIMER)[0]
    timer["kind"] = RecordKind.TIMER
    timer["sequence"] = 0
    timer["published_ns"] = now_ns
    effects = run_step(ports, ports["scratch"], now_ns, ENGINE)
    route_effects(ports, effects, now_ns, 0)
    return True


@kernel
def fire_timers(ports: np.void, now_ns: int) -> bool:
    """Tells the core of time as often as it asks for that at once, so that a pass's frames leave together."""
    fired = 0
    while fired < _TIMERS_OF_ONE_LOOK and fire_timer(ports, now_ns):
        fired += 1
    return fired > 0


@kernel
def outcome_of(ports: np.void) -> int:
    """What there is for Python to do."""
    outcome = 0
    if ports["frames_used"] > 0:
        outcome |= FRAMES_READY
    if ports["remote_reports"] != 0:
        outcome |= REPORTS_READY
    return outcome


@kernel_without_gil
def spin(ports_address: int, deadline_ns: int) -> int:
    """Runs duty cycles until something is ready or the deadline has passed; returns what, as bits."""
    ports = ports_at(ports_address)
    frames_left(ports)
    idle_turns = 0
    while True:
        taken = poll_commands(ports)
        outcome = outcome_of(ports)
        # Counted across calls: a backlog of commands, which ends each call at once, must not starve the sockets.
        turn = ports["turn"]
        ports["turn"] = turn + 1
        if turn & (_TURNS_BETWEEN_POLLS - 1) == 0:
            outcome = poll_world(ports, outcome, is_asleep(ports, idle_turns), deadline_ns)
        if outcome != 0:
            return outcome
        idle_turns = 0 if taken > 0 else idle_turns + 1
        if idle_turns > 0:
            _idle(ports)


@kernel
def poll_world(ports: np.void, outcome: int, may_sleep: bool, deadline_ns: int) -> int:
    """Adds to an outcome what lies outside the rings: descriptors, timers, and when there is nothing, the deadline."""
    wait_ms = _SLEEP_MS if may_sleep else 0
    ready = epoll_ready_count(ports["epoll_descriptor"], ports["epoll_events"], ports["epoll_events_max"], wait_ms)
    ports["epoll_ready"] = max(ready, 0)
    if ready > 0:
        outcome |= DESCRIPTORS_READY
    now_ns = monotonic_ns()
    watch_journal(ports, now_ns)
    beat(ports, now_ns)
    if fire_timers(ports, now_ns):
        outcome |= outcome_of(ports)
    return TIME_UP if outcome == 0 and now_ns >= deadline_ns else outcome


@kernel
def is_asleep(ports: np.void, idle_turns: int) -> bool:
    """Whether the loop has been idle long enough to wait in the kernel for a descriptor."""
    return ports["idle_mode"] == IDLE_BACKOFF and idle_turns > _IDLE_TURNS_BEFORE_SLEEP


@kernel
def _idle(ports: np.void) -> None:
    if ports["idle_mode"] == IDLE_YIELD:
        yield_processor()
    else:
        pause()


@kernel
def _must_stop(ports: np.void) -> bool:
    """Whether finished frames must leave, or the journal be emptied, before more is applied."""
    return ports["frame_count"] - ports["frames_used"] < FRAMES_OF_ONE_STEP or not journal_has_room(ports)


@kernel
def apply_records(ports_address: int, records: int, count: int, first: int) -> int:
    """Applies records that a gateway decoded, one slot's distance apart, from `first` on.

    Returns how many were applied, and above APPLIED_BITS how many finished frames wait; fewer applied than
    asked for means that the frames must leave first, or that the journal is full.
    """
    ports = ports_at(ports_address)
    frames_left(ports)
    now_ns = monotonic_ns()
    for place in range(first, count):
        if _must_stop(ports):
            return place - first | ports["frames_used"] << APPLIED_BITS
        record = records + place * SLOT_BYTES
        kind = view(record, 1, HEADER)[0]["kind"]
        is_of_market = is_market_data(kind)
        if is_of_market and not takes_prices(ports):
            continue
        effects = run_step(ports, record, now_ns, ENGINE)
        if is_of_market and ports["market_ring"] != 0:
            # What a strategy is told of is already in the state that it may look at.
            broadcast(ports["market_ring"], record, words_of_kind(kind))
        route_effects(ports, effects, now_ns, 0)
    return count - first | ports["frames_used"] << APPLIED_BITS


@kernel
def apply_commands(ports_address: int, records: int, count: int, first: int, strategy_id: int) -> int:
    """Applies commands that a strategy sent over a channel; returns what `apply_records` does."""
    ports = ports_at(ports_address)
    frames_left(ports)
    for place in range(first, count):
        if _must_stop(ports):
            return place - first | ports["frames_used"] << APPLIED_BITS
        take_requests(ports)
        now_ns = monotonic_ns()
        copy_words(ports["scratch"], records + place * SLOT_BYTES, SLOT_WORDS)
        published_ns = view(ports["scratch"], 1, HEADER)[0]["published_ns"]
        effects = run_step(ports, ports["scratch"], now_ns, strategy_id)
        route_effects(ports, effects, now_ns, published_ns)
    return count - first | ports["frames_used"] << APPLIED_BITS


@kernel
def finished_frames(ports_address: int) -> int:
    """How many frames wait to be handed to their sockets."""
    return ports_at(ports_address)["frames_used"]


@kernel
def ready_descriptors(ports_address: int) -> int:
    """How many descriptors the last poll found ready."""
    return ports_at(ports_address)["epoll_ready"]
