"""Owns what a client is told of its parent orders: how each stands, what it cost, and where it was routed."""

from decimal import Decimal

import msgspec

from ipc.clock import NS_PER_MS
from ipc.enums import RefusalReason, RejectReason, Side
from ipc.instrument import Asset, Instrument
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentState, RouteReason
from ipc.records import HEADER_FIELDS, PARENT_REPORT, ROUTE_DECISION

_PPM_PER_BPS = 100


class ParentReport(msgspec.Struct, frozen=True, gc=False):
    """What happened to a parent order, and how it stands; numbers as on the wire, decimals on demand.

    It is numbered together with the execution reports of the same strategy, its children's among them.
    """

    instrument: Instrument | None
    quote_asset: Asset | None
    is_last_of_burst: bool
    sequence: int
    published_ns: int
    order_id: int
    parent_event: int
    parent_state: int
    end_reason: int
    algorithm: int
    instrument_id: int
    account_id: int
    side: int
    client_tag: int
    order_lots: int
    cumulative_lots: int
    working_lots: int
    cumulative_notional: int
    limit_price_ticks: int
    child_order_id: int
    child_count: int
    reason: int
    limit: int
    current: int
    requested: int
    arrival_ticks: int
    expected_cost_ppm: int
    realised_cost_ppm: int
    market_lots: int
    market_notional: int
    fee_units: int
    end_utc_ns: int

    @property
    def _known(self) -> Instrument:
        if self.instrument is None:
            raise LookupError(f"report on parent {self.order_id} names no known instrument ({self.instrument_id})")
        return self.instrument

    @property
    def quantity(self) -> Decimal:
        """What is to be traded."""
        return self._known.quantity(self.order_lots)

    @property
    def cumulative_quantity(self) -> Decimal:
        """What its children traded so far."""
        return self._known.quantity(self.cumulative_lots)

    @property
    def working_quantity(self) -> Decimal:
        """What its living children may still trade."""
        return self._known.quantity(self.working_lots)

    @property
    def limit_price(self) -> Decimal | None:
        """The worst price that it may trade at; None when it has none."""
        return self._known.price(self.limit_price_ticks) if self.limit_price_ticks else None

    @property
    def arrival_price(self) -> Decimal | None:
        """The mid when it started; None before it did."""
        return self._known.price(self.arrival_ticks) if self.arrival_ticks else None

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what traded, rounded by the decimal context; None before the first trade."""
        if self.cumulative_lots == 0:
            return None
        return self._known.price(self.cumulative_notional) / self.cumulative_lots

    @property
    def market_average_price(self) -> Decimal | None:
        """The average price of everybody's trades while it worked; None when there were none."""
        return self._known.price(self.market_notional) / self.market_lots if self.market_lots else None

    @property
    def expected_cost_bps(self) -> Decimal:
        """What the model expected it to cost against arrival; positive is worse."""
        return Decimal(self.expected_cost_ppm) / _PPM_PER_BPS

    @property
    def realised_cost_bps(self) -> Decimal:
        """What it cost against arrival; positive is worse."""
        return Decimal(self.realised_cost_ppm) / _PPM_PER_BPS

    @property
    def fee(self) -> Decimal | None:
        """The fees of its children's trades in the quote asset."""
        return self.quote_asset.amount(self.fee_units) if self.quote_asset else None

    @property
    def stated_reason(self) -> RefusalReason | RejectReason:
        """The venue's reason where it rejected a child, else the engine's, NONE when there is none."""
        if self.parent_event == ParentEvent.CHILD_REJECTED:
            return RejectReason(self.reason)
        return RefusalReason(self.reason)

    def __str__(self) -> str:
        """One line for people."""
        how = f"{Algorithm(self.algorithm).name} {ParentState(self.parent_state).name}"
        what = f"{ParentEvent(self.parent_event).name} parent {self.order_id} {how}"
        end = f" {ParentEnd(self.end_reason).name}" if self.end_reason else ""
        child = f", child {self.child_order_id}" if self.child_order_id else ""
        why = f": {self._why}" if self.reason else ""
        if self.instrument is None:
            return f"{what}{end}{child}{why}"
        done = f"{self.cumulative_quantity:f} of {self.quantity:f}, working {self.working_quantity:f}"
        at = f" at {self.average_price:f}" if self.average_price is not None else ""
        return f"{what}{end} {Side(self.side).name} {self.instrument.name} {done}{at}{child}{why}"

    @property
    def _why(self) -> str:
        return f"{self.stated_reason.name}, limit {self.limit}, current {self.current}, requested {self.requested}"


class RouteDecision(msgspec.Struct, frozen=True, gc=False):
    """What one venue scored when a parent's quantity was given to venues, and what it was given.

    One decision is an event for each venue that was looked at, all with the same `decision`. Prices and lots are those
    of the venue's instrument, `wanted_lots` and `score_ticks` those of the parent's.
    """

    instrument: Instrument | None
    is_last_of_burst: bool
    sequence: int
    published_ns: int
    order_id: int
    decision: int
    instrument_id: int
    account_id: int
    child_order_id: int
    side: int
    wanted_lots: int
    routed_lots: int
    price_ticks: int
    available_lots: int
    best_ticks: int
    fee_ppm: int
    latency_ns: int
    fill_ppm: int
    score_ticks: int
    route_reason: int
    refusal: int

    def __str__(self) -> str:
        """One line for people."""
        venue = self.instrument.name if self.instrument else f"instrument {self.instrument_id}"
        refusal = f" {RefusalReason(self.refusal).name}" if self.refusal else ""
        why = f"{RouteReason(self.route_reason).name}{refusal}"
        return f"ROUTED parent {self.order_id} decision {self.decision}: {venue} {self._given}, {why}; {self._numbers}"

    @property
    def _given(self) -> str:
        if self.instrument is None or not self.routed_lots:
            return "nothing"
        return f"{self.instrument.quantity(self.routed_lots):f} at {self.instrument.price(self.price_ticks):f}"

    @property
    def _numbers(self) -> str:
        score, ms = Decimal(self.score_ticks) / 1_000, Decimal(self.latency_ns) / NS_PER_MS
        held = f"available {self.instrument.quantity(self.available_lots):f}, " if self.instrument else ""
        return f"score {score:f} ticks, {held}fee {self.fee_ppm} ppm, latency {ms:f} ms, filled {self.fill_ppm} ppm"


_FIRST_FIELD = HEADER_FIELDS.index("sequence")
assert ParentReport.__struct_fields__[3:] == (PARENT_REPORT.names or ())[_FIRST_FIELD:]
assert RouteDecision.__struct_fields__[2:] == (ROUTE_DECISION.names or ())[_FIRST_FIELD:]
