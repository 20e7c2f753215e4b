"""The guardian's connection without a socket: warm before it is needed, and back at once when it is lost."""

import random

from engine.guardian.clearing import Clearing
from engine.guardian.session import GuardianSession
from gateways.action import Action, Close, Connect, Send
from gateways.clearing_answer import ClearingAnswer, ClearingQuestion
from gateways.notice import Notice, NoticeKind
from gateways.session import ROTATE_AFTER_NS
from ipc.clock import NS_PER_MS, NS_PER_S, ManualClock
from tests.engine.guardian.readable_dialect import LATE_CLOCK, ReadableDialect, ended, listed


class Desk:
    """A session of one account with the symbol A, and the hand that answers it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.dialect = ReadableDialect()
        self.clearing = Clearing(self.dialect, ["A"])
        self.session = GuardianSession(self.dialect, self.clearing, random.Random(1))

    @property
    def now_ns(self) -> int:
        return self.clock.monotonic_ns()

    def open(self, link_id: int) -> list[Action]:
        """What is said on a connection once the venue has greeted it."""
        assert self.session.on_connected(link_id, self.now_ns) == [Send(link_id, b"hello")]
        return list(self.session.on_frame(link_id, b"hello", self.now_ns))

    def hear(self, link_id: int, told: Notice | ClearingAnswer | None) -> list[Action]:
        self.dialect.told[b"it"] = told
        return list(self.session.on_frame(link_id, b"it", self.now_ns))

    def begin(self) -> list[Action]:
        self.clearing.begin(self.now_ns, settled_ns=self.now_ns, is_thorough=True)
        return list(self.session.ask(self.now_ns))

    def until_asked(self) -> list[Action]:
        """What comes of time alone; pings are left out by keeping the connections lively."""
        for _ in range(1_000):
            self.clock.advance(10 * NS_PER_MS)
            for link_id in range(1, 9):
                self.session.on_alive(link_id, self.now_ns)
            if actions := self.session.on_tick(self.now_ns):
                return list(actions)
        return []


def opened() -> Desk:
    """A session that is ready on its first connection."""
    desk = Desk()
    assert desk.session.start(desk.now_ns) == [Connect(1)]
    assert desk.open(1) == []
    return desk


def test_it_is_logged_on_before_there_is_anything_to_do_and_then_asks_at_once() -> None:
    desk = opened()
    assert desk.session.active_link_id == 1
    assert desk.begin() == [Send(1, b"cancel all A")]
    assert desk.hear(1, ended("A")) == [Send(1, b"list A")]
    assert desk.hear(1, listed("A")) == []
    assert desk.clearing.left == ()


def test_what_is_wanted_while_there_is_no_connection_is_asked_when_there_is_one() -> None:
    desk = Desk()
    desk.session.start(desk.now_ns)
    assert desk.begin() == []
    assert desk.open(1) == [Send(1, b"cancel all A")]


def test_after_a_lost_connection_it_asks_on_the_next_what_is_open() -> None:
    desk = opened()
    desk.begin()
    assert desk.session.on_disconnected(1, desk.now_ns) == [Close(1)]
    assert desk.until_asked() == [Connect(2)]
    assert desk.open(2) == [Send(2, b"list A")]


def test_a_venue_that_does_not_take_our_time_gets_a_new_connection_that_measures_it() -> None:
    desk = opened()
    desk.begin()
    refusal = ClearingAnswer(ClearingQuestion.CANCEL_ALL, "A", verdict=LATE_CLOCK)
    assert desk.hear(1, refusal) == [Close(1)]
    assert desk.until_asked() == [Connect(2)]
    assert desk.open(2) == [Send(2, b"list A")]


def test_the_end_of_the_session_is_an_end_of_the_connection() -> None:
    desk = opened()
    assert desk.hear(1, Notice(NoticeKind.SESSION_REVOKED)) == [Close(1)]


def test_a_shutdown_that_is_announced_leaves_no_gap() -> None:
    desk = opened()
    assert desk.hear(1, Notice(NoticeKind.SHUTDOWN)) == [Connect(2)]
    assert desk.session.active_link_id == 1
    assert desk.open(2) == [Close(1)]
    assert desk.begin() == [Send(2, b"cancel all A")]


def test_it_changes_its_connection_before_the_venue_ends_it() -> None:
    desk = opened()
    desk.clock.advance(ROTATE_AFTER_NS)
    assert Connect(2) in desk.session.on_tick(desk.now_ns)
    assert desk.session.active_link_id == 1


def test_answers_that_are_none_of_its_business_ask_for_nothing() -> None:
    desk = opened()
    desk.begin()
    assert desk.hear(1, None) == []
    assert desk.hear(1, Notice(NoticeKind.ANSWER, "time")) == []
    desk.clock.advance(NS_PER_S)
    assert desk.hear(1, listed("B")) == []
