"""Owns the configured command: run for one alarm after the other, bounded in time and number, never waited for."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from engine.event_log import EventLog, LogLevel

TIMEOUT_S = 10.0
WAITING_MAX = 64


class AlarmCommand:
    """Takes alarms at once and hands them on one at a time, each as a JSON object on standard input."""

    def __init__(self, command: Sequence[str], log: EventLog, *, timeout_s: float = TIMEOUT_S) -> None:
        self._command = tuple(command)
        self._log = log
        self._timeout_s = timeout_s
        self._waiting: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an alarm is being handed on."""
        return self._task is not None and not self._task.done()

    def tell(self, alarm: Mapping[str, str | int]) -> None:
        """Hands an alarm on as soon as those before it are done; the log has it in any case."""
        self._log.write(LogLevel.WARNING, "alarm", **alarm)
        if not self._command:
            return
        if len(self._waiting) >= WAITING_MAX:
            self._log.write(LogLevel.ERROR, "alarm_not_told", reason=f"{WAITING_MAX} others wait for the command")
            return
        self._waiting.append(msgspec.json.encode(alarm))
        if not self.is_busy:
            self._task = asyncio.get_running_loop().create_task(self._run_all())

    async def stop(self) -> None:
        """Ends the command that runs, if one does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run_all(self) -> None:
        while self._waiting:
            await self._run(self._waiting.popleft())

    async def _run(self, text: bytes) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._failed(f"cannot be started: {error.strerror}")
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                await process.communicate(text + b"\n")
            if process.returncode:
                self._failed(f"ended with status {process.returncode}")
        except TimeoutError:
            self._failed(f"took longer than {self._timeout_s:g} s")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _failed(self, reason: str) -> None:
        self._log.write(LogLevel.ERROR, "alarm_command", reason=reason)
