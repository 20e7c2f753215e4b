"""Owns the loops of the journal benchmark: appends at a steady pace, and a life that is written down as it is lived."""

from functools import cache
from typing import Any

import numpy as np
from numba import types

from engine.core.step import ENGINE
from engine.spin.core_entry import run_step
from engine.spin.journal_ring import append
from engine.spin.ports import ports_at
from engine.spin.routing import route_effects
from ipc.compiler import c_function, kernel_without_gil
from ipc.enums import RecordKind
from ipc.histogram import record_value
from ipc.memory import monotonic_ns, pause, view
from ipc.records import BOOK_TOP, SLOT_BYTES
from perf.core_kernels import Core, feed, next_number, take_away, world_at


@kernel_without_gil
def append_at_pace(ring: int, records: int, count: int, pace_ns: int, histogram: int) -> int:
    """Appends one input every `pace_ns` and times each append; returns how many found no room."""
    refused = 0
    due = monotonic_ns()
    for place in range(count):
        due += pace_ns
        while monotonic_ns() < due:
            pause()
        started = monotonic_ns()
        is_kept = append(ring, records + place * SLOT_BYTES, started, 1, place)
        record_value(histogram, monotonic_ns() - started)
        refused += 0 if is_kept else 1
    return refused


def _keep_and_apply(ports_address: int, record: int, now_ns: int, source: int) -> int:
    ports = ports_at(ports_address)
    effects = run_step(ports, record, now_ns, source)
    route_effects(ports, effects, now_ns, 0)
    return effects


@cache
def keeping_core() -> Any:
    """What the engine's loop does with an input, its keeping included, as the core benchmark's loops call it."""
    return c_function(types.int64(types.int64, types.int64, types.int64, types.int64))(_keep_and_apply)


@kernel_without_gil
def see_prices(core: Core, address: int, count: int) -> None:
    """Best bids and offers of all instruments in turn."""
    world = world_at(address)
    for _ in range(count):
        number = next_number(core, world)
        top = view(world["record"], 1, BOOK_TOP)[0]
        top["kind"] = RecordKind.BOOK_TOP
        top["published_ns"] = number
        top["instrument_id"] = number % world["instruments"]
        top["bid_ticks"] = np.int64(100_000) + number % 100
        top["bid_lots"] = 5
        top["ask_ticks"] = np.int64(100_010) + number % 100
        top["ask_lots"] = 7
        top["venue_sequence"] = number
        feed(core, world, number, ENGINE)
        take_away(world)
