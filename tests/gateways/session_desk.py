"""Owns an order session with everything around it in a test's hands: time, venue and core."""

import random
from collections.abc import Sequence
from fractions import Fraction

from gateways.action import Action, Send
from gateways.notice import Notice, NoticeKind
from gateways.order_session import OrderSession
from gateways.venue_clock import VenueClock
from gateways.verdict import Certainty, Concern, Verdict
from ipc.clock import NS_PER_MS, NS_PER_S, ManualClock
from ipc.enums import ConnectionState, RejectReason, VenueEvent
from tests.gateways.binance_spot.documented import ACCOUNT_ID
from tests.gateways.recording_core import RecordingCore
from tests.gateways.scripted_venue import (
    BINDINGS,
    HELLO,
    ScriptedCodec,
    ScriptedDialect,
)

TICK_NS = 100 * NS_PER_MS
UTC_OFFSET_NS = 5 * NS_PER_S
DOWN, CONNECTING, RECONCILING, LIVE = ConnectionState


def refused(concern: Concern = Concern.REQUEST) -> Verdict:
    return Verdict(Certainty.DEFINITE, RejectReason.OTHER, concern)


def is_about_instrument(action: Action) -> bool:
    """Whether a question asks for an instrument's open orders or trades."""
    return isinstance(action, Send) and action.frame.startswith((b"list ", b"all trades "))


class Desk:
    """A session with everything around it in the test's hands."""

    def __init__(self, *, has_spare: bool = False) -> None:
        self.clock = ManualClock()
        self.core = RecordingCore()
        self.codec = ScriptedCodec()
        self.dialect = ScriptedDialect()
        self.session = OrderSession(
            account_id=ACCOUNT_ID,
            core=self.core,
            codec=self.codec,
            dialect=self.dialect,
            clock=VenueClock(UTC_OFFSET_NS),
            instruments=BINDINGS,
            generator=random.Random(1),
            has_spare=has_spare,
            rate_share=Fraction(1),
        )
        self.codec.script(b"welcome", HELLO)

    @property
    def now_ns(self) -> int:
        return self.clock.monotonic_ns()

    @property
    def asked_on(self) -> int:
        """The connection over which answers come."""
        return self.session.active_link_id or 0

    def start(self) -> Sequence[Action]:
        return self.session.start(self.now_ns)

    def connected(self, link_id: int) -> Sequence[Action]:
        return self.session.on_connected(link_id, self.now_ns)

    def disconnected(self, link_id: int) -> Sequence[Action]:
        return self.session.on_disconnected(link_id, self.now_ns)

    def frame(self, link_id: int, frame: bytes) -> Sequence[Action]:
        return self.session.on_frame(link_id, frame, self.now_ns)

    def tell(self, link_id: int, notice: Notice, *reports: dict[str, int]) -> Sequence[Action]:
        return self.frame(link_id, self.codec.script(b"told", notice, *reports))

    def open(self, link_id: int) -> Sequence[Action]:
        """Connects and answers the opening; then says that nobody else has open orders or trades."""
        actions = self.open_only(link_id)
        questions = [action for action in actions if is_about_instrument(action)]
        rest = [action for action in actions if not is_about_instrument(action)]
        if questions:
            rest += self.listed(link_id)
            rest += self.account_trades(link_id)
        return rest

    def open_only(self, link_id: int) -> Sequence[Action]:
        """Connects and answers the opening, and nothing that is asked then."""
        assert self.connected(link_id) == [Send(link_id, b"hello")]
        return self.frame(link_id, b"welcome")

    def listed(self, link_id: int, *reports: dict[str, int], verdict: Verdict | None = None) -> Sequence[Action]:
        """Tells the open orders of the instrument."""
        return self.tell(link_id, Notice(NoticeKind.OPEN_ORDERS_ANSWER, instrument_id=7, verdict=verdict), *reports)

    def account_trades(
        self, link_id: int, *reports: dict[str, int], verdict: Verdict | None = None
    ) -> Sequence[Action]:
        """Tells the trades of the instrument."""
        notice = Notice(
            NoticeKind.ACCOUNT_TRADES_ANSWER,
            instrument_id=7,
            trade_count=len(reports),
            last_trade_id=max((report["trade_id"] for report in reports), default=0),
            verdict=verdict,
        )
        return self.tell(link_id, notice, *reports)

    def identity(
        self, venue_order_id: int, *reports: dict[str, int], verdict: Verdict | None = None
    ) -> Sequence[Action]:
        """Tells whose an order is."""
        notice = Notice(NoticeKind.IDENTITY_ANSWER, instrument_id=7, venue_order_id=venue_order_id, verdict=verdict)
        return self.tell(self.asked_on, notice, *reports)

    def go_live(self) -> None:
        self.start()
        self.open(1)
        assert self.session.state is LIVE

    def wait(self, duration_ns: int, *, alive: Sequence[int] = ()) -> list[Action]:
        """Lets time pass tick by tick; the links named stay lively."""
        actions: list[Action] = []
        end_ns = self.now_ns + duration_ns
        while self.now_ns < end_ns:
            self.clock.advance(min(TICK_NS, end_ns - self.now_ns))
            for link_id in alive:
                self.session.on_alive(link_id, self.now_ns)
            actions += self.session.on_tick(self.now_ns)
        return actions

    def leap(self, duration_ns: int) -> list[Action]:
        """Lets much time pass at once; the heartbeat forgives it as a pause of our own."""
        self.clock.advance(duration_ns)
        return list(self.session.on_tick(self.now_ns))

    def status(self, order_id: int, *reports: dict[str, int], verdict: Verdict | None = None) -> Sequence[Action]:
        return self.tell(self.asked_on, Notice(NoticeKind.STATUS_ANSWER, "", order_id, verdict=verdict), *reports)

    def trades(self, order_id: int, *reports: dict[str, int], verdict: Verdict | None = None) -> Sequence[Action]:
        return self.tell(self.asked_on, Notice(NoticeKind.TRADES_ANSWER, "", order_id, verdict=verdict), *reports)

    def events(self) -> list[tuple[int, VenueEvent]]:
        return [(report["order_id"], VenueEvent(report["event"])) for report in self.core.reports()]
