"""Owns random trading: any command and any word of a venue in any order, and a ledger of what must come of it."""

import random
from types import SimpleNamespace

from ipc.enums import (
    ConnectionState,
    ExecutionType,
    RecordKind,
    RejectReason,
    RequestKind,
    Side,
    TimeInForce,
    VenueEvent,
)
from ipc.order_id import LEG_MAX, pack
from ipc.records import EXTERNAL_ORDER
from tests.engine.core import random_orders
from tests.engine.core.random_ledger import Ledger, Trade
from tests.engine.core.step_effects import Step
from tests.engine.core.world import EPOCH, INSTANCE, NS_PER_MS, NS_PER_S, World

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
    VenueEvent.TRIGGERED: 1,
    VenueEvent.DONE_FOR_DAY: 0.3,
    VenueEvent.CALCULATED: 0.3,
    VenueEvent.STOPPED: 0.3,
    VenueEvent.SUSPENDED: 0.3,
    VenueEvent.RESTATED: 1,
}
_REASONS = (
    RejectReason.OTHER,
    RejectReason.UNKNOWN_ORDER,
    RejectReason.SELF_TRADE,
    RejectReason.RATE_LIMIT,
    RejectReason.NOT_SENT,
)


def trading_world() -> World:
    """A world with few slots, in which requests may stay unanswered for too long."""
    world = World(orders=24, tombstones=64, trades=8_192)
    world.state.table("terms")["acknowledgement_timeout_ns"] = 2 * NS_PER_S
    world.state.table("terms")["cancel_timeout_ns"] = NS_PER_S
    return world


class RandomTrading:
    """Feeds a world; every step's effects are checked, and every fill that is new is written down."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.ledger = Ledger()
        self._random = random.Random(seed)
        self._orders: dict[int, dict[str, int]] = {}
        self._sent_legs: set[int] = set()
        self._unanswered: list[SimpleNamespace] = []

    def take_step(self) -> None:
        """One input of some kind."""
        world, roll = self.world, self._random.random()
        world.now_ns += self._random.choice((0, 1, NS_PER_MS, 30 * NS_PER_MS, 400 * NS_PER_MS))
        if roll < 0.30:
            self._check(random_orders.command(world, self._random, list(self._orders)))
        elif roll < 0.60 and self._unanswered:
            self._check(self._answer(self._unanswered.pop(self._random.randrange(len(self._unanswered)))))
        elif roll < 0.83 and self._sent_legs:
            sent = [order_id for order_id in list(self._orders)[-12:] if order_id in self._sent_legs]
            self._check(self._venue_word(self._random.choice(sent or sorted(self._sent_legs)[-1:]) & ~LEG_MAX))
        elif roll < 0.85 and self.ledger.trades:
            self._check(self._word_on_trade())
        elif roll < 0.87:
            self._check(self._word_on_unknown_order())
        elif roll < 0.91:
            self._check(world.after(self._random.choice((0, 60 * NS_PER_MS, NS_PER_S, 7 * NS_PER_S))))
        elif roll < 0.98:
            bid = self._random.randint(9_900, 10_000)
            self._check(world.book_top(bid, bid + 5, self._random.randint(0, 1)))
        else:
            account_id = self._random.randint(0, 1)
            self._check(world.connection(ConnectionState.DOWN, account_id))
            self._check(world.connection(ConnectionState.LIVE, account_id))

    def _word_on_trade(self) -> Step:
        """The venue takes a trade back or corrects it."""
        draw = self._random
        key = draw.choice(list(self.ledger.trades)[-20:])
        trade, (trade_id, instrument_id, side) = self.ledger.trades[key], key
        lots = draw.choice((0, trade.lots, draw.randint(1, 12)))
        fields = {"trade_id": trade_id, "instrument_id": instrument_id, "side": side, "account_id": trade.account_id}
        self.ledger.change(key, lots)
        order_id = trade.order_id or EXTERNAL_ORDER
        if lots == 0:
            return self.world.venue(VenueEvent.TRADE_CANCELED, order_id, **fields)
        contents = {"last_lots": lots, "last_price_ticks": draw.randint(9_980, 10_020)}
        return self.world.venue(VenueEvent.TRADE_CORRECTED, order_id, **contents, **fields)

    def _word_on_unknown_order(self) -> Step:
        """An order of an earlier run, or one of others, comes to light."""
        draw = self._random
        side, account_id, instrument_id = draw.choice((Side.BUY, Side.SELL)), draw.randint(0, 1), draw.randint(0, 1)
        # Recent ones: what was forgotten altogether and comes again would be another order.
        number = len(self.world.inputs) // 100 + draw.randint(1, 2)
        fields = {
            "side": side,
            "account_id": account_id,
            "instrument_id": instrument_id,
            "order_lots": 50,
            "venue_order_id": 7_000 + number,
            "cumulative_lots": -1,
        }
        event = draw.choice((VenueEvent.ACCEPTED, VenueEvent.FILL, VenueEvent.STATUS, VenueEvent.CANCELED))
        strategy = draw.randint(1, 3)
        order_id = pack(instance=INSTANCE, epoch=EPOCH - 1, strategy_id=strategy, sequence=number)
        is_external = draw.random() < 0.5
        fields["account_id"] = number % 2
        if not is_external:
            # What an order is does not change with the report that makes it known.
            fields |= {"side": 1 + number % 2, "instrument_id": number // 2 % 2}
            self._orders.setdefault(
                order_id,
                {
                    "strategy": strategy,
                    "account_id": fields["account_id"],
                    "instrument_id": fields["instrument_id"],
                    "side": fields["side"],
                    "lots": 50,
                },
            )
        else:
            fields |= {"side": 1 + number % 2}
        if event == VenueEvent.FILL:
            lots, trade_id = draw.randint(1, 3), draw.randint(1, 5_000)
            fields |= {"trade_id": trade_id, "last_lots": lots, "last_price_ticks": 10_000, "fee_asset_id": -1}
            key = (trade_id, fields["instrument_id"], fields["side"])
            owner = 0 if is_external else strategy
            own_id = 0 if is_external else order_id
            self.ledger.book(key, Trade(own_id, owner, fields["account_id"], lots))
        fields["price_ticks"] = 10_000
        return self.world.feed(
            RecordKind.VENUE_REPORT, order_id=EXTERNAL_ORDER if is_external else order_id, event=event, **fields
        )

    def _venue_word(self, order_id: int) -> Step:
        order, draw = self._orders[order_id], self._random
        event = draw.choices(list(_EVENTS), list(_EVENTS.values()))[0]
        legs = [leg & LEG_MAX for leg in self._sent_legs if leg & ~LEG_MAX == order_id]
        leg = draw.choice((max(legs), max(legs), draw.choice(legs), min(max(legs) + 1, LEG_MAX)))
        fields: dict[str, int] = {"account_id": order["account_id"], "instrument_id": order["instrument_id"]}
        if event == VenueEvent.FILL:
            return self._fill(order_id, leg, fields)
        done = self.ledger.filled[order_id]
        if event == VenueEvent.REPLACED:
            # A venue never takes away what is filled.
            fields["order_lots"] = draw.choice((-1, draw.randint(done + 1, done + 12)))
            fields["replacement_order_id"] = draw.choice((0, order_id | max(legs)))
        if event in (VenueEvent.CANCELED, VenueEvent.EXPIRED):
            fields["cumulative_lots"] = draw.choice((-1, done, done, done + 2))
        if event == VenueEvent.STATUS:
            fields["cumulative_lots"] = draw.choice((-1, done, max(done - 1, 0), done + 1))
        if event == VenueEvent.RESTATED:
            fields["order_lots"] = draw.choice((-1, draw.randint(done + 1, done + 12)))
        fields["reason"] = draw.choice(_REASONS)
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
        lots = draw.choice((1, 2, 5, max(order["lots"] - self.ledger.filled[order_id], 1)))
        trade_id = draw.randint(1, 5_000)
        step = self.world.fill(order_id, lots, draw.randint(9_980, 10_020), leg=leg, trade_id=trade_id, **fields)
        key = (trade_id, fields["instrument_id"], order["side"])
        self.ledger.book(key, Trade(order_id, order["strategy"], fields["account_id"], lots))
        return step

    def _check(self, step: Step) -> None:
        assert len(step.requests) <= _REQUESTS_MAX
        self._unanswered = (self._unanswered + step.requests)[-6:]
        for request in step.requests:
            self._check_request(request)
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
        self.ledger.check(self.world, step)

    def _check_request(self, request: SimpleNamespace) -> None:
        if request.request_kind in (RequestKind.NEW, RequestKind.CANCEL_REPLACE):
            assert request.price_ticks > 0
            assert request.order_id not in self._sent_legs, "an id is put on a wire once"
            assert request.order_lots > 0
            assert 0 <= request.display_lots < request.order_lots
            assert request.time_in_force not in (TimeInForce.GTD, TimeInForce.DAY), "the engine keeps the date"
            self._sent_legs.add(request.order_id)
