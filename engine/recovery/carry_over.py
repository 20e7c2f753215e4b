"""Owns what one run hands on to the next: orders, parents, trades, positions, balances, by name, in the new clock.

The configuration and the venues' rules may have changed in between, so rows are never copied as a block: each is
laid into the new block under the number that its instrument, account or asset has now. Whatever lives and has no
place any more is a reason not to start.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.core.rebuild import rebuild
from engine.core.state import State
from engine.recovery.carry_error import CarryOverError
from engine.recovery.carry_limits import carry_limits
from engine.recovery.carry_markets import carry_markets
from engine.recovery.carry_parents import ParentPlaces, carry_parents
from engine.recovery.carry_results import carry_results
from engine.recovery.carry_states import carry_states
from engine.recovery.lost_end import suppose_sent
from engine.recovery.rows import as_matrix, numbers_by_name
from ipc.enums import ConnectionState, EndReason, ReplaceState, RequestKind, ScopeKind
from ipc.tables import words_name

_ORDER_TIMES = (
    "pending_new_ns",
    "pending_cancel_ns",
    "pending_replace_ns",
    "sent_ns",
    "accepted_ns",
    "first_fill_ns",
    "ended_ns",
    "published_ns",
    "execution_deadline_ns",
    "retry_at_ns",
    "triggered_ns",
    "expire_at_ns",
    "release_at_ns",
    "changed_ns",
)
_BALANCE_TIMES = ("received_ns", "base_doubted_ns", "differs_since_ns")
_ORDER_LINKS = (
    "timer_position",
    "previous_child",
    "next_child",
    "previous_open",
    "next_open",
    "next_ended",
    "next_free",
)
_SCALE = ("price_decimals", "tick_units", "lot_decimals", "lot_units", "base_asset_id", "quote_asset_id")
_COUNTERS = (
    "late_fill_count",
    "overfill_count",
    "duplicate_trade_count",
    "forgotten_trade_count",
    "unmatched_report_count",
    "external_sequence",
    "alarm_count",
)
_BOOK_FACTS = (
    "position_lots",
    "cost_notional",
    "realised_notional",
    "base_fee_units",
    "quote_fee_units",
    "bought_lots",
    "sold_lots",
    "traded_notional",
    "fill_count",
    "value_units",
    "unrealised_units",
)
_STRATEGY_FACTS = ("report_sequence", "command_count", "refused_count")


@dataclass
class CarryOver:
    """How much was handed on."""

    open_orders: int = 0
    ended_orders: int = 0
    tombstones: int = 0
    trades: int = 0
    living_parents: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    """By table: ended orders and parents, tombstones and trades that found no room or no name."""


def carry_over(old: State, new: State, *, may_lack_end: bool) -> CarryOver:
    """Lays what lives of `old` into `new`, which is filled from configuration and rules and has taken no input yet.

    With `may_lack_end` the last inputs may have been lost with the ring, so what was due since may have been sent.
    Precondition: both headers say now_ns, utc_offset_ns and boot_id. CarryOverError when something living has no place.
    """
    return _Hand(old, new, may_lack_end).over()


class _Hand:
    def __init__(self, old: State, new: State, may_lack_end: bool) -> None:
        self._old = old
        self._new = new
        self._may_lack_end = may_lack_end
        self._told = CarryOver()
        self._instruments = numbers_by_name(old, new, "instruments", 4)
        self._accounts = numbers_by_name(old, new, "accounts", 2)
        self._assets = numbers_by_name(old, new, "assets", 2)
        is_same_boot = old.header["boot_id"] == new.header["boot_id"]
        shift = int(old.header["utc_offset_ns"]) - int(new.header["utc_offset_ns"])
        self._shift_ns = 0 if is_same_boot else shift

    def over(self) -> CarryOver:
        self._check_scales()
        self._hand_on_header()
        self._hand_on_strategies()
        self._hand_on_accounts()
        carry_limits(self._old, self._new, self._accounts, self._instruments, self._shift_ns)
        carry_markets(self._old, self._new, self._accounts, self._instruments, self._shift_ns)
        numbers = {"account_id": self._accounts, "instrument_id": self._instruments, "asset_id": self._assets}
        carry_states(self._old, self._new, numbers, self._shift_ns)
        scoped = {ScopeKind.ACCOUNT: self._accounts, ScopeKind.INSTRUMENT: self._instruments}
        carry_results(self._old, self._new, scoped, self._assets, self._shift_ns)
        orders = self._hand_on_orders()
        tombstones = self._hand_on_ring("tombstones", "tombstone_next", "order_id")
        trades = self._hand_on_ring("trades", "trade_next", "trade_id")
        parents = self._hand_on_parents()
        rebuild(self._new.address, orders, tombstones, trades, parents)
        self._told.tombstones, self._told.trades = tombstones, trades
        return self._told

    def _hand_on_header(self) -> None:
        for name in _COUNTERS:
            self._new.header[name] = self._old.header[name]

    def _hand_on_strategies(self) -> None:
        old, new = self._old.table("strategies"), self._new.table("strategies")
        rows = min(len(old), len(new))
        for name in _STRATEGY_FACTS:
            new[name][:rows] = old[name][:rows]
        old_books, new_books = as_matrix(self._old, "books", len(old)), as_matrix(self._new, "books", len(new))
        for strategy_id in range(len(old)):
            for instrument_id in np.flatnonzero(old_books[strategy_id]["fill_count"]):
                place = self._instruments[instrument_id]
                if place < 0 or strategy_id >= rows:
                    self._refuse_position(strategy_id, int(instrument_id), old_books[strategy_id, instrument_id])
                    continue
                for name in _BOOK_FACTS:
                    new_books[strategy_id, place][name] = old_books[strategy_id, instrument_id][name]
        old_fees, new_fees = as_matrix(self._old, "fees", len(old)), as_matrix(self._new, "fees", len(new))
        for asset_id in np.flatnonzero(self._assets >= 0):
            new_fees[:rows, self._assets[asset_id]] = old_fees[:rows, asset_id]

    def _refuse_position(self, strategy_id: int, instrument_id: int, book: np.void) -> None:
        if book["position_lots"] != 0:
            raise CarryOverError(
                f"strategy {strategy_id} holds {book['position_lots']} lots of {self._instrument_name(instrument_id)} "
                "from an earlier run, and the configuration names one of the two no more; configure both again, "
                "or close the position first"
            )
        self._leave_out("books")

    def _hand_on_accounts(self) -> None:
        now_ns = int(self._new.header["now_ns"])
        new_accounts = self._new.table("accounts")
        new_accounts["connection_state"] = ConnectionState.DOWN
        # Whatever was in flight when the earlier run ended can no longer count on its answer.
        new_accounts["last_down_ns"] = now_ns
        shape = (len(self._old.table("accounts")), len(new_accounts))
        for table, numbers in (("holdings", self._instruments), ("balances", self._assets)):
            old, new = as_matrix(self._old, table, shape[0]), as_matrix(self._new, table, shape[1])
            for account_id in np.flatnonzero(self._accounts >= 0):
                for number in np.flatnonzero(numbers >= 0):
                    row = old[account_id, number].copy()
                    if table == "balances":
                        for name in _BALANCE_TIMES:
                            row[name] = self._shifted(row[name])
                    new[self._accounts[account_id], numbers[number]] = row

    def _hand_on_orders(self) -> int:
        old, new = self._old.table("orders"), self._new.table("orders")
        ended = np.flatnonzero((old["order_id"] != 0) & (old["end_reason"] != EndReason.NONE))
        living = np.flatnonzero((old["order_id"] != 0) & (old["end_reason"] == EndReason.NONE))
        self._check_living(old[living])
        room = len(new) - len(living)
        if room < 0:
            raise CarryOverError(
                f"{len(living)} orders of an earlier run are open, engine.order_capacity allows {len(new)}; raise it"
            )
        ended = ended[np.argsort(old["ended_ns"][ended], kind="stable")]
        kept = ended[self._has_place(old[ended])]
        kept = kept[len(kept) - min(len(kept), room) :]
        self._leave_out("orders", len(ended) - len(kept))
        rows = old[np.concatenate((kept, living))]
        self._renumber(rows)
        for name in _ORDER_TIMES:
            rows[name] = self._shifted(rows[name])
        if self._may_lack_end:
            suppose_sent(rows[len(kept) :], int(self._new.header["now_ns"]))
        self._doubt(rows[len(kept) :])
        for name in _ORDER_LINKS:
            rows[name] = -1
        # Who waited for room tries at once, and what was in flight is accounted for with its account.
        rows["queued_until_ns"] = rows["charged"] = 0
        new[: len(rows)] = rows
        self._told.open_orders, self._told.ended_orders = len(living), len(kept)
        return len(rows)

    def _hand_on_parents(self) -> int:
        places = ParentPlaces(
            self._instruments, self._accounts, len(self._new.table("strategies")), shift_ns=self._shift_ns
        )
        carried = carry_parents(self._old, self._new, places, may_lack_end=self._may_lack_end)
        self._leave_out("parents", carried.left_out)
        self._told.living_parents = carried.living
        return carried.ended + carried.living

    def _doubt(self, orders: NDArray[np.void]) -> None:
        """What may live at a venue is unknown until the venue speaks; what a client wanted cancelled still is."""
        at_venue = (orders["release_at_ns"] == 0) & (orders["retry_at_ns"] == 0)
        orders["is_unknown"] = np.where(at_venue, 1, 0)
        # Only from now on can anybody ask.
        orders["unknown_since_ns"] = np.where(at_venue, self._new.header["now_ns"], 0)
        orders["unresolved_at_ns"] = 0
        orders["not_found_count"] = 0
        wanted = (orders["pending_cancel_ns"] != 0) & (orders["replace_state"] != ReplaceState.CANCELING_FIRST)
        strategies = self._old.table("strategies")
        for strategy in strategies[strategies["mass_request"] == RequestKind.CANCEL]:
            is_meant = orders["strategy_id"] == strategy["strategy_id"]
            scopes = (("instrument", self._instruments), ("account", self._accounts))
            for name, numbers in scopes:
                scope = strategy[f"mass_{name}"]
                # The scope is in the old numbers.
                is_meant &= (scope < 0) | (orders[f"{name}_id"] == numbers[scope])
            wanted |= is_meant & ((strategy["mass_side"] == 0) | (orders["side"] == strategy["mass_side"]))
        orders["cancel_wanted"] = np.where(wanted, 1, orders["cancel_wanted"])

    def _check_living(self, orders: NDArray[np.void]) -> None:
        missing = orders[~self._has_place(orders)]
        if len(missing):
            first = missing[0]
            raise CarryOverError(
                f"{len(missing)} orders of an earlier run are open and the configuration no longer names their "
                f"strategy, account or instrument; the first is {first['order_id']} of strategy {first['strategy_id']} "
                f"in {self._instrument_name(int(first['instrument_id']))}; configure them again, or cancel the orders"
            )

    def _has_place(self, rows: NDArray[np.void]) -> NDArray[np.bool_]:
        return (
            (self._instruments[rows["instrument_id"]] >= 0)
            & (self._accounts[rows["account_id"]] >= 0)
            & (rows["strategy_id"] < len(self._new.table("strategies")))
        )

    def _renumber(self, rows: NDArray[np.void]) -> None:
        rows["instrument_id"] = self._instruments[rows["instrument_id"]]
        if "account_id" in (rows.dtype.names or ()):
            rows["account_id"] = self._accounts[rows["account_id"]]

    def _hand_on_ring(self, table: str, cursor: str, key: str) -> int:
        """The newest rows of a ring, oldest first; returns how many."""
        old, new = self._old.table(table), self._new.table(table)
        start = int(self._old.header[cursor])
        rows = np.concatenate((old[start:], old[:start]))
        rows = rows[rows[key] != 0]
        if table == "trades":
            placed = rows[(self._instruments[rows["instrument_id"]] >= 0) & (self._accounts[rows["account_id"]] >= 0)]
            self._renumber_fee_assets(placed)
        else:
            placed = rows[self._has_place(rows)]
        self._renumber(placed)
        kept = placed[len(placed) - min(len(placed), len(new)) :]
        self._leave_out(table, len(rows) - len(kept))
        if table == "trades":
            self._forget(placed[: len(placed) - len(kept)])
        new[: len(kept)] = kept
        return len(kept)

    def _forget(self, trades: NDArray[np.void]) -> None:
        """What finds no room must not be booked again any more than what the ring itself forgets."""
        holdings = as_matrix(self._new, "holdings", len(self._new.table("accounts")))
        places = (trades["account_id"], trades["instrument_id"])
        np.maximum.at(holdings["forgotten_trade_id"], places, trades["trade_id"])

    def _renumber_fee_assets(self, trades: NDArray[np.void]) -> None:
        named = trades["fee_asset_id"] >= 0
        trades["fee_asset_id"] = np.where(named, self._assets[trades["fee_asset_id"]], trades["fee_asset_id"])

    def _check_scales(self) -> None:
        """Ticks and lots of an earlier run must mean the same now, wherever there are any."""
        old, new = self._old.table("instruments"), self._new.table("instruments")
        in_use: set[int] = set()
        for table in ("orders", "parents"):
            rows = self._old.table(table)
            in_use |= set(rows["instrument_id"][rows["order_id"] != 0].tolist())
        holdings = as_matrix(self._old, "holdings", len(self._old.table("accounts")))
        in_use |= set(np.flatnonzero(holdings["fill_count"].any(axis=0)).tolist())
        for instrument_id in sorted(in_use):
            place = self._instruments[instrument_id]
            if place < 0:
                continue
            for name in _SCALE:
                before, after = int(old[instrument_id][name]), int(new[place][name])
                expected = int(self._assets[before]) if name.endswith("asset_id") else before
                if expected != after:
                    raise CarryOverError(
                        f"{self._instrument_name(instrument_id)}: {name} was {before} and is {after} now, so ticks and "
                        "lots of the earlier run mean something else; close its orders and positions there and start "
                        "with an empty journal folder"
                    )

    def _shifted(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(times > 0, np.maximum(times + self._shift_ns, 1), times)

    def _instrument_name(self, instrument_id: int) -> str:
        row = self._old.table("instruments")[instrument_id]
        return words_name([row[f"name_{word}"] for word in range(4)])

    def _leave_out(self, table: str, count: int = 1) -> None:
        if count:
            self._told.left_out[table] = self._told.left_out.get(table, 0) + count
