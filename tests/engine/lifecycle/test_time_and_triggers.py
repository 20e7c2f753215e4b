"""What time does to an order: its release, its deadlines, answers that do not come, its oblivion; and stop prices."""

from ipc.enums import EndReason, ExecutionType, OrderStatus, OrderType, RequestKind, TimeInForce, VenueAbility
from tests.engine.core.world import NS_PER_S, REQUEST_EXPIRY_NS, RETENTION_NS, START_NS, UTC_OFFSET_NS
from tests.engine.lifecycle.facts import End
from tests.engine.lifecycle.twins import Twins

NEW, PARTIALLY_FILLED, CANCELED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.CANCELED
PENDING_NEW, PENDING_CANCEL, UNKNOWN = OrderStatus.PENDING_NEW, OrderStatus.PENDING_CANCEL, OrderStatus.UNKNOWN


def test_an_order_waits_for_its_time_with_its_risk_reserved() -> None:
    twins = Twins(is_scheduled=True)
    twins.asked()
    twins.stands(PENDING_NEW, cum=0, leaves=10)
    assert twins.world.book()["open_buy_lots"] == 10
    twins.releases(REQUEST_EXPIRY_NS)
    twins.told(ExecutionType.RELEASED)
    twins.asked(RequestKind.NEW)
    twins.accept()
    twins.stands(NEW, cum=0, leaves=10)


def test_an_order_that_waits_for_its_time_is_cancelled_without_the_venue() -> None:
    twins = Twins(is_scheduled=True)
    twins.cancel()
    twins.asked()
    twins.stands(CANCELED, cum=0, leaves=0)
    twins.passes(REQUEST_EXPIRY_NS)
    twins.asked()


def test_an_order_whose_time_is_over_is_cancelled_and_keeps_what_it_traded() -> None:
    twins = Twins(execution_timeout_ms=1_000)
    twins.accept()
    twins.fill(1, 4)
    twins.passes(NS_PER_S)
    twins.asked(RequestKind.CANCEL)
    twins.stands(PENDING_CANCEL, cum=4, leaves=6)
    twins.fill(2, 1)
    twins.ended(stated=5)
    assert twins.step.reports[0].reason == EndReason.EXECUTION_TIMEOUT
    twins.stands(CANCELED, cum=5, leaves=0)


def test_an_order_that_expires_on_a_venue_without_dates_is_cancelled_by_the_engine() -> None:
    expire_utc_ns = START_NS + UTC_OFFSET_NS + NS_PER_S
    twins = Twins(time_in_force=TimeInForce.GTD, expire_utc_ns=expire_utc_ns)
    assert twins.step.requests[0].time_in_force == TimeInForce.GTC
    twins.accept()
    twins.passes(NS_PER_S)
    twins.asked(RequestKind.CANCEL)
    twins.ended(stated=0)
    twins.told(ExecutionType.EXPIRED)
    twins.stands(OrderStatus.EXPIRED, cum=0, leaves=0)


def test_an_acknowledgement_that_does_not_come_is_a_doubt_and_no_end() -> None:
    twins = Twins(terms={"acknowledgement_timeout_ns": NS_PER_S})
    twins.passes(NS_PER_S)
    twins.told(ExecutionType.UNKNOWN)
    twins.stands(UNKNOWN, cum=0, leaves=10)
    twins.accept()
    twins.stands(NEW, cum=0, leaves=10)


def test_a_cancel_that_is_not_answered_is_a_doubt_and_no_end() -> None:
    twins = Twins(terms={"cancel_timeout_ns": NS_PER_S})
    twins.accept()
    twins.cancel()
    twins.passes(NS_PER_S)
    twins.told(ExecutionType.UNKNOWN)
    twins.stands(UNKNOWN, cum=0, leaves=10)
    twins.lives()
    twins.stands(NEW, cum=0, leaves=10)


def test_a_trade_of_an_order_that_was_forgotten_is_booked() -> None:
    twins = Twins()
    world = twins.world
    twins.accept()
    twins.fill(1, 4)
    twins.ended(stated=4)
    world.after(RETENTION_NS)
    assert world.state.header["oldest_ended"] == -1, "only its tombstone is left"
    late = world.fill(twins.order_id, 3, trade_id=2)
    assert late.told == [(ExecutionType.TRADE, CANCELED)]
    assert (late.reports[0].cumulative_lots, world.book()["position_lots"]) == (7, 7)
    assert world.fill(twins.order_id, 4, trade_id=1).reports == []
    assert world.book()["position_lots"] == 7


def test_a_stop_price_that_trades_is_told_once_and_leaves_the_order_open() -> None:
    ability = int(VenueAbility.STOP_ORDERS | VenueAbility.AMEND_KEEP_PRIORITY | VenueAbility.CANCEL_REPLACE)
    twins = Twins(ability=ability, order_type=OrderType.STOP_LIMIT, stop_price_ticks=10_050)
    twins.accept()
    twins.triggered()
    twins.told(ExecutionType.TRIGGERED)
    twins.stands(NEW, cum=0, leaves=10)
    twins.fill(1, 4)
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=6)
    twins.ended(End.CANCELED, stated=4)
    twins.stands(CANCELED, cum=4, leaves=0)
