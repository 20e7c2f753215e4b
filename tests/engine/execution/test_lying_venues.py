"""Venues that say anything at any time: parents stay sound, none sends more than it is, and each can be ended."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from ipc.enums import ConnectionState, EndReason, RecordKind, RejectReason, RequestKind, Side, TimeInForce, VenueEvent
from ipc.market_tables import DEPTH_LEVELS
from ipc.order_id import LEG_MAX
from ipc.parent_enums import ParentState
from tests.engine.core.invariants import check_invariants
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_MS, NS_PER_S
from tests.engine.execution.test_random_parents import RandomParents

SEEDS = int(os.environ.get("OMS_PARENT_SEEDS", "30"))
STEPS = 250
_EVENTS = {
    VenueEvent.ACCEPTED: 6,
    VenueEvent.FILL: 8,
    VenueEvent.CANCELED: 3,
    VenueEvent.EXPIRED: 2,
    VenueEvent.REJECTED: 2,
    VenueEvent.CANCEL_REJECTED: 2,
    VenueEvent.REPLACED: 3,
    VenueEvent.REPLACE_REJECTED: 1,
    VenueEvent.STATUS: 2,
    VenueEvent.NOT_FOUND: 2,
    VenueEvent.OUTCOME_UNKNOWN: 1,
    VenueEvent.DONE_FOR_DAY: 0.3,
    VenueEvent.SUSPENDED: 0.3,
    VenueEvent.RESTATED: 1,
}
_REASONS = (
    RejectReason.OTHER,
    RejectReason.UNKNOWN_ORDER,
    RejectReason.SELF_TRADE,
    RejectReason.RATE_LIMIT,
    RejectReason.NOT_SENT,
    RejectReason.WOULD_TAKE_LIQUIDITY,
)
_EXTREMES = (1, 2, 1 << 30, 1 << 46, (1 << 46) + 1, 1 << 53)


class LyingVenues(RandomParents):
    """The clients of random parents, and venues of which no word need be true."""

    def __init__(self, seed: int) -> None:
        self.legs: dict[int, SimpleNamespace] = {}
        self.trades: list[tuple[int, int]] = []
        self.unanswered: list[SimpleNamespace] = []
        super().__init__(seed)

    def feed_words(self, words: object, *, source: int) -> Step:
        """Applies a record and looks at what leaves."""
        step = super(RandomParents, self).feed_words(words, source=source)
        assert len(step.requests) <= 40, "a step asks for no more than the loop keeps free"
        for request in step.requests:
            if request.request_kind in (RequestKind.NEW, RequestKind.CANCEL_REPLACE):
                assert request.order_id not in self.legs, "an id is put on a wire once"
                self.legs[request.order_id] = request
            self._check_sent(request)
        sent = {request.order_id for request in step.requests if request.request_kind == RequestKind.NEW}
        for parent_id in {self.sent_by[order_id] for order_id in sent & set(self.sent_by)}:
            self._check_parent(parent_id)
        self.unanswered = (self.unanswered + step.requests)[-8:]
        return step

    def _check_parent(self, parent_id: int) -> None:
        """Who has just sent works for no more than it is."""
        parent = self.parent_row(parent_id)
        orders = self.state.table("orders")
        children = orders[(orders["parent_order_id"] == parent_id) & (orders["order_id"] != 0)]
        living = children[children["end_reason"] == EndReason.NONE]
        working = sum(int(child["reserved_lots"]) * self.scale(int(child["instrument_id"])) for child in living)
        assert parent["cumulative_lots"] + working <= parent["order_lots"]

    def check(self) -> None:
        """Nothing beyond what is looked at when something is sent: what venues say happened need not have."""

    # ---- what happens ----
    def act(self) -> None:
        """One thing happens somewhere."""
        draw, roll = self.draw, self.draw.random()
        self.now_ns += draw.choice((0, 0, 1, NS_PER_MS, 20 * NS_PER_MS, 300 * NS_PER_MS))
        if roll < 0.08:
            self._new_parent()
        elif roll < 0.16:
            self._command_parent()
        elif roll < 0.18:
            self.cancel_all(**{name: draw.randint(-1, 1) for name in ("instrument_id", "account_id")})
        elif roll < 0.24:
            self.quote()
        elif roll < 0.32:
            self._tell_market()
        elif roll < 0.34:
            account_id = draw.randint(0, 1)
            for state in (ConnectionState.DOWN, ConnectionState.LIVE):
                self.connection(state, account_id)
        elif roll < 0.48:
            self.pass_time(draw.choice((0, 60 * NS_PER_MS, NS_PER_S)))
        elif roll < 0.75 and self.unanswered:
            self._answer(self.unanswered.pop(draw.randrange(len(self.unanswered))))
        elif roll < 0.80 and self.trades:
            self._word_on_trade()
        elif self.legs:
            self._word(draw.choice(list(self.legs)[-20:]))
        else:
            self.quote()

    def _tell_market(self) -> None:
        """Depth, trades and prices that need make no sense."""
        draw, instrument_id = self.draw, self.draw.randint(0, 1)
        middle = 10_000 if instrument_id == 0 else 100_000
        price = draw.choice((middle, middle, draw.choice(_EXTREMES)))
        roll = draw.random()
        if roll < 0.4:
            side = draw.choice((Side.BUY, Side.SELL))
            fields = {"instrument_id": instrument_id, "side": side, "venue_sequence": draw.choice((0, 0, self.now_ns))}
            for place in range(DEPTH_LEVELS):
                fields[f"price_ticks_{place}"] = price + (place - draw.randint(-1, 3)) * draw.choice((-1, 1, 5))
                fields[f"lots_{place}"] = draw.choice((0, 1, 50, draw.choice(_EXTREMES)))
            self.feed(RecordKind.BOOK_DEPTH, **fields)
        elif roll < 0.7:
            other = draw.choice((price - 5, price, price + 5, 0, -1))
            lots = draw.choice((0, 1, 50, draw.choice(_EXTREMES)))
            self.book_top(price, other, instrument_id, bid_lots=lots, ask_lots=lots)
        else:
            lots = draw.choice((0, 30, -5, 1 << 53, 1 << 62))
            fields = {"last_trade_id": draw.randint(0, 1 << 62), "last_price_ticks": price, "trade_count": lots}
            fields |= {"bought_lots": lots, "sold_lots": draw.choice((0, lots)), "missed_count": draw.choice((0, 3))}
            self.feed(RecordKind.MARKET_TRADES, instrument_id=instrument_id, traded_notional=lots, **fields)

    def _place(self, leg_id: int) -> dict[str, int]:
        request = self.legs[leg_id]
        return {"account_id": request.account_id, "instrument_id": request.instrument_id}

    def _answer(self, request: SimpleNamespace) -> None:
        """What an honest venue would say to a request."""
        order_id, leg, kind = request.order_id & ~LEG_MAX, request.order_id & LEG_MAX, request.request_kind
        fields = {"account_id": request.account_id, "instrument_id": request.instrument_id, "answers_request": kind}
        fields["venue_order_id"] = 900 + leg
        if kind == RequestKind.CANCEL:
            self.venue(VenueEvent.CANCELED, order_id, leg=leg, **fields)
        elif kind == RequestKind.NEW:
            is_over = request.time_in_force == TimeInForce.IOC and self.draw.random() < 0.6
            self.venue(VenueEvent.EXPIRED if is_over else VenueEvent.ACCEPTED, order_id, leg=leg, **fields)
        elif kind == RequestKind.CANCEL_REPLACE:
            old_leg = request.original_order_id & LEG_MAX
            self.venue(VenueEvent.REPLACED, order_id, leg=old_leg, replacement_order_id=request.order_id, **fields)

    def _word(self, leg_id: int) -> None:
        """Any word on an order that was sent, whatever was said of it before."""
        draw, order_id, leg = self.draw, leg_id & ~LEG_MAX, leg_id & LEG_MAX
        event = draw.choices(list(_EVENTS), list(_EVENTS.values()))[0]
        fields = self._place(leg_id)
        request = self.legs[leg_id]
        if event == VenueEvent.FILL:
            lots = draw.choice((1, 2, request.order_lots, request.order_lots + 7))
            self._fill(order_id, leg, lots, fields)
            return
        if event == VenueEvent.REPLACED:
            fields["order_lots"] = draw.choice((-1, request.order_lots + 3))
        if event in (VenueEvent.CANCELED, VenueEvent.EXPIRED, VenueEvent.STATUS):
            fields["cumulative_lots"] = draw.choice((-1, 0, 1, request.order_lots, request.order_lots + 2))
        if event == VenueEvent.RESTATED:
            fields["order_lots"] = draw.choice((-1, request.order_lots))
        fields |= {"reason": draw.choice(_REASONS), "answers_request": draw.choice((0, *RequestKind))}
        self.venue(event, order_id, leg=leg, venue_order_id=900 + leg, **fields)

    def _fill(self, order_id: int, leg: int, lots: int, fields: dict[str, int]) -> None:
        self._trade_id += 1
        self.trades.append((order_id | leg, self._trade_id))
        price = self.draw.choice((10_000, 100_000, 1, 1 << 30))
        fee = {"fee_asset_id": 1, "fee_units": self.draw.choice((0, 7, -7, 1 << 50))}
        self.fill(order_id, lots, price, leg=leg, trade_id=self._trade_id, **fields, **fee)

    def _word_on_trade(self) -> None:
        """A trade is taken back, corrected, or told again."""
        leg_id, trade_id = self.draw.choice(self.trades[-30:])
        order_id, leg = leg_id & ~LEG_MAX, leg_id & LEG_MAX
        fields = self._place(leg_id) | {"trade_id": trade_id, "side": self.legs[leg_id].side}
        if self.draw.random() < 0.5:
            self.venue(VenueEvent.TRADE_CANCELED, order_id, leg=leg, **fields)
        else:
            contents = {"last_lots": self.draw.randint(1, 60), "last_price_ticks": self.draw.randint(1, 20_000)}
            event = self.draw.choice((VenueEvent.TRADE_CORRECTED, VenueEvent.FILL))
            self.venue(event, order_id, leg=leg, **contents, **fields)

    # ---- the end ----
    def tell_fates(self) -> None:
        """Of every child that lives the venue says that it is over, and which of its trades are missing."""
        orders = self.state.table("orders")
        for order in orders[(orders["order_id"] != 0) & (orders["end_reason"] == EndReason.NONE)].copy():
            order_id, legs = int(order["order_id"]), {int(order["leg"]), int(order["replace_leg"])}
            fields = {"account_id": int(order["account_id"]), "instrument_id": int(order["instrument_id"])}
            missing = int(order["stated_lots"]) - int(order["cumulative_lots"])
            if missing > 0:
                self._fill(order_id, int(order["leg"]), missing, fields)
            for leg in sorted(legs):
                self.venue(VenueEvent.CANCELED, order_id, leg=leg, **fields)

    def finish(self) -> None:
        """Everybody cancels, and the venues at last say what became of everything."""
        self.connection(ConnectionState.LIVE, 0)
        self.connection(ConnectionState.LIVE, 1)
        for parent in self.state.table("parents"):
            if parent["order_id"] and parent["parent_state"] < ParentState.ENDING:
                strategy, order_id = int(parent["strategy_id"]), int(parent["order_id"])
                assert not self.cancel(order_id, strategy=strategy, expires_utc_ns=1 << 62).refusals
        for _ in range(12):
            self.pass_time(NS_PER_S)
            self.tell_fates()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_venues_say_parents_stay_sound_and_every_one_can_be_ended(seed: int) -> None:
    world = LyingVenues(seed)
    for number in range(STEPS):
        world.act()
        if number % 5 == 0:
            check_invariants(world)
    world.finish()
    check_invariants(world)
    parents = world.state.table("parents")
    stuck = parents[(parents["order_id"] != 0) & (parents["parent_state"] != ParentState.ENDED)]
    assert len(stuck) == 0, stuck
    orders = world.state.table("orders")
    is_child = (orders["order_id"] != 0) & (orders["parent_order_id"] != 0)
    assert np.all(orders["end_reason"][is_child] != EndReason.NONE), "no child lives that nobody owns"
