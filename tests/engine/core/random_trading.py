"""Owns random trading: any command and any word of a venue in any order, and a ledger of what must come of it."""

import random
from collections import defaultdict
from types import SimpleNamespace

from ipc.enums import (
    ConnectionState,
    ExecutionType,
    OrderFlag,
    OrderType,
    RejectReason,
    RequestKind,
    Side,
    TimeInForce,
    VenueEvent,
)
from ipc.order_id import LEG_MAX
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_MS, NS_PER_S, World

_REQUESTS_MAX = 40
_EVENTS = {
    VenueEvent.ACCEPTED: 6,
    VenueEvent.FILL: 6,
    VenueEvent.CANCELED: 2,
    VenueEvent.EXPIRED: 2,
    VenueEvent.REJECTED: 1,
    VenueEvent.CANCEL_REJECTED: 2,
    VenueEvent.REPLACED: 3,
    VenueEvent.REPLACE_REJECTED: 1,
    VenueEvent.STATUS: 2,
    VenueEvent.NOT_FOUND: 2,
    VenueEvent.OUTCOME_UNKNOWN: 1,
}


class RandomTrading:
    """Feeds a world; every step's effects are checked, and every fill that is new is written down."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self._random = random.Random(seed)
        self._orders: dict[int, dict[str, int]] = {}
        self._sent_legs: set[int] = set()
        self._trades: set[tuple[int, int, int]] = set()
        self.filled: dict[int, int] = defaultdict(int)
        self.positions: dict[tuple[int, int], int] = defaultdict(int)
        self._ends: dict[int, int] = {}
        self._unanswered: list[SimpleNamespace] = []

    def take_step(self) -> None:
        """One input of some kind."""
        world, roll = self.world, self._random.random()
        world.now_ns += self._random.choice((0, 1, NS_PER_MS, 30 * NS_PER_MS, 400 * NS_PER_MS))
        if roll < 0.30:
            self._check(self._command())
        elif roll < 0.60 and self._unanswered:
            self._check(self._answer(self._unanswered.pop(self._random.randrange(len(self._unanswered)))))
        elif roll < 0.85 and self._orders:
            self._check(self._venue_word(self._random.choice(list(self._orders)[-12:])))
        elif roll < 0.90:
            self._check(world.after(self._random.choice((0, 60 * NS_PER_MS, NS_PER_S, 7 * NS_PER_S))))
        elif roll < 0.98:
            bid = self._random.randint(9_900, 10_000)
            self._check(world.book_top(bid, bid + 5, self._random.randint(0, 1)))
        else:
            account_id = self._random.randint(0, 1)
            self._check(world.connection(ConnectionState.DOWN, account_id))
            self._check(world.connection(ConnectionState.LIVE, account_id))

    def _command(self) -> Step:
        world, choose = self.world, self._random.choice
        strategy, roll = self._random.randint(1, 3), self._random.random()
        orders = world.state.table("orders")
        is_own = (orders["order_id"] != 0) & (orders["strategy_id"] == strategy) & (orders["end_reason"] == 0)
        known = [int(order_id) for order_id in orders["order_id"][is_own]] or list(self._orders)[-1:]
        if roll < 0.5 or not known:
            return self._new_order(strategy)
        if roll < 0.55:
            lots = self._random.randint(-30, 30)
            return world.target(strategy=strategy, target_lots=lots, instrument_id=self._random.randint(0, 1))
        if roll < 0.68:
            return world.cancel(choose(known), strategy=strategy)
        if roll < 0.97:
            lots, price = choose((0, 0, self._random.randint(1, 20))), choose((0, self._random.randint(9_950, 10_000)))
            return world.amend(choose(known), strategy=strategy, price_ticks=price, order_lots=lots)
        return world.cancel_all(strategy=strategy, instrument_id=self._random.randint(-1, 1))

    def _new_order(self, strategy: int) -> Step:
        choose = self._random.choice
        order_type = choose((OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET))
        is_limit = order_type == OrderType.LIMIT
        time_in_force = choose((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
        may_rest = is_limit and time_in_force == TimeInForce.GTC
        return self.world.new_order(
            strategy=strategy,
            account_id=self._random.randint(0, 1),
            instrument_id=self._random.randint(0, 1),
            side=choose((Side.BUY, Side.SELL)),
            order_type=order_type,
            time_in_force=time_in_force,
            order_flags=int(OrderFlag.POST_ONLY) if may_rest and self._random.random() < 0.2 else 0,
            price_ticks=self._random.randint(9_990, 10_010) if is_limit else 0,
            order_lots=self._random.randint(1, 20),
            execution_timeout_ms=choose((-1, -1, 200, 3_000)),
        )

    def _venue_word(self, order_id: int) -> Step:
        order, draw = self._orders[order_id], self._random
        event = draw.choices(list(_EVENTS), list(_EVENTS.values()))[0]
        legs = [leg & LEG_MAX for leg in self._sent_legs if leg & ~LEG_MAX == order_id]
        leg = draw.choice((max(legs), max(legs), draw.choice(legs), min(max(legs) + 1, LEG_MAX)))
        fields: dict[str, int] = {"account_id": order["account_id"], "instrument_id": order["instrument_id"]}
        if event == VenueEvent.FILL:
            return self._fill(order_id, leg, fields)
        done = self.filled[order_id]
        if event == VenueEvent.REPLACED:
            # A venue never takes away what is filled.
            fields["order_lots"] = draw.choice((-1, draw.randint(done + 1, done + 12)))
            fields["replacement_order_id"] = draw.choice((0, order_id | max(legs)))
        if event in (VenueEvent.CANCELED, VenueEvent.EXPIRED):
            fields["cumulative_lots"] = draw.choice((-1, done, done, done + 2))
        fields["reason"] = draw.choice((RejectReason.OTHER, RejectReason.UNKNOWN_ORDER, RejectReason.SELF_TRADE))
        fields["answers_request"] = draw.choice((0, *RequestKind))
        return self.world.venue(event, order_id, leg=leg, venue_order_id=900 + leg, **fields)

    def _answer(self, request: SimpleNamespace) -> Step:
        """What a venue that has nothing against a request may say to it."""
        order_id, leg, draw = request.order_id & ~LEG_MAX, request.order_id & LEG_MAX, self._random
        place = {"account_id": request.account_id, "instrument_id": request.instrument_id}
        answer = {**place, "answers_request": request.request_kind, "venue_order_id": 900 + leg}
        if request.request_kind == RequestKind.NEW:
            never_rests = request.time_in_force != TimeInForce.GTC and draw.random() < 0.6
            event = VenueEvent.EXPIRED if never_rests else VenueEvent.ACCEPTED
            return self.world.venue(event, order_id, leg=leg, **answer)
        if request.request_kind == RequestKind.CANCEL:
            return self.world.venue(VenueEvent.CANCELED, order_id, leg=leg, **answer)
        if request.request_kind == RequestKind.AMEND:
            return self.world.venue(VenueEvent.REPLACED, order_id, leg=leg, order_lots=request.order_lots, **answer)
        return self._answer_replacement(request, order_id, leg, answer, place)

    def _answer_replacement(
        self, request: SimpleNamespace, order_id: int, leg: int, answer: dict[str, int], place: dict[str, int]
    ) -> Step:
        old_leg = request.original_order_id & LEG_MAX
        how = self._random.choice(("answer", "old leg first", "new leg first", "fill first", "refused"))
        if how == "refused":
            return self.world.venue(VenueEvent.REPLACE_REJECTED, order_id, leg=leg, **answer)
        if how == "fill first":
            return self._fill(order_id, leg, place)
        if how == "answer":
            names = {"replacement_order_id": request.order_id, **answer}
            return self.world.venue(VenueEvent.REPLACED, order_id, leg=old_leg, **names)
        if how == "old leg first":
            self._check(self.world.venue(VenueEvent.CANCELED, order_id, leg=old_leg, **place))
        return self.world.venue(VenueEvent.ACCEPTED, order_id, leg=leg, **place)

    def _fill(self, order_id: int, leg: int, fields: dict[str, int]) -> Step:
        order, draw = self._orders[order_id], self._random
        lots = draw.choice((1, 2, 5, max(order["lots"] - self.filled[order_id], 1)))
        trade_id = draw.randint(1, 5_000)
        step = self.world.fill(order_id, lots, draw.randint(9_980, 10_020), leg=leg, trade_id=trade_id, **fields)
        trade = (trade_id, fields["instrument_id"], order["side"])
        if trade not in self._trades:
            self._trades.add(trade)
            self.filled[order_id] += lots
            sign = 1 if order["side"] == Side.BUY else -1
            self.positions[order["strategy"], fields["instrument_id"]] += sign * lots
        return step

    def _check(self, step: Step) -> None:
        assert len(step.requests) <= _REQUESTS_MAX
        self._unanswered = (self._unanswered + step.requests)[-6:]
        for request in step.requests:
            assert request.price_ticks > 0
            if request.request_kind in (RequestKind.NEW, RequestKind.CANCEL_REPLACE):
                assert request.order_id not in self._sent_legs, "an id is put on a wire once"
                assert request.order_lots > 0
                self._sent_legs.add(request.order_id)
        for report in step.reports:
            assert report.leaves_lots >= 0
            if report.execution_type == ExecutionType.PENDING_NEW:
                self._orders[report.order_id] = {
                    "strategy": report.strategy,
                    "account_id": report.account_id,
                    "instrument_id": report.instrument_id,
                    "side": report.side,
                    "lots": report.order_lots,
                }
        self._check_ledger()

    def _check_ledger(self) -> None:
        world = self.world
        for (strategy, instrument_id), lots in self.positions.items():
            assert int(world.book(strategy, instrument_id)["position_lots"]) == lots
        orders = world.state.table("orders")
        for order_id, lots, end in zip(
            orders["order_id"], orders["cumulative_lots"], orders["end_reason"], strict=True
        ):
            if order_id == 0:
                continue
            assert int(lots) == self.filled[int(order_id)]
            assert self._ends.setdefault(int(order_id), int(end)) == end, "an order ends once"
            if end == 0:
                del self._ends[int(order_id)]
