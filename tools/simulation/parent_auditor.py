"""Owns the invariants of parents: what their children may be, when they may be sent, and that every parent ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ctypes import string_at
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.core.state import ROWS
from ipc.enums import RecordKind, RequestKind, Side
from ipc.memory import address_of
from ipc.order_id import CLIENT_SEQUENCE_MAX, LEG_MAX, from_text, unpack
from ipc.parent_enums import Algorithm, ParentEvent, ParentState
from ipc.records import LAYOUTS, SLOT_BYTES
from tools.simulation.parent_audit_kernel import SEEN_PARENT, look_over_parents
from tools.simulation.violation import ViolationError

if TYPE_CHECKING:
    from tools.simulation.journal import Entry
    from tools.simulation.stage import Stage
    from tools.simulation.venue import Venue


def _places(kind: RecordKind) -> dict[str, int]:
    return {name: place for place, name in enumerate(LAYOUTS[kind].names or ())}


_NEW, _AMEND = _places(RecordKind.NEW_PARENT), _places(RecordKind.AMEND_ORDER)
_TRADES = _places(RecordKind.MARKET_TRADES)
_REPORT, _REQUEST = _places(RecordKind.PARENT_REPORT), _places(RecordKind.VENUE_REQUEST)
_SENDING = (RequestKind.NEW, RequestKind.CANCEL_REPLACE, RequestKind.AMEND)
_OVER = (ParentState.ENDING, ParentState.ENDED)
_HEEDED = (RecordKind.NEW_PARENT, RecordKind.MARKET_TRADES, RecordKind.AMEND_ORDER)
_KIND = 1
_PPM = 1_000_000


@dataclass
class Bounds:
    """The loosest that was ever asked for, in the finest steps of all sites."""

    instrument_id: int
    side: int
    most_lots: int
    """0 when its quantity follows from something else."""
    limit_ticks: int
    end_utc_ns: int
    share_ppm: int
    after_order_id: int
    is_silent: bool = False
    """Whether it may send nothing: paused, or about to end."""
    market_lots_at_start: int = 0

    def amend(self, price_ticks: int, lots: int) -> None:
        """A change was asked for, whether it came about or not."""
        if self.most_lots:
            self.most_lots = max(self.most_lots, lots)
        if price_ticks and self.limit_ticks:
            looser = max if self.side == Side.BUY else min
            self.limit_ticks = looser(self.limit_ticks, price_ticks)

    def is_beyond(self, price_ticks: int) -> bool:
        """Whether a price is worse than every limit."""
        if not self.limit_ticks:
            return False
        return price_ticks > self.limit_ticks if self.side == Side.BUY else price_ticks < self.limit_ticks


class ParentAuditor:
    """Raises ViolationError as soon as something cannot be right; it reads commands, requests and reports."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._view = stage.workshop.live
        self._bounds: dict[int, Bounds] = {}
        self._parent_of: dict[int, int] = {}
        self._step_count = 0
        self._market_lots: Counter[int] = Counter()
        """What everybody traded as far as the core was told, by instrument."""
        self._terms = [site.terms for site in stage.sites]
        self._seen = np.zeros(int(self._view.state.header["parents_count"]), SEEN_PARENT)

    def began(self, entries: Sequence[Entry]) -> None:
        """A new run after these entries; the last of them may have been journaled and never seen in a step."""
        for entry in entries[self._step_count :]:
            self._heed(memoryview(entry.record).cast("q").tolist())
        self._step_count = 0
        # A parent that became less may still have children of its former size.
        most_lots = {int(row["order_id"]): int(row["most_lots"]) for row in self._seen}
        rows = self._view.state.table("parents")
        for row, seen in zip(rows, self._seen, strict=True):
            seen["order_id"] = row["order_id"]
            seen["most_lots"] = most_lots.get(int(row["order_id"]), 0)
            bounds = self._bounds.get(int(row["order_id"]))
            if bounds is not None:
                bounds.is_silent = row["parent_state"] == ParentState.PAUSED or row["parent_state"] in _OVER

    def stepped(self, kind: int, address: int) -> None:
        """After every step."""
        self._step_count += 1
        if kind in _HEEDED:
            self._heed(memoryview(string_at(address, SLOT_BYTES)).cast("q").tolist())
        slot = look_over_parents(self._view.address, address_of(self._seen))
        if slot >= 0:
            raise ViolationError("I15", f"a parent's children may trade more than it: {self._describe(slot)}")

    def told(self, effect: list[int]) -> None:
        """A report on a parent leaves the core."""
        event, bounds = effect[_REPORT["parent_event"]], self._bounds.get(effect[_REPORT["order_id"]])
        if event == ParentEvent.CHILD_SENT:
            self._parent_of[effect[_REPORT["child_order_id"]]] = effect[_REPORT["order_id"]]
        if bounds is None:
            return
        if event == ParentEvent.STARTED:
            bounds.market_lots_at_start = self._market_lots[bounds.instrument_id]
        elif event in (ParentEvent.PAUSED, ParentEvent.CANCELING, ParentEvent.ENDED):
            bounds.is_silent = True
        elif event == ParentEvent.RESUMED:
            bounds.is_silent = False

    def requested(self, effect: list[int]) -> None:
        """A request leaves the core."""
        order_id, request_kind = effect[_REQUEST["order_id"]] & ~LEG_MAX, effect[_REQUEST["request_kind"]]
        if request_kind not in _SENDING or unpack(order_id).sequence <= CLIENT_SEQUENCE_MAX:
            return
        row = self._view.order(order_id)
        parent_id = row["parent_order_id"] if row is not None else 0
        bounds = self._bounds.get(parent_id)
        if bounds is None:
            raise ViolationError("I2", f"child {unpack(order_id)} is sent without a journaled parent")
        what = f"child {unpack(order_id)} of {unpack(parent_id)}"
        utc_ns = self._stage.timeline.utc_ns()
        price_ticks = effect[_REQUEST["price_ticks"]] * self._terms[effect[_REQUEST["instrument_id"]]].price_scale
        if bounds.is_beyond(price_ticks):
            raise ViolationError("I16", f"{what} is sent at {price_ticks}, beyond the limit {bounds.limit_ticks}")
        if bounds.is_silent or 0 < bounds.end_utc_ns <= utc_ns:
            raise ViolationError("I17", f"{what} is sent while that is paused, over or beyond its end: {bounds}")
        if bounds.share_ppm and request_kind == RequestKind.NEW:
            self._check_share(what, parent_id, bounds)

    def look_at_venue(self) -> None:
        """From time to time: what traded and may trade at the venue is no more than the parent."""
        lots = self._lots_at_venue()
        for parent_id, traded_lots in lots.items():
            bounds = self._bounds.get(parent_id)
            if bounds is None:
                continue
            most_lots = bounds.most_lots
            if bounds.after_order_id:
                most_lots = lots.get(bounds.after_order_id, 0) or self._traded(bounds.after_order_id)
            if most_lots and traded_lots > most_lots:
                raise ViolationError(
                    "I15", f"children of {unpack(parent_id)} of {most_lots} trade {traded_lots} at the venue"
                )

    def at_rest(self) -> None:
        """When everything is resolved: every parent has ended."""
        self.look_at_venue()
        rows = self._view.state.table("parents")
        for slot in np.flatnonzero((rows["order_id"] != 0) & (rows["parent_state"] != ParentState.ENDED)):
            raise ViolationError("I19", f"a parent does not end: {self._describe(int(slot))}")

    def _heed(self, words: list[int]) -> None:
        """Takes note of what was asked for, and of what the market traded."""
        kind = words[_KIND]
        if kind == RecordKind.NEW_PARENT:
            self._learn(words)
        elif kind == RecordKind.MARKET_TRADES:
            instrument_id = words[_TRADES["instrument_id"]]
            lots = words[_TRADES["bought_lots"]] + words[_TRADES["sold_lots"]]
            self._market_lots[instrument_id] += lots * self._terms[instrument_id].lot_scale
        elif kind == RecordKind.AMEND_ORDER:
            bounds = self._bounds.get(words[_AMEND["order_id"]])
            if bounds is not None:
                terms = self._terms[bounds.instrument_id]
                bounds.amend(
                    words[_AMEND["price_ticks"]] * terms.price_scale, words[_AMEND["order_lots"]] * terms.lot_scale
                )

    def _learn(self, words: list[int]) -> None:
        follows = words[_NEW["after_order_id"]] != 0 or words[_NEW["algorithm"]] == Algorithm.CLOSE_OUT
        instrument_id = words[_NEW["instrument_id"]]
        terms = self._terms[instrument_id]
        self._bounds.setdefault(
            words[_NEW["order_id"]],
            Bounds(
                instrument_id=instrument_id,
                side=words[_NEW["side"]],
                most_lots=0 if follows else words[_NEW["order_lots"]] * terms.lot_scale,
                limit_ticks=words[_NEW["limit_price_ticks"]] * terms.price_scale,
                end_utc_ns=words[_NEW["end_utc_ns"]],
                share_ppm=words[_NEW["participation_ppm"]],
                after_order_id=words[_NEW["after_order_id"]],
            ),
        )

    def _check_share(self, what: str, parent_id: int, bounds: Bounds) -> None:
        """What has traded and may trade is within the part of what others were seen to trade."""
        orders, parents = self._view.rows(), self._view.state.table("parents")
        own = (orders["parent_order_id"] == parent_id) & (orders["order_id"] != 0) & (orders["end_reason"] == 0)
        parent = parents[parents["order_id"] == parent_id]
        done_lots, algorithm = int(parent["cumulative_lots"].sum()), Algorithm(int(parent["algorithm"].sum()))
        lots = done_lots + sum(
            int(orders["reserved_lots"][own & (orders["instrument_id"] == number)].sum()) * terms.lot_scale
            for number, terms in enumerate(self._terms)
        )
        market_lots = self._market_lots[bounds.instrument_id] - bounds.market_lots_at_start
        if lots * _PPM > bounds.share_ppm * market_lots:
            raise ViolationError(
                "I18", f"{what}, {algorithm.name}, makes it {lots} lots when everybody traded {market_lots}"
            )

    def _lots_at_venue(self) -> dict[int, int]:
        """What the children of each parent traded and may still trade."""
        lots: dict[int, int] = {}
        for order_id, part in self._venue_lots():
            parent_id = self._parent_of.get(order_id)
            if parent_id is not None:
                lots[parent_id] = lots.get(parent_id, 0) + part
        return lots

    def _traded(self, order_id: int) -> int:
        """What an order of a client's traded at the venue."""
        return sum(part for found_id, part in self._venue_lots() if found_id == order_id)

    def _venue_lots(self) -> list[tuple[int, int]]:
        return [
            ((from_text(text) or 0) & ~LEG_MAX, lots * site.terms.lot_scale)
            for site in self._stage.sites
            for text, lots in _parts_at(site.venue)
        ]

    def _describe(self, slot: int) -> str:
        row = self._view.state.table("parents")[slot]
        told = {name: int(row[name]) for name in ROWS["parents"].names or () if row[name] != 0}
        return f"{unpack(int(row['order_id']))} {told} {self._seen[slot]}"


def _parts_at(venue: Venue) -> list[tuple[str, int]]:
    """What our orders traded and may still trade at one venue."""
    parts = [(fill.order.client_order_id, fill.lots) for fill in venue.account.fills[venue.instrument.symbol]]
    return parts + [(order.client_order_id, order.leaves_lots) for order in venue.open_orders()]
