"""Owns the writing of records into the rows that the core takes."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gateways.errors import VenueProtocolError
from ipc.enums import RecordKind, VenueEvent
from ipc.market_tables import DEPTH_LEVELS
from ipc.records import (
    BALANCE,
    BALANCE_CHANGE,
    BOOK_DEPTH,
    BOOK_TOP,
    CLOCK_OFFSET,
    HEADER_FIELDS,
    MARKET_TRADES,
    NOT_STATED,
    RATE_LIMIT,
    SLOT_BYTES,
    SLOT_WORDS,
    TRADES_KNOWN,
    VENUE_REPORT,
    VENUE_STATE,
)

CAPACITY = 2048
"""More than one frame can fill: the venues' longest replies list 1,000 rows."""


def _slot(layout: np.dtype[np.void], *fields: str) -> struct.Struct:
    """The packing of one record whose tail is zeroed, so that equal records are equal bytes."""
    assert layout.names == (*HEADER_FIELDS, *fields), "the writer and the schema name the same fields"
    return struct.Struct(f"<{len(fields) + len(HEADER_FIELDS)}q{SLOT_BYTES - layout.itemsize}x")


_VENUE_REPORT = _slot(
    VENUE_REPORT,
    "order_id",
    "event",
    "account_id",
    "instrument_id",
    "venue_order_id",
    "trade_id",
    "last_lots",
    "last_price_ticks",
    "cumulative_lots",
    "order_lots",
    "price_ticks",
    "liquidity",
    "fee_units",
    "fee_asset_id",
    "reason",
    "venue_code",
    "venue_utc_ns",
    "replacement_order_id",
    "answers_request",
    "side",
)
_BOOK_TOP = _slot(BOOK_TOP, "instrument_id", "bid_ticks", "bid_lots", "ask_ticks", "ask_lots", "venue_sequence")
_BOOK_DEPTH = _slot(
    BOOK_DEPTH,
    "instrument_id",
    "side",
    "venue_sequence",
    *(f"{word}_{level}" for level in range(DEPTH_LEVELS) for word in ("price_ticks", "lots")),
)
_MARKET_TRADES = _slot(
    MARKET_TRADES,
    "instrument_id",
    "last_trade_id",
    "last_price_ticks",
    "high_ticks",
    "low_ticks",
    "bought_lots",
    "sold_lots",
    "traded_notional",
    "trade_count",
    "missed_count",
)
_BALANCE = _slot(BALANCE, "account_id", "asset_id", "free_units", "locked_units", "venue_utc_ns")
_BALANCE_CHANGE = _slot(BALANCE_CHANGE, "account_id", "asset_id", "delta_units", "venue_utc_ns")
_TRADES_KNOWN = _slot(TRADES_KNOWN, "account_id", "instrument_id", "before_trade_id")
_RATE_LIMIT = _slot(RATE_LIMIT, "account_id", "limit_type", "window_ns", "limit", "count", "blocked_until_utc_ns")
_VENUE_STATE = _slot(VENUE_STATE, "account_id", "state")
_CLOCK_OFFSET = _slot(CLOCK_OFFSET, "account_id", "utc_offset_ns", "doubt_ns")

# Plain integers: packing an IntEnum member costs a call to its __index__.
_KIND_VENUE_REPORT = int(RecordKind.VENUE_REPORT)
_KIND_BOOK_TOP = int(RecordKind.BOOK_TOP)
_KIND_BOOK_DEPTH = int(RecordKind.BOOK_DEPTH)
_KIND_MARKET_TRADES = int(RecordKind.MARKET_TRADES)
_KIND_BALANCE = int(RecordKind.BALANCE)
_KIND_BALANCE_CHANGE = int(RecordKind.BALANCE_CHANGE)
_KIND_TRADES_KNOWN = int(RecordKind.TRADES_KNOWN)
_KIND_RATE_LIMIT = int(RecordKind.RATE_LIMIT)
_KIND_VENUE_STATE = int(RecordKind.VENUE_STATE)
_KIND_CLOCK_OFFSET = int(RecordKind.CLOCK_OFFSET)
_OUTCOME_UNKNOWN = int(VenueEvent.OUTCOME_UNKNOWN)
_LEVEL_WORDS = 2 * DEPTH_LEVELS
_NO_LEVELS = (0,) * _LEVEL_WORDS


def new_rows(capacity: int = CAPACITY) -> NDArray[np.int64]:
    """Empty rows, one slot each."""
    return np.zeros((capacity, SLOT_WORDS), dtype=np.int64)


class RecordWriter:
    """Fills rows from the first one on; `struct` beat assigning to a numpy row by two to one."""

    __slots__ = ("_capacity", "_rows", "_view", "account_id", "count", "received_ns")

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.count = 0
        self.received_ns = 0
        self._capacity = 0
        self._rows: NDArray[np.int64] | None = None
        self._view = memoryview(bytearray())

    def start(self, rows: NDArray[np.int64], received_ns: int) -> None:
        """Begins again at the first row of `rows`."""
        if rows is not self._rows:
            assert rows.dtype == np.int64, "records are 64-bit words"
            assert rows.shape[1] == SLOT_WORDS, "a row is one slot"
            assert rows.flags.c_contiguous, "rows lie one behind the other"
            self._rows = rows
            self._view = rows.data.cast("B")
            self._capacity = len(rows)
        self.count = 0
        self.received_ns = received_ns

    def _claim(self) -> int:
        row = self.count
        if row >= self._capacity:
            raise VenueProtocolError(f"one frame holds more than {self._capacity} records")
        self.count = row + 1
        return row * SLOT_BYTES

    def venue_report(  # noqa: PLR0913, PLR0917 - the arguments are the fields of the record
        self,
        order_id: int,
        event: int,
        instrument_id: int = NOT_STATED,
        venue_order_id: int = 0,
        trade_id: int = 0,
        last_lots: int = 0,
        last_price_ticks: int = 0,
        cumulative_lots: int = NOT_STATED,
        order_lots: int = NOT_STATED,
        price_ticks: int = NOT_STATED,
        liquidity: int = 0,
        fee_units: int = 0,
        fee_asset_id: int = NOT_STATED,
        reason: int = 0,
        venue_code: int = 0,
        venue_utc_ns: int = 0,
        replacement_order_id: int = 0,
        answers_request: int = 0,
        side: int = 0,
    ) -> None:
        """Writes what the venue told of one leg."""
        _VENUE_REPORT.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_VENUE_REPORT,
            0,
            self.received_ns,
            order_id,
            event,
            self.account_id,
            instrument_id,
            venue_order_id,
            trade_id,
            last_lots,
            last_price_ticks,
            cumulative_lots,
            order_lots,
            price_ticks,
            liquidity,
            fee_units,
            fee_asset_id,
            reason,
            venue_code,
            venue_utc_ns,
            replacement_order_id,
            answers_request,
            side,
        )

    def everything_in_flight_unknown(self) -> None:
        """Writes that no request in flight of this account can count on its reply: the report names no order."""
        self.venue_report(0, _OUTCOME_UNKNOWN)

    def book_top(  # noqa: PLR0913, PLR0917 - the arguments are the fields of the record
        self,
        instrument_id: int,
        bid_ticks: int,
        bid_lots: int,
        ask_ticks: int,
        ask_lots: int,
        venue_sequence: int,
    ) -> None:
        """Writes the best prices of one instrument."""
        _BOOK_TOP.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_BOOK_TOP,
            0,
            self.received_ns,
            instrument_id,
            bid_ticks,
            bid_lots,
            ask_ticks,
            ask_lots,
            venue_sequence,
        )

    def book_depth(self, instrument_id: int, side: int, venue_sequence: int, levels: Sequence[int]) -> None:
        """Writes one side of a book: price ticks and lots in turn, the best level first."""
        assert len(levels) <= _LEVEL_WORDS, "a record holds the best levels alone"
        _BOOK_DEPTH.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_BOOK_DEPTH,
            0,
            self.received_ns,
            instrument_id,
            side,
            venue_sequence,
            *levels,
            *_NO_LEVELS[len(levels) :],
        )

    def market_trades(  # noqa: PLR0913 - the arguments are the fields of the record
        self,
        *,
        instrument_id: int,
        last_trade_id: int,
        last_price_ticks: int,
        high_ticks: int,
        low_ticks: int,
        bought_lots: int,
        sold_lots: int,
        traded_notional: int,
        trade_count: int,
        missed_count: int,
    ) -> None:
        """Writes what everybody traded of one instrument since the record before."""
        _MARKET_TRADES.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_MARKET_TRADES,
            0,
            self.received_ns,
            instrument_id,
            last_trade_id,
            last_price_ticks,
            high_ticks,
            low_ticks,
            bought_lots,
            sold_lots,
            traded_notional,
            trade_count,
            missed_count,
        )

    def balance(self, *, asset_id: int, free_units: int, locked_units: int, venue_utc_ns: int) -> None:
        """Writes what the account holds of one asset."""
        _BALANCE.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_BALANCE,
            0,
            self.received_ns,
            self.account_id,
            asset_id,
            free_units,
            locked_units,
            venue_utc_ns,
        )

    def balance_change(self, *, asset_id: int, delta_units: int, venue_utc_ns: int) -> None:
        """Writes what came to the account, or went, otherwise than by trading."""
        _BALANCE_CHANGE.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_BALANCE_CHANGE,
            0,
            self.received_ns,
            self.account_id,
            asset_id,
            delta_units,
            venue_utc_ns,
        )

    def trades_known(self, *, instrument_id: int, before_trade_id: int) -> None:
        """Writes that every trade of an instrument before one has been asked for."""
        _TRADES_KNOWN.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_TRADES_KNOWN,
            0,
            self.received_ns,
            self.account_id,
            instrument_id,
            before_trade_id,
        )

    def rate_limit(self, limit_type: int, window_ns: int, limit: int, count: int, blocked_until_utc_ns: int) -> None:
        """Writes how much of one limit is used."""
        _RATE_LIMIT.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_RATE_LIMIT,
            0,
            self.received_ns,
            self.account_id,
            limit_type,
            window_ns,
            limit,
            count,
            blocked_until_utc_ns,
        )

    def venue_state(self, state: int) -> None:
        """Writes how far the account's connection is."""
        _VENUE_STATE.pack_into(
            self._view, self._claim(), 0, _KIND_VENUE_STATE, 0, self.received_ns, self.account_id, state
        )

    def clock_offset(self, utc_offset_ns: int, doubt_ns: int) -> None:
        """Writes what to add to our monotonic clock to get the venue's UTC, and by how much it may be wrong."""
        _CLOCK_OFFSET.pack_into(
            self._view,
            self._claim(),
            0,
            _KIND_CLOCK_OFFSET,
            0,
            self.received_ns,
            self.account_id,
            utc_offset_ns,
            doubt_ns,
        )
