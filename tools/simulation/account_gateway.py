"""Owns one account's gateway in a run of the simulated engine: its real session, and the connections that it has."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from gateways.action import Action, Close, Connect, Ping, Send
from gateways.order_session import OrderSession
from gateways.registry import VENUES
from gateways.venue_clock import VenueClock
from tools.client_frames import texts_of
from tools.simulation.setting import RECEIVE_WINDOW_MS

if TYPE_CHECKING:
    from tools.simulation.engine_run import EngineRun
    from tools.simulation.network import Wire
    from tools.simulation.site import Site


class AccountGateway:
    """What the engine has of one site."""

    def __init__(self, run: EngineRun, site: Site) -> None:
        self.site = site
        self._run = run
        self._wires: dict[int, Wire] = {}
        stage = run.stage
        venue, setting, number = VENUES["binance_spot"], stage.setting, site.number
        clock = VenueClock(stage.timeline.utc_ns() - run.now_ns)
        self.session = OrderSession(
            account_id=number,
            core=stage.workshop.loop,
            codec=venue.order_codec(number, setting.instruments[number], setting.assets),
            dialect=venue.dialect(setting.credentials, RECEIVE_WINDOW_MS, clock, setting.instruments[number]),
            clock=clock,
            instruments=setting.instruments[number],
            generator=Random(stage.seed + number),
            has_spare=stage.has_spare,
            rate_share=Fraction(1),
        )

    def start(self) -> None:
        """Connects."""
        self._perform(self.session.start(self._run.now_ns))

    def tick(self) -> None:
        """Lets the session look at what is due."""
        self._perform(self.session.on_tick(self._run.now_ns))

    def close(self) -> None:
        """The process is gone, and with it its connections."""
        for wire in list(self._wires.values()):
            self.site.network.close(wire)
        self._wires.clear()

    @property
    def active_wire(self) -> Wire | None:
        """The connection that requests go over, None while none stands."""
        link_id = self.session.active_link_id
        wire = None if link_id is None else self._wires.get(link_id)
        return wire if wire is not None and wire.is_open else None

    # What the network calls.

    def connected(self, link_id: int) -> None:
        """A connection stands."""
        self._run.enter(lambda: self._perform(self.session.on_connected(link_id, self._run.now_ns)))

    def disconnected(self, link_id: int) -> None:
        """A connection is gone."""
        self._wires.pop(link_id, None)
        self._run.enter(lambda: self._perform(self.session.on_disconnected(link_id, self._run.now_ns)))

    def received(self, link_id: int, frame: bytes) -> None:
        """A frame came."""
        self._run.in_frame = True
        self._run.enter(lambda: self._take_frame(link_id, frame))
        self._run.in_frame = False

    def alive(self, link_id: int) -> None:
        """A pong came."""
        if not self._run.is_dead:
            self.session.on_alive(link_id, self._run.now_ns)

    def nonsense(self, link_id: int) -> None:
        """A frame came that is no text."""
        self._run.enter(lambda: self._perform(self.session.on_nonsense(link_id, self._run.now_ns)))

    # The account's socket as the loop sees it.

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        """Takes one text."""
        return self._run.transmit(self, bytes(buffer[offset:]))

    def send_joined(self, frames: bytes, count: int) -> bool:
        """Takes the frames of one write."""
        texts = texts_of(frames)
        assert len(texts) == count, "each frame is one request"
        taken = [self._run.transmit(self, text) for text in texts]
        assert len(set(taken)) == 1, "a write is taken as a whole"
        return taken[0]

    @staticmethod
    def sign(text: memoryview) -> bytes:
        """Nothing: the account has logged on."""
        return b""

    # Inside.

    def _take_frame(self, link_id: int, frame: bytes) -> None:
        actions = self.session.on_frame(link_id, frame, self._run.now_ns)
        if actions:
            self._perform(actions)

    def _perform(self, actions: Sequence[Action]) -> None:
        network = self.site.network
        for action in actions:
            if isinstance(action, Connect):
                self._wires[action.link_id] = network.connect(action.link_id, self)
                continue
            wire = self._wires.get(action.link_id)
            if wire is None:
                continue
            match action:
                case Send(frame=frame):
                    self._run.ask(wire, frame)
                case Ping():
                    network.ping(wire)
                case Close():
                    del self._wires[action.link_id]
                    network.close(wire)
