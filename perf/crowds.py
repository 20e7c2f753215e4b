"""Owns the crowds of the execution benchmark: many algorithms on one instrument, waiting or about to act at once."""

from ipc.clock import NS_PER_S
from ipc.enums import RecordKind, Side, VenueEvent
from ipc.parent_enums import Algorithm
from perf.open_core import ASK_TICKS, BID_TICKS
from perf.stage import STRATEGY, Stage

_LOTS = 10
_STOP_TICKS = 500
_MINUTE_NS = 60 * NS_PER_S
# Each of them waits for something else: a lower price, time, a much lower price, the touch of its side.
_WAITING: tuple[dict[str, int], ...] = (
    {"algorithm": Algorithm.STOP, "side": Side.SELL, "trigger_price_ticks": BID_TICKS - _STOP_TICKS},
    {"algorithm": Algorithm.TWAP, "end_utc_ns": _MINUTE_NS},
    {"algorithm": Algorithm.SNIPER, "limit_price_ticks": BID_TICKS - _STOP_TICKS},
    {"algorithm": Algorithm.PEG},
)


def _stage(algorithms: int, instruments: int = 1) -> Stage:
    return Stage(venues=instruments, parents=max(algorithms, 16), orders=max(4 * algorithms, 64))


def waiting_crowd(algorithms: int) -> Stage:
    """Algorithms of four kinds that a change of the market leaves as they are."""
    stage = _stage(algorithms)
    for number in range(algorithms):
        fields = dict(_WAITING[number % len(_WAITING)])
        if "end_utc_ns" in fields:
            fields["end_utc_ns"] += stage.now_ns
        stage.parent(order_lots=20 * _LOTS, **fields)
    for request in stage.requests:
        stage.accept(request)
    return stage


def falling_price(algorithms: int) -> Stage:
    """Stops that one price hits all."""
    stage, trigger_ticks = _stage(algorithms), BID_TICKS - _STOP_TICKS
    for _ in range(algorithms):
        stage.parent(algorithm=Algorithm.STOP, side=Side.SELL, order_lots=_LOTS, trigger_price_ticks=trigger_ticks)
    bids = [(trigger_ticks - place, 1_000) for place in range(10)]
    stage.feed(RecordKind.BOOK_DEPTH, instrument_id=0, **stage.depth(Side.BUY, bids))
    stage.keep(RecordKind.BOOK_TOP, instrument_id=0, **stage.top(bid_ticks=trigger_ticks))
    return stage


def beginning_slice(algorithms: int) -> Stage:
    """TWAPs whose second slice begins at the same moment, all of the first one traded."""
    stage = _stage(algorithms)
    end_utc_ns = stage.now_ns + _MINUTE_NS
    for _ in range(algorithms):
        stage.parent(algorithm=Algorithm.TWAP, order_lots=20 * _LOTS, end_utc_ns=end_utc_ns)
    for request in tuple(stage.requests):
        stage.accept(request)
        stage.fill(request)
    stage.now_ns = int(stage.state.table("parents")["next_slice_ns"][:algorithms].max())
    stage.keep(RecordKind.TIMER)
    return stage


def followed_orders(algorithms: int, instruments: int) -> Stage:
    """Orders in so many instruments, each followed by a bracket; the input is the fill of one."""
    stage = _stage(algorithms, instruments)
    for number in range(algorithms):
        where = {"instrument_id": number % instruments, "account_id": number % instruments}
        # One order over and over would be refused as a repetition.
        order_id = stage.order(price_ticks=BID_TICKS - number, order_lots=_LOTS, **where)
        stage.accept(stage.requests[-1])
        stage.parent(
            algorithm=Algorithm.BRACKET,
            side=Side.SELL,
            trigger_price_ticks=BID_TICKS - _STOP_TICKS,
            take_profit_ticks=ASK_TICKS + _STOP_TICKS,
            after_order_id=order_id,
            **where,
        )
    entry = stage.requests[algorithms // 2]
    stage.keep(RecordKind.VENUE_REPORT, **stage.report(entry, VenueEvent.FILL, **stage.trade(entry)))
    return stage


def signal(stage: Stage, **fields: int) -> Stage:
    """A strategy's parent as the input."""
    stage.keep(RecordKind.NEW_PARENT, source=STRATEGY, **stage.command(**fields))
    return stage


def plain_order() -> Stage:
    """A strategy's order as the input: what every decision is held against."""
    stage = Stage()
    fields = {"instrument_id": 0, "account_id": 0, "price_ticks": BID_TICKS, "order_lots": _LOTS}
    stage.keep(RecordKind.NEW_ORDER, source=STRATEGY, **stage.command(**fields))
    return stage
