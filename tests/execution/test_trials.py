"""Every algorithm in the simulated market: within its bounds, repeatable, and judged by one who can say no."""

from math import isclose
from random import Random

import numpy as np
import pytest

from engine.core.state import State
from engine.core.step import step
from ipc.memory import address_of
from ipc.parent_enums import Algorithm
from ipc.records import SLOT_BYTES
from tools.execution.algorithms import ALGORITHMS, run_algorithms
from tools.execution.bounds import broken_bounds
from tools.execution.mandates import HORIZON_NS, Mandate, Touch, draw_task, mandate_of
from tools.execution.outcome import Ledger, Start, Trial
from tools.execution.routing import run_routing
from tools.execution.trial import play, play_naive, workshop
from tools.execution.world import World
from tools.simulation.timeline import START_NS, UTC_BASE_NS

pytestmark = pytest.mark.timeout(600)
SEEDS = range(5)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_algorithm_keeps_its_bounds(algorithm: Algorithm) -> None:
    outcomes = [play(Trial(algorithm, seed, is_routed=seed % 2 == 1)) for seed in SEEDS]
    assert [outcome.broken for outcome in outcomes] == [()] * len(SEEDS)
    assert sum(outcome.filled_share for outcome in outcomes) > 1
    assert all(0 <= outcome.filled_share <= 1 for outcome in outcomes)


def test_a_trial_is_the_same_again() -> None:
    assert play(Trial(Algorithm.TWAP, 4)) == play(Trial(Algorithm.TWAP, 4))


def worked(algorithm: Algorithm, seed: int, *, is_routed: bool = False) -> tuple[World, Mandate, int, int]:
    """A world after a parent's time, with its mandate, its id and its end."""
    world = World(*workshop(), seed, horizon_ns=2 * HORIZON_NS)
    generator = Random(seed)
    bid_ticks, _, ask_ticks, _ = world.places[0].book.top()
    task = draw_task(algorithm, generator, 0)
    touch = Touch(bid_ticks, ask_ticks)
    mandate = mandate_of(task, generator, touch, world.timeline.utc_ns(), is_routed=is_routed)
    end_ns = world.now_ns + HORIZON_NS
    order_id = world.trader.parent(mandate.slices, **mandate.fields)
    world.run_until(end_ns + HORIZON_NS // 10)
    return world, mandate, order_id, end_ns


def test_every_bound_can_be_broken() -> None:
    world, mandate, order_id, end_ns = worked(Algorithm.POV, 1)
    task = mandate.task
    assert broken_bounds(world, mandate, order_id, end_ns) == ()
    first_fill = world.places[0].fills[0]
    tighter = {**mandate.fields, "limit_price_ticks": first_fill.price_ticks - task.towards}
    doubted = {
        "beyond its limit": (mandate._replace(fields=tighter), end_ns),
        "traded": (mandate._replace(task=task._replace(lots=first_fill.lots // 2)), end_ns),
        "when everybody had traded": (mandate._replace(fields={**mandate.fields, "participation_ppm": 1_000}), end_ns),
        "ms late": (mandate, end_ns - HORIZON_NS),
        "after its end": (mandate, end_ns - HORIZON_NS),
        "other side": (mandate._replace(task=task._replace(side=3 - task.side)), end_ns),
    }
    for text, (other, other_end_ns) in doubted.items():
        broken = broken_bounds(world, other, order_id, other_end_ns)
        assert any(text in sentence for sentence in broken), (text, broken)


def test_a_refused_parent_has_broken_its_bounds() -> None:
    world, mandate, _, end_ns = worked(Algorithm.SWEEP, 2)
    fields = {**mandate.fields, "limit_price_ticks": -1}
    refused_id = world.trader.parent((), **fields)
    assert broken_bounds(world, mandate, refused_id, end_ns) == ("refused: PRICE_OUT_OF_RANGE",)


def test_a_cost_is_what_was_paid_beyond_the_reference_and_the_fees() -> None:
    world, mandate, _, _ = worked(Algorithm.SWEEP, 3)
    task, place = mandate.task, world.places[0]
    ledger = Ledger(world, task.side, range(1))
    ledger._first = [0] * len(world.places)
    lots = sum(fill.lots for fill in place.fills)
    mean_ticks = sum(fill.lots * fill.price_ticks for fill in place.fills) / lots
    fee_bps = sum(
        fill.lots * fill.price_ticks * (place.terms.maker_ppm if fill.is_maker else place.terms.taker_ppm)
        for fill in place.fills
    ) / (lots * 20_000 * 100)
    expected_bps = task.towards * (mean_ticks / 20_000 - 1) * 10_000 + fee_bps
    assert isclose(ledger.cost_bps(lots * task.lot_scale, 20_000.0), expected_bps, rel_tol=1e-9)


def test_a_rest_is_counted_at_what_the_book_holds() -> None:
    world = World(*workshop(), 5, horizon_ns=HORIZON_NS)
    place = world.places[0]
    ledger = Ledger(world, draw_task(Algorithm.TWAP, Random(1), 0).side, range(1))
    best = place.book.top()[2 if ledger._sign > 0 else 0]
    cost_bps = ledger.cost_bps(2, float(best))
    assert isclose(cost_bps, place.terms.taker_ppm / 100)


def test_the_naive_order_meets_the_same_market() -> None:
    trial = Trial(Algorithm.SWEEP, 6)
    world = World(*workshop(), 6, horizon_ns=HORIZON_NS)
    start = Start.of(world)
    assert play_naive(trial, start) == play_naive(trial, start)
    assert play_naive(trial, start) > 0


def test_routing_uses_both_venues_and_saves() -> None:
    result = run_routing(1, 6, jobs=1, show=lambda count, of: None)
    sweep = result.summaries[0]
    assert sweep.venues_used > 0.5
    assert sweep.saved_bps.mean > 0
    assert result.as_json()["ok"] == result.is_proven


def test_the_algorithms_are_told_of_one_by_one() -> None:
    shown: list[tuple[int, int]] = []
    result = run_algorithms(1, 2, jobs=1, show=lambda count, of: shown.append((count, of)))
    assert [summary.algorithm for summary in result.summaries] == list(ALGORITHMS)
    assert shown[-1] == (2 * len(ALGORITHMS), 2 * len(ALGORITHMS))
    assert result.is_proven


@pytest.mark.parametrize("algorithm", [Algorithm.TWAP, Algorithm.SWEEP, Algorithm.PEG])
def test_a_core_that_is_given_the_same_inputs_becomes_the_same(algorithm: Algorithm) -> None:
    world, *_ = worked(algorithm, 7, is_routed=True)
    live = world.engine.view.state
    digest, inputs = live.digest(), world.engine.inputs
    begin(live, workshop()[0].image)
    record = np.zeros(SLOT_BYTES, np.uint8)
    for words, now_ns, source in inputs:
        record[:] = np.frombuffer(words, np.uint8)
        step(live.address, address_of(record), now_ns, source)
    assert live.digest() == digest


def begin(state: State, image: bytes) -> None:
    """Makes a block the one that a world begins with."""
    state.memory[:] = np.frombuffer(image, np.uint8)
    state.header["now_ns"], state.header["utc_offset_ns"] = START_NS, UTC_BASE_NS
