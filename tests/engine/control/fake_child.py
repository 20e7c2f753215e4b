"""Owns a process to supervise: `fake_child.py DIARY NAME HABIT`; it notes in the diary what becomes of it.

orderly    ends with status 0 when told to
stubborn   does not end when told to
N          ends with that status at once
"""

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Lives by its habit."""
    diary, name, habit = sys.argv[1:]
    descriptor = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(what: str) -> None:
        os.write(descriptor, f"{name} {what} {os.getpid()}\n".encode())

    def take_request(_number: int, _frame: FrameType | None) -> None:
        note("told")
        if habit == "orderly":
            sys.exit(0)

    signal.signal(signal.SIGTERM, take_request)
    note("started")
    sys.stdout.write(f"{name} speaks\n")
    sys.stdout.flush()
    if habit.isdigit():
        sys.exit(int(habit))
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
