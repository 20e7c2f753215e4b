"""Random sequences: no state falls without arming, and nothing leaves that the states forbid."""

import numpy as np
import pytest

from engine.core.scopes import account_row, instrument_row, strategy_row, venue_row
from ipc.enums import RequestKind, ScopeKind, Side, TradingState, VenueEvent
from ipc.order_id import LEG_MAX
from tests.engine.core.invariants import check_invariants
from tests.engine.core.refused_states import SCOPES, arm, set_state
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_MS, World

CANCELS = (RequestKind.CANCEL, RequestKind.CANCEL_ALL)
STEPS = 250


def worst_state(world: World, strategy_id: int, account_id: int, instrument_id: int) -> TradingState:
    """What holds where an order of these lies, read from the rows and not from the check."""
    address = world.state.address
    rows = (
        0,
        venue_row(address, account_id),
        account_row(address, account_id),
        strategy_row(address, strategy_id),
        instrument_row(address, instrument_id),
    )
    return TradingState(max(int(world.row("scopes", int(row))["trading_state"]) for row in rows))


def check_requests(world: World, step: Step) -> None:
    for request in step.requests:
        if request.request_kind in CANCELS:
            continue
        state = worst_state(world, request.strategy_id, request.account_id, request.instrument_id)
        assert state < TradingState.CANCEL_ONLY, f"{RequestKind(request.request_kind).name} left at {state.name}"
        if state == TradingState.REDUCE_ONLY:
            book = world.book(request.strategy_id, request.instrument_id)
            held, is_buy = int(book["position_lots"]), request.side == Side.BUY
            working = int(book["open_buy_lots" if is_buy else "open_sell_lots"])
            assert working <= max(-held if is_buy else held, 0), "what works could increase the position"


class Walk:
    """One random life of a world."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.world = World(orders=128)
        self.world.state.header["duplicate_orders_max"] = 1_000_000
        self.order_ids: list[int] = []

    def one(self) -> tuple[Step, bool]:
        """One input; whether a person armed something by it."""
        world, choice = self.world, int(self.random.integers(14))
        if choice < 5:
            return self._new_order(), False
        if choice == 5:
            scope = list(SCOPES.values())[self.random.integers(len(SCOPES))]
            return set_state(world, *scope, TradingState(int(self.random.integers(1, 4)))), False
        if choice == 6:
            scope = list(SCOPES.values())[self.random.integers(len(SCOPES))]
            return arm(world, *scope, TradingState(int(self.random.integers(4)))), True
        if choice < 9 or not self.order_ids:
            return world.after(int(self.random.choice([1, 60, 300])) * NS_PER_MS), False
        return self._on_order(choice), False

    def _new_order(self) -> Step:
        side, lots = int(self.random.integers(1, 3)), int(self.random.integers(1, 12))
        terms = {"side": side, "order_lots": lots, "price_ticks": int(self.random.integers(8, 12)) * 1_000}
        step = self.world.new_order(strategy=int(self.random.integers(1, 3)), **terms)
        self.order_ids += [request.order_id for request in step.requests]
        return step

    def _on_order(self, choice: int) -> Step:
        world, order_id = self.world, int(self.random.choice(self.order_ids[-12:]))
        rows = world.state.table("orders")
        found = rows[rows["order_id"] == order_id & ~LEG_MAX]
        if len(found) == 0:
            return world.timer()
        strategy_id, leg = int(found[0]["strategy_id"]), int(found[0]["leg"])
        if choice < 11:
            change = {"order_lots": (1, 14), "price_ticks": (8_000, 9_000)}
            name = "order_lots" if choice == 9 else "price_ticks"
            value = int(self.random.integers(*change[name]))
            return world.amend(order_id & ~LEG_MAX, strategy=strategy_id, **{name: value})
        if choice == 11:
            return world.accept(order_id & ~LEG_MAX, leg=leg)
        # A leg that is being replaced may be gone, and what is gone does not trade.
        if choice == 12 and found[0]["end_reason"] == 0 and found[0]["replace_state"] == 0:
            return world.fill(order_id & ~LEG_MAX, 1, leg=leg)
        return world.venue(VenueEvent.CANCELED, order_id & ~LEG_MAX, leg=leg)


@pytest.mark.parametrize("seed", range(20))
def test_no_state_falls_by_itself_and_nothing_forbidden_leaves(seed: int) -> None:
    walk = Walk(seed)
    scopes = walk.world.state.table("scopes")
    before = scopes["trading_state"].copy()
    for _ in range(STEPS):
        step, is_armed = walk.one()
        assert is_armed or (scopes["trading_state"] >= before).all(), "a state fell by itself"
        check_requests(walk.world, step)
        before = scopes["trading_state"].copy()
    check_invariants(walk.world)
    named = {kind for kind, _ in SCOPES.values()}
    assert named == set(ScopeKind) - {ScopeKind.BOOK}
