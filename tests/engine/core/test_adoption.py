"""Orders that the venue knows and we do not: ours come back under their id, others belong to strategy 0."""

import pytest

from ipc.enums import AlarmCode, EndReason, ExecutionType, OrderStatus, RecordKind, RequestKind, Side, VenueEvent
from ipc.order_id import CLIENT_SEQUENCE_MAX, pack, unpack
from ipc.records import EXTERNAL_ORDER
from tests.engine.core.step_effects import Step
from tests.engine.core.world import EPOCH, INSTANCE, RETENTION_NS, World

STATED = {"side": Side.BUY, "order_lots": 10, "price_ticks": 10_000, "venue_order_id": 900}
UNKNOWN = (ExecutionType.UNKNOWN, OrderStatus.UNKNOWN)


def _lost_id(*, sequence: int = 9, epoch: int = EPOCH - 1) -> int:
    return pack(instance=INSTANCE, epoch=epoch, strategy_id=2, sequence=sequence)


# ---- ours ----


def test_an_order_that_no_journal_knows_comes_back_in_doubt(world: World) -> None:
    order_id = _lost_id()
    step = world.accept(order_id, **STATED)
    assert (step.alarm.code, step.alarm.strategy, step.alarm.order_id) == (AlarmCode.ADOPTED_ORDER, 2, order_id)
    assert (world.book(2)["open_buy_lots"], world.order(order_id)["is_unknown"]) == (10, 1)
    step = world.venue(VenueEvent.STATUS, order_id, cumulative_lots=0)
    assert step.told == [(ExecutionType.ORDER_STATUS, OrderStatus.NEW)]
    assert world.cancel(order_id, strategy=2).asked == [RequestKind.CANCEL]


def test_its_fills_are_booked_and_those_before_are_waited_for(world: World) -> None:
    order_id = _lost_id()
    step = world.fill(order_id, 3, **STATED)
    assert (step.alarms, world.book(2)["position_lots"]) == ([AlarmCode.ADOPTED_ORDER], 3)
    assert world.venue(VenueEvent.STATUS, order_id, cumulative_lots=5).told == [UNKNOWN]
    world.fill(order_id, 2)
    assert world.status_of_all(strategy=2).reports[0].order_status == OrderStatus.PARTIALLY_FILLED


def test_one_that_has_ended_is_adopted_until_its_fills_are_here(world: World) -> None:
    order_id = _lost_id()
    assert world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4, **STATED).told == [UNKNOWN]
    world.fill(order_id, 4)
    assert (world.order(order_id)["end_reason"], world.book(2)["position_lots"]) == (EndReason.CANCELED, 4)


def test_what_was_booked_before_it_came_to_light_is_counted(world: World) -> None:
    order_id = _lost_id()
    world.fill(order_id, 3, trade_id=50, side=Side.BUY)
    world.fill(order_id, 2, trade_id=51, side=Side.BUY, leg=1)
    world.venue(VenueEvent.STATUS, order_id, leg=1, cumulative_lots=2, **STATED)
    order = world.order(order_id)
    assert (order["cumulative_lots"], order["order_lots"], order["reserved_lots"]) == (5, 13, 8)
    step = world.venue(VenueEvent.STATUS, order_id, leg=1, cumulative_lots=2, venue_order_id=900)
    assert step.told == [(ExecutionType.ORDER_STATUS, OrderStatus.PARTIALLY_FILLED)]
    assert world.book(2)["position_lots"] == 5


def test_one_whose_fills_are_all_booked_is_passed_over_but_a_further_fill_is_not(world: World) -> None:
    order_id = _lost_id()
    world.fill(order_id, 10, trade_id=50, side=Side.BUY)
    assert world.venue(VenueEvent.STATUS, order_id, cumulative_lots=10, **STATED).effects == []
    assert world.fill(order_id, 10, trade_id=50, **STATED).effects == []
    world.fill(order_id, 1, trade_id=51, **STATED)
    assert world.book(2)["position_lots"] == 11


def test_one_that_has_ended_without_a_fill_is_passed_over(world: World) -> None:
    assert world.venue(VenueEvent.CANCELED, _lost_id(), cumulative_lots=0, **STATED).effects == []
    assert world.counts() == {"unmatched_report_count": 1}


def test_its_leg_is_the_one_that_the_venue_named(world: World) -> None:
    order_id = _lost_id()
    world.accept(order_id, leg=3, **STATED)
    world.venue(VenueEvent.STATUS, order_id, leg=3)
    assert world.cancel(order_id, strategy=2).requests[0].order_id == order_id | 3


def test_an_id_of_this_run_that_came_back_is_not_given_away_again(world: World) -> None:
    world.accept(_lost_id(sequence=5, epoch=EPOCH), **STATED)
    assert world.row("strategies", 2)["last_order_sequence"] == 5


def test_nor_is_that_of_a_child_and_its_strategy_goes_on_counting_its_own(world: World) -> None:
    world.accept(_lost_id(sequence=CLIENT_SEQUENCE_MAX + 7, epoch=EPOCH), **STATED)
    strategy = world.row("strategies", 2)
    assert (strategy["last_order_sequence"], strategy["last_child_sequence"]) == (0, CLIENT_SEQUENCE_MAX + 7)


def test_a_fill_that_says_too_little_to_adopt_its_order_is_still_booked(world: World) -> None:
    step = world.fill(_lost_id(), 3, side=Side.SELL)
    assert (step.told, step.alarms) == ([(ExecutionType.TRADE, OrderStatus.UNKNOWN)], [AlarmCode.ADOPTED_ORDER])
    assert (world.book(2)["position_lots"], step.reports[0].last_lots) == (-3, 3)
    assert world.fill(_lost_id(), 3, side=Side.SELL, trade_id=world._trade_id).effects == []


def test_a_fill_that_does_not_even_say_its_side_is_an_alarm_alone(world: World) -> None:
    step = world.fill(_lost_id(), 3)
    assert (step.reports, step.alarm.expected, step.alarm.found) == ([], 3, 0)


@pytest.mark.parametrize("event", [VenueEvent.ACCEPTED, VenueEvent.FILL], ids=lambda event: event.name)
def test_a_full_table_takes_nothing_but_the_fill(event: VenueEvent) -> None:
    world = World(orders=1)
    world.place()
    world.venue(event, _lost_id(), trade_id=5, last_lots=3, last_price_ticks=10_000, **STATED)
    assert world.book(2)["position_lots"] == (3 if event == VenueEvent.FILL else 0)


def test_an_order_of_another_instance_or_of_no_strategy_is_not_adopted(world: World) -> None:
    for parts in ({"instance": INSTANCE + 1, "strategy_id": 2}, {"instance": INSTANCE, "strategy_id": 4}):
        order_id = pack(epoch=EPOCH, sequence=1, **parts)
        assert world.accept(order_id, **STATED).effects == []
    assert world.counts() == {"unmatched_report_count": 2}


# ---- others ----


def _external(world: World, event: VenueEvent, venue_order_id: int = 77, **fields: int) -> Step:
    fields = {**STATED, "venue_order_id": venue_order_id, **fields}
    return world.feed(
        RecordKind.VENUE_REPORT,
        order_id=EXTERNAL_ORDER,
        event=event,
        **{"cumulative_lots": -1, "fee_asset_id": -1, **fields},
    )


def _external_fill(world: World, lots: int, trade_id: int, **fields: int) -> Step:
    return _external(world, VenueEvent.FILL, last_lots=lots, last_price_ticks=10_000, trade_id=trade_id, **fields)


def test_an_order_of_others_belongs_to_strategy_0(world: World) -> None:
    step = _external(world, VenueEvent.ACCEPTED)
    assert (step.alarm.code, step.alarm.strategy, step.reports) == (AlarmCode.EXTERNAL_ORDER, 0, [])
    own_id = int(step.alarm.order_id)
    assert unpack(own_id)[:4] == (INSTANCE, EPOCH, 0, 1)
    assert _external(world, VenueEvent.ACCEPTED).effects == [], "it is told once"
    assert world.book(0)["open_buy_lots"] == 10


def test_its_fills_count_to_nobodys_position_and_to_the_accounts_holding(world: World) -> None:
    assert _external_fill(world, 4, 5).alarms == [AlarmCode.EXTERNAL_ORDER, AlarmCode.EXTERNAL_TRADE]
    step = _external_fill(world, 6, 6)
    assert (step.alarms, step.reports[0].strategy) == ([AlarmCode.EXTERNAL_TRADE], 0)
    assert _external_fill(world, 6, 6).effects == []
    holding = world.row("holdings", 0)
    assert (holding["position_lots"], holding["external_lots"], world.book(0)["position_lots"]) == (10, 10, 10)
    assert world.state.header["open_order_count"] == 0


def test_its_end_ends_it_and_forgetting_it_forgets_its_key(world: World) -> None:
    _external(world, VenueEvent.ACCEPTED)
    assert _external(world, VenueEvent.CANCELED).told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]
    assert world.book(0)["open_buy_lots"] == 0
    world.after(RETENTION_NS)
    assert _external(world, VenueEvent.ACCEPTED).alarms == [AlarmCode.EXTERNAL_ORDER]
    assert world.state.header["external_sequence"] == 2


def test_the_venues_id_is_unique_within_an_instrument_alone(world: World) -> None:
    _external(world, VenueEvent.ACCEPTED)
    assert _external(world, VenueEvent.ACCEPTED, instrument_id=1).alarms == [AlarmCode.EXTERNAL_ORDER]


def test_a_fill_of_others_without_an_order_is_booked_to_nobody(world: World) -> None:
    step = _external_fill(world, 4, 5, venue_order_id=0)
    assert (step.alarms, world.book(0)["position_lots"]) == ([AlarmCode.EXTERNAL_TRADE], 4)


def test_a_trade_of_others_can_be_taken_back(world: World) -> None:
    _external_fill(world, 4, 5)
    _external(world, VenueEvent.TRADE_CANCELED, trade_id=5)
    assert (world.book(0)["position_lots"], world.row("holdings", 0)["external_lots"]) == (0, 0)


def test_no_cancel_all_touches_what_is_not_ours(world: World) -> None:
    _external(world, VenueEvent.ACCEPTED)
    for strategy in (1, 2, 3):
        assert world.cancel_all(strategy=strategy).requests == []
