"""Owns the invariants that can be seen from inside: after each step, at each request, at rest."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.core.state import ROWS
from ipc.enums import RecordKind, RejectReason
from ipc.memory import address_of
from ipc.order_id import CLIENT_SEQUENCE_MAX, LEG_MAX, from_text, unpack
from ipc.records import VENUE_REPORT
from tools.simulation.audit_kernel import (
    END_CHANGED,
    ENDED,
    FILLS_VANISHED,
    OVERFILLED,
    PLACE_SHIFT,
    RESERVED_TOO_LITTLE,
    SEEN_ORDER,
    look_over,
)
from tools.simulation.block_view import word_at
from tools.simulation.faults import CRASH_POINTS
from tools.simulation.parent_auditor import ParentAuditor
from tools.simulation.setting import INSTANCE
from tools.simulation.violation import ViolationError

if TYPE_CHECKING:
    from tools.simulation.engine_run import EngineRun
    from tools.simulation.journal import Entry
    from tools.simulation.site import Site
    from tools.simulation.stage import Stage

_KINDS_OF_INTENT = (int(RecordKind.NEW_ORDER), int(RecordKind.TARGET_POSITION))
_PARENT_KIND = int(RecordKind.PARENT_REPORT)
_REQUEST_KIND = int(RecordKind.VENUE_REQUEST)
_REPORT_KIND = int(RecordKind.VENUE_REPORT)
_REASON = (VENUE_REPORT.names or ()).index("reason")
_NOT_SENT = int(RejectReason.NOT_SENT)
_FOUND = {
    OVERFILLED: ("I1", "an order has filled more than its quantity"),
    FILLS_VANISHED: ("I5", "an order's fills became fewer"),
    END_CHANGED: ("I5", "an order's end has changed"),
    RESERVED_TOO_LITTLE: ("I6", "an order reserves less than may still trade"),
}
# With these a trade of others may stay out of sight: nobody but the venue knows how many there were.
_GAPS = frozenset(
    ("lost_event", "lagging_trades", "lagging_list", "lagging_status", "power_loss", "crash_when_idle", *CRASH_POINTS)
)
_TOO_MANY_ORDERS = -1015


class Auditor:
    """Raises ViolationError as soon as something cannot be right; it only looks."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._view = stage.workshop.live
        self._seen = stage.workshop.seen
        self._seen[:] = np.zeros(1, SEEN_ORDER)
        self._seen_address = address_of(self._seen)
        self._wire_ids: set[int] = set()
        self._intents: set[int] = set()
        self._kind = 0
        self._parents = ParentAuditor(stage) if stage.has_parents else None
        self.further_leg_ns = 0
        """When the engine last sent an order that no command had just asked for."""

    def began(self, entries: Sequence[Entry]) -> None:
        """A new run has begun, after these entries: orders lie in other slots."""
        for entry in entries:
            kind, order_id = struct.unpack_from("<8xq24xq", entry.record)
            if kind in _KINDS_OF_INTENT:
                self._intents.add(order_id)
        self._seen[:] = np.zeros(1, SEEN_ORDER)
        look_over(self._view.address, self._seen_address)
        if self._parents is not None:
            self._parents.began(entries)

    def stepped(self, run: EngineRun, address: int) -> None:
        """After every step."""
        kind = self._kind = word_at(address, 1)
        if kind in _KINDS_OF_INTENT:
            self._intents.add(word_at(address, 5))
        if self._parents is not None:
            self._parents.stepped(kind, address)
        found = look_over(self._view.address, self._seen_address)
        if found == 0:
            return
        what, slot = found & ((1 << PLACE_SHIFT) - 1), found >> PLACE_SHIFT
        if what == ENDED:
            self._check_end(run, address, kind, slot)
        else:
            invariant, text = _FOUND[what]
            raise ViolationError(invariant, f"{text}: {self._describe(slot)}")

    def left(self, effect: list[int]) -> None:
        """An effect of a step is about to be carried out."""
        if self._parents is None:
            return
        if effect[1] == _REQUEST_KIND:
            self._parents.requested(effect)
        elif effect[1] == _PARENT_KIND:
            self._parents.told(effect)

    def parents_at_rest(self) -> None:
        """When everything is resolved, of parents alone."""
        if self._parents is not None:
            self._parents.at_rest()

    def sending(self, run: EngineRun, frame: bytes) -> None:
        """Before a hot request goes on the wire."""
        if run.step_count != len(run.journal.entries):
            raise ViolationError("I8", f"{run.step_count} steps but {len(run.journal.entries)} journaled: {frame!r}")
        letter = frame[7:8]
        if letter not in (b"n", b"r"):
            return
        leg_id = from_text(frame[8:24])
        if leg_id is None:
            raise ViolationError("I2", f"a request without an id of ours: {frame!r}")
        order_id = leg_id & ~LEG_MAX
        if leg_id in self._wire_ids:
            raise ViolationError("I9", f"{unpack(leg_id)} is put on the wire again")
        self._wire_ids.add(leg_id)
        if leg_id & LEG_MAX or self._kind not in _KINDS_OF_INTENT:
            self.further_leg_ns = run.now_ns
        row = self._view.order(order_id)
        is_child = unpack(order_id).sequence > CLIENT_SEQUENCE_MAX and self._parents is not None
        if order_id not in self._intents and not is_child:
            raise ViolationError("I2", f"no journaled intent for {unpack(leg_id)}")
        if row is None or row["end_reason"] != 0:
            raise ViolationError("I7", f"{unpack(leg_id)} was refused or has ended, and is sent")

    def arrived(self, site: Site) -> None:
        """After a venue has processed a request that may have made an order."""
        if self._stage.plan.generator("delayed_reply") is not None:
            # A count that overtakes a later one is believed; all that follows from it is a refusal.
            return self._check_attempts()
        last = site.venue.log.records[-1:]
        if last and last[0]["event"] == "rejected" and last[0]["code"] == _TOO_MANY_ORDERS:
            raise ViolationError("I13", f"the venue had to refuse an order as one too many: {last[0]}")
        return self._check_attempts()

    def _check_attempts(self) -> None:
        living = Counter(
            leg_id & ~LEG_MAX for leg_id in map(self._leg_of, self._stage.open_orders()) if leg_id is not None
        )
        for order_id, attempts in living.items():
            if attempts > 1:
                raise ViolationError("I3", f"{attempts} attempts of {unpack(order_id)} live at the venue")

    def look_at_venue(self) -> None:
        """From time to time: what lives at the venue is reserved here, and has not ended here."""
        if self._parents is not None:
            self._parents.look_at_venue()
        for order in self._stage.open_orders():
            leg_id = self._leg_of(order)
            if leg_id is None:
                continue
            row = self._view.order(leg_id & ~LEG_MAX)
            if row is None:
                continue
            if row["end_reason"] != 0:
                raise ViolationError("I10", f"{unpack(leg_id)} has ended here and lives at the venue: {row}")
            if row["leg"] == leg_id & LEG_MAX and row["reserved_lots"] < order.leaves_lots:
                raise ViolationError("I6", f"{unpack(leg_id)} may trade {order.leaves_lots} lots at the venue: {row}")

    def at_rest(self) -> None:
        """When everything is resolved: positions, fills and open orders are those of the venue."""
        self.parents_at_rest()
        for site in self._stage.sites:
            self._check_positions(site)
        self._check_open_orders()
        hits = {name for name, _ in self._stage.plan.hits}
        for site in self._stage.sites:
            site.balances.at_rest(gaps=bool(_GAPS & hits), is_clock_set="clock_skew" in hits)

    def _check_positions(self, site: Site) -> None:
        stage = self._stage
        venue_lots = own_lots = 0
        for fill in site.venue.account.fills[site.venue.instrument.symbol]:
            lots = fill.lots if fill.order.side == "BUY" else -fill.lots
            venue_lots += lots
            if from_text(fill.order.client_order_id) is not None:
                own_lots += lots
        books = self._view.state.table("books")["position_lots"].reshape(-1, len(stage.sites))
        told = sum(
            (report.last_lots if report.side == 1 else -report.last_lots)
            for client in stage.clients
            for report in client.told
            if report.trade_id and report.execution_type == 3 and report.instrument_id == site.number
        )
        position = int(books[1:, site.number].sum())
        if position != own_lots or position != told:
            raise ViolationError(
                "I4", f"positions sum to {position}, the fills told to {told}, the venue's fills of ours to {own_lots}"
            )
        holdings = self._view.state.table("holdings")["position_lots"].reshape(-1, len(stage.sites))
        held = int(holdings[:, site.number].sum())
        if held != venue_lots and not _GAPS.intersection(name for name, _ in stage.plan.hits):
            raise ViolationError("I4", f"the account holds {held} here and {venue_lots} at the venue")

    def _check_open_orders(self) -> None:
        at_venue = {leg_id for leg_id in map(self._leg_of, self._stage.open_orders()) if leg_id is not None}
        here = {row["order_id"] | row["leg"] for row in self._view.living() if row["strategy_id"] != 0}
        waiting = {row["order_id"] | row["leg"] for row in self._view.living() if row["release_at_ns"]}
        if at_venue != here - waiting:
            raise ViolationError(
                "I11",
                f"open here and not at the venue: {[unpack(each) for each in here - at_venue - waiting]}, "
                f"open there and not here: {[unpack(each) for each in at_venue - here]}",
            )

    def _check_end(self, run: EngineRun, address: int, kind: int, slot: int) -> None:
        """An order ends by the venue's word alone, or because it never left."""
        if run.in_frame and kind == _REPORT_KIND:
            return
        if kind == _REPORT_KIND and word_at(address, _REASON) == _NOT_SENT:
            return
        row = self._view.rows()[slot]
        order_id = int(row["order_id"])
        lives = any((self._leg_of(order) or 0) & ~LEG_MAX == order_id for order in self._stage.open_orders())
        if row["sent_ns"] == 0 or (row["pending_new_ns"] == 0 and not lives):
            return
        raise ViolationError("I10", f"record kind {kind} ended an order without the venue: {self._describe(slot)}")

    @staticmethod
    def _leg_of(order: object) -> int | None:
        leg_id = from_text(order.client_order_id)  # type: ignore[attr-defined]
        return None if leg_id is None or unpack(leg_id).instance != INSTANCE else leg_id

    def _describe(self, slot: int) -> str:
        row = self._view.rows()[slot]
        told = {name: int(row[name]) for name in ROWS["orders"].names or () if row[name] != 0}
        return f"{unpack(int(row['order_id']))} {told}"
