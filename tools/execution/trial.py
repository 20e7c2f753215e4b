"""Owns one trial: an algorithm works a mandate, and beside it the same seed with one naive order for all of it."""

from __future__ import annotations

from functools import cache
from random import Random

from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import OrderType, Side
from ipc.parent_enums import Algorithm, Benchmark
from tools.execution.bounds import broken_bounds
from tools.execution.engine import Block
from tools.execution.mandates import (
    ENTRY_NS,
    HORIZON_NS,
    Mandate,
    Touch,
    common_limit_ticks,
    draw_task,
    mandate_of,
    needs_position,
)
from tools.execution.outcome import Costs, Ledger, Outcome, Start, Trial
from tools.execution.setting import Setting, make_setting
from tools.execution.world import World

SETTLE_NS = 2 * NS_PER_S
"""After a parent's end, until the last word on its children has come."""
_LOOK_EVERY_NS = 250 * NS_PER_MS
_SLIPPAGE_BPS = 100
_NAIVE_NS = 2 * NS_PER_S
_SPAN_NS = ENTRY_NS + HORIZON_NS + SETTLE_NS
_SEED_STEP = 7_919


@cache
def workshop() -> tuple[Setting, Block]:
    """This process's own."""
    setting = make_setting()
    return setting, Block(setting.image)


def play(trial: Trial) -> Outcome:
    """What the algorithm costs, and what the naive order does."""
    world, mandate = _prepare(trial)
    task, trader = mandate.task, world.trader
    end_ns = world.now_ns + HORIZON_NS
    starts: list[Start] = []
    trader.on_start = lambda: starts.append(Start.of(world))
    ledger = Ledger(world, task.side, trial.venues)
    order_id = trader.parent(mandate.slices, **mandate.fields)
    while world.now_ns < end_ns + SETTLE_NS and trader.is_living(order_id):
        world.run_until(world.now_ns + _LOOK_EVERY_NS)
    broken = broken_bounds(world, mandate, order_id, end_ns)
    if not starts:
        return Outcome(trial, 0.0, None, broken)
    start = starts[-1 if trial.algorithm is Algorithm.STOP else 0]
    order_lots = task.lots * task.lot_scale
    venue_count, filled_share = ledger.venue_count(), ledger.lots() / order_lots
    reference_steps: float | None = start.mid_steps
    if mandate.fields.get("benchmark") == Benchmark.MARKET_VWAP:
        reference_steps = start.market_vwap(world, trial.venues)
    costs = Costs(
        ledger.cost_bps(order_lots, start.mid_steps),
        ledger.cost_bps(order_lots, reference_steps or start.mid_steps),
        play_naive(trial, start) if trial.against_naive else None,
    )
    return Outcome(trial, filled_share, costs, broken, venue_count)


def play_naive(trial: Trial, start: Start) -> float:
    """What one price-protected market order costs that is sent when the parent started."""
    world, mandate = _prepare(trial)
    task = mandate.task
    world.run_until(start.started_ns)
    ledger = Ledger(world, task.side, trial.venues)
    order_lots = task.lots * task.lot_scale
    _send_market_order(world, task.home, task.side, task.lots)
    world.run_until(world.now_ns + _NAIVE_NS)
    if ledger.lots() < order_lots:
        # The rest is counted at the prices at the end, as a parent's is.
        world.run_until(start.started_ns + HORIZON_NS)
    return ledger.cost_bps(order_lots, start.mid_steps)


def _prepare(trial: Trial) -> tuple[World, Mandate]:
    """The world of a seed at the moment at which the mandate is given."""
    setting, block = workshop()
    world = World(setting, block, trial.seed, horizon_ns=_SPAN_NS)
    generator = Random(trial.seed * _SEED_STEP + trial.algorithm)
    task = draw_task(trial.algorithm, generator, trial.home)
    home = world.places[trial.home]
    if needs_position(trial.algorithm):
        _send_market_order(world, task.home, Side.SELL if task.side is Side.BUY else Side.BUY, task.lots)
        world.run_until(world.now_ns + ENTRY_NS)
        task = task._replace(lots=sum(fill.lots for fill in home.fills))
    bid_ticks, _, ask_ticks, _ = home.book.top()
    touch = Touch(bid_ticks, ask_ticks)
    mandate = mandate_of(task, generator, touch, world.timeline.utc_ns(), is_routed=trial.is_routed)
    if trial.at_once and trial.algorithm is Algorithm.SWEEP:
        mandate.fields["limit_price_ticks"] = common_limit_ticks(task, touch)
    return world, mandate


def _send_market_order(world: World, home: int, side: Side, lots: int) -> None:
    world.trader.order(
        instrument_id=home,
        account_id=home,
        side=int(side),
        order_type=int(OrderType.MARKET),
        order_lots=lots,
        max_slippage_bps=_SLIPPAGE_BPS,
    )
