"""What a person is told to look at: whom it concerns, which order, how much."""

from ipc.enums import AlarmCode, RecordKind, VenueEvent
from tests.engine.core.world import QUOTE, RETENTION_NS, UTC_OFFSET_NS, World


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
