"""Owns the weakened policies: engines that each do one thing wrong, so that what should notice it is seen to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateways.venue import OpenOrder
from ipc import order_id as order_ids
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.control_enums import Breaker
from ipc.enums import EndReason, ExecutionType, RecordKind, RefusalReason, VenueEvent
from ipc.records import EXECUTION_REPORT, NOT_STATED, VENUE_REPORT
from tools.simulation.block_view import word_at
from tools.simulation.engine_run import EngineRun
from tools.simulation.journal import Entry
from tools.simulation.parent_policies import (
    ForgetsChildrensFills,
    IgnoresParentLimits,
    NeverEnds,
    TakesAnyShare,
    WorksOn,
)
from tools.simulation.weak_run import WeakRun, leg_of, renamed

if TYPE_CHECKING:
    from tools.simulation.account_gateway import AccountGateway
    from tools.simulation.network import Wire
    from tools.simulation.stage import Stage

_TIMEOUT_NS = 300 * NS_PER_MS
_GHOST_BIT = 1 << (order_ids.SEQUENCE_SHIFT + 20)
_PLACES = {name: place for place, name in enumerate(VENUE_REPORT.names or ())}
_KIND, _EVENT, _ORDER_ID = _PLACES["kind"], _PLACES["event"], _PLACES["order_id"]
_TYPE, _REASON = (EXECUTION_REPORT.names or ()).index("execution_type"), (EXECUTION_REPORT.names or ()).index("reason")
_REPEATS = (RefusalReason.COMMAND_OUT_OF_SEQUENCE, RefusalReason.DUPLICATE_ORDER_ID)
_SPOILED_STEP = 60


class RetriesWithNewId(WeakRun):
    """A missing answer makes it order again under another id."""

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Sends, and again later."""
        if frame[7:8] == b"n":
            self.later(_TIMEOUT_NS, self._again, frame)
        return super().transmit(gateway, frame)

    def _again(self, frame: bytes) -> None:
        if self.is_waiting(leg_of(frame)):
            self.put_on_wire(renamed(frame, leg_of(frame) | _GHOST_BIT))


class RetriesWithSameId(WeakRun):
    """A missing answer makes it send the same again."""

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Sends, and again later."""
        if frame[7:8] == b"n":
            self.later(_TIMEOUT_NS, self._again, frame)
        return super().transmit(gateway, frame)

    def _again(self, frame: bytes) -> None:
        if self.is_waiting(leg_of(frame)):
            self.put_on_wire(frame)


class RejectsOnTimeout(WeakRun):
    """A missing answer counts as a rejection."""

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Sends, and loses patience later."""
        if frame[7:8] == b"n":
            self.later(_TIMEOUT_NS, self._give_up, leg_of(frame))
        return super().transmit(gateway, frame)

    def _give_up(self, leg_id: int) -> None:
        if self.is_waiting(leg_id):
            self.in_frame = True
            self.inject(leg_id, VenueEvent.REJECTED)
            self.in_frame = False


class BelievesNotFound(WeakRun):
    """One "not found" counts as a rejection."""

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Takes the venue's word too literally."""
        for row in records[:count]:
            if row[_KIND] == RecordKind.VENUE_REPORT and row[_EVENT] == VenueEvent.NOT_FOUND:
                row[_EVENT] = VenueEvent.REJECTED
        super().apply(records, count)


class JournalsAfterSending(WeakRun):
    """What is done is kept once it is done."""

    def keep(self, address: int, now_ns: int, source: int) -> None:
        """Keeps nothing yet."""
        super().keep(address, now_ns, source)
        self.unkept.append(self.journal.entries.pop())

    def leave(self) -> None:
        """Sends first."""
        super().leave()
        self.journal.entries += self.unkept
        self.unkept.clear()

    def start(self) -> None:
        """Has nothing to keep yet."""
        self.unkept: list[Entry] = []
        super().start()


class SweepsOnlyTheUnknown(WeakRun):
    """After a gap, orders that the venue had acknowledged are not asked for."""

    def open_orders(self, account_id: int) -> list[OpenOrder]:
        """Leaves out what seems to be certain."""
        return [order for order in super().open_orders(account_id) if order.is_unknown]


class RepeatsFills(WeakRun):
    """A fill counts twice."""

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Gives every fill to the core once more, under another number."""
        super().apply(records, count)
        for row in records[:count]:
            if row[_KIND] == RecordKind.VENUE_REPORT and row[_EVENT] == VenueEvent.FILL:
                again = row.copy().reshape(1, -1)
                again[0, _PLACES["trade_id"]] += 1 << 40
                again[0, _PLACES["cumulative_lots"]] = NOT_STATED
                super().apply(again, 1)


class SendsGhosts(WeakRun):
    """Some orders go out a second time under an id that nobody knows."""

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Sends one more."""
        if frame[7:8] == b"n" and leg_of(frame) >> order_ids.SEQUENCE_SHIFT & 3 == 1:
            self.put_on_wire(renamed(frame, leg_of(frame) | _GHOST_BIT))
        return super().transmit(gateway, frame)


class AttemptsTwice(WeakRun):
    """Some orders go out as two legs at once."""

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Sends another leg."""
        if frame[7:8] == b"n" and leg_of(frame) >> order_ids.SEQUENCE_SHIFT & 3 == 1:
            self.put_on_wire(renamed(frame, leg_of(frame) + 100))
        return super().transmit(gateway, frame)


class MiscountsPositions(WeakRun):
    """A position is off by one."""

    def stepped(self, address: int, source: int, effects: int) -> None:
        """Spoils the table, once."""
        if self.step_count == _SPOILED_STEP:
            self.stage.workshop.live.state.table("books")["position_lots"][1] += 1


class ForgetsEnds(WeakRun):
    """Now and then an ended order counts as ended in another way."""

    def stepped(self, address: int, source: int, effects: int) -> None:
        """Spoils the table."""
        if self.step_count % 40 == 0:
            rows = self.stage.workshop.live.rows()
            for slot in np.flatnonzero(rows["end_reason"] == EndReason.CANCELED)[:1]:
                rows["end_reason"][slot] = EndReason.EXPIRED


class FreesReserves(WeakRun):
    """An order of unknown outcome reserves nothing."""

    def stepped(self, address: int, source: int, effects: int) -> None:
        """Spoils the table."""
        rows = self.stage.workshop.live.rows()
        rows["reserved_lots"][(rows["is_unknown"] != 0) & (rows["order_id"] != 0)] = 0


class SendsWhatWasRefused(WeakRun):
    """A refused order goes out all the same."""

    _last = b""

    def transmit(self, gateway: AccountGateway, frame: bytes) -> bool:
        """Remembers what an order looks like."""
        if frame[7:8] == b"n":
            self._last = frame
        return super().transmit(gateway, frame)

    def stepped(self, address: int, source: int, effects: int) -> None:
        """Sends what the core did not want to send."""
        live = self.stage.workshop.live
        effect = live.effect(0)
        is_refusal = effects == 1 and effect[_TYPE] == ExecutionType.REFUSED and effect[_REASON] not in _REPEATS
        if is_refusal and self._last and word_at(address, _KIND) == RecordKind.NEW_ORDER:
            super().transmit(self.gateways[0], renamed(self._last, effect[_ORDER_ID]))


class SkipsEntries(WeakRun):
    """Some inputs are not journaled."""

    def keep(self, address: int, now_ns: int, source: int) -> None:
        """Keeps most."""
        if self.step_count % 50:
            super().keep(address, now_ns, source)


class KeepsEpoch(WeakRun):
    """A new run takes no new epoch."""

    @staticmethod
    def next_epoch(epoch: int) -> int:
        """The same again."""
        return epoch


class EndsByItself(WeakRun):
    """What stays unknown for a second is given up."""

    def stepped(self, address: int, source: int, effects: int) -> None:
        """Watches for doubt."""
        for place in range(effects):
            effect = self.stage.workshop.live.effect(place)
            if effect[_KIND] == RecordKind.EXECUTION_REPORT and effect[_TYPE] == ExecutionType.UNKNOWN:
                self.later(NS_PER_S // 10, self._give_up, effect[_ORDER_ID])

    def _give_up(self, order_id: int) -> None:
        row = None if self.is_dead else self.stage.workshop.live.order(order_id)
        if row is not None and row["is_unknown"] and not row["end_reason"]:
            self.inject(order_id | row["leg"], VenueEvent.CANCELED)


class AsksNothing(WeakRun):
    """Questions about orders never leave."""

    def ask(self, wire: Wire, frame: bytes) -> None:
        """Swallows them."""
        if b'"order.status"' not in frame:
            super().ask(wire, frame)


class JournalsAnotherTime(WeakRun):
    """The journal's time is not the one that the core was given."""

    def keep(self, address: int, now_ns: int, source: int) -> None:
        """Is a nanosecond late."""
        super().keep(address, now_ns + 1, source)


class IgnoresRateLimits(WeakRun):
    """The venue's limits are neither known nor learnt."""

    def start(self) -> None:
        """Forgets the configured ones."""
        self.stage.workshop.live.state.table("budgets")["limit"] = 0
        self.journal.base = self.stage.workshop.live.state.memory.tobytes()
        super().start()

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Leaves out what the venue tells of them."""
        kept = records[:count][records[:count, _KIND] != RecordKind.RATE_LIMIT]
        super().apply(np.ascontiguousarray(kept), len(kept))


class ComparesNothing(WeakRun):
    """What the venue says of balances is not held against what was booked."""

    time_ns = 0

    def start(self) -> None:
        """Spoils the breaker."""
        self.stage.workshop.live.state.table("breakers")["threshold"][Breaker.POSITION_DIFFERS] = self.time_ns
        self.journal.base = self.stage.workshop.live.state.memory.tobytes()
        super().start()


class ComparesAtOnce(ComparesNothing):
    """A difference need not last."""

    time_ns = 1


class Policy(NamedTuple):
    """One weakened engine, and what else is different around it."""

    name: str
    run_class: type[EngineRun]
    prepare: Callable[[Stage], None] | None = None
    has_parents: bool = False


def _unique_for_ever(stage: Stage) -> None:
    stage.sites[0].venue.ids_are_unique_for_ever = True


def _resends(stage: Stage) -> None:
    stage.resends_rejected = True


def _never_expires(stage: Stage) -> None:
    site = stage.sites[0]
    site.venue.never_expires = True
    site.network.late_ns_max = 30 * NS_PER_S


def _bursts(stage: Stage) -> None:
    stage.bursts = True


POLICIES = {
    policy.name: policy
    for policy in (
        Policy("retry-new-id", RetriesWithNewId),
        Policy("retry-same-id", RetriesWithSameId),
        Policy("retry-same-id-unique-for-ever", RetriesWithSameId, _unique_for_ever),
        Policy("timeout-is-rejected", RejectsOnTimeout, _resends),
        Policy("query-once", BelievesNotFound, _resends),
        Policy("journal-after-send", JournalsAfterSending),
        Policy("venue-never-expires", EngineRun, _never_expires),
        Policy("no-sweep", SweepsOnlyTheUnknown),
        Policy("breaks-I1", RepeatsFills),
        Policy("breaks-I2", SendsGhosts),
        Policy("breaks-I3", AttemptsTwice),
        Policy("breaks-I4", MiscountsPositions),
        Policy("breaks-I5", ForgetsEnds),
        Policy("breaks-I6", FreesReserves),
        Policy("breaks-I7", SendsWhatWasRefused),
        Policy("breaks-I8", SkipsEntries),
        Policy("breaks-I9", KeepsEpoch),
        Policy("breaks-I10", EndsByItself),
        Policy("breaks-I11", AsksNothing),
        Policy("breaks-I12", JournalsAnotherTime),
        Policy("breaks-I13", IgnoresRateLimits, _bursts),
        Policy("breaks-I14", ComparesNothing),
        Policy("differs-at-once", ComparesAtOnce),
        Policy("breaks-I15", ForgetsChildrensFills, has_parents=True),
        Policy("breaks-I16", IgnoresParentLimits, has_parents=True),
        Policy("breaks-I17", WorksOn, has_parents=True),
        Policy("breaks-I18", TakesAnyShare, has_parents=True),
        Policy("breaks-I19", NeverEnds, has_parents=True),
    )
}
