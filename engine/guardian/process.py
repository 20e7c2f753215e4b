"""Owns the guardian process: it guards one engine after the other until it is told to end."""

import asyncio
import fcntl
import os
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.address_lookup import look_up
from engine.config import Config, ConfigurationError, load_config
from engine.control_scopes import scopes_of_config
from engine.event_log import EventLog, LogLevel
from engine.guardian.account_line import AccountLine
from engine.guardian.accounts import guarded_accounts
from engine.guardian.alarm_command import AlarmCommand
from engine.guardian.alarm_table import AlarmTable, Names
from engine.guardian.engine_sight import EngineSight, holds_lock
from engine.guardian.engine_watch import EngineWatch
from engine.guardian.guardian import Guardian
from engine.guardian.kill_file import KillFile
from engine.lifetime import ENGINE_LOCK, durable_folder
from engine.privacy import forget_variables, keep_memory_private
from gateways.errors import CredentialError
from ipc.address import engine_folder
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.control_segment import ControlSegment, ScopesInUseError
from ipc.segment import SegmentError, private_folder, runtime_folder

TURN_S = 0.025
# A venue that cannot be reached does not keep us for ever when we are told to end; the accounts stay halted.
END_PATIENCE_NS = 5 * NS_PER_S
_STDERR = 2
_OPERATOR_MISTAKE = 2


class GuardianRunningError(Exception):
    """Another guardian of this engine runs on this host."""


class AnotherConfigurationError(Exception):
    """The engine was started with other scopes than ours; the next guardian reads what it read."""


def run_guardian(config: Config) -> None:
    """Guards until SIGINT or SIGTERM, and then until the engine has ended; raises what makes it impossible."""
    clock = SystemClock()
    log = EventLog(_STDERR, LogLevel[config.monitoring.log_level], clock)
    log.redaction.install()
    accounts = guarded_accounts(config, log)
    forget_variables(config)
    log.redaction.learn(*(account.credentials.api_key for account in accounts))
    private_folder(runtime_folder())
    folder = private_folder(engine_folder(config.engine.name))
    with _only_guardian(folder, config.engine.name):
        control = _control_of(config, folder)
        sight = EngineSight(folder / ENGINE_LOCK)
        generator = random.Random(clock.utc_ns())  # noqa: S311  spreads reconnection attempts, guards nothing
        lines = [AccountLine(account, clock=clock, generator=generator, resolver=look_up) for account in accounts]
        command = AlarmCommand(config.alarms.command, log)
        guardian = Guardian(
            control=control,
            watch=EngineWatch(config.guardian.hang_ms * NS_PER_MS),
            sight=sight,
            lines=lines,
            kill_file=KillFile(private_folder(durable_folder(config.engine.name)), control.scopes),
            alarms=AlarmTable(folder, Names.of(config)),
            command=command,
            clock=clock,
            log=log,
        )
        asyncio.run(_live(guardian, control, lines, command, clock, log))


def _control_of(config: Config, folder: Path) -> ControlSegment:
    """The segment to guard by; AnotherConfigurationError when the engine that runs has other scopes.

    An engine keeps the segment that it began with: one put in its place would be a switch that nobody hears. One that
    is only starting opens its own, and what an earlier engine left is anybody's to replace.
    """

    def may_replace(engine_pid: int) -> bool:
        return not holds_lock(engine_pid, folder / ENGINE_LOCK)

    try:
        return ControlSegment.open(folder, scopes_of_config(config), may_replace=may_replace)
    except ScopesInUseError as error:
        raise AnotherConfigurationError(
            f"{error}: put its configuration back, or restart it with the new one; it gets no lease until then"
        ) from None


async def _live(  # noqa: PLR0913, PLR0917 - what the process hands over
    guardian: Guardian,
    control: ControlSegment,
    lines: Sequence[AccountLine],
    command: AlarmCommand,
    clock: SystemClock,
    log: EventLog,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    told_ns = 0
    # Before any connection: an engine that runs waits for its lease.
    has_work = guardian.turn()
    for line in lines:
        line.start()
    guardian.takeover.resume()
    log.write(LogLevel.INFO, "guarding", pid=os.getpid(), accounts=len(lines))
    try:
        while has_work or not stopping.is_set():
            if stopping.is_set():
                told_ns = told_ns or clock.monotonic_ns()
                if guardian.takeover.is_running and clock.monotonic_ns() - told_ns >= END_PATIENCE_NS:
                    log.write(LogLevel.ERROR, "not_cleared", next="the next guardian goes on with it")
                    break
            await asyncio.sleep(TURN_S)
            _check(control, lines)
            has_work = guardian.turn()
    finally:
        await command.stop()
        for line in lines:
            await line.stop()
        log.write(LogLevel.INFO, "guarded")


def _check(control: ControlSegment, lines: Sequence[AccountLine]) -> None:
    if not control.is_current():
        raise AnotherConfigurationError("the engine has other scopes now")
    for line in lines:
        if line.failed is not None and line.failed.done():
            line.failed.result()


@contextmanager
def _only_guardian(folder: Path, name: str) -> Iterator[None]:
    descriptor = os.open(folder / "guardian.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GuardianRunningError(f"a guardian of {name!r} runs already") from None
        yield
    finally:
        os.close(descriptor)


def main(arguments: list[str]) -> int:
    """`python -m engine.guardian CONFIG.toml`; returns the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m engine.guardian CONFIG.toml\n")
        return _OPERATOR_MISTAKE
    keep_memory_private()
    try:
        run_guardian(load_config(Path(arguments[0])))
    except AnotherConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (ConfigurationError, CredentialError, GuardianRunningError, SegmentError) as error:
        sys.stderr.write(f"{error}\n")
        return _OPERATOR_MISTAKE
    return 0
