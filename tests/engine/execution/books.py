"""Owns a state whose books are set by hand: one strategy, and one pair at several venues with an account each."""

from dataclasses import dataclass, field
from random import Random

import numpy as np

from engine.core.state import Capacities, State
from engine.scope_limits import lift_all_limits
from ipc.enums import ConnectionState, InstrumentStatus, JournalState, Side
from ipc.market_tables import DEPTH_LEVELS

NOW_NS = 1_000_000_000_000
BOOK_AGE_MAX_NS = 5_000_000_000
STRATEGY = 1
VENUES = 4
_LIMITER_ROWS = 10

Levels = list[tuple[int, int]]


@dataclass
class Venue:
    """One instrument of the pair: levels as (price_ticks, lots), and what trading costs there."""

    bids: Levels = field(default_factory=list)
    asks: Levels = field(default_factory=list)
    taker_ppm: int = 0
    maker_ppm: int = 0
    price_scale: int = 1
    lot_scale: int = 1
    least_lots: int = 1
    most_lots: int = 1_000_000
    min_notional: int = 0

    def levels(self, side: Side) -> Levels:
        """What an order of a side takes from."""
        return self.asks if side is Side.BUY else self.bids


class Books:
    """A state with the venues given; instrument, account and venue have the same number."""

    def __init__(self, *venues: Venue, count: int = VENUES) -> None:
        self.state = State.create(
            Capacities(
                instruments=count,
                accounts=count,
                strategies=2,
                assets=2,
                orders=4,
                tombstones=1,
                trades=1,
                limiter_times=1 + 2 * count * _LIMITER_ROWS,
                venues=count,
                parents=1,
            )
        )
        header = self.state.header
        header["now_ns"], header["book_age_max_ns"] = NOW_NS, BOOK_AGE_MAX_NS
        header["journal_state"] = JournalState.KEEPING
        numbers = np.arange(count)
        self._fill("instruments", instrument_id=numbers, venue_id=numbers, status=InstrumentStatus.TRADING)
        self._fill("instruments", min_price_ticks=1, max_price_ticks=1 << 40, quote_asset_id=1)
        self._fill("instruments", max_notional=1 << 60, units_per_notional=1)
        self._fill("accounts", account_id=numbers, venue_id=numbers, connection_state=ConnectionState.LIVE)
        starts = 1 + np.arange(2 * count) * _LIMITER_ROWS
        self._fill("terms", permitted=1, rate_limit_orders=_LIMITER_ROWS, rate_limit_window_ns=1, limiter_start=starts)
        self._fill("books", permitted=1, max_order_lots=1 << 31, max_order_notional=1 << 60)
        self._fill("books", max_long_lots=1 << 31, max_short_lots=1 << 31)
        lift_all_limits(self.state)
        if venues:
            self.set(*venues)

    def _fill(self, table: str, **fields: object) -> None:
        for name, value in fields.items():
            self.state.table(table)[name] = value

    def set(self, *venues: Venue) -> None:
        """Gives the first instruments these books and links them as one pair."""
        count = len(venues)
        self.state.table("markets")["next_of_pair"][:count] = (np.arange(count) + 1) % count
        for number, venue in enumerate(venues):
            self._set_one(number, venue)

    def _set_one(self, number: int, venue: Venue) -> None:
        market, instrument = self.state.table("markets")[number], self.state.table("instruments")[number]
        route = self.state.table("routes")[number * len(self.state.table("instruments")) + number]
        market["pair_price_scale"], market["pair_lot_scale"] = venue.price_scale, venue.lot_scale
        instrument["min_order_lots"], instrument["max_order_lots"] = venue.least_lots, venue.most_lots
        instrument["min_notional"] = venue.min_notional
        route["taker_ppm"], route["maker_ppm"] = venue.taker_ppm, venue.maker_ppm
        for side, word, levels in ((Side.BUY, "bid", venue.bids), (Side.SELL, "ask", venue.asks)):
            market[f"{word}_level_count"], market[f"{word}_received_ns"] = len(levels), NOW_NS
            first = (2 * number + side - 1) * DEPTH_LEVELS
            for place, (price_ticks, lots) in enumerate(levels):
                row = self.state.table("levels")[first + place]
                row["price_ticks"], row["lots"] = price_ticks, lots

    def route(self, number: int) -> np.void:
        """What the account of a venue pays and meets there."""
        row: np.void = self.state.table("routes")[number * len(self.state.table("instruments")) + number]
        return row

    def candidates(self, count: int) -> list[dict[str, int]]:
        """What the last decision wrote."""
        rows = self.state.table("candidates")[:count]
        return [{name: int(row[name]) for name in rows.dtype.names or ()} for row in rows]


def random_levels(random: Random, side: Side, *, around: int, step: int, count: int, most_lots: int) -> Levels:
    """Levels of one side of a book, the best first, that start near a price."""
    away = -1 if side is Side.BUY else 1
    price, levels = around + away * random.randrange(3) * step, []
    for _ in range(count):
        levels.append((max(price, 1), random.randint(1, most_lots)))
        price += away * random.randint(1, 3) * step
    return levels
