"""Owns what the kernel knows of the engine's process: whether it lives, and that nobody else is killed in its place."""

import os
import select
import signal
from pathlib import Path

from engine.guardian.engine_watch import Sighting
from ipc.control_segment import ControlSegment

_LOCKS = Path("/proc/locks")


class EngineSight:
    """Holds on to the process that the control segment names; a number that is used again is another process."""

    def __init__(self, lock_file: Path) -> None:
        self._lock_file = lock_file
        self._pid = 0
        self._epoch = 0
        self._descriptor = -1

    def look(self, control: ControlSegment) -> Sighting:
        """What is seen of the last engine that began."""
        epoch, pid = control.engine_epoch, control.engine_pid
        if (epoch, pid) != (self._epoch, self._pid):
            self._turn_to(epoch, pid)
        return Sighting(epoch, control.engine_beat_ns, self._is_alive())

    def kill(self) -> bool:
        """Kills the engine; False when its process is gone, or is not the one that holds the engine's lock."""
        if self._descriptor < 0 or not holds_lock(self._pid, self._lock_file):
            return False
        try:
            # While the process that we hold on to lives, its number cannot be another's: it is that of the lock.
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        """Lets go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _turn_to(self, epoch: int, pid: int) -> None:
        self.close()
        self._epoch, self._pid = epoch, pid
        if pid > 0:
            try:
                self._descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                return

    def _is_alive(self) -> bool:
        if self._descriptor < 0:
            return False
        # A descriptor of a process is readable from its end on.
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return not poll.poll(0)


def holds_lock(pid: int, lock_file: Path) -> bool:
    """Asked of the kernel's list: to try the lock would keep an engine from starting at that moment."""
    try:
        inode = lock_file.stat().st_ino
    except FileNotFoundError:
        return False
    # 17: FLOCK  ADVISORY  WRITE 4711 00:17:290 0 EOF
    locks = (line.split() for line in _LOCKS.read_text().splitlines())
    return any(
        words[1:2] == ["FLOCK"] and words[4] == str(pid) and words[5].rpartition(":")[2] == str(inode)
        for words in locks
    )
