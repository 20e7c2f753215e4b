"""Owns what the core knows of the markets beyond their best prices: depth, and what everybody trades.

Each side of a book comes as a record of its own, which replaces what was known of it. Totals grow from the engine's
start on, so who wants to know of a time compares two looks at them.
"""

import numpy as np

from engine.core.effects import NO_ORDER, raise_alarm
from engine.core.state import header_of, levels_of, markets_of
from engine.core.trading_states import NO_ACCOUNT
from ipc.compiler import kernel
from ipc.enums import AlarmCode, RecordKind, Side
from ipc.market_tables import DEPTH_LEVELS, LEVEL
from ipc.memory import view
from ipc.records import BOOK_DEPTH

# Of no strategy's concern.
_NOBODY = 0
# The lots of a whole side still fit a word, whatever they are multiplied with below a million.
LEVEL_LOTS_MAX = 1 << 40
# Where a total stays: it is compared with what it was before, also in an earlier run, and both sides' are added.
TOTAL_MAX = (1 << 60) - 1
GAP_TOLD_EVERY_NS = 60_000_000_000
_FIRST_LEVEL = (BOOK_DEPTH.names or ()).index("price_ticks_0") * 8


@kernel
def is_market_data(kind: int) -> bool:
    """Whether a record tells of a market, and so is overtaken by the next one of its kind."""
    return kind == RecordKind.BOOK_TOP or kind == RecordKind.BOOK_DEPTH or kind == RecordKind.MARKET_TRADES


@kernel
def on_book_depth(state: int, record: int) -> None:
    """Takes one side of a book, unless it is older than what is known of that side."""
    depth = view(record, 1, BOOK_DEPTH)[0]
    market = markets_of(state)[depth["instrument_id"]]
    sequence, is_bid = depth["venue_sequence"], depth["side"] == Side.BUY
    known_sequence = market["bid_sequence"] if is_bid else market["ask_sequence"]
    if sequence != 0 and sequence < known_sequence:
        market["late_count"] += 1
        return
    level_count = _take_levels(state, record)
    if is_bid:
        market["bid_level_count"] = level_count
        market["bid_sequence"] = sequence
        market["bid_received_ns"] = depth["published_ns"]
    else:
        market["ask_level_count"] = level_count
        market["ask_sequence"] = sequence
        market["ask_received_ns"] = depth["published_ns"]
    if _is_crossed(state, depth["instrument_id"]):
        market["crossed_count"] += 1
        market["bid_level_count"] = 0
        market["ask_level_count"] = 0


@kernel
def _take_levels(state: int, record: int) -> int:
    """Copies the levels up to the first that makes no sense behind the one before it; returns how many those are."""
    depth = view(record, 1, BOOK_DEPTH)[0]
    told = view(record + _FIRST_LEVEL, DEPTH_LEVELS, LEVEL)
    levels = levels_of(state, depth["instrument_id"], depth["side"])
    is_bid, before_ticks = depth["side"] == Side.BUY, 0
    for place in range(DEPTH_LEVELS):
        price_ticks, lots = told[place]["price_ticks"], told[place]["lots"]
        if price_ticks <= 0 or lots <= 0:
            return place
        if place > 0 and (price_ticks >= before_ticks if is_bid else price_ticks <= before_ticks):
            return place
        levels[place]["price_ticks"] = price_ticks
        levels[place]["lots"] = min(lots, LEVEL_LOTS_MAX)
        before_ticks = price_ticks
    return DEPTH_LEVELS


@kernel
def _is_crossed(state: int, instrument_id: int) -> bool:
    """Whether the two sides are of one moment and yet cannot stand beside each other."""
    market = markets_of(state)[instrument_id]
    if market["bid_level_count"] == 0 or market["ask_level_count"] == 0:
        return False
    if market["bid_sequence"] != market["ask_sequence"] or market["bid_received_ns"] != market["ask_received_ns"]:
        return False
    best_bid_ticks = levels_of(state, instrument_id, Side.BUY)[0]["price_ticks"]
    return levels_of(state, instrument_id, Side.SELL)[0]["price_ticks"] <= best_bid_ticks


@kernel
def on_market_trades(state: int, trades: np.void) -> None:
    """Adds what everybody traded since the record before; a person is told of trades that never came."""
    market = markets_of(state)[trades["instrument_id"]]
    market["trade_id"] = trades["last_trade_id"]
    market["trades_received_ns"] = trades["published_ns"]
    market["last_trade_ticks"] = trades["last_price_ticks"]
    market["bought_lots"] = _grown(market["bought_lots"], trades["bought_lots"])
    market["sold_lots"] = _grown(market["sold_lots"], trades["sold_lots"])
    market["traded_notional"] = _grown(market["traded_notional"], trades["traded_notional"])
    market["trade_count"] = _grown(market["trade_count"], trades["trade_count"])
    if trades["missed_count"] > 0:
        market["missed_trades"] = _grown(market["missed_trades"], trades["missed_count"])
        _tell_gap(state, trades["instrument_id"])


@kernel
def _grown(total: int, more: int) -> int:
    return min(total + min(max(more, 0), TOTAL_MAX), TOTAL_MAX)


@kernel
def _tell_gap(state: int, instrument_id: int) -> None:
    """Raises an alarm, unless one about this instrument was raised a moment ago: it tells how many are missing in all.

    A venue that drops trades does so many times in a row.
    """
    market, now_ns = markets_of(state)[instrument_id], header_of(state)["now_ns"]
    if market["gap_told_ns"] != 0 and now_ns - market["gap_told_ns"] < GAP_TOLD_EVERY_NS:
        return
    market["gap_told_ns"] = now_ns
    alarm = raise_alarm(state, _NOBODY, AlarmCode.MARKET_DATA_GAP, NO_ORDER, NO_ACCOUNT, instrument_id)
    alarm["trade_id"] = market["trade_id"]
    alarm["found"] = market["missed_trades"]
