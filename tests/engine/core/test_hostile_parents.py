"""Commands to parents with words that no client would send: refused for one reason or accepted, and time goes on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.enums import RecordKind, RefusalReason, Side
from ipc.parent_enums import Algorithm, ParentControl
from ipc.records import LAYOUTS
from tests.engine.core.invariants import check_invariants
from tests.engine.core.test_hostile_commands import ANY_WORD, EDGES
from tests.engine.core.world import NS_PER_MS, NS_PER_S, UTC_OFFSET_NS, World

COMMANDS = (
    *(RecordKind.NEW_PARENT,) * 4,
    *(RecordKind.AMEND_ORDER,) * 3,
    RecordKind.CONTROL_PARENT,
    RecordKind.SCHEDULE,
    RecordKind.CANCEL_ORDER,
    RecordKind.CANCEL_ALL,
)
# Of the two instruments the first has larger steps; the second scale lets a word overflow soonest.
_WHOSE = 6
SCALES = st.sampled_from([(1, 1), (10, 5), (1 << 27, 1 << 27)])


def _good(world: World, algorithm: Algorithm) -> dict[str, int]:
    """The fields of a parent that passes."""
    utc_ns = world.now_ns + UTC_OFFSET_NS
    fields: dict[str, int] = {"side": Side.BUY, "algorithm": algorithm, "order_lots": 40}
    fields["end_utc_ns"] = utc_ns + 20 * NS_PER_S
    if algorithm in (Algorithm.ICEBERG, Algorithm.SNIPER):
        fields |= {"display_lots": 10, "limit_price_ticks": 9_995}
    if algorithm is Algorithm.POV:
        fields["participation_ppm"] = 200_000
    if algorithm in (Algorithm.STOP, Algorithm.BRACKET):
        fields |= {"side": Side.SELL, "trigger_price_ticks": 9_900}
    if algorithm is Algorithm.BRACKET:
        fields["take_profit_ticks"] = 10_100
    if algorithm is Algorithm.CLOSE_OUT:
        fields |= {"order_lots": 0, "side": Side.SELL}
    return fields


def _world(scales: tuple[int, int]) -> tuple[World, list[int]]:
    """A world with a parent of each algorithm, some of which work, wait, are paused or over."""
    world = World(orders=64, parents=24)
    for place, scale in enumerate((scales, (1, 1))):
        market = world.row("markets", place)
        market["next_of_pair"] = 1 - place
        market["pair_price_scale"], market["pair_lot_scale"] = scale
    world.book_top(bid_lots=500, ask_lots=500)
    entry = world.place()
    world.fill(entry, 6)
    parents = []
    for algorithm in list(Algorithm)[1:]:
        order_id = world.order_id()
        parents.append(order_id)
        step = world.command(RecordKind.NEW_PARENT, order_id=order_id, **_good(world, algorithm))
        assert not step.refusals, (algorithm, step.refusals)
        for request in step.requests:
            world.accept(int(request.order_id))
    world.command(RecordKind.CONTROL_PARENT, order_id=parents[0], control=ParentControl.PAUSE)
    world.cancel(parents[-1])
    _pass(world, 10 * NS_PER_MS)
    return world, [entry, *parents]


def _pass(world: World, duration_ns: int) -> None:
    """A while in few steps, and timers until the core asks for none now."""
    for _ in range(8):
        world.now_ns += duration_ns // 8
        world.timer()
    for _ in range(40):
        if int(world.state.header["next_deadline_ns"]) > world.now_ns:
            return
        world.timer()
    raise AssertionError("the core asks for time without end")


def _check(world: World, values: dict[str, int]) -> None:
    before = world.masked_digest()
    step = world.feed_words(list(values.values()), source=1)
    assert len(step.refusals) <= 1
    if step.refusals:
        assert (len(step.effects), step.refusals[0] != RefusalReason.NONE) == (1, True)
        assert world.masked_digest() == before, f"{step.refusals[0].name} changed the state"
    check_invariants(world)


@st.composite
def _commands(draw: st.DrawFn) -> tuple[RecordKind, Algorithm, dict[str, int]]:
    """A kind, the algorithm of a new parent, and up to three fields with other words than good ones."""
    kind, algorithm = draw(st.sampled_from(COMMANDS)), draw(st.sampled_from(list(Algorithm)))
    names = (LAYOUTS[kind].names or ())[_WHOSE:]
    spoiled = draw(st.dictionaries(st.sampled_from(names), st.one_of(EDGES, ANY_WORD), max_size=2)) if names else {}
    if kind is RecordKind.NEW_PARENT and draw(st.booleans()):
        spoiled |= {"order_lots": 0, "quote_notional": draw(st.one_of(EDGES, st.integers(0, 1 << 40)))}
    return kind, algorithm, spoiled


@settings(max_examples=300, deadline=None)
@given(_commands(), SCALES, st.integers(0, 11))
def test_commands_to_parents_that_are_almost_good_are_accepted_or_refused_for_one_reason(
    command: tuple[RecordKind, Algorithm, dict[str, int]], scales: tuple[int, int], named: int
) -> None:
    world, known = _world(scales)
    kind, algorithm, spoiled = command
    values = dict.fromkeys(LAYOUTS[kind].names or (), 0)
    if kind is RecordKind.NEW_PARENT:
        values |= _good(world, algorithm) | {"order_id": world.order_id()}
    else:
        values["order_id"] = known[named]
    values |= {"kind": int(kind), "sequence": 1_000, "expires_utc_ns": world.now_ns + UTC_OFFSET_NS, **spoiled}
    _check(world, values)
    for duration_ns in (0, NS_PER_S, 30 * NS_PER_S):
        world.book_top(bid_lots=500, ask_lots=500)
        _pass(world, duration_ns)
    check_invariants(world)
