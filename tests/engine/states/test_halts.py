"""What is halted is cancelled: first at once by the venue, then one by one, until nothing lives."""

from itertools import chain

import pytest

from engine.core.halts import ANSWER_NS
from ipc.control_enums import HaltPhase
from ipc.enums import AlarmCode, ConnectionState, EndReason, RequestKind, ScopeKind, Side, TradingState, VenueEvent
from ipc.rate_enums import RateLimitType
from ipc.records import EXTERNAL_ORDER
from tests.engine.core.refused_states import arm, set_state
from tests.engine.core.world import NS_PER_MS, NS_PER_S, REQUEST_EXPIRY_NS, UTC_OFFSET_NS, World

ENGINE = (ScopeKind.ENGINE, 0)
HALT = TradingState.HALT


def halt(world: World, kind: ScopeKind = ScopeKind.ENGINE, subject_id: int = 0) -> list[tuple[RequestKind, int, int]]:
    """Halts a scope; what the venue is asked for in the next steps, with account and instrument."""
    asked = list(set_state(world, kind, subject_id, HALT).requests)
    while world.state.header["next_deadline_ns"] <= world.now_ns:
        asked += world.timer().requests
    return [(RequestKind(request.request_kind), request.account_id, request.instrument_id) for request in asked]


def phase(world: World, row: int = 0) -> HaltPhase:
    return HaltPhase(int(world.row("scopes", row)["halt_phase"]))


def one_by_one(world: World) -> list[RequestKind]:
    """What is asked for once the venue's own cancel-all had its time."""
    asked = world.after(ANSWER_NS).asked
    while world.state.header["next_deadline_ns"] <= world.now_ns:
        asked += world.timer().asked
    return asked


def test_each_instrument_of_each_account_is_cancelled_at_once(world: World) -> None:
    kind = RequestKind.CANCEL_ALL
    assert halt(world) == [(kind, 0, 0), (kind, 0, 1), (kind, 1, 0), (kind, 1, 1)]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ((ScopeKind.VENUE, 0), [(0, 0), (0, 1), (1, 0), (1, 1)]),
        ((ScopeKind.ACCOUNT, 1), [(1, 0), (1, 1)]),
        ((ScopeKind.INSTRUMENT, 1), [(0, 1), (1, 1)]),
        ((ScopeKind.STRATEGY, 1), []),
    ],
)
def test_no_more_is_cancelled_than_lies_in_the_scope(
    world: World, scope: tuple[ScopeKind, int], expected: list[tuple[int, int]]
) -> None:
    assert [(account_id, instrument_id) for _, account_id, instrument_id in halt(world, *scope)] == expected


def test_a_strategys_orders_are_cancelled_one_by_one_and_those_of_others_stay(world: World) -> None:
    own, other = world.place(strategy=1), world.place(strategy=2)
    assert halt(world, ScopeKind.STRATEGY, 1) == [(RequestKind.CANCEL, 0, 0)]
    assert int(world.order(own)["pending_cancel_ns"]) != 0
    assert int(world.order(other)["pending_cancel_ns"]) == 0


def test_what_lives_on_is_cancelled_one_by_one(world: World) -> None:
    first, _ = world.place(), world.place(price_ticks=9_000)
    halt(world)
    world.venue(VenueEvent.CANCELED, first)
    assert one_by_one(world) == [RequestKind.CANCEL]
    # A cancel under way is not sent twice, and one that the venue refused is.
    assert one_by_one(world) == []


def test_an_order_that_the_venue_would_not_cancel_is_asked_for_again_and_again(world: World) -> None:
    order_id = world.place()
    halt(world)
    for _ in range(3):
        assert one_by_one(world) == [RequestKind.CANCEL]
        world.venue(VenueEvent.CANCEL_REJECTED, order_id, answers_request=RequestKind.CANCEL)
    assert phase(world) == HaltPhase.EACH


def test_nothing_is_verified_before_the_venue_has_told_the_end_of_everything(world: World) -> None:
    first, second = world.place(), world.place(accepted=False, price_ticks=9_000)
    halt(world)
    world.venue(VenueEvent.CANCELED, first)
    assert world.after(ANSWER_NS).alarms == []
    world.venue(VenueEvent.CANCELED, second)
    alarm = world.after(ANSWER_NS).alarm
    assert (alarm.code, alarm.found) == (AlarmCode.KILL_VERIFIED, 2 * ANSWER_NS)
    assert phase(world) == HaltPhase.VERIFIED


def test_an_empty_scope_is_verified_once(world: World) -> None:
    halt(world)
    assert world.after(ANSWER_NS).alarms == [AlarmCode.KILL_VERIFIED]
    for _ in range(3):
        assert world.after(NS_PER_S).effects == []


def test_an_order_of_others_that_shows_up_later_is_cancelled_too(world: World) -> None:
    halt(world)
    world.after(ANSWER_NS)
    fields = {"venue_order_id": 77, "side": Side.BUY, "order_lots": 5, "price_ticks": 9_000, "cumulative_lots": 0}
    world.venue(VenueEvent.ACCEPTED, EXTERNAL_ORDER, **fields)
    assert one_by_one(world) == []
    assert world.after(NS_PER_S).asked == [RequestKind.CANCEL]
    world.venue(VenueEvent.CANCELED, EXTERNAL_ORDER, **fields)
    assert world.after(NS_PER_S).alarms == [AlarmCode.KILL_VERIFIED]


def test_an_account_that_cannot_be_reached_is_cancelled_when_it_can_and_not_verified_before(world: World) -> None:
    world.place()
    world.connection(ConnectionState.DOWN)
    assert {account_id for _, account_id, _ in halt(world, ScopeKind.ACCOUNT, 0)} == set()
    assert one_by_one(world) == []
    world.connection(ConnectionState.LIVE)
    assert world.timer().asked == [RequestKind.CANCEL_ALL] * 2


def test_an_unreachable_account_without_a_known_order_is_not_verified_either(world: World) -> None:
    world.connection(ConnectionState.DOWN, account_id=1)
    halt(world)
    assert world.after(ANSWER_NS).alarms == []
    world.connection(ConnectionState.LIVE, account_id=1)
    assert world.timer().asked == [RequestKind.CANCEL_ALL] * 4
    assert world.after(ANSWER_NS).alarms == [AlarmCode.KILL_VERIFIED]


@pytest.mark.parametrize(
    "scope", [(ScopeKind.ENGINE, 0), (ScopeKind.VENUE, 0), (ScopeKind.ACCOUNT, 0), (ScopeKind.INSTRUMENT, 1)]
)
def test_nothing_is_verified_while_nobody_can_be_asked(world: World, scope: tuple[ScopeKind, int]) -> None:
    for account_id in (0, 1):
        world.connection(ConnectionState.DOWN, account_id=account_id)
    assert halt(world, *scope) == []
    for _ in range(5):
        assert world.after(ANSWER_NS).alarms == []
    for account_id in (0, 1):
        world.connection(ConnectionState.LIVE, account_id=account_id)
    assert set(world.timer().asked) == {RequestKind.CANCEL_ALL}
    assert world.after(ANSWER_NS).alarms == [AlarmCode.KILL_VERIFIED]


def test_an_instrument_has_nothing_to_do_with_an_account_at_another_venue(world: World) -> None:
    world.row("accounts", 1)["venue_id"] = 1
    world.connection(ConnectionState.DOWN, account_id=1)
    halt(world, ScopeKind.INSTRUMENT, 0)
    assert world.after(ANSWER_NS).alarms == [AlarmCode.KILL_VERIFIED]
    world.connection(ConnectionState.LIVE, account_id=1)
    assert world.timer().asked == []


def test_an_order_that_waits_for_its_time_ends_at_once(world: World) -> None:
    order_id = world.order_id()
    world.new_order(order_id=order_id, release_utc_ns=world.now_ns + UTC_OFFSET_NS + 60 * NS_PER_S)
    halt(world)
    assert one_by_one(world) == []
    assert int(world.order(order_id)["end_reason"]) == EndReason.CANCELED


def test_asked_for_once_more_everything_is_cancelled_once_more(world: World) -> None:
    halt(world)
    world.after(ANSWER_NS)
    assert [kind for kind, _, _ in halt(world)] == [RequestKind.CANCEL_ALL] * 4
    assert world.after(ANSWER_NS).alarms == [AlarmCode.KILL_VERIFIED]


def test_arming_ends_it(world: World) -> None:
    world.place()
    halt(world)
    arm(world, *ENGINE)
    assert one_by_one(world) == []
    assert (phase(world), int(world.state.header["halt_count"])) == (HaltPhase.NONE, 0)
    assert world.new_order(price_ticks=9_000).asked == [RequestKind.NEW]


def test_many_orders_take_several_steps_of_bounded_size() -> None:
    world = World(orders=256)
    world.state.table("terms")["rate_limit_orders"] = 0
    for place in range(200):
        world.now_ns += NS_PER_S
        world.terms()["rate_limit_orders"] = 20
        world.place(price_ticks=5_000 + place)
    set_state(world, ScopeKind.STRATEGY, 1, HALT)
    sizes = []
    while world.state.header["next_deadline_ns"] <= world.now_ns:
        sizes.append(len(world.timer().requests))
    assert sum(sizes) == 200
    assert max(sizes) <= 32


def test_without_budget_it_waits_and_goes_on(world: World) -> None:
    window = {"limit_type": RateLimitType.REQUEST_WEIGHT, "window_ns": NS_PER_S, "limit": 1, "cancel_cost": 1}
    for field, value in window.items():
        world.row("budgets", 0)[field] = value
    assert halt(world, ScopeKind.ACCOUNT, 0) == [(RequestKind.CANCEL_ALL, 0, 0)]
    assert world.after(10 * NS_PER_MS).asked == []
    # What no order remembers counts until the venue can no longer carry it out, and then for a window.
    asked = [world.after(NS_PER_S).asked for _ in range(2 + REQUEST_EXPIRY_NS // NS_PER_S)]
    assert list(chain.from_iterable(asked)) == [RequestKind.CANCEL_ALL]


@pytest.mark.parametrize("event", [VenueEvent.CANCELED, VenueEvent.CANCEL_REJECTED, VenueEvent.OUTCOME_UNKNOWN])
def test_the_answer_to_a_cancel_all_is_about_no_order(world: World, event: VenueEvent) -> None:
    world.place()
    halt(world)
    assert world.venue(event, 1, answers_request=RequestKind.CANCEL_ALL).effects == []
    assert (world.counts(), one_by_one(world)) == ({}, [RequestKind.CANCEL])
