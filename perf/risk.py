"""Owns the risk benchmark (P2): every control and rate limit for one new order, none of which refuses it.

Orders are asked about and not placed, each of a random strategy in a random instrument, so that each finds its rows
as cold as that many strategies and instruments leave them. Best own prices are on both sides of every instrument.
"""

from collections.abc import Callable
from functools import partial

from ipc.memory import address_of
from perf import risk_kernels
from perf.core_world import Size, World
from perf.harness import Run, interleave
from perf.latency import new_histogram, quantile
from perf.risk_kernels import CHAIN
from perf.rows import Goal, Row, make_row

Check = Callable[[int, int, int], int]

# What stops every order of the benchmark when it allows nothing.
_REFUSING = {
    "scopes": (
        "max_open_orders",
        "max_open_units",
        "max_gross_units",
        "max_net_units",
        "max_leverage_percent",
        "max_executions",
        "max_traded_units",
        "max_new_per_s",
    ),
    "books": ("permitted", "max_order_lots", "max_order_notional", "price_collar_bps"),
    "terms": ("permitted", "rate_limit_orders"),
    "balances": ("free_units",),
    "assets": ("rate",),
}


def chain(world: World, check: Check, samples: int, *, orders: int) -> dict[str, float]:
    """What one order costs, of `orders` in each sample."""
    times = new_histogram()
    refused = check(world.address, samples, address_of(times))
    assert refused == 0, f"{refused} orders were refused"
    return {"chain": quantile(times, 0.5) / orders}


def verify_controls(world: World) -> int:
    """Asserts that each control, when it allows nothing, refuses every order; returns how many there are."""
    times = new_histogram()
    for table, names in _REFUSING.items():
        rows = world.state.table(table)
        for name in names:
            kept = rows[name].copy()
            rows[name] = 0
            refused = risk_kernels.check_in_a_row(world.address, 1, address_of(times))
            rows[name] = kept
            assert refused == CHAIN, f"without {name} of {table} {CHAIN - refused} of {CHAIN} orders passed"
    return sum(map(len, _REFUSING.values()))


def measure(run: Run) -> list[Row]:
    """The rows of P2 that are the controls' own."""
    live_orders = run.parameter(smoke=500, full=10_000)
    # An odd number of instruments, so that each has orders on both sides.
    many = World(Size(instruments=run.parameter(smoke=11, full=101), strategies=64, live_orders=live_orders))
    few = World(Size(instruments=11, strategies=1, live_orders=100))
    controls = verify_controls(many)
    population = f"{live_orders:,} open orders, {many.size.instruments} instruments, 64 strategies"
    small = "100 open orders, 11 instruments, 1 strategy"
    rows = [
        _row(run, many, risk_kernels.check_in_a_row, f"mean of {CHAIN} in a row, {population}", orders=CHAIN),
        _row(run, many, risk_kernels.check_singly, f"one at a time, {population}", orders=1),
        _row(run, few, risk_kernels.check_in_a_row, f"mean of {CHAIN} in a row, {small}", orders=CHAIN),
    ]
    run.say("every limit of every scope and book is finite, prices are checked, money is converted, rates are counted")
    run.say(f"verified: nothing was refused; each of {controls} controls refused every order once it allowed nothing")
    return rows


def _row(run: Run, world: World, check: Check, what: str, *, orders: int) -> Row:
    samples = run.parameter(smoke=50, full=20_000) * CHAIN // orders
    figures = interleave(run, partial(chain, world, check, samples, orders=orders), {})
    return make_row(
        run,
        figures,
        row="P2",
        key="risk_chain_p50_ns",
        what=what,
        figure="chain",
        unit="ns",
        samples=samples * figures.turns,
        goals=(Goal(120),),
    )
