"""When a process that died is started again."""

from engine.control.restarts import Restarts
from ipc.clock import NS_PER_MS, NS_PER_S

LIFE_NS = 40 * NS_PER_S


def test_each_wait_is_twice_the_last_up_to_ten_seconds() -> None:
    restarts = Restarts(restarts_max=100)
    waits = [restarts.delay_ns(turn * LIFE_NS, (turn + 1) * LIFE_NS) for turn in range(9)]
    assert waits == [ms * NS_PER_MS for ms in (100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000)]


def test_after_a_good_minute_the_waits_are_short_again() -> None:
    restarts = Restarts(restarts_max=100)
    assert [restarts.delay_ns(0, 1) for _ in range(3)][-1] == 400 * NS_PER_MS
    assert restarts.delay_ns(0, 60 * NS_PER_S - 1) == 800 * NS_PER_MS
    assert restarts.delay_ns(0, 60 * NS_PER_S) == 100 * NS_PER_MS


def test_too_many_deaths_within_a_minute_are_the_end() -> None:
    restarts = Restarts(restarts_max=2)
    assert restarts.delay_ns(0, 1) is not None
    assert restarts.delay_ns(0, 2) is not None
    assert restarts.delay_ns(0, 60 * NS_PER_S) is None


def test_deaths_of_more_than_a_minute_ago_are_forgotten() -> None:
    restarts = Restarts(restarts_max=2)
    assert restarts.delay_ns(0, 1) is not None
    assert restarts.delay_ns(0, 2) is not None
    assert restarts.delay_ns(0, 60 * NS_PER_S + 1) is not None


def test_where_none_is_allowed_the_first_death_is_the_end() -> None:
    assert Restarts(restarts_max=0).delay_ns(0, 1) is None
