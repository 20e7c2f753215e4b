"""Owns listing an engine's parent orders: how far each is, what works, what it has cost, what holds it back."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipc.enums import RefusalReason, Side
from ipc.instrument import decimal_of
from ipc.market_tables import MARKET
from ipc.order_id import to_text
from ipc.parent_enums import Algorithm, ParentEnd, ParentState
from ipc.parent_tables import CHILDREN_MAX, PARENT
from ipc.tables import INSTRUMENT, ORDER, STRATEGY
from tools.answer import print_json
from tools.engines import row_name
from tools.manual_client import table
from tools.state_tables import Tables, read_at_rest

COLUMNS = (
    "client_order_id",
    "strategy",
    "instrument",
    "side",
    "algorithm",
    "state",
    "quantity",
    "done",
    "working",
    "children",
    "average_price",
    "expected_bps",
    "realised_bps",
    "reason",
)
_LAYOUTS = {
    "parents": PARENT,
    "orders": ORDER,
    "instruments": INSTRUMENT,
    "markets": MARKET,
    "strategies": STRATEGY,
}
_BPS_PLACES = Decimal("0.01")
_PPM = 1_000_000
_PPM_PER_BPS = 100


@dataclass(frozen=True)
class _Sight:
    """Copies of one moment: the parents that are wanted, what their children may still trade, and what names them."""

    parents: NDArray[np.void]
    working: NDArray[np.int64]
    instruments: NDArray[np.void]
    markets: NDArray[np.void]
    strategies: NDArray[np.void]


def list_parents(engine: Path, *, strategy: str | None, with_ended: bool, as_json: bool) -> None:
    """Tells the parents that live, or all that are still known."""
    rows = [
        row for row in read_parents(engine, with_ended=with_ended) if strategy is None or row["strategy"] == strategy
    ]
    if as_json:
        print_json({"engine": engine.name, "parents": rows})
    else:
        print(table(rows, COLUMNS) if rows else f"no parent orders in {engine.name}")


def read_parents(engine: Path, *, with_ended: bool) -> list[dict[str, Any]]:
    """Parents as a program wants them, with exact decimal text, the one that came first at the beginning."""
    sight = read_at_rest(engine, _LAYOUTS, lambda tables: _copy(tables, with_ended=with_ended))
    order = np.argsort(sight.parents["published_ns"], kind="stable")
    return [_row(sight, int(place)) for place in order]


def _copy(tables: Tables, *, with_ended: bool) -> _Sight:
    parents = tables["parents"]
    is_wanted = parents["order_id"] != 0
    if not with_ended:
        is_wanted &= parents["parent_state"] != ParentState.ENDED
    wanted = parents[is_wanted]
    return _Sight(
        wanted,
        _working(wanted, tables["orders"], tables["markets"]["pair_lot_scale"].copy()),
        tables["instruments"].copy(),
        tables["markets"].copy(),
        tables["strategies"].copy(),
    )


def _working(parents: NDArray[np.void], orders: NDArray[np.void], scales: NDArray[np.int64]) -> NDArray[np.int64]:
    """What each parent's living children may still trade, in the pair's finest lots."""
    working = np.zeros(len(parents), np.int64)
    slots = parents["first_child"].copy()
    for _ in range(CHILDREN_MAX):
        # A word that is just being written may lead anywhere; what is read then is thrown away.
        places = np.flatnonzero((slots >= 0) & (slots < len(orders)))
        if len(places) == 0:
            break
        children = orders[slots[places]]
        working[places] += children["reserved_lots"] * scales[children["instrument_id"] % len(scales)]
        slots[places] = children["next_child"]
        slots[np.setdiff1d(np.arange(len(slots)), places)] = -1
    return working


def _row(sight: _Sight, place: int) -> dict[str, Any]:
    parent = sight.parents[place]
    instrument, market = sight.instruments[parent["instrument_id"]], sight.markets[parent["instrument_id"]]
    lot = decimal_of(int(instrument["lot_units"]), int(instrument["lot_decimals"]))
    finest = lot / int(market["pair_lot_scale"])
    average_ticks = _average_ticks(parent, market)
    tick = decimal_of(int(instrument["tick_units"]), int(instrument["price_decimals"]))
    return {
        "order_id": int(parent["order_id"]),
        "client_order_id": to_text(int(parent["order_id"])),
        "strategy": row_name(sight.strategies[parent["strategy_id"]], 2),
        "instrument": row_name(instrument, 4),
        "side": Side(int(parent["side"])).name,
        "algorithm": Algorithm(int(parent["algorithm"])).name,
        "state": _state(parent),
        "quantity": f"{int(parent['order_lots']) * finest:f}",
        "done": f"{int(parent['cumulative_lots']) * finest:f}",
        "working": f"{int(sight.working[place]) * finest:f}",
        "children": int(parent["living_count"]),
        "children_sent": int(parent["child_count"]),
        "limit": f"{int(parent['limit_price_ticks']) * tick:f}" if parent["limit_price_ticks"] else None,
        "average_price": f"{(average_ticks * tick).quantize(tick):f}" if average_ticks is not None else None,
        "expected_bps": _bps(int(parent["expected_cost_ppm"])) if parent["started_ns"] else None,
        "realised_bps": _realised_bps(parent, average_ticks),
        "reason": RefusalReason(int(parent["told_reason"])).name if parent["told_reason"] else None,
    }


def _state(parent: np.void) -> str:
    """How far a parent is, or how it ended."""
    state = ParentState(int(parent["parent_state"]))
    return ParentEnd(int(parent["end_reason"])).name if state is ParentState.ENDED else state.name


def _average_ticks(parent: np.void, market: np.void) -> Decimal | None:
    lots = int(parent["cumulative_lots"]) * int(market["pair_price_scale"])
    return Decimal(int(parent["cumulative_notional"])) / lots if lots > 0 else None


def _realised_bps(parent: np.void, average_ticks: Decimal | None) -> str | None:
    """What its trades cost against the price at its arrival, without fees; positive is worse."""
    arrival_ticks = int(parent["arrival_ticks"])
    if average_ticks is None or arrival_ticks == 0:
        return None
    worse = average_ticks - arrival_ticks if parent["side"] == Side.BUY else arrival_ticks - average_ticks
    return _bps(worse * _PPM / arrival_ticks)


def _bps(ppm: int | Decimal) -> str:
    return f"{(Decimal(ppm) / _PPM_PER_BPS).quantize(_BPS_PLACES):f}"
