"""A clearing ends when the venue has said of every symbol that nothing is open, and nothing can be on its way."""

import pytest

from engine.guardian.clearing import ANSWER_TIMEOUT_NS, FIRST_RETRY_NS, LAST_RETRY_NS, WEIGHT_MAX, Clearing
from gateways.clearing_answer import ClearingAnswer, ClearingQuestion
from gateways.query_budget import RATE_PAUSE_NS
from ipc.clock import NS_PER_MS, NS_PER_S, ManualClock
from tests.engine.guardian.readable_dialect import TOO_MUCH, ReadableDialect, ended, listed, nothing_to_cancel

SETTLES_AFTER_NS = 3 * NS_PER_S


class Desk:
    """A clearing and the hand that answers it."""

    def __init__(self, *symbols: str, is_thorough: bool = True) -> None:
        self.clock = ManualClock()
        self.clearing = Clearing(ReadableDialect(), symbols)
        self.settled_ns = self.now_ns + SETTLES_AFTER_NS
        self.clearing.begin(self.now_ns, settled_ns=self.settled_ns, is_thorough=is_thorough)

    @property
    def now_ns(self) -> int:
        return self.clock.monotonic_ns()

    def due(self) -> list[str]:
        return [frame.decode() for frame in self.clearing.due(self.now_ns)]

    def take(self, answer: ClearingAnswer) -> list[str]:
        """What is asked next."""
        self.clearing.take(answer, self.now_ns)
        return self.due()

    def pass_until_due(self, limit_ns: int = 60 * NS_PER_S) -> list[str]:
        """What is asked next without an answer, by steps of a millisecond."""
        for _ in range(limit_ns // NS_PER_MS):
            self.clock.advance(NS_PER_MS)
            if asked := self.due():
                return asked
        return []


def test_everything_is_cancelled_at_once_and_then_listed() -> None:
    desk = Desk("A", "B")
    assert desk.due() == ["cancel all A", "cancel all B"]
    assert desk.due() == []
    assert desk.take(ended("B", 3)) == ["list B"]
    assert desk.take(nothing_to_cancel("A")) == ["list A"]
    assert desk.clearing.left == ("A", "B")
    assert desk.clearing.has_found_orders


def test_it_is_clear_when_nothing_was_open_at_a_moment_from_which_nothing_can_arrive() -> None:
    desk = Desk("A")
    desk.due()
    assert desk.take(nothing_to_cancel("A")) == ["list A"]
    assert desk.take(listed("A")) == []
    while desk.now_ns < desk.settled_ns:
        assert desk.clearing.left == ("A",)
        assert desk.pass_until_due() == ["list A"]
        desk.take(listed("A"))
    assert desk.now_ns == desk.settled_ns, "it is asked at that very moment"
    assert not desk.clearing.left
    assert desk.pass_until_due() == []


def test_unless_it_is_thorough_one_look_at_which_nothing_is_open_is_enough() -> None:
    desk = Desk("A", "B", is_thorough=False)
    desk.due()
    desk.take(nothing_to_cancel("A"))
    desk.take(nothing_to_cancel("B"))
    desk.take(listed("A"))
    assert desk.clearing.left == ("B",)
    desk.take(listed("B"))
    assert desk.clearing.left == ()
    assert not desk.clearing.has_found_orders


@pytest.mark.parametrize("found", [ended("B"), listed("B", 7)], ids=["cancelled", "listed"])
def test_once_an_order_was_found_all_symbols_are_looked_at_again(found: ClearingAnswer) -> None:
    desk = Desk("A", "B", is_thorough=False)
    desk.due()
    desk.take(nothing_to_cancel("A"))
    desk.take(listed("A"))
    if found.question is ClearingQuestion.OPEN_ORDERS:
        desk.take(nothing_to_cancel("B"))
    desk.take(found)
    assert desk.clearing.has_found_orders
    assert desk.clearing.left == ("A", "B")


def test_what_a_cancel_of_everything_left_is_cancelled_again_and_each_by_itself() -> None:
    desk = Desk("A")
    desk.due()
    desk.take(ended("A", 2))
    assert desk.take(listed("A", 5, 6)) == []
    before_ns = desk.now_ns
    assert desk.pass_until_due() == ["cancel all A", "cancel A 5", "cancel A 6"]
    assert desk.now_ns - before_ns == FIRST_RETRY_NS
    assert desk.take(ended("A", 1)) == ["list A"]


def test_an_order_that_arrives_late_is_cancelled_when_it_is_seen() -> None:
    desk = Desk("A")
    desk.due()
    desk.take(nothing_to_cancel("A"))
    desk.take(listed("A"))
    assert desk.pass_until_due() == ["list A"]
    desk.take(listed("A", 9))
    assert desk.pass_until_due(FIRST_RETRY_NS) == ["cancel all A", "cancel A 9"]


def test_it_asks_more_and_more_slowly_and_never_gives_up() -> None:
    desk = Desk("A")
    desk.clearing.begin(desk.now_ns, settled_ns=desk.now_ns, is_thorough=True)
    desk.due()
    desk.take(ended("A"))
    desk.take(listed("A", 5))
    waits = []
    for _ in range(6):
        asked_ns = desk.now_ns
        assert desk.pass_until_due()[0] == "cancel all A"
        waits.append(desk.now_ns - asked_ns)
        desk.take(nothing_to_cancel("A"))
        desk.take(listed("A", 5))
    assert waits == sorted(waits)
    assert waits[-1] == LAST_RETRY_NS


def test_an_answer_that_does_not_come_is_asked_for_by_the_list_and_may_have_found_orders() -> None:
    desk = Desk("A", is_thorough=False)
    asked_ns = desk.now_ns
    desk.due()
    assert desk.pass_until_due() == ["list A"]
    assert desk.now_ns - asked_ns == ANSWER_TIMEOUT_NS
    assert desk.clearing.has_found_orders
    assert desk.pass_until_due() == ["list A"]


def test_what_was_asked_over_a_lost_connection_is_seen_from_the_list() -> None:
    desk = Desk("A", "B", is_thorough=False)
    desk.due()
    desk.take(nothing_to_cancel("B"))
    desk.clearing.connection_lost(desk.now_ns)
    assert desk.due() == ["list A", "list B"]
    assert desk.clearing.has_found_orders, "the cancel may have ended something"


def test_nothing_is_asked_while_the_venue_takes_nothing() -> None:
    desk = Desk("A")
    desk.due()
    until_ns = desk.now_ns + 90 * NS_PER_S
    refusal = ClearingAnswer(ClearingQuestion.CANCEL_ALL, "A", verdict=TOO_MUCH, blocked_until_ns=until_ns)
    assert desk.take(refusal) == []
    assert desk.pass_until_due(100 * NS_PER_S) == ["cancel all A"]
    assert desk.now_ns == until_ns


def test_a_venue_that_does_not_say_for_how_long_gets_a_pause() -> None:
    desk = Desk("A")
    desk.due()
    before_ns = desk.now_ns
    assert desk.take(ClearingAnswer(ClearingQuestion.UNNAMED, verdict=TOO_MUCH)) == []
    assert desk.pass_until_due() == ["list A"]
    assert desk.now_ns - before_ns == RATE_PAUSE_NS


def test_what_is_asked_keeps_to_a_share_of_what_the_venue_grants() -> None:
    desk = Desk(*(f"S{number}" for number in range(WEIGHT_MAX + 200)))
    assert len(desk.due()) == WEIGHT_MAX
    asked = 0
    for _ in range(3):
        desk.clock.advance(NS_PER_S // 2)
        asked += len(desk.due())
    assert asked == 30, "20 a second come back"


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    desk = Desk("A", is_thorough=False)
    desk.due()
    assert desk.take(listed("A")) == []
    assert desk.take(listed("Z")) == []
    assert desk.clearing.left == ("A",)
    assert desk.take(nothing_to_cancel("A")) == ["list A"]


def test_nothing_is_asked_before_it_begins_and_each_begin_starts_anew() -> None:
    clearing = Clearing(ReadableDialect(), ["A"])
    assert clearing.due(NS_PER_S) == []
    assert clearing.left == ()
    desk = Desk("A", is_thorough=False)
    desk.due()
    desk.take(ended("A"))
    desk.clearing.begin(desk.now_ns, settled_ns=desk.settled_ns, is_thorough=False)
    assert not desk.clearing.has_found_orders
    assert desk.due() == ["cancel all A"]
