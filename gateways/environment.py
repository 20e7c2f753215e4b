"""Owns secrets that came in environment variables: where the kernel shows what a process was started with, they are
written over.

/proc/PID/environ is the memory in which the process found its variables when it started. Removing a variable leaves
the text there, for everybody of the same user and for whoever reads a core file.
"""

import ctypes
import os

_LIBC = ctypes.CDLL(None)
_LIBC.getenv.restype = ctypes.c_void_p
_LIBC.getenv.argtypes = [ctypes.c_char_p]


def take_variable(name: str) -> str:
    """A variable's value, which this process does not have afterwards; empty when there is none."""
    value = os.environ.get(name, "")
    _write_over(name)
    os.environ.pop(name, None)
    return value


def hide_variable(name: str) -> None:
    """Moves a variable to where only this process and its children see it."""
    value = os.environ.get(name)
    if value is not None:
        _write_over(name)
        os.environ[name] = value


def _write_over(name: str) -> None:
    place = _LIBC.getenv(os.fsencode(name))
    if place:
        ctypes.memset(place, 0, len(ctypes.string_at(place)))
