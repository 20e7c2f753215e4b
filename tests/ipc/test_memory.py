"""Compiled code reads shared words anew each time, in the order that it says."""

import platform
import re
import threading
from typing import Any

import numpy as np
import pytest

from ipc.clock import SystemClock
from ipc.compiler import JIT_DISABLED, kernel_without_gil
from ipc.memory import address_of, coarse_utc_ns, load_acquire, monotonic_ns, pause
from ipc.ring import poll, publish
from ipc.segment import HEADER_BYTES, SegmentWord
from tests.ipc.words import set_word

# A tick of the slowest usual kernel configuration (CONFIG_HZ=100), twice.
COARSE_NS = 20_000_000

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="without the JIT there is no compiled code")


@kernel_without_gil
def spin_until_set(address: int, deadline_ns: int) -> bool:
    """Whether the word became something else than zero in time."""
    while load_acquire(address) == 0:
        if monotonic_ns() > deadline_ns:
            return False
        pause()
    return True


def test_a_spinning_kernel_sees_what_another_thread_writes() -> None:
    word = np.zeros(1, np.int64)
    spin_until_set(address_of(word), 0)
    seen = []
    deadline = SystemClock.monotonic_ns() + 20_000_000_000
    thread = threading.Thread(target=lambda: seen.append(spin_until_set(address_of(word), deadline)))
    thread.start()
    set_word(address_of(word), 1)
    thread.join()
    assert seen == [True]


def compiled_anew(kernel: Any, *arguments: int) -> Any:
    """The same kernel, compiled now: numba shows no code that came from its cache."""
    anew = type(kernel)(kernel.py_func, targetoptions={"nopython": True})
    anew(*arguments)
    return anew


def test_the_ring_is_compiled_to_acquiring_loads_and_releasing_stores() -> None:
    ring = np.zeros(1024, np.int64)
    ring[SegmentWord.CAPACITY] = 1
    address = address_of(ring)
    polling = compiled_anew(poll, address)
    publishing = compiled_anew(publish, address, address + HEADER_BYTES)
    loads, stores = "".join(polling.inspect_llvm().values()), "".join(publishing.inspect_llvm().values())
    assert re.search(r"load atomic i64, .* acquire", loads)
    assert re.search(r"store atomic i64 .* release", stores)
    if platform.machine() == "aarch64":
        assert re.search(r"\bldap?r\b", "".join(polling.inspect_asm().values()))
        assert re.search(r"\bstlr\b", "".join(publishing.inspect_asm().values()))


def test_a_spinning_kernel_tells_the_core_that_it_spins() -> None:
    anew = compiled_anew(spin_until_set, address_of(np.ones(1, np.int64)), 0)
    instruction = {"x86_64": "pause", "aarch64": "yield"}[platform.machine()]
    assert instruction in "".join(anew.inspect_asm().values())


def test_the_clocks_of_compiled_code_are_the_clocks_of_python() -> None:
    before, before_utc = SystemClock.monotonic_ns(), SystemClock.utc_ns()
    now, now_utc = monotonic_ns(), coarse_utc_ns()
    assert before <= now <= SystemClock.monotonic_ns()
    assert before_utc - COARSE_NS <= now_utc <= SystemClock.utc_ns()
