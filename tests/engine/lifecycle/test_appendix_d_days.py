"""FIX appendix D, D18 to D36: what nobody asked for, doubles, queries, days, immediate orders, busts."""

from ipc.enums import (
    AlarmCode,
    EndReason,
    ExecutionType,
    OrderStatus,
    RecordKind,
    RefusalReason,
    TimeInForce,
    VenueEvent,
)
from ipc.records import EXTERNAL_ORDER
from tests.engine.core.world import World
from tests.engine.lifecycle.facts import End, Status
from tests.engine.lifecycle.twins import Twins

NEW, PARTIALLY_FILLED, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, REJECTED, DONE_FOR_DAY = OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.DONE_FOR_DAY
PENDING_CANCEL, PENDING_REPLACE = OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE


def _live(time_in_force: TimeInForce = TimeInForce.GTC) -> Twins:
    twins = Twins(time_in_force=time_in_force)
    twins.accept()
    return twins


def _next_day() -> Twins:
    """A good-till-cancel order that traded two lots yesterday and was renewed this morning."""
    twins = _live()
    twins.fill(1, 2)
    twins.held(Status.DONE_FOR_DAY)
    twins.stands(DONE_FOR_DAY, cum=2, leaves=8)
    twins.restated()
    twins.told(ExecutionType.RESTATED)
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=8)
    return twins


def test_d18_telephoned_order() -> None:
    world = World()
    told = world.feed(
        RecordKind.VENUE_REPORT,
        event=VenueEvent.ACCEPTED,
        order_id=EXTERNAL_ORDER,
        venue_order_id=77,
        order_lots=10,
        price_ticks=10_000,
        cumulative_lots=0,
        side=1,
    )
    assert told.alarms == [AlarmCode.EXTERNAL_ORDER]
    world.feed(
        RecordKind.VENUE_REPORT,
        event=VenueEvent.FILL,
        order_id=EXTERNAL_ORDER,
        venue_order_id=77,
        trade_id=1,
        last_lots=10,
        last_price_ticks=10_000,
        cumulative_lots=10,
        order_lots=10,
        price_ticks=10_000,
        side=1,
        fee_asset_id=-1,
    )
    assert world.book(0)["position_lots"] == 10, "it belongs to the account, to none of the strategies"
    assert [world.book(strategy)["position_lots"] for strategy in (1, 2, 3)] == [0, 0, 0]


def test_d19_unsolicited_cancel_of_a_part_filled_order() -> None:
    twins = _live()
    twins.fill(1, 1)
    twins.ended(stated=1)
    twins.told(ExecutionType.CANCELED)
    twins.stands(CANCELED, cum=1, leaves=0)


def test_d20_unsolicited_replacement_of_a_part_filled_order() -> None:
    twins = _live()
    twins.restated(lots=11)
    twins.told(ExecutionType.RESTATED)
    twins.stands(NEW, cum=0, leaves=11, lots=11)
    twins.fill(1, 1)
    twins.restated(lots=12)
    twins.stands(PARTIALLY_FILLED, cum=1, leaves=11, lots=12)


def test_d21_unsolicited_reduction_of_the_quantity_by_the_sell_side() -> None:
    twins = _live()
    twins.reduced(9)
    twins.stands(NEW, cum=0, leaves=9, lots=9)
    twins.fill(1, 9)
    twins.stands(FILLED, cum=9, leaves=0)


def test_d22_order_refused_because_its_id_was_used_before() -> None:
    twins = _live()
    again = twins.world.new_order(order_id=twins.order_id, order_lots=20)
    assert (again.refusals, again.requests) == ([RefusalReason.DUPLICATE_ORDER_ID], [])
    twins.stands(NEW, cum=0, leaves=10, lots=10)


def test_d23_order_rejected_because_it_was_submitted_by_word_of_mouth_already() -> None:
    twins = Twins()
    twins.rejected()
    twins.told(ExecutionType.REJECTED)
    twins.stands(REJECTED, cum=0, leaves=0)


def test_d24_status_request_refused_for_an_unknown_order() -> None:
    world = World()
    step = world.command(RecordKind.STATUS_REQUEST, order_id=world.order_id())
    assert (step.refusals, step.requests) == ([RefusalReason.UNKNOWN_ORDER], [])


def test_d25_nothing_done_in_answer_to_a_status_request() -> None:
    twins = _live()
    twins.query()
    twins.lives(stated=0)
    twins.told(ExecutionType.ORDER_STATUS)
    twins.stands(NEW, cum=0, leaves=10)


def test_d26_order_followed_at_once_by_a_status_request_and_others_during_its_life() -> None:
    twins = Twins()
    twins.query()
    twins.stands(OrderStatus.PENDING_NEW, cum=0, leaves=10)
    twins.accept()
    twins.lives(stated=0)
    twins.fill(1, 2)
    twins.query()
    twins.lives(stated=2)
    twins.told(ExecutionType.ORDER_STATUS)
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=8)
    twins.fill(2, 8)
    twins.stands(FILLED, cum=10, leaves=0)


def test_d27_gtc_order_partially_filled_restated_and_partially_filled_the_following_day() -> None:
    twins = _next_day()
    twins.fill(2, 1)
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=7)


def test_d28_gtc_order_with_a_partial_fill_a_stock_split_then_a_partial_fill_and_fill_the_next_day() -> None:
    twins = _live()
    twins.fill(1, 2)
    twins.held(Status.DONE_FOR_DAY)
    twins.restated(lots=20, price=5_000)
    twins.trade_corrected(1, 4, 5_000)
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=16, lots=20)
    twins.fill(2, 5, 5_000)
    twins.fill(3, 11, 5_000)
    twins.stands(FILLED, cum=20, leaves=0)


def test_d29_gtc_order_partially_filled_restated_and_canceled_the_following_day() -> None:
    twins = _next_day()
    twins.cancel()
    twins.cancel_rejected(is_order_unknown=False)
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=8)
    twins.cancel()
    twins.stands(PENDING_CANCEL, cum=2, leaves=8)
    twins.ended(stated=2)
    twins.stands(CANCELED, cum=2, leaves=0)


def test_d30_gtc_order_partially_filled_restated_followed_by_a_replace_request_to_increase() -> None:
    twins = _next_day()
    twins.amend(lots=15)
    twins.stands(PENDING_REPLACE, cum=2, leaves=8)
    twins.fill(2, 1)
    twins.stands(PENDING_REPLACE, cum=3, leaves=7)
    twins.ended(leg=0, stated=3)
    twins.accept(leg=1)
    twins.told(ExecutionType.REPLACED)
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=12, lots=15)


def test_d31_possible_resend_of_an_order_makes_no_second_one() -> None:
    twins = _live()
    before = twins.world.inputs[0]
    repeated = twins.world.feed_words(
        [int.from_bytes(before[2][at : at + 8], "little", signed=True) for at in range(0, 256, 8)], source=1
    )
    assert repeated.requests == []
    twins.stands(NEW, cum=0, leaves=10)


def test_d32_fill_or_kill_order_cannot_be_filled() -> None:
    twins = _live(TimeInForce.FOK)
    twins.ended(End.EXPIRED, stated=0)
    twins.told(ExecutionType.EXPIRED)
    twins.stands(OrderStatus.EXPIRED, cum=0, leaves=0)


def test_d33_immediate_or_cancel_order_that_cannot_be_hit_at_once() -> None:
    twins = _live(TimeInForce.IOC)
    twins.fill(1, 1)
    twins.ended(stated=1)
    twins.stands(CANCELED, cum=1, leaves=0)


def test_d34_filled_order_followed_by_correction_and_cancellation_of_executions() -> None:
    twins = _live()
    twins.fill(1, 1, 100)
    twins.fill(2, 9, 110)
    twins.stands(FILLED, cum=10, leaves=0)
    twins.trade_canceled(1)
    twins.told(ExecutionType.TRADE_CANCELED)
    twins.stands(PARTIALLY_FILLED, cum=9, leaves=1)
    twins.trade_corrected(2, 9, 100)
    twins.told(ExecutionType.TRADE_CORRECTED)
    twins.stands(PARTIALLY_FILLED, cum=9, leaves=1)
    twins.fill(3, 1, 120)
    twins.stands(FILLED, cum=10, leaves=0)
    twins.trade_corrected(2, 9, 120)
    twins.stands(FILLED, cum=10, leaves=0)
    assert twins.world.order(twins.order_id)["cumulative_notional"] == 10 * 120


def test_d35_a_canceled_order_followed_by_a_busted_execution_and_a_new_execution() -> None:
    twins = _live()
    twins.fill(1, 5, 50)
    twins.cancel()
    twins.ended(stated=5)
    twins.stands(CANCELED, cum=5, leaves=0)
    twins.trade_canceled(1)
    twins.stands(CANCELED, cum=0, leaves=0)
    twins.fill(2, 4, 51)
    twins.told(ExecutionType.TRADE)
    twins.stands(CANCELED, cum=4, leaves=0)
    assert twins.world.order(twins.order_id)["end_reason"] == EndReason.CANCELED
    assert twins.world.book()["position_lots"] == 4


def test_d36_gtc_order_filled_in_part_on_two_days_with_corrections_of_both_executions() -> None:
    twins = _next_day()
    twins.fill(2, 2)
    twins.trade_corrected(1, 1)
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=7)
    twins.trade_corrected(2, 1)
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=8)
    assert twins.world.book()["position_lots"] == 2
