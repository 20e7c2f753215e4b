"""Owns the loops of the core benchmark: orders, acknowledgements and fills fed to the core one record at a time.

Feeding is what the compiled loop of the engine does with a record: the core's step, then its effects, a
request encoded to the bytes of a frame and reports published to a ring, which is emptied outside of what
is timed.

Time in the records is the benchmark's own and moves on by STEP_NS with every order, so that timers,
retention and rate windows do what they do in a long day. Rows of LIVE remember what is open: the first
`live_count` are the standing population, the others are for orders that come and go inside one loop.

The core is called through a pointer, as C would call it: it takes seconds to compile, and each loop that
had it inside would take them again.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from engine.core.state import header_of
from engine.core.step import ENGINE, step
from engine.spin.ports import ports_at
from engine.spin.routing import route_effects
from ipc.compiler import c_function, kernel, kernel_without_gil
from ipc.enums import OrderType, RecordKind, RequestKind, Side, TimeInForce, VenueEvent
from ipc.histogram import record_value
from ipc.memory import load, monotonic_ns, view
from ipc.order_id import EPOCH_SHIFT, INSTANCE_SHIFT, SEQUENCE_SHIFT, STRATEGY_SHIFT
from ipc.parent_enums import Algorithm
from ipc.records import NEW_ORDER, NEW_PARENT, TIMER, VENUE_REPORT
from ipc.ring import poll, release

START_NS = 1_000_000_000_000
STEP_NS = 1_000_000
ORDER_LOTS = 10
FIRST_PRICE_TICKS = 100_000
PRICES = 1_000
_FAR_NS = 1 << 62
_INSTRUMENT_STRIDE = 7_919

Core = Callable[[int, int, int, int], int]

LIVE = np.dtype([("order_id", "<i8"), ("strategy_id", "<i8"), ("instrument_id", "<i8"), ("lots", "<i8")], align=True)
WORLD = np.dtype(
    [
        (name, "<i8")
        for name in (
            "state",
            "ports",
            "reports",  # address of the ring that all reports go to
            "record",  # address of one slot to write inputs to
            "live",  # address of LIVE rows
            "live_count",
            "rows",
            "instruments",
            "strategies",
            "next_number",
            "next_trade",
            "frame_count",
            "report_count",
        )
    ],
    align=True,
)


def _apply(ports_address: int, record: int, now_ns: int, source: int) -> int:
    ports = ports_at(ports_address)
    effects = step(ports["state"], record, now_ns, source)
    route_effects(ports, effects, now_ns, 0)
    return effects


@cache
def compiled_core() -> Any:
    """The core as a C function; an assertion that fails in it is lost, so what it did is verified by counting."""
    return c_function(types.int64(types.int64, types.int64, types.int64, types.int64))(_apply)


@kernel
def world_at(world: int) -> np.void:
    """The row behind the one address that a loop is entered with."""
    return view(world, 1, WORLD)[0]


@kernel
def now_of(number: int) -> int:
    """When an order comes."""
    return START_NS + number * STEP_NS


@kernel
def price_of(number: int) -> int:
    """What an order offers."""
    # Sales above purchases: no order meets another.
    return FIRST_PRICE_TICKS + number % PRICES + (number & 1) * PRICES


@kernel
def write_new_order(world: np.void, number: int, lots: int) -> int:
    """Writes the command of one order; returns the strategy that it comes from."""
    command = view(world["record"], 1, NEW_ORDER)[0]
    header = header_of(world["state"])
    strategy_id = 1 + number % world["strategies"]
    sequence = number // world["strategies"] + 1
    command["kind"] = RecordKind.NEW_ORDER
    command["sequence"] = sequence
    command["published_ns"] = now_of(number)
    command["expires_utc_ns"] = _FAR_NS
    command["order_id"] = (
        header["instance"] << INSTANCE_SHIFT
        | header["epoch"] << EPOCH_SHIFT
        | strategy_id << STRATEGY_SHIFT
        | sequence << SEQUENCE_SHIFT
    )
    command["instrument_id"] = number * _INSTRUMENT_STRIDE % world["instruments"]
    command["account_id"] = 0
    command["side"] = Side.BUY if number & 1 == 0 else Side.SELL
    command["order_type"] = OrderType.LIMIT
    command["time_in_force"] = TimeInForce.GTC
    command["order_flags"] = 0
    command["price_ticks"] = price_of(number)
    command["order_lots"] = lots
    command["client_tag"] = number
    command["max_slippage_bps"] = -1
    command["execution_timeout_ms"] = -1
    command["retry_attempts"] = -1
    command["retry_delay_ms"] = -1
    command["stop_price_ticks"] = 0
    command["expire_utc_ns"] = 0
    command["display_lots"] = 0
    command["quote_notional"] = 0
    command["self_trade_prevention"] = 0
    command["release_utc_ns"] = 0
    return strategy_id


@kernel
def write_new_parent(world: np.void, number: int) -> int:
    """Writes the command of one algorithm that waits for a price that never comes, and looks every second."""
    command = view(world["record"], 1, NEW_PARENT)[0]
    strategy_id = write_new_order(world, number, ORDER_LOTS)
    command["kind"] = RecordKind.NEW_PARENT
    command["instrument_id"] = number * _INSTRUMENT_STRIDE % world["instruments"]
    command["account_id"] = 0
    command["side"] = Side.BUY
    command["algorithm"] = Algorithm.SNIPER
    command["parent_flags"] = 0
    command["order_lots"] = ORDER_LOTS
    command["quote_notional"] = 0
    command["limit_price_ticks"] = FIRST_PRICE_TICKS // 2
    command["client_tag"] = number
    command["start_utc_ns"] = 0
    command["end_utc_ns"] = 0
    command["urgency_ppm"] = 0
    command["participation_ppm"] = 0
    command["display_lots"] = 0
    command["interval_ms"] = 1_000
    command["noise_ppm"] = 0
    command["seed"] = 0
    command["trigger_price_ticks"] = 0
    command["trail_ticks"] = 0
    command["take_profit_ticks"] = 0
    command["after_order_id"] = 0
    command["benchmark"] = 0
    return strategy_id


@kernel
def live_of(world: np.void) -> NDArray[np.void]:
    """What is open."""
    return view(world["live"], world["rows"], LIVE)


@kernel
def feed(core: Core, world: np.void, number: int, source: int) -> None:
    """Applies the record that was written."""
    core(world["ports"], world["record"], now_of(number), source)


@kernel
def take_away(world: np.void) -> None:
    """Does the sockets' and the strategies' part: frames leave, reports are read."""
    ports = ports_at(world["ports"])
    world["frame_count"] += ports["frames_used"]
    ports["frames_used"] = 0
    while poll(world["reports"]) != 0:
        release(world["reports"])
        world["report_count"] += 1


@kernel
def remember(world: np.void, place: int, strategy_id: int) -> None:
    """Keeps what the reports about the order just written need."""
    command = view(world["record"], 1, NEW_ORDER)[0]
    live = live_of(world)[place]
    live["order_id"] = command["order_id"]
    live["strategy_id"] = strategy_id
    live["instrument_id"] = command["instrument_id"]
    live["lots"] = command["order_lots"]


@kernel
def _write_report(world: np.void, place: int, event: int, number: int) -> np.void:
    live = live_of(world)[place]
    report = view(world["record"], 1, VENUE_REPORT)[0]
    report["kind"] = RecordKind.VENUE_REPORT
    report["published_ns"] = now_of(number)
    report["order_id"] = live["order_id"]
    report["event"] = event
    report["account_id"] = 0
    report["instrument_id"] = live["instrument_id"]
    report["venue_order_id"] = number + 1
    report["cumulative_lots"] = -1
    report["order_lots"] = -1
    report["price_ticks"] = -1
    report["reason"] = 0
    report["venue_code"] = 0
    report["venue_utc_ns"] = now_of(number)
    report["replacement_order_id"] = 0
    report["answers_request"] = 0
    return report


@kernel
def write_acknowledgement(world: np.void, place: int, number: int) -> None:
    """Writes the venue's answer to a new order."""
    report = _write_report(world, place, VenueEvent.ACCEPTED, number)
    report["answers_request"] = RequestKind.NEW


@kernel
def write_fill(world: np.void, place: int, number: int, lots: int) -> None:
    """Writes one fill of a live order; every trade has its own id."""
    report = _write_report(world, place, VenueEvent.FILL, number)
    world["next_trade"] += 1
    report["trade_id"] = world["next_trade"]
    report["last_lots"] = lots
    report["last_price_ticks"] = FIRST_PRICE_TICKS
    report["liquidity"] = 1
    report["fee_units"] = 3
    report["fee_asset_id"] = 1


@kernel
def next_number(core: Core, world: np.void) -> int:
    """The number of the next order, after the core was given the timers that are due by then."""
    number = world["next_number"]
    world["next_number"] = number + 1
    while header_of(world["state"])["next_deadline_ns"] <= now_of(number):
        view(world["record"], 1, TIMER)[0]["kind"] = RecordKind.TIMER
        feed(core, world, number, ENGINE)
        take_away(world)
    return number


@kernel
def place_order(core: Core, world: np.void, place: int, lots: int) -> int:
    """A new order and its acknowledgement; returns the order's number."""
    number = next_number(core, world)
    strategy_id = write_new_order(world, number, lots)
    feed(core, world, number, strategy_id)
    remember(world, place, strategy_id)
    write_acknowledgement(world, place, number)
    feed(core, world, number, ENGINE)
    take_away(world)
    return number


@kernel
def fill_order(core: Core, world: np.void, place: int, number: int, lots: int) -> None:
    """One fill."""
    write_fill(world, place, number, lots)
    feed(core, world, number, ENGINE)
    take_away(world)


@kernel
def some_place(number: int, places: int) -> int:
    """A place that looks random and is the same in every run."""
    return ((number * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) >> 33) % places


@kernel_without_gil
def populate(core: Core, address: int) -> None:
    """Places the standing orders."""
    world = world_at(address)
    for place in range(world["live_count"]):
        place_order(core, world, place, ORDER_LOTS)


@kernel_without_gil
def employ(core: Core, address: int, algorithms: int) -> None:
    """Lets so many algorithms wait beside the standing orders."""
    world = world_at(address)
    for _ in range(algorithms):
        number = next_number(core, world)
        feed(core, world, number, write_new_parent(world, number))
        take_away(world)


@kernel_without_gil
def churn(core: Core, address: int, count: int, new_orders: int, fills: int) -> None:
    """A new order, its acknowledgement, the whole fill of a random standing one, over and over; times both ends."""
    world = world_at(address)
    newest = world["live_count"]
    for _ in range(count):
        number = next_number(core, world)
        strategy_id = write_new_order(world, number, ORDER_LOTS)
        started = monotonic_ns()
        feed(core, world, number, strategy_id)
        record_value(new_orders, monotonic_ns() - started)
        take_away(world)
        remember(world, newest, strategy_id)
        write_acknowledgement(world, newest, number)
        feed(core, world, number, ENGINE)
        take_away(world)
        place = some_place(number, newest)
        write_fill(world, place, number, live_of(world)[place]["lots"])
        started = monotonic_ns()
        feed(core, world, number, ENGINE)
        record_value(fills, monotonic_ns() - started)
        take_away(world)
        live_of(world)[place] = live_of(world)[newest]


@kernel_without_gil
def live_and_die(core: Core, address: int, count: int) -> int:
    """A new order, its acknowledgement and its fill, over and over; returns nanoseconds."""
    world = world_at(address)
    newest = world["live_count"]
    started = monotonic_ns()
    for _ in range(count):
        number = place_order(core, world, newest, ORDER_LOTS)
        fill_order(core, world, newest, number, ORDER_LOTS)
    return monotonic_ns() - started


@kernel_without_gil
def burst(core: Core, address: int, count: int) -> int:
    """New orders one after the other, settled afterwards; returns the nanoseconds of the new orders."""
    world = world_at(address)
    first = world["live_count"]
    started = monotonic_ns()
    for place in range(first, first + count):
        number = next_number(core, world)
        strategy_id = write_new_order(world, number, ORDER_LOTS)
        feed(core, world, number, strategy_id)
        take_away(world)
        remember(world, place, strategy_id)
    elapsed = monotonic_ns() - started
    number = world["next_number"]
    for place in range(first, first + count):
        write_acknowledgement(world, place, number)
        feed(core, world, number, ENGINE)
        take_away(world)
        fill_order(core, world, place, number, ORDER_LOTS)
    return elapsed


@kernel_without_gil
def fill_in_parts(core: Core, address: int, fills: int, edge: int, first: int, last: int) -> None:
    """One order filled one lot at a time; times its first and its last `edge` fills."""
    world = world_at(address)
    newest = world["live_count"]
    number = place_order(core, world, newest, fills)
    for index in range(fills):
        write_fill(world, newest, number, 1)
        started = monotonic_ns()
        feed(core, world, number, ENGINE)
        elapsed = monotonic_ns() - started
        take_away(world)
        if index < edge:
            record_value(first, elapsed)
        elif index >= fills - edge:
            record_value(last, elapsed)


@kernel_without_gil
def chase(first: int, count: int) -> int:
    """Follows a chain of addresses, each load waiting for the one before; returns nanoseconds."""
    started = monotonic_ns()
    place = first
    for _ in range(count):
        place = load(place)
    assert place != 0, "the chain is closed"
    return monotonic_ns() - started
