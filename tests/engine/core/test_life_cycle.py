"""The plain life of an order: placed, acknowledged, filled, cancelled, ended; and the same out of order."""

from ipc.enums import (
    AlarmCode,
    EndReason,
    ExecutionType,
    Liquidity,
    OrderFlag,
    OrderStatus,
    OrderType,
    RefusalReason,
    RejectReason,
    RequestKind,
    Side,
    TimeInForce,
    VenueEvent,
)
from tests.engine.core.world import (
    NS_PER_S,
    OTHER_ASSET,
    QUOTE,
    RETENTION_NS,
    UTC_OFFSET_NS,
    World,
)


def test_a_new_order_is_asked_of_the_venue_before_it_is_reported(world: World) -> None:
    step = world.new_order(client_tag=5, order_flags=int(OrderFlag.POST_ONLY))
    request, report = step.effects
    assert (request.request_kind, request.account_id, request.instrument_id) == (RequestKind.NEW, 0, 0)
    assert (request.side, request.price_ticks, request.order_lots) == (Side.BUY, 10_000, 10)
    assert (request.order_type, request.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert request.order_flags == int(OrderFlag.POST_ONLY)
    assert request.timestamp_utc_ns == world.now_ns + UTC_OFFSET_NS
    assert step.told == [(ExecutionType.PENDING_NEW, OrderStatus.PENDING_NEW)]
    assert (report.strategy, report.client_tag, report.leaves_lots) == (1, 5, 10)
    assert world.book()["open_buy_lots"] == 10


def test_an_acknowledgement_makes_the_order_new_and_tells_the_venues_id(world: World) -> None:
    order_id = world.place(accepted=False)
    step = world.accept(order_id, venue_order_id=77)
    assert step.told == [(ExecutionType.NEW, OrderStatus.NEW)]
    assert step.reports[0].venue_order_id == 77
    assert world.accept(order_id).effects == []


def test_fills_count_up_until_the_order_is_filled(world: World) -> None:
    order_id = world.place()
    first = world.fill(order_id, 4, 9_999, liquidity=Liquidity.ADDED, fee_units=3, fee_asset_id=QUOTE)
    assert first.told == [(ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED)]
    report = first.reports[0]
    assert (report.last_lots, report.last_price_ticks, report.cumulative_lots, report.leaves_lots) == (4, 9_999, 4, 6)
    assert (report.liquidity, report.fee_units, report.fee_asset_id) == (Liquidity.ADDED, 3, QUOTE)
    last = world.fill(order_id, 6)
    assert last.told == [(ExecutionType.TRADE, OrderStatus.FILLED)]
    assert (last.reports[0].cumulative_notional, last.reports[0].leaves_lots) == (4 * 9_999 + 6 * 10_000, 0)
    assert world.order(order_id)["end_reason"] == EndReason.FILLED
    assert (world.book()["position_lots"], world.book()["open_buy_lots"]) == (10, 0)


def test_a_cancel_is_pending_until_the_venue_confirms_it(world: World) -> None:
    order_id = world.place()
    asked = world.cancel(order_id)
    assert (asked.asked, asked.told) == (
        [RequestKind.CANCEL],
        [(ExecutionType.PENDING_CANCEL, OrderStatus.PENDING_CANCEL)],
    )
    done = world.venue(VenueEvent.CANCELED, order_id, cumulative_lots=0, answers_request=RequestKind.CANCEL)
    assert done.told == [(ExecutionType.CANCELED, OrderStatus.CANCELED)]
    assert (done.reports[0].reason, done.reports[0].leaves_lots) == (EndReason.CANCELED, 0)
    assert world.book()["open_buy_lots"] == 0
    assert world.venue(VenueEvent.CANCELED, order_id).effects == []


def test_an_order_that_the_venue_rejects_reserves_nothing_and_tells_the_venues_code(world: World) -> None:
    order_id = world.place(accepted=False)
    step = world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.INSUFFICIENT_BALANCE, venue_code=-2010)
    assert step.told == [(ExecutionType.REJECTED, OrderStatus.REJECTED)]
    assert (step.reports[0].reason, step.reports[0].venue_code) == (RejectReason.INSUFFICIENT_BALANCE, -2010)
    assert world.book()["open_buy_lots"] == 0


def test_an_immediate_order_that_expires_before_its_acknowledgement_has_expired(world: World) -> None:
    order_id = world.place(accepted=False, time_in_force=TimeInForce.IOC)
    step = world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=0)
    assert step.told == [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)]
    assert world.accept(order_id).effects == []


def test_an_order_that_self_trade_prevention_ends_says_so(world: World) -> None:
    order_id = world.place()
    step = world.venue(VenueEvent.EXPIRED, order_id, reason=RejectReason.SELF_TRADE)
    assert step.told == [(ExecutionType.EXPIRED, OrderStatus.EXPIRED)]
    assert step.reports[0].reason == EndReason.SELF_TRADE_PREVENTED


def test_self_trade_prevention_takes_quantity_away_from_an_order_that_lives_on(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 3)
    step = world.venue(VenueEvent.REPLACED, order_id, order_lots=8)
    assert step.told == [(ExecutionType.REPLACED, OrderStatus.PARTIALLY_FILLED)]
    assert (step.reports[0].order_lots, step.reports[0].leaves_lots) == (8, 5)
    assert world.book()["open_buy_lots"] == 5
    assert world.venue(VenueEvent.REPLACED, order_id, order_lots=8).effects == []
    assert world.venue(VenueEvent.REPLACED, order_id, order_lots=9).effects == []


# ---- what comes out of order ----


def test_a_fill_that_overtakes_its_acknowledgement_stands_for_it(world: World) -> None:
    order_id = world.place(accepted=False)
    step = world.fill(order_id, 4, venue_order_id=55)
    assert step.told == [(ExecutionType.TRADE, OrderStatus.PARTIALLY_FILLED)]
    assert step.reports[0].venue_order_id == 55
    assert world.accept(order_id, venue_order_id=55).effects == []
    assert world.order(order_id)["venue_order_id"] == 55


def test_a_fill_after_the_cancel_is_booked_and_the_order_stays_canceled(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    world.venue(VenueEvent.CANCELED, order_id)
    step = world.fill(order_id, 4)
    assert step.told == [(ExecutionType.TRADE, OrderStatus.CANCELED)]
    assert (step.reports[0].cumulative_lots, step.reports[0].leaves_lots) == (4, 0)
    assert (world.book()["position_lots"], world.counts()) == (4, {"late_fill_count": 1})


def test_a_fill_of_a_rejected_order_is_booked(world: World) -> None:
    order_id = world.place(accepted=False)
    world.venue(VenueEvent.REJECTED, order_id)
    assert world.fill(order_id, 4).told == [(ExecutionType.TRADE, OrderStatus.REJECTED)]
    assert (world.book()["position_lots"], world.counts()) == (4, {"late_fill_count": 1})


def test_fills_while_a_cancel_is_pending_leave_it_pending(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    assert world.fill(order_id, 4).told == [(ExecutionType.TRADE, OrderStatus.PENDING_CANCEL)]
    assert world.venue(VenueEvent.CANCELED, order_id).reports[0].cumulative_lots == 4


def test_a_full_fill_while_a_cancel_is_pending_is_filled_once_the_cancel_is_rejected(world: World) -> None:
    order_id = world.place()
    world.cancel(order_id)
    assert world.fill(order_id, 10).told == [(ExecutionType.TRADE, OrderStatus.PENDING_CANCEL)]
    step = world.venue(VenueEvent.CANCEL_REJECTED, order_id, reason=RejectReason.UNKNOWN_ORDER)
    assert step.told == [(ExecutionType.CANCEL_REJECTED, OrderStatus.FILLED)]


def test_the_same_trade_is_booked_once(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4, trade_id=9)
    assert world.fill(order_id, 4, trade_id=9).effects == []
    assert (world.book()["position_lots"], world.counts()) == (4, {"duplicate_trade_count": 1})


def test_the_same_trade_id_of_another_instrument_is_another_trade(world: World) -> None:
    first, second = world.place(instrument_id=0), world.place(instrument_id=1)
    world.fill(first, 4, trade_id=9)
    world.fill(second, 5, trade_id=9, instrument_id=1)
    assert world.book(instrument_id=1)["position_lots"] == 5


def test_a_trade_between_two_of_our_own_orders_is_booked_on_both_sides(world: World) -> None:
    buy, sell = world.place(strategy=1), world.place(strategy=2, account_id=1, side=Side.SELL)
    world.fill(buy, 4, trade_id=9)
    world.fill(sell, 4, trade_id=9, account_id=1)
    assert world.book(1)["position_lots"] == 4
    assert world.book(2)["position_lots"] == -4
    assert world.fill(sell, 4, trade_id=9, account_id=1).effects == []


def test_an_overfill_is_booked_and_counted(world: World) -> None:
    order_id = world.place()
    assert world.fill(order_id, 15).told == [(ExecutionType.TRADE, OrderStatus.FILLED)]
    world.fill(order_id, 1)
    assert (world.book()["position_lots"], world.book()["open_buy_lots"]) == (16, 0)
    assert world.counts() == {"overfill_count": 2}


def test_a_fill_after_the_order_was_forgotten_finds_its_strategy(world: World) -> None:
    order_id = world.place(client_tag=8)
    world.fill(order_id, 2)
    world.venue(VenueEvent.CANCELED, order_id)
    world.after(RETENTION_NS)
    assert world.state.header["oldest_ended"] == -1
    step = world.fill(order_id, 3, 10_001, fee_units=2, fee_asset_id=OTHER_ASSET)
    assert step.told == [(ExecutionType.TRADE, OrderStatus.CANCELED)]
    report = step.reports[0]
    assert (report.strategy, report.client_tag, report.order_id, report.cumulative_lots) == (1, 8, order_id, 5)
    assert (report.last_lots, report.last_price_ticks, report.cumulative_notional) == (3, 10_001, 50_003)
    assert world.book()["position_lots"] == 5
    assert world.row("fees", 1 * 3 + OTHER_ASSET)["fee_units"] == 2
    assert world.fill(order_id, 5).told == [(ExecutionType.TRADE, OrderStatus.CANCELED)]
    assert world.counts() == {"late_fill_count": 2}
    assert world.fill(order_id, 5, trade_id=world._trade_id).effects == []
    assert world.counts() == {"late_fill_count": 2, "duplicate_trade_count": 1}


def test_other_news_of_a_forgotten_order_changes_nothing(world: World) -> None:
    order_id = world.place()
    world.venue(VenueEvent.CANCELED, order_id)
    world.after(RETENTION_NS)
    assert world.venue(VenueEvent.CANCELED, order_id).effects == []
    assert world.cancel(order_id).refusals == [RefusalReason.UNKNOWN_ORDER]
    assert world.counts() == {}


def test_news_of_an_order_that_never_was_and_of_another_account_are_counted(world: World) -> None:
    assert world.fill(world.order_id(), 1).alarms == [AlarmCode.ADOPTED_ORDER]
    order_id = world.place()
    assert world.fill(order_id, 1, account_id=1).effects == []
    assert world.fill(order_id, 1, instrument_id=1).effects == []
    assert (world.counts(), world.book()["position_lots"]) == ({"unmatched_report_count": 3}, 0)


def test_a_full_table_forgets_the_order_that_ended_first(world: World) -> None:
    world = World(orders=2, tombstones=2)
    first, second = world.place(price_ticks=9_001), world.place(price_ticks=9_002)
    world.venue(VenueEvent.CANCELED, second)
    world.venue(VenueEvent.CANCELED, first)
    world.place(price_ticks=9_003)
    assert world.cancel(second).refusals == [RefusalReason.UNKNOWN_ORDER]
    assert world.cancel(first).refusals == [RefusalReason.ORDER_ALREADY_ENDED]
    world.place(price_ticks=9_004)
    assert world.new_order(price_ticks=9_005).refusals == [RefusalReason.ORDER_TABLE_FULL]
    assert world.fill(second, 1).told == [(ExecutionType.TRADE, OrderStatus.CANCELED)]


def test_an_order_keeps_its_slot_for_its_retention(world: World) -> None:
    order_id = world.place()
    world.after(NS_PER_S)
    world.venue(VenueEvent.CANCELED, order_id)
    assert world.state.header["next_deadline_ns"] == world.now_ns + RETENTION_NS
    world.after(RETENTION_NS - 1)
    assert world.order(order_id)["end_reason"] == EndReason.CANCELED
    world.after(1)
    assert world.state.header["newest_ended"] == -1
