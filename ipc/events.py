"""Owns what a client is told: execution reports, losses, connections, positions, balances, best prices."""

from decimal import Decimal

import msgspec

from ipc.enums import AlarmCode, EndReason, ExecutionType, OrderStatus, RefusalReason, RejectReason, RequestKind, Side
from ipc.instrument import Account, Asset, Instrument
from ipc.parent_events import ParentReport, RouteDecision
from ipc.records import ALARM, BALANCE_STATUS, EXECUTION_REPORT, HEADER_FIELDS, ORDER_STATUS, POSITION_STATUS

# A record's words from here on are an event's fields: the commit word and the kind have done their work.
FIRST_FIELD = 2
_OF_AMENDMENTS = (ExecutionType.PENDING_REPLACE, ExecutionType.REPLACED, ExecutionType.REPLACE_REJECTED)
_EXPECTED_ENDS = (EndReason.NONE, EndReason.FILLED, EndReason.CANCELED, EndReason.EXPIRED)


class ExecutionReport(msgspec.Struct, frozen=True, gc=False):
    """What happened to an order, or how it stands; numbers as on the wire, decimals on demand.

    `sequence` counts what this strategy is told, without a gap, over every run of the engine; 0 in
    the refusal of a whole frame.
    `instrument` is None when a refused command named none that exists, and in the STATUS_END of a mass status.
    """

    instrument: Instrument | None
    fee_asset: Asset | None
    is_last_of_burst: bool
    sequence: int
    published_ns: int
    order_id: int
    leg: int
    execution_type: int
    order_status: int
    instrument_id: int
    account_id: int
    side: int
    client_tag: int
    venue_order_id: int
    price_ticks: int
    order_lots: int
    cumulative_lots: int
    leaves_lots: int
    cumulative_notional: int
    trade_id: int
    last_lots: int
    last_price_ticks: int
    liquidity: int
    fee_units: int
    fee_asset_id: int
    reason: int
    venue_code: int
    limit: int
    current: int
    requested: int
    sent_ns: int
    received_ns: int
    venue_utc_ns: int

    @property
    def _known(self) -> Instrument:
        if self.instrument is None:
            raise LookupError(f"report on order {self.order_id} names no known instrument ({self.instrument_id})")
        return self.instrument

    @property
    def price(self) -> Decimal:
        """The order's limit."""
        return self._known.price(self.price_ticks)

    @property
    def quantity(self) -> Decimal:
        """What was ordered."""
        return self._known.quantity(self.order_lots)

    @property
    def cumulative_quantity(self) -> Decimal:
        """What traded so far."""
        return self._known.quantity(self.cumulative_lots)

    @property
    def leaves_quantity(self) -> Decimal:
        """What may still trade."""
        return self._known.quantity(self.leaves_lots)

    @property
    def last_quantity(self) -> Decimal:
        """What this trade filled."""
        return self._known.quantity(self.last_lots)

    @property
    def last_price(self) -> Decimal:
        """The price of this trade."""
        return self._known.price(self.last_price_ticks)

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what traded, rounded by the decimal context; None before the first trade."""
        if self.cumulative_lots == 0:
            return None
        return self._known.price(self.cumulative_notional) / self.cumulative_lots

    @property
    def fee(self) -> Decimal | None:
        """The fee of this trade in `fee_asset`; None when the venue stated none."""
        return self.fee_asset.amount(self.fee_units) if self.fee_asset else None

    @property
    def version(self) -> int | None:
        """In the report of an amendment, the version of the order that is in force, 0 as it was first sent."""
        return self.current if self.execution_type in _OF_AMENDMENTS else None

    @property
    def version_requested(self) -> int | None:
        """In the report of an amendment, the version that this amendment makes."""
        return self.requested if self.execution_type in _OF_AMENDMENTS else None

    @property
    def amended_by(self) -> RequestKind | None:
        """In the report of an amendment, how: AMEND keeps the place in the book, CANCEL_REPLACE or NEW does not."""
        is_told = self.execution_type in _OF_AMENDMENTS and self.limit
        return RequestKind(self.limit) if is_told else None

    @property
    def stated_reason(self) -> RefusalReason | RejectReason | EndReason:
        """Why: the engine's reason for a refusal, the venue's for a rejection, else how the order ended."""
        kind = ExecutionType(self.execution_type)
        if kind in (ExecutionType.REFUSED, ExecutionType.STATUS_END):
            return RefusalReason(self.reason)
        if kind in (ExecutionType.REJECTED, ExecutionType.CANCEL_REJECTED, ExecutionType.REPLACE_REJECTED):
            return RejectReason(self.reason)
        return EndReason(self.reason)

    def __str__(self) -> str:
        """One line for people."""
        if self.execution_type == ExecutionType.STATUS_END:
            why = f", cut short: {RefusalReason(self.reason).name}" if self.reason else ""
            return f"STATUS_END after {self.current} orders{why}"
        what = f"{ExecutionType(self.execution_type).name} order {self.order_id} {OrderStatus(self.order_status).name}"
        if self.execution_type == ExecutionType.REFUSED:
            return (
                f"{what}: {RefusalReason(self.reason).name}, "
                f"limit {self.limit}, current {self.current}, requested {self.requested}"
            )
        if self.instrument is None:
            return what
        filled = f"{self.cumulative_quantity:f} of {self.quantity:f}"
        last = f", last {self.last_quantity:f} at {self.last_price:f}" if self.last_lots else ""
        how = f", version {self.requested} by {self.amended_by.name}" if self.amended_by else ""
        return f"{what} {Side(self.side).name} {self.instrument.name} {filled} at {self.price:f}{last}{how}{self._why}"

    @property
    def _why(self) -> str:
        """The reason, where it says more than the status does."""
        reason = self.stated_reason
        if isinstance(reason, RejectReason):
            return f": {reason.name}, venue code {self.venue_code}"
        return "" if reason in _EXPECTED_ENDS else f": {reason.name}"


class OpenOrder(msgspec.Struct, frozen=True, gc=False):
    """How an order stands that has not ended."""

    instrument: Instrument
    listed_ns: int
    order_id: int
    leg: int
    order_status: int
    instrument_id: int
    account_id: int
    side: int
    order_type: int
    time_in_force: int
    order_flags: int
    client_tag: int
    venue_order_id: int
    price_ticks: int
    stop_price_ticks: int
    order_lots: int
    display_lots: int
    cumulative_lots: int
    leaves_lots: int
    cumulative_notional: int
    version: int
    end_wanted: int
    sent_ns: int
    waiting_since_ns: int
    expire_utc_ns: int

    @property
    def price(self) -> Decimal:
        """The order's limit."""
        return self.instrument.price(self.price_ticks)

    @property
    def stop_price(self) -> Decimal | None:
        """The price whose trade makes it live; None when it is no stop order."""
        return self.instrument.price(self.stop_price_ticks) if self.stop_price_ticks else None

    @property
    def quantity(self) -> Decimal:
        """What was ordered."""
        return self.instrument.quantity(self.order_lots)

    @property
    def cumulative_quantity(self) -> Decimal:
        """What traded so far."""
        return self.instrument.quantity(self.cumulative_lots)

    @property
    def leaves_quantity(self) -> Decimal:
        """What may still trade."""
        return self.instrument.quantity(self.leaves_lots)

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what traded, rounded by the decimal context; None before the first trade."""
        if self.cumulative_lots == 0:
            return None
        return self.instrument.price(self.cumulative_notional) / self.cumulative_lots

    @property
    def waiting_ns(self) -> int | None:
        """For how long the venue's word on a request has been awaited; None when it is not."""
        return self.listed_ns - self.waiting_since_ns if self.waiting_since_ns else None


class Lagged(msgspec.Struct, frozen=True, gc=False):
    """Reports are missing here: this client did not take them in time, or their engine died before it could.

    They begin with `from_sequence`; of those up to `to_sequence` some may still come. `Client.replay` fetches them in
    this very place, `Client.resync` tells how things stand without them.
    """

    is_last_of_burst: bool
    published_ns: int
    lost_count: int  # reports that found this client's ring full since its start
    from_sequence: int
    to_sequence: int


class VenueState(msgspec.Struct, frozen=True, gc=False):
    """The order connection of one of this strategy's accounts changed; only LIVE takes new orders."""

    is_last_of_burst: bool
    sequence: int
    published_ns: int
    account_id: int
    connection_state: int


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """Something that a person should look at; what does not apply is 0, or -1 for an id.

    `expected` and `found` are lots, or units of the asset where there is one.
    """

    instrument: Instrument | None
    is_last_of_burst: bool
    sequence: int
    published_ns: int
    code: int
    order_id: int
    venue_id: int
    account_id: int
    instrument_id: int
    asset_id: int
    trade_id: int
    expected: int
    found: int

    def __str__(self) -> str:
        """One line for people."""
        where = f" {self.instrument.name}" if self.instrument else ""
        order = f" order {self.order_id}" if self.order_id else ""
        return f"ALARM {AlarmCode(self.code).name}{order}{where}: expected {self.expected}, found {self.found}"


class Position(msgspec.Struct, frozen=True, gc=False):
    """What this strategy holds of one instrument, and what its open orders may add."""

    instrument: Instrument
    strategy_id: int
    instrument_id: int
    position_lots: int
    cost_notional: int
    realised_notional: int
    base_fee_units: int
    quote_fee_units: int
    open_buy_lots: int
    open_sell_lots: int

    @property
    def quantity(self) -> Decimal:
        """The position, negative when short."""
        return self.instrument.quantity(self.position_lots)

    @property
    def cost(self) -> Decimal:
        """What the open position cost, in the quote asset."""
        return self.instrument.notional(self.cost_notional)

    @property
    def realised(self) -> Decimal:
        """What closed positions earned before fees, in the quote asset."""
        return self.instrument.notional(self.realised_notional)


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What an account holds of one asset, as its venue last said."""

    account: Account
    asset: Asset
    account_id: int
    asset_id: int
    free_units: int
    locked_units: int
    venue_utc_ns: int

    @property
    def free(self) -> Decimal:
        """What may be used."""
        return self.asset.amount(self.free_units)

    @property
    def locked(self) -> Decimal:
        """What open orders hold."""
        return self.asset.amount(self.locked_units)


class Best(msgspec.Struct, frozen=True, gc=False):
    """The best bid and ask that the engine has; lots are 0 on a side that is empty."""

    instrument: Instrument
    age_ns: int | None  # None when no book was ever received
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int

    @property
    def bid(self) -> Decimal | None:
        """The best price somebody buys at."""
        return self.instrument.price(self.bid_ticks) if self.bid_lots else None

    @property
    def ask(self) -> Decimal | None:
        """The best price somebody sells at."""
        return self.instrument.price(self.ask_ticks) if self.ask_lots else None


Event = ExecutionReport | ParentReport | RouteDecision | Lagged | VenueState | Alarm

_AFTER_HEADER = len(HEADER_FIELDS)
assert ExecutionReport.__struct_fields__[3:] == (EXECUTION_REPORT.names or ())[FIRST_FIELD:]
assert OpenOrder.__struct_fields__[2:] == (ORDER_STATUS.names or ())[_AFTER_HEADER:]
assert Alarm.__struct_fields__[2:] == (ALARM.names or ())[FIRST_FIELD:]
assert Position.__struct_fields__[1:] == (POSITION_STATUS.names or ())[_AFTER_HEADER:]
assert Balance.__struct_fields__[2:] == (BALANCE_STATUS.names or ())[_AFTER_HEADER:]
