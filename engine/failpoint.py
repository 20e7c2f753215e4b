"""Owns failpoints: named places where a test may have the process killed, and that cost nothing otherwise.

OMS_FAILPOINT="name:count" kills the process with SIGKILL when it comes to that place for the count-th time.
"""

import os
import signal

_name, _, _count = os.environ.get("OMS_FAILPOINT", "").partition(":")
_passes_left = int(_count or 1)


def _reached(name: str) -> None:
    """Ends the process here if this is the place and the time."""
    global _passes_left  # noqa: PLW0603  how often the place was passed belongs to the process
    if name != _name:
        return
    _passes_left -= 1
    if _passes_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def _ignored(name: str) -> None:
    """Nothing is armed."""


reached = _reached if _name else _ignored
