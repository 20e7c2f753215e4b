"""Owns one child: it starts in a session of its own, is tied to us, and is surely gone after `stop`."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from tools.command_error import CommandError

ATTACHED = Path(__file__).with_name("attached.py")
STOP_TIMEOUT_NS = 3 * NS_PER_S
POLL_NS = 10 * NS_PER_MS
LAST_LINES = 20


class ChildProcess:
    """A `python -m …` of this environment; what it prints goes into a nameless file that cannot fill a pipe."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._clock = SystemClock()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        self._read_bytes = 0
        self._partial = b""
        self._last_lines: list[str] = []
        command = [sys.executable, "-I", "-S", str(ATTACHED), str(os.getpid()), sys.executable, *arguments]
        # A session of its own keeps the terminal's Ctrl-C away: we alone decide when and how it stops.
        self._process = subprocess.Popen(  # noqa: S603  the command is ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self.pid = self._process.pid

    def keep_to(self, cores: set[int]) -> None:
        """Lets it run on these processors only."""
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(self.pid, cores)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def new_lines(self) -> list[str]:
        """The whole lines that it printed since the last call."""
        data = os.pread(self._output.fileno(), 1 << 20, self._read_bytes)
        self._read_bytes += len(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        texts = [line.decode("utf-8", "replace") for line in lines]
        self._last_lines = (self._last_lines + texts)[-LAST_LINES:]
        return texts

    def check_alive(self) -> None:
        """CommandError with its last words when it has ended."""
        if self.status is not None:
            raise self.failure("ended unexpectedly")

    def failure(self, what: str) -> CommandError:
        """An error about this child with its last words."""
        self.new_lines()
        words = "\n".join(
            f"  {self.name}: {line}" for line in [*self._last_lines, self._partial.decode(errors="replace")]
        )
        return CommandError(f"the {self.name} {what} (status {self.status}); its last words:\n{words.rstrip()}")

    def stop(self) -> None:
        """Asks it to end, and ends it and whatever it started when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            deadline_ns = self._clock.monotonic_ns() + STOP_TIMEOUT_NS
            while self._process.poll() is None and self._clock.monotonic_ns() < deadline_ns:
                self._clock.sleep_ns(POLL_NS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._output.close()
