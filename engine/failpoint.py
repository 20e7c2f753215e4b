"""Owns failpoints: named places where a test may have the process killed, and that cost nothing otherwise.

OMS_FAILPOINTS names a folder. A file in it, named like a place and holding a count, arms that place while processes
run: whoever comes there for the count-th time removes the file and kills itself with SIGKILL. Where something is to be
left out instead, it is for as long as the file lies there.
"""

import os
import signal
from pathlib import Path

_folder = os.environ.get("OMS_FAILPOINTS", "")


def _reached(name: str) -> None:
    """Ends the process here if this is the place and the time."""
    armed = Path(_folder, name)
    try:
        passes_left = int(armed.read_text())
        if passes_left > 1:
            armed.write_text(str(passes_left - 1))
            return
        armed.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def is_armed(name: str) -> bool:
    """Whether a test has armed a place at which something is to be left out."""
    return bool(_folder) and Path(_folder, name).exists()


def _ignored(name: str) -> None:
    """Nothing is armed."""


reached = _reached if _folder else _ignored
