"""The core's wall clock is the host's, also after somebody has set that."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.step import ENGINE
from engine.host_clock import HostClock
from ipc.clock import ManualClock
from ipc.control_enums import Breaker, BreakerAction
from ipc.enums import AlarmCode, RecordKind, RefusalReason, RequestKind
from tests.engine.core.refused_states import breaker
from tests.engine.core.world import NS_PER_MS, NS_PER_S, START_NS, UTC_OFFSET_NS, World

HOUR_NS = 3_600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
LOOK_NS = NS_PER_S // 4


class Host:
    """A world whose inputs come from a host of which somebody may set the clock."""

    def __init__(self, clock: ManualClock) -> None:
        self.world = World()
        self.clock = clock
        self.host_clock = HostClock(clock, self)
        self.host_clock.tell()

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Feeds the world."""
        for place in range(count):
            self.world.feed_words(records[place], source=ENGINE)

    def new_order(self) -> Any:
        """What becomes of an order that is sent now and may be a second under way."""
        return self.world.new_order(expires_utc_ns=self.clock.utc_ns() + NS_PER_S)


@pytest.fixture
def host() -> Host:
    """A host whose clock is right."""
    return Host(ManualClock(START_NS, START_NS + UTC_OFFSET_NS))


def test_commands_are_not_late_because_the_clock_was_set_back(host: Host) -> None:
    host.clock.set_utc(-HOUR_NS)
    assert host.new_order().refusals == [RefusalReason.COMMAND_EXPIRED]
    host.host_clock.tell_if_moved()
    assert host.new_order().asked == [RequestKind.NEW]


def test_a_clock_that_was_set_right_is_not_off_any_more(host: Host) -> None:
    breaker(host.world, Breaker.CLOCK_OFFSET, BreakerAction.REFUSE, threshold=NS_PER_S)
    host.clock.set_utc(HOUR_NS)
    host.host_clock.tell_if_moved()
    assert host.world.after(LOOK_NS).alarms == [AlarmCode.CLOCK_OFFSET] * 2
    host.clock.set_utc(-HOUR_NS)
    host.host_clock.tell_if_moved()
    host.world.after(LOOK_NS)
    assert host.world.new_order().asked == [RequestKind.NEW]


@pytest.mark.parametrize(("change_ns", "told"), [(NS_PER_MS, 1), (-NS_PER_MS, 1), (NS_PER_MS + 1, 2), (-HOUR_NS, 2)])
def test_it_is_told_again_when_it_was_set_by_more_than_a_millisecond(host: Host, change_ns: int, told: int) -> None:
    host.clock.advance(HOUR_NS)
    host.clock.set_utc(change_ns)
    for _ in range(3):
        host.host_clock.tell_if_moved()
    assert len(host.world.inputs) == told
    offset_ns = UTC_OFFSET_NS + (change_ns if told == 2 else 0)
    assert int(host.world.state.header["utc_offset_ns"]) == offset_ns


class HaltingClock(ManualClock):
    """Of a process that loses its core between the two readings, for a time that may be set."""

    halted_ns = 0

    def utc_ns(self) -> int:
        self.advance(self.halted_ns)
        return super().utc_ns()


def test_time_lost_between_two_readings_is_no_change() -> None:
    clock = HaltingClock(START_NS, START_NS + UTC_OFFSET_NS)
    host = Host(clock)
    clock.halted_ns = 5 * NS_PER_MS
    host.host_clock.tell_if_moved()
    assert len(host.world.inputs) == 1
    clock.set_utc(HOUR_NS)
    host.host_clock.tell_if_moved()
    assert len(host.world.inputs) == 2, "what is more than that is seen all the same"


@pytest.mark.parametrize(
    ("change_ns", "is_over"),
    [
        pytest.param(HOUR_NS, False, id="forwards"),
        pytest.param(-HOUR_NS, False, id="back"),
        pytest.param(10 * HOUR_NS, True, id="past_midnight"),
        pytest.param(-16 * HOUR_NS, False, id="to_the_day_before"),
        pytest.param(700 * DAY_NS, True, id="far_forwards"),
        pytest.param(-700 * DAY_NS, False, id="far_back"),
    ],
)
def test_the_day_ends_at_the_midnight_of_the_clock_that_was_set(host: Host, change_ns: int, is_over: bool) -> None:
    header, scope = host.world.state.header, host.world.row("scopes", 0)
    header["day_end_ns"] = 0
    host.world.timer()
    scope["message_count"] = 1
    host.clock.set_utc(change_ns)
    host.host_clock.tell_if_moved()
    host.world.timer()
    assert scope["message_count"] == (0 if is_over else 1)
    midnight_ns = (START_NS + UTC_OFFSET_NS + change_ns) // DAY_NS * DAY_NS + DAY_NS
    assert int(header["day_end_ns"]) == midnight_ns - UTC_OFFSET_NS - change_ns


def test_a_day_that_has_not_begun_has_no_end_to_move(host: Host) -> None:
    host.world.state.header["day_end_ns"] = 0
    host.world.feed(RecordKind.CLOCK_OFFSET, account_id=-1, utc_offset_ns=UTC_OFFSET_NS - HOUR_NS)
    assert int(host.world.state.header["day_end_ns"]) == 0
