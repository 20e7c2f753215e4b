"""Ties a process to its parent: `python -I -S attached.py PARENT_PID COMMAND…` becomes the command.

The kernel kills the process when its parent dies, however that happens, so that nothing outlives a
killed demonstration. The tie survives the exec (prctl(2), PR_SET_PDEATHSIG). It is made here and not
between fork and exec, where a parent with threads may hold any lock. This file imports nothing of ours.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Becomes the command, unless the parent is gone already."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    # The parent may have died before the tie was made.
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606  the command is ours


if __name__ == "__main__":
    main()
