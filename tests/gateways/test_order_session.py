"""The order session without sockets: every state, back-off, rotation, silence, spare."""

import pytest

from gateways.action import Close, Connect, Ping, Send
from gateways.heartbeat import PING_AFTER_NS, STALE_AFTER_NS
from gateways.notice import Notice, NoticeKind
from gateways.order_session import MEASURE_CLOCK_EVERY_NS
from gateways.session import CONNECT_TIMEOUT_NS, DRAIN_TIMEOUT_NS, OPENING_TIMEOUT_NS, ROTATE_AFTER_NS
from gateways.verdict import Concern
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import RecordKind, VenueEvent
from tests.gateways.binance_spot.documented import ACCOUNT_ID, RULES
from tests.gateways.scripted_venue import (
    HELLO,
    fill_report,
)
from tests.gateways.session_desk import CONNECTING, DOWN, LIVE, RECONCILING, TICK_NS, UTC_OFFSET_NS, Desk, refused


def test_a_session_becomes_live_step_by_step() -> None:
    desk = Desk()
    assert desk.start() == [Connect(1)]
    assert desk.core.states() == [CONNECTING]
    assert desk.session.active_link_id is None
    desk.open(1)
    assert desk.core.states() == [CONNECTING, RECONCILING, LIVE]
    assert desk.session.active_link_id == 1
    assert desk.session.rules == {"BTCUSDT": RULES}


def test_the_core_learns_the_venues_clock_before_it_may_send() -> None:
    desk = Desk()
    desk.go_live()
    kinds = [record["kind"] for record in desk.core.records]
    assert kinds.index(RecordKind.CLOCK_OFFSET) < kinds.index(RecordKind.VENUE_STATE, 1)
    (told,) = desk.core.of(RecordKind.CLOCK_OFFSET)
    assert (told["account_id"], told["utc_offset_ns"]) == (ACCOUNT_ID, UTC_OFFSET_NS)


def test_ordinary_frames_go_to_the_core_and_ask_for_nothing() -> None:
    desk = Desk()
    desk.go_live()
    desk.codec.script(b"fill", None, fill_report(8, trade_id=1, lots=2))
    assert not desk.frame(1, b"fill")
    assert desk.events() == [(8, VenueEvent.FILL)]


def test_a_lost_connection_is_down_before_anything_else_and_back_after_a_while() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.disconnected(1) == [Close(1)]
    assert desk.core.states()[-1] is DOWN
    assert desk.session.active_link_id is None
    assert desk.wait(TICK_NS) == [Connect(2)]
    desk.open(2)
    assert desk.core.states()[-4:] == [DOWN, CONNECTING, RECONCILING, LIVE]


def test_attempts_wait_longer_each_time_with_jitter_from_the_given_generator() -> None:
    def delays() -> list[int]:
        desk = Desk()
        desk.start()
        found = []
        for link_id in range(1, 12):
            desk.disconnected(link_id)
            begun_ns = desk.now_ns
            while not desk.wait(TICK_NS):
                pass
            found.append(desk.now_ns - begun_ns)
        return found

    first = delays()
    assert first == delays()
    assert first[0] <= 100 * NS_PER_MS
    assert all(15 * NS_PER_S <= delay <= 30 * NS_PER_S + TICK_NS for delay in first[-2:])
    assert all(later >= earlier for earlier, later in zip(first[:6:2], first[2:8:2], strict=True))


def test_a_connection_that_stood_for_long_is_replaced_at_once() -> None:
    desk = Desk()
    desk.start()
    for link_id in range(1, 9):
        desk.disconnected(link_id)
        desk.leap(60 * NS_PER_S)
    desk.open(9)
    desk.leap(61 * NS_PER_S)
    desk.disconnected(9)
    assert desk.wait(TICK_NS) == [Connect(10)]


def test_a_connection_that_never_comes_about_is_given_up() -> None:
    desk = Desk()
    desk.start()
    assert Close(1) in desk.wait(CONNECT_TIMEOUT_NS)
    assert desk.session.counters["opening_timeouts"] == 1


def test_an_opening_that_is_not_answered_is_given_up() -> None:
    desk = Desk()
    desk.start()
    desk.connected(1)
    assert Close(1) in desk.wait(OPENING_TIMEOUT_NS, alive=[1])
    assert desk.session.state is not LIVE


@pytest.mark.parametrize("concern", Concern)
def test_a_refused_opening_is_not_repeated_in_haste(concern: Concern) -> None:
    desk = Desk()
    desk.start()
    desk.connected(1)
    assert desk.tell(1, HELLO._replace(verdict=refused(concern), result=b"Invalid API-key")) == [Close(1)]
    assert desk.session.trouble == "the venue refused 'hello': Invalid API-key"
    is_hopeless = concern in (Concern.SESSION, Concern.RATE)
    assert bool(desk.wait(14 * NS_PER_S)) is not is_hopeless


def test_an_answer_that_was_not_asked_for_ends_an_opening() -> None:
    desk = Desk()
    desk.start()
    desk.connected(1)
    assert desk.tell(1, Notice(NoticeKind.ANSWER, "other")) == [Close(1)]
    assert desk.session.counters["protocol_errors"] == 1


def test_instruments_of_another_scale_are_not_traded() -> None:
    desk = Desk()
    desk.dialect.instruments = {}
    desk.start()
    desk.connected(1)
    assert desk.frame(1, b"welcome") == [Close(1)]
    assert desk.session.counters["instrument_mismatches"] == 1
    assert LIVE not in desk.core.states()


def test_nonsense_resets_the_session_and_does_not_reach_the_core() -> None:
    desk = Desk()
    desk.go_live()
    before = len(desk.core.reports())
    assert desk.frame(1, b"") == [Close(1)]
    assert desk.session.counters["protocol_errors"] == 1
    assert desk.core.states()[-1] is DOWN
    assert len(desk.core.reports()) == before


def test_a_frame_that_is_no_text_resets_the_session() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.session.on_nonsense(1, desk.now_ns) == [Close(1)]


def test_a_silent_connection_is_pinged_once_and_then_given_up_within_three_seconds() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.wait(PING_AFTER_NS - TICK_NS) == []
    assert desk.wait(TICK_NS) == [Ping(1)]
    assert desk.wait(STALE_AFTER_NS - PING_AFTER_NS - TICK_NS) == []
    assert desk.wait(TICK_NS) == [Close(1)]
    assert STALE_AFTER_NS + TICK_NS < 3 * NS_PER_S
    assert desk.core.states()[-1] is DOWN
    assert desk.session.counters["stale"] == 1


def test_any_frame_ends_the_silence() -> None:
    desk = Desk()
    desk.go_live()
    desk.codec.script(b"event")
    for _ in range(5):
        assert desk.wait(PING_AFTER_NS) == [Ping(1)]
        desk.frame(1, b"event")
        assert desk.wait(PING_AFTER_NS) == [Ping(1)]
        desk.session.on_alive(1, desk.now_ns)
    assert desk.session.state is LIVE


def test_our_own_pause_is_not_taken_for_the_venues_silence() -> None:
    desk = Desk()
    desk.go_live()
    assert Close(1) not in desk.leap(3600 * NS_PER_S)
    assert desk.session.state is LIVE


def test_what_a_given_up_connection_still_reports_does_not_count() -> None:
    desk = Desk()
    desk.go_live()
    desk.disconnected(1)
    records = len(desk.core.records)
    assert not desk.frame(1, b"welcome")
    assert not desk.connected(1)
    assert not desk.disconnected(1)
    assert not desk.session.on_nonsense(1, desk.now_ns)
    desk.session.on_alive(1, desk.now_ns)
    assert len(desk.core.records) == records


def test_an_old_connection_is_replaced_without_a_gap() -> None:
    desk = Desk()
    desk.go_live()
    assert Connect(2) in desk.leap(ROTATE_AFTER_NS)
    desk.session.requests_sent(1)
    assert desk.open(2) == []
    assert desk.session.active_link_id == 2
    assert desk.core.states()[-1] is LIVE
    assert DOWN not in desk.core.states()
    desk.codec.script(b"reply", None, hot=True)
    assert not desk.wait(5 * TICK_NS, alive=[1, 2])
    desk.frame(1, b"reply")
    assert Close(1) in desk.wait(TICK_NS, alive=[1, 2])
    assert desk.session.counters["rotations"] == 1


def test_requests_that_left_together_are_answered_one_by_one() -> None:
    desk = Desk()
    desk.go_live()
    desk.session.requests_sent(3)
    desk.leap(ROTATE_AFTER_NS)
    desk.open(2)
    for reply in (b"first", b"second", b"third"):
        assert not desk.wait(TICK_NS, alive=[1, 2])
        desk.codec.script(reply, None, hot=True)
        desk.frame(1, reply)
    assert Close(1) in desk.wait(TICK_NS, alive=[1, 2])
    assert VenueEvent.OUTCOME_UNKNOWN not in [event for _, event in desk.events()]


def test_an_old_connection_with_nothing_in_flight_is_closed_at_once() -> None:
    desk = Desk()
    desk.go_live()
    desk.leap(ROTATE_AFTER_NS)
    assert desk.open(2) == [Close(1)]
    assert VenueEvent.OUTCOME_UNKNOWN not in [event for _, event in desk.events()]


def test_a_reply_that_never_comes_does_not_keep_the_old_connection_for_ever() -> None:
    desk = Desk()
    desk.go_live()
    desk.session.requests_sent(1)
    desk.leap(ROTATE_AFTER_NS)
    desk.open(2)
    actions = desk.wait(DRAIN_TIMEOUT_NS, alive=[1, 2])
    assert actions[-1] == Close(1)
    assert desk.events() == [(0, VenueEvent.OUTCOME_UNKNOWN)]


def test_a_reply_that_came_twice_does_not_stand_for_one_that_never_comes() -> None:
    desk = Desk()
    desk.go_live()
    desk.codec.script(b"reply", None, hot=True)
    desk.session.requests_sent(1)
    desk.frame(1, b"reply")
    desk.frame(1, b"reply")
    desk.session.requests_sent(1)
    desk.leap(ROTATE_AFTER_NS)
    desk.open(2)
    desk.wait(DRAIN_TIMEOUT_NS, alive=[1, 2])
    assert desk.events() == [(0, VenueEvent.OUTCOME_UNKNOWN)]


def test_a_shutdown_notice_rotates_at_once() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.tell(1, Notice(NoticeKind.SHUTDOWN)) == [Connect(2)]
    assert desk.session.active_link_id == 1
    desk.open(2)
    assert desk.session.active_link_id == 2
    assert DOWN not in desk.core.states()


def test_a_shutdown_that_comes_true_before_the_replacement_is_ready_is_a_loss() -> None:
    desk = Desk()
    desk.go_live()
    desk.tell(1, Notice(NoticeKind.SHUTDOWN))
    desk.connected(2)
    assert desk.disconnected(1) == [Close(1)]
    assert desk.core.states()[-1] is DOWN
    desk.frame(2, b"welcome")
    desk.listed(2)
    desk.account_trades(2)
    assert desk.session.state is LIVE


def test_a_rotation_that_fails_is_tried_again_and_the_old_connection_goes_on() -> None:
    desk = Desk()
    desk.go_live()
    desk.leap(ROTATE_AFTER_NS)
    desk.disconnected(2)
    assert desk.session.active_link_id == 1
    assert desk.session.state is LIVE
    assert Connect(3) in desk.wait(2 * TICK_NS, alive=[1])


@pytest.mark.parametrize("kind", [NoticeKind.STREAM_ENDED, NoticeKind.SESSION_REVOKED])
def test_a_session_that_the_venue_ended_begins_again(kind: NoticeKind) -> None:
    desk = Desk()
    desk.go_live()
    assert desk.tell(1, Notice(kind)) == [Close(1)]
    assert desk.core.states()[-1] is DOWN


def test_an_error_without_an_id_reaches_the_core_and_keeps_the_connection() -> None:
    desk = Desk()
    desk.go_live()
    unknown = {"order_id": 0, "event": int(VenueEvent.OUTCOME_UNKNOWN)}
    assert not desk.tell(1, Notice(NoticeKind.UNCORRELATED_ERROR, verdict=refused()), unknown)
    assert desk.events() == [(0, VenueEvent.OUTCOME_UNKNOWN)]
    assert desk.session.state is LIVE


def test_a_spare_stands_by_and_takes_over_without_a_gap() -> None:
    desk = Desk(has_spare=True)
    desk.start()
    assert desk.open(1) == [Connect(2)]
    desk.open(2)
    assert desk.session.active_link_id == 1
    desk.session.requests_sent(1)
    assert desk.disconnected(1) == [Close(1)]
    assert desk.session.active_link_id == 2
    assert desk.core.states()[-1] is LIVE
    assert desk.events() == [(0, VenueEvent.OUTCOME_UNKNOWN)]
    assert Connect(3) in desk.wait(2 * TICK_NS, alive=[2])


def test_losing_the_spare_changes_nothing_for_the_core() -> None:
    desk = Desk(has_spare=True)
    desk.start()
    desk.open(1)
    desk.open(2)
    records = len(desk.core.records)
    desk.disconnected(2)
    assert desk.session.active_link_id == 1
    assert len(desk.core.records) == records


def test_stopping_closes_everything_and_stays_down() -> None:
    desk = Desk(has_spare=True)
    desk.start()
    desk.open(1)
    desk.open(2)
    assert set(desk.session.stop(desk.now_ns)) == {Close(1), Close(2)}
    assert desk.core.states()[-1] is DOWN
    assert desk.core.states().count(DOWN) == 1
    assert desk.wait(NS_PER_S) == []


def test_the_clock_is_measured_again_from_time_to_time() -> None:
    desk = Desk()
    desk.go_live()
    assert Send(1, b"time") in desk.leap(MEASURE_CLOCK_EVERY_NS)
    answer = Notice(NoticeKind.ANSWER, "time")
    for server_offset_ms in (7_000, 7_900, 7_400):
        desk.clock.advance(20 * NS_PER_MS if server_offset_ms != 7_900 else 2 * NS_PER_MS)
        server_ms = (desk.now_ns // NS_PER_MS) + server_offset_ms
        desk.tell(1, answer._replace(result=str(server_ms).encode()))
    told = desk.core.of(RecordKind.CLOCK_OFFSET)[-1]["utc_offset_ns"]
    assert abs(told - 7_901 * NS_PER_MS) <= 2 * NS_PER_MS


def test_a_refused_time_stamp_has_the_clock_measured_at_once() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.tell(1, Notice(NoticeKind.CLOCK_DOUBT, verdict=refused(Concern.CLOCK))) == [Send(1, b"time")]


def test_cancelling_all_goes_over_the_active_connection() -> None:
    desk = Desk()
    assert not desk.session.cancel_all("BTCUSDT", desk.now_ns)
    desk.go_live()
    assert desk.session.cancel_all("BTCUSDT", desk.now_ns) == [Send(1, b"cancel all BTCUSDT")]


def test_a_refused_time_stamp_of_a_question_has_the_clock_measured_too() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.status(7, verdict=refused(Concern.CLOCK)) == [Send(1, b"time")]
