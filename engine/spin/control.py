"""Owns the loop's side of the control segment: its beat, and what guardian and operator ask of it.

What is asked reaches the core as an input like any other, so that a replay refuses what the engine refused. The words
are looked at in every turn; the fence and the lease once more as the last thing before a frame leaves.
"""

import numpy as np

from engine.core.state import header_of, scopes_of
from engine.core.step import ENGINE
from engine.spin.core_entry import run_step
from engine.spin.journaling import journal_has_room
from engine.spin.ports import ports_at
from engine.spin.routing import route_effects
from ipc.compiler import kernel
from ipc.control_enums import FenceState
from ipc.control_segment import CONTROL_ROW, NO_LEASE_NEEDED
from ipc.enums import RecordKind, RequestKind
from ipc.memory import load_acquire, monotonic_ns, store, view
from ipc.records import FENCE, HEADER, LOOP_STALL, SET_TRADING_STATE
from ipc.segment import HEADER_BYTES, SegmentWord

_FENCED_EPOCH = SegmentWord.FENCED_EPOCH * 8
_LEASE_UNTIL_NS = SegmentWord.LEASE_UNTIL_NS * 8
_GENERATION = SegmentWord.GENERATION * 8
_BEAT_NS = SegmentWord.ENGINE_BEAT_NS * 8
_NEVER_NS = (1 << 63) - 1


@kernel
def has_new_requests(ports: np.void) -> bool:
    """Whether somebody asked for something since the last look."""
    control = ports["control"]
    return control != 0 and load_acquire(control + _GENERATION) != ports["control_seen"]


@kernel
def take_requests(ports: np.void) -> None:
    """Tells the core of each scope that is to be more restrictive than it is, as far as there is room."""
    if not has_new_requests(ports):
        return
    control = ports["control"]
    generation = load_acquire(control + _GENERATION)
    scopes = scopes_of(ports["state"])
    rows = view(control + HEADER_BYTES, len(scopes), CONTROL_ROW)
    for place in range(len(scopes)):
        if rows[place]["trading_state"] <= scopes[place]["trading_state"]:
            continue
        # No room for frames is needed: what a state has cancelled is asked for with the next timer.
        if not journal_has_room(ports):
            return
        _ask_for(ports, scopes[place], rows[place], monotonic_ns())
    ports["control_seen"] = generation


@kernel
def _ask_for(ports: np.void, scope: np.void, row: np.void, now_ns: int) -> None:
    command = view(ports["scratch"], 1, SET_TRADING_STATE)[0]
    _begin_input(ports, RecordKind.SET_TRADING_STATE, now_ns)
    command["expires_utc_ns"] = _NEVER_NS
    command["order_id"] = 0
    command["scope_kind"] = scope["scope_kind"]
    command["subject_id"] = scope["subject_id"]
    command["trading_state"] = row["trading_state"]
    command["is_rearming"] = 0
    command["cause"] = row["cause"]
    command["operator_name_0"] = row["operator_name_0"]
    command["operator_name_1"] = row["operator_name_1"]
    _apply_input(ports, now_ns)


@kernel
def _begin_input(ports: np.void, kind: int, now_ns: int) -> None:
    header = view(ports["scratch"], 1, HEADER)[0]
    header["kind"] = kind
    header["sequence"] = 0
    header["published_ns"] = now_ns


@kernel
def _apply_input(ports: np.void, now_ns: int) -> None:
    route_effects(ports, run_step(ports, ports["scratch"], now_ns, ENGINE), now_ns, 0)


@kernel
def fence_state_of(ports: np.void, now_ns: int) -> int:
    """What the words let this engine send at this moment."""
    control = ports["control"]
    if control == 0:
        return FenceState.OPEN + 0
    if load_acquire(control + _FENCED_EPOCH) >= ports["epoch"]:
        return FenceState.FENCED + 0
    lease_until_ns = load_acquire(control + _LEASE_UNTIL_NS)
    if lease_until_ns != NO_LEASE_NEEDED and now_ns >= lease_until_ns:
        return FenceState.LEASE_EXPIRED + 0
    return FenceState.OPEN + 0


@kernel
def beat(ports: np.void, now_ns: int) -> None:
    """Says that the loop lives, and tells the core of a fence, of a lease, and of how long nothing was done."""
    control = ports["control"]
    if control == 0:
        return
    store(control + _BEAT_NS, now_ns)
    if not journal_has_room(ports):
        return
    fence_state = fence_state_of(ports, now_ns)
    known = header_of(ports["state"])["fence_state"]
    if fence_state != known and known != FenceState.FENCED:
        _begin_input(ports, RecordKind.FENCE, now_ns)
        view(ports["scratch"], 1, FENCE)[0]["fence_state"] = fence_state
        _apply_input(ports, now_ns)
    silent_ns = now_ns - ports["looked_ns"]
    if 0 < ports["stall_max_ns"] < silent_ns and ports["looked_ns"] != 0:
        _begin_input(ports, RecordKind.LOOP_STALL, now_ns)
        view(ports["scratch"], 1, LOOP_STALL)[0]["stalled_ns"] = silent_ns
        _apply_input(ports, now_ns)
    ports["looked_ns"] = now_ns


@kernel
def may_leave(ports_address: int, request_kind: int) -> bool:
    """Whether a frame of this kind may be handed to its socket now. The caller does so at once, or never."""
    ports = ports_at(ports_address)
    state = fence_state_of(ports, monotonic_ns())
    if state == FenceState.OPEN:
        return True
    is_cancel = request_kind == RequestKind.CANCEL or request_kind == RequestKind.CANCEL_ALL
    return is_cancel and state == FenceState.LEASE_EXPIRED
