"""Owns the process beside ours: forked, pinned to its own core, gone when we are."""

import ctypes
import mmap
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

WORDS = 64
_PR_SET_PDEATHSIG = 1


class Peer:
    """Runs `work(words)` in a forked process; `words` is memory that both see, for addresses and results.

    A fork and not a new interpreter, because it has every kernel loaded already and starts in a millisecond.
    """

    def __init__(self, work: Callable[[NDArray[np.int64]], None], *, core: int) -> None:
        self.words: NDArray[np.int64] = np.frombuffer(mmap.mmap(-1, WORDS * 8), dtype=np.int64)
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            self._run(work, core)

    def _run(self, work: Callable[[NDArray[np.int64]], None], core: int) -> None:
        status = 1
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            os.sched_setaffinity(0, {core})
            work(self.words)
            status = 0
        except BaseException:  # the border of a process: say what happened, end with a status
            traceback.print_exc()
        finally:
            os._exit(status)

    def join(self) -> NDArray[np.int64]:
        """Waits for the end of the work and returns the words; AssertionError when it failed."""
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        assert status == 0, f"the peer process failed: {os.waitstatus_to_exitcode(status)}"
        return self.words

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid:
            if kind is not None:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                self._pid = 0
            else:
                self.join()
