"""Owns handing on parent orders: what lives goes on, with its schedule and all that it remembers.

Children are orders and handed on as such; each finds its parent again when both are linked. What has ended is kept as
far as there is room, for whoever asks, and for a child's trade that comes late.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.market_data import TOTAL_MAX
from engine.core.state import State
from engine.recovery.carry_error import CarryOverError
from engine.recovery.rows import as_matrix
from ipc.parent_enums import ParentState
from ipc.records import ALL_ACCOUNTS
from ipc.tables import NO_LIMIT

_TIMES = (
    "published_ns",
    "end_ns",
    "due_since_ns",
    "next_slice_ns",
    "moved_ns",
    "hold_until_ns",
    "started_ns",
)
_LINKS = ("first_child", "timer_position", "next_watcher", "previous_watcher", "next_ended", "next_free")
_ACTING = (ParentState.WAITING, ParentState.WORKING)


@dataclass(frozen=True)
class ParentPlaces:
    """Where instruments and accounts have gone, and by how much the clock has."""

    instruments: NDArray[np.int64]
    accounts: NDArray[np.int64]
    strategy_rows: int
    shift_ns: int

    def have(self, parents: NDArray[np.void]) -> NDArray[np.bool_]:
        """Whether each parent's instrument, account and strategy have a place."""
        is_any = parents["account_id"] == ALL_ACCOUNTS
        return (
            (self.instruments[parents["instrument_id"]] >= 0)
            & (is_any | (self.accounts[parents["account_id"]] >= 0))
            & (parents["strategy_id"] < self.strategy_rows)
        )


@dataclass(frozen=True)
class CarriedParents:
    """How many parents lie in the first rows: those that have ended, oldest first, and then the living ones."""

    ended: int
    living: int
    left_out: int


def carry_parents(old: State, new: State, places: ParentPlaces, *, may_lack_end: bool) -> CarriedParents:
    """Lays parents into the first rows of the new table, which links nothing yet.

    With `may_lack_end` children may have been sent of which nothing is known: who would go on sending is paused.
    """
    before, after = old.table("parents"), new.table("parents")
    living = np.flatnonzero((before["order_id"] != 0) & (before["parent_state"] != ParentState.ENDED))
    _check(before[living], len(after), places)
    ended = _ended(old)
    kept = ended[places.have(before[ended])]
    kept = kept[len(kept) - min(len(kept), len(after) - len(living)) :]
    slots = np.concatenate((kept, living))
    rows = before[slots]
    _take_up_markets(old, new, rows, places.instruments)
    is_any = rows["account_id"] == ALL_ACCOUNTS
    rows["account_id"] = np.where(is_any, ALL_ACCOUNTS, places.accounts[rows["account_id"]])
    rows["instrument_id"] = places.instruments[rows["instrument_id"]]
    for name in _TIMES:
        rows[name] = np.where(rows[name] > 0, np.maximum(rows[name] + places.shift_ns, 1), rows[name])
    # It divides the time until the end into slices also when it lies before this boot.
    rows["start_ns"] += places.shift_ns
    for name in _LINKS:
        rows[name] = -1
    rows["living_count"] = 0
    if may_lack_end:
        is_acting = np.isin(rows["parent_state"], _ACTING)
        rows["state_before_pause"] = np.where(is_acting, rows["parent_state"], rows["state_before_pause"])
        rows["parent_state"] = np.where(is_acting, ParentState.PAUSED, rows["parent_state"])
    after[: len(rows)] = rows
    as_matrix(new, "slices", len(after))[: len(rows)] = as_matrix(old, "slices", len(before))[slots]
    return CarriedParents(len(kept), len(living), len(ended) - len(kept))


def _ended(state: State) -> NDArray[np.int64]:
    """The slots of ended parents, the one that ended first at the beginning."""
    parents, slots = state.table("parents"), []
    slot = int(state.header["oldest_ended_parent"])
    while slot >= 0:
        slots.append(slot)
        slot = int(parents[slot]["next_ended"])
    return np.array(slots, np.int64)


def _check(living: NDArray[np.void], capacity: int, places: ParentPlaces) -> None:
    missing = living[~places.have(living)]
    if len(missing):
        first = missing[0]
        raise CarryOverError(
            f"{len(missing)} parent orders of an earlier run live and the configuration no longer names their "
            f"strategy, account or instrument; the first is {first['order_id']} of strategy {first['strategy_id']}; "
            "configure them again, or cancel the parents"
        )
    if len(living) > capacity:
        raise CarryOverError(
            f"{len(living)} parent orders of an earlier run live, engine.parent_capacity allows {capacity}; raise it"
        )


def _take_up_markets(old: State, new: State, rows: NDArray[np.void], instruments: NDArray[np.int64]) -> None:
    """What everybody traded goes on being counted, and quantities are said in the pair's finest lots of now.

    Precondition: the rows name their instruments as the earlier run did, and each of them has a place.
    """
    for row in rows:
        before = old.table("markets")[row["instrument_id"]]
        after = new.table("markets")[instruments[row["instrument_id"]]]
        if row["started_ns"] != 0:
            lots, notional = _market_lots(before), int(before["traded_notional"])
            lots_before = int(row["start_market_lots"]) + _market_lots(after) - lots
            notional_before = int(row["start_market_notional"]) + int(after["traded_notional"]) - notional
            row["start_market_lots"] = max(lots_before, -2 * TOTAL_MAX)
            row["start_market_notional"] = max(notional_before, -2 * TOTAL_MAX)
        finest, now_finest = int(before["pair_lot_scale"]), int(after["pair_lot_scale"])
        row["order_lots"] = int(row["order_lots"]) * now_finest // finest
        # What does not divide any more counts as traded: it must not be sent again.
        row["cumulative_lots"] = -(-int(row["cumulative_lots"]) * now_finest // finest)
        row["due_lots"] = int(row["due_lots"]) * now_finest // finest
        finest *= int(before["pair_price_scale"])
        now_finest *= int(after["pair_price_scale"])
        row["cumulative_notional"] = min(int(row["cumulative_notional"]) * now_finest // finest, NO_LIMIT)


def _market_lots(market: np.void) -> int:
    return int(market["bought_lots"]) + int(market["sold_lots"])
