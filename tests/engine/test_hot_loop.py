"""What Python feeds the core stays what it was, also when something else must be fed in between."""

import numpy as np
import pytest

from engine import hot_loop
from engine.core.state import Capacities, State
from engine.hot_loop import HotLoop
from engine.spin.spin import APPLIED_MASK
from ipc.clock import ManualClock
from ipc.enums import RecordKind, Side, VenueEvent
from ipc.records import SLOT_WORDS
from tests.engine.core.world import World

FRAME_WAITS = APPLIED_MASK + 1


def test_records_that_had_to_wait_for_unsent_frames_are_still_read_from_where_they_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = HotLoop(
        State.create(Capacities(instruments=1, accounts=1, strategies=2, assets=1, orders=16)),
        strategy_rows=2,
        idle="spin",
        clock=ManualClock(),
    )
    decoded, unsent = np.zeros((2, SLOT_WORDS), np.int64), np.zeros((1, SLOT_WORDS), np.int64)
    read: list[tuple[int, int]] = []

    def apply_one(_ports: int, address: int, _count: int, first: int) -> int:
        read.append((address, first))
        return 1 + (FRAME_WAITS if len(read) == 1 else 0)

    monkeypatch.setattr(hot_loop, "apply_records", apply_one)
    monkeypatch.setattr(loop, "send_frames", lambda: loop.apply(unsent, 1))
    loop.apply(decoded, 2)
    assert read == [(decoded.ctypes.data, 0), (unsent.ctypes.data, 0), (decoded.ctypes.data, 1)]


@pytest.fixture
def world() -> World:
    """A world with an acknowledged order and one that waits."""
    world = World()
    world.place()
    world.place(accepted=False)
    return world


def test_the_orders_of_unknown_outcome_are_told_from_the_others(world: World) -> None:
    loop = HotLoop(world.state, strategy_rows=4, idle="spin", clock=ManualClock())
    accepted, waiting = sorted(loop.open_orders(0))
    assert loop.unknown_orders(0) == []
    world.venue(VenueEvent.OUTCOME_UNKNOWN, waiting.order_id)
    assert loop.unknown_orders(0) == [waiting._replace(is_unknown=True)]
    assert sorted(loop.open_order_ids(0)) == [accepted.order_id, waiting.order_id]
    assert loop.open_order(0, accepted.order_id) == accepted
    assert loop.open_order(0, accepted.order_id + 1) is None


def test_from_where_on_trades_are_asked_for_is_told_of_each_account_and_instrument(world: World) -> None:
    loop = HotLoop(world.state, strategy_rows=4, idle="spin", clock=ManualClock())
    world.feed(RecordKind.TRADES_KNOWN, account_id=1, instrument_id=1, before_trade_id=42)
    assert [loop.known_before(account, instrument) for account in (0, 1) for instrument in (0, 1)] == [0, 0, 0, 42]
    world.feed(RecordKind.TRADES_KNOWN, account_id=1, instrument_id=1, before_trade_id=41)
    assert loop.known_before(1, 1) == 42


def test_the_trades_that_were_booked_are_told_by_id_and_side(world: World) -> None:
    loop = HotLoop(world.state, strategy_rows=4, idle="spin", clock=ManualClock())
    world.fill(world.place(), 1, trade_id=7)
    world.fill(world.place(side=Side.SELL, price_ticks=10_001), 1, trade_id=8)
    assert loop.booked_trades(0, 0, 0) == {(7, Side.BUY), (8, Side.SELL)}
    assert loop.booked_trades(0, 0, 8) == {(8, Side.SELL)}
    assert loop.booked_trades(1, 0, 0) == loop.booked_trades(0, 1, 0) == set()


def test_up_to_which_trade_is_forgotten_is_told_of_each_account_and_instrument(world: World) -> None:
    loop = HotLoop(world.state, strategy_rows=4, idle="spin", clock=ManualClock())
    rows = world.state.table("holdings").reshape(2, 2)
    rows["forgotten_trade_id"] = [[1, 2], [3, 4]]
    assert [loop.forgotten_trade(account, instrument) for account in (0, 1) for instrument in (0, 1)] == [1, 2, 3, 4]


def test_a_leg_says_from_when_on_it_can_no_longer_come_about(world: World) -> None:
    loop = HotLoop(world.state, strategy_rows=4, idle="spin", clock=ManualClock())
    expiry_ns = int(world.state.header["request_expiry_ns"])
    assert expiry_ns > 0
    assert [leg.final_ns - leg.sent_ns for leg in loop.open_orders(0)] == [expiry_ns, expiry_ns]


def test_the_open_orders_of_others_are_told_by_the_venues_number(world: World) -> None:
    loop = HotLoop(world.state, strategy_rows=4, idle="spin", clock=ManualClock())
    assert loop.orders_of_others(0) == []
    orders, others = world.state.table("orders"), world.state.table("strategies")[0]
    for slot, account_id, venue_order_id, after in ((10, 0, 900, 12), (12, 1, 901, 11), (11, 0, 902, -1)):
        orders[slot]["account_id"], orders[slot]["instrument_id"] = account_id, 1
        orders[slot]["venue_order_id"], orders[slot]["next_open"] = venue_order_id, after
    others["first_open"] = 10
    assert loop.orders_of_others(0) == [(1, 900), (1, 902)]
    assert loop.orders_of_others(1) == [(1, 901)]
