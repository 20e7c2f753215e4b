"""Owns what must hold of a state after every step, whatever came before."""

import numpy as np

from engine.core.parent_table import PARENT_GROUP
from ipc.enums import EndReason, ReplaceState, Side
from ipc.market_tables import DEPTH_LEVELS
from tests.engine.core.parent_invariants import check_parents
from tests.engine.core.recount import check_totals
from tests.engine.core.world import World


def check_invariants(world: World) -> None:
    """Asserts that the tables agree with each other and that every fact is possible."""
    header = world.state.header
    assert int(header["version"]) % 2 == 0, "the sequence lock is open"
    assert 0 <= int(header["effect_count"]) <= 256
    orders = world.state.table("orders")
    used = np.flatnonzero(orders["order_id"] != 0)
    _check_facts(orders[used])
    _check_reserved(world, orders[used])
    _check_holdings(world)
    _check_lists(world, orders, used)
    _check_index(world, orders, used)
    _check_timers(world, orders)
    check_parents(world.state)
    _check_books(world)
    check_totals(world.state)


def _check_books(world: World) -> None:
    levels = world.state.table("levels").reshape(-1, 2, DEPTH_LEVELS)
    for market, sides in zip(world.state.table("markets"), levels, strict=True):
        for name, side, direction in (("bid_level_count", sides[0], -1), ("ask_level_count", sides[1], 1)):
            known = side[: int(market[name])]
            assert (known["price_ticks"] > 0).all()
            assert (known["lots"] > 0).all()
            assert (direction * np.diff(known["price_ticks"]) > 0).all(), "the best level comes first"


def _check_facts(orders: np.ndarray) -> None:
    living = orders["end_reason"] == EndReason.NONE
    held = orders["end_wanted"] != EndReason.NONE
    is_full = orders["cumulative_lots"] >= orders["order_lots"]
    leg_rest = orders["leg_base_lots"] + orders["leg_lots"] - orders["cumulative_lots"]
    assert (orders["cumulative_lots"] >= 0).all()
    assert (orders["reserved_lots"] >= 0).all()
    # A leg that fills may have been replaced in the same moment: the venue's word on the new one is awaited.
    may_be_replaced = orders["replace_state"] != ReplaceState.NONE
    is_over = living & is_full & ~held & ~may_be_replaced
    assert (leg_rest[is_over] > 0).all(), "what is filled has ended, unless its leg asked for more"
    assert (orders["reserved_lots"][living] == _working(orders)[living]).all(), "what may still trade is reserved"
    ended = ~living
    for field in (
        *("pending_new_ns", "pending_replace_ns", "is_unknown", "replace_state", "end_wanted", "venue_hold"),
        *("unknown_since_ns", "unresolved_at_ns"),
        *("retry_at_ns", "release_at_ns", "wanted_version", "reserved_lots"),
    ):
        assert (orders[field][ended] == 0).all(), f"an ended order has {field}"
    is_unknown = orders["is_unknown"] != 0
    assert ((orders["unknown_since_ns"] != 0) == is_unknown).all(), "it is known since when an order is unknown"
    missing = orders["stated_lots"] > orders["cumulative_lots"]
    assert not (ended & missing).any(), "no order has ended while fills that the venue counts are missing"
    assert (orders["is_unknown"][missing & living & (orders["release_at_ns"] == 0)] == 1).all()
    assert (held <= (living & missing)).all(), "only missing fills hold an end open"
    canceled = ended & (orders["end_reason"] != EndReason.FILLED)
    assert (orders["pending_cancel_ns"][canceled] == 0).all()
    assert ((orders["pending_replace_ns"] != 0) == (orders["replace_state"] != ReplaceState.NONE)).all()
    first = orders["replace_state"] == ReplaceState.CANCELING_FIRST
    assert ((orders["pending_cancel_ns"][first] != 0) | held[first]).all()
    unsent = orders["release_at_ns"] != 0
    for field in ("pending_new_ns", "accepted", "cumulative_lots", "is_unknown"):
        assert (orders[field][unsent] == 0).all(), f"an order that waits for its time has {field}"
    assert (orders["version"] <= np.maximum(orders["replace_version"], 0)).all()


def _working(orders: np.ndarray) -> np.ndarray:
    """The worst that may still trade of each living order, leg by leg."""
    done = orders["cumulative_lots"]
    leg_rest = orders["leg_base_lots"] + orders["leg_lots"] - done
    rest = np.maximum(orders["order_lots"] - done, leg_rest)
    rest = np.where(orders["end_wanted"] != 0, orders["stated_lots"] - done, rest)
    state = orders["replace_state"]
    sent = (state == ReplaceState.SENT) | (state == ReplaceState.OLD_LEG_GONE)
    by_one_request = sent & (orders["replace_leg"] != orders["leg"])
    new_leg = np.where(by_one_request, orders["replace_leg_lots"], orders["replace_lots"] - done)
    return np.maximum(np.maximum(rest, np.where(state != 0, new_leg, 0)), 0)


def _check_reserved(world: World, orders: np.ndarray) -> None:
    for strategy_id in range(4):
        for instrument_id in range(2):
            own = (orders["strategy_id"] == strategy_id) & (orders["instrument_id"] == instrument_id)
            book = world.book(strategy_id, instrument_id)
            for side, field in ((Side.BUY, "open_buy_lots"), (Side.SELL, "open_sell_lots")):
                reserved = orders["reserved_lots"][own & (orders["side"] == side)].sum()
                assert book[field] == reserved, f"{field} of strategy {strategy_id} in {instrument_id}"
            assert book["position_lots"] == book["bought_lots"] - book["sold_lots"]


def _check_holdings(world: World) -> None:
    """What accounts hold is what strategies hold, what nobody here ordered included."""
    books = world.state.table("books").reshape(4, 2)
    holdings = world.state.table("holdings").reshape(2, 2)
    for name in ("position_lots", "bought_lots", "sold_lots", "traded_notional", "fill_count"):
        assert (books[name].sum(axis=0) == holdings[name].sum(axis=0)).all(), f"{name} of accounts and strategies"
    assert (books["position_lots"][0] == holdings["external_lots"].sum(axis=0)).all()


def _check_lists(world: World, orders: np.ndarray, used: np.ndarray) -> None:
    header, strategies = world.state.header, world.state.table("strategies")
    open_slots: list[int] = []
    for strategy_id in range(4):
        slots, before, slot = [], -1, int(strategies[strategy_id]["first_open"])
        while slot >= 0:
            assert int(orders[slot]["previous_open"]) == before
            assert int(orders[slot]["strategy_id"]) == strategy_id
            slots.append(slot)
            before, slot = slot, int(orders[slot]["next_open"])
        open_slots += slots
    living = [slot for slot in used if orders[slot]["end_reason"] == EndReason.NONE]
    assert sorted(open_slots) == living
    assert int(header["open_order_count"]) == len(living)
    ended = _walk(orders, int(header["oldest_ended"]), "next_ended")
    assert ended[-1:] == ([int(header["newest_ended"])] if header["newest_ended"] >= 0 else [])
    free = _walk(orders, int(header["free_order"]), "next_free")
    assert sorted([*open_slots, *ended, *free]) == list(range(len(orders))), "every slot is in one list"
    pending = strategies[strategies["mass_request"] != 0]
    assert int(header["mass_count"]) == len(pending)
    for strategy in pending:
        cursor = int(strategy["mass_cursor"])
        assert cursor in living
        assert orders[cursor]["strategy_id"] == strategy["strategy_id"]


def _walk(orders: np.ndarray, slot: int, field: str) -> list[int]:
    slots = []
    while slot >= 0:
        slots.append(slot)
        assert len(slots) <= len(orders), f"{field} goes round in a circle"
        slot = int(orders[slot][field])
    return slots


def _check_index(world: World, orders: np.ndarray, used: np.ndarray) -> None:
    index, tombstones = world.state.table("order_index"), world.state.table("tombstones")
    entries = index[index["value"] >= 0]
    expected = {(int(orders[slot]["order_id"]), 0): int(slot) for slot in used}
    for slot in used[orders["strategy_id"][used] == 0]:
        expected[int(orders[slot]["venue_order_id"]), int(orders[slot]["instrument_id"]) + 1] = int(slot)
    for place in np.flatnonzero(tombstones["order_id"] != 0):
        expected[int(tombstones[place]["order_id"]), 0] = len(orders) + int(place)
    parents = world.state.table("parents")
    for slot in np.flatnonzero(parents["order_id"] != 0):
        expected[int(parents[slot]["order_id"]), PARENT_GROUP] = int(slot)
    assert {(int(entry["key"]), int(entry["group"])): int(entry["value"]) for entry in entries} == expected
    assert len(entries) == len(expected)
    trade_index = world.state.table("trade_index")
    assert (trade_index["value"] >= 0).sum() == (world.state.table("trades")["trade_id"] != 0).sum()


def _check_timers(world: World, orders: np.ndarray) -> None:
    count = int(world.state.header["timer_count"])
    timers = world.state.table("timers")[:count]
    slots = timers["slot"]
    assert (orders["timer_position"][slots] == np.arange(count)).all()
    assert (orders["timer_position"] >= 0).sum() == count
    parents = (np.arange(1, count) - 1) // 2
    assert (timers["deadline_ns"][parents] <= timers["deadline_ns"][1:]).all(), "the heap is in order"
    due = np.full(len(orders), np.iinfo(np.int64).max)
    due[slots] = timers["deadline_ns"]
    living = (orders["order_id"] != 0) & (orders["end_reason"] == EndReason.NONE)
    for field in ("execution_deadline_ns", "retry_at_ns", "release_at_ns"):
        waits = living & (orders[field] != 0)
        in_time = np.maximum(orders[field][waits], int(world.state.header["now_ns"]) + 1)
        assert (due[waits] <= in_time).all(), f"{field} comes up in time"
