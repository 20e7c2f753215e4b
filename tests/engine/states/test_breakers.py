"""Each breaker opens just above its threshold, does what it is set to, and closes when what it saw is over."""

import pytest

from ipc.control_enums import Breaker, BreakerAction
from ipc.enums import (
    AlarmCode,
    JournalState,
    RecordKind,
    RefusalReason,
    RejectReason,
    RequestKind,
    TradingState,
    VenueEvent,
)
from tests.engine.core.refused_states import breaker
from tests.engine.core.world import NS_PER_MS, NS_PER_S, UTC_OFFSET_NS, World

LOOK_NS = NS_PER_S // 4
ACCOUNT_ROW, STRATEGY_ROW, INSTRUMENT_ROW = 2, 5, 8
STATES = {
    BreakerAction.REDUCE_ONLY: TradingState.REDUCE_ONLY,
    BreakerAction.CANCEL_ONLY: TradingState.CANCEL_ONLY,
    BreakerAction.HALT: TradingState.HALT,
}


def state_of(world: World, row: int) -> TradingState:
    return TradingState(int(world.row("scopes", row)["trading_state"]))


def reject(world: World, reason: RejectReason = RejectReason.OTHER) -> list[AlarmCode]:
    world.now_ns += NS_PER_MS
    order_id = world.place(accepted=False, price_ticks=5_000 + world.now_ns // NS_PER_MS % 1_000)
    return world.venue(VenueEvent.REJECTED, order_id, reason=reason, answers_request=RequestKind.NEW).alarms


def stall(world: World, stalled_ns: int) -> list[AlarmCode]:
    return world.feed(RecordKind.LOOP_STALL, stalled_ns=stalled_ns).alarms


# ---- rejections ----
def test_more_rejections_than_the_window_allows_open_it(world: World) -> None:
    breaker(world, Breaker.REJECT_RATE, BreakerAction.ALARM, threshold=3, window_ns=10 * NS_PER_S)
    assert [reject(world) for _ in range(4)] == [[], [], [], [AlarmCode.REJECT_RATE]]


def test_the_same_number_over_a_longer_time_does_not(world: World) -> None:
    breaker(world, Breaker.REJECT_RATE, BreakerAction.ALARM, threshold=3, window_ns=3 * NS_PER_S)
    for _ in range(20):
        assert reject(world) == []
        world.now_ns += NS_PER_S


def test_rejections_of_another_strategy_and_what_never_left_do_not_count(world: World) -> None:
    breaker(world, Breaker.REJECT_RATE, BreakerAction.ALARM, threshold=1, window_ns=10 * NS_PER_S)
    assert reject(world) == []
    other = world.place(accepted=False, strategy=2)
    assert world.venue(VenueEvent.REJECTED, other, reason=RejectReason.OTHER).alarms == []
    assert reject(world, RejectReason.NOT_SENT) == []
    assert reject(world) == [AlarmCode.REJECT_RATE]


@pytest.mark.parametrize(("action", "state"), STATES.items())
def test_it_takes_the_action_in_the_strategys_scope_until_somebody_arms_it(
    world: World, action: BreakerAction, state: TradingState
) -> None:
    breaker(world, Breaker.REJECT_RATE, action, threshold=1, window_ns=NS_PER_S)
    reject(world)
    assert reject(world) == [AlarmCode.REJECT_RATE, AlarmCode.TRADING_STATE_RAISED]
    assert state_of(world, STRATEGY_ROW) == state
    world.after(60 * NS_PER_S)
    assert world.new_order().refusals == [RefusalReason.TRADING_STATE]
    assert world.new_order(strategy=2).refusals == []


def test_refusing_lasts_until_half_of_it_has_leaked_out(world: World) -> None:
    breaker(world, Breaker.REJECT_RATE, BreakerAction.REFUSE, threshold=4, window_ns=4 * NS_PER_S)
    while not reject(world):
        pass
    assert world.new_order().refusals == [RefusalReason.BREAKER_OPEN]
    world.after(2 * NS_PER_S)
    assert world.new_order().refusals == [RefusalReason.BREAKER_OPEN]
    world.after(2 * NS_PER_S)
    assert world.new_order().asked == [RequestKind.NEW]


# ---- orders of unknown outcome ----
def lose(world: World, count: int) -> None:
    for place in range(count):
        world.venue(VenueEvent.OUTCOME_UNKNOWN, world.place(price_ticks=6_000 + place))


@pytest.mark.parametrize(("count", "alarms"), [(2, []), (3, [AlarmCode.UNKNOWN_ORDERS])])
def test_too_many_orders_of_unknown_outcome(world: World, count: int, alarms: list[AlarmCode]) -> None:
    breaker(world, Breaker.UNKNOWN_ORDERS, BreakerAction.ALARM, threshold=2)
    lose(world, count)
    assert world.after(LOOK_NS).alarms == alarms
    assert int(world.row("scopes", ACCOUNT_ROW)["unknown_count"]) == count


def test_too_old_an_order_of_unknown_outcome_stops_its_account(world: World) -> None:
    breaker(world, Breaker.UNKNOWN_ORDER_AGE, BreakerAction.REDUCE_ONLY, threshold=3 * NS_PER_S)
    lose(world, 1)
    assert world.after(3 * NS_PER_S).alarms == []
    assert AlarmCode.UNKNOWN_ORDER_AGE in world.after(LOOK_NS).alarms
    assert state_of(world, ACCOUNT_ROW) == TradingState.REDUCE_ONLY
    assert state_of(world, ACCOUNT_ROW + 1) == TradingState.ACTIVE


def test_an_order_is_as_old_as_the_doubt_about_it(world: World) -> None:
    breaker(world, Breaker.UNKNOWN_ORDER_AGE, BreakerAction.ALARM, threshold=3 * NS_PER_S)
    resting, later = world.place(price_ticks=6_000), world.place(price_ticks=6_001)
    world.after(3_600 * NS_PER_S)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, resting)
    began_ns = world.now_ns
    world.after(2 * NS_PER_S)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, later)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, resting)
    assert int(world.order(resting)["unknown_since_ns"]) == began_ns
    assert world.after(NS_PER_S).alarms == []
    world.venue(VenueEvent.STATUS, resting, answers_request=RequestKind.STATUS)
    assert int(world.order(resting)["unknown_since_ns"]) == 0
    assert world.after(2 * NS_PER_S).alarms == []
    assert world.after(LOOK_NS).alarms == [AlarmCode.UNKNOWN_ORDER_AGE]


# ---- prices ----
def test_stale_prices_refuse_new_orders_of_their_instrument_until_one_comes(world: World) -> None:
    breaker(world, Breaker.PRICES_STALE, BreakerAction.REFUSE, threshold=2 * NS_PER_S)
    world.book_top()
    world.after(2 * NS_PER_S)
    assert world.new_order().asked == [RequestKind.NEW]
    assert world.after(LOOK_NS).alarms == [AlarmCode.PRICES_STALE]
    assert world.new_order().refusals == [RefusalReason.BREAKER_OPEN]
    assert world.new_order(instrument_id=1).asked == [RequestKind.NEW]
    world.book_top()
    world.after(LOOK_NS)
    assert world.new_order(price_ticks=9_000).asked == [RequestKind.NEW]
    assert int(world.row("alarms", 0)["cleared_utc_ns"]) != 0


def test_an_instrument_without_any_price_yet_has_no_stale_ones(world: World) -> None:
    breaker(world, Breaker.PRICES_STALE, BreakerAction.REFUSE, threshold=2 * NS_PER_S)
    assert world.after(60 * NS_PER_S).alarms == []


@pytest.mark.parametrize(
    ("bid", "ask", "is_crossed"), [(10_000, 10_001, False), (10_000, 10_000, True), (10_001, 10_000, True)]
)
def test_prices_that_stay_crossed(world: World, bid: int, ask: int, is_crossed: bool) -> None:
    breaker(world, Breaker.PRICES_CROSSED, BreakerAction.REFUSE, threshold=NS_PER_S)
    world.book_top(bid, ask)
    world.after(NS_PER_S // 2)
    world.book_top(bid, ask)
    assert world.after(NS_PER_S // 2).alarms == []
    assert world.after(LOOK_NS).alarms == ([AlarmCode.PRICES_CROSSED] if is_crossed else [])
    world.book_top(9_000, 9_001)
    world.after(LOOK_NS)
    assert world.new_order().refusals == []


def test_two_breakers_of_one_scope_both_have_to_close(world: World) -> None:
    breaker(world, Breaker.PRICES_CROSSED, BreakerAction.REFUSE, threshold=NS_PER_S)
    breaker(world, Breaker.PRICES_STALE, BreakerAction.REFUSE, threshold=2 * NS_PER_S)
    world.book_top(10_001, 10_000)
    world.after(3 * NS_PER_S)
    assert int(world.state.header["restriction_count"]) == 1
    world.book_top(10_001, 10_000)
    world.after(LOOK_NS)
    assert world.new_order().reports[0].current == AlarmCode.PRICES_CROSSED
    world.book_top()
    world.after(LOOK_NS)
    assert int(world.state.header["restriction_count"]) == 0


# ---- clocks and stalls ----
@pytest.mark.parametrize(("sign", "over", "is_open"), [(1, 0, False), (1, 1, True), (-1, 0, False), (-1, 1, True)])
def test_a_venues_clock_that_is_off(world: World, sign: int, over: int, is_open: bool) -> None:
    breaker(world, Breaker.CLOCK_OFFSET, BreakerAction.REFUSE, threshold=NS_PER_S)
    offset_ns = UTC_OFFSET_NS + sign * (NS_PER_S + over)
    world.feed(RecordKind.CLOCK_OFFSET, account_id=1, utc_offset_ns=offset_ns)
    world.after(LOOK_NS)
    assert bool(world.new_order(account_id=1).refusals) == is_open
    assert world.new_order().refusals == []


def test_a_stall_stops_the_engine_and_is_over_with_the_next_look(world: World) -> None:
    breaker(world, Breaker.LOOP_STALL, BreakerAction.REFUSE, threshold=NS_PER_S)
    assert stall(world, NS_PER_S) == []
    assert stall(world, NS_PER_S + 1) == [AlarmCode.LOOP_STALL]
    assert world.new_order().refusals == [RefusalReason.BREAKER_OPEN]
    world.after(LOOK_NS)
    assert world.new_order().asked == [RequestKind.NEW]


# ---- all of them ----
@pytest.mark.parametrize("kind", Breaker)
def test_a_breaker_without_a_threshold_never_opens(world: World, kind: Breaker) -> None:
    breaker(world, kind, BreakerAction.HALT, threshold=0)
    world.book_top(10_001, 10_000)
    lose(world, 5)
    for _ in range(5):
        assert reject(world) == []
    world.feed(RecordKind.CLOCK_OFFSET, account_id=0, utc_offset_ns=1)
    assert stall(world, 1 << 60) == []
    assert AlarmCode[kind.name] not in world.after(60 * NS_PER_S).alarms


def test_without_breakers_no_time_is_asked_for(world: World) -> None:
    world.book_top()
    assert int(world.state.header["next_deadline_ns"]) == (1 << 63) - 1


def test_a_journal_that_does_not_keep_is_an_alarm_until_it_does(world: World) -> None:
    alarm = world.feed(RecordKind.JOURNAL_STATE, state=JournalState.BEHIND).alarm
    assert (alarm.code, alarm.found) == (AlarmCode.JOURNAL_NOT_KEEPING, JournalState.BEHIND)
    assert world.feed(RecordKind.JOURNAL_STATE, state=JournalState.FAILED).alarms == []
    world.feed(RecordKind.JOURNAL_STATE, state=JournalState.KEEPING)
    assert int(world.row("alarms", 0)["cleared_utc_ns"]) != 0
