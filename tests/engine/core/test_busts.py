"""Trades that a venue takes back or corrects: compensated exactly, told, and the order counts less."""

import pytest

from ipc.enums import AlarmCode, EndReason, ExecutionType, OrderStatus, RejectReason, Side, TimeInForce, VenueEvent
from tests.engine.core.step_effects import Step
from tests.engine.core.world import QUOTE, RETENTION_NS, World


def _bust(world: World, order_id: int, trade_id: int, **fields: int) -> Step:
    return world.venue(VenueEvent.TRADE_CANCELED, order_id, trade_id=trade_id, **fields)


def _correct(world: World, order_id: int, trade_id: int, lots: int, price_ticks: int, **fields: int) -> Step:
    fields = {"last_lots": lots, "last_price_ticks": price_ticks, **fields}
    return world.venue(VenueEvent.TRADE_CORRECTED, order_id, trade_id=trade_id, **fields)


def test_a_trade_taken_back_leaves_nothing_behind(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4, 9_990, trade_id=7, fee_units=5, fee_asset_id=QUOTE)
    step = _bust(world, order_id, 7)
    assert step.told == [(ExecutionType.TRADE_CANCELED, OrderStatus.NEW)]
    report = step.reports[0]
    assert (report.trade_id, report.last_lots, report.last_price_ticks) == (7, 4, 9_990)
    assert (report.cumulative_lots, report.cumulative_notional, report.leaves_lots) == (0, 0, 10)
    assert (step.alarm.code, step.alarm.expected, step.alarm.found) == (AlarmCode.TRADE_CANCELED, 4, 0)
    book, holding = world.book(), world.row("holdings", 0)
    for name in ("position_lots", "bought_lots", "traded_notional", "fill_count"):
        assert book[name] == holding[name] == 0, name
    assert (book["cost_notional"], book["quote_fee_units"], book["open_buy_lots"]) == (0, 0, 10)
    assert _bust(world, order_id, 7).effects == [], "told twice it is taken back once"
    assert world.fill(order_id, 4, 9_990, trade_id=7).effects == [], "and does not come again"


def test_what_was_realised_since_stays_in_the_sum(world: World) -> None:
    order_id = world.place(order_lots=20)
    world.fill(order_id, 10, 10_000, trade_id=7)
    world.fill(order_id, 10, 10_100, trade_id=8)
    world.fill(world.place(side=Side.SELL), 10, 10_200)
    _bust(world, order_id, 7)
    book = world.book()
    cash = -10 * 10_100 + 10 * 10_200
    assert book["position_lots"] == 0
    assert int(book["realised_notional"]) - int(book["cost_notional"]) == cash


def test_an_order_that_was_filled_by_it_lives_again(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4, trade_id=7)
    world.fill(order_id, 6, trade_id=8)
    step = _bust(world, order_id, 8)
    assert step.told == [(ExecutionType.TRADE_CANCELED, OrderStatus.PARTIALLY_FILLED)]
    assert (world.book()["open_buy_lots"], world.state.header["open_order_count"]) == (6, 1)
    world.fill(order_id, 6)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED


def test_an_order_that_never_rests_stays_ended(world: World) -> None:
    order_id = world.place(time_in_force=TimeInForce.IOC)
    world.fill(order_id, 10, trade_id=8)
    step = _bust(world, order_id, 8)
    assert step.told == [(ExecutionType.TRADE_CANCELED, OrderStatus.CANCELED)]
    assert world.book()["open_buy_lots"] == 0


def test_a_canceled_order_stays_canceled_while_its_count_changes(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4, trade_id=7)
    world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=4)
    step = _bust(world, order_id, 7)
    assert step.told == [(ExecutionType.TRADE_CANCELED, OrderStatus.CANCELED)]
    assert step.reports[0].cumulative_lots == 0
    assert world.fill(order_id, 4).told == [(ExecutionType.TRADE, OrderStatus.CANCELED)]


def test_a_trade_of_a_forgotten_order_is_taken_back_too(world: World) -> None:
    order_id = world.place(client_tag=8)
    world.fill(order_id, 10, trade_id=7)
    world.after(RETENTION_NS)
    step = _bust(world, order_id, 7)
    assert step.told == [(ExecutionType.TRADE_CANCELED, OrderStatus.CANCELED)]
    assert (step.reports[0].client_tag, world.book()["position_lots"]) == (8, 0)


def test_a_trade_that_is_taken_back_before_it_came_is_never_booked(world: World) -> None:
    order_id = world.place()
    step = _bust(world, order_id, 7)
    assert (step.reports, step.alarms) == ([], [AlarmCode.TRADE_CANCELED])
    assert world.fill(order_id, 4, trade_id=7).effects == []
    assert world.book()["position_lots"] == 0


def test_a_trade_of_no_order_that_we_know_is_an_alarm_alone(world: World) -> None:
    step = _bust(world, world.order_id(), 7)
    assert (step.reports, step.alarm.strategy) == ([], 0)
    assert world.counts() == {"unmatched_report_count": 1}


@pytest.mark.parametrize(("lots", "status"), [(3, OrderStatus.PARTIALLY_FILLED), (10, OrderStatus.FILLED)])
def test_a_corrected_trade_counts_as_what_it_now_is(world: World, lots: int, status: OrderStatus) -> None:
    order_id = world.place()
    world.fill(order_id, 4, 9_990, trade_id=7, fee_units=5, fee_asset_id=QUOTE)
    step = _correct(world, order_id, 7, lots, 9_980, fee_units=2, fee_asset_id=QUOTE)
    assert step.told == [(ExecutionType.TRADE_CORRECTED, status)]
    report = step.reports[0]
    assert (report.last_lots, report.last_price_ticks, report.fee_units) == (lots, 9_980, 2)
    assert (report.cumulative_lots, report.cumulative_notional) == (lots, lots * 9_980)
    assert (step.alarm.code, step.alarm.expected, step.alarm.found) == (AlarmCode.TRADE_CORRECTED, 4, lots)
    book = world.book()
    assert (book["position_lots"], book["cost_notional"], book["quote_fee_units"]) == (lots, lots * 9_980, 2)
    assert (book["traded_notional"], book["open_buy_lots"]) == (lots * 9_980, 10 - lots)
    assert _correct(world, order_id, 7, lots, 9_980, fee_units=2, fee_asset_id=QUOTE).effects == []


def test_a_correction_may_open_a_filled_order_again(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 10, trade_id=7)
    step = _correct(world, order_id, 7, 6, 10_000)
    assert step.told == [(ExecutionType.TRADE_CORRECTED, OrderStatus.PARTIALLY_FILLED)]
    assert world.book()["open_buy_lots"] == 4


def test_an_order_that_a_correction_filled_after_its_end_does_not_live_again(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 2, trade_id=7)
    world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.NOT_SENT)
    assert world.order(order_id)["end_reason"] != EndReason.NONE
    _correct(world, order_id, 7, 10, 10_000)
    world.venue(VenueEvent.STATUS, order_id, cumulative_lots=10)
    order = world.order(order_id)
    assert (order["end_reason"] != EndReason.NONE, order["cumulative_lots"], order["reserved_lots"]) == (True, 10, 0)


def test_the_sides_of_a_trade_between_two_of_our_orders_are_told_apart(world: World) -> None:
    buy, sell = world.place(strategy=1), world.place(strategy=2, account_id=1, side=Side.SELL)
    world.fill(buy, 4, trade_id=9)
    world.fill(sell, 4, trade_id=9, account_id=1)
    _bust(world, sell, 9)
    assert (world.book(1)["position_lots"], world.book(2)["position_lots"]) == (4, 0)


def test_a_trade_of_an_earlier_leg_does_not_count_against_the_current_one(world: World) -> None:
    order_id = world.place()
    world.amend(order_id, price_ticks=9_000)
    world.fill(order_id, 2, trade_id=7)
    world.accept(order_id, leg=1)
    world.fill(order_id, 3, trade_id=8, leg=1)
    _bust(world, order_id, 7)
    world.venue(VenueEvent.CANCELED, order_id, leg=1, cumulative_lots=3)
    assert world.order(order_id)["end_reason"] == EndReason.CANCELED
