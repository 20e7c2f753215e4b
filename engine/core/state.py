"""Owns the state block: where each table lies, how a kernel gets at it, how a block is made.

One address leads to everything: the header's offsets lead to the tables. A block is one run of memory,
so a snapshot is a copy, a hash one pass, and locking it one call. The effects that a step leaves
behind, and what it notes while it decides, lie at the end, outside what is hashed.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ipc.alarm_tables import ALARM_ROW, ALARMS_MAX
from ipc.compiler import kernel
from ipc.control_enums import Breaker
from ipc.enums import ScopeKind
from ipc.market_tables import (
    BRANCH,
    BRANCHES_MAX,
    CANDIDATE,
    CANDIDATES_MAX,
    DEPTH_LEVELS,
    LEVEL,
    MARKET,
    ROUTE,
    ROUTE_STEP,
)
from ipc.memory import view
from ipc.order_id import CLIENT_SEQUENCE_MAX
from ipc.parent_tables import PARENT, SLICE, SLICES_MAX
from ipc.rate_tables import BUDGET, BUDGETS_PER_ACCOUNT, RATE_ENTRY, RATE_SHARE
from ipc.records import SLOT_BYTES
from ipc.tables import (
    ACCOUNT,
    ASSET,
    BALANCE_ROW,
    BOOK,
    BREAKER,
    FEE,
    HOLDING,
    INDEX_ENTRY,
    INSTRUMENT,
    LIMITER_TIME,
    ORDER,
    SCOPE,
    STATE_HEADER,
    STRATEGY,
    TABLE_NAMES,
    TERMS,
    TIMER_ROW,
    TOMBSTONE,
    TRADE,
)

EFFECTS_MAX = 256
_EFFECT = np.dtype([("words", "<i8", (SLOT_BYTES // 8,))])
_CACHE_LINE_BYTES = 64
_LEVEL_BYTES = LEVEL.itemsize
_SLICE_BYTES = SLICE.itemsize

ROWS: dict[str, np.dtype[np.void]] = {
    "instruments": INSTRUMENT,
    "accounts": ACCOUNT,
    "strategies": STRATEGY,
    "assets": ASSET,
    "terms": TERMS,
    "books": BOOK,
    "holdings": HOLDING,
    "balances": BALANCE_ROW,
    "fees": FEE,
    "budgets": BUDGET,
    "limiter_times": LIMITER_TIME,
    "rate_entries": RATE_ENTRY,
    "rate_shares": RATE_SHARE,
    "markets": MARKET,
    "levels": LEVEL,
    "routes": ROUTE,
    "orders": ORDER,
    "order_index": INDEX_ENTRY,
    "timers": TIMER_ROW,
    "parents": PARENT,
    "slices": SLICE,
    "parent_timers": TIMER_ROW,
    "tombstones": TOMBSTONE,
    "trades": TRADE,
    "trade_index": INDEX_ENTRY,
    "scopes": SCOPE,
    "alarms": ALARM_ROW,
    "breakers": BREAKER,
    "effects": _EFFECT,
    "candidates": CANDIDATE,
    "route_steps": ROUTE_STEP,
    "branches": BRANCH,
}
_ORDER_LINKS = (
    "timer_position",
    "previous_child",
    "next_child",
    "previous_open",
    "next_open",
    "previous_own",
    "next_own",
    "next_ended",
)
_SCOPED = {ScopeKind.ACCOUNT: "accounts", ScopeKind.STRATEGY: "strategies", ScopeKind.INSTRUMENT: "instruments"}
assert tuple(ROWS) == TABLE_NAMES, "the header's offsets stand in the order of the tables"


@dataclass(frozen=True)
class Capacities:
    """How many rows each table has; nothing grows afterwards."""

    instruments: int
    accounts: int
    strategies: int
    assets: int
    orders: int = 16_384
    tombstones: int = 65_536
    trades: int = 262_144
    limiter_times: int = 1
    instrument_budgets: int = 0
    rate_entries: int = 1
    venues: int = 1
    parents: int = 1_024


def table_counts(capacities: Capacities) -> dict[str, int]:
    """Rows of every table; an index is at most half full, and its size a power of two."""

    def index_size(entries: int) -> int:
        return 1 << (2 * entries - 1).bit_length()

    c = capacities
    budgets = c.accounts * BUDGETS_PER_ACCOUNT + c.instrument_budgets
    return {
        "instruments": c.instruments,
        "accounts": c.accounts,
        "strategies": c.strategies,
        "assets": c.assets,
        "terms": c.strategies * c.accounts,
        "books": c.strategies * c.instruments,
        "holdings": c.accounts * c.instruments,
        "balances": c.accounts * c.assets,
        "fees": c.strategies * c.assets,
        "budgets": budgets,
        "limiter_times": c.limiter_times,
        "rate_entries": c.rate_entries,
        "rate_shares": budgets * c.strategies,
        "markets": c.instruments,
        "levels": 2 * c.instruments * DEPTH_LEVELS,
        "routes": c.accounts * c.instruments,
        "orders": c.orders,
        # An order that is not ours is found by its id at the venue as well.
        "order_index": index_size(2 * c.orders + c.tombstones + c.parents),
        "timers": c.orders,
        "parents": c.parents,
        "slices": c.parents * SLICES_MAX,
        "parent_timers": c.parents,
        "tombstones": c.tombstones,
        "trades": c.trades,
        "trade_index": index_size(c.trades),
        "scopes": 1 + c.venues + c.accounts + c.strategies + c.instruments,
        "alarms": ALARMS_MAX,
        "breakers": len(Breaker),
        "effects": EFFECTS_MAX,
        "candidates": CANDIDATES_MAX,
        "route_steps": CANDIDATES_MAX * DEPTH_LEVELS,
        "branches": BRANCHES_MAX,
    }


def _aligned(size: int) -> int:
    return (size + _CACHE_LINE_BYTES - 1) // _CACHE_LINE_BYTES * _CACHE_LINE_BYTES


def block_bytes(capacities: Capacities) -> int:
    """How much memory a block of these capacities takes."""
    counts = table_counts(capacities)
    return _aligned(STATE_HEADER.itemsize) + sum(_aligned(counts[name] * ROWS[name].itemsize) for name in TABLE_NAMES)


class State:
    """One block as Python sees it. `memory` is zeroed, cache-line aligned and stays alive with this object."""

    def __init__(self, memory: NDArray[np.uint8]) -> None:
        self.memory = memory
        self.address = int(memory.ctypes.data)
        self.header = memory[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]

    @classmethod
    def create(cls, capacities: Capacities, memory: NDArray[np.uint8] | None = None) -> "State":
        """A new block with empty tables; Precondition: given memory is zeroed and large enough."""
        size = block_bytes(capacities)
        if memory is None:
            raw = np.zeros(size + _CACHE_LINE_BYTES, np.uint8)
            start = -int(raw.ctypes.data) % _CACHE_LINE_BYTES
            memory = raw[start : start + size]
        assert len(memory) >= size, f"a block takes {size} bytes, given are {len(memory)}"
        state = cls(memory[:size])
        state._lay_out(table_counts(capacities))
        return state

    @classmethod
    def from_bytes(cls, block: bytes) -> "State":
        """A block of its own with the contents of another one."""
        raw = np.zeros(len(block) + _CACHE_LINE_BYTES, np.uint8)
        start = -int(raw.ctypes.data) % _CACHE_LINE_BYTES
        memory = raw[start : start + len(block)]
        memory[:] = np.frombuffer(block, np.uint8)
        return cls(memory)

    def _lay_out(self, counts: dict[str, int]) -> None:
        header = self.header
        offset = _aligned(STATE_HEADER.itemsize)
        for name in TABLE_NAMES:
            header[f"{name}_offset"] = offset
            header[f"{name}_count"] = counts[name]
            offset += _aligned(counts[name] * ROWS[name].itemsize)
        header["block_bytes"] = offset
        for name in ("free_order", "oldest_ended", "newest_ended"):
            header[name] = -1
        for name in ("next_deadline_ns", "day_end_ns"):
            header[name] = np.iinfo(np.int64).max
        self._empty_order_tables(counts)
        self._name_scopes(counts)

    def _name_scopes(self, counts: dict[str, int]) -> None:
        named = {kind: counts[name] for kind, name in _SCOPED.items()}
        subjects = {ScopeKind.ENGINE: 1, ScopeKind.VENUE: counts["scopes"] - 1 - sum(named.values()), **named}
        pairs = [(kind, subject_id) for kind, count in subjects.items() for subject_id in range(count)]
        scopes = self.table("scopes")
        scopes["scope_kind"] = [kind for kind, _ in pairs]
        scopes["subject_id"] = [subject_id for _, subject_id in pairs]

    def _empty_order_tables(self, counts: dict[str, int]) -> None:
        orders = self.table("orders")
        orders["next_free"] = np.arange(1, counts["orders"] + 1)
        orders["next_free"][-1] = -1
        for field in _ORDER_LINKS:
            orders[field] = -1
        self.header["free_order"] = 0
        for field in ("first_open", "mass_cursor"):
            self.table("strategies")[field] = -1
        for field in ("first_buy", "first_sell"):
            self.table("holdings")[field] = -1
        self.table("assets")["rate_instrument_id"] = -1
        self._empty_parent_tables(counts)
        for name in ("order_index", "trade_index"):
            self.table(name)["value"] = -1

    def _empty_parent_tables(self, counts: dict[str, int]) -> None:
        parents, markets = self.table("parents"), self.table("markets")
        parents["next_free"] = np.arange(1, counts["parents"] + 1)
        parents["next_free"][-1] = -1
        for field in ("first_child", "timer_position", "next_watcher", "previous_watcher", "next_ended"):
            parents[field] = -1
        for field in ("oldest_ended_parent", "newest_ended_parent"):
            self.header[field] = -1
        self.header["free_parent"] = 0
        markets["first_watcher"] = -1
        markets["next_of_pair"] = np.arange(counts["markets"])
        for field in ("pair_price_scale", "pair_lot_scale"):
            markets[field] = 1
        self.table("strategies")["last_child_sequence"] = CLIENT_SEQUENCE_MAX

    def table(self, name: str) -> NDArray[np.void]:
        """One table; writing to it changes the block."""
        start = int(self.header[f"{name}_offset"])
        count = int(self.header[f"{name}_count"])
        return self.memory[start : start + count * ROWS[name].itemsize].view(ROWS[name])

    def digest(self) -> str:
        """A hash of all that replaying the same inputs must give again; the sequence lock is not part of it."""
        version = STATE_HEADER.fields["version"][1] if STATE_HEADER.fields else 0
        hashed = bytearray(self.memory[: int(self.header["effects_offset"])].tobytes())
        hashed[version : version + 8] = bytes(8)
        return hashlib.blake2b(hashed, digest_size=16).hexdigest()


@kernel
def header_of(state: int) -> np.void:
    """The block's header."""
    return view(state, 1, STATE_HEADER)[0]


@kernel
def instruments_of(state: int) -> NDArray[np.void]:
    """Rows by instrument_id."""
    header = header_of(state)
    return view(state + header["instruments_offset"], header["instruments_count"], INSTRUMENT)


@kernel
def accounts_of(state: int) -> NDArray[np.void]:
    """Rows by account_id."""
    header = header_of(state)
    return view(state + header["accounts_offset"], header["accounts_count"], ACCOUNT)


@kernel
def strategies_of(state: int) -> NDArray[np.void]:
    """Rows by strategy_id."""
    header = header_of(state)
    return view(state + header["strategies_offset"], header["strategies_count"], STRATEGY)


@kernel
def assets_of(state: int) -> NDArray[np.void]:
    """Rows by asset_id."""
    header = header_of(state)
    return view(state + header["assets_offset"], header["assets_count"], ASSET)


@kernel
def terms_of(state: int, strategy_id: int, account_id: int) -> np.void:
    """The row of one strategy on one account."""
    header = header_of(state)
    terms = view(state + header["terms_offset"], header["terms_count"], TERMS)
    return terms[strategy_id * header["accounts_count"] + account_id]


@kernel
def book_of(state: int, strategy_id: int, instrument_id: int) -> np.void:
    """The position, exposure and limits of one strategy in one instrument."""
    header = header_of(state)
    books = view(state + header["books_offset"], header["books_count"], BOOK)
    return books[strategy_id * header["instruments_count"] + instrument_id]


@kernel
def holding_of(state: int, account_id: int, instrument_id: int) -> np.void:
    """What an account holds of one instrument by the fills seen."""
    header = header_of(state)
    holdings = view(state + header["holdings_offset"], header["holdings_count"], HOLDING)
    return holdings[account_id * header["instruments_count"] + instrument_id]


@kernel
def balance_of(state: int, account_id: int, asset_id: int) -> np.void:
    """What an account holds of one asset."""
    header = header_of(state)
    balances = view(state + header["balances_offset"], header["balances_count"], BALANCE_ROW)
    return balances[account_id * header["assets_count"] + asset_id]


@kernel
def fee_of(state: int, strategy_id: int, asset_id: int) -> np.void:
    """What a strategy paid in fees of one asset."""
    header = header_of(state)
    fees = view(state + header["fees_offset"], header["fees_count"], FEE)
    return fees[strategy_id * header["assets_count"] + asset_id]


@kernel
def budget_rows_of(state: int) -> NDArray[np.void]:
    """The windows of the venues' rate limits: those of the accounts first, then those of single instruments."""
    header = header_of(state)
    return view(state + header["budgets_offset"], header["budgets_count"], BUDGET)


@kernel
def rate_entries_of(state: int) -> NDArray[np.void]:
    """What rolling windows count, each window a ring of its own."""
    header = header_of(state)
    return view(state + header["rate_entries_offset"], header["rate_entries_count"], RATE_ENTRY)


@kernel
def rate_share_of(state: int, budget_row: int, strategy_id: int) -> np.void:
    """What one strategy has used of one window."""
    header = header_of(state)
    shares = view(state + header["rate_shares_offset"], header["rate_shares_count"], RATE_SHARE)
    return shares[budget_row * header["strategies_count"] + strategy_id]


@kernel
def markets_of(state: int) -> NDArray[np.void]:
    """What is known of each instrument's market, by instrument_id."""
    header = header_of(state)
    return view(state + header["markets_offset"], header["markets_count"], MARKET)


@kernel
def levels_of(state: int, instrument_id: int, side: int) -> NDArray[np.void]:
    """The levels of one side of an instrument's book, the best first; the market says how many there are."""
    header = header_of(state)
    first = (2 * instrument_id + side - 1) * DEPTH_LEVELS
    return view(state + header["levels_offset"] + first * _LEVEL_BYTES, DEPTH_LEVELS, LEVEL)


@kernel
def route_of(state: int, account_id: int, instrument_id: int) -> np.void:
    """What an account pays and meets in one instrument."""
    header = header_of(state)
    routes = view(state + header["routes_offset"], header["routes_count"], ROUTE)
    return routes[account_id * header["instruments_count"] + instrument_id]


@kernel
def parents_of(state: int) -> NDArray[np.void]:
    """Parent orders, by slot."""
    header = header_of(state)
    return view(state + header["parents_offset"], header["parents_count"], PARENT)


@kernel
def slices_of(state: int, slot: int) -> NDArray[np.void]:
    """The schedule of one parent."""
    header = header_of(state)
    return view(state + header["slices_offset"] + slot * SLICES_MAX * _SLICE_BYTES, SLICES_MAX, SLICE)


@kernel
def parent_timers_of(state: int) -> NDArray[np.void]:
    """A heap of parents by when they want to be looked at; the header says how many rows are used."""
    header = header_of(state)
    return view(state + header["parent_timers_offset"], header["parent_timers_count"], TIMER_ROW)


@kernel
def limiter_times_of(state: int) -> NDArray[np.void]:
    """When the last orders under each platform limit were sent."""
    header = header_of(state)
    return view(state + header["limiter_times_offset"], header["limiter_times_count"], LIMITER_TIME)


@kernel
def orders_of(state: int) -> NDArray[np.void]:
    """Rows by slot."""
    header = header_of(state)
    return view(state + header["orders_offset"], header["orders_count"], ORDER)


@kernel
def order_index_of(state: int) -> NDArray[np.void]:
    """Order id to slot; values from the number of slots on are tombstones."""
    header = header_of(state)
    return view(state + header["order_index_offset"], header["order_index_count"], INDEX_ENTRY)


@kernel
def timers_of(state: int) -> NDArray[np.void]:
    """A heap by deadline; the header says how many rows are used."""
    header = header_of(state)
    return view(state + header["timers_offset"], header["timers_count"], TIMER_ROW)


@kernel
def tombstones_of(state: int) -> NDArray[np.void]:
    """What is left of evicted orders, a ring."""
    header = header_of(state)
    return view(state + header["tombstones_offset"], header["tombstones_count"], TOMBSTONE)


@kernel
def trades_of(state: int) -> NDArray[np.void]:
    """The trades remembered against a second booking, a ring."""
    header = header_of(state)
    return view(state + header["trades_offset"], header["trades_count"], TRADE)


@kernel
def trade_index_of(state: int) -> NDArray[np.void]:
    """Trade id and instrument to a place in the trades' ring."""
    header = header_of(state)
    return view(state + header["trade_index_offset"], header["trade_index_count"], INDEX_ENTRY)


@kernel
def scopes_of(state: int) -> NDArray[np.void]:
    """What holds in each scope: the engine's row, then those of venues, accounts, strategies and instruments."""
    header = header_of(state)
    return view(state + header["scopes_offset"], header["scopes_count"], SCOPE)


@kernel
def alarms_of(state: int) -> NDArray[np.void]:
    """What a person should know of."""
    header = header_of(state)
    return view(state + header["alarms_offset"], header["alarms_count"], ALARM_ROW)


@kernel
def breaker_of(state: int, kind: int) -> np.void:
    """The threshold of one breaker, and what it does."""
    header = header_of(state)
    return view(state + header["breakers_offset"], header["breakers_count"], BREAKER)[kind]


@kernel
def effect_address(state: int, index: int) -> int:
    """Where one effect of the last step lies."""
    return state + header_of(state)["effects_offset"] + index * SLOT_BYTES
