"""Owns the core benchmark (P2, P7): what one order costs from command to request, and how that grows."""

from functools import partial

import numpy as np

from ipc.clock import NS_PER_S
from ipc.memory import address_of
from perf import core_kernels
from perf.core_kernels import ORDER_LOTS
from perf.core_world import Size, World
from perf.harness import Figures, Run, interleave
from perf.latency import new_histogram, quantile
from perf.rows import Goal, Row, make_row

SMALL_CASE = "small case"
FIRST_FILLS = "first fills"
_EDGE_FILLS = 400
_CACHE_LINE_BYTES = 64


class Counted:
    """A world and how much was done to it, so that it can be verified after every repetition."""

    def __init__(self, size: Size) -> None:
        self.world = World(size)
        self._orders, self._fills, self._lots = size.live_orders, 0, 0
        self.done(orders=0, fills=0, lots=0)

    def done(self, *, orders: int, fills: int, lots: int) -> None:
        """Counts what a loop did and compares the state with it."""
        self._orders += orders
        self._fills += fills
        self._lots += lots
        self.world.verify(orders=self._orders, fills=self._fills, filled_lots=self._lots)


def churn(counted: Counted, count: int) -> dict[str, float]:
    """New orders and fills of random standing orders, each timed."""
    new_orders, fills = new_histogram(), new_histogram()
    core_kernels.churn(
        core_kernels.compiled_core(), counted.world.address, count, address_of(new_orders), address_of(fills)
    )
    counted.done(orders=count, fills=count, lots=count * ORDER_LOTS)
    return {"new_order": quantile(new_orders, 0.5), "fill": quantile(fills, 0.5)}


def burst(counted: Counted, count: int) -> dict[str, float]:
    """New orders as fast as they go."""
    elapsed = core_kernels.burst(core_kernels.compiled_core(), counted.world.address, count)
    counted.done(orders=count, fills=count, lots=count * ORDER_LOTS)
    return {"rate": count * NS_PER_S / elapsed}


def life_cycle(counted: Counted, count: int) -> dict[str, float]:
    """Whole lives of orders."""
    elapsed = core_kernels.live_and_die(core_kernels.compiled_core(), counted.world.address, count)
    counted.done(orders=count, fills=count, lots=count * ORDER_LOTS)
    return {"life_cycle": elapsed / count}


def filled_in_parts(counted: Counted, fills: int, *, first: bool) -> dict[str, float]:
    """The cost of a fill among the first ones of an order, or after many."""
    early, late = new_histogram(), new_histogram()
    edge = min(_EDGE_FILLS, fills // 4)
    core_kernels.fill_in_parts(
        core_kernels.compiled_core(), counted.world.address, fills, edge, address_of(early), address_of(late)
    )
    counted.done(orders=1, fills=fills, lots=fills)
    return {"fill": quantile(early if first else late, 0.5)}


def dependent_load_ns(size_bytes: int, loads: int) -> float:
    """What one load costs that waits for the one before, at random places of so much memory."""
    lines = size_bytes // _CACHE_LINE_BYTES
    memory = np.zeros((lines + 1) * (_CACHE_LINE_BYTES // 8), dtype=np.int64)
    address = address_of(memory)
    order = np.random.default_rng(1).permutation(lines)
    words = memory[: lines * (_CACHE_LINE_BYTES // 8)].reshape(lines, -1)
    words[order, 0] = address + np.roll(order, -1) * _CACHE_LINE_BYTES
    return core_kernels.chase(address, loads) / loads


def measure(run: Run) -> list[Row]:
    """The rows of P2 and P7."""
    small = Counted(Size(instruments=10, strategies=1, live_orders=100, burst=run.parameter(smoke=50, full=4_096)))
    rows = [*_cost_rows(run, small), *_growth_rows(run, small), _many_fills_row(run, small)]
    run.say(
        "verified: orders, fills, lots, refusals and open orders in the core's own tables, frames, reports, a frame"
    )
    run.say("risk controls and rate limits are on, each with a finite limit: their own cost is told by perf risk")
    run.say("a new order ends with the bytes of its frame; what keeping its input costs is told by perf journal")
    return rows


def _cost_rows(run: Run, small: Counted) -> list[Row]:
    count = run.parameter(smoke=50, full=20_000)
    bursts = min(count, small.world.size.burst)
    population = "100 live orders, 10 instruments"
    kinds = (
        ("new_order_p50_ns", population, "new_order", "ns", churn, count, Goal(400)),
        ("new_orders_per_s", population, "rate", "order/s", burst, bursts, Goal(2_500_000)),
        ("life_cycle_ns", "timers and eviction included", "life_cycle", "ns", life_cycle, count, Goal(500)),
    )
    rows = []
    for key, what, figure, unit, side, size, goal in kinds:
        figures = interleave(run, partial(side, small, size), {})
        rows.append(
            make_row(
                run,
                figures,
                row="P2",
                key=key,
                what=what,
                figure=figure,
                unit=unit,
                samples=size * figures.turns,
                better="higher" if key == "new_orders_per_s" else "lower",
                goals=(goal,),
            )
        )
    return rows


def _growth_rows(run: Run, small: Counted) -> list[Row]:
    live_orders = run.parameter(smoke=500, full=100_000)
    instruments, strategies = run.parameter(smoke=50, full=10_000), run.parameter(smoke=4, full=64)
    large = Counted(
        Size(instruments=instruments, strategies=strategies, live_orders=live_orders, order_capacity=1 << 17)
    )
    count = run.parameter(smoke=50, full=20_000)
    figures = interleave(run, partial(churn, large, count), {SMALL_CASE: partial(churn, small, count)})
    block_bytes = int(large.world.state.header["block_bytes"])
    load_ns = dependent_load_ns(block_bytes, run.parameter(smoke=1_000, full=1_000_000))
    run.say(f"a dependent random load in {block_bytes >> 20} MiB, as large as that state, takes {load_ns:.0f} ns")
    run.say("there are no algorithms yet; the large case has orders, instruments and strategies only")
    what = f"{live_orders:,} live orders, {instruments:,} instruments, {strategies} strategies"
    return [
        _growth_row(run, figures, "growth_new_order", "new_order", what, count, Goal(1.25, "ratio")),
        _growth_row(run, figures, "growth_fill", "fill", what, count, Goal(4 * load_ns, "difference")),
    ]


def _growth_row(run: Run, figures: Figures, key: str, figure: str, what: str, count: int, goal: Goal) -> Row:
    return make_row(
        run,
        figures,
        row="P7",
        key=key,
        what=what,
        figure=figure,
        unit="ns",
        samples=count * figures.turns,
        reference_name=SMALL_CASE,
        goals=(goal,),
    )


def _many_fills_row(run: Run, small: Counted) -> Row:
    fills = run.parameter(smoke=100, full=8_000 + _EDGE_FILLS)
    figures = interleave(
        run,
        partial(filled_in_parts, small, fills, first=False),
        {FIRST_FILLS: partial(filled_in_parts, small, fills, first=True)},
        repetitions=21,
    )
    return make_row(
        run,
        figures,
        row="P7",
        key="fill_cost_8000",
        what=f"fills {fills - min(_EDGE_FILLS, fills // 4):,} to {fills:,} of one order",
        figure="fill",
        unit="ns",
        samples=min(_EDGE_FILLS, fills // 4) * figures.turns,
        reference_name=FIRST_FILLS,
        goals=(Goal(1.05, "ratio"),),
    )
