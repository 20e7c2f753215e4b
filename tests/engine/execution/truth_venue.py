"""Owns venues that tell the truth, but late, out of order between two streams, and not at all while a line is down."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from types import SimpleNamespace

from ipc.enums import ConnectionState, RejectReason, RequestKind, TimeInForce, VenueEvent
from ipc.order_id import LEG_MAX
from tests.engine.core.world import World

Word = tuple[VenueEvent, int, dict[str, int]]


@dataclass
class VenueOrder:
    """One leg as its venue knows it."""

    order_id: int
    leg: int
    instrument_id: int
    side: int
    price_ticks: int
    lots: int
    filled: int = 0
    end: VenueEvent | None = None
    trades: list[Word] = field(default_factory=list)

    @property
    def leaves(self) -> int:
        """What may still trade."""
        return 0 if self.end is not None else self.lots - self.filled


class TruthVenue:
    """The venue of one account. Requests arrive late or never, words wait in two streams, either may be ahead."""

    def __init__(self, world: World, account_id: int, draw: random.Random) -> None:
        self.world, self.account_id = world, account_id
        self.legs: dict[int, VenueOrder] = {}
        self.arriving: deque[SimpleNamespace] = deque()
        self.replies: deque[Word] = deque()
        self.events: deque[Word] = deque()
        self._draw = draw
        self._trade_id = 1_000_000 * (account_id + 1)

    def possible_lots(self, order_id: int) -> int:
        """The most that an order has traded and may still trade here, requests on their way included."""
        legs = [leg for leg in self.legs.values() if leg.order_id == order_id]
        on_their_way = sum(
            request.order_lots
            for request in self.arriving
            if request.order_id & ~LEG_MAX == order_id and request.request_kind == RequestKind.NEW
        )
        return sum(leg.filled + leg.leaves for leg in legs) + on_their_way

    def send(self, request: SimpleNamespace) -> None:
        """A request is on its way."""
        self.arriving.append(request)

    def act(self) -> bool:
        """One thing happens: a request arrives, a word is heard, somebody trades. False when there was nothing."""
        choices = []
        if self.arriving:
            choices += [self._arrive] * 3
        if self.replies:
            choices += [lambda: self._hear(self.replies)] * 3
        if self.events:
            choices += [lambda: self._hear(self.events)] * 3
        if any(leg.leaves for leg in self.legs.values()):
            choices.append(self._trade)
        if not choices:
            return False
        self._draw.choice(choices)()
        return True

    def settle(self) -> None:
        """Everything on its way arrives, every word is heard."""
        while self.arriving or self.replies or self.events:
            if self.arriving:
                self._arrive()
            if self.replies:
                self._hear(self.replies)
            if self.events:
                self._hear(self.events)

    def cut(self) -> None:
        """The line breaks, with half of what was on its way; afterwards everything is asked for."""
        for _ in range(self._draw.randint(0, len(self.arriving))):
            self._arrive()
        self.arriving.clear()
        self.replies.clear()
        self.events.clear()
        self.world.connection(ConnectionState.DOWN, self.account_id)
        self.world.connection(ConnectionState.RECONCILING, self.account_id)
        self.reconcile()
        self.world.connection(ConnectionState.LIVE, self.account_id)

    def reconcile(self) -> None:
        """Every order that has not ended is asked for: its trades first, then how it stands."""
        orders = self.world.state.table("orders")
        is_ours = (orders["account_id"] == self.account_id) & (orders["order_id"] != 0) & (orders["end_reason"] == 0)
        for order in orders[is_ours].copy():
            legs = {int(order["leg"]), int(order["replace_leg"]) if order["replace_state"] != 0 else int(order["leg"])}
            for number in sorted(legs):
                self._tell_leg(int(order["order_id"]) | number)

    def _tell_leg(self, leg_id: int) -> None:
        leg = self.legs.get(leg_id)
        common = {"account_id": self.account_id, "instrument_id": -1, "answers_request": RequestKind.STATUS}
        if leg is None:
            self.world.venue(VenueEvent.NOT_FOUND, leg_id & ~LEG_MAX, leg=leg_id & LEG_MAX, **common)
            return
        for event, order_id, fields in leg.trades:
            self.world.venue(event, order_id & ~LEG_MAX, leg=order_id & LEG_MAX, **fields)
        fields = {**common, "instrument_id": leg.instrument_id, "cumulative_lots": leg.filled}
        fields |= {"order_lots": leg.lots, "price_ticks": leg.price_ticks, "venue_order_id": 900 + leg.leg}
        event = VenueEvent.STATUS if leg.leaves else leg.end or VenueEvent.STATUS
        self.world.venue(event, leg.order_id, leg=leg.leg, **fields)

    def _word(self, event: VenueEvent, leg: VenueOrder, **fields: int) -> Word:
        common = {"account_id": self.account_id, "instrument_id": leg.instrument_id, "venue_order_id": 900 + leg.leg}
        return event, leg.order_id | leg.leg, {**common, **fields}

    def _hear(self, stream: deque[Word]) -> None:
        event, leg_id, fields = stream.popleft()
        self.world.venue(event, leg_id & ~LEG_MAX, leg=leg_id & LEG_MAX, **fields)

    def _arrive(self) -> None:
        request = self.arriving.popleft()
        kind = request.request_kind
        if kind == RequestKind.NEW:
            self._take_new(request)
        elif kind == RequestKind.CANCEL:
            self._take_cancel(request)
        elif kind in (RequestKind.AMEND, RequestKind.CANCEL_REPLACE):
            self._take_change(request)

    def _take_new(self, request: SimpleNamespace, answers: int = RequestKind.NEW) -> VenueOrder | None:
        order_id, leg_number = request.order_id & ~LEG_MAX, request.order_id & LEG_MAX
        assert request.order_id not in self.legs, "no leg is sent twice"
        leg = VenueOrder(
            order_id, leg_number, request.instrument_id, request.side, request.price_ticks, request.order_lots
        )
        if self._draw.random() < 0.08:
            reason = self._draw.choice((RejectReason.OTHER, RejectReason.RATE_LIMIT, RejectReason.WOULD_TAKE_LIQUIDITY))
            self.replies.append(self._word(VenueEvent.REJECTED, leg, reason=reason, answers_request=answers))
            return None
        self.legs[request.order_id] = leg
        self.replies.append(self._word(VenueEvent.ACCEPTED, leg, answers_request=answers))
        self.events.append(self._word(VenueEvent.ACCEPTED, leg))
        if request.time_in_force == TimeInForce.IOC:
            self._fill(leg, self._draw.choice((0, leg.lots, self._draw.randint(0, leg.lots))))
            if leg.leaves:
                leg.end = VenueEvent.EXPIRED
                self.events.append(self._word(VenueEvent.EXPIRED, leg, cumulative_lots=leg.filled))
        return leg

    def _take_cancel(self, request: SimpleNamespace) -> None:
        leg = self.legs.get(request.order_id)
        if leg is None or not leg.leaves:
            ghost = leg or VenueOrder(request.order_id & ~LEG_MAX, request.order_id & LEG_MAX, -1, 0, 0, 0)
            word = self._word(
                VenueEvent.CANCEL_REJECTED,
                ghost,
                reason=RejectReason.UNKNOWN_ORDER,
                answers_request=RequestKind.CANCEL,
            )
            self.replies.append(word)
            return
        leg.end = VenueEvent.CANCELED
        self.replies.append(
            self._word(VenueEvent.CANCELED, leg, cumulative_lots=leg.filled, answers_request=RequestKind.CANCEL)
        )
        self.events.append(self._word(VenueEvent.CANCELED, leg, cumulative_lots=leg.filled))

    def _take_change(self, request: SimpleNamespace) -> None:
        old = self.legs.get(request.original_order_id)
        if old is None or not old.leaves or old.filled:
            ghost = old or VenueOrder(request.order_id & ~LEG_MAX, request.order_id & LEG_MAX, -1, 0, 0, 0)
            self.replies.append(
                self._word(
                    VenueEvent.REPLACE_REJECTED,
                    VenueOrder(ghost.order_id, request.order_id & LEG_MAX, request.instrument_id, ghost.side, 0, 0),
                    reason=RejectReason.UNKNOWN_ORDER,
                    answers_request=request.request_kind,
                )
            )
            return
        old.end = VenueEvent.CANCELED
        new = VenueOrder(
            old.order_id,
            request.order_id & LEG_MAX,
            old.instrument_id,
            old.side,
            request.price_ticks,
            request.order_lots,
        )
        self.legs[request.order_id] = new
        self.replies.append(
            self._word(
                VenueEvent.REPLACED,
                old,
                replacement_order_id=request.order_id,
                answers_request=request.request_kind,
            )
        )

    def _trade(self) -> None:
        leg = self._draw.choice([leg for leg in self.legs.values() if leg.leaves])
        self._fill(leg, self._draw.randint(1, leg.leaves))

    def _fill(self, leg: VenueOrder, lots: int) -> None:
        if lots == 0:
            return
        self._trade_id += 1
        leg.filled += lots
        fields = {"trade_id": self._trade_id, "last_lots": lots, "last_price_ticks": leg.price_ticks}
        word = self._word(VenueEvent.FILL, leg, **fields, cumulative_lots=leg.filled, side=leg.side)
        leg.trades.append(word)
        self.events.append(word)
        if leg.filled == leg.lots:
            leg.end = VenueEvent.STATUS
