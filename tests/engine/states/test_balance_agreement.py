"""What a venue says an account has is held against what was booked, and only a difference that lasts counts."""

import numpy as np
import pytest

from engine.recovery.carry_over import carry_over
from ipc.control_enums import Breaker, BreakerAction
from ipc.enums import AlarmCode, ConnectionState, RecordKind, RefusalReason, ScopeKind, Side, TradingState, VenueEvent
from tests.engine.core.refused_states import arm, breaker
from tests.engine.core.world import BASE, NS_PER_MS, NS_PER_S, OTHER_ASSET, QUOTE, UTC_OFFSET_NS, World
from tests.engine.states.balance_venue import LASTING_NS, OPENING, PRICE_TICKS, Venue, comparing_world

DIFFERS = AlarmCode.POSITION_DIFFERS
ACCOUNT = (ScopeKind.ACCOUNT, 0)


def row(world: World, asset_id: int = BASE) -> np.void:
    return world.row("balances", asset_id)


@pytest.fixture
def world() -> World:
    return comparing_world()


@pytest.fixture
def venue(world: World) -> Venue:
    venue = Venue(world)
    venue.settle()
    return venue


# ---- what differs ----
def test_a_difference_is_told_once_it_has_lasted(world: World, venue: Venue) -> None:
    venue.totals[QUOTE] -= 7
    assert venue.tell() == []
    venue.pass_by(LASTING_NS)
    assert venue.tell() == []
    venue.pass_by(1)
    alarm = world.feed(RecordKind.BALANCE, **venue.word(QUOTE)).alarm
    assert (alarm.code, alarm.account_id, alarm.asset_id) == (DIFFERS, 0, QUOTE)
    assert (alarm.expected, alarm.found) == (OPENING[QUOTE], OPENING[QUOTE] - 7)
    venue.pass_by(LASTING_NS)
    assert venue.tell() == []


def test_a_trade_that_nobody_is_told_of_is_told_of_both_assets(world: World, venue: Venue) -> None:
    venue.trade()
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    assert venue.tell() == [DIFFERS, DIFFERS]
    alarms = world.state.table("alarms")
    told = alarms[alarms["code"] == DIFFERS]
    assert (told["asset_id"].tolist(), told["count"].tolist()) == ([BASE, QUOTE], [1, 1])


def test_time_alone_tells_nothing(world: World, venue: Venue) -> None:
    venue.trade()
    venue.tell()
    assert world.after(10 * LASTING_NS).alarms == []
    assert row(world)["is_difference_told"] == 0


@pytest.mark.parametrize(
    ("action", "reason", "state"),
    [
        (BreakerAction.ALARM, [], TradingState.ACTIVE),
        (BreakerAction.REFUSE, [RefusalReason.BREAKER_OPEN], TradingState.ACTIVE),
        (BreakerAction.REDUCE_ONLY, [RefusalReason.TRADING_STATE], TradingState.REDUCE_ONLY),
        (BreakerAction.HALT, [RefusalReason.TRADING_STATE], TradingState.HALT),
    ],
)
def test_it_takes_its_action_in_the_accounts_scope(
    world: World, venue: Venue, action: BreakerAction, reason: list[RefusalReason], state: TradingState
) -> None:
    world.row("breakers", Breaker.POSITION_DIFFERS)["action"] = action
    differ(venue)
    assert world.new_order(price_ticks=8_000).refusals == reason
    assert world.new_order(price_ticks=8_000, account_id=1).refusals == []
    scopes = world.state.table("scopes")
    assert scopes[scopes["scope_kind"] == ScopeKind.ACCOUNT]["trading_state"].tolist() == [state, TradingState.ACTIVE]


def differ(venue: Venue, asset_id: int = BASE) -> None:
    venue.totals[asset_id] += 5
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    assert DIFFERS in venue.tell()


# ---- how it ends ----
def test_it_is_over_when_a_word_agrees(world: World, venue: Venue) -> None:
    late = venue.trade()
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    venue.tell()
    assert world.new_order(price_ticks=8_000).refusals == [RefusalReason.BREAKER_OPEN]
    venue.tell_trade(late)
    venue.tell(BASE)
    assert world.new_order(price_ticks=8_000).refusals == [RefusalReason.BREAKER_OPEN], "the other asset differs yet"
    venue.tell(QUOTE)
    assert world.new_order(price_ticks=8_000).refusals == []
    assert int(world.state.header["restriction_count"]) == 0


def test_what_was_told_puts_no_base_in_doubt_before_a_word_agrees(world: World, venue: Venue) -> None:
    late = venue.trade()
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    venue.tell()
    venue.tell_trade(late)
    world.feed(RecordKind.BALANCE_CHANGE, account_id=0, asset_id=BASE, delta_units=5, venue_utc_ns=NS_PER_S)
    assert row(world)["base_doubted_ns"] == 0
    venue.tell()
    assert world.new_order(price_ticks=8_000).refusals == []


def test_arming_the_account_takes_the_venues_word(world: World, venue: Venue) -> None:
    differ(venue)
    arm(world, *ACCOUNT)
    assert world.new_order(price_ticks=8_000).refusals == []
    venue.settle()
    venue.tell_trade(venue.trade())
    venue.settle()
    assert row(world)["booked_units"] == venue.totals[BASE]


def test_arming_it_for_another_reason_keeps_what_agrees_and_what_is_not_told(world: World, venue: Venue) -> None:
    venue.totals[QUOTE] -= 1
    venue.tell()
    arm(world, *ACCOUNT)
    venue.pass_by(LASTING_NS + 1)
    assert venue.tell() == [DIFFERS]
    assert row(world)["base_doubted_ns"] == 0


def test_acknowledging_the_alarm_changes_nothing(world: World, venue: Venue) -> None:
    differ(venue)
    alarms = world.state.table("alarms")
    alarm_id = int(alarms[alarms["code"] == DIFFERS]["alarm_id"][0])
    world.feed(RecordKind.ACKNOWLEDGE_ALARM, alarm_id=alarm_id)
    venue.tell()
    assert world.new_order(price_ticks=8_000).refusals == [RefusalReason.BREAKER_OPEN]


def test_a_state_that_it_raised_stays_until_a_person_arms(world: World, venue: Venue) -> None:
    world.row("breakers", Breaker.POSITION_DIFFERS)["action"] = BreakerAction.REDUCE_ONLY
    differ(venue)
    venue.totals[BASE] -= 5
    venue.tell()
    assert world.new_order(price_ticks=8_000).refusals == [RefusalReason.TRADING_STATE]
    arm(world, *ACCOUNT)
    assert world.new_order(price_ticks=8_000).refusals == []


# ---- what is booked ----
def test_fees_in_any_asset_are_booked(venue: Venue) -> None:
    for fee_asset in (BASE, QUOTE, OTHER_ASSET):
        venue.tell_trade(venue.trade(fee=2, fee_asset=fee_asset))
    venue.settle()
    assert not row(venue.world, OTHER_ASSET)["differs_since_ns"]


@pytest.mark.parametrize("delta", [500, -500])
def test_a_deposit_that_is_told_is_booked(world: World, venue: Venue, delta: int) -> None:
    venue.totals[QUOTE] += delta
    told = {"account_id": 0, "asset_id": QUOTE, "delta_units": delta, "venue_utc_ns": venue.utc_ns()}
    world.feed(RecordKind.BALANCE_CHANGE, **told)
    venue.settle()


def test_a_trade_that_is_taken_back_or_corrected_is_booked(venue: Venue) -> None:
    report = venue.trade(lots=4, fee=2)
    venue.tell_trade(report)
    venue.totals[BASE] -= 1
    venue.totals[QUOTE] += PRICE_TICKS
    venue.tell_trade({**report, "last_lots": 3, "venue_utc_ns": venue.utc_ns()}, VenueEvent.TRADE_CORRECTED)
    venue.settle()
    venue.totals[BASE] += 2 - 3
    venue.totals[QUOTE] += 3 * PRICE_TICKS
    venue.tell_trade({**report, "venue_utc_ns": venue.utc_ns()}, VenueEvent.TRADE_CANCELED)
    venue.settle()


def test_a_trade_of_others_is_booked(world: World, venue: Venue) -> None:
    report = {**venue.trade(), "last_price_ticks": PRICE_TICKS, "instrument_id": 0, "side": Side.BUY}
    world.venue(VenueEvent.FILL, -1, order_lots=3, venue_order_id=77, **report)
    venue.settle()


def test_a_trade_that_was_forgotten_and_comes_again_is_not_booked_again(world: World, venue: Venue) -> None:
    report = venue.trade()
    venue.tell_trade(report)
    world.state.table("holdings")["forgotten_trade_id"] = 5_000
    world.state.table("trade_index")["value"] = -1
    assert venue.tell_trade(report).alarms == [AlarmCode.FORGOTTEN_TRADE]
    venue.settle()


# ---- what the base holds ----
def test_a_trade_before_the_base_is_in_it(world: World) -> None:
    venue = Venue(world)
    venue.pass_by(NS_PER_S)
    early = venue.trade()
    venue.pass_by(NS_PER_S)
    venue.settle()
    venue.tell_trade(early)
    venue.settle()
    assert row(world)["booked_units"] == venue.totals[BASE]


def test_of_two_trades_in_the_millisecond_of_the_base_either_may_be_in_it(world: World) -> None:
    for is_in_base in (False, True):
        venue = Venue(world)
        arm_anew(world)
        before = venue.word()
        report = venue.trade()
        world.feed(RecordKind.BALANCE, **(venue.word() if is_in_base else before))
        venue.tell_trade(report)
        venue.settle()
        assert row(world)["booked_units"] == venue.totals[BASE]
        assert row(world)["base_doubted_ns"] == 0


def test_a_trade_in_the_millisecond_of_a_base_that_is_certain_is_in_it(world: World) -> None:
    venue = Venue(world)
    report = venue.trade()
    venue.settle()
    venue.tell_trade(report)
    venue.settle()
    assert row(world)["booked_units"] == venue.totals[BASE]


def arm_anew(world: World) -> None:
    world.state.table("balances")["base_utc_ns"] = 0


def test_a_venues_clock_that_is_set_back_is_no_difference(world: World, venue: Venue) -> None:
    venue.skew_ns -= 10 * LASTING_NS
    for _ in range(20):
        venue.tell_trade(venue.trade())
        assert venue.tell() == []
        venue.pass_by(LASTING_NS)
    assert row(world)["booked_units"] == venue.totals[BASE]


def test_while_the_base_is_in_doubt_a_word_that_differs_is_the_next_one(world: World) -> None:
    venue = Venue(world)
    venue.tell()
    venue.totals[BASE] += 1
    venue.pass_by(LASTING_NS)
    venue.settle()
    assert row(world)["booked_units"] == venue.totals[BASE]


# ---- what does not count ----
def test_words_that_come_before_the_account_is_live_do_not_count(world: World, venue: Venue) -> None:
    report = venue.trade()
    venue.tell()
    world.connection(ConnectionState.DOWN)
    venue.pass_by(2 * LASTING_NS)
    world.connection(ConnectionState.RECONCILING)
    assert venue.tell() == []
    world.connection(ConnectionState.LIVE)
    assert venue.tell() == [], "for how long it differs is counted anew"
    venue.tell_trade(report)
    venue.settle()


def test_differences_that_each_are_over_soon_do_not_add_up(venue: Venue) -> None:
    for _ in range(4):
        late = venue.trade()
        assert venue.tell() == []
        venue.pass_by(LASTING_NS // 2)
        venue.tell_trade(late)
        assert venue.tell() == []


def test_differences_that_end_with_a_late_trade_do_not_add_up_though_no_word_came_between(venue: Venue) -> None:
    for _ in range(3):
        late = venue.trade(fee=2)
        assert venue.tell() == []
        venue.tell_trade(late)
        venue.pass_by(LASTING_NS + 1)


def test_trades_of_the_size_of_one_that_was_lost_do_not_hide_it(venue: Venue) -> None:
    venue.trade()
    venue.tell()
    for _ in range(2):
        venue.pass_by(LASTING_NS // 2)
        venue.tell_trade(venue.trade())
        assert venue.tell() == []
    venue.pass_by(NS_PER_MS)
    venue.tell_trade(venue.trade())
    assert venue.tell() == [DIFFERS, DIFFERS]


def test_a_gap_makes_no_base_certain(world: World) -> None:
    venue = Venue(world)
    venue.tell()
    world.connection(ConnectionState.DOWN)
    venue.pass_by(2 * LASTING_NS)
    world.connection(ConnectionState.LIVE)
    venue.tell()
    assert row(world)["base_doubted_ns"] == world.now_ns
    venue.settle()
    assert row(world)["base_doubted_ns"] == 0


def test_a_gap_does_not_take_back_what_was_told(world: World, venue: Venue) -> None:
    differ(venue)
    venue.come_back()
    assert venue.tell() == []
    alarms = world.state.table("alarms")
    assert alarms["count"][alarms["code"] == DIFFERS].tolist() == [1]
    assert world.new_order(price_ticks=8_000).refusals == [RefusalReason.BREAKER_OPEN]


def test_an_older_word_than_the_last_does_not_count(world: World, venue: Venue) -> None:
    old = venue.word()
    venue.pass_by(NS_PER_S)
    venue.tell_trade(venue.trade())
    venue.tell()
    for _ in range(3):
        assert world.feed(RecordKind.BALANCE, **old).alarms == []
        venue.pass_by(LASTING_NS)
    assert row(world)["differs_since_ns"] == 0


def test_where_it_is_switched_off_nothing_is_compared(world: World, venue: Venue) -> None:
    world.row("breakers", Breaker.POSITION_DIFFERS)["threshold"] = 0
    venue.totals[BASE] += 5
    for _ in range(3):
        assert venue.tell() == []
        venue.pass_by(LASTING_NS)


# ---- the next run ----
def next_run(world: World, *, shift_ns: int = 0) -> World:
    """The world after a restart, of the machine where its clock is another."""
    new = World(trades=512)
    for name in ("instruments", "accounts", "assets"):
        for rows in (world.state.table(name), new.state.table(name)):
            rows["name_0"] = np.arange(1, len(rows) + 1)
    new.state.table("instruments")[:] = world.state.table("instruments")
    breaker(new, Breaker.POSITION_DIFFERS, BreakerAction.REFUSE, threshold=LASTING_NS)
    new.now_ns = world.now_ns + shift_ns
    new.state.header["now_ns"] = new.now_ns
    new.state.header["utc_offset_ns"] = UTC_OFFSET_NS - shift_ns
    new.state.header["boot_id"] = world.state.header["boot_id"] + (shift_ns != 0)
    carry_over(world.state, new.state, may_lack_end=False)
    return new


def test_the_next_run_knows_what_was_booked(world: World, venue: Venue) -> None:
    venue.tell_trade(venue.trade())
    missed = venue.trade()
    new = next_run(world)
    venue.world = new
    assert venue.tell() == [], "before it is live"
    venue.tell_trade(missed)
    new.connection(ConnectionState.LIVE)
    venue.settle()
    assert row(new)["base_doubted_ns"] == 0
    venue.trade()
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    assert venue.tell() == [DIFFERS, DIFFERS]


def test_what_was_told_stops_the_next_run_as_soon_as_it_is_live(world: World, venue: Venue) -> None:
    venue.trade()
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    assert venue.tell() == [DIFFERS, DIFFERS]
    new = next_run(world, shift_ns=-900 * NS_PER_S)
    venue.world, venue.skew_ns = new, 900 * NS_PER_S
    assert new.connection(ConnectionState.LIVE).alarms == [DIFFERS, DIFFERS]
    assert int(new.state.header["restriction_count"]) == 1
    assert venue.tell() == []
    arm(new, *ACCOUNT)
    venue.settle()


def test_what_was_told_does_not_stop_a_run_in_which_it_is_switched_off_but_the_one_after(
    world: World, venue: Venue
) -> None:
    differ(venue)
    unconcerned = next_run(world)
    unconcerned.row("breakers", Breaker.POSITION_DIFFERS)["threshold"] = 0
    assert unconcerned.connection(ConnectionState.LIVE).alarms == []
    assert unconcerned.new_order(price_ticks=8_000).refusals == []
    assert next_run(unconcerned).connection(ConnectionState.LIVE).alarms == [DIFFERS]


def test_what_was_told_and_is_found_at_a_start_stops_nothing(world: World, venue: Venue) -> None:
    late = venue.trade()
    venue.tell()
    venue.pass_by(LASTING_NS + 1)
    venue.tell()
    new = next_run(world)
    venue.world = new
    venue.tell_trade(late)
    assert new.connection(ConnectionState.LIVE).alarms == []
    venue.settle()
