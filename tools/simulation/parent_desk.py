"""Owns the parents of a simulated strategy: what it wants of them, and what it is told of them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ipc.clock import NS_PER_MS
from ipc.enums import RecordKind, Side
from ipc.parent_enums import Algorithm, ParentControl, ParentEvent, ParentFlag
from ipc.records import PARENT_REPORT, SLICES_PER_RECORD
from tools.simulation.order_kinds import MIDDLE_TICKS
from tools.simulation.parent_kinds import CONTINGENT, SCHEDULED, parent_terms, random_schedule, terms_at
from tools.simulation.timeline import START_NS

if TYPE_CHECKING:
    from tools.simulation.client import Client
    from tools.simulation.site import Site
    from tools.simulation.stage import Stage

_PLACES = {name: place for place, name in enumerate(PARENT_REPORT.names or ())}
_SEQUENCE = _PLACES["sequence"]
_ORDER_ID, _EVENT, _CHILD_ID = _PLACES["order_id"], _PLACES["parent_event"], _PLACES["child_order_id"]
_HEADER = ("commit", "kind", "sequence", "published_ns")
_FOLLOWING_SHARE = 0.5
_INCOMPLETE_SHARE = 0.1


class Asked(NamedTuple):
    """What was asked of a parent."""

    side: int
    most_lots: int
    """In the finest steps of all sites; 0 when its quantity follows from something else."""
    after_order_id: int
    ends: bool
    """Whether it has an end time."""
    is_routed: bool = False
    """Whether its children may go to every venue."""
    instrument_id: int = 0


class ParentDesk:
    """Decides on parents beside the orders that its client decides on."""

    def __init__(self, stage: Stage, client: Client, generator: Random) -> None:
        self.asked: dict[int, Asked] = {}
        self.children: dict[int, int] = {}
        """The parent of each child that it was told of."""
        self._began: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        """The number of the report of each parent's acceptance, and of its end."""
        self._stage = stage
        self._client = client
        self._generator = generator

    @property
    def living(self) -> list[int]:
        """The parents that it knows to live, oldest first."""
        return sorted(self._began.keys() - self._ended.keys())

    def plan(self) -> None:
        """Puts what it does on the timeline."""
        stage, generator = self._stage, self._generator
        for _ in range(generator.randrange(4, 14)):
            stage.timeline.at(
                START_NS + int((0.03 + generator.random() * 0.85) * (stage.active_end_ns - START_NS)), self.act
            )

    def act(self) -> None:
        """Does one thing, if the engine runs."""
        client, generator = self._client, self._generator
        if not client.may_act():
            return
        draw = generator.random()
        if draw < 0.5 or not self.living:
            self.submit(generator.choice(tuple(Algorithm)))
            return
        parent_id = generator.choice(self.living)
        if draw < 0.62:
            client.send(RecordKind.CONTROL_PARENT, order_id=parent_id, control=int(ParentControl.PAUSE))
            again_ns = generator.randrange(50, 1_500) * NS_PER_MS
            self._stage.timeline.after(again_ns, self._resume, parent_id)
        elif draw < 0.68:
            self._resume(parent_id)
        elif draw < 0.84:
            self._amend(parent_id)
        elif draw < 0.94:
            client.send(RecordKind.CANCEL_ORDER, order_id=parent_id)
        else:
            client.send(RecordKind.STATUS_REQUEST, order_id=parent_id)

    def cancel_endless(self) -> None:
        """Cancels what nothing else would end."""
        for parent_id in self.living:
            if not self.asked[parent_id].ends:
                self._client.send(RecordKind.CANCEL_ORDER, order_id=parent_id)

    def hear(self, effect: list[int]) -> None:
        """Is told of a parent."""
        parent_id, event = effect[_ORDER_ID], effect[_EVENT]
        if event == ParentEvent.CHILD_SENT:
            self.children[effect[_CHILD_ID]] = parent_id
        if event == ParentEvent.ENDED:
            self._ended[parent_id] = effect[_SEQUENCE]
        elif event == ParentEvent.ACCEPTED:
            self._began[parent_id] = effect[_SEQUENCE]
        if self._stage.is_told:
            name, fields = ParentEvent(event).name, {name: effect[place] for name, place in _PLACES.items()}
            told = " ".join(f"{name}={value}" for name, value in fields.items() if value and name not in _HEADER)
            self._stage.say(f"   s{self._client.strategy_id} hears of a parent {name} {told}")

    def forget(self) -> None:
        """Everything that it was told."""
        self.children.clear()
        self.forget_after(0)

    def forget_after(self, sequence: int) -> None:
        """What later reports told of beginnings and ends: the engine has forgotten it, too."""
        for told in (self._began, self._ended):
            for parent_id in [parent_id for parent_id, number in told.items() if number > sequence]:
                del told[parent_id]

    def submit(self, algorithm: Algorithm) -> None:
        """Sends a parent, and what belongs to it."""
        client, generator = self._client, self._generator
        site = self._stage.any_site(generator)
        terms = terms_at(site.number, site.terms, parent_terms(generator, algorithm, self._stage.timeline.utc_ns()))
        after_order_id = 0
        if algorithm in CONTINGENT and generator.random() < _FOLLOWING_SHARE:
            side = Side.SELL if terms["side"] == Side.BUY else Side.BUY
            after_order_id = self._enter(site, side, terms["order_lots"])
            terms |= {"after_order_id": after_order_id, "order_lots": 0}
        parent_id = client.next_order_id()
        ends = terms.get("end_utc_ns", 0) != 0
        is_routed = bool(terms["parent_flags"] & ParentFlag.ROUTED)
        most_lots = terms["order_lots"] * site.terms.lot_scale
        self.asked[parent_id] = Asked(terms["side"], most_lots, after_order_id, ends, is_routed, site.number)
        client.send(RecordKind.NEW_PARENT, order_id=parent_id, **terms)
        if algorithm in SCHEDULED:
            self._send_schedule(parent_id, random_schedule(generator, terms["order_lots"]))

    def _enter(self, site: Site, side: Side, lots: int) -> int:
        """An order, or a parent, that a stop or a bracket is to follow; the lots are those of the site."""
        towards = 1 if side is Side.BUY else -1
        if self._generator.random() < 0.3:
            parent_id = self._client.next_order_id()
            most_lots = lots * site.terms.lot_scale
            self.asked[parent_id] = Asked(int(side), most_lots, 0, ends=False, instrument_id=site.number)
            limit_ticks = MIDDLE_TICKS + towards * 1_300
            terms = {
                "algorithm": int(Algorithm.SWEEP),
                "side": int(side),
                "order_lots": most_lots,
                "limit_price_ticks": limit_ticks,
            }
            self._client.send(RecordKind.NEW_PARENT, order_id=parent_id, **terms_at(site.number, site.terms, terms))
            return parent_id
        price_ticks = MIDDLE_TICKS + towards * self._generator.randrange(-500, 1_300)
        return self._client.submit_plain(site.number, side, lots, price_ticks // site.terms.price_scale)

    def _send_schedule(self, parent_id: int, slices: list[int]) -> None:
        for first in range(0, len(slices), SLICES_PER_RECORD):
            if self._generator.random() < _INCOMPLETE_SHARE:
                return
            part = slices[first : first + SLICES_PER_RECORD]
            lots = {f"lots_{place}": each for place, each in enumerate(part)}
            self._client.send(
                RecordKind.SCHEDULE, order_id=parent_id, first_slice=first, slice_count=len(slices), **lots
            )

    def _resume(self, parent_id: int) -> None:
        if parent_id in self.living:
            self._client.send(RecordKind.CONTROL_PARENT, order_id=parent_id, control=int(ParentControl.RESUME))

    def _amend(self, parent_id: int) -> None:
        generator, asked = self._generator, self.asked[parent_id]
        draw = generator.random()
        lots = generator.randrange(30, 900) if draw < 0.6 else 0
        price_ticks = MIDDLE_TICKS + generator.randrange(-1_500, 1_500) if draw > 0.4 else 0
        if asked.most_lots:
            self.asked[parent_id] = asked._replace(most_lots=max(asked.most_lots, lots))
        terms = self._stage.sites[asked.instrument_id].terms
        self._client.send(
            RecordKind.AMEND_ORDER,
            order_id=parent_id,
            price_ticks=price_ticks // terms.price_scale,
            order_lots=lots // terms.lot_scale,
        )
