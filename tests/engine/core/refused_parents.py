"""Owns the part of the table of refusals that is about parents."""

from ipc.enums import RecordKind, RefusalReason, Side, VenueEvent
from ipc.order_id import CLIENT_SEQUENCE_MAX
from ipc.parent_enums import Algorithm, ParentControl, ParentFlag
from tests.engine.core.provocation import Act, Provocation, Row, id_of, where
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_S, START_NS, UTC_OFFSET_NS, World

R = RefusalReason
DAY_NS = 86_400 * NS_PER_S
NOW_UTC_NS = START_NS + UTC_OFFSET_NS
LATER_NS = NOW_UTC_NS + 60 * NS_PER_S
PLAIN = {"side": Side.BUY, "algorithm": Algorithm.SWEEP, "order_lots": 100}
VWAP = {"algorithm": Algorithm.VWAP, "end_utc_ns": LATER_NS + 60 * NS_PER_S}
STOP = {"algorithm": Algorithm.STOP, "trigger_price_ticks": 10_100}
BRACKET = {"algorithm": Algorithm.BRACKET, "trigger_price_ticks": 10_100, "take_profit_ticks": 9_000}


def parent(**fields: int) -> Provocation:
    return lambda world: lambda world: world.command(RecordKind.NEW_PARENT, **{**PLAIN, **fields})


def placed(world: World, **fields: int) -> int:
    order_id = world.order_id()
    step = world.command(RecordKind.NEW_PARENT, order_id=order_id, **{**PLAIN, "start_utc_ns": LATER_NS, **fields})
    assert not step.refusals
    return order_id


def on_parent(kind: RecordKind, parent_fields: dict[str, int] | None = None, **fields: int) -> Provocation:
    """Commands a parent that waits for its start."""

    def arrange(world: World) -> Act:
        order_id = placed(world, **(parent_fields or {}))
        return lambda world: world.command(kind, order_id=order_id, **fields)

    return arrange


def on_ended(kind: RecordKind, **fields: int) -> Provocation:
    def arrange(world: World) -> Act:
        order_id = placed(world)
        world.cancel(order_id)
        return lambda world: world.command(kind, order_id=order_id, **fields)

    return arrange


def on_child(act: RecordKind, **fields: int) -> Provocation:
    def arrange(world: World) -> Act:
        world.book_top()
        step = world.command(RecordKind.NEW_PARENT, **{**PLAIN, "algorithm": Algorithm.PEG})
        child_id = int(step.requests[0].order_id)
        return lambda world: world.command(act, order_id=child_id, **fields)

    return arrange


def after_a_traded_child(world: World) -> Act:
    world.book_top()
    order_id = world.order_id()
    step = world.command(RecordKind.NEW_PARENT, order_id=order_id, **{**PLAIN, "algorithm": Algorithm.PEG})
    child_id = int(step.requests[0].order_id)
    world.accept(child_id)
    world.fill(child_id, 30)
    return lambda world: world.amend(order_id, order_lots=30)


def full_table(world: World) -> Act:
    for _ in range(len(world.state.table("parents"))):
        placed(world)
    return lambda world: world.command(RecordKind.NEW_PARENT, **PLAIN)


def entry(side: Side, *, ended: bool = False, strategy: int = 1, **fields: int) -> Provocation:
    """A stop that is to follow an order of this side."""

    def arrange(world: World) -> Act:
        order_id = world.place(side=side, strategy=strategy)
        if ended:
            world.venue(VenueEvent.CANCELED, order_id)
        stop = {**PLAIN, **STOP, "order_lots": 0, "after_order_id": order_id, **fields}
        return lambda world: world.command(RecordKind.NEW_PARENT, **stop)

    return arrange


def second_part(**fields: int) -> Provocation:
    def arrange(world: World) -> Act:
        order_id = placed(world, **VWAP)
        first = {"first_slice": 0, "slice_count": 40, **{f"lots_{place}": 1 for place in range(20)}}
        assert not world.command(RecordKind.SCHEDULE, order_id=order_id, **first).refusals
        return lambda world: world.command(RecordKind.SCHEDULE, order_id=order_id, **fields)

    return arrange


def worth(notional: int) -> Provocation:
    def arrange(world: World) -> Act:
        world.book_top()
        fields = {**PLAIN, "order_lots": 0, "quote_notional": notional}
        return lambda world: world.command(RecordKind.NEW_PARENT, **fields)

    return arrange


def part_after_the_last(world: World) -> Act:
    order_id = placed(world, **VWAP)
    whole = {"slice_count": 20, **{f"lots_{place}": 5 for place in range(20)}}
    assert not world.command(RecordKind.SCHEDULE, order_id=order_id, **whole).refusals
    return lambda world: world.command(RecordKind.SCHEDULE, order_id=order_id, first_slice=20, slice_count=20)


def send_plain(world: World) -> Step:
    return world.command(RecordKind.NEW_PARENT, **PLAIN)


def schedule_of_what_works(world: World) -> Act:
    world.book_top()
    order_id = world.order_id()
    world.command(RecordKind.NEW_PARENT, order_id=order_id, **{**PLAIN, **VWAP})
    world.command(RecordKind.SCHEDULE, order_id=order_id, slice_count=1, lots_0=100)
    return lambda world: world.command(RecordKind.SCHEDULE, order_id=order_id, slice_count=1, lots_0=100)


def amended_after_the_stop(world: World) -> Act:
    world.book_top()
    order_id = world.order_id()
    world.command(RecordKind.NEW_PARENT, order_id=order_id, **{**PLAIN, **STOP, "trigger_price_ticks": 10_005})
    return lambda world: world.amend(order_id, stop_price_ticks=9_000)


def entry_by_a_leg(world: World) -> Act:
    entry_id = world.place(side=Side.SELL)
    stop = {**PLAIN, **STOP, "order_lots": 0, "after_order_id": entry_id | 1}
    return lambda world: world.command(RecordKind.NEW_PARENT, **stop)


ROWS = (
    Row("a sequence of the engine's own", R.MALFORMED_RECORD, parent(order_id=id_of(sequence=CLIENT_SEQUENCE_MAX + 1))),
    Row("a parent of another run", R.STALE_EPOCH, parent(order_id=id_of(epoch=1))),
    Row("no such instrument", R.UNKNOWN_INSTRUMENT, parent(instrument_id=2), limit=1),
    Row("no such account", R.UNKNOWN_ACCOUNT, parent(account_id=2), limit=1),
    Row("any account of one that is not routed", R.UNKNOWN_ACCOUNT, parent(account_id=-1)),
    Row("an algorithm after the last", R.INVALID_ALGORITHM, parent(algorithm=12), limit=Algorithm.BRACKET),
    Row("an algorithm below the first", R.INVALID_ALGORITHM, parent(algorithm=-1)),
    Row("a benchmark that is none", R.INVALID_ALGORITHM, parent(benchmark=2), limit=1),
    Row("flags that are none", R.INVALID_FLAGS, parent(parent_flags=32)),
    Row("both conditions", R.INVALID_FLAGS, parent(parent_flags=24, trigger_price_ticks=9_000)),
    Row("a sweep that never takes", R.INVALID_FLAGS, parent(parent_flags=ParentFlag.PASSIVE_ONLY)),
    Row("no side", R.INVALID_SIDE, parent(side=0)),
    Row("less than nothing", R.QUANTITY_OUT_OF_RANGE, parent(order_lots=-1)),
    Row("neither lots nor money", R.INVALID_QUANTITY, parent(order_lots=0)),
    Row("lots and money", R.INVALID_QUANTITY, parent(quote_notional=5)),
    Row("money without a price", R.NO_REFERENCE_PRICE, parent(order_lots=0, quote_notional=1_000)),
    Row("an iceberg that shows nothing", R.INVALID_DISPLAY_QUANTITY, parent(algorithm=Algorithm.ICEBERG), limit=100),
    Row("more shown than there is", R.INVALID_DISPLAY_QUANTITY, parent(display_lots=101), limit=100),
    Row("more urgent than at once", R.INVALID_PARTICIPATION, parent(urgency_ppm=1_000_001), limit=1_000_000),
    Row("a share of nothing", R.INVALID_PARTICIPATION, parent(algorithm=Algorithm.POV), limit=1_000_000),
    Row("more than all of the market", R.INVALID_PARTICIPATION, parent(participation_ppm=1_000_001)),
    Row("too much noise", R.INVALID_SCHEDULE, parent(noise_ppm=500_001), limit=500_000),
    Row("a limit below the venue's prices", R.PRICE_OUT_OF_RANGE, parent(limit_price_ticks=1)),
    Row("a target out of range", R.PRICE_OUT_OF_RANGE, parent(**{**BRACKET, "take_profit_ticks": (1 << 30) + 1})),
    Row("a bracket without a target", R.INVALID_PRICE, parent(**{**BRACKET, "take_profit_ticks": 0})),
    Row("a target of a sweep", R.INVALID_PRICE, parent(take_profit_ticks=9_000)),
    Row("a stop without a trigger", R.INVALID_TRIGGER, parent(algorithm=Algorithm.STOP)),
    Row("a stop with a condition", R.INVALID_TRIGGER, parent(**STOP, parent_flags=ParentFlag.TRIGGER_ABOVE)),
    Row("a negative trigger", R.INVALID_TRIGGER, parent(**{**STOP, "trigger_price_ticks": -1})),
    Row("a negative trail", R.INVALID_TRIGGER, parent(**STOP, trail_ticks=-1)),
    Row("a trigger without a condition", R.INVALID_TRIGGER, parent(trigger_price_ticks=9_000)),
    Row("a trail of a sweep", R.INVALID_TRIGGER, parent(trail_ticks=5)),
    Row("an interval below the shortest", R.INVALID_INTERVAL, parent(interval_ms=9), limit=86_400_000),
    Row("a start in a far future", R.INVALID_RELEASE_TIME, parent(start_utc_ns=NOW_UTC_NS + 7 * DAY_NS + 1)),
    Row("a start long ago", R.INVALID_RELEASE_TIME, parent(start_utc_ns=NOW_UTC_NS - DAY_NS - 1)),
    Row("an end that has passed", R.INVALID_EXPIRY, parent(end_utc_ns=NOW_UTC_NS)),
    Row("an end before the start", R.INVALID_EXPIRY, parent(start_utc_ns=LATER_NS, end_utc_ns=LATER_NS)),
    Row("a TWAP without an end", R.INVALID_EXPIRY, parent(algorithm=Algorithm.TWAP)),
    Row("an entry that nobody knows", R.INVALID_ENTRY, parent(**STOP, order_lots=0, after_order_id=5 << 8), limit=0),
    Row(
        "an entry of a share",
        R.INVALID_ENTRY,
        entry(Side.SELL, algorithm=Algorithm.POV, participation_ppm=5, order_lots=5, trigger_price_ticks=0),
    ),
    Row("an entry of the same side", R.INVALID_ENTRY, entry(Side.BUY)),
    Row("an entry that ended without a fill", R.INVALID_ENTRY, entry(Side.SELL, ended=True)),
    Row("another strategy's entry", R.INVALID_ENTRY, entry(Side.SELL, strategy=2)),
    Row("a full table", R.PARENT_TABLE_FULL, full_table),
    Row("a pause of nothing", R.UNKNOWN_PARENT, lambda world: lambda world: world.command(RecordKind.CONTROL_PARENT)),
    Row("a schedule of nothing", R.UNKNOWN_PARENT, lambda world: lambda world: world.command(RecordKind.SCHEDULE)),
    Row("a pause of what has ended", R.PARENT_ALREADY_ENDED, on_ended(RecordKind.CONTROL_PARENT, control=1)),
    Row("a cancel of what has ended", R.PARENT_ALREADY_ENDED, on_ended(RecordKind.CANCEL_ORDER)),
    Row("an amendment of what has ended", R.PARENT_ALREADY_ENDED, on_ended(RecordKind.AMEND_ORDER, price_ticks=9_000)),
    Row(
        "a resume of what works",
        R.PARENT_STATE_CONFLICT,
        on_parent(RecordKind.CONTROL_PARENT, control=ParentControl.RESUME),
    ),
    Row("no control", R.PARENT_STATE_CONFLICT, on_parent(RecordKind.CONTROL_PARENT, control=3)),
    Row("a schedule of a sweep", R.PARENT_STATE_CONFLICT, on_parent(RecordKind.SCHEDULE, slice_count=1, lots_0=100)),
    Row("a schedule of too many slices", R.INVALID_SCHEDULE, on_parent(RecordKind.SCHEDULE, VWAP, slice_count=101)),
    Row(
        "a schedule that begins in the middle",
        R.INVALID_SCHEDULE,
        on_parent(RecordKind.SCHEDULE, VWAP, slice_count=40, first_slice=20),
    ),
    Row(
        "a schedule of less than the parent",
        R.INVALID_SCHEDULE,
        on_parent(RecordKind.SCHEDULE, VWAP, slice_count=1, lots_0=99),
        limit=100,
    ),
    Row(
        "a schedule of more than the parent",
        R.INVALID_SCHEDULE,
        on_parent(RecordKind.SCHEDULE, VWAP, slice_count=2, lots_0=101),
        limit=100,
    ),
    Row("a negative slice", R.INVALID_SCHEDULE, on_parent(RecordKind.SCHEDULE, VWAP, slice_count=2, lots_0=-1)),
    Row("a second part of another schedule", R.INVALID_SCHEDULE, second_part(first_slice=20, slice_count=39), limit=40),
    Row("an amendment of a parent to nothing else", R.AMEND_CHANGES_NOTHING, on_parent(RecordKind.AMEND_ORDER)),
    Row("a version of a parent", R.VERSION_CONFLICT, on_parent(RecordKind.AMEND_ORDER, price_ticks=9_000, version=1)),
    Row("an amended limit out of range", R.PRICE_OUT_OF_RANGE, on_parent(RecordKind.AMEND_ORDER, price_ticks=1)),
    Row(
        "an amended quantity of a schedule", R.INVALID_QUANTITY, on_parent(RecordKind.AMEND_ORDER, VWAP, order_lots=50)
    ),
    Row("an amended trigger of a sweep", R.INVALID_TRIGGER, on_parent(RecordKind.AMEND_ORDER, stop_price_ticks=9_000)),
    Row("an amendment to what has traded", R.AMEND_BELOW_FILLED, after_a_traded_child, limit=31),
    Row("a cancel of a child", R.CHILD_OF_PARENT, on_child(RecordKind.CANCEL_ORDER)),
    Row("an amendment of a child", R.CHILD_OF_PARENT, on_child(RecordKind.AMEND_ORDER, price_ticks=9_000)),
    Row("an instrument before the first", R.UNKNOWN_INSTRUMENT, parent(instrument_id=-1), limit=1),
    Row("an account that is another strategy's", R.NOT_PERMITTED, where("terms", 2, send_plain, permitted=0)),
    Row("an instrument that is not the strategy's", R.NOT_PERMITTED, where("books", 2, send_plain, permitted=0)),
    Row("more lots than any order", R.QUANTITY_OUT_OF_RANGE, parent(order_lots=1 << 31), limit=(1 << 31) - 1),
    Row("less than no money", R.INVALID_QUANTITY, parent(order_lots=0, quote_notional=-1)),
    Row(
        "money of a close-out",
        R.INVALID_QUANTITY,
        parent(algorithm=Algorithm.CLOSE_OUT, order_lots=0, quote_notional=9),
    ),
    Row("less than nothing shown", R.INVALID_DISPLAY_QUANTITY, parent(display_lots=-1)),
    Row("less than no urgency", R.INVALID_PARTICIPATION, parent(urgency_ppm=-1)),
    Row("less than no share", R.INVALID_PARTICIPATION, parent(participation_ppm=-1)),
    Row("less than no noise", R.INVALID_SCHEDULE, parent(noise_ppm=-1)),
    Row("a benchmark before the first", R.INVALID_ALGORITHM, parent(benchmark=-1)),
    Row("a trigger out of range", R.INVALID_TRIGGER, parent(**{**STOP, "trigger_price_ticks": (1 << 30) + 1})),
    Row("a trail out of range", R.INVALID_TRIGGER, parent(**STOP, trail_ticks=(1 << 30) + 1)),
    Row("an end in a far future", R.INVALID_EXPIRY, parent(end_utc_ns=NOW_UTC_NS + 7 * DAY_NS + 1)),
    Row("an interval of more than a day", R.INVALID_INTERVAL, parent(interval_ms=86_400_001)),
    Row("a schedule of nothing at all", R.INVALID_SCHEDULE, on_parent(RecordKind.SCHEDULE, VWAP, slice_count=0)),
    Row(
        "a first part that comes again",
        R.INVALID_SCHEDULE,
        second_part(first_slice=0, slice_count=40, **{f"lots_{place}": 1 for place in range(20)}),
    ),
    Row(
        "a part behind the schedule's end",
        R.INVALID_SCHEDULE,
        second_part(first_slice=20, slice_count=20, **{f"lots_{place}": 4 for place in range(20)}),
    ),
    Row(
        "a slice of less than nothing beside one of more than all",
        R.INVALID_SCHEDULE,
        on_parent(RecordKind.SCHEDULE, VWAP, slice_count=2, lots_0=-5, lots_1=105),
        limit=100,
    ),
    Row(
        "a slice of more than is left beside one that takes it back",
        R.INVALID_SCHEDULE,
        on_parent(RecordKind.SCHEDULE, VWAP, slice_count=2, lots_0=105, lots_1=-5),
        limit=100,
    ),
    Row("a schedule of what works", R.PARENT_STATE_CONFLICT, schedule_of_what_works),
    Row(
        "a condition of an amendment of a parent",
        R.VERSION_CONFLICT,
        on_parent(RecordKind.AMEND_ORDER, price_ticks=9_000, conditional_on_version=1),
    ),
    Row("an amended quantity below nothing", R.INVALID_QUANTITY, on_parent(RecordKind.AMEND_ORDER, order_lots=-1)),
    Row(
        "an amended quantity of more than any",
        R.INVALID_QUANTITY,
        on_parent(RecordKind.AMEND_ORDER, order_lots=1 << 31),
    ),
    Row(
        "an amended trigger below nothing",
        R.INVALID_TRIGGER,
        on_parent(RecordKind.AMEND_ORDER, STOP, stop_price_ticks=-1),
    ),
    Row(
        "an amended trigger out of range",
        R.INVALID_TRIGGER,
        on_parent(RecordKind.AMEND_ORDER, STOP, stop_price_ticks=(1 << 30) + 1),
    ),
    Row("an amended trigger of a stop that was hit", R.INVALID_TRIGGER, amended_after_the_stop),
    Row("an entry named by a leg", R.INVALID_ENTRY, entry_by_a_leg, limit=0),
    Row("money for less than a lot", R.QUANTITY_OUT_OF_RANGE, worth(9_000)),
    Row("money for more lots than any order", R.QUANTITY_OUT_OF_RANGE, worth(10_010 << 31)),
    Row("a part after the last of a schedule", R.INVALID_SCHEDULE, part_after_the_last),
)
