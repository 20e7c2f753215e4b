"""Owns the loop's call of the core: through an address, so that the loop need not contain it.

Compiled into each of its callers, the core would be compiled four times over; a call through an address
costs two nanoseconds.
"""

from functools import cache

import numpy as np
from numba import types

from engine.core.state import header_of
from engine.core.step import step
from engine.spin.journal_ring import append
from ipc.compiler import c_function, kernel
from ipc.memory import call_at, load


def c_step(state: int, record: int, now_ns: int, source: int) -> int:
    """The core's step as C calls it."""
    return step(state, record, now_ns, source)


@cache
def core_step_address() -> int:
    """Where the compiled step lies in this process; compiles it, or loads it, at the first call."""
    return int(c_function(types.int64(types.int64, types.int64, types.int64, types.int64))(c_step).address)


@kernel
def run_step(ports: np.void, record: int, now_ns: int, source: int) -> int:
    """Keeps one record and applies it; returns how many effects lie ready. Precondition: the journal has room."""
    state = ports["state"]
    if ports["journal"] != 0:
        trace = header_of(state)["trace"]
        is_kept = append(ports["journal"], record, now_ns, ports["journal_epoch"] | source, trace)
        assert is_kept, "an input is applied only when it is kept"
    effects = call_at(ports["core_step"], state, record, now_ns, source)
    # A C function cannot raise: what stopped it has left the sequence lock taken, and nothing may go on then.
    assert load(state) & 1 == 0, "the core stopped in the middle of a step"
    return effects
