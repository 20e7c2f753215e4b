"""Owns a process that passes for an engine: it holds the lock and beats, and sends nothing.

    python -m tests.torture.played_engine NAME EPOCH

ends in order when told to; it needs no compiled code, so a guardian can be tried out on it a hundred times a minute.
"""

import signal
import sys

from engine.lifetime import EngineLock
from ipc.clock import NS_PER_MS, SystemClock
from ipc.control_segment import ControlSegment
from ipc.segment import SegmentWord

_BEAT_NS = 10 * NS_PER_MS


def main() -> None:
    """Beats until it is told to end."""
    name, epoch = sys.argv[1:]
    clock = SystemClock()
    lock = EngineLock(name)
    control = ControlSegment.attach(lock.folder)
    control.begin_epoch(int(epoch))
    is_ending = False

    def end(*_: object) -> None:
        nonlocal is_ending
        is_ending = True

    signal.signal(signal.SIGTERM, end)
    while not is_ending:
        control.segment.words[SegmentWord.ENGINE_BEAT_NS] = clock.monotonic_ns()
        clock.sleep_ns(_BEAT_NS)
    control.end_epoch()
    lock.release()


if __name__ == "__main__":
    main()
