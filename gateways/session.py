"""Owns the connections of one gateway: connect, open, keep alive, rotate, back off.

What runs over them is a subclass's. No socket and no clock: an event and the time go in, actions come out.

    CONNECTING --connected--> OPENING --opening complete--> READY --replaced by another--> DRAINING
         |                       |                            |                               |
         +-----------------------+-------- lost, stale, refused, protocol error --------------+--> gone

One connection is active: what is sent goes over it. When it grows old or the venue announces a shutdown, a
second one is opened and becomes active once it is ready; the old one is closed when nothing is in flight on it.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gateways.action import Action, Close, Connect, Ping, Send
from gateways.backoff import Backoff
from gateways.errors import VenueProtocolError
from gateways.heartbeat import Heartbeat, Pulse
from gateways.instrument import InstrumentRules
from gateways.notice import Notice, NoticeKind
from gateways.record_writer import new_rows
from gateways.venue import Opening
from gateways.verdict import Concern
from ipc.clock import NS_PER_S

ROTATE_AFTER_NS = 23 * 3600 * NS_PER_S
"""An hour before the venues end a connection of their own accord."""
CONNECT_TIMEOUT_NS = 10 * NS_PER_S
OPENING_TIMEOUT_NS = 10 * NS_PER_S
DRAIN_TIMEOUT_NS = 12 * NS_PER_S
"""Longer than the 10 s after which a venue answers that it does not know."""
GOOD_AFTER_NS = 60 * NS_PER_S
"""A connection that stood so long was good, and the next attempt after it is made at once."""

NO_ACTIONS: tuple[Action, ...] = ()


class LinkState(Enum):
    """How far one connection is."""

    CONNECTING = 1
    OPENING = 2
    READY = 3
    DRAINING = 4


@dataclass
class Link:
    """One connection of the pool."""

    link_id: int
    opening: Opening
    deadline_ns: int
    heartbeat: Heartbeat
    state: LinkState = LinkState.CONNECTING
    connected_ns: int = 0
    in_flight: int = 0
    is_retiring: bool = False


class Session:
    """The pool; a subclass says what a connection has to say first and what its frames mean."""

    def __init__(self, *, generator: random.Random, links_wanted: int) -> None:
        self.counters: Counter[str] = Counter()
        self.trouble = ""
        """Why the last connection was given up, for people."""
        self._rows = new_rows()
        self._backoff = Backoff(generator)
        self._links_wanted = links_wanted
        self._links: dict[int, Link] = {}
        self._active: Link | None = None
        self._next_link_id = 1
        self._next_attempt_ns = 0
        self._is_running = False

    @property
    def active_link_id(self) -> int | None:
        """The connection that takes what is sent now, None while there is none."""
        return None if self._active is None else self._active.link_id

    def start(self, now_ns: int) -> Sequence[Action]:
        """Begins to connect."""
        self._is_running = True
        return self._fill(now_ns)

    def stop(self, now_ns: int) -> Sequence[Action]:
        """Closes everything and stays down."""
        self._is_running = False
        links = list(self._links.values())
        actions: list[Action] = []
        for link in links:
            actions += self._drop(link, now_ns)
        return actions

    def on_connected(self, link_id: int, now_ns: int) -> Sequence[Action]:
        """The WebSocket handshake is complete."""
        link = self._links.get(link_id)
        if link is None:
            return NO_ACTIONS
        link.state = LinkState.OPENING
        link.connected_ns = now_ns
        link.deadline_ns = now_ns + OPENING_TIMEOUT_NS
        link.heartbeat = Heartbeat(now_ns)
        return self._go_on(link, now_ns)

    def on_disconnected(self, link_id: int, now_ns: int) -> Sequence[Action]:
        """The connection is gone, or never came about."""
        link = self._links.get(link_id)
        if link is None:
            return NO_ACTIONS
        self.trouble = "the connection was closed" if link.connected_ns else "the venue cannot be reached"
        return self._lose(link, now_ns)

    def on_alive(self, link_id: int, now_ns: int) -> None:
        """A ping or pong frame came."""
        link = self._links.get(link_id)
        if link is not None:
            link.heartbeat.on_frame(now_ns)

    def on_nonsense(self, link_id: int, now_ns: int) -> Sequence[Action]:
        """A frame came that is no whole text message."""
        link = self._links.get(link_id)
        if link is None:
            return NO_ACTIONS
        self.counters["protocol_errors"] += 1
        self.trouble = "a frame is no whole text message"
        return self._lose(link, now_ns)

    def on_frame(self, link_id: int, frame: bytes, now_ns: int) -> Sequence[Action]:
        """A text message came."""
        link = self._links.get(link_id)
        if link is None:
            return NO_ACTIONS
        link.heartbeat.on_frame(now_ns)
        try:
            return self._take_frame(link, frame, now_ns)
        except VenueProtocolError as error:
            self.counters["protocol_errors"] += 1
            self.trouble = str(error)
            return self._lose(link, now_ns)

    def on_tick(self, now_ns: int) -> Sequence[Action]:
        """Time has passed."""
        actions: list[Action] = []
        for link in list(self._links.values()):
            actions += self._check(link, now_ns)
        actions += self._fill(now_ns)
        return actions

    # What a subclass fills in.

    def _new_opening(self) -> Opening:
        raise NotImplementedError

    def _take_frame(self, link: Link, frame: bytes, now_ns: int) -> Sequence[Action]:
        raise NotImplementedError

    def _on_connecting(self, now_ns: int) -> None:
        raise NotImplementedError

    def _on_active(self, now_ns: int) -> Sequence[Action]:
        """There is an active connection again after there was none."""
        raise NotImplementedError

    def _on_link_gone(self, link: Link, now_ns: int) -> None:
        """A connection is gone while another is active."""
        raise NotImplementedError

    def _on_down(self, now_ns: int) -> None:
        """There is no active connection any more."""
        raise NotImplementedError

    def _accepts(self, instruments: Mapping[str, InstrumentRules]) -> bool:
        """Whether what the venue told of its instruments can be worked with."""
        raise NotImplementedError

    # The pool.

    def _fill(self, now_ns: int) -> Sequence[Action]:
        """Opens one more connection when one is missing; one at a time, and not before the back-off is over."""
        if not self._is_running or now_ns < self._next_attempt_ns:
            return NO_ACTIONS
        lasting = [link for link in self._links.values() if not link.is_retiring]
        if len(lasting) >= self._links_wanted or any(link.state is not LinkState.READY for link in lasting):
            return NO_ACTIONS
        link = Link(
            link_id=self._next_link_id,
            opening=self._new_opening(),
            deadline_ns=now_ns + CONNECT_TIMEOUT_NS,
            heartbeat=Heartbeat(now_ns),
        )
        self._next_link_id += 1
        self._links[link.link_id] = link
        self.counters["connection_attempts"] += 1
        if self._active is None:
            self._on_connecting(now_ns)
        return [Connect(link.link_id)]

    def _check(self, link: Link, now_ns: int) -> Sequence[Action]:
        """What the time alone asks for on one connection."""
        if link.link_id not in self._links:
            return NO_ACTIONS
        if link.state in (LinkState.CONNECTING, LinkState.OPENING) and now_ns >= link.deadline_ns:
            self.counters["opening_timeouts"] += 1
            self.trouble = f"the connection was {link.state.name} for too long"
            return self._lose(link, now_ns)
        if link.state is LinkState.DRAINING and (link.in_flight <= 0 or now_ns >= link.deadline_ns):
            return self._drop(link, now_ns)
        if link.state is LinkState.READY and now_ns - link.connected_ns >= ROTATE_AFTER_NS:
            link.is_retiring = True
        if link.state is LinkState.CONNECTING:
            return NO_ACTIONS
        pulse = link.heartbeat.check(now_ns)
        if pulse is Pulse.STALE:
            self.counters["stale"] += 1
            self.trouble = "nothing came over the connection, not even the answer to a ping"
            return self._lose(link, now_ns)
        return [Ping(link.link_id)] if pulse is Pulse.PING else NO_ACTIONS

    def _go_on(self, link: Link, now_ns: int) -> Sequence[Action]:
        request = link.opening.next_request(now_ns)
        if request is not None:
            return [Send(link.link_id, request)]
        return self._ready(link, now_ns)

    def _take_opening_answer(self, link: Link, answer: Notice, now_ns: int) -> Sequence[Action]:
        if answer.verdict is not None:
            self.counters["refused_openings"] += 1
            message = answer.result.decode(errors="replace")
            self.trouble = f"the venue refused {answer.request_id!r}: {message}"
            if answer.verdict.concern in (Concern.SESSION, Concern.RATE):
                self._backoff.raise_to_last()
            return self._lose(link, now_ns)
        link.opening.take(answer, now_ns)
        return self._go_on(link, now_ns)

    def _take_notice(self, link: Link, notice: Notice, now_ns: int) -> Sequence[Action]:
        """What every session does about what a frame told it."""
        if notice.kind is NoticeKind.SHUTDOWN:
            self.counters["shutdowns"] += 1
            link.is_retiring = True
            self._next_attempt_ns = now_ns
            return self._fill(now_ns)
        if notice.kind in (NoticeKind.STREAM_ENDED, NoticeKind.SESSION_REVOKED):
            self.counters["revocations"] += 1
            self.trouble = "the venue ended the session"
            return self._lose(link, now_ns)
        return NO_ACTIONS

    def _ready(self, link: Link, now_ns: int) -> Sequence[Action]:
        if not self._accepts(link.opening.instruments):
            self.counters["instrument_mismatches"] += 1
            self.trouble = "the instruments are not those that the numbers in use were made for"
            self._backoff.raise_to_last()
            return self._lose(link, now_ns)
        link.state = LinkState.READY
        retired = self._active
        if retired is not None and not retired.is_retiring:
            return self._fill(now_ns)
        self._active = link
        if retired is None:
            return [*self._on_active(now_ns), *self._fill(now_ns)]
        self.counters["rotations"] += 1
        retired.state = LinkState.DRAINING
        retired.deadline_ns = now_ns + DRAIN_TIMEOUT_NS
        return [*self._check(retired, now_ns), *self._fill(now_ns)]

    def _lose(self, link: Link, now_ns: int) -> Sequence[Action]:
        """Gives a connection up; when it was wanted the next attempt waits for the back-off."""
        if link.state is LinkState.DRAINING:
            return self._drop(link, now_ns)
        if link.connected_ns and now_ns - link.connected_ns >= GOOD_AFTER_NS:
            self._backoff.reset()
        self._next_attempt_ns = now_ns + self._backoff.next_delay_ns()
        self.counters["connections_lost"] += 1
        return self._drop(link, now_ns)

    def _drop(self, link: Link, now_ns: int) -> Sequence[Action]:
        del self._links[link.link_id]
        if link is self._active:
            spares = [other for other in self._links.values() if other.state is LinkState.READY]
            has_successor = bool(spares) and self._is_running
            self._active = min(spares, key=lambda spare: spare.is_retiring) if has_successor else None
            self.counters["failovers"] += has_successor
        if self._active is None:
            self._on_down(now_ns)
        else:
            self._on_link_gone(link, now_ns)
        return [Close(link.link_id)]
