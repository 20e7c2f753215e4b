"""Owns the birth of a supervised process: it is told to end when we die, however that happens.

The tie is made between fork and exec, so there is no moment without it. That is sound here because the control
process has one thread only.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_CANNOT_START = 127
_LIBC = ctypes.CDLL(None, use_errno=True)


def launch(arguments: Sequence[str]) -> int:
    """Starts Python as we were started, with these arguments; returns the new process's id.

    It has a process group of its own, which a terminal's Ctrl-C does not reach: we alone decide in which order the
    others end.
    """
    command = [sys.executable, *(f"-W{option}" for option in sys.warnoptions), *arguments]
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        is_tied = _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) == 0
        # We may have died before the tie was made.
        if is_tied and os.getppid() == parent:
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.execv(command[0], command)  # noqa: S606  the command is ours
    finally:
        os._exit(_CANNOT_START)
