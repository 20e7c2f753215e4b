"""Owns the life-cycle scenarios that two systems are put through, and what our core makes of them.

Each is a known race or a sequence of FIX appendix D for an order of ten lots; the outcome is what FIX or the race
demands. Only the facts count that a strategy acts on: the status, what is filled and what is left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core.state import Capacities, State
from engine.core.step import ENGINE, step
from engine.scope_limits import lift_all_limits
from ipc.clock import NS_PER_S
from ipc.enums import (
    ConnectionState,
    InstrumentStatus,
    JournalState,
    OrderStatus,
    OrderType,
    RecordKind,
    RequestKind,
    Side,
    TimeInForce,
    VenueAbility,
    VenueEvent,
)
from ipc.memory import address_of
from ipc.order_id import pack
from ipc.order_status import leaves_lots_of, status_of
from ipc.records import AS_CONFIGURED, LAYOUTS, NOT_STATED, SLOT_WORDS

LOTS = 10
PRICE_TICKS = 10_000
_REQUEST_EXPIRY_NS = 5 * NS_PER_S

Event = tuple[Any, ...]


@dataclass(frozen=True)
class Scenario:
    """What happens to an order, and how it must stand then."""

    name: str
    events: tuple[Event, ...]
    statuses: tuple[str, ...]
    filled: int
    leaves: int | None  # None when either is right

    def is_met_by(self, found: dict[str, Any]) -> bool:
        """Whether a system that was put through it stands right."""
        leaves = found["leaves"] if self.leaves is None else self.leaves
        return (found["status"] in self.statuses) and (found["filled"], found["leaves"]) == (self.filled, leaves)


SENT, TAKEN = ("sent",), ("acknowledged",)
SCENARIOS = (
    Scenario("R1: fill, then the acknowledgement", (SENT, ("fill", 1, 4), TAKEN), ("PARTIALLY_FILLED",), 4, 6),
    Scenario("R1: full fill, then the acknowledgement", (SENT, ("fill", 1, 10), TAKEN), ("FILLED",), 10, 0),
    Scenario(
        "D4: fill while a cancel is pending", (SENT, TAKEN, ("cancel",), ("fill", 1, 4)), ("PENDING_CANCEL",), 4, 6
    ),
    Scenario(
        "D7: fill while a replacement is pending",
        (SENT, TAKEN, ("amend", 8), ("fill", 1, 4)),
        ("PENDING_REPLACE", "PENDING_UPDATE"),
        4,
        6,
    ),
    Scenario(
        "R2: part fill after the cancel", (SENT, TAKEN, ("cancel",), ("canceled",), ("fill", 1, 4)), ("CANCELED",), 4, 0
    ),
    Scenario(
        "R2: full fill after the cancel",
        (SENT, TAKEN, ("cancel",), ("canceled",), ("fill", 1, 10)),
        ("CANCELED", "FILLED"),
        10,
        0,
    ),
    Scenario(
        "fill of a rejected order", (SENT, ("rejected",), ("fill", 1, 4)), ("REJECTED", "PARTIALLY_FILLED"), 4, None
    ),
    Scenario("R11: acknowledged after it was given up", (SENT, ("given up",), TAKEN), ("NEW", "ACCEPTED"), 0, 10),
    Scenario(
        "R11: fill after it was given up", (SENT, ("given up",), ("fill", 1, 4)), ("PARTIALLY_FILLED", "UNKNOWN"), 4, 6
    ),
    Scenario("fill of an expired order", (SENT, TAKEN, ("expired",), ("fill", 1, 4)), ("EXPIRED",), 4, 0),
    Scenario("R29: expired before it was acknowledged", (SENT, ("expired",)), ("EXPIRED",), 0, 0),
    Scenario("R17: fill of a filled order", (SENT, TAKEN, ("fill", 1, 10), ("fill", 2, 5)), ("FILLED",), 15, 0),
    Scenario("R17: one fill of more than was ordered", (SENT, TAKEN, ("fill", 1, 15)), ("FILLED",), 15, 0),
    Scenario(
        "R33: amended while a cancel is pending",
        (SENT, TAKEN, ("amend", 8), ("cancel",), ("amended", 8)),
        ("PENDING_CANCEL",),
        0,
        8,
    ),
    Scenario("R15: the same trade twice", (SENT, TAKEN, ("fill", 1, 4), ("fill", 1, 4)), ("PARTIALLY_FILLED",), 4, 6),
    Scenario(
        "R5: fill of the leg that was replaced",
        (SENT, TAKEN, ("move",), ("moved",), ("fill", 1, 4)),
        ("PARTIALLY_FILLED",),
        4,
        6,
    ),
    Scenario(
        "D35: a trade of a canceled order is taken back",
        (SENT, TAKEN, ("fill", 1, 4), ("canceled",), ("bust", 1)),
        ("CANCELED",),
        0,
        0,
    ),
    Scenario(
        "D34: a trade of a filled order is taken back",
        (SENT, TAKEN, ("fill", 1, 4), ("fill", 2, 6), ("bust", 1)),
        ("PARTIALLY_FILLED",),
        6,
        4,
    ),
)


class Desk:
    """One order in a core of its own."""

    def __init__(self) -> None:
        self._state = State.create(
            Capacities(
                instruments=1, accounts=1, strategies=2, assets=2, orders=4, tombstones=4, trades=64, limiter_times=2
            )
        )
        self._now_ns = 1_000 * NS_PER_S
        self._record = np.zeros(SLOT_WORDS, np.int64)
        self._order_id = pack(instance=1, epoch=1, strategy_id=1, sequence=1, leg=0)
        self._sequence = 0
        self._configure()

    def _configure(self) -> None:
        header = self._state.header
        header["instance"] = header["epoch"] = 1
        header["journal_state"] = JournalState.KEEPING
        header["order_retention_ns"] = 60 * NS_PER_S
        header["request_expiry_ns"] = _REQUEST_EXPIRY_NS
        header["duplicate_window_ns"], header["duplicate_orders_max"] = NS_PER_S, 8
        header["book_age_max_ns"] = NS_PER_S
        rows: dict[str, dict[str, int]] = {
            "instruments": {
                "status": InstrumentStatus.TRADING,
                "quote_asset_id": 1,
                "min_price_ticks": 1,
                "max_price_ticks": 1 << 30,
                "min_order_lots": 1,
                "max_order_lots": 1 << 20,
                "market_max_order_lots": 1 << 20,
                "min_notional": 1,
                "max_notional": 1 << 60,
                "ability": VenueAbility.AMEND_KEEP_PRIORITY | VenueAbility.CANCEL_REPLACE,
            },
            "accounts": {"connection_state": ConnectionState.LIVE},
            "terms": {
                "permitted": 1,
                "default_order_type": OrderType.LIMIT,
                "default_time_in_force": TimeInForce.GTC,
                "rate_limit_orders": 1,
                "rate_limit_window_ns": 1,
            },
            "books": {
                "permitted": 1,
                "max_order_lots": 1 << 20,
                "max_order_notional": 1 << 60,
                "max_long_lots": 1 << 20,
                "max_short_lots": 1 << 20,
            },
        }
        for table, fields in rows.items():
            for field, value in fields.items():
                self._state.table(table)[field] = value
        lift_all_limits(self._state)
        self._state.table("strategies")["strategy_id"] = np.arange(2)
        self._state.table("terms")["limiter_start"] = np.arange(2)

    def _feed(self, kind: RecordKind, *, source: int = ENGINE, **fields: int) -> None:
        record = np.zeros(1, LAYOUTS[kind])[0]
        record["kind"], record["published_ns"] = kind, self._now_ns
        for field, value in fields.items():
            record[field] = value
        words = np.frombuffer(record.tobytes(), np.int64)
        self._record[:] = 0
        self._record[: len(words)] = words
        step(self._state.address, address_of(self._record), self._now_ns, source)
        self._now_ns += NS_PER_S // 1_000

    def _command(self, kind: RecordKind, **fields: int) -> None:
        self._sequence += 1
        expires_utc_ns = self._now_ns + NS_PER_S
        self._feed(
            kind, source=1, sequence=self._sequence, order_id=self._order_id, expires_utc_ns=expires_utc_ns, **fields
        )

    def _venue(self, event: VenueEvent, **fields: int) -> None:
        unsaid = dict.fromkeys(("cumulative_lots", "order_lots", "price_ticks", "fee_asset_id"), NOT_STATED)
        self._feed(RecordKind.VENUE_REPORT, **{"order_id": self._order_id, "event": event, **unsaid, **fields})

    def play(self, scenario: Scenario) -> dict[str, Any]:
        """Puts the order through it and says how it stands."""
        for name, *arguments in scenario.events:
            _ACTS[name](self, *arguments)
        order = self._state.table("orders")[0]
        status = OrderStatus(status_of(order, 0)).name
        filled, leaves = int(order["cumulative_lots"]), int(leaves_lots_of(order))
        return {"status": status, "filled": filled, "leaves": leaves, "said": ""}

    def send(self) -> None:
        """The new order."""
        inherited = dict.fromkeys(
            ("max_slippage_bps", "execution_timeout_ms", "retry_attempts", "retry_delay_ms"), AS_CONFIGURED
        )
        self._command(
            RecordKind.NEW_ORDER,
            side=Side.BUY,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price_ticks=PRICE_TICKS,
            order_lots=LOTS,
            **inherited,
        )

    def give_up(self) -> None:
        """The answer is lost, and the venue denies the order for good."""
        self._venue(VenueEvent.OUTCOME_UNKNOWN, answers_request=RequestKind.NEW)
        self._now_ns += _REQUEST_EXPIRY_NS
        for _ in range(2):
            self._venue(VenueEvent.NOT_FOUND, answers_request=RequestKind.STATUS)

    def fill(self, trade_id: int, lots: int) -> None:
        """A trade of the first leg."""
        self._venue(VenueEvent.FILL, trade_id=trade_id, last_lots=lots, last_price_ticks=PRICE_TICKS)

    def amend(self, lots: int) -> None:
        """Less quantity, in place."""
        self._command(RecordKind.AMEND_ORDER, order_lots=lots)

    def amended(self, lots: int) -> None:
        """The answer to it."""
        self._venue(VenueEvent.REPLACED, order_lots=lots, answers_request=RequestKind.AMEND)

    def move(self) -> None:
        """Another price, by another leg."""
        self._command(RecordKind.AMEND_ORDER, price_ticks=PRICE_TICKS - 1)

    def moved(self) -> None:
        """The answer to it."""
        self._venue(
            VenueEvent.REPLACED,
            replacement_order_id=self._order_id | 1,
            venue_order_id=2,
            answers_request=RequestKind.CANCEL_REPLACE,
        )

    def bust(self, trade_id: int) -> None:
        """A trade is taken back."""
        self._venue(VenueEvent.TRADE_CANCELED, trade_id=trade_id)

    def told(self, event: VenueEvent) -> None:
        """A word of the venue that needs no more."""
        self._venue(event)

    def cancel(self) -> None:
        """The cancel request."""
        self._command(RecordKind.CANCEL_ORDER)


_ACTS: dict[str, Callable[..., None]] = {
    "sent": Desk.send,
    "acknowledged": lambda desk: desk.told(VenueEvent.ACCEPTED),
    "fill": Desk.fill,
    "amend": Desk.amend,
    "amended": Desk.amended,
    "move": Desk.move,
    "moved": Desk.moved,
    "cancel": Desk.cancel,
    "canceled": lambda desk: desk.told(VenueEvent.CANCELED),
    "rejected": lambda desk: desk.told(VenueEvent.REJECTED),
    "given up": Desk.give_up,
    "expired": lambda desk: desk.told(VenueEvent.EXPIRED),
    "bust": Desk.bust,
}
