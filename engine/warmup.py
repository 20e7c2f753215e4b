"""Owns readiness of the kernels: which there are, which calls which, compiling each by itself, and entering them once.

Callees come before their callers, so each kernel's time is its own, and processes that share the cache can compile
different kernels at the same time.
"""

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

import engine.core
import engine.core.algorithms
import engine.spin
import ipc
from engine.core import order_listing, rebuild
from engine.journal import entry, replay
from engine.kernel_types import argument_types
from engine.spin import control, core_entry, joining, journaling, spin
from ipc import command_builtins, ring
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
    joining.joinable_count,
    joining.join_frames,
)


@dataclass(frozen=True)
class Compilation:
    """A kernel to be made ready, and the names of those that must be ready before."""

    name: str
    compile: Callable[[], object]
    needs: frozenset[str]


def compilations() -> list[Compilation]:
    """Every kernel of the engine and of compiled strategies; what is in the cache is loaded instead of compiled."""
    if JIT_DISABLED:
        return []
    found = [_of_kernel(kernel) for kernel in dispatchers()]
    found.append(Compilation("core_step_address", core_entry.core_step_address, _called_by(core_entry.c_step)))
    found += [Compilation(name, call, _called_by(function)) for name, function, call in command_builtins.entries()]
    return found


def dispatchers() -> Iterator[Any]:
    """What numba made of every kernel."""
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__:
                yield value


def verify_declared_types() -> None:
    """AssertionError where a kernel was compiled for other types than `kernel_types` says, and so twice."""
    for kernel in dispatchers():
        is_as_declared = len(kernel.signatures) <= 1 or argument_types(kernel) is None
        assert is_as_declared, f"{_name_of(kernel)} is called with other types than kernel_types says"


def _modules() -> Iterator[ModuleType]:
    for package in (ipc, engine.core, engine.core.algorithms, engine.spin):
        for found in pkgutil.iter_modules(package.__path__):
            yield import_module(f"{package.__name__}.{found.name}")
    yield from (entry, replay)


def _of_kernel(kernel: Any) -> Compilation:
    arguments = argument_types(kernel)
    # A kernel whose types only its callers know is compiled with the first of them.
    compile_kernel = partial(kernel.compile, arguments) if arguments is not None else _leave_to_callers
    return Compilation(_name_of(kernel), compile_kernel, _called_by(kernel.py_func))


def _leave_to_callers() -> None:
    pass


def _name_of(kernel: Any) -> str:
    return f"{kernel.py_func.__module__}.{kernel.py_func.__name__}"


def _called_by(function: Any) -> frozenset[str]:
    known = (function.__globals__.get(name) for name in function.__code__.co_names)
    return frozenset(_name_of(value) for value in known if isinstance(value, Dispatcher))


def load_entries(entries: tuple[Any, ...]) -> None:
    """Makes a process's kernels ready, from the cache if they are there, and forbids compiling from then on."""
    core_entry.core_step_address()
    for kernel in entries:
        if isinstance(kernel, Dispatcher):
            arguments = argument_types(kernel)
            assert arguments is not None, f"{kernel.py_func.__name__} is called from Python with plain words"
            kernel.compile(arguments)
    seal(*entries)
