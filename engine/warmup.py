"""Owns readiness of the kernels: which there are, compiling each by itself, and entering them once.

A kernel is compiled with the types that it is really called with. Callees come before their callers, so
each entry's time is its own.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numba import int64, types
from numba.core.dispatcher import Dispatcher
from numba.np.numpy_support import from_dtype

from engine.core import (
    acceptance,
    adoption,
    amend,
    amendment_reports,
    attempts,
    busts,
    cancel,
    cancel_reports,
    command_checks,
    completion,
    deadlines,
    doubts,
    effects,
    fills,
    holds,
    index,
    leg_end,
    mass_pass,
    new_order,
    order_end,
    order_kinds,
    order_limiter,
    order_listing,
    order_table,
    positions,
    rate_budget,
    rate_checks,
    rate_costs,
    rate_queue,
    rate_shares,
    rate_waiting,
    rate_windows,
    rebuild,
    reduce_only,
    release,
    replace_reports,
    replacement,
    requests,
    requests_out,
    revival,
    risk,
    step,
    target_position,
    time_passes,
    timers,
    tombstone_reports,
    trace,
    trades,
    venue_reports,
    versions,
    worst_price,
)
from engine.journal import entry, replay
from engine.spin import control, core_entry, encode, journal_ring, journaling, ports, routing, spin, wire_text
from ipc import (
    command_builtins,
    histogram,
    last_command,
    memory,
    order_status,
    rate_tables,
    record_words,
    records,
    report_drain,
    ring,
    snapshot_rows,
    state_reader,
    strategy_kernels,
    tables,
)
from ipc.compiler import JIT_DISABLED, seal

# What Python enters: in the journal process, which must not stop to compile while an engine counts on it …
JOURNAL_KERNELS: tuple[Any, ...] = (
    entry.words_crc,
    entry.seal_entries,
    entry.check_entries,
    entry.next_whole_entry,
    replay.replay_entries,
    ring.ready_count,
    ring.release_many,
    ring.is_retired,
)
# … and in the engine, which recovers by the same means.
ENTRY_KERNELS: tuple[Any, ...] = (
    *JOURNAL_KERNELS,
    rebuild.rebuild,
    spin.spin,
    spin.apply_records,
    spin.apply_commands,
    spin.finished_frames,
    spin.ready_descriptors,
    order_listing.list_open_legs,
    journaling.await_durable,
    journaling.has_journal_room,
    control.may_leave,
)

_MODULES = (
    memory,
    record_words,
    ring,
    histogram,
    order_status,
    index,
    timers,
    requests_out,
    rate_costs,
    rate_windows,
    rate_budget,
    order_table,
    effects,
    rate_queue,
    order_limiter,
    rate_shares,
    rate_checks,
    positions,
    tombstone_reports,
    trades,
    deadlines,
    requests,
    amendment_reports,
    replacement,
    risk,
    reduce_only,
    order_kinds,
    worst_price,
    command_checks,
    order_end,
    rate_waiting,
    doubts,
    attempts,
    completion,
    cancel,
    cancel_reports,
    replace_reports,
    revival,
    acceptance,
    leg_end,
    holds,
    fills,
    busts,
    adoption,
    amend,
    versions,
    new_order,
    release,
    mass_pass,
    target_position,
    venue_reports,
    time_passes,
    order_listing,
    trace,
    step,
    rebuild,
    wire_text,
    encode,
    routing,
    journal_ring,
    core_entry,
    journaling,
    entry,
    replay,
    spin,
    snapshot_rows,
    state_reader,
    last_command,
    report_drain,
    strategy_kernels,
)
# What a kernel's argument is, by its name, where its annotation says no more than that it is a row.
_ROWS: dict[str, np.dtype[np.void]] = {
    "order": tables.ORDER,
    "strategy": tables.STRATEGY,
    "holding": tables.HOLDING,
    "trade": tables.TRADE,
    "tombstone": tables.TOMBSTONE,
    "scope": records.CANCEL_ALL,
    "word": records.VENUE_REPORT,
    "book": tables.BOOK,
    "terms": tables.TERMS,
    "instrument": tables.INSTRUMENT,
    "budget": rate_tables.BUDGET,
    "share": rate_tables.RATE_SHARE,
    "ports": ports.PORTS,
    "frame": ports.FRAME,
    "template": ports.TEMPLATE,
    "request": records.VENUE_REQUEST,
    "fill": records.VENUE_REPORT,
    "own": records.EXECUTION_REPORT,
    "feedback": records.RATE_LIMIT,
    "top": records.BOOK_TOP,
    "balance": records.BALANCE,
    "clock": records.CLOCK_OFFSET,
    "change": records.VENUE_STATE,
}
_ROWS_HERE: dict[tuple[str, str], np.dtype[np.void]] = {
    ("new_order", "command"): records.NEW_ORDER,
    ("order_kinds", "command"): records.NEW_ORDER,
    ("cancel", "command"): records.CANCEL_ORDER,
    ("versions", "command"): records.AMEND_ORDER,
    ("target_position", "command"): records.TARGET_POSITION,
    ("command_checks", "command"): records.CANCEL_ORDER,
    ("acceptance", "report"): records.VENUE_REPORT,
    ("adoption", "report"): records.VENUE_REPORT,
    ("cancel_reports", "report"): records.VENUE_REPORT,
    ("doubts", "report"): records.VENUE_REPORT,
    ("holds", "report"): records.VENUE_REPORT,
    ("leg_end", "report"): records.VENUE_REPORT,
    ("replace_reports", "report"): records.VENUE_REPORT,
    ("revival", "report"): records.VENUE_REPORT,
    ("venue_reports", "report"): records.VENUE_REPORT,
    ("routing", "report"): records.EXECUTION_REPORT,
    ("busts", "report"): records.EXECUTION_REPORT,
    ("trades", "report"): records.EXECUTION_REPORT,
    ("effects", "report"): records.EXECUTION_REPORT,
}
# Kernels whose row has a name that means something else elsewhere.
_ROWS_OF_KERNEL: dict[str, np.dtype[np.void]] = {
    "_on_balance_change": records.BALANCE_CHANGE,
    "_on_trades_known": records.TRADES_KNOWN,
}


def _argument_types(dispatcher: Any) -> tuple[types.Type, ...] | None:
    """The types of a kernel's arguments, None when only its caller decides them."""
    module = dispatcher.py_func.__module__.rsplit(".", 1)[-1]
    found: list[types.Type] = []
    for name, annotation in dispatcher.py_func.__annotations__.items():
        if name == "return":
            continue
        if annotation is int:
            found.append(int64)
        elif annotation is bool:
            found.append(types.boolean)
        elif annotation is np.void:
            row = _ROWS_OF_KERNEL.get(dispatcher.py_func.__name__) or _ROWS_HERE.get((module, name)) or _ROWS.get(name)
            if row is None:
                return None
            found.append(from_dtype(row))
        else:
            return None
    return tuple(found)


def kernels() -> Iterator[tuple[str, Callable[[], object]]]:
    """Every kernel of the engine by name, with the call that compiles it or loads it from the cache."""
    if JIT_DISABLED:
        return
    for module in _MODULES:
        if module is core_entry:
            yield f"{core_entry.__name__}.core_step_address", core_entry.core_step_address
        for name, value in vars(module).items():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__:
                arguments = _argument_types(value)
                if arguments is not None:
                    yield f"{module.__name__}.{name}", partial(value.compile, arguments)
    yield from command_builtins.entries()


def load_entries(entries: tuple[Any, ...]) -> None:
    """Makes a process's kernels ready, from the cache if they are there, and forbids compiling from then on."""
    core_entry.core_step_address()
    for kernel in entries:
        if isinstance(kernel, Dispatcher):
            arguments = _argument_types(kernel)
            assert arguments is not None, f"{kernel.py_func.__name__} is called from Python with plain words"
            kernel.compile(arguments)
    seal(*entries)
