"""A strategy listens to the markets: every event exact, every loss counted, and the end of the engine told."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ipc.broadcast_ring import poll_broadcast
from ipc.client import Client, connect
from ipc.compiler import kernel
from ipc.enums import RecordKind, Side
from ipc.errors import EngineRestartedError, SharedMemoryOnlyError
from ipc.market_events import BookDepth, BookTop, DepthLevel, MarketTrades
from ipc.market_feed import MarketFeed
from ipc.memory import view
from ipc.records import BOOK_DEPTH
from ipc.strategy_kernels import depth_level
from tests.ipc.conftest import Served
from tests.ipc.fake_engine import ENGINE, INSTRUMENTS, MARKET_CAPACITY, FakeEngine


@pytest.fixture
def client(engine: FakeEngine) -> Iterator[Client]:
    """A client over shared memory."""
    with connect(f"shm://{ENGINE}", strategy="maker") as client:
        yield client


@pytest.fixture
def feed(client: Client) -> Iterator[MarketFeed]:
    """Its feed."""
    with client.market_feed() as feed:
        yield feed


def tell_top(engine: FakeEngine, number: int = 1) -> None:
    """New best prices; one tick is 0.05."""
    engine.tell_market(RecordKind.BOOK_TOP, instrument_id=1, bid_ticks=number, bid_lots=3, venue_sequence=number)


def test_best_prices_are_exact(engine: FakeEngine, feed: MarketFeed) -> None:
    assert feed.poll() is None
    engine.tell_market(
        RecordKind.BOOK_TOP, published_ns=77, instrument_id=1, bid_ticks=1_001, bid_lots=250_000, venue_sequence=9
    )
    top = feed.poll()
    assert isinstance(top, BookTop)
    assert (top.instrument.name, top.received_ns, top.venue_sequence) == (INSTRUMENTS[1], 77, 9)
    assert (top.bid, top.bid_quantity, top.ask, top.ask_quantity) == (Decimal("50.05"), Decimal("2.5"), None, 0)
    assert feed.poll() is None


def test_depth_is_one_side_with_the_best_level_first(engine: FakeEngine, feed: MarketFeed) -> None:
    levels = {"price_ticks_0": 2_000, "lots_0": 100_000, "price_ticks_1": 2_001, "lots_1": 1}
    engine.tell_market(RecordKind.BOOK_DEPTH, instrument_id=0, side=Side.SELL, venue_sequence=4, **levels)
    depth = feed.poll()
    assert isinstance(depth, BookDepth)
    assert (depth.is_bid, depth.venue_sequence) == (False, 4)
    assert depth.levels_in_units == [(2_000, 100_000), (2_001, 1)]
    assert depth.levels == [DepthLevel(Decimal(100), Decimal(1)), DepthLevel(Decimal("100.05"), Decimal("0.00001"))]


def test_a_full_side_has_ten_levels(engine: FakeEngine, feed: MarketFeed) -> None:
    levels = {f"{word}_{place}": place + 1 for place in range(10) for word in ("price_ticks", "lots")}
    engine.tell_market(RecordKind.BOOK_DEPTH, instrument_id=0, side=Side.BUY, **levels)
    depth = feed.poll()
    assert isinstance(depth, BookDepth)
    assert depth.levels_in_units == [(place, place) for place in range(1, 11)]


def test_trades_are_what_happened_since_the_event_before(engine: FakeEngine, feed: MarketFeed) -> None:
    told = {"last_price_ticks": 201, "high_ticks": 204, "low_ticks": 200, "bought_lots": 100_000, "sold_lots": 300_000}
    engine.tell_market(
        RecordKind.MARKET_TRADES, instrument_id=0, last_trade_id=5, traded_notional=80_800_000, missed_count=2, **told
    )
    trades = feed.poll()
    assert isinstance(trades, MarketTrades)
    assert (trades.last_price, trades.high, trades.low) == (Decimal("10.05"), Decimal("10.20"), Decimal("10.00"))
    assert (trades.bought_quantity, trades.sold_quantity, trades.average_price) == (1, 3, Decimal("10.1"))
    assert (trades.last_trade_id, trades.missed_count) == (5, 2)


def test_every_feed_is_told_everything(engine: FakeEngine, client: Client) -> None:
    with client.market_feed() as first, connect(f"shm://{ENGINE}", strategy="taker") as other:
        second = other.market_feed()
        tell_top(engine)
        assert first.poll() == second.poll() is not None


def test_a_feed_that_is_too_slow_knows_how_much_it_lost(engine: FakeEngine, feed: MarketFeed) -> None:
    told = 3 * MARKET_CAPACITY
    for number in range(told):
        tell_top(engine, number)
    heard = []
    while (event := feed.poll()) is not None:
        assert isinstance(event, BookTop)
        heard.append(event.venue_sequence)
    assert heard == list(range(told - MARKET_CAPACITY // 2, told))
    assert feed.lost_count == told - len(heard)


@kernel
def best_levels(feed: int) -> tuple[int, int]:
    """A compiled listener: the best price and the lots of all levels of what was told last."""
    price_ticks, lots = 0, 0
    while True:
        record = poll_broadcast(feed)
        if record == 0:
            return price_ticks, lots
        if view(record, 1, BOOK_DEPTH)[0]["kind"] == RecordKind.BOOK_DEPTH:
            price_ticks, _ = depth_level(record, 0)
            lots = 0
            for place in range(-1, 12):
                _, more = depth_level(record, place)
                lots += more


def test_a_compiled_strategy_polls_the_same_feed(engine: FakeEngine, feed: MarketFeed) -> None:
    assert best_levels(feed.address) == (0, 0)
    levels = {"price_ticks_0": 20, "lots_0": 3, "price_ticks_9": 11, "lots_9": 4}
    engine.tell_market(RecordKind.BOOK_DEPTH, instrument_id=0, side=Side.BUY, **levels)
    tell_top(engine)
    assert best_levels(feed.address) == (20, 7)
    feed.close()
    assert best_levels(feed.address) == (0, 0)


def test_what_is_left_is_told_before_the_end_of_the_engine(engine: FakeEngine, feed: MarketFeed) -> None:
    tell_top(engine)
    engine.market_ring.retire()
    assert isinstance(feed.poll(), BookTop)
    with pytest.raises(EngineRestartedError, match=r"market_feed\(\) for a new one"):
        feed.poll()


def test_a_closed_feed_says_so(feed: MarketFeed) -> None:
    feed.close()
    with pytest.raises(EngineRestartedError):
        feed.poll()


def test_only_a_client_over_shared_memory_listens_and_only_to_its_own_engine(served: Served) -> None:
    client = served.connect()
    if served.transport != "shm":
        with pytest.raises(SharedMemoryOnlyError, match="market data needs a client over shared memory"):
            client.market_feed()
        return
    old = client.market_feed()
    served.restart()
    with pytest.raises(EngineRestartedError):
        old.poll()
    with pytest.raises(EngineRestartedError):
        client.market_feed()
    client.reconnect()
    feed = client.market_feed()
    tell_top(served.engine)
    assert feed.poll() is not None
