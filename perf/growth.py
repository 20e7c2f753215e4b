"""Owns how costs grow (P7): a new order and a fill beside many orders, instruments, strategies and algorithms."""

from dataclasses import replace
from functools import partial

import numpy as np

from ipc.memory import address_of
from perf import core_kernels
from perf.core_load import EDGE_FILLS, Counted, churn, filled_in_parts
from perf.core_world import Size
from perf.harness import Run, interleave
from perf.rows import Goal, Row, make_row

SMALL_CASE = "small case"
NO_ALGORITHM = "no algorithm"
FIRST_FILLS = "first fills"
_CACHE_LINE_BYTES = 64


def growth_rows(run: Run, small: Counted) -> list[Row]:
    """The rows of P7; `small` is what the large case is held against."""
    size = Size(
        instruments=run.parameter(smoke=50, full=10_000),
        strategies=run.parameter(smoke=4, full=64),
        live_orders=run.parameter(smoke=500, full=100_000),
        order_capacity=1 << 17,
        algorithms=run.parameter(smoke=20, full=1_000),
    )
    large, idle = Counted(size), Counted(replace(size, algorithms=0))
    count = run.parameter(smoke=50, full=20_000)
    others = {SMALL_CASE: partial(churn, small, count), NO_ALGORITHM: partial(churn, idle, count)}
    figures = interleave(run, partial(churn, large, count), others)
    block_bytes = int(large.world.state.header["block_bytes"])
    load_ns = dependent_load_ns(block_bytes, run.parameter(smoke=1_000, full=1_000_000))
    run.say(f"a dependent random load in {block_bytes >> 20} MiB, as large as that state, takes {load_ns:.0f} ns")
    run.say("each algorithm waits for its price and decides once a second, in between the orders and fills timed")
    what = (
        f"{size.live_orders:,} live orders, {size.instruments:,} instruments, {size.strategies} strategies, "
        f"{size.algorithms:,} algorithms"
    )
    row = partial(make_row, run, figures, row="P7", what=what, unit="ns", samples=count * figures.turns)
    return [
        row(key="growth_new_order", figure="new_order", reference_name=SMALL_CASE, goals=(Goal(1.25, "ratio"),)),
        row(key="growth_fill", figure="fill", reference_name=SMALL_CASE, goals=(Goal(4 * load_ns, "difference"),)),
        row(key="growth_new_order", figure="new_order", reference_name=NO_ALGORITHM),
        row(key="growth_fill", figure="fill", reference_name=NO_ALGORITHM),
        _many_fills_row(run, small),
    ]


def _many_fills_row(run: Run, small: Counted) -> Row:
    fills = run.parameter(smoke=100, full=8_000 + EDGE_FILLS)
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
        what=f"fills {fills - min(EDGE_FILLS, fills // 4):,} to {fills:,} of one order",
        figure="fill",
        unit="ns",
        samples=min(EDGE_FILLS, fills // 4) * figures.turns,
        reference_name=FIRST_FILLS,
        goals=(Goal(1.05, "ratio"),),
    )


def dependent_load_ns(size_bytes: int, loads: int) -> float:
    """What one load costs that waits for the one before, at random places of so much memory."""
    lines = size_bytes // _CACHE_LINE_BYTES
    memory = np.zeros((lines + 1) * (_CACHE_LINE_BYTES // 8), dtype=np.int64)
    address = address_of(memory)
    order = np.random.default_rng(1).permutation(lines)
    words = memory[: lines * (_CACHE_LINE_BYTES // 8)].reshape(lines, -1)
    words[order, 0] = address + np.roll(order, -1) * _CACHE_LINE_BYTES
    return core_kernels.chase(address, loads) / loads
