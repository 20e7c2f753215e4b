"""Owns the loops of the execution benchmark: one input over and over to one state, and the router's two plans.

What an input finds must not depend on the ones before, so the whole block is put back first, outside of what is timed.
"""

import numpy as np

from engine.core.resting_route import plan_rest
from engine.core.state import header_of
from engine.core.step import ENGINE
from engine.core.sweep import plan_sweep
from ipc.compiler import kernel, kernel_without_gil
from ipc.enums import RecordKind, Side
from ipc.histogram import record_value
from ipc.memory import copy_words, monotonic_ns, view
from ipc.records import BOOK_TOP
from ipc.tables import word_row
from perf.core_kernels import Core, take_away

PLANS_MAX_LOTS = 8_192
_STRATEGY, _ANY_ACCOUNT = 1, -1

STAGE = word_row(
    "state",
    "ports",
    "reports",  # address of the ring that all reports go to
    "record",  # address of the slot with the input
    "timer",  # address of a slot with a TIMER
    "now_ns",
    "source",
    "kept",  # address of the block as every input finds it
    "block_words",
    "step_count",
    "frame_count",
    "report_count",
)


@kernel
def stage_at(address: int) -> np.void:
    """The row behind the one address that a loop is entered with."""
    return view(address, 1, STAGE)[0]


@kernel
def put_back(stage: np.void) -> None:
    """Makes the state what it was when it was kept."""
    copy_words(stage["state"], stage["kept"], stage["block_words"])


@kernel_without_gil
def repeat_input(core: Core, address: int, count: int, times: int) -> None:
    """Times one input, again and again to the same state."""
    stage = stage_at(address)
    for _ in range(count):
        put_back(stage)
        started = monotonic_ns()
        core(stage["ports"], stage["record"], stage["now_ns"], stage["source"])
        record_value(times, monotonic_ns() - started)
        take_away(stage)


@kernel_without_gil
def repeat_until_quiet(core: Core, address: int, count: int, times: int) -> None:
    """Times one input and all the timers that it leaves due, again and again, and counts the steps of one turn."""
    stage = stage_at(address)
    for _ in range(count):
        put_back(stage)
        stage["step_count"] = 1
        started = monotonic_ns()
        core(stage["ports"], stage["record"], stage["now_ns"], stage["source"])
        elapsed = monotonic_ns() - started
        take_away(stage)
        while header_of(stage["state"])["next_deadline_ns"] <= stage["now_ns"]:
            started = monotonic_ns()
            core(stage["ports"], stage["timer"], stage["now_ns"], ENGINE)
            elapsed += monotonic_ns() - started
            take_away(stage)
            stage["step_count"] += 1
        record_value(times, elapsed)


@kernel_without_gil
def repeat_market(core: Core, address: int, count: int, times: int) -> None:
    """Times one market record again and again, each with news; nothing is put back, for nothing comes of it."""
    stage = stage_at(address)
    put_back(stage)
    for _ in range(count):
        _tell_news(stage["record"])
        started = monotonic_ns()
        core(stage["ports"], stage["record"], stage["now_ns"], ENGINE)
        record_value(times, monotonic_ns() - started)
        take_away(stage)


@kernel
def _tell_news(record: int) -> None:
    """A best price that comes and goes by a tick; the other kinds of records are news as they are."""
    top = view(record, 1, BOOK_TOP)[0]
    if top["kind"] == RecordKind.BOOK_TOP:
        top["ask_ticks"] ^= 1
        top["venue_sequence"] += 1


@kernel
def _wanted_lots(number: int) -> int:
    """From one lot to more than the books hold, the same in every run."""
    return 1 + number * 2_654_435_761 % PLANS_MAX_LOTS


@kernel_without_gil
def repeat_sweep_plan(state: int, count: int, times: int) -> int:
    """Times the sharing of quantities that are to trade at once; returns the last of them."""
    for number in range(count):
        lots, side = _wanted_lots(number), Side.BUY + 0 if number & 1 == 0 else Side.SELL + 0
        started = monotonic_ns()
        plan_sweep(state, _STRATEGY + 0, _ANY_ACCOUNT + 0, 0, side, lots, 0, True)
        record_value(times, monotonic_ns() - started)
    return _wanted_lots(count - 1)


@kernel_without_gil
def repeat_rest_plan(state: int, count: int, times: int) -> int:
    """Times the choice of a venue for quantities that are to rest; returns the last of them."""
    for number in range(count):
        lots, side = _wanted_lots(number), Side.BUY + 0 if number & 1 == 0 else Side.SELL + 0
        started = monotonic_ns()
        plan_rest(state, _STRATEGY + 0, _ANY_ACCOUNT + 0, 0, side, lots, 0, True)
        record_value(times, monotonic_ns() - started)
    return _wanted_lots(count - 1)
