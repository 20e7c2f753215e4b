"""Owns the engine of the wire benchmark: a whole one, in this process, beside a venue in the peer.

Its loop runs only during a repetition, so that references have the core to themselves in between.
"""

import asyncio
import contextlib
import gc
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.config import load_config
from engine.engine import Engine
from engine.event_log import EventLog, LogLevel
from engine.hot_loop import FrameSender
from engine.journal.configured import configured_store
from engine.lifetime import EngineLock, next_epoch
from engine.loop import SpinLoop
from engine.recovery.earlier_run import take_up
from engine.segments import EngineSegments
from engine.state_builder import Directory
from engine.warmup import ENTRY_KERNELS, load_entries
from gateways.record_writer import RecordWriter, new_rows
from ipc.clock import SystemClock
from ipc.histogram import HISTOGRAM_WORDS
from ipc.memory import address_of
from ipc.rate_enums import RateLimitType
from perf.machine import USABLE_CORES
from perf.peer import Peer
from perf.setting import ENGINE, Setting
from perf.venue_driver import (
    ACKNOWLEDGED,
    COUNT,
    FAILED_BY,
    FILLED,
    INTERVAL_NS,
    MODE,
    ORDER_LOTS,
    OUTCOME,
    OVER_SHARED_MEMORY,
    PORT,
    PRICE_TICKS,
    REASON,
    START_NS,
    Driver,
    VenuePeer,
    warm_up,
)
from perf.venue_kernels import PRICES
from tools.child_process import ChildProcess

_READY_TIMEOUT_S = 30
_RAW_REQUESTS_MAX = 1 << 40
_PRICE_BPS = 100
_WORDS = {"mode": MODE, "count": COUNT, "interval_ns": INTERVAL_NS}


class RunningEngine:
    """An engine that is connected and live, and the peer that drives it."""

    def __init__(self, loop: SpinLoop, engine: Engine, segments: EngineSegments, driver: "_DriverLink") -> None:
        self._loop = loop
        self._segments = segments
        self._acknowledged = driver.acknowledged
        self._peer = driver.peer
        self._pipes = driver.pipes
        self._hot_loop = engine.hot_loop
        self._orders_before = 0
        self._ready: list[int] = []
        self._sent: list[int] = []
        # No reply of the venue states this window, and the driver's orders are more than it allows.
        budgets = segments.state.table("budgets")
        budgets["limit"][budgets["limit_type"] == RateLimitType.RAW_REQUESTS] = _RAW_REQUESTS_MAX
        (gateway,) = engine.order_gateways
        engine.hot_loop.use_senders([self._timed(gateway)])

    def _timed(self, sender: FrameSender) -> FrameSender:
        return _TimedSender(sender, self._ready, self._sent)

    def _repeat(self, **words: int) -> None:
        """One repetition by the peer."""
        for name, value in words.items():
            self._peer.words[_WORDS[name]] = value
        self._ready.clear()
        self._sent.clear()
        self._tell_prices()
        self._loop.run_until_complete(self._pipes.ask())

    def trade(self, count: int, interval_ns: int, *, mode: int = OVER_SHARED_MEMORY) -> "WireTimes":
        """One repetition: so many orders, from signal to fill; AssertionError unless all of it happened."""
        self._acknowledged[:] = 0
        self._repeat(mode=mode, count=count, interval_ns=interval_ns)
        self._verify(count)
        due = int(self._peer.words[START_NS]) + np.arange(count, dtype=np.int64) * interval_ns
        return WireTimes(np.array(self._ready) - due, np.array(self._sent) - due, self._acknowledged)

    def _tell_prices(self) -> None:
        """Says what our orders are held against."""
        rows, middle = new_rows(1), PRICE_TICKS + PRICES
        writer = RecordWriter(account_id=0)
        writer.start(rows, SystemClock.monotonic_ns())
        writer.book_top(0, middle - 1, ORDER_LOTS, middle + 1, ORDER_LOTS, self._orders_before + 1)
        self._hot_loop.apply(rows, 1)

    def _failure(self, count: int) -> str:
        """What the driver says of a repetition that it broke off."""
        words = self._peer.words
        return (
            f"the driver ended with {int(words[OUTCOME])} after {int(words[ACKNOWLEDGED])} acknowledgements and "
            f"{int(words[FILLED])} fills of {count}; execution type {int(words[FAILED_BY])}, "
            f"reason {int(words[REASON])}"
        )

    def _verify(self, count: int) -> None:
        words = self._peer.words
        assert words[OUTCOME] == 0, self._failure(count)
        self._orders_before += count
        state = self._segments.state
        books, strategies = state.table("books"), state.table("strategies")
        header = state.header
        found = {
            "acknowledged": int(words[ACKNOWLEDGED]),
            "filled": int(words[FILLED]),
            "frames": len(self._sent),
            "commands": int(strategies["command_count"].sum()),
            "refusals": int(strategies["refused_count"].sum()),
            "fills": int(books["fill_count"].sum()),
            "open orders": int(header["open_order_count"]),
            "living parents": int(header["living_parent_count"]),
            "position": int(books["position_lots"].sum()),
            "oddities": sum(
                int(header[f"{name}_count"])
                for name in ("late_fill", "overfill", "duplicate_trade", "unmatched_report")
            ),
        }
        expected = dict.fromkeys(("acknowledged", "filled", "frames"), count)
        expected |= dict.fromkeys(("commands", "fills"), self._orders_before)
        expected |= dict.fromkeys(("refusals", "open orders", "living parents", "position", "oddities"), 0)
        assert found == expected, f"after {self._orders_before} orders there is {found}, expected is {expected}"


class _TimedSender:
    """A sender that notes when each frame was ready and when it was sent."""

    def __init__(self, sender: FrameSender, ready: list[int], sent: list[int]) -> None:
        self._send_frame = sender.send_frame
        self._ready = ready
        self._sent = sent
        self.sign = sender.sign

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        """Passes it on."""
        self._ready.append(SystemClock.monotonic_ns())
        is_sent = self._send_frame(buffer, offset)
        self._sent.append(SystemClock.monotonic_ns())
        return is_sent

    @staticmethod
    def send_joined(frames: bytes, count: int) -> bool:
        """Nothing is cancelled where single orders are timed."""
        raise AssertionError(f"{count} cancels left of {len(frames)} bytes, and none was asked for")


AnyEngine = TypeVar("AnyEngine", bound=RunningEngine)


@dataclass(frozen=True)
class WireTimes:
    """What happened to each order, in nanoseconds after its signal was due."""

    ready: NDArray[np.int64]
    sent: NDArray[np.int64]
    acknowledged: NDArray[np.int64]
    """A histogram; empty when the strategy is remote."""


class _Pipes:
    """How the two processes wake each other without a timer."""

    def __init__(self) -> None:
        self.peer_orders, self.orders = os.pipe()
        self.answers, self.peer_answers = os.pipe()

    async def ask(self) -> None:
        """Asks the peer for a repetition and waits until it has answered."""
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        loop.add_reader(self.answers, lambda: answered.set_result(os.read(self.answers, 1)))
        os.write(self.orders, b".")
        assert await answered == b".", "the peer process ended"
        loop.remove_reader(self.answers)

    def close_ours(self) -> None:
        """Ends the peer."""
        os.close(self.orders)
        os.close(self.answers)

    def close_peers(self) -> None:
        """After the fork the peer alone has its ends, so that its death is seen here."""
        os.close(self.peer_orders)
        os.close(self.peer_answers)


@dataclass(frozen=True)
class _DriverLink:
    """What joins us to the peer: the process, its wake-up calls, and a histogram that both see."""

    peer: Peer
    pipes: _Pipes
    acknowledged: NDArray[np.int64]


@contextlib.contextmanager
def _driver(setting: Setting, peer_core: int, kind: type[Driver]) -> Iterator[_DriverLink]:
    pipes = _Pipes()
    acknowledged = np.frombuffer(mmap.mmap(-1, HISTOGRAM_WORDS * 8), dtype=np.int64)
    venue = VenuePeer(
        setting.write_keys(), kind, address_of(acknowledged), orders=pipes.peer_orders, answers=pipes.peer_answers
    )

    def work(words: NDArray[np.int64]) -> None:
        pipes.close_ours()
        venue.work(words)

    with Peer(work, core=peer_core) as peer:
        pipes.close_peers()
        assert os.read(pipes.answers, 1) == b".", "the venue did not start"
        yield _DriverLink(peer, pipes, acknowledged)
        pipes.close_ours()


@cache
def _load_kernels() -> None:
    """Once in a process: an engine seals its kernels, and they stay sealed for the next one."""
    warm_up()
    load_entries(ENTRY_KERNELS)


@contextlib.contextmanager
def running_engine(
    *, core: int, peer_core: int, kind: type[AnyEngine], driver: type[Driver] = Driver
) -> Iterator[AnyEngine]:
    """An engine with the product's default capacities, live."""
    _load_kernels()
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        setting = Setting(Path(folder), engine_core=core, price_bps=_PRICE_BPS)
        with setting.entered(), _driver(setting, peer_core, driver) as link, _engine(setting, link, kind) as engine:
            yield engine


@contextlib.contextmanager
def _engine(setting: Setting, driver: _DriverLink, kind: type[AnyEngine]) -> Iterator[AnyEngine]:
    config_file = setting.write_engine(int(driver.peer.words[PORT]))
    config = load_config(config_file)
    clock, loop = SystemClock(), SpinLoop()
    with (
        (setting.folder / "engine.log").open("wb") as log_file,
        ChildProcess("journal", ["-m", "engine.journal", str(config_file)]) as journal,
    ):
        journal.keep_to(set(USABLE_CORES))
        log = EventLog(log_file.fileno(), LogLevel.INFO, clock)
        lock = EngineLock(ENGINE)
        store = configured_store(config)
        earlier = take_up(store, lock.folder, clock=clock, log=log)
        epoch = next_epoch(ENGINE, after=earlier.epoch)
        segments = EngineSegments(config, Directory(config), lock.folder, epoch=epoch)
        engine = Engine(
            config, segments, store, earlier, epoch=epoch, loop=loop, cores=USABLE_CORES, clock=clock, log=log
        )
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            loop.run_until_complete(_until_ready(engine))
            loop.run_until_complete(_take_over_prices(engine))
            yield kind(loop, engine, segments, driver)
            loop.run_until_complete(engine.stop(is_orderly=True))
        finally:
            gc.enable()
            gc.unfreeze()
            loop.close()
            segments.retire()
            lock.release()


async def _take_over_prices(engine: Engine) -> None:
    """Ends the market data: the venue serves none during a repetition, and a silent one takes prices away."""
    for gateway in engine._market_gateways:
        await gateway.stop()
    engine._market_gateways.clear()


async def _until_ready(engine: Engine) -> None:
    async with asyncio.timeout(_READY_TIMEOUT_S):
        await engine.start()
        while not engine.is_ready():
            for error in engine.failures():
                raise error
            await asyncio.sleep(0.01)
