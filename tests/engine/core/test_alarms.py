"""What a person is told to look at: whom it concerns, which order, how much."""

from engine.core.doubts import UNRESOLVED_AFTER_NS
from ipc.enums import AlarmCode, RecordKind, RequestKind, VenueEvent
from tests.engine.core.world import QUOTE, REQUEST_EXPIRY_NS, RETENTION_NS, UTC_OFFSET_NS, World

LASTING_NS = REQUEST_EXPIRY_NS + UNRESOLVED_AFTER_NS


def test_a_fill_after_the_end_is_an_alarm_of_the_orders_strategy(world: World) -> None:
    order_id = world.place(strategy=2)
    world.venue(VenueEvent.CANCELED, order_id)
    alarm = world.fill(order_id, 4, trade_id=7).alarm
    assert (alarm.code, alarm.strategy, alarm.order_id, alarm.trade_id) == (AlarmCode.LATE_FILL, 2, order_id, 7)
    assert (alarm.account_id, alarm.instrument_id, alarm.expected, alarm.found) == (0, 0, 0, 4)
    assert world.state.header["alarm_count"] == 1


def test_a_fill_after_the_order_was_forgotten_is_an_alarm_too(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.CANCELED, order_id)
    world.after(RETENTION_NS)
    assert world.fill(order_id, 4).alarms == [AlarmCode.LATE_FILL]


def test_more_than_was_ordered_is_an_alarm(world: World) -> None:
    order_id = world.place()
    assert world.fill(order_id, 10).alarms == []
    alarm = world.fill(order_id, 3).alarm
    assert (alarm.code, alarm.expected, alarm.found) == (AlarmCode.OVERFILL, 10, 13)


def test_the_same_trade_with_other_contents_is_an_alarm_and_the_first_word_counts(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4, trade_id=9)
    step = world.fill(order_id, 5, trade_id=9)
    assert (step.reports, step.alarm.code) == ([], AlarmCode.TRADE_DIFFERS)
    assert (step.alarm.trade_id, step.alarm.expected, step.alarm.found) == (9, 4, 5)
    assert world.book()["position_lots"] == 4
    assert world.fill(order_id, 4, 10_001, trade_id=9).alarms == [AlarmCode.TRADE_DIFFERS]
    assert world.fill(world.place(), 4, trade_id=9).alarms == [AlarmCode.TRADE_DIFFERS]
    assert world.counts() == {"duplicate_trade_count": 3}


def test_a_deposit_is_counted_and_concerns_no_strategy(world: World) -> None:
    change = {"account_id": 1, "asset_id": QUOTE, "venue_utc_ns": world.now_ns + UTC_OFFSET_NS}
    world.feed(RecordKind.BALANCE_CHANGE, delta_units=500, **change)
    alarm = world.feed(RecordKind.BALANCE_CHANGE, delta_units=-100, **change).alarm
    assert (alarm.code, alarm.strategy, alarm.account_id, alarm.asset_id) == (AlarmCode.BALANCE_CHANGED, 0, 1, QUOTE)
    assert (alarm.expected, alarm.found) == (500, 400)
    assert world.row("balances", 1 * 3 + QUOTE)["external_units"] == 400


def test_alarms_and_reports_of_a_strategy_are_counted_together(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.CANCELED, order_id)
    step = world.fill(order_id, 4)
    assert [effect.sequence for effect in step.effects] == [4, 5]


def test_a_doubt_that_lasts_is_an_alarm_once(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    world.cancel(order_id)
    assert world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.CANCEL).alarms == []
    assert world.after(LASTING_NS - 1).effects == []
    alarm = world.after(1).alarm
    assert (alarm.code, alarm.strategy, alarm.order_id) == (AlarmCode.OUTCOME_UNRESOLVED, 1, order_id)
    assert (alarm.account_id, alarm.instrument_id, alarm.expected, alarm.found) == (0, 0, 10, 4)
    world.venue(VenueEvent.NOT_FOUND, order_id)
    assert world.after(10 * LASTING_NS).alarms == []


def test_the_next_doubt_is_another_alarm_and_one_that_was_settled_is_none(world: World) -> None:
    order_id = world.place()
    for is_lasting in (True, False, True):
        world.cancel(order_id)
        world.venue(VenueEvent.OUTCOME_UNKNOWN, order_id, answers_request=RequestKind.CANCEL)
        world.now_ns += LASTING_NS if is_lasting else LASTING_NS // 2
        assert world.timer().alarms == [AlarmCode.OUTCOME_UNRESOLVED] * is_lasting
        world.venue(VenueEvent.STATUS, order_id, cumulative_lots=0)
        assert world.after(LASTING_NS).alarms == []


def test_a_doubt_that_an_unanswered_request_raised_lasts_too(world: World) -> None:
    world.terms()["acknowledgement_timeout_ns"] = 1_000
    world.place(accepted=False)
    assert len(world.after(1_000).reports) == 1
    assert world.after(LASTING_NS).alarms == [AlarmCode.OUTCOME_UNRESOLVED]
