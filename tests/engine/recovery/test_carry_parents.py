"""A parent goes on in the next run where it stood: never with more than it had left, and never twice."""

import numpy as np
import pytest

from engine.core.state import Capacities, State
from engine.recovery.carry_error import CarryOverError
from engine.recovery.carry_over import CarryOver, carry_over
from ipc.enums import ConnectionState, EndReason, RequestKind, Side, VenueEvent
from ipc.order_id import CLIENT_SEQUENCE_MAX, unpack
from ipc.parent_enums import Algorithm, ParentControl, ParentEnd, ParentEvent, ParentFlag, ParentState
from tests.engine.core.world import EPOCH, NS_PER_S, START_NS, UTC_OFFSET_NS
from tests.engine.execution.market import Market
from tests.engine.recovery.test_carry_over import name_rows

LATER_NS = START_NS + 3_600 * NS_PER_S


def named_market() -> Market:
    """A market whose rows have names, by which the next run finds them."""
    market = Market()
    name_rows(market.state)
    return market


@pytest.fixture
def market() -> Market:
    return named_market()


def later_world(old: Market, now_ns: int, **names: tuple[str, ...]) -> Market:
    """An empty world of a later run, at the same venue: it has kept its book, its trades and what rested there."""
    new = named_market()
    name_rows(new.state, **names)
    new.state.header["now_ns"] = new.now_ns = now_ns
    new.state.header["epoch"] = EPOCH + 1
    new.resting, new.bid_ticks, new.ask_ticks = old.resting, old.bid_ticks, old.ask_ticks
    new._trade_id = old._trade_id
    return new


def next_run(old: Market, *, may_lack_end: bool = False, **names: tuple[str, ...]) -> tuple[Market, CarryOver]:
    """The run an hour later, which has taken over what lives, and is connected."""
    new = later_world(old, LATER_NS, **names)
    told = carry_over(old.state, new.state, may_lack_end=may_lack_end)
    new.connection(ConnectionState.LIVE)
    new.quote()
    return new, told


def answer(market: Market, order_id: int, cumulative_lots: int) -> None:
    """The venue says that an order lives, and how much of it has traded."""
    market.venue(VenueEvent.STATUS, order_id, cumulative_lots=cumulative_lots, venue_order_id=900)


def test_a_parent_finds_its_children_and_sends_no_more_than_what_is_left(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    market.trade(child_id, 20)
    new, told = next_run(market)
    assert (told.living_parents, told.left_out) == (1, {})
    (child,) = new.living(order_id)
    row = new.parent_row(order_id)
    assert (int(child["order_id"]), row["living_count"], row["cumulative_lots"]) == (child_id, 1, 20)
    new.run(5 * NS_PER_S)
    assert new.new_requests() == [], "what its child may still trade is not sent again"
    answer(new, child_id, 20)
    new.trade(child_id, 30)
    assert (new.state_of(order_id), new.done(order_id)) == (ParentState.ENDED, 50)
    assert new.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_what_the_venue_no_longer_has_is_sent_again_under_ids_of_the_new_run(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    market.resting.clear()
    new, _ = next_run(market)
    new.venue(VenueEvent.CANCELED, child_id, cumulative_lots=0)
    new.run(NS_PER_S)
    ((_, request),) = new.new_requests()
    assert request.order_lots == 50
    assert unpack(request.order_id)[1:4] == (EPOCH + 1, 1, CLIENT_SEQUENCE_MAX + 1)


def test_a_parent_that_was_to_end_ends(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    market.is_answering = False
    market.cancel(order_id)
    assert market.state_of(order_id) is ParentState.ENDING
    new, _ = next_run(market)
    answer(new, child_id, 0)
    new.run(NS_PER_S)
    assert (new.state_of(order_id), new.resting) == (ParentState.ENDED, {})
    assert new.parent_row(order_id)["end_reason"] == ParentEnd.CANCELED


def test_times_move_to_the_clock_of_the_new_boot(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=100, start=10 * NS_PER_S, end=100 * NS_PER_S)
    new = later_world(market, market.now_ns + 5 * NS_PER_S - 900 * NS_PER_S)
    new.state.header["boot_id"] = 5
    new.state.header["utc_offset_ns"] = UTC_OFFSET_NS + 900 * NS_PER_S
    carry_over(market.state, new.state, may_lack_end=False)
    new.connection(ConnectionState.LIVE)
    new.run(4 * NS_PER_S)
    assert new.state_of(order_id) is ParentState.WAITING
    new.run(2 * NS_PER_S)
    assert new.state_of(order_id) is ParentState.WORKING
    new.run(100 * NS_PER_S)
    assert (new.state_of(order_id), new.done(order_id)) == (ParentState.ENDED, 100)


def test_slices_keep_their_times_when_the_start_lies_before_the_boot(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=100 * NS_PER_S, interval_ms=10_000)
    market.run(51 * NS_PER_S)
    assert market.done(order_id) == 50
    since_boot_ns = 10 * NS_PER_S
    new = later_world(market, since_boot_ns)
    new.state.header["boot_id"] = 5
    new.state.header["utc_offset_ns"] = UTC_OFFSET_NS + market.now_ns + NS_PER_S - since_boot_ns
    carry_over(market.state, new.state, may_lack_end=False)
    new.connection(ConnectionState.LIVE)
    for child in market.living(order_id):
        answer(new, int(child["order_id"]), 0)
    for lots in (60, 70, 80):
        new.run((9 if lots == 60 else 10) * NS_PER_S)
        assert new.done(order_id) == lots


def test_rows_follow_their_names_and_any_account_stays_any(market: Market) -> None:
    of_one = market.parent(algorithm=Algorithm.PEG, instrument_id=1, account_id=1, order_lots=20, start=NS_PER_S)
    of_any = market.parent(
        algorithm=Algorithm.PEG, account_id=-1, parent_flags=ParentFlag.ROUTED, order_lots=20, start=NS_PER_S
    )
    new, _ = next_run(market, instruments=("C/B.V", "A/B.V"), accounts=("two", "one"))
    row = new.parent_row(of_one)
    assert (row["instrument_id"], row["account_id"]) == (0, 0)
    row = new.parent_row(of_any)
    assert (row["instrument_id"], row["account_id"]) == (1, -1)
    watching = new.state.table("markets")["first_watcher"]
    assert sorted(int(new.state.table("parents")[slot]["order_id"]) for slot in watching) == sorted((of_one, of_any))


def test_a_schedule_goes_on(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.VWAP, order_lots=60, end=30 * NS_PER_S)
    for _ in range(3):
        market.parent(order_lots=1)
    market.schedule(order_id, [10, 20, 30])
    market.run(9 * NS_PER_S)
    before = market.done(order_id)
    assert 0 < before < 60
    new = later_world(market, market.now_ns + NS_PER_S)
    carry_over(market.state, new.state, may_lack_end=False)
    new.connection(ConnectionState.LIVE)
    for child in market.living(order_id):
        answer(new, int(child["order_id"]), int(child["cumulative_lots"]))
    new.run(30 * NS_PER_S)
    assert (new.state_of(order_id), new.done(order_id)) == (ParentState.ENDED, 60)


def test_a_half_sent_schedule_takes_the_rest_in_the_next_run(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.VWAP, order_lots=25, end=7_200 * NS_PER_S)
    market.command(9, order_id=order_id, first_slice=0, slice_count=25, **{f"lots_{place}": 1 for place in range(20)})
    new, _ = next_run(market)
    step = new.command(
        9, order_id=order_id, first_slice=20, slice_count=25, **{f"lots_{place}": 1 for place in range(5)}
    )
    assert [ParentEvent(report.parent_event) for report in step.parent_reports][:1] == [ParentEvent.SCHEDULED]


def test_a_bracket_goes_on_following_its_entry(market: Market) -> None:
    market.is_answering = False
    entry = market.place(order_lots=40, price_ticks=9_990)
    bracket = market.parent(
        algorithm=Algorithm.BRACKET,
        side=Side.SELL,
        order_lots=0,
        after_order_id=entry,
        trigger_price_ticks=9_900,
        take_profit_ticks=10_200,
    )
    new, _ = next_run(market)
    answer(new, entry, 0)
    new.fill(entry, 40, 9_990)
    new.run(NS_PER_S)
    (child,) = new.living(bracket)
    assert (child["order_lots"], child["price_ticks"]) == (40, 10_200)


def test_a_stop_still_trails_from_the_best_price_of_before(market: Market) -> None:
    market.fill(market.place(order_lots=10, price_ticks=10_010), 10, 10_010)
    stop = market.parent(algorithm=Algorithm.STOP, side=Side.SELL, order_lots=10, trail_ticks=50)
    market.quote(10_190, 10_210)
    new, _ = next_run(market)
    new.quote(10_160, 10_180)
    assert new.done(stop) == 0
    new.quote(10_100, 10_120)
    assert new.done(stop) == 10


def test_who_may_have_sent_what_nobody_knows_of_is_paused(market: Market) -> None:
    working = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    waiting = market.parent(start=60 * NS_PER_S)
    paused = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.control(paused, ParentControl.PAUSE)
    new, _ = next_run(market, may_lack_end=True)
    assert {new.state_of(order_id) for order_id in (working, waiting, paused)} == {ParentState.PAUSED}
    new.run(120 * NS_PER_S)
    assert new.new_requests() == []
    for order_id in (working, waiting, paused):
        assert new.control(order_id, ParentControl.RESUME).refusals == []
    assert new.done(waiting) == 100


def test_ended_parents_are_kept_for_their_late_trades_and_the_oldest_make_room(market: Market) -> None:
    ended = [market.parent(order_lots=10 + place) for place in range(3)]
    resting = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(resting)[0]["order_id"])
    market.cancel(resting)
    new, told = next_run(market)
    assert (told.living_parents, new.state.header["living_parent_count"]) == (0, 0)
    oldest = int(new.state.header["oldest_ended_parent"])
    assert new.row("parents", oldest)["order_id"] == ended[0]
    new.fill(child_id, 5, 9_990)
    assert new.done(resting) == 5


def test_what_everybody_traded_goes_on_being_counted(market: Market) -> None:
    market.row("markets", 0)["bought_lots"] = 1_000
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.row("markets", 0)["bought_lots"] += 300
    market.row("markets", 0)["traded_notional"] += 300 * 10_000
    new, _ = next_run(market)
    new.row("markets", 0)["sold_lots"] += 30
    report = new.status(order_id).parent_reports[0]
    assert (report.market_lots, report.market_notional) == (330, 3_000_000)


def test_quantities_are_said_in_the_finest_lots_of_the_pair_as_it_is_now(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    market.trade(child_id, 20)
    new = later_world(market, LATER_NS)
    new.row("markets", 0)["pair_lot_scale"], new.row("markets", 0)["pair_price_scale"] = 10, 4
    carry_over(market.state, new.state, may_lack_end=False)
    row = new.parent_row(order_id)
    assert (row["order_lots"], row["cumulative_lots"]) == (500, 200)
    assert row["cumulative_notional"] == 20 * 9_990 * 40
    report = new.status(order_id).parent_reports[0]
    assert (report.order_lots, report.cumulative_lots, report.working_lots) == (50, 20, 30)


def test_a_part_of_a_lot_that_can_be_said_no_more_counts_as_traded(market: Market) -> None:
    market.row("markets", 0)["pair_lot_scale"] = 10
    order_id = market.parent(order_lots=50, start=NS_PER_S)
    market.parent_row(order_id)["cumulative_lots"] = 201
    new, _ = next_run(market)
    row = new.parent_row(order_id)
    assert (row["order_lots"], row["cumulative_lots"]) == (50, 21)


@pytest.mark.parametrize(
    "names", [{"instruments": ("X/B.V", "C/B.V")}, {"accounts": ("other", "two")}], ids=["instrument", "account"]
)
def test_a_living_parent_without_a_place_is_a_reason_not_to_start(
    market: Market, names: dict[str, tuple[str, ...]]
) -> None:
    order_id = market.parent(start=NS_PER_S)
    new = later_world(market, LATER_NS, **names)
    with pytest.raises(CarryOverError, match=rf"1 parent orders .* the first is {order_id} of strategy 1; configure"):
        carry_over(market.state, new.state, may_lack_end=False)


def test_an_ended_parent_without_a_place_is_left_out(market: Market) -> None:
    market.cancel(market.parent(instrument_id=1, start=NS_PER_S))
    kept = market.parent(order_lots=10)
    _, told = next_run(market, instruments=("A/B.V", "X/B.V"))
    assert told.left_out == {"parents": 1}
    new, told = next_run(market)
    assert (told.left_out, new.state_of(kept)) == ({}, ParentState.ENDED)


def test_more_living_parents_than_there_is_room_for_are_a_reason_not_to_start(market: Market) -> None:
    for _ in range(3):
        market.parent(start=NS_PER_S)
    sizes = {"instruments": 2, "accounts": 2, "strategies": 4, "assets": 3, "orders": 16, "trades": 16}
    small = State.create(Capacities(**sizes, tombstones=16, parents=2))
    small.table("instruments")[:] = market.state.table("instruments")
    small.header["now_ns"] = LATER_NS
    name_rows(small)
    message = "3 parent orders of an earlier run live, engine.parent_capacity allows 2; raise it"
    with pytest.raises(CarryOverError, match=message):
        carry_over(market.state, small, may_lack_end=False)


def test_every_list_is_whole_afterwards(market: Market) -> None:
    for place in range(6):
        market.parent(algorithm=Algorithm.PEG, order_lots=20 + place)
        market.parent(order_lots=5 + place)
    new, _ = next_run(market)
    parents, header = new.state.table("parents"), new.state.header
    taken = np.flatnonzero(parents["order_id"])
    assert sorted(taken) == list(range(12))
    free, slot = [], int(header["free_parent"])
    while slot >= 0:
        free.append(slot)
        slot = int(parents[slot]["next_free"])
    assert sorted(free) == list(range(12, len(parents)))
    watching, slot = [], int(new.row("markets", 0)["first_watcher"])
    while slot >= 0:
        watching.append(slot)
        slot = int(parents[slot]["next_watcher"])
    living = [slot for slot in taken if parents[slot]["parent_state"] != ParentState.ENDED]
    assert sorted(watching) == sorted(living)
    assert header["living_parent_count"] == len(living)
    for slot in living:
        linked, child = [], int(parents[slot]["first_child"])
        while child >= 0:
            linked.append(child)
            child = int(new.state.table("orders")[child]["next_child"])
        assert len(linked) == parents[slot]["living_count"]
    orders = new.state.table("orders")
    is_child = (orders["order_id"] != 0) & (orders["end_reason"] == EndReason.NONE) & (orders["parent_order_id"] != 0)
    assert is_child.sum() == parents["living_count"].sum()
    assert RequestKind.NEW not in [request.request_kind for _, request in new.sent]
