"""Owns the engine process: config, allocate, attach, warm up, seal, duty cycle, close."""

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path

from engine.config import Config, ConfigurationError, load_config
from engine.directory import Directory
from engine.engine import Engine
from engine.event_log import EventLog, LogLevel
from engine.journal.configured import configured_store
from engine.journal.errors import JournalError
from engine.lifetime import EngineLock, EngineRunningError, EpochError, next_epoch
from engine.loop import SpinLoop
from engine.privacy import keep_memory_private
from engine.recovery.carry_error import CarryOverError
from engine.recovery.earlier_run import take_up
from engine.segments import EngineSegments
from engine.state_builder import StateError
from engine.warmup import ENTRY_KERNELS, load_entries
from engine.zeromq_endpoint import EndpointError
from gateways.errors import CredentialError
from gateways.instruments_query import InstrumentsError
from ipc.clock import SystemClock
from ipc.curve import CurveKeyError
from ipc.enums import JournalState
from ipc.segment import SegmentError

_CHECK_S = 0.02
_MEANING = {
    JournalState.KEEPING: "taken",
    JournalState.ABSENT: "refused: the journal process gives no sign of life",
    JournalState.BEHIND: "refused until the journal has caught up",
    JournalState.FAILED: "refused: the disk is full or broken",
}
_STDERR = 2
# Their texts say what to do about it; a traceback would only hide that.
_MISTAKES_OF_ITS_OPERATOR = (
    ConfigurationError,
    CredentialError,
    CurveKeyError,
    EndpointError,
    EngineRunningError,
    EpochError,
    CarryOverError,
    JournalError,
    SegmentError,
    StateError,
)


def run_engine(config: Config, ready_file: Path | None) -> None:
    """Runs one engine until SIGINT or SIGTERM; raises what makes it impossible to start or to go on."""
    clock = SystemClock()
    log = EventLog(_STDERR, LogLevel[config.monitoring.log_level], clock)
    log.redaction.install()
    lock = EngineLock(config.engine.name)
    try:
        cores = frozenset(os.sched_getaffinity(0))
        if config.engine.core >= 0:
            os.sched_setaffinity(0, {config.engine.core})
        load_entries(ENTRY_KERNELS)
        store = configured_store(config)
        earlier = take_up(store, lock.folder, clock=clock, log=log)
        epoch = next_epoch(config.engine.name, after=earlier.epoch)
        segments = EngineSegments(config, Directory(config), lock.folder, epoch=epoch)
        try:
            log.write(LogLevel.INFO, "starting", engine=config.engine.name, epoch=epoch, pid=os.getpid())
            if not segments.lock_in_memory():
                log.write(LogLevel.WARNING, "memory_not_locked", fix="raise the limit: ulimit -l unlimited")
            loop = SpinLoop()
            try:
                engine = Engine(
                    config, segments, store, earlier, epoch=epoch, loop=loop, cores=cores, clock=clock, log=log
                )
                # When ready, only what came since is looked at: the loop must not stand still for all of it.
                gc.collect()
                gc.freeze()
                loop.run_until_complete(_live(engine, loop, log, ready_file))
            finally:
                loop.close()
        finally:
            segments.retire()
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)
    finally:
        lock.release()


async def _live(engine: Engine, loop: SpinLoop, log: EventLog, ready_file: Path | None) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    starting = loop.create_task(engine.start())
    stop = loop.create_task(stopping.wait())
    is_orderly = False
    try:
        await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            is_orderly = True
            return
        starting.result()
        await _until_ready(engine, stopping, log)
        if not stopping.is_set():
            _announce(ready_file)
            log.write(LogLevel.INFO, "ready")
            # What lives now lives to the end; collecting it again and again would only cost time.
            gc.collect()
            gc.freeze()
            gc.disable()
            await _until_stopped(engine, stopping, log)
        is_orderly = True
    finally:
        stop.cancel()
        await engine.stop(is_orderly=is_orderly)
        log.write(LogLevel.INFO, "stopped")


async def _until_ready(engine: Engine, stopping: asyncio.Event, log: EventLog) -> None:
    told: dict[str, str] = {}
    while not engine.is_ready() and not stopping.is_set():
        _raise_failures(engine)
        for account, trouble in engine.troubles().items():
            if told.get(account) != trouble:
                told[account] = trouble
                log.write(LogLevel.WARNING, "not_connected", account=account, reason=trouble)
        await asyncio.sleep(_CHECK_S)


async def _until_stopped(engine: Engine, stopping: asyncio.Event, log: EventLog) -> None:
    told = JournalState.KEEPING
    while not stopping.is_set():
        _raise_failures(engine)
        state = engine.journal_state
        if state is not told:
            told = state
            level = LogLevel.INFO if state is JournalState.KEEPING else LogLevel.ERROR
            log.write(level, "journal", state=state.name, new_orders=_MEANING[state])
        try:
            async with asyncio.timeout(1):
                await stopping.wait()
        except TimeoutError:
            continue


def _raise_failures(engine: Engine) -> None:
    for error in engine.failures():
        raise error


def _announce(ready_file: Path | None) -> None:
    """Tells whoever started the engine that orders are taken; written whole before it has its name."""
    if ready_file is None:
        return
    building = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    building.write_text(json.dumps({"pid": os.getpid(), "state": "READY"}))
    building.rename(ready_file)


def main(arguments: list[str]) -> int:
    """`python -m engine.run CONFIG.toml [--ready-file FILE]`; returns the exit status."""
    if not arguments or arguments[0].startswith("-") or len(arguments) not in (1, 3):
        sys.stderr.write("usage: python -m engine.run CONFIG.toml [--ready-file FILE]\n")
        return 2
    ready_file = Path(arguments[2]) if len(arguments) == 3 else None
    keep_memory_private()
    try:
        run_engine(load_config(Path(arguments[0])), ready_file)
    except InstrumentsError as error:
        sys.stderr.write(f"the venue's instruments are not known: {error}\n")
        return 1
    except _MISTAKES_OF_ITS_OPERATOR as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
