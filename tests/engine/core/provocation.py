"""Owns the shape of a provocation: a world brought to where one input is refused, and that input."""

from collections.abc import Callable
from dataclasses import dataclass

from ipc.enums import (
    JournalState,
    OrderFlag,
    OrderType,
    RecordKind,
    RefusalReason,
    Side,
    TimeInForce,
    VenueAbility,
    VenueEvent,
)
from ipc.order_id import pack
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import (
    EPOCH,
    INSTANCE,
    NS_PER_S,
    RATE_LIMIT_ORDERS,
    Step,
    World,
)

Act = Callable[[World], Step]
# Arranges a world and returns the one input that is refused.
Provocation = Callable[[World], Act]

POST_ONLY = int(OrderFlag.POST_ONLY)
REDUCE_ONLY = int(OrderFlag.REDUCE_ONLY)
FILL_FIRST = int(OrderFlag.FILL_FIRST)
PRICE_PROTECTED = int(OrderFlag.PRICE_PROTECTED)
BOTH = int(VenueAbility.AMEND_KEEP_PRIORITY | VenueAbility.CANCEL_REPLACE)
INT64_MAX = (1 << 63) - 1
INT64_MIN = -(1 << 63)


@dataclass(frozen=True)
class Row:
    """One refusal: what provokes it, and which limit the refusal must name (None where it names none)."""

    name: str
    reason: RefusalReason
    provoke: Provocation
    limit: int | None = None


def new_order(**fields: int) -> Provocation:
    return lambda world: lambda world: world.new_order(**fields)


def market(**fields: int) -> Provocation:
    def arrange(world: World) -> Act:
        world.book_top()
        return lambda world: world.market(**fields)

    return arrange


def beyond_slippage(world: World) -> Act:
    world.book_top()
    depth = {"price_ticks_0": 10_010, "lots_0": 5, "price_ticks_1": 10_111, "lots_1": 5}
    world.feed(RecordKind.BOOK_DEPTH, instrument_id=0, side=Side.SELL, venue_sequence=1, **depth)
    return lambda world: world.market(order_flags=FILL_FIRST)


def target(**fields: int) -> Provocation:
    return lambda world: lambda world: world.target(**fields)


def where(table: str, place: int, act: Act, **fields: int) -> Provocation:
    """Changes a row of the world first."""

    def arrange(world: World) -> Act:
        row = world.row(table, place)
        for field, value in fields.items():
            row[field] = value
        return act

    return arrange


def id_of(**parts: int) -> int:
    return pack(**{"instance": INSTANCE, "epoch": EPOCH, "strategy_id": 1, "sequence": 1, **parts})


def on_order(act: Callable[[World, int], Step], *happenings: Callable[[World, int], object]) -> Provocation:
    """Acts on an acknowledged order to which something has happened."""

    def arrange(world: World) -> Act:
        order_id = world.place()
        for happen in happenings:
            happen(world, order_id)
        return lambda world: act(world, order_id)

    return arrange


def amend(**fields: int) -> Callable[[World, int], Step]:
    return lambda world, order_id: world.amend(order_id, **fields)


def cancel(world: World, order_id: int) -> Step:
    return world.cancel(order_id)


def fill(lots: int) -> Callable[[World, int], Step]:
    return lambda world, order_id: world.fill(order_id, lots)


def used_up_sequence(world: World) -> Act:
    world.place()
    return lambda world: world.new_order(sequence=1)


def used_up_order_id(world: World) -> Act:
    order_id = world.place()
    return lambda world: world.new_order(order_id=order_id)


def ended_order(act: Callable[[World, int], Step]) -> Provocation:
    return on_order(act, lambda world, order_id: world.venue(VenueEvent.CANCELED, order_id))


def amend_as(version: int) -> Callable[[World, int], Step]:
    return lambda world, order_id: world.amend(order_id, price_ticks=9_000 + version, version=version)


def versioned(version: int, condition: int) -> Callable[[World, int], Step]:
    fields = {"version": version, "conditional_on_version": condition}
    return lambda world, order_id: world.amend(order_id, price_ticks=9_500, **fields)


def on_stop(*, triggered: bool = False, **fields: int) -> Provocation:
    def arrange(world: World) -> Act:
        order_id = world.place(order_type=OrderType.STOP, price_ticks=0, stop_price_ticks=10_100)
        if triggered:
            world.venue(VenueEvent.TRIGGERED, order_id)
        return lambda world: world.amend(order_id, **fields)

    return arrange


def reducing(act: Callable[[World, int], Step]) -> Provocation:
    """Acts on an order that brings a position of ten lots to nothing."""

    def arrange(world: World) -> Act:
        world.fill(world.place(), 10)
        order_id = world.place(side=Side.SELL, order_flags=REDUCE_ONLY)
        return lambda world: act(world, order_id)

    return arrange


def resting_market(world: World) -> Act:
    world.book_top()
    order_id = int(world.market().requests[0].order_id)
    world.accept(order_id)
    return lambda world: world.amend(order_id, order_lots=5)


def immediate_limit(world: World) -> Act:
    order_id = world.place(time_in_force=TimeInForce.IOC)
    return lambda world: world.amend(order_id, order_lots=5)


def last_leg(world: World) -> Act:
    order_id = world.place()
    world.order(order_id)["last_leg"] = 255
    return lambda world: world.amend(order_id, price_ticks=9_000)


def able(ability: int, **fields: int) -> Provocation:
    def arrange(world: World) -> Act:
        order_id = world.place()
        world.row("instruments", 0)["ability"] = ability
        return lambda world: world.amend(order_id, **fields)

    return arrange


def repeated(world: World) -> Act:
    for _ in range(8):
        world.place()
    return lambda world: world.new_order()


def too_many_in_a_window(world: World) -> Act:
    for number in range(RATE_LIMIT_ORDERS):
        world.place(price_ticks=9_000 + number)
    world.now_ns += NS_PER_S - 1
    return lambda world: world.new_order()


def amended_too_often(world: World) -> Act:
    order_id = world.place()
    world.terms()["rate_limit_orders"] = 0
    return lambda world: world.amend(order_id, price_ticks=9_000)


def stale_book(world: World) -> Act:
    world.book_top()
    world.now_ns += 5 * NS_PER_S + 1
    return lambda world: world.market()


def one_sided_book(side: int) -> Provocation:
    def arrange(world: World) -> Act:
        world.book_top(bid_ticks=0, ask_ticks=0)
        return lambda world: world.market(side=side)

    return arrange


def full_table(world: World) -> Act:
    count = len(world.state.table("orders"))
    world.state.table("terms")["rate_limit_window_ns"] = 1
    for number in range(count):
        world.now_ns += 1
        world.place(price_ticks=9_000 + number)
    return lambda world: world.new_order()


def budget(act: Act, **fields: int) -> Provocation:
    """A window of 100 in which everything costs 1, and which no time ends."""
    window = {
        "limit_type": RateLimitType.REQUEST_WEIGHT,
        "window_ns": INT64_MAX // 2,
        "limit": 100,
        "venue_limit": 100,
        "window_end_utc_ns": INT64_MAX,
        "new_cost": 1,
        "cancel_cost": 1,
        "amend_cost": 1,
        "cancel_replace_cost": 1,
    }
    return where("budgets", 0, act, **{**window, **fields})


def others_share(world: World) -> Act:
    """Half a window is used by one of two strategies that ask for room."""
    world.place(strategy=2)
    budget(lambda world: world.new_order(), counted=50)(world)
    world.row("rate_shares", 1)["used"] = 50
    world.row("rate_shares", 1)["period"] = INT64_MAX
    return lambda world: world.new_order()


def full_line(world: World) -> Act:
    """One order waits for room, and no second one may."""
    world.terms()["when_exceeded"], world.terms()["queue_orders"], world.terms()["queue_ns"] = 1, 1, NS_PER_S
    budget(lambda world: world.new_order(), counted=100)(world)
    world.new_order()
    return lambda world: world.new_order()


def on_order_short_of_budget(act: Callable[[World, int], Step]) -> Provocation:
    def arrange(world: World) -> Act:
        order_id = world.place()
        return budget(lambda world: act(world, order_id), counted=100)(world)

    return arrange


def cancel_all_under_way(world: World) -> Act:
    world.place()
    budget(lambda world: world.cancel_all(), counted=100)(world)(world)
    return lambda world: world.cancel_all()


def status_of_all_under_way(world: World) -> Act:
    world.terms()["rate_limit_window_ns"] = 1
    for number in range(33):
        world.now_ns += 1
        world.place(price_ticks=9_000 + number)
    world.status_of_all()
    return lambda world: world.status_of_all()


def journal(state: JournalState) -> Provocation:
    def arrange(world: World) -> Act:
        world.feed(RecordKind.JOURNAL_STATE, state=state)
        return lambda world: world.new_order()

    return arrange


def foreign_kind(kind: int) -> Provocation:
    return lambda world: lambda world: world.feed_words([0, kind, 1, 0, 0, 0], source=1)
