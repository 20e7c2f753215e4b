"""Passes over many orders: cancel-all by scope, and the status of one order or of all."""

from ipc.enums import EndReason, ExecutionType, OrderStatus, RefusalReason, RequestKind, Side, VenueEvent
from tests.engine.core.world import RETENTION_NS, World


def test_a_cancel_all_takes_only_what_is_in_its_scope(world: World) -> None:
    here = world.place()
    world.place(account_id=1)
    world.place(instrument_id=1)
    world.place(side=Side.SELL, price_ticks=10_001)
    step = world.cancel_all(instrument_id=0, account_id=0, side=Side.BUY)
    assert [request.order_id for request in step.requests] == [here]
    assert len(world.cancel_all().requests) == 3


def test_the_status_of_an_order_tells_how_it_stands(world: World) -> None:
    order_id = world.place()
    world.fill(order_id, 4)
    step = world.status(order_id)
    assert step.told == [(ExecutionType.ORDER_STATUS, OrderStatus.PARTIALLY_FILLED)]
    assert (step.reports[0].cumulative_lots, step.reports[0].leaves_lots, step.reports[0].reason) == (4, 6, 0)


def test_the_status_of_an_order_that_has_ended_tells_why_even_after_it_is_forgotten(world: World) -> None:
    order_id = world.place(client_tag=6)
    world.fill(order_id, 4)
    world.venue(VenueEvent.EXPIRED, order_id, cumulative_lots=4)
    for _ in range(2):
        step = world.status(order_id)
        assert step.told == [(ExecutionType.ORDER_STATUS, OrderStatus.EXPIRED)]
        report = step.reports[0]
        assert (report.reason, report.cumulative_lots, report.client_tag) == (EndReason.EXPIRED, 4, 6)
        assert report.venue_order_id == 900
        world.after(RETENTION_NS)
    assert world.state.header["oldest_ended"] == -1


def test_the_status_of_all_takes_as_many_steps_as_it_needs() -> None:
    wide = World(orders=128)
    wide.terms()["rate_limit_window_ns"] = 1
    placed = []
    for number in range(70):
        wide.now_ns += 1
        placed.append(wide.place(price_ticks=9_000 + number))
    reports = wide.status_of_all().reports
    assert len(reports) == 32
    while wide.state.header["mass_count"]:
        reports += wide.timer().reports
    *told, end = reports
    assert sorted(report.order_id for report in told) == placed
    assert (end.execution_type, end.order_id, end.current, end.reason) == (ExecutionType.STATUS_END, 0, 70, 0)


def test_the_end_of_a_mass_status_is_told_where_nothing_is_in_its_scope_too(world: World) -> None:
    world.place()
    (end,) = world.status_of_all(side=Side.SELL).reports
    assert (end.execution_type, end.order_id, end.order_status, end.instrument_id) == (
        ExecutionType.STATUS_END,
        0,
        0,
        -1,
    )
    assert (end.strategy, end.current, end.reason) == (1, 0, 0)
    told = world.status_of_all(side=Side.BUY).reports
    assert [report.execution_type for report in told] == [ExecutionType.ORDER_STATUS, ExecutionType.STATUS_END]
    assert told[-1].current == 1


def test_orders_that_end_meanwhile_are_not_told_of_but_the_end_is() -> None:
    wide = World(orders=128)
    wide.terms()["rate_limit_window_ns"] = 1
    placed = []
    for number in range(34):
        wide.now_ns += 1
        placed.append(wide.place(price_ticks=9_000 + number))
    wide.status_of_all()
    for order_id in placed[:2]:
        wide.venue(VenueEvent.CANCELED, order_id)
    (end,) = wide.timer().reports
    assert (end.execution_type, end.current) == (ExecutionType.STATUS_END, 32)


def test_a_cancel_all_takes_the_place_of_a_pass_that_only_tells(world: World) -> None:
    world.terms()["rate_limit_window_ns"] = 1
    for number in range(40):
        world.now_ns += 1
        world.place(price_ticks=9_000 + number)
    world.status_of_all()
    assert world.row("strategies", 1)["mass_request"] == RequestKind.STATUS
    step = world.cancel_all()
    assert (step.refusals, len(step.requests)) == ([], 32)
    cut = step.reports[0]
    assert (cut.execution_type, cut.current) == (ExecutionType.STATUS_END, 32)
    assert cut.reason == RefusalReason.CANCEL_ALREADY_PENDING
    assert world.status_of_all().refusals == [RefusalReason.STATUS_ALREADY_PENDING]
    assert len(world.timer().requests) == 8
    assert world.state.header["mass_count"] == 0
