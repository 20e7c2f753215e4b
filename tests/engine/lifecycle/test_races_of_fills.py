"""The races in which fills cross, repeat, jump, exceed or are taken back."""

import pytest

from ipc.enums import AlarmCode, ConnectionState, ExecutionType, OrderStatus, RequestKind, Side, VenueEvent
from tests.engine.core.world import NS_PER_S
from tests.engine.lifecycle.facts import End
from tests.engine.lifecycle.twins import Twins

NEW, PARTIALLY_FILLED, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, EXPIRED, UNKNOWN = OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.UNKNOWN
PENDING_CANCEL, PENDING_REPLACE = OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE


def _live() -> Twins:
    twins = Twins()
    twins.accept()
    return twins


def _replaced() -> Twins:
    """Its second leg is in force, of which late fills of the first one know nothing."""
    twins = _live()
    twins.amend(price=9_000)
    twins.replaced()
    return twins


@pytest.mark.parametrize(("lots", "status"), [(4, PARTIALLY_FILLED), (10, FILLED)], ids=["in part", "in full"])
def test_r01_fill_arrives_before_the_acknowledgement(lots: int, status: OrderStatus) -> None:
    twins = Twins()
    twins.fill(1, lots)
    twins.told(ExecutionType.TRADE)
    twins.stands(status, cum=lots, leaves=10 - lots)
    twins.accept()
    twins.told()
    twins.stands(status, cum=lots, leaves=10 - lots)


@pytest.mark.parametrize("lots", [4, 10], ids=["in part", "in full"])
def test_r02_fill_after_the_cancel_was_acknowledged(lots: int) -> None:
    twins = _live()
    twins.cancel()
    twins.ended()
    twins.fill(1, lots)
    twins.told(ExecutionType.TRADE)
    twins.stands(CANCELED, cum=lots, leaves=0)
    assert twins.world.book()["position_lots"] == lots
    assert twins.alarms() == {"late_fill_count": 1}


def test_r03_fills_while_the_cancel_is_pending() -> None:
    twins = _live()
    twins.cancel()
    twins.fill(1, 4)
    twins.fill(2, 2)
    twins.stands(PENDING_CANCEL, cum=6, leaves=4)
    twins.cancel_rejected(is_order_unknown=False)
    twins.stands(PARTIALLY_FILLED, cum=6, leaves=4)
    twins.cancel()
    twins.fill(3, 1)
    twins.ended(stated=7)
    twins.stands(CANCELED, cum=7, leaves=0)


def test_r04_full_fill_while_the_cancel_is_pending() -> None:
    twins = _live()
    twins.cancel()
    twins.fill(1, 10)
    assert twins.world.book()["open_buy_lots"] == 0
    twins.cancel_rejected()
    twins.told(ExecutionType.CANCEL_REJECTED)
    twins.stands(FILLED, cum=10, leaves=0)


def test_r05_fill_of_the_old_leg_during_a_pending_replace() -> None:
    twins = _live()
    twins.amend(price=9_000, lots=12)
    twins.fill(1, 3)
    twins.stands(PENDING_REPLACE, cum=3, leaves=7, lots=10)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=9, lots=12)
    twins.fill(2, 1, leg=0)
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=8, lots=12)
    assert twins.world.book()["open_buy_lots"] == 12, "the new leg was asked for before its old one traded"
    twins.fill(3, 8, 9_000, leg=1)
    twins.asked(RequestKind.CANCEL)
    twins.stands(PENDING_CANCEL, cum=12, leaves=0)
    twins.ended(stated=8)
    twins.stands(FILLED, cum=12, leaves=0)
    assert twins.world.order(twins.order_id)["cumulative_notional"] == 4 * 10_000 + 8 * 9_000


def test_r05_a_late_fill_of_the_leg_before_does_not_make_less_of_what_was_asked_for() -> None:
    twins = _replaced()
    twins.amend(lots=20)
    twins.fill(1, 4, leg=0)
    assert twins.world.book()["open_buy_lots"] == 20, "the leg was sent for 20 before anybody knew"
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=16, lots=20)
    assert twins.world.book()["open_buy_lots"] == 20


def test_r05_an_amendment_is_known_by_what_it_asked_for_though_a_late_fill_came_since() -> None:
    twins = _replaced()
    twins.amend(lots=8)
    twins.fill(1, 3, leg=0)
    twins.replaced()
    twins.told(ExecutionType.REPLACED)
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=5, lots=8)
    assert twins.world.book()["open_buy_lots"] == 8, "the leg may trade more than is left of the order"
    twins.fill(2, 8)
    twins.stands(FILLED, cum=11, leaves=0)


def test_r05_a_leg_that_is_too_large_is_cancelled_until_it_is_gone() -> None:
    twins = _replaced()
    twins.fill(1, 4, leg=0)
    twins.fill(2, 6)
    twins.asked(RequestKind.CANCEL)
    twins.outcome_unknown(RequestKind.CANCEL)
    twins.lives()
    twins.asked()
    twins.passes(NS_PER_S)
    twins.asked(RequestKind.CANCEL)
    twins.cancel_rejected(is_order_unknown=False)
    twins.passes(NS_PER_S)
    twins.asked(RequestKind.CANCEL)
    twins.ended()
    twins.stands(FILLED, cum=10, leaves=0)


def test_r05_a_leg_whose_rest_the_venue_takes_away_is_not_cancelled() -> None:
    twins = _replaced()
    twins.fill(1, 4, leg=0)
    twins.reduced(8)
    twins.fill(2, 8)
    twins.asked()
    twins.stands(FILLED, cum=12, leaves=0)


def test_r05_a_new_leg_that_late_fills_have_made_needless_is_cancelled() -> None:
    twins = _replaced()
    twins.fill(1, 3)
    twins.amend(price=9_001)
    twins.ended()
    twins.asked(RequestKind.NEW)
    twins.fill(2, 7, leg=0)
    twins.accept(leg=2)
    twins.asked(RequestKind.CANCEL)


@pytest.mark.parametrize(("lots", "status"), [(4, PARTIALLY_FILLED), (10, FILLED)], ids=["in part", "in full"])
def test_r06_replace_reject_after_a_fill(lots: int, status: OrderStatus) -> None:
    twins = _live()
    twins.amend(price=9_000, lots=20)
    twins.fill(1, lots)
    twins.stands(PENDING_REPLACE, cum=lots, leaves=10 - lots)
    assert twins.world.book()["open_buy_lots"] == 20, "the replacement may still come about in full"
    twins.replace_rejected()
    twins.told(ExecutionType.REPLACE_REJECTED)
    twins.stands(status, cum=lots, leaves=10 - lots, lots=10)


def test_r06_the_end_of_a_filled_order_that_still_waits_for_its_amendment_is_told_as_the_venue_calls_it() -> None:
    twins = _live()
    twins.amend(lots=8)
    twins.fill(1, 10)
    twins.stands(PENDING_REPLACE, cum=10, leaves=0)
    twins.ended(End.EXPIRED)
    twins.told(ExecutionType.EXPIRED)
    twins.stands(FILLED, cum=10, leaves=0)


@pytest.mark.parametrize("filled", [7, 8], ids=["as much", "more"])
def test_r07_replace_to_no_more_than_has_traded(filled: int) -> None:
    twins = _live()
    twins.amend(lots=7)
    twins.fill(1, filled)
    twins.stands(PENDING_REPLACE, cum=filled, leaves=10 - filled)
    twins.replaced()
    twins.stands(FILLED, cum=filled, leaves=0, lots=filled)


def test_r15_the_same_trade_twice_and_with_other_contents() -> None:
    twins = _live()
    twins.fill(1, 4)
    twins.fill(1, 4)
    twins.told()
    twins.fill(1, 5)
    assert twins.step.alarms == [AlarmCode.TRADE_DIFFERS]
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=6)
    twins.fill(2, 6)
    twins.fill(2, 6)
    twins.told()
    twins.stands(FILLED, cum=10, leaves=0)


def test_r16_one_trade_by_two_channels_is_known_by_its_id_whatever_else_they_say() -> None:
    twins = _live()
    twins.fill(1, 4)
    twins.fill(1, 4, stated=4)
    twins.told()
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=6)


def test_r17_overfill_is_booked_and_raises_an_alarm() -> None:
    twins = _live()
    twins.fill(1, 15)
    assert twins.step.alarms == [AlarmCode.OVERFILL]
    twins.stands(FILLED, cum=15, leaves=0)
    twins.fill(2, 1)
    twins.stands(FILLED, cum=16, leaves=0)
    assert (twins.world.book()["position_lots"], twins.world.book()["open_buy_lots"]) == (16, 0)


def test_r17_an_overfill_is_told_though_a_larger_replacement_follows_it() -> None:
    twins = _live()
    twins.fill(1, 4)
    twins.amend(lots=20)
    twins.ended(stated=5)
    twins.fill(2, 12)
    twins.asked(RequestKind.NEW)
    assert [alarm.name for alarm in twins.step.alarms] == [AlarmCode.OVERFILL.name]
    twins.stands(PENDING_REPLACE, cum=16, leaves=4, lots=20)


def test_r18_the_venues_count_is_ahead_of_the_trades_that_came() -> None:
    twins = _live()
    twins.fill(2, 3, stated=7)
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=7)
    twins.ended(stated=7)
    twins.stands(UNKNOWN, cum=3, leaves=4)
    twins.fill(1, 4)
    twins.told(ExecutionType.TRADE, ExecutionType.CANCELED)
    twins.stands(CANCELED, cum=7, leaves=0)


def test_r23_trades_lost_with_the_connection_are_booked_when_they_are_told_again() -> None:
    twins = _live()
    twins.fill(1, 4)
    twins.world.connection(ConnectionState.DOWN)
    twins.world.connection(ConnectionState.RECONCILING)
    twins.fill(1, 4)
    twins.told()
    twins.fill(2, 2)
    twins.stands(PARTIALLY_FILLED, cum=6, leaves=4)
    twins.ended(stated=6)
    twins.stands(CANCELED, cum=6, leaves=0)


@pytest.mark.parametrize("ends_first", [False, True], ids=["filled", "canceled"])
def test_r26_bust_and_correction_after_the_end(ends_first: bool) -> None:
    twins = _live()
    twins.fill(1, 4)
    if ends_first:
        twins.ended(stated=4)
    else:
        twins.fill(2, 6)
    twins.trade_corrected(1, 3)
    assert twins.step.alarms == [AlarmCode.TRADE_CORRECTED]
    twins.trade_canceled(1)
    assert twins.step.alarms == [AlarmCode.TRADE_CANCELED]
    if ends_first:
        twins.stands(CANCELED, cum=0, leaves=0)
    else:
        twins.stands(PARTIALLY_FILLED, cum=6, leaves=4)
    twins.fill(1, 4)
    twins.told()


def test_r29_an_immediate_order_is_said_to_be_over_before_its_fills_come() -> None:
    twins = _live()
    twins.ended(End.EXPIRED, stated=7)
    twins.stands(UNKNOWN, cum=0, leaves=7)
    assert twins.world.book()["open_buy_lots"] == 7
    twins.fill(1, 4)
    twins.stands(UNKNOWN, cum=4, leaves=3)
    twins.fill(2, 3)
    twins.told(ExecutionType.TRADE, ExecutionType.EXPIRED)
    twins.stands(EXPIRED, cum=7, leaves=0)


def test_r30_both_orders_that_exclude_each_other_fill_at_once() -> None:
    twins = Twins(is_buy=False)
    world = twins.world
    twins.accept()
    other = world.place(side=Side.SELL, price_ticks=10_100)
    first, second = world.fill(twins.order_id, 10), world.fill(other, 10, 10_100)
    assert first.told == second.told == [(ExecutionType.TRADE, FILLED)]
    assert (world.book()["position_lots"], world.book()["open_sell_lots"]) == (-20, 0), "nothing is hidden"


def test_r34_the_ledger_goes_by_arrival_and_not_by_the_venues_clock() -> None:
    twins = _live()
    world = twins.world
    for trade_id, venue_utc_ns in ((1, 5 * NS_PER_S), (2, 3 * NS_PER_S)):
        world.fill(twins.order_id, 4, trade_id=trade_id, venue_utc_ns=venue_utc_ns)
    ended = world.venue(VenueEvent.CANCELED, twins.order_id, cumulative_lots=8, venue_utc_ns=NS_PER_S)
    assert ended.told == [(ExecutionType.CANCELED, CANCELED)]
    assert world.order(twins.order_id)["cumulative_lots"] == 8
