"""Owns the way between the engine and the venue: delays, and the faults of single frames."""

import re
from collections.abc import Callable
from random import Random
from typing import Protocol

from ipc.clock import NS_PER_MS, NS_PER_S
from tools.simulation.faults import FaultPlan
from tools.simulation.story import readable
from tools.simulation.timeline import Timeline
from tools.simulation.venue import Venue, VenueLink

_OWN_ID = re.compile(rb'"(?:c|C|clientOrderId|origClientOrderId)":"(om[0-9a-z]{14})"')
_ORDER_LETTERS = frozenset(b"ncar")
_CHANGE_LETTERS = frozenset(b"car")
_LAGGING = {
    b"s": "lagging_status",
    b"W": "lagging_status",
    b"f": "lagging_trades",
    b"F": "lagging_trades",
    b"O": "lagging_list",
}
_PLACING_LETTERS = frozenset(b"nr")
_TARGET = re.compile(rb'rigClientOrderId":"([0-9a-z]{16})"')
_UNKNOWN_OUTCOMES = ((500, -1000), (503, -1001), (500, -1006), (504, -1007))
_LAG_NS = 1_500 * NS_PER_MS
"""How far a replica may be behind."""
LATE_NS_MAX = 2_500 * NS_PER_MS
"""How long a request may wait at the venue: for more than its window, after which the venue refuses it."""


def _nothing() -> None:
    """Until somebody wants to know."""


class Owner(Protocol):
    """The engine's end of the connections."""

    def connected(self, link_id: int) -> None:
        """A connection stands."""

    def disconnected(self, link_id: int) -> None:
        """A connection is gone, or never came about."""

    def received(self, link_id: int, frame: bytes) -> None:
        """A text frame came."""

    def alive(self, link_id: int) -> None:
        """A pong came."""

    def nonsense(self, link_id: int) -> None:
        """A frame came that is no text."""


class Wire:
    """One connection."""

    __slots__ = ("down_due_ns", "is_open", "is_silent", "link_id", "network", "owner", "up_due_ns", "venue_link")

    def __init__(self, network: "Network", link_id: int, owner: Owner) -> None:
        self.network = network
        self.link_id = link_id
        self.owner = owner
        self.venue_link: VenueLink | None = None
        self.is_open = False
        self.is_silent = False
        self.up_due_ns = 0
        self.down_due_ns = 0


class Network:
    """Carries frames both ways, in order unless a fault says otherwise."""

    def __init__(
        self,
        timeline: Timeline,
        venue: Venue,
        plan: FaultPlan,
        generator: Random,
        phase_of: Callable[[bytes], str],
    ) -> None:
        self._timeline = timeline
        self._venue = venue
        self._plan = plan
        self._random = generator.random
        self._phase_of = phase_of
        self.wires: list[Wire] = []
        self.refuses_until_ns = 0
        self.in_transit = 0
        self.late_ns_max = LATE_NS_MAX
        self.tell: Callable[[str], None] | None = None
        self.placed: Callable[[], None] = _nothing

    @property
    def standing(self) -> list[Wire]:
        """The connections that stand."""
        return [wire for wire in self.wires if wire.is_open]

    # The engine's side.

    def connect(self, link_id: int, owner: Owner) -> Wire:
        """Begins to connect."""
        wire = Wire(self, link_id, owner)
        self.wires.append(wire)
        if self._timeline.now_ns < self.refuses_until_ns:
            self._timeline.after(self._delay_ns(), self._lost, wire)
        else:
            self._timeline.after(2 * self._delay_ns(), self._stands, wire)
        return wire

    def send(self, wire: Wire, frame: bytes) -> None:
        """Takes a frame from the engine."""
        if not wire.is_open:
            return
        if self.tell is not None:
            self._tell_frame("->", frame)
        if wire.is_silent:
            return
        late_ns = 0
        if frame[7] in _ORDER_LETTERS and frame[8:10] == b"om":
            if self._is_lost_or_answered(wire, frame):
                return
            generator = self._plan.strikes("late_request")
            if generator is not None:
                self._hit("late_request", frame)
                late_ns = int(generator.random() * self.late_ns_max)
        wire.up_due_ns = max(self._timeline.now_ns + self._delay_ns(), wire.up_due_ns + 1)
        self.in_transit += 1
        self._timeline.at(wire.up_due_ns + late_ns, self._arrives, wire, frame)

    def ping(self, wire: Wire) -> None:
        """Asks for a sign of life."""
        if wire.is_open and not wire.is_silent:
            self._timeline.after(2 * self._delay_ns(), self._answers_ping, wire)

    def close(self, wire: Wire) -> None:
        """The engine, or its death, closes a connection."""
        wire.is_open = False
        if wire in self.wires:
            self.wires.remove(wire)
        if wire.venue_link is not None:
            self._timeline.after(self._delay_ns(), wire.venue_link.closed)

    # Faults of whole connections.

    def cut(self, wire: Wire) -> None:
        """Both sides see the connection end."""
        self.close(wire)
        self._timeline.after(self._delay_ns(), wire.owner.disconnected, wire.link_id)

    def deliver_now(self, wire: Wire, payload: bytes) -> None:
        """Lets the venue say something on one connection."""
        self._down(wire, payload, in_order=True)

    # What the timeline calls.

    def _lost(self, wire: Wire) -> None:
        if wire in self.wires:
            self.wires.remove(wire)
        wire.owner.disconnected(wire.link_id)

    def _stands(self, wire: Wire) -> None:
        if wire not in self.wires:
            return
        if self._timeline.now_ns < self.refuses_until_ns:
            self._lost(wire)
            return
        wire.is_open = True
        wire.venue_link = self._venue.connect(lambda kind, name, payload: self._venue_says(wire, kind, name, payload))
        wire.owner.connected(wire.link_id)

    def _answers_ping(self, wire: Wire) -> None:
        if wire.is_open and not wire.is_silent:
            wire.owner.alive(wire.link_id)

    def _arrives(self, wire: Wire, frame: bytes) -> None:
        self.in_transit -= 1
        assert wire.venue_link is not None, "a frame left over a connection that stood"
        if frame[7] in _CHANGE_LETTERS and self._plan.generator("fill_at_cancel") is not None:
            self._fill_first(frame)
        self._lag(frame)
        self._venue.process(wire.venue_link, frame)
        if frame[7] in _PLACING_LETTERS:
            self.placed()

    def _fill_first(self, frame: bytes) -> None:
        text = _TARGET.search(frame)
        if text is None:
            return
        for order in self._venue.open_orders():
            if order.client_order_id == text[1].decode():
                generator = self._plan.strikes("fill_at_cancel")
                if generator is not None:
                    self._hit("fill_at_cancel", frame)
                    self._venue.take_from(order, generator)
                return

    def _venue_says(self, wire: Wire, kind: str, name: str, payload: bytes) -> None:
        if kind == "close":
            if wire.is_open:
                self.cut(wire)
        elif not wire.is_open or wire.is_silent:
            return
        elif kind == "reply":
            self._reply(wire, payload)
        else:
            self._event(wire, name, payload)

    def _reply(self, wire: Wire, payload: bytes) -> None:
        is_of_order = payload[8:10] == b"om"
        if is_of_order and self._is_fault("lost_reply", payload):
            return
        if self._is_fault("malformed_reply", payload):
            payload = payload[: len(payload) // 2]
        generator = self._plan.strikes("delayed_reply") if is_of_order else None
        if generator is not None:
            self._hit("delayed_reply", payload)
            self._down(wire, payload, in_order=False, late_ns=int(generator.random() * NS_PER_S))
            return
        self._down(wire, payload, in_order=True)
        if is_of_order and self._is_fault("repeated_reply", payload):
            self._down(wire, payload, in_order=True)

    def _event(self, wire: Wire, name: str, payload: bytes) -> None:
        if name == "executionReport":
            if self._is_fault("binary_event", payload):
                self._timeline.after(self._delay_ns(), self._nonsense, wire)
                return
            if self._is_fault("lost_event", payload):
                return
            if self._is_fault("malformed_event", payload):
                payload = payload[: len(payload) // 2]
            if self._is_fault("repeated_event", payload):
                self._down(wire, payload, in_order=True)
                self._down(wire, payload, in_order=False, late_ns=int(self._random() * NS_PER_S))
                return
            generator = self._plan.strikes("delayed_event")
            if generator is not None:
                self._hit("delayed_event", payload)
                self._down(wire, payload, in_order=False, late_ns=int(generator.random() * NS_PER_S))
                return
        self._down(wire, payload, in_order=True)

    def _down(self, wire: Wire, payload: bytes, *, in_order: bool, late_ns: int = 0) -> None:
        due_ns = self._timeline.now_ns + self._delay_ns() + late_ns
        if in_order:
            due_ns = wire.down_due_ns = max(due_ns, wire.down_due_ns + 1)
        self.in_transit += 1
        self._timeline.at(due_ns, self._comes, wire, payload)

    def _comes(self, wire: Wire, payload: bytes) -> None:
        self.in_transit -= 1
        if not wire.is_open or wire.is_silent:
            return
        if self.tell is not None:
            self._tell_frame("<-", payload)
        wire.owner.received(wire.link_id, payload)

    def _nonsense(self, wire: Wire) -> None:
        if wire.is_open:
            wire.owner.nonsense(wire.link_id)

    # Faults of single frames.

    def _is_lost_or_answered(self, wire: Wire, frame: bytes) -> bool:
        """Faults after which a request is never processed, or its answer is another one."""
        if self._is_fault("lost_request", frame):
            return True
        for name, status, code in (
            ("rate_limited", 429, -1003),
            ("banned", 418, -1003),
            ("too_many_orders", 429, -1015),
            ("overloaded", 503, -1008),
        ):
            if self._is_fault(name, frame):
                self._answer(wire, frame, status, code)
                return True
        generator = self._plan.strikes("refused_unknown")
        if generator is not None:
            self._hit("refused_unknown", frame)
            self._answer(wire, frame, *generator.choice(_UNKNOWN_OUTCOMES))
            return True
        generator = self._plan.strikes("executed_unknown")
        if generator is not None:
            self._hit("executed_unknown", frame)
            self._answer(wire, frame, *generator.choice(_UNKNOWN_OUTCOMES))
            assert wire.venue_link is not None, "a frame left over a connection that stood"
            silent = self._venue.connect(lambda kind, name, payload: None)
            silent.key = wire.venue_link.key
            self._timeline.after(self._delay_ns(), self._venue.process, silent, frame)
            return True
        return False

    def _answer(self, wire: Wire, frame: bytes, status: int, code: int) -> None:
        """Lets the venue answer with an error of which the exchange knows nothing."""
        retry_ms = (self._venue.clock.utc_ns() + NS_PER_S) // NS_PER_MS
        data = b',"data":{"serverTime":%d,"retryAfter":%d}' % (retry_ms - 1_000, retry_ms) if status < 500 else b""
        error = b'{"id":"%b","status":%d,"error":{"code":%d,"msg":"simulated"%b}}'
        self._timeline.after(2 * self._delay_ns(), self._answers, wire, error % (frame[7:24], status, code, data))
        if status == 418:
            self.refuses_until_ns = self._timeline.now_ns + NS_PER_S
            self._timeline.after(4 * self._delay_ns(), self._cut_if_open, wire)

    def _answers(self, wire: Wire, payload: bytes) -> None:
        if wire.is_open and not wire.is_silent:
            self._down(wire, payload, in_order=True)

    def _cut_if_open(self, wire: Wire) -> None:
        if wire.is_open:
            self.cut(wire)

    def _lag(self, frame: bytes) -> None:
        """Lets a replica answer that has not seen what happened last."""
        since_ns = self._venue.clock.utc_ns() - self._venue.account.updated_ns
        name = _LAGGING.get(frame[7:8])
        if name is None or since_ns > _LAG_NS:
            return
        generator = self._plan.strikes(name)
        if generator is not None:
            self._hit(name, frame)
            self._venue.lag_once(since_ns + int(generator.random() * (_LAG_NS - since_ns)))

    def _is_fault(self, name: str, payload: bytes) -> bool:
        if self._plan.strikes(name) is None:
            return False
        self._hit(name, payload)
        return True

    def _hit(self, name: str, payload: bytes) -> None:
        """Counts a fault in the phase of the order that the frame speaks of."""
        text = payload[8:24] if payload[8:10] == b"om" else b""
        if not text:
            found = _OWN_ID.search(payload)
            text = found[1] if found is not None else b""
        self._plan.hit(name, self._phase_of(text))
        if self.tell is not None:
            self.tell(f"!! {name}")

    def _tell_frame(self, arrow: str, frame: bytes) -> None:
        line = readable(arrow, frame)
        if line and self.tell is not None:
            self.tell(line)

    def _delay_ns(self) -> int:
        return 200_000 + int(self._random() * 600_000)
