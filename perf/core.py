"""Owns the core benchmark (P2, P7): what one order costs from command to request, and how that grows."""

from functools import partial

from perf.core_load import Counted, burst, churn, life_cycle, small_case
from perf.growth import growth_rows
from perf.harness import Run, interleave
from perf.rows import Goal, Row, make_row


def measure(run: Run) -> list[Row]:
    """The rows of P2 and P7."""
    small = small_case(run.parameter(smoke=50, full=4_096))
    rows = [*_cost_rows(run, small), *growth_rows(run, small)]
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
