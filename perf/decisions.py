"""Owns the decisions of the execution benchmark: for each algorithm the input at which it acts, and what it asks for.

A decision is all of one step: the input itself, the algorithm, the child's controls, order, reports and wire bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import RecordKind, RequestKind, Side, VenueEvent
from ipc.parent_enums import Algorithm
from perf.open_core import ASK_TICKS, BID_TICKS
from perf.stage import LEVEL_LOTS, STRATEGY, Stage

_MINUTE_NS = 60 * NS_PER_S
_SLICES = 20
_LOTS = 200
_FAR_TICKS, _STOP_TICKS = 2_000, 100
NEW, CANCEL, REPLACE = int(RequestKind.NEW), int(RequestKind.CANCEL), int(RequestKind.CANCEL_REPLACE)


@dataclass(frozen=True)
class Decision:
    """How an algorithm comes to act, and what it must ask its venue for then: (RequestKind, lots, price)."""

    name: str
    what: str
    prepare: Callable[[Stage], None]
    request: tuple[int, int, int]


def _rest_of_slice(stage: Stage, order_id: int) -> None:
    """What rests in the first slice is filled; the input is the beginning of the second."""
    (first,) = stage.requests
    stage.accept(first)
    stage.fill(first)
    parents = stage.state.table("parents")
    (row,) = parents[parents["order_id"] == order_id]
    stage.now_ns = int(row["next_slice_ns"])
    stage.keep(RecordKind.TIMER)


def _twap(stage: Stage) -> None:
    end_utc_ns = stage.now_ns + _MINUTE_NS
    _rest_of_slice(stage, stage.parent(algorithm=Algorithm.TWAP, order_lots=_LOTS, end_utc_ns=end_utc_ns))


def _vwap(stage: Stage) -> None:
    end_utc_ns = stage.now_ns + _MINUTE_NS
    order_id = stage.parent(algorithm=Algorithm.VWAP, order_lots=_LOTS, end_utc_ns=end_utc_ns)
    stage.schedule(order_id, [_LOTS // _SLICES] * _SLICES)
    _rest_of_slice(stage, order_id)


def _pov(stage: Stage) -> None:
    stage.parent(algorithm=Algorithm.POV, order_lots=_LOTS, participation_ppm=100_000, urgency_ppm=1_000_000)
    stage.wait()
    stage.keep(
        RecordKind.MARKET_TRADES,
        instrument_id=0,
        last_trade_id=1,
        last_price_ticks=ASK_TICKS,
        high_ticks=ASK_TICKS,
        low_ticks=ASK_TICKS,
        bought_lots=100,
        traded_notional=100 * ASK_TICKS,
        trade_count=1,
    )


def _iceberg(stage: Stage) -> None:
    stage.parent(algorithm=Algorithm.ICEBERG, order_lots=_LOTS, display_lots=10, limit_price_ticks=BID_TICKS)
    (shown,) = stage.requests
    stage.accept(shown)
    stage.keep(RecordKind.VENUE_REPORT, **stage.report(shown, VenueEvent.FILL, **stage.trade(shown)))


def _sweep(stage: Stage) -> None:
    command = stage.command(algorithm=Algorithm.SWEEP, order_lots=10, limit_price_ticks=ASK_TICKS)
    stage.keep(RecordKind.NEW_PARENT, source=STRATEGY, **command)


def _sniper(stage: Stage) -> None:
    limit_ticks = ASK_TICKS - 1
    stage.parent(algorithm=Algorithm.SNIPER, order_lots=10, limit_price_ticks=limit_ticks)
    stage.wait(NS_PER_MS)
    stage.feed(RecordKind.BOOK_TOP, instrument_id=0, **stage.top(ask_ticks=limit_ticks))
    asks = [(limit_ticks + place, LEVEL_LOTS) for place in range(10)]
    stage.keep(RecordKind.BOOK_DEPTH, instrument_id=0, **stage.depth(Side.SELL, asks))


def _peg(stage: Stage) -> None:
    stage.parent(algorithm=Algorithm.PEG, order_lots=10)
    stage.accept(stage.requests[0])
    stage.wait(NS_PER_MS)
    stage.feed(RecordKind.TIMER)
    # Longer than it may not move, and not yet when it looks by itself.
    stage.wait(199 * NS_PER_MS)
    stage.keep(RecordKind.BOOK_TOP, instrument_id=0, **stage.top(bid_ticks=BID_TICKS + 1))


def _close_out(stage: Stage) -> None:
    stage.order(instrument_id=0, account_id=0, price_ticks=BID_TICKS, order_lots=10)
    (bought,) = stage.requests
    stage.accept(bought)
    stage.fill(bought)
    command = stage.command(algorithm=Algorithm.CLOSE_OUT, side=Side.SELL, limit_price_ticks=BID_TICKS)
    stage.keep(RecordKind.NEW_PARENT, source=STRATEGY, **command)


def _fall(stage: Stage) -> None:
    """The price falls through a stop."""
    stage.wait(NS_PER_MS)
    bids = [(BID_TICKS - _STOP_TICKS - place, LEVEL_LOTS) for place in range(10)]
    stage.feed(RecordKind.BOOK_DEPTH, instrument_id=0, **stage.depth(Side.BUY, bids))
    stage.keep(RecordKind.BOOK_TOP, instrument_id=0, **stage.top(bid_ticks=BID_TICKS - _STOP_TICKS))


def _stop(stage: Stage) -> None:
    trigger_ticks = BID_TICKS - _STOP_TICKS
    stage.parent(algorithm=Algorithm.STOP, side=Side.SELL, order_lots=10, trigger_price_ticks=trigger_ticks)
    _fall(stage)


def _bracket(stage: Stage) -> None:
    stage.parent(
        algorithm=Algorithm.BRACKET,
        side=Side.SELL,
        order_lots=10,
        trigger_price_ticks=BID_TICKS - _STOP_TICKS,
        take_profit_ticks=ASK_TICKS + _FAR_TICKS,
    )
    stage.accept(stage.requests[0])
    _fall(stage)


DECISIONS = (
    Decision("twap", "a slice begins: a child rests", _twap, (NEW, 10, BID_TICKS)),
    Decision("vwap", "a slice begins: a child rests", _vwap, (NEW, 10, BID_TICKS)),
    Decision("pov", "everybody trades: its share is taken", _pov, (NEW, 10, ASK_TICKS)),
    Decision("iceberg", "what was shown is filled: the next part rests", _iceberg, (NEW, 10, BID_TICKS)),
    Decision("sweep", "a new parent: it is taken at once", _sweep, (NEW, 10, ASK_TICKS)),
    Decision("sniper", "the book comes within the limit: it is taken", _sniper, (NEW, 10, ASK_TICKS - 1)),
    Decision("peg", "the touch moves away: the child follows", _peg, (REPLACE, 10, BID_TICKS + 1)),
    Decision("close_out", "a new parent: the position is sold", _close_out, (NEW, 10, BID_TICKS)),
    Decision("stop", "the stop is hit: it is taken", _stop, (NEW, 10, BID_TICKS - _STOP_TICKS)),
    Decision("bracket", "the stop is hit: the target is cancelled", _bracket, (CANCEL, 10, ASK_TICKS + _FAR_TICKS)),
)
