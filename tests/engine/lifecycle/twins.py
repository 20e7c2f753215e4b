"""Owns the comparison: every event goes to the reference order and to the engine's core, which must agree."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ipc.enums import (
    ExecutionType,
    OrderStatus,
    RejectReason,
    RequestKind,
    Side,
    VenueEvent,
)
from tests.engine.core.world import REQUEST_EXPIRY_NS, UTC_OFFSET_NS, World
from tests.engine.lifecycle.clocks import Clocks
from tests.engine.lifecycle.facts import End, Status, Way
from tests.engine.lifecycle.model import LogicalOrder
from tests.engine.lifecycle.twin_facts import core_facts, model_facts

ORDER_LOTS = 10
PRICE_TICKS = 10_000
NOT_STATED = -1
_HOLDS = {
    Status.DONE_FOR_DAY: VenueEvent.DONE_FOR_DAY,
    Status.CALCULATED: VenueEvent.CALCULATED,
    Status.STOPPED: VenueEvent.STOPPED,
    Status.SUSPENDED: VenueEvent.SUSPENDED,
}
_ENDS = {End.CANCELED: VenueEvent.CANCELED, End.EXPIRED: VenueEvent.EXPIRED}


class Saved(NamedTuple):
    """Both twins at one moment."""

    memory: NDArray[np.uint8]
    now_ns: int
    sent_ns: int
    clocks: Clocks
    sequences: tuple[int, ...]
    model: LogicalOrder


class Twins:
    """One order in the engine's core and in the reference; an action that they see differently is a failure."""

    def __init__(
        self,
        lots: int = ORDER_LOTS,
        *,
        is_buy: bool = True,
        is_scheduled: bool = False,
        ability: int | None = None,
        terms: Mapping[str, int] | None = None,
        **fields: int,
    ) -> None:
        self.world = World(orders=4, tombstones=4, trades=64)
        for name, value in {"rate_limit_window_ns": 1, **(terms or {})}.items():
            self.world.terms()[name] = value
        if ability is not None:
            self.world.row("instruments", 0)["ability"] = ability
        is_stop = "stop_price_ticks" in fields
        self.model = LogicalOrder(lots, PRICE_TICKS, is_buy=is_buy, is_scheduled=is_scheduled, is_stop=is_stop)
        self.model_reports = self.model_requests = 0
        side = Side.BUY if is_buy else Side.SELL
        if is_scheduled:
            fields["release_utc_ns"] = self.world.now_ns + UTC_OFFSET_NS + REQUEST_EXPIRY_NS
        self.order_id = self.world.order_id()
        self.step = self.world.new_order(order_id=self.order_id, order_lots=lots, side=side, **fields)
        self.sent_ns = self.world.now_ns
        self.clocks = Clocks.of(fields, terms or {}, self.world.now_ns, UTC_OFFSET_NS)
        self._compare()

    # ---- what is compared ----
    def seen_by_model(self) -> dict[str, object]:
        """The facts of the reference."""
        return model_facts(self.model, self.model_reports, self.model_requests)

    def seen_by_core(self) -> dict[str, object]:
        """The same facts of the core."""
        return core_facts(self.world, self.order_id, self.step)

    def differences(self) -> dict[str, tuple[object, object]]:
        """What the reference and the core see differently: by name, the reference first."""
        model, core = self.seen_by_model(), self.seen_by_core()
        return {
            name: (model.get(name), core.get(name)) for name in {**model, **core} if model.get(name) != core.get(name)
        }

    def _compare(self) -> None:
        self.model.carry_on()
        found = self.differences()
        assert not found, f"reference and core differ: {found}"
        if "NEW" in self.model.requests[self.model_requests :]:
            self.sent_ns = self.world.now_ns
        self.model_reports, self.model_requests = len(self.model.reports), len(self.model.requests)
        self.model.alarms.clear()
        self.clocks.watch(self.model, self.world.now_ns)

    def _venue(self, event: VenueEvent, **fields: int) -> None:
        self.step = self.world.venue(event, self.order_id, **fields)
        self._compare()

    # ---- what a test demands ----
    def stands(self, status: OrderStatus, *, cum: int, leaves: int, lots: int | None = None) -> None:
        """Demands these facts, whatever the reference says."""
        seen = self.seen_by_core()
        assert (seen["status"], seen["cum"], seen["leaves"]) == (status.name, cum, leaves)
        assert lots is None or seen["lots"] == lots

    def told(self, *happened: ExecutionType) -> None:
        """Demands that the last event was reported so."""
        assert self.step.happened == list(happened)

    def asked(self, *kinds: RequestKind) -> None:
        """Demands that the last event led to these requests."""
        assert self.step.asked == list(kinds)

    def alarms(self) -> dict[str, int]:
        """The counts of what is out of the ordinary."""
        return self.world.counts()

    # ---- commands ----
    def cancel(self) -> None:
        """The strategy cancels."""
        self.model.cancel()
        self.step = self.world.cancel(self.order_id)
        self._compare()

    def amend(self, *, lots: int = 0, price: int = 0) -> None:
        """The strategy changes the order."""
        self.model.amend(lots, price)
        self.step = self.world.amend(self.order_id, order_lots=lots, price_ticks=price)
        self._compare()

    def query(self) -> None:
        """The strategy asks how the order stands; nothing changes by that."""
        self.model.query()
        self.step = self.world.status(self.order_id)
        self._compare()

    # ---- the venue's word ----
    def accept(self, leg: int = 0) -> None:
        """An acknowledgement."""
        self.model.accepted(leg)
        self.step = self.world.accept(self.order_id, leg=leg)
        self._compare()

    def fill(
        self, trade_id: int, lots: int, price: int = PRICE_TICKS, *, leg: int | None = None, stated: int | None = None
    ) -> None:
        """A trade, of the leg in force unless told otherwise."""
        leg = self.model.leg if leg is None else leg
        self.model.fill(trade_id, lots, price, leg=leg, stated=stated)
        cumulative = NOT_STATED if stated is None else stated
        self.step = self.world.fill(self.order_id, lots, price, leg=leg, trade_id=trade_id, cumulative_lots=cumulative)
        self._compare()

    def ended(self, gives: End = End.CANCELED, *, leg: int | None = None, stated: int | None = None) -> None:
        """A leg is canceled or expired."""
        leg = self.model.leg if leg is None else leg
        answers = RequestKind.CANCEL if self.model.is_pending_cancel and gives is End.CANCELED else 0
        self.model.ended(gives, leg=leg, stated=stated)
        cumulative = NOT_STATED if stated is None else stated
        self._venue(_ENDS[gives], leg=leg, cumulative_lots=cumulative, answers_request=answers)

    def rejected(self, leg: int | None = None) -> None:
        """The venue refuses a leg."""
        leg = self.model.leg if leg is None else leg
        self.model.rejected(leg)
        self._venue(
            VenueEvent.REJECTED, leg=leg, reason=RejectReason.INSUFFICIENT_BALANCE, answers_request=RequestKind.NEW
        )

    def cancel_rejected(self, *, is_order_unknown: bool = True, leg: int | None = None) -> None:
        """The venue does not cancel."""
        leg = self.model.leg if leg is None else leg
        self.model.cancel_rejected(is_order_unknown=is_order_unknown, leg=leg)
        reason = RejectReason.UNKNOWN_ORDER if is_order_unknown else RejectReason.RATE_LIMIT
        self._venue(VenueEvent.CANCEL_REJECTED, leg=leg, reason=reason, answers_request=RequestKind.CANCEL)

    def replaced(self) -> None:
        """The answer to the amendment under way, or to one that is none any more."""
        amendment = self.model.amendment
        if amendment is None or amendment.leg == self.model.leg:
            leg = self.model.leg
            leg_lots = self.model.asked[leg]
            lots = self.model.ledger.before_leg(leg) + leg_lots
            if amendment and amendment.way is Way.IN_PLACE:
                lots, leg_lots = amendment.lots, amendment.leg_lots
            self.model.replaced(lots=lots)
            self._venue(VenueEvent.REPLACED, leg=leg, order_lots=leg_lots, answers_request=RequestKind.AMEND)
            return
        old = self.model.leg
        self.model.replaced(leg=amendment.leg)
        self._venue(
            VenueEvent.REPLACED,
            leg=old,
            replacement_order_id=self.order_id | amendment.leg,
            venue_order_id=900 + amendment.leg,
            answers_request=RequestKind.CANCEL_REPLACE,
        )

    def reduced(self, lots: int) -> None:
        """The venue leaves the leg so many lots by itself."""
        leg = self.model.leg
        self.model.replaced(lots=self.model.ledger.before_leg(leg) + lots)
        self._venue(VenueEvent.REPLACED, leg=leg, order_lots=lots)

    def replace_rejected(self, *, is_order_unknown: bool = False) -> None:
        """The venue does not amend."""
        amendment = self.model.amendment
        leg = amendment.leg if amendment else self.model.last_leg
        in_place = amendment is None or amendment.leg == self.model.leg
        answers = RequestKind.AMEND if in_place else RequestKind.CANCEL_REPLACE
        self.model.replace_rejected(is_order_unknown=is_order_unknown)
        reason = RejectReason.UNKNOWN_ORDER if is_order_unknown else RejectReason.OTHER
        self._venue(VenueEvent.REPLACE_REJECTED, leg=leg, reason=reason, answers_request=answers)

    def lives(self, *, leg: int | None = None, stated: int | None = None) -> None:
        """The answer to a query: the leg is open."""
        leg = self.model.leg if leg is None else leg
        may_arrive = self.world.now_ns < self.clocks.amendment_ns + REQUEST_EXPIRY_NS
        self.model.lives(leg=leg, stated=stated, amendment_may_arrive=may_arrive)
        cumulative = NOT_STATED if stated is None else stated
        self._venue(VenueEvent.STATUS, leg=leg, cumulative_lots=cumulative, answers_request=RequestKind.STATUS)

    def outcome_unknown(self, request: RequestKind = RequestKind.NEW) -> None:
        """The answer to a request was lost."""
        name = {RequestKind.NEW: "new", RequestKind.CANCEL: "cancel"}.get(request, "replace")
        self.model.outcome_unknown(name)
        self._venue(VenueEvent.OUTCOME_UNKNOWN, leg=self.model.last_leg, answers_request=request)

    def not_found(self) -> None:
        """The answer to a query: there is no such order."""
        leg = self.model.leg
        self.model.not_found(may_still_arrive=self.world.now_ns < self.sent_ns + REQUEST_EXPIRY_NS)
        self._venue(VenueEvent.NOT_FOUND, leg=leg, answers_request=RequestKind.STATUS)

    def held(self, hold: Status) -> None:
        """The venue keeps the order from trading."""
        leg = self.model.leg
        self.model.held(hold)
        self._venue(_HOLDS[hold], leg=leg)

    def restated(self, *, lots: int | None = None, price: int | None = None) -> None:
        """The venue says the order anew."""
        leg = self.model.leg
        self.model.restated(lots, price)
        order_lots, price_ticks = NOT_STATED if lots is None else lots, NOT_STATED if price is None else price
        self._venue(VenueEvent.RESTATED, leg=leg, order_lots=order_lots, price_ticks=price_ticks)

    def triggered(self) -> None:
        """The stop price has traded."""
        leg = self.model.leg
        self.model.triggered()
        self._venue(VenueEvent.TRIGGERED, leg=leg)

    def trade_canceled(self, trade_id: int) -> None:
        """A bust."""
        leg = self.model.leg
        self.model.trade_canceled(trade_id)
        self._venue(VenueEvent.TRADE_CANCELED, leg=leg, trade_id=trade_id)

    def trade_corrected(self, trade_id: int, lots: int, price: int = PRICE_TICKS) -> None:
        """A trade with other contents."""
        leg = self.model.leg
        self.model.trade_corrected(trade_id, lots, price)
        fields = {"trade_id": trade_id, "last_lots": lots, "last_price_ticks": price}
        self._venue(VenueEvent.TRADE_CORRECTED, leg=leg, **fields)

    # ---- time ----
    def passes(self, delay_ns: int) -> None:
        """Time passes, and what is due by then happens."""
        now_ns = self.world.now_ns + delay_ns
        self.clocks.ring(self.model, now_ns)
        self.step = self.world.after(delay_ns)
        self._compare()

    def releases(self, delay_ns: int) -> None:
        """Time passes until the order is to be sent."""
        self.model.release()
        self.step = self.world.after(delay_ns)
        self.sent_ns = self.world.now_ns
        self._compare()

    # ---- for walks over many sequences ----
    def save(self) -> Saved:
        """All that a later `restore` needs."""
        world = self.world
        memory = world.state.memory.copy()
        return Saved(
            memory, world.now_ns, self.sent_ns, replace(self.clocks), tuple(world._command_sequences), self.model.copy()
        )

    def restore(self, saved: Saved) -> None:
        """Everything as it was."""
        world = self.world
        world.state.memory[:] = saved.memory
        world.now_ns, self.sent_ns = saved.now_ns, saved.sent_ns
        self.clocks = replace(saved.clocks)
        world._command_sequences = list(saved.sequences)
        world.inputs.clear()
        self.model = saved.model.copy()
        self.model_reports, self.model_requests = len(self.model.reports), len(self.model.requests)
