"""Owns the peer's loops of the kill benchmark: orders that come to rest, the moment of the halt, frames after it."""

import numpy as np

from ipc.compiler import kernel, kernel_without_gil
from ipc.enums import ExecutionType, RecordKind
from ipc.memory import load_acquire, monotonic_ns, view
from ipc.records import EXECUTION_REPORT, SLOT_BYTES
from ipc.strategy_kernels import drain_reports
from perf.venue_kernels import DRIVER, ORDER_FAILED, PUBLISH_FAILED, TOO_SLOW, frame_end, publish, take_frames, take_in

_REPORTS_MAX = 16
_SILENCE_NS = 5_000_000_000
# {"id":"c...
_LETTER_PLACE = 7
_IN_FLIGHT_MAX = 64


@kernel
def _count_reports(driver: np.void, execution_type: int) -> int:
    """How many reports of a kind have come; the reason of the last one is noted."""
    found = 0
    count = drain_reports(driver["session"], driver["reports"], _REPORTS_MAX)
    for place in range(count):
        report = view(driver["reports"] + place * SLOT_BYTES, 1, EXECUTION_REPORT)[0]
        if report["kind"] == RecordKind.EXECUTION_REPORT and report["execution_type"] == execution_type:
            driver["reason"] = report["reason"]
            found += 1
    return found


@kernel_without_gil
def rest(address: int, count: int) -> int:
    """Places so many orders, each acknowledged and none filled; returns 0, or what went wrong."""
    driver = view(address, 1, DRIVER)[0]
    end_ns = monotonic_ns() + _SILENCE_NS
    while driver["acknowledged"] < count:
        has_room = driver["published"] < count and driver["published"] - driver["acknowledged"] < _IN_FLIGHT_MAX
        if has_room and not publish(driver):
            return PUBLISH_FAILED
        outcome = take_frames(driver)
        if outcome < 0:
            return outcome
        driver["acknowledged"] += _count_reports(driver, ExecutionType.NEW)
        if monotonic_ns() > end_ns:
            return TOO_SLOW
    return 0


@kernel_without_gil
def await_word(address: int, value: int) -> int:
    """When a word of shared memory has this value; 0 when it does not come to that."""
    end_ns = monotonic_ns() + _SILENCE_NS
    while True:
        now_ns = monotonic_ns()
        if load_acquire(address) == value:
            return now_ns
        if now_ns > end_ns:
            return 0


@kernel_without_gil
def is_refused(address: int, reason: int) -> int:
    """Sends one order more; returns 0 when it is refused for that reason."""
    driver = view(address, 1, DRIVER)[0]
    end_ns = monotonic_ns() + _SILENCE_NS
    if not publish(driver):
        return PUBLISH_FAILED
    while _count_reports(driver, ExecutionType.REFUSED) == 0:
        if monotonic_ns() > end_ns:
            return TOO_SLOW
    return 0 if driver["reason"] == reason else ORDER_FAILED


@kernel_without_gil
def count_frames(address: int, letter: int, count: int) -> int:
    """Reads frames until so many requests with this letter have come; returns how many others came meanwhile."""
    driver = view(address, 1, DRIVER)[0]
    received = view(driver["received"], driver["received_bytes"], np.uint8)
    found, others = 0, 0
    end_ns = monotonic_ns() + _SILENCE_NS
    while found < count:
        filled = take_in(driver)
        if filled < 0:
            return filled
        start, end = 0, driver["filled_bytes"]
        while frame_end(received, start, end) != 0:
            payload = start + (8 if received[start + 1] & 0x7F == 126 else 6)
            first = received[payload + _LETTER_PLACE] ^ received[payload - 4 + (_LETTER_PLACE & 3)]
            found += 1 if first == letter else 0
            others += 0 if first == letter else 1
            start = frame_end(received, start, end)
        for index in range(end - start):
            received[index] = received[start + index]
        driver["filled_bytes"] = end - start
        _count_reports(driver, ExecutionType.REFUSED)
        if monotonic_ns() > end_ns:
            return TOO_SLOW
    return others
