"""Owns the execution benchmark: what algorithms, the router and market data cost the core (P2, P3, P7)."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ipc.clock import NS_PER_US
from ipc.enums import RecordKind, Side
from ipc.memory import address_of
from ipc.parent_enums import Algorithm, ParentFlag
from ipc.records import ALL_ACCOUNTS
from perf import core_kernels, execution_kernels
from perf.core_load import small_case
from perf.crowds import beginning_slice, falling_price, followed_orders, plain_order, signal, waiting_crowd
from perf.decisions import DECISIONS, NEW
from perf.growth import growth_rows
from perf.harness import Run, interleave
from perf.harness import Side as Turn
from perf.latency import median, new_histogram, quantile
from perf.open_core import ASK_TICKS
from perf.rows import Goal, Row, make_row
from perf.running_engine import RunningEngine, running_engine
from perf.signal_to_wire import SIGNAL_INTERVAL_NS
from perf.stage import LEVEL_LOTS, Stage
from perf.venue_driver import BY_SWEEPS, OVER_SHARED_MEMORY

PLAIN_ORDER, PLAIN_SIGNAL, ONE_VENUE = "a plain new order", "a plain order", "over one venue"
NOBODY, ONE, ALONE = "no algorithm", "one algorithm", "one alone"
VENUES = 8
# The last of so many is for a quantity that the books hold, and no single level does.
_VERIFIED_PLANS = 3
_NEWS = {"top": RecordKind.BOOK_TOP, "depth": RecordKind.BOOK_DEPTH, "trades": RecordKind.MARKET_TRADES}
Loop = Callable[..., int | None]


def _repeated(stage: Stage, loop: Loop, count: int) -> dict[str, float]:
    """What the stage's input costs."""
    times = new_histogram()
    loop(core_kernels.compiled_core(), stage.address, count, address_of(times))
    return {"cost": quantile(times, 0.5)}


def _planned(stage: Stage, loop: Loop, count: int) -> dict[str, float]:
    """What a plan of the router costs."""
    times = new_histogram()
    loop(stage.state.address, count, address_of(times))
    return {"cost": quantile(times, 0.5), "p99": quantile(times, 0.99)}


def _verify_asked(stage: Stage, expected: list[tuple[int, int, int]], name: str) -> None:
    """Asserts that the input, given once, makes the core ask its venues for this: (RequestKind, lots, price)."""
    _repeated(stage, execution_kernels.repeat_input, 1)
    found = [(request.request_kind, request.order_lots, request.price_ticks) for request in stage.asked()]
    assert found == expected, f"{name} asks for {found}, expected is {expected}"


def measure(run: Run) -> list[Row]:
    """The rows of algorithms, routing and market data, and those of P7."""
    rows = [
        *_decision_rows(run),
        *_signal_rows(run),
        *_route_rows(run),
        *_market_rows(run),
        *_crowd_rows(run),
        *_follower_rows(run),
        *growth_rows(run, small_case(1)),
    ]
    run.say("a decision is all of its step: input, algorithm, controls, order, reports and the bytes of its frame")
    run.say("each finds the same state, put back before it and so in the caches; signals come without their ring")
    run.say("verified: what each decision asks its venue for, every child of every crowd, what plans share out")
    return rows


def _row(run: Run, ours: Turn, references: dict[str, Turn], *, key: str, what: str, count: int) -> Row:
    figures = interleave(run, ours, references)
    return make_row(
        run,
        figures,
        row="exec",
        key=key,
        what=what,
        figure="cost",
        unit="ns",
        samples=count * figures.turns,
        reference_name=next(iter(references), None),
    )


def _decision_rows(run: Run) -> list[Row]:
    count, rows = run.parameter(smoke=20, full=2_000), []
    order = partial(_repeated, plain_order(), execution_kernels.repeat_input, count)
    for decision in DECISIONS:
        stage = Stage()
        decision.prepare(stage)
        _verify_asked(stage, [decision.request], decision.name)
        ours = partial(_repeated, stage, execution_kernels.repeat_input, count)
        key = f"decision_{decision.name}_p50_ns"
        rows.append(_row(run, ours, {PLAIN_ORDER: order}, key=key, what=decision.what, count=count))
    return rows


def _signal_rows(run: Run) -> list[Row]:
    """A parent that is swept over two venues, beside an order for one; and one over one through a whole engine."""
    count = run.parameter(smoke=20, full=2_000)
    routed = {"algorithm": Algorithm.SWEEP, "parent_flags": int(ParentFlag.ROUTED), "account_id": ALL_ACCOUNTS}
    stage = signal(Stage(venues=2), order_lots=2 * LEVEL_LOTS, limit_price_ticks=ASK_TICKS + 1, **routed)
    _verify_asked(stage, [(NEW, LEVEL_LOTS, ASK_TICKS), (NEW, LEVEL_LOTS, ASK_TICKS + 1)], "a routed signal")
    in_core = _row(
        run,
        partial(_repeated, stage, execution_kernels.repeat_input, count),
        {PLAIN_ORDER: partial(_repeated, plain_order(), execution_kernels.repeat_input, count)},
        key="routed_signal_to_bytes_ns",
        what="a parent swept over 2 venues, both frames ready",
        count=count,
    )
    return [in_core, *_wire_rows(run)]


def _wire_rows(run: Run) -> list[Row]:
    signals = run.parameter(smoke=100, full=5_000)
    with running_engine(core=run.core, peer_core=run.peer_core, kind=RunningEngine) as engine:
        figures = interleave(
            run,
            partial(_ready, engine, signals, BY_SWEEPS),
            {PLAIN_SIGNAL: partial(_ready, engine, signals, OVER_SHARED_MEMORY)},
            tries_again=False,
        )
    what = f"a parent swept over 1 venue, one signal each {SIGNAL_INTERVAL_NS // NS_PER_US} us, a whole engine"
    row = partial(make_row, run, figures, row="P3", what=what, unit="us", reference_name=PLAIN_SIGNAL)
    samples = signals * figures.turns
    return [
        row(key="routed_signal_to_bytes_p50_us", figure="p50", samples=samples, goals=(Goal(1.5),)),
        row(key="routed_signal_to_bytes_p99_us", figure="p99", samples=samples, goals=(Goal(4),)),
    ]


def _ready(engine: RunningEngine, count: int, mode: int) -> dict[str, float]:
    """From when a signal was due until the bytes of its frame are ready."""
    ready = engine.trade(count, SIGNAL_INTERVAL_NS, mode=mode).ready
    return {"p50": median(ready) / NS_PER_US, "p99": float(np.quantile(ready, 0.99)) / NS_PER_US}


def _route_rows(run: Run) -> list[Row]:
    count, rows = run.parameter(smoke=20, full=20_000), []
    alone, open_books, strict_books = Stage(), Stage(venues=VENUES), Stage(venues=VENUES)
    _be_strict(strict_books)
    for loop, stage, what in (
        (execution_kernels.repeat_sweep_plan, open_books, "swept, 10 levels each"),
        (
            execution_kernels.repeat_sweep_plan,
            strict_books,
            "swept, 10 levels each, large smallest orders, unlike lots",
        ),
        (execution_kernels.repeat_rest_plan, open_books, "rested"),
    ):
        ours, one = partial(_planned, stage, loop, count), partial(_planned, alone, loop, count)
        figures = interleave(run, ours, {ONE_VENUE: one})
        row = partial(make_row, run, figures, row="exec", what=what, unit="ns", reference_name=ONE_VENUE)
        samples = count * figures.turns
        rows.append(row(key=f"route_decision_{VENUES}_ns", figure="cost", samples=samples))
        rows.append(row(key=f"route_decision_{VENUES}_p99_ns", figure="p99", samples=samples))
        _verify_plan(stage, loop)
    return rows


def _be_strict(stage: Stage) -> None:
    """Lets every venue refuse small orders, and every other one trade in larger lots."""
    instruments, markets = stage.state.table("instruments"), stage.state.table("markets")
    for venue in range(VENUES):
        instruments["min_order_lots"][venue] = LEVEL_LOTS // 2 * (1 + 2 * venue)
        markets["pair_lot_scale"][venue] = 1 + 2 * (venue % 2)


def _verify_plan(stage: Stage, loop: Loop) -> None:
    """Asserts that the last plan gives away what is wanted, or what the books hold."""
    times = new_histogram()
    wanted = loop(stage.state.address, _VERIFIED_PLANS, address_of(times))
    candidates = stage.state.table("candidates")[:VENUES]
    shared = int((candidates["routed_lots"] * candidates["lot_scale"]).sum())
    assert shared == wanted, f"a plan gives {shared} lots to venues, {wanted} are wanted"


def _market_rows(run: Run) -> list[Row]:
    many, rows = run.parameter(smoke=20, full=1_000), []
    counts = {0: run.parameter(smoke=20, full=20_000), 1: run.parameter(smoke=20, full=20_000)}
    counts[many] = run.parameter(smoke=20, full=2_000)
    crowds = {size: waiting_crowd(size) for size in counts}
    for name, kind in _NEWS.items():
        turns = {size: partial(_market_cost, stage, kind, counts[size]) for size, stage in crowds.items()}
        for size, turn in turns.items():
            what = f"{size:,} waiting algorithms of that instrument" if size > 0 else NOBODY
            references = {NOBODY: turns[0]} if size > 0 else {}
            rows.append(_row(run, turn, references, key=f"market_update_{name}_ns", what=what, count=counts[size]))
    return rows


def _keep_news(stage: Stage, kind: RecordKind) -> None:
    """Makes a market record the stage's input."""
    fields = stage.top()
    if kind is RecordKind.BOOK_DEPTH:
        fields = stage.depth(Side.SELL, [(ASK_TICKS + place, LEVEL_LOTS) for place in range(10)])
    elif kind is RecordKind.MARKET_TRADES:
        fields = {"last_price_ticks": ASK_TICKS, "bought_lots": 1, "traded_notional": ASK_TICKS, "trade_count": 1}
    stage.keep(kind, instrument_id=0, **fields)


def _market_cost(stage: Stage, kind: RecordKind, count: int) -> dict[str, float]:
    _keep_news(stage, kind)
    cost = _repeated(stage, execution_kernels.repeat_market, count)
    assert not stage.asked(), "a change of the market that concerns nobody makes somebody act"
    return cost


def _crowd_rows(run: Run) -> list[Row]:
    size, count = run.parameter(smoke=20, full=1_000), run.parameter(smoke=2, full=20)
    rows = []
    for stage, what in (
        (falling_price(size), "one price hits their stops"),
        (beginning_slice(size), "their slices begin at the same moment"),
    ):
        ours = partial(_acted, stage, size, count)
        rows.append(_row(run, ours, {}, key="algorithms_1000_ns", what=f"{size:,} algorithms: {what}", count=count))
        steps = int(stage.row[0]["step_count"])
        run.say(f"when {what}, {size:,} algorithms act in {steps} steps, and what else comes is taken in between")
    return rows


def _follower_rows(run: Run) -> list[Row]:
    size, count, rows = run.parameter(smoke=20, full=1_000), run.parameter(smoke=2, full=200), []
    one = partial(_repeated, followed_orders(1, 1), execution_kernels.repeat_input, count)
    for instruments in (1, VENUES):
        ours = partial(_repeated, followed_orders(size, instruments), execution_kernels.repeat_input, count)
        what = f"a fill of one of {size:,} orders in {instruments} instruments, each followed by a bracket"
        rows.append(_row(run, ours, {ALONE: one}, key="followed_fill_1000_ns", what=what, count=count))
    return rows


def _acted(stage: Stage, size: int, count: int) -> dict[str, float]:
    """What it costs until all algorithms of a crowd have acted."""
    frames_before = int(stage.row[0]["frame_count"])
    cost = _repeated(stage, execution_kernels.repeat_until_quiet, count)
    frames = int(stage.row[0]["frame_count"]) - frames_before
    assert frames == count * size, f"{frames} requests were made in {count} turns of {size} algorithms"
    return cost
