"""The races beyond one order: ids, orders of others, balances, limits, orders that follow from others."""

from ipc.enums import (
    AlarmCode,
    ConnectionState,
    ExecutionType,
    OrderStatus,
    RecordKind,
    RefusalReason,
    RejectReason,
    RequestKind,
    Side,
    VenueEvent,
)
from ipc.order_id import pack
from ipc.rate_enums import RateLimitType
from ipc.records import EXTERNAL_ORDER
from tests.engine.core.step_effects import Step
from tests.engine.core.world import EPOCH, INSTANCE, NS_PER_S, UTC_OFFSET_NS, World

STRANGER = {"venue_order_id": 77, "order_lots": 10, "price_ticks": 10_000, "side": int(Side.BUY)}


def _stranger(world: World, event: VenueEvent, **fields: int) -> Step:
    return world.venue(event, EXTERNAL_ORDER, **{**STRANGER, **fields})


def test_r21_an_order_id_of_an_earlier_run_is_refused() -> None:
    world = World()
    earlier = pack(instance=INSTANCE, epoch=EPOCH - 1, strategy_id=1, sequence=1, leg=0)
    step = world.new_order(order_id=earlier)
    assert (step.refusals, step.requests) == ([RefusalReason.STALE_EPOCH], [])


def test_r24_an_order_that_is_not_ours_is_adopted_and_left_alone() -> None:
    world = World()
    step = _stranger(world, VenueEvent.ACCEPTED)
    assert step.alarms == [AlarmCode.EXTERNAL_ORDER]
    assert step.requests == []
    step = _stranger(world, VenueEvent.FILL, trade_id=1, last_lots=10, last_price_ticks=10_000, cumulative_lots=10)
    assert step.requests == []
    holding = world.row("holdings", 0)
    assert (holding["position_lots"], holding["external_lots"]) == (10, 10)
    assert world.book(1)["position_lots"] == 0
    again = _stranger(world, VenueEvent.FILL, trade_id=1, last_lots=10, last_price_ticks=10_000, cumulative_lots=10)
    assert (again.effects, holding["position_lots"]) == ([], 10)


def test_r25_a_balance_that_arrives_before_its_fill_moves_no_position() -> None:
    world = World()
    order_id = world.place()
    world.feed(RecordKind.BALANCE, asset_id=0, free_units=10, venue_utc_ns=1)
    assert (world.book()["position_lots"], world.order(order_id)["cumulative_lots"]) == (0, 0)
    world.fill(order_id, 10)
    assert (world.book()["position_lots"], world.row("holdings", 0)["position_lots"]) == (10, 10)


def test_r27_a_venues_order_id_of_two_instruments_is_two_orders() -> None:
    world = World()
    for instrument_id in (0, 1):
        _stranger(world, VenueEvent.ACCEPTED, instrument_id=instrument_id)
        fields = {
            "trade_id": 5,
            "last_lots": 4 + instrument_id,
            "last_price_ticks": 10_000,
            "cumulative_lots": 4 + instrument_id,
        }
        _stranger(world, VenueEvent.FILL, instrument_id=instrument_id, **fields)
    assert [int(world.row("holdings", place)["position_lots"]) for place in (0, 1)] == [4, 5]


def test_r28_what_never_reached_the_matching_is_rejected_and_a_ban_stops_new_orders() -> None:
    world = World()
    budget = world.row("budgets", 0)
    budget["limit_type"], budget["limit"], budget["window_ns"] = RateLimitType.REQUEST_WEIGHT, 1_000, NS_PER_S
    budget["new_cost"] = 1
    order_id = world.place(accepted=False, retry_attempts=0)
    step = world.venue(VenueEvent.REJECTED, order_id, reason=RejectReason.RATE_LIMIT, venue_code=-1015)
    assert step.told == [(ExecutionType.REJECTED, OrderStatus.REJECTED)]
    world.feed(
        RecordKind.RATE_LIMIT,
        limit_type=RateLimitType.REQUEST_WEIGHT,
        window_ns=NS_PER_S,
        limit=1_000,
        count=1_000,
        blocked_until_utc_ns=world.now_ns + UTC_OFFSET_NS + 10 * NS_PER_S,
    )
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]


def test_r31_what_follows_from_a_partial_entry_grows_with_it() -> None:
    world = World()
    entry = world.place()
    world.fill(entry, 4)
    exit_order = world.place(side=Side.SELL, order_lots=4, price_ticks=10_100)
    world.fill(entry, 6)
    request = world.amend(exit_order, order_lots=10).requests[0]
    assert (request.request_kind, request.order_lots) == (RequestKind.CANCEL_REPLACE, 10)
    world.accept(exit_order, leg=1)
    world.fill(exit_order, 10, 10_100, leg=1)
    assert world.book()["position_lots"] == 0


def test_orders_wait_until_the_account_is_reconciled() -> None:
    world = World()
    world.connection(ConnectionState.RECONCILING)
    step = world.new_order()
    assert (step.refusals, RequestKind.NEW in step.asked) == ([RefusalReason.VENUE_NOT_READY], False)
