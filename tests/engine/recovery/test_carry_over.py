"""What one run hands on to the next: every fact of an order, under the numbers and in the clock of the new run."""

import numpy as np
import pytest

from engine.core.state import State
from engine.recovery.carry_error import CarryOverError
from engine.recovery.carry_over import CarryOver, carry_over
from ipc.enums import ConnectionState, EndReason, OrderStatus, RecordKind, RefusalReason, RequestKind, Side, VenueEvent
from ipc.order_status import status_of
from ipc.rate_enums import RateLimitType
from ipc.tables import name_words
from tests.engine.core.invariants import check_invariants
from tests.engine.core.random_trading import RandomTrading
from tests.engine.core.world import NS_PER_S, REQUEST_EXPIRY_NS, START_NS, UTC_OFFSET_NS, World

NAMES = {"instruments": ("A/B.V", "C/B.V"), "accounts": ("one", "two"), "assets": ("A", "B", "C")}
DAY_NS = 86_400 * NS_PER_S
WORDS = {"instruments": 4, "accounts": 2, "assets": 2}


def name_rows(state: State, **names: tuple[str, ...]) -> None:
    for table, texts in {**NAMES, **names}.items():
        for row, text in zip(state.table(table), texts, strict=True):
            for word, value in enumerate(name_words(text, WORDS[table])):
                row[f"name_{word}"] = value


def next_run(**names: tuple[str, ...]) -> World:
    """A later world with empty tables, whose rows may be named in another order."""
    world = World()
    name_rows(world.state, **names)
    world.state.header["now_ns"] = world.now_ns = START_NS + 3_600 * NS_PER_S
    return world


@pytest.fixture
def world() -> World:
    world = World()
    name_rows(world.state)
    return world


def handed(old: World, new: World, *, may_lack_end: bool = False) -> CarryOver:
    return carry_over(old.state, new.state, may_lack_end=may_lack_end)


def test_an_open_order_is_unknown_until_the_venue_speaks(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4)
    new = next_run()
    told = handed(world, new)
    assert (told.open_orders, told.ended_orders, told.trades) == (1, 0, 1)
    order = new.order(order_id)
    assert status_of(order, 0) == OrderStatus.UNKNOWN
    assert (order["cumulative_lots"], order["reserved_lots"], new.book()["open_buy_lots"]) == (4, 6, 6)
    new.venue(VenueEvent.STATUS, order_id, cumulative_lots=4, venue_order_id=900)
    assert status_of(order, 0) == OrderStatus.PARTIALLY_FILLED
    check_invariants(new)


def test_a_trade_of_the_earlier_run_is_not_booked_again(world: World) -> None:
    order_id = world.place(order_lots=10)
    world.fill(order_id, 4, trade_id=77)
    new = next_run()
    handed(world, new)
    new.fill(order_id, 4, trade_id=77)
    new.fill(order_id, 3, trade_id=78)
    assert (new.order(order_id)["cumulative_lots"], new.book()["position_lots"]) == (7, 7)


def test_trades_that_find_no_room_are_not_booked_again_either(world: World) -> None:
    order_id = world.place(instrument_id=1, account_id=1, order_lots=10)
    for trade_id in (77, 78, 79):
        world.fill(order_id, 1, trade_id=trade_id, instrument_id=1, account_id=1)
    new = World(trades=1)
    name_rows(new.state, instruments=("C/B.V", "A/B.V"), accounts=("two", "one"))
    assert handed(world, new).left_out == {"trades": 2}
    for trade_id in (77, 78, 79, 80):
        new.fill(order_id, 1, trade_id=trade_id, instrument_id=0, account_id=0)
    assert new.book(instrument_id=0)["position_lots"] == 4
    assert (new.state.header["forgotten_trade_count"], new.counts()["duplicate_trade_count"]) == (2, 1)


def test_from_where_on_trades_must_be_asked_for_is_handed_on(world: World) -> None:
    world.feed(RecordKind.TRADES_KNOWN, account_id=1, instrument_id=0, before_trade_id=42)
    new = next_run(accounts=("two", "one"))
    handed(world, new)
    assert new.state.table("holdings")["known_before_trade_id"].tolist() == [42, 0, 0, 0]


def test_rows_follow_their_names(world: World) -> None:
    order_id = world.place(instrument_id=1, account_id=1, order_lots=10)
    world.fill(order_id, 4, fee_asset_id=2, fee_units=9, instrument_id=1, account_id=1)
    new = next_run(instruments=("C/B.V", "A/B.V"), accounts=("two", "one"), assets=("C", "B", "A"))
    for instrument in new.state.table("instruments"):
        instrument["base_asset_id"] = 2
    handed(world, new)
    order = new.order(order_id)
    assert (order["instrument_id"], order["account_id"]) == (0, 0)
    assert new.book(1, 0)["position_lots"] == 4
    assert new.state.table("fees")[1 * 3 + 0]["fee_units"] == 9
    check_invariants(new)


def test_times_move_to_the_new_clock_when_the_machine_was_restarted(world: World) -> None:
    order_id = world.place(execution_timeout_ms=10_000)
    deadline_ns = int(world.order(order_id)["execution_deadline_ns"])
    new = next_run()
    new.state.header["boot_id"] = 5
    new.state.header["utc_offset_ns"] = UTC_OFFSET_NS + 900 * NS_PER_S
    new.now_ns = START_NS - 899 * NS_PER_S
    new.state.header["now_ns"] = new.now_ns
    handed(world, new)
    assert new.order(order_id)["execution_deadline_ns"] == deadline_ns - 900 * NS_PER_S
    assert [request.request_kind for request in new.after(10 * NS_PER_S).requests] == [2]


def test_what_a_client_wanted_cancelled_is_cancelled_when_it_turns_out_to_live(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    new = next_run()
    handed(world, new)
    step = new.venue(VenueEvent.STATUS, order_id, cumulative_lots=0, venue_order_id=900)
    assert [request.request_kind for request in step.requests] == [2]


def test_a_cancel_all_that_was_cut_short_is_carried_out(world: World) -> None:
    resting = world.place()
    scheduled = int(world.new_order(release_utc_ns=START_NS + UTC_OFFSET_NS + NS_PER_S).reports[0].order_id)
    spared = world.place(side=Side.SELL, price_ticks=10_001)
    strategy = world.row("strategies", 1)
    strategy["mass_request"], strategy["mass_side"] = RequestKind.CANCEL, Side.BUY
    strategy["mass_instrument"] = strategy["mass_account"] = -1
    new = next_run()
    handed(world, new)
    new.connection(ConnectionState.LIVE)
    step = new.after(1)
    assert [report.order_id for report in step.reports] == [scheduled]
    assert new.order(scheduled)["end_reason"] == EndReason.CANCELED, "it is not released"
    step = new.venue(VenueEvent.STATUS, resting, cumulative_lots=0, venue_order_id=900)
    assert [request.request_kind for request in step.requests] == [RequestKind.CANCEL]
    assert new.venue(VenueEvent.STATUS, spared, cumulative_lots=0, venue_order_id=901).requests == []
    check_invariants(new)


def test_ended_orders_wait_for_eviction_oldest_first(world: World) -> None:
    ids = [world.place(price_ticks=9_000 + place) for place in range(3)]
    for order_id in (ids[2], ids[0]):
        world.now_ns += NS_PER_S
        world.venue(VenueEvent.CANCELED, order_id)
    new = next_run()
    new.now_ns = START_NS + 3 * NS_PER_S
    new.state.header["now_ns"] = new.now_ns
    handed(world, new)
    check_invariants(new)
    oldest = new.row("orders", int(new.state.header["oldest_ended"]))
    assert (oldest["order_id"], oldest["end_reason"]) == (ids[2], EndReason.CANCELED)


def test_every_connection_is_down_and_a_ban_goes_on(world: World) -> None:
    budget = world.row("budgets", 0)
    budget["limit_type"], budget["window_ns"], budget["limit"] = 2, NS_PER_S, 50
    budget["blocked_until_utc_ns"] = 1 << 60
    budget["counted"], budget["in_flight"], budget["unanswered"] = 7, 3, 1
    new = next_run()
    later = new.row("budgets", 0)
    later["limit_type"], later["window_ns"], later["limit"] = 2, NS_PER_S, 50
    handed(world, new)
    assert later["blocked_until_utc_ns"] == 1 << 60
    assert (later["counted"], later["in_flight"]) == (7, 0)
    assert later["unanswered"] == 4, "nobody answers any more what was in flight"
    assert later["unanswered_until_ns"] == new.now_ns + REQUEST_EXPIRY_NS
    assert (new.state.table("accounts")["connection_state"] == ConnectionState.DOWN).all()


def test_what_was_counted_goes_on_though_the_venue_speaks_before_its_time_is_known(world: World) -> None:
    new = next_run()
    new.state.header["now_ns"] = new.now_ns = START_NS + NS_PER_S
    window_ns = 3_600 * NS_PER_S
    for each in (world, new):
        budget = each.row("budgets", 0)
        budget["limit_type"], budget["window_ns"], budget["limit"] = RateLimitType.ORDERS, window_ns, 1
        budget["new_cost"] = 1
    world.place()
    new.row("accounts", 0)["utc_offset_ns"] = 0
    handed(world, new)
    new.feed(RecordKind.RATE_LIMIT, limit_type=RateLimitType.ORDERS, window_ns=window_ns, limit=1, count=1)
    new.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=UTC_OFFSET_NS)
    new.feed(RecordKind.VENUE_STATE, state=ConnectionState.LIVE)
    assert new.new_order(price_ticks=9_001).refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]


def test_a_platform_limit_goes_on_over_a_restart(world: World) -> None:
    for _ in range(20):
        world.place(price_ticks=9_000 + _)
    new = next_run()
    new.now_ns = world.now_ns
    new.state.header["now_ns"] = new.now_ns
    handed(world, new)
    new.connection(ConnectionState.LIVE)
    assert new.new_order(order_id=new.order_id(sequence=50)).refusals == [28]


GONE = [{"instruments": ("X/B.V", "C/B.V")}, {"accounts": ("other", "two")}]


@pytest.mark.parametrize("names", GONE)
def test_an_open_order_without_a_place_is_a_reason_not_to_start(
    world: World, names: dict[str, tuple[str, ...]]
) -> None:
    world.place()
    with pytest.raises(CarryOverError, match="configure them again, or cancel the orders"):
        handed(world, next_run(**names))


def test_a_position_without_a_place_is_a_reason_not_to_start(world: World) -> None:
    order_id = world.place(order_lots=5)
    world.fill(order_id, 5)
    with pytest.raises(CarryOverError, match=r"holds 5 lots of A/B\.V"):
        handed(world, next_run(instruments=("X/B.V", "C/B.V")))


def test_a_lot_that_means_something_else_is_a_reason_not_to_start(world: World) -> None:
    world.place()
    new = next_run()
    new.state.table("instruments")["lot_units"] = 10
    with pytest.raises(CarryOverError, match="lot_units was 0 and is 10 now"):
        handed(world, new)


def test_what_was_due_in_inputs_that_are_lost_may_have_been_sent(world: World) -> None:
    released = world.order_id()
    world.new_order(order_id=released, release_utc_ns=UTC_OFFSET_NS + START_NS + NS_PER_S)
    new = next_run()
    handed(world, new, may_lack_end=True)
    order = new.order(released)
    assert (order["release_at_ns"], order["is_unknown"], order["pending_new_ns"]) == (0, 1, new.now_ns)
    check_invariants(new)


def test_without_a_lost_end_a_scheduled_order_is_still_to_be_sent(world: World) -> None:
    released = world.order_id()
    world.new_order(order_id=released, release_utc_ns=UTC_OFFSET_NS + START_NS + NS_PER_S)
    new = next_run()
    handed(world, new)
    assert (new.order(released)["release_at_ns"] != 0, new.order(released)["is_unknown"]) == (True, 0)


@pytest.mark.parametrize("boot_id", [0, 1], ids=["same_boot", "other_boot"])
@pytest.mark.parametrize("set_by_hours", [0, 2, -2, -20, -20_000])
def test_the_day_goes_on_to_the_midnight_of_the_clock_as_it_is_now(
    world: World, boot_id: int, set_by_hours: int
) -> None:
    midnight_utc_ns = (START_NS + UTC_OFFSET_NS) // DAY_NS * DAY_NS + DAY_NS
    world.state.header["day_end_ns"] = midnight_utc_ns - UTC_OFFSET_NS
    new = next_run()
    new.state.header["boot_id"] = boot_id
    new.state.header["utc_offset_ns"] += set_by_hours * 3_600 * NS_PER_S
    handed(world, new)
    header = new.state.header
    now_utc_ns = int(header["now_ns"]) + int(header["utc_offset_ns"])
    assert int(header["day_end_ns"]) + int(header["utc_offset_ns"]) == now_utc_ns // DAY_NS * DAY_NS + DAY_NS


def test_what_lives_at_a_venue_is_unknown_since_the_new_run_began(world: World) -> None:
    resting, lost = world.place(), world.place(price_ticks=9_999)
    world.now_ns += 3_600 * NS_PER_S
    world.venue(VenueEvent.OUTCOME_UNKNOWN, lost)
    waiting = world.order_id()
    world.new_order(order_id=waiting, release_utc_ns=world.now_ns + UTC_OFFSET_NS + NS_PER_S)
    new = next_run()
    handed(world, new)
    since = [int(new.order(order_id)["unknown_since_ns"]) for order_id in (resting, lost, waiting)]
    assert since == [new.now_ns, new.now_ns, 0]
    check_invariants(new)


def test_an_attempt_that_was_due_in_inputs_that_are_lost_may_have_been_sent(world: World) -> None:
    world.book_top()
    order_id = int(world.market(order_lots=10).requests[0].order_id)
    world.accept(order_id)
    world.fill(order_id, 4)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=4)
    assert world.order(order_id)["retry_at_ns"] != 0
    new = next_run()
    handed(world, new, may_lack_end=True)
    order = new.order(order_id)
    assert (order["leg"], order["is_unknown"], order["leg_lots"], order["reserved_lots"]) == (1, 1, 6, 6)
    assert order["last_leg"] > 1 + 8, "no number that may be in use is given away"
    check_invariants(new)


def test_a_price_that_an_amendment_may_have_brought_about_is_not_met(world: World) -> None:
    order_id = world.place(side=Side.SELL, price_ticks=10_100)
    world.amend(order_id, price_ticks=10_020)
    new = next_run()
    handed(world, new)
    new.connection(ConnectionState.LIVE)
    assert new.new_order(price_ticks=10_050).refusals == [RefusalReason.SELF_MATCH]
    check_invariants(new)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_came_before_the_tables_agree_and_nothing_is_lost(seed: int) -> None:
    world = World()
    name_rows(world.state)
    trading = RandomTrading(world, seed)
    for _ in range(400):
        trading.take_step()
    new = next_run()
    told = handed(world, new)
    check_invariants(new)
    before, after = world.state.table("orders"), new.state.table("orders")
    before = before[before["order_id"] != 0]
    assert told.open_orders + told.ended_orders == len(before)
    after = after[after["order_id"] != 0]
    kept = ("cumulative_lots", "reserved_lots", "end_reason", "leg", "price_ticks", "order_lots")
    facts = {int(row["order_id"]): tuple(int(row[name]) for name in kept) for row in after}
    assert facts == {int(row["order_id"]): tuple(int(row[name]) for name in kept) for row in before}
    for field in ("position_lots", "open_buy_lots", "open_sell_lots", "cost_notional", "realised_notional"):
        np.testing.assert_array_equal(world.state.table("books")[field], new.state.table("books")[field])
    reports = new.state.table("strategies")["report_sequence"]
    np.testing.assert_array_equal(reports, world.state.table("strategies")["report_sequence"])
