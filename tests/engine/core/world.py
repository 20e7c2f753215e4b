"""Owns a small world for the core: a state in which orders pass, inputs by keyword."""

import hashlib
from typing import Any

import numpy as np

from engine.core.state import Capacities, State
from engine.core.step import ENGINE, step
from engine.scope_limits import lift_all_limits
from ipc.enums import (
    ConnectionState,
    InstrumentStatus,
    JournalState,
    OrderType,
    RecordKind,
    RequestKind,
    Side,
    TimeInForce,
    VenueAbility,
    VenueEvent,
)
from ipc.memory import address_of
from ipc.order_id import LEG_MAX, pack
from ipc.records import LAYOUTS, SLOT_WORDS
from tests.engine.core.step_effects import Step

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
START_NS = 1_000 * NS_PER_S
UTC_OFFSET_NS = 1_750_000_000 * NS_PER_S
RETENTION_NS = 60 * NS_PER_S
REQUEST_EXPIRY_NS = 5 * NS_PER_S
RATE_LIMIT_ORDERS = 20
INSTANCE, EPOCH = 3, 7
BASE, QUOTE, OTHER_ASSET = 0, 1, 2
# Reduce-only and a good-till date the engine itself must see to here.
ABILITY = int(
    VenueAbility.AMEND_KEEP_PRIORITY
    | VenueAbility.CANCEL_REPLACE
    | VenueAbility.STOP_ORDERS
    | VenueAbility.DISPLAY_QUANTITY
    | VenueAbility.SELF_TRADE_PREVENTION
)

COMMAND_DEFAULTS: dict[RecordKind, dict[str, int]] = {
    RecordKind.NEW_ORDER: {
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "price_ticks": 10_000,
        "order_lots": 10,
        "max_slippage_bps": -1,
        "execution_timeout_ms": -1,
        "retry_attempts": -1,
        "retry_delay_ms": -1,
    },
    RecordKind.TARGET_POSITION: {
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "price_ticks": 10_000,
        "target_lots": 10,
        "max_slippage_bps": -1,
        "execution_timeout_ms": -1,
        "retry_attempts": -1,
        "retry_delay_ms": -1,
    },
    RecordKind.CANCEL_ORDER: {},
    RecordKind.AMEND_ORDER: {},
    RecordKind.CANCEL_ALL: {"instrument_id": -1, "account_id": -1},
    RecordKind.STATUS_REQUEST: {"instrument_id": -1, "account_id": -1},
    RecordKind.NEW_PARENT: {},
    RecordKind.CONTROL_PARENT: {},
    RecordKind.SCHEDULE: {},
}
REPORT_DEFAULTS = {"cumulative_lots": -1, "order_lots": -1, "price_ticks": -1, "fee_asset_id": -1}

# What a refused command may change: counts, clocks, the windows of a budget that time has ended, who asks for room,
# and bounds that a look at the orders behind them makes exact.
MASKED = {
    "header": ("version", "now_ns", "input_count", "effect_count", "request_count", "trace"),
    "strategies": ("last_sequence", "last_order_sequence", "report_sequence", "command_count", "refused_count"),
    "holdings": ("highest_buy_ticks", "lowest_sell_ticks"),
    "budgets": ("window_end_utc_ns", "counted", "in_flight", "unanswered"),
    "terms": ("asked_ns",),
    "accounts": ("asking_count", "asking_until_ns"),
}


class World:
    """Two instruments, two accounts at one venue, strategies 1 to 3; time is moved by hand."""

    def __init__(
        self,
        *,
        orders: int = 64,
        tombstones: int = 32,
        trades: int = 64,
        instrument_budgets: int = 0,
        rate_entries: int = 1,
        venues: int = 1,
        parents: int = 64,
    ) -> None:
        capacities = Capacities(
            instruments=2,
            accounts=2,
            strategies=4,
            assets=3,
            orders=orders,
            tombstones=tombstones,
            trades=trades,
            limiter_times=4 * 2 * RATE_LIMIT_ORDERS,
            instrument_budgets=instrument_budgets,
            rate_entries=rate_entries,
            venues=venues,
            parents=parents,
        )
        self.state = State.create(capacities)
        self.now_ns = START_NS
        self.inputs: list[tuple[int, int, bytes]] = []
        self._record = np.zeros(SLOT_WORDS, np.int64)
        self._command_sequences = [0] * 4
        self._order_sequences = [0] * 4
        self._trade_id = 100
        self._configure()

    def _configure(self) -> None:
        header = self.state.header
        header["instance"], header["epoch"] = INSTANCE, EPOCH
        header["journal_state"] = JournalState.KEEPING
        header["utc_offset_ns"] = UTC_OFFSET_NS
        header["order_retention_ns"] = RETENTION_NS
        header["request_expiry_ns"] = REQUEST_EXPIRY_NS
        header["duplicate_window_ns"] = NS_PER_S
        header["duplicate_orders_max"] = 8
        header["book_age_max_ns"] = 5 * NS_PER_S
        self._fill_rows(
            "instruments",
            instrument_id=np.arange(2),
            status=InstrumentStatus.TRADING,
            base_asset_id=BASE,
            quote_asset_id=QUOTE,
            min_price_ticks=2,
            max_price_ticks=1 << 30,
            min_order_lots=1,
            max_order_lots=5_000,
            market_max_order_lots=2_000,
            min_notional=100,
            max_notional=1 << 50,
            ability=ABILITY,
        )
        self._fill_rows(
            "accounts",
            account_id=np.arange(2),
            connection_state=ConnectionState.LIVE,
            utc_offset_ns=UTC_OFFSET_NS,
        )
        self._fill_rows("strategies", strategy_id=np.arange(4))
        self._fill_rows(
            "terms",
            permitted=1,
            default_order_type=OrderType.LIMIT,
            default_time_in_force=TimeInForce.GTC,
            max_slippage_bps=100,
            retry_attempts=2,
            retry_delay_ns=50 * NS_PER_MS,
            rate_limit_orders=RATE_LIMIT_ORDERS,
            rate_limit_window_ns=NS_PER_S,
            limiter_start=np.arange(8) * RATE_LIMIT_ORDERS,
        )
        lift_all_limits(self.state)
        self._fill_rows(
            "books",
            permitted=1,
            max_order_lots=4_000,
            max_order_notional=1 << 40,
            max_long_lots=100_000,
            max_short_lots=100_000,
        )

    def _fill_rows(self, table: str, **fields: Any) -> None:
        rows = self.state.table(table)
        for field, value in fields.items():
            rows[field] = value

    # ---- rows ----
    def row(self, table: str, place: int) -> np.void:
        """One row; writing to it changes the state."""
        row: np.void = self.state.table(table)[place]
        return row

    def terms(self, strategy_id: int = 1, account_id: int = 0) -> np.void:
        """What a strategy may do on an account."""
        return self.row("terms", strategy_id * 2 + account_id)

    def book(self, strategy_id: int = 1, instrument_id: int = 0) -> np.void:
        """A strategy's position and limits."""
        return self.row("books", strategy_id * 2 + instrument_id)

    def order(self, order_id: int) -> np.void:
        """The slot of an order."""
        orders = self.state.table("orders")
        places = np.flatnonzero(orders["order_id"] == order_id & ~LEG_MAX)
        assert len(places) == 1, f"order {order_id} has {len(places)} slots"
        row: np.void = orders[places[0]]
        return row

    def counts(self) -> dict[str, int]:
        """The header's counts of what is out of the ordinary, without zeros."""
        names = ("late_fill_count", "overfill_count", "duplicate_trade_count", "unmatched_report_count")
        return {name: int(self.state.header[name]) for name in names if self.state.header[name]}

    def masked_digest(self) -> str:
        """A hash of all that a refused command must leave alone."""
        copy = State(self.state.memory.copy())
        for name in MASKED["header"]:
            copy.header[name] = 0
        for table in ("strategies", "holdings", "budgets", "terms", "accounts"):
            for field in MASKED[table]:
                copy.table(table)[field] = 0
        return hashlib.blake2b(copy.memory[: int(copy.header["effects_offset"])].tobytes()).hexdigest()

    # ---- inputs ----
    def order_id(self, strategy_id: int = 1, sequence: int | None = None, *, leg: int = 0) -> int:
        """The id of a strategy's next order, or of one of its orders."""
        if sequence is None:
            self._order_sequences[strategy_id] += 1
            sequence = self._order_sequences[strategy_id]
        return pack(instance=INSTANCE, epoch=EPOCH, strategy_id=strategy_id, sequence=sequence, leg=leg)

    def feed_words(self, words: Any, *, source: int) -> Step:
        """Applies a record given as words."""
        self._record[:] = 0
        self._record[: len(words)] = words
        self.inputs.append((self.now_ns, source, self._record.tobytes()))
        count = int(step(self.state.address, address_of(self._record), self.now_ns, source))
        return Step(self.state, count)

    def feed(self, kind: RecordKind, *, source: int = ENGINE, **fields: int) -> Step:
        """Applies a record given by fields; what is not given is zero."""
        layout = LAYOUTS[kind]
        record = np.zeros(1, layout)[0]
        record["kind"] = kind
        record["published_ns"] = self.now_ns
        for field, value in fields.items():
            record[field] = value
        return self.feed_words(np.frombuffer(record.tobytes(), np.int64), source=source)

    def command(self, kind: RecordKind, *, strategy: int = 1, **fields: int) -> Step:
        """Applies a command of a strategy; what is not given makes it a good one."""
        if "sequence" not in fields:
            self._command_sequences[strategy] += 1
            fields["sequence"] = self._command_sequences[strategy]
        if "order_id" not in fields:
            fields["order_id"] = self.order_id(strategy)
        fields.setdefault("expires_utc_ns", self.now_ns + UTC_OFFSET_NS + NS_PER_S)
        return self.feed(kind, source=strategy, **{**COMMAND_DEFAULTS[kind], **fields})

    def new_order(self, **fields: int) -> Step:
        """A limit order to buy 10 lots at 10,000 ticks, unless told otherwise."""
        return self.command(RecordKind.NEW_ORDER, **fields)

    def place(self, *, accepted: bool = True, **fields: int) -> int:
        """A new order that passes, acknowledged unless told otherwise; returns its id."""
        order_id = int(self.new_order(**fields).requests[0].order_id)
        if accepted:
            self.accept(order_id)
        return order_id

    def market(self, **fields: int) -> Step:
        """A market order to buy 10 lots."""
        return self.new_order(**{"order_type": OrderType.MARKET, "price_ticks": 0, **fields})

    def target(self, **fields: int) -> Step:
        """A target position of 10 lots."""
        return self.command(RecordKind.TARGET_POSITION, **fields)

    def cancel(self, order_id: int, *, strategy: int = 1, **fields: int) -> Step:
        """Cancels an order."""
        return self.command(RecordKind.CANCEL_ORDER, strategy=strategy, order_id=order_id, **fields)

    def cancel_all(self, *, strategy: int = 1, **fields: int) -> Step:
        """Cancels all orders of a strategy."""
        return self.command(RecordKind.CANCEL_ALL, strategy=strategy, **fields)

    def status(self, order_id: int, *, strategy: int = 1) -> Step:
        """Asks how an order stands."""
        return self.command(RecordKind.STATUS_REQUEST, strategy=strategy, order_id=order_id)

    def status_of_all(self, *, strategy: int = 1, **fields: int) -> Step:
        """Asks how all open orders of a strategy stand."""
        order_id = self.order_id(strategy, sequence=0)
        return self.command(RecordKind.STATUS_REQUEST, strategy=strategy, order_id=order_id, **fields)

    def amend(self, order_id: int, *, strategy: int = 1, **fields: int) -> Step:
        """Changes an order."""
        return self.command(RecordKind.AMEND_ORDER, strategy=strategy, order_id=order_id, **fields)

    def venue(self, event: VenueEvent, order_id: int, *, leg: int = 0, **fields: int) -> Step:
        """A venue's report of one leg."""
        return self.feed(RecordKind.VENUE_REPORT, order_id=order_id | leg, event=event, **{**REPORT_DEFAULTS, **fields})

    def accept(self, order_id: int, *, leg: int = 0, **fields: int) -> Step:
        """The venue took a leg."""
        fields.setdefault("venue_order_id", 900 + leg)
        fields.setdefault("answers_request", RequestKind.NEW)
        return self.venue(VenueEvent.ACCEPTED, order_id, leg=leg, **fields)

    def fill(self, order_id: int, lots: int, price_ticks: int = 10_000, *, leg: int = 0, **fields: int) -> Step:
        """A trade of a leg, with the next trade id unless told otherwise."""
        if "trade_id" not in fields:
            self._trade_id += 1
            fields["trade_id"] = self._trade_id
        return self.venue(VenueEvent.FILL, order_id, leg=leg, last_lots=lots, last_price_ticks=price_ticks, **fields)

    def book_top(self, bid_ticks: int = 9_990, ask_ticks: int = 10_010, instrument_id: int = 0, **fields: int) -> Step:
        """A new best bid and offer."""
        fields = {"instrument_id": instrument_id, "bid_ticks": bid_ticks, "ask_ticks": ask_ticks, **fields}
        return self.feed(RecordKind.BOOK_TOP, **{"bid_lots": 5, "ask_lots": 5, **fields})

    def connection(self, state: ConnectionState, account_id: int = 0) -> Step:
        """An account's connection changed."""
        return self.feed(RecordKind.VENUE_STATE, account_id=account_id, state=state)

    def timer(self) -> Step:
        """Time has passed."""
        return self.feed(RecordKind.TIMER)

    def after(self, delay_ns: int) -> Step:
        """Lets time pass and tells the core."""
        self.now_ns += delay_ns
        return self.timer()
