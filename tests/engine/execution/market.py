"""Owns a small market for parents: one book whose other side fills what crosses it, and time that the core asks for."""

from types import SimpleNamespace

import numpy as np

from ipc.enums import EndReason, RecordKind, RequestKind, Side, TimeInForce, VenueEvent
from ipc.order_id import LEG_MAX
from ipc.parent_enums import Algorithm, ParentEvent, ParentState
from ipc.records import SLICES_PER_RECORD
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_S, UTC_OFFSET_NS, World

PARENT_DEFAULTS = {"side": Side.BUY, "order_lots": 100, "algorithm": Algorithm.SWEEP}


class Market(World):
    """The core's world with a venue that answers by itself, unless a test wants to answer."""

    def __init__(self) -> None:
        super().__init__(orders=512, trades=512, parents=256)
        self.state.table("terms")["rate_limit_window_ns"] = 1
        self.is_answering = True
        self.resting: dict[int, SimpleNamespace] = {}
        self.offered = {Side.BUY: 1_000_000, Side.SELL: 1_000_000}
        self.sent: list[tuple[int, SimpleNamespace]] = []
        self.parent_reports: list[SimpleNamespace] = []
        self.route_decisions: list[SimpleNamespace] = []
        self.bid_ticks, self.ask_ticks = 9_990, 10_010
        self.quote()

    # ---- what is asked of the core ----
    def feed_words(self, words: object, *, source: int) -> Step:
        """Applies a record, and what the venue answers to it."""
        step = super().feed_words(words, source=source)
        self.parent_reports += step.parent_reports
        self.route_decisions += step.route_decisions
        for request in step.requests:
            self.sent.append((self.now_ns, request))
        if self.is_answering:
            for request in step.requests:
                self._answer(request)
        return step

    def quote(self, bid_ticks: int | None = None, ask_ticks: int | None = None, *, lots: int = 1_000) -> Step:
        """Moves the book, or says again where it is; what rests and is crossed by it is filled."""
        self.bid_ticks = self.bid_ticks if bid_ticks is None else bid_ticks
        self.ask_ticks = self.ask_ticks if ask_ticks is None else ask_ticks
        step = self.book_top(self.bid_ticks, self.ask_ticks, bid_lots=lots, ask_lots=lots)
        if self.is_answering:
            for child in list(self.resting.values()):
                is_buy = child.side == Side.BUY
                if child.price_ticks >= self.ask_ticks if is_buy else child.price_ticks <= self.bid_ticks:
                    self.trade(child.order_id, child.leaves)
        return step

    def parent(self, **fields: int) -> int:
        """A parent that passes, to buy 100 lots by a sweep unless told otherwise; returns its id."""
        step = self.try_parent(**fields)
        assert not step.refusals, step.refusals
        return int(step.parent_reports[0].order_id)

    def try_parent(self, **fields: int) -> Step:
        """A parent that may be refused; `start` and `end` are nanoseconds from now."""
        utc_ns = self.now_ns + UTC_OFFSET_NS
        for name in ("start", "end"):
            if name in fields:
                fields[f"{name}_utc_ns"] = utc_ns + fields.pop(name)
        return self.command(RecordKind.NEW_PARENT, **{**PARENT_DEFAULTS, **fields})

    def schedule(self, order_id: int, lots: list[int]) -> list[Step]:
        """Sends a schedule in as many parts as it takes."""
        steps = []
        for first in range(0, len(lots), SLICES_PER_RECORD):
            part = lots[first : first + SLICES_PER_RECORD]
            words = {f"lots_{place}": value for place, value in enumerate(part)}
            fields = {"first_slice": first, "slice_count": len(lots), **words}
            steps.append(self.command(RecordKind.SCHEDULE, order_id=order_id, **fields))
        return steps

    def control(self, order_id: int, control: int) -> Step:
        """Pauses a parent or lets it go on."""
        return self.command(RecordKind.CONTROL_PARENT, order_id=order_id, control=control)

    def run(self, duration_ns: int, *, quote_every_ns: int = NS_PER_S) -> None:
        """Lets time pass: timers when the core asks for them, and a price now and then."""
        end_ns = self.now_ns + duration_ns
        quote_ns = self.now_ns + quote_every_ns
        for _ in range(100_000):
            due_ns = int(self.state.header["next_deadline_ns"])
            next_ns = min(max(due_ns, self.now_ns), quote_ns)
            if next_ns > end_ns:
                break
            self.now_ns = next_ns
            if due_ns <= next_ns:
                self.timer()
            else:
                quote_ns += quote_every_ns
                self.quote()
        else:
            raise AssertionError("the core asks for time without end")
        self.now_ns = end_ns

    # ---- what is looked at ----
    def parent_row(self, order_id: int) -> np.void:
        """The row of a parent."""
        parents = self.state.table("parents")
        row: np.void = parents[np.flatnonzero(parents["order_id"] == order_id)[0]]
        return row

    def state_of(self, order_id: int) -> ParentState:
        """How far a parent is."""
        return ParentState(int(self.parent_row(order_id)["parent_state"]))

    def done(self, order_id: int) -> int:
        """How many lots a parent has traded."""
        return int(self.parent_row(order_id)["cumulative_lots"])

    def events(self, order_id: int) -> list[ParentEvent]:
        """What was told of a parent."""
        return [ParentEvent(report.parent_event) for report in self.parent_reports if report.order_id == order_id]

    def children(self, order_id: int) -> list[np.void]:
        """The orders of a parent that still have a slot, the first one first."""
        orders = self.state.table("orders")
        found = orders[(orders["parent_order_id"] == order_id) & (orders["order_id"] != 0)]
        return sorted(found, key=lambda order: int(order["order_id"]))

    def living(self, order_id: int) -> list[np.void]:
        """Those of them that live."""
        return [order for order in self.children(order_id) if order["end_reason"] == EndReason.NONE]

    def new_requests(self) -> list[tuple[int, SimpleNamespace]]:
        """When which new orders were sent."""
        return [(now_ns, request) for now_ns, request in self.sent if request.request_kind == RequestKind.NEW]

    # ---- the venue ----
    def trade(self, order_id: int, lots: int, price_ticks: int | None = None) -> Step:
        """Somebody takes lots of a child that rests."""
        child = self.resting[order_id]
        child.leaves -= lots
        if child.leaves == 0:
            del self.resting[order_id]
        leg = child.leg
        return self.fill(order_id, lots, child.price_ticks if price_ticks is None else price_ticks, leg=leg)

    def _answer(self, request: SimpleNamespace) -> None:
        order_id, leg = request.order_id & ~LEG_MAX, request.order_id & LEG_MAX
        if request.request_kind == RequestKind.NEW:
            self._take_new(order_id, leg, request)
        elif request.request_kind == RequestKind.CANCEL:
            if self.resting.pop(order_id, None) is not None:
                self.venue(VenueEvent.CANCELED, order_id, leg=leg, answers_request=RequestKind.CANCEL)
        elif request.request_kind in (RequestKind.CANCEL_REPLACE, RequestKind.AMEND) and order_id in self.resting:
            child = self.resting[order_id]
            old_leg = request.original_order_id & LEG_MAX
            child.price_ticks, child.leaves, child.leg = request.price_ticks, request.order_lots, leg
            fields = {"replacement_order_id": order_id | leg, "venue_order_id": 900 + leg}
            self.venue(VenueEvent.REPLACED, order_id, leg=old_leg, answers_request=request.request_kind, **fields)

    def _take_new(self, order_id: int, leg: int, request: SimpleNamespace) -> None:
        self.accept(order_id, leg=leg)
        is_buy = request.side == Side.BUY
        other, touch = (Side.SELL, self.ask_ticks) if is_buy else (Side.BUY, self.bid_ticks)
        crosses = request.price_ticks >= touch if is_buy else request.price_ticks <= touch
        lots = min(request.order_lots, self.offered[other]) if crosses else 0
        child = SimpleNamespace(
            order_id=order_id, side=request.side, price_ticks=request.price_ticks, leaves=request.order_lots, leg=leg
        )
        self.resting[order_id] = child
        if lots > 0:
            self.offered[other] -= lots
            self.trade(order_id, lots, touch)
        if request.time_in_force == TimeInForce.IOC and self.resting.pop(order_id, None) is not None:
            self.venue(VenueEvent.EXPIRED, order_id, leg=leg, cumulative_lots=lots)
