"""The market-data session without sockets."""

import random

from gateways.action import Close, Connect, Ping, Send
from gateways.binance_spot.market_data_codec import MarketDataCodec
from gateways.binance_spot.market_data_session import SYMBOLS_PER_MESSAGE, MarketDataOpening
from gateways.heartbeat import PING_AFTER_NS, STALE_AFTER_NS
from gateways.market_data_session import MarketDataSession
from gateways.notice import Notice, NoticeKind
from gateways.session import ROTATE_AFTER_NS
from gateways.trade_flow import TOLD_EVERY_NS
from ipc.clock import NS_PER_S, ManualClock
from ipc.enums import RecordKind, Side
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


class Wire:
    """A session with the real codec of a venue, and what its core is told."""

    def __init__(self) -> None:
        self.clock, self.core = ManualClock(), RecordingCore()
        self.symbols = ["BTCUSDT"]
        self.session = MarketDataSession(
            core=self.core,
            codec=MarketDataCodec(INSTRUMENTS),
            new_opening=lambda: MarketDataOpening(self.symbols),
            generator=random.Random(1),
        )
        self.session.start(0)
        self.link_id = 0
        self.connect()

    @property
    def now_ns(self) -> int:
        return self.clock.monotonic_ns()

    def connect(self) -> None:
        self.link_id += 1
        self.session.on_connected(self.link_id, self.now_ns)

    def outage(self) -> None:
        self.session.on_disconnected(self.link_id, self.now_ns)
        self.clock.advance(NS_PER_S)
        assert self.session.on_tick(self.now_ns) == [Connect(self.link_id + 1)]
        self.connect()

    def frame(self, name: str, *, link_id: int = 0, **changes: object) -> None:
        frame = document(name)
        frame["data"] |= changes
        self.session.on_frame(link_id or self.link_id, compact(frame), self.now_ns)

    def price(self, number: int) -> None:
        self.frame("market.bookTicker", u=number)

    def depth(self, number: int) -> None:
        self.frame("market.depth", lastUpdateId=number)

    def trade(self, number: int, *, link_id: int = 0) -> None:
        self.frame("market.trade", link_id=link_id, t=number, q="1")

    def wait(self, duration_ns: int) -> None:
        self.clock.advance(duration_ns)
        self.session.on_tick(self.now_ns)

    def told(self) -> list[tuple[int, int, int]]:
        """Last number, count and missed ones of each record of trades."""
        return [
            (record["last_trade_id"], record["trade_count"], record["missed_count"])
            for record in self.core.of(RecordKind.MARKET_TRADES)
        ]


def test_the_first_price_after_an_outage_counts_whatever_its_number() -> None:
    wire = Wire()
    wire.price(1 << 62)
    wire.price(7)
    wire.outage()
    wire.price(3)
    wire.price(4)
    assert [record["venue_sequence"] for record in wire.core.records] == [0, 7, 0, 4]


def test_the_first_depth_after_an_outage_counts_on_both_sides_whatever_its_number() -> None:
    wire = Wire()
    wire.price(1)
    wire.depth(1 << 62)
    wire.depth(7)
    wire.outage()
    wire.depth(3)
    depth = wire.core.of(RecordKind.BOOK_DEPTH)
    assert [(record["side"], record["venue_sequence"]) for record in depth] == [
        (Side.BUY, 0), (Side.SELL, 0), (Side.BUY, 7), (Side.SELL, 7), (Side.BUY, 0), (Side.SELL, 0),
    ]  # fmt: skip


def test_trades_are_told_at_once_after_a_quiet_while_and_then_together() -> None:
    wire = Wire()
    wire.trade(10)
    assert wire.told() == [(10, 1, 0)]
    wire.trade(11)
    wire.wait(TOLD_EVERY_NS - 1)
    wire.trade(12)
    assert len(wire.told()) == 1
    wire.wait(1)
    wire.wait(TOLD_EVERY_NS)
    assert wire.told() == [(10, 1, 0), (12, 2, 0)]


def test_trades_that_never_came_are_counted_except_over_an_outage() -> None:
    wire = Wire()
    wire.trade(10)
    wire.trade(14)
    wire.outage()
    wire.trade(90)
    assert wire.told() == [(10, 1, 0), (14, 1, 3), (90, 1, 0)], "what waited is told before the outage"


def test_while_two_connections_tell_the_same_trades_only_the_active_ones_count() -> None:
    wire = Wire()
    wire.trade(10)
    wire.symbols = ["BTCUSDT"] * (SYMBOLS_PER_MESSAGE + 1)
    wire.frame("market.serverShutdown")
    wire.session.on_connected(2, wire.now_ns)
    assert wire.session.active_link_id == 1, "the second connection has not subscribed everything yet"
    wire.trade(13, link_id=2)
    wire.trade(11)
    wire.trade(10)
    wire.wait(TOLD_EVERY_NS)
    assert wire.told() == [(10, 1, 0), (11, 1, 0)]
    assert wire.session.counters["repeated_trades"] == 1
