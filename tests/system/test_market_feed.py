"""A strategy listens to the markets of a running engine: prices, depth and trades, none of them missing."""

import signal
from itertools import pairwise
from pathlib import Path

import pytest

from ipc.enums import Side
from ipc.errors import EngineRestartedError
from ipc.market_events import BookDepth, BookTop, MarketEvent, MarketTrades
from ipc.market_feed import MarketFeed
from tests.system.engine_site import ENGINE, EngineSite, end
from tests.system.installation import INSTRUMENT, Installation, installed
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
EVENTS = 200


class LivelySite(EngineSite):
    """A venue at which others trade all the time."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.venue = installation.start_venue("main", flow={"interval_ms": 5})
        self.folder: Path = installation.runtime / ENGINE


def hear(feed: MarketFeed, count: int) -> list[MarketEvent]:
    """So many events, at least."""
    heard: list[MarketEvent] = []

    def listen() -> bool:
        while (event := feed.poll()) is not None:
            heard.append(event)
        kinds = {type(event) for event in heard}
        return len(heard) >= count and kinds == {BookTop, BookDepth, MarketTrades}

    await_that(listen, "market data")
    return heard


def check_depth(heard: list[MarketEvent]) -> None:
    """Each side is sorted, and the two of one moment stand beside each other."""
    sides = [event for event in heard if isinstance(event, BookDepth)]
    for side in sides:
        prices = [level.price for level in side.levels]
        assert prices == sorted(set(prices), reverse=side.is_bid)
        assert all(level.quantity > 0 for level in side.levels)
    pairs = [(bids, asks) for bids, asks in pairwise(sides) if bids.side == Side.BUY]
    for bids, asks in pairs:
        assert (asks.side, bids.venue_sequence) == (Side.SELL, asks.venue_sequence)
        assert bids.levels[0].price < asks.levels[0].price
    assert pairs


def check_trades(heard: list[MarketEvent]) -> None:
    """No trade is missing between two events."""
    trades = [event for event in heard if isinstance(event, MarketTrades)]
    for before, after in pairwise(trades):
        assert after.last_trade_id - before.last_trade_id == after.trade_count
        assert after.low <= after.average_price <= after.high
    assert not any(event.missed_count for event in trades)


def test_a_strategy_hears_the_markets_until_its_engine_ends(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = LivelySite(installation)
        with site.engine() as engine, site.connect() as client:
            feed = client.market_feed()
            heard = hear(feed, EVENTS)
            assert {event.instrument.name for event in heard} == {INSTRUMENT}
            assert feed.lost_count == 0
            check_depth(heard)
            check_trades(heard)
            end(engine, signal.SIGTERM)
            with pytest.raises(EngineRestartedError):
                while feed.poll() is not None:
                    pass
