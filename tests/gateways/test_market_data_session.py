"""The market-data session without sockets."""

import random

from gateways.action import Close, Connect, Ping, Send
from gateways.binance_spot.market_data_codec import MarketDataCodec
from gateways.heartbeat import PING_AFTER_NS, STALE_AFTER_NS
from gateways.market_data_session import MarketDataSession
from gateways.notice import Notice, NoticeKind
from gateways.session import ROTATE_AFTER_NS
from ipc.clock import NS_PER_S, ManualClock
from tests.gateways.binance_spot.documented import INSTRUMENTS, compact, document
from tests.gateways.recording_core import RecordingCore
from tests.gateways.scripted_venue import HELLO, ScriptedCodec, ScriptedOpening, status_report


class Desk:
    """A market-data session with everything around it in the test's hands."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.core = RecordingCore()
        self.codec = ScriptedCodec()
        self.codec.script(b"welcome", HELLO)
        self.codec.script(b"book", None, status_report(1, cumulative_lots=0))
        self.session = MarketDataSession(
            core=self.core,
            codec=self.codec,
            new_opening=lambda: ScriptedOpening({}),
            generator=random.Random(1),
        )

    @property
    def now_ns(self) -> int:
        return self.clock.monotonic_ns()

    def open(self, link_id: int) -> None:
        assert self.session.on_connected(link_id, self.now_ns) == [Send(link_id, b"hello")]
        self.session.on_frame(link_id, b"welcome", self.now_ns)

    def go_live(self) -> None:
        assert self.session.start(self.now_ns) == [Connect(1)]
        self.open(1)
        assert self.session.active_link_id == 1

    def wait(self, duration_ns: int) -> list[object]:
        self.clock.advance(duration_ns)
        return list(self.session.on_tick(self.now_ns))


def test_prices_reach_the_core() -> None:
    desk = Desk()
    desk.go_live()
    assert not desk.session.on_frame(1, b"book", desk.now_ns)
    assert len(desk.core.records) == 1


def test_prices_that_come_before_the_last_subscription_count_too() -> None:
    desk = Desk()
    desk.session.start(desk.now_ns)
    desk.session.on_connected(1, desk.now_ns)
    desk.session.on_frame(1, b"book", desk.now_ns)
    assert len(desk.core.records) == 1


def test_a_shutdown_opens_a_second_stream_before_the_first_is_closed() -> None:
    desk = Desk()
    desk.go_live()
    desk.codec.script(b"shutdown", Notice(NoticeKind.SHUTDOWN))
    assert desk.session.on_frame(1, b"shutdown", desk.now_ns) == [Connect(2)]
    desk.open(2)
    assert desk.session.active_link_id == 2
    assert desk.session.counters["rotations"] == 1


def test_a_day_old_stream_is_exchanged() -> None:
    desk = Desk()
    desk.go_live()
    assert Connect(2) in desk.wait(ROTATE_AFTER_NS)


def test_a_stale_stream_is_given_up() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.wait(PING_AFTER_NS) == [Ping(1)]
    assert desk.wait(PING_AFTER_NS) == []
    assert desk.wait(STALE_AFTER_NS - 2 * PING_AFTER_NS) == [Close(1)]
    assert desk.session.active_link_id is None


def test_nonsense_resets_the_stream() -> None:
    desk = Desk()
    desk.go_live()
    assert desk.session.on_frame(1, b"", desk.now_ns) == [Close(1)]
    assert desk.session.counters["protocol_errors"] == 1


def test_an_answer_to_nothing_changes_nothing() -> None:
    desk = Desk()
    desk.go_live()
    assert not desk.session.on_frame(1, b"welcome", desk.now_ns)
    assert desk.session.active_link_id == 1


def test_the_first_price_after_an_outage_counts_whatever_its_number() -> None:
    clock, core = ManualClock(), RecordingCore()
    session = MarketDataSession(
        core=core,
        codec=MarketDataCodec(INSTRUMENTS),
        new_opening=lambda: ScriptedOpening({}),
        generator=random.Random(1),
    )

    def price(link_id: int, number: int) -> None:
        frame = document("market.bookTicker")
        frame["data"] |= {"s": "BTCUSDT", "u": number}
        session.on_frame(link_id, compact(frame), clock.monotonic_ns())

    session.start(0)
    session.on_connected(1, 0)
    price(1, 1 << 62)
    price(1, 7)
    session.on_disconnected(1, 0)
    clock.advance(NS_PER_S)
    assert session.on_tick(clock.monotonic_ns()) == [Connect(2)]
    session.on_connected(2, clock.monotonic_ns())
    price(2, 3)
    price(2, 4)
    assert [record["venue_sequence"] for record in core.records] == [0, 7, 0, 4]
