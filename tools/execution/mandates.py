"""Owns what each algorithm is told to do in a seed: how much until when, and within which bounds."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from ipc.clock import NS_PER_S
from ipc.enums import Side
from ipc.parent_enums import Algorithm, Benchmark, ParentFlag
from ipc.records import ALL_ACCOUNTS
from ipc.schedules import almgren_chriss_schedule, volume_curve_schedule
from tools.execution.venues import VENUES

HORIZON_NS = 20 * NS_PER_S
ENTRY_NS = 4 * NS_PER_S
"""Between the order that a position comes from and the parent that ends it."""
_LOTS_MIN, _LOTS_MAX = 2_400, 4_400
_LIMIT_BPS = 20
_SLICES = 20
_INTERVAL_MS = 500
_CURVE = (6, 5, 4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6)
_VOLATILITY_TICKS = 1.0
_IMPACT_TICKS = 0.02
_RISK_AVERSION = 1e-4
BPS = 10_000

Fields = dict[str, int]


class Touch(NamedTuple):
    """The best prices of a book, in ticks."""

    bid_ticks: int
    ask_ticks: int

    def own(self, side: Side) -> int:
        """Where an order of the side rests first."""
        return self.bid_ticks if side is Side.BUY else self.ask_ticks

    def other(self, side: Side) -> int:
        """What an order of the side takes first."""
        return self.ask_ticks if side is Side.BUY else self.bid_ticks


class Task(NamedTuple):
    """What is to be executed, in the units of the home venue."""

    algorithm: Algorithm
    home: int
    side: Side
    lots: int

    @property
    def towards(self) -> int:
        """1 for a buyer, whose worse prices are higher, else -1."""
        return 1 if self.side is Side.BUY else -1

    @property
    def price_scale(self) -> int:
        """One tick in the finest price step."""
        return VENUES[self.home].price_scale

    @property
    def lot_scale(self) -> int:
        """One lot in the finest quantity step."""
        return VENUES[self.home].lot_scale

    def ticks(self, steps: int) -> int:
        """So many of the finest price steps, or one tick, towards worse prices."""
        return self.towards * max(steps // self.price_scale, 1)


class Mandate(NamedTuple):
    """A task with all that the parent's record says of it."""

    task: Task
    fields: Fields
    slices: tuple[int, ...]


def needs_position(algorithm: Algorithm) -> bool:
    """Whether it only ends a position."""
    return algorithm is Algorithm.CLOSE_OUT


def draw_task(algorithm: Algorithm, generator: Random, home: int) -> Task:
    """Which way, and how much."""
    side = generator.choice((Side.BUY, Side.SELL))
    return Task(algorithm, home, side, generator.randrange(_LOTS_MIN, _LOTS_MAX) * 2 // VENUES[home].lot_scale)


def mandate_of(task: Task, generator: Random, touch: Touch, utc_ns: int, *, is_routed: bool) -> Mandate:
    """The mandate for a task at a moment."""
    fields: Fields = {
        "instrument_id": task.home,
        "account_id": ALL_ACCOUNTS if is_routed else task.home,
        "side": int(task.side),
        "algorithm": int(task.algorithm),
        "order_lots": 0 if needs_position(task.algorithm) else task.lots,
        "limit_price_ticks": common_limit_ticks(task, touch),
        "end_utc_ns": utc_ns + HORIZON_NS,
        "seed": generator.randrange(1, 1 << 30),
        "parent_flags": int(ParentFlag.ROUTED) if is_routed else 0,
    }
    fields |= _SPECIAL[task.algorithm](task, touch, generator)
    return Mandate(task, fields, _slices(task.algorithm, task.lots))


def common_limit_ticks(task: Task, touch: Touch) -> int:
    """A limit that is hardly ever in the way."""
    best_ticks = touch.other(task.side)
    return best_ticks + task.towards * (best_ticks * _LIMIT_BPS // BPS)


def _slices(algorithm: Algorithm, lots: int) -> tuple[int, ...]:
    if algorithm is Algorithm.VWAP:
        return tuple(volume_curve_schedule(lots, _CURVE))
    if algorithm is Algorithm.IMPLEMENTATION_SHORTFALL:
        return tuple(
            almgren_chriss_schedule(
                lots,
                _SLICES,
                horizon_s=HORIZON_NS / NS_PER_S,
                volatility=_VOLATILITY_TICKS,
                temporary_impact=_IMPACT_TICKS,
                risk_aversion=_RISK_AVERSION,
            )
        )
    return ()


def _twap(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"interval_ms": _INTERVAL_MS, "noise_ppm": 200_000, "urgency_ppm": 300_000}


def _vwap(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"benchmark": int(Benchmark.MARKET_VWAP), "urgency_ppm": 300_000}


def _pov(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"participation_ppm": 250_000, "benchmark": int(Benchmark.MARKET_VWAP), "urgency_ppm": 300_000}


def _shortfall(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"urgency_ppm": 500_000}


def _iceberg(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"limit_price_ticks": touch.own(task.side) + task.ticks(1), "display_lots": task.lots // 10}


def _sweep(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"limit_price_ticks": touch.other(task.side) + task.ticks(4)}


def _sniper(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"limit_price_ticks": touch.other(task.side) + task.ticks(4), "display_lots": task.lots // 4}


def _plain(task: Task, touch: Touch, generator: Random) -> Fields:
    return {}


def _peg(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"display_lots": task.lots // 5}


def _close_out(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"urgency_ppm": 300_000}


def _stop(task: Task, touch: Touch, generator: Random) -> Fields:
    return {"trigger_price_ticks": touch.other(task.side) + task.ticks(generator.randrange(1, 4))}


def _bracket(task: Task, touch: Touch, generator: Random) -> Fields:
    away_ticks = task.ticks(generator.randrange(2, 5))
    return {
        "trigger_price_ticks": touch.other(task.side) + away_ticks,
        "take_profit_ticks": touch.own(task.side) - away_ticks,
    }


_SPECIAL: dict[Algorithm, Callable[[Task, Touch, Random], Fields]] = {
    Algorithm.AUTO: _plain,
    Algorithm.TWAP: _twap,
    Algorithm.VWAP: _vwap,
    Algorithm.POV: _pov,
    Algorithm.IMPLEMENTATION_SHORTFALL: _shortfall,
    Algorithm.ICEBERG: _iceberg,
    Algorithm.SWEEP: _sweep,
    Algorithm.SNIPER: _sniper,
    Algorithm.PEG: _peg,
    Algorithm.CLOSE_OUT: _close_out,
    Algorithm.STOP: _stop,
    Algorithm.BRACKET: _bracket,
}
assert set(_SPECIAL) == set(Algorithm), "every algorithm is told what to do"
