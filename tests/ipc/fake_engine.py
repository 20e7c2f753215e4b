"""Owns a stand-in for the engine: it makes the segments, takes commands and tells what a test wants told."""

import ctypes
from pathlib import Path

import numpy as np

from engine.core.state import Capacities, State, block_bytes
from ipc.broadcast_ring import broadcast
from ipc.enums import ExecutionType, InstrumentStatus, OrderStatus, RecordKind
from ipc.frame import decode_slots
from ipc.market_feed import MARKET_RING
from ipc.memory import address_of
from ipc.order_id import unpack
from ipc.records import (
    ALARM,
    CONTROL_REPORT,
    EXECUTION_REPORT,
    LAYOUTS,
    PARENT_REPORT,
    ROUTE_DECISION,
    SLOT_BYTES,
    SLOT_WORDS,
    VENUE_STATE,
)
from ipc.ring import count_lost, create_ring, poll, record_at, release, try_publish
from ipc.segment import Segment, SegmentKind
from ipc.state_reader import StateReader
from ipc.tables import name_words
from tests.ipc.words import words_at

ENGINE = "test-engine"
STRATEGIES = {"maker": 1, "taker": 2}
INSTRUMENTS = ("BTC/USDT.BINANCE", "ETH/USDT.BINANCE", "SOL/USDT.KRAKEN")
ASSETS = (("BTC", 8), ("USDT", 6), ("ETH", 8), ("SOL", 8))
ACCOUNTS = (("binance-main", 0), ("kraken-main", 1), ("kraken-spare", 1))
COMMANDS_CAPACITY = 8
REPORTS_CAPACITY = 8
MARKET_CAPACITY = 8
INSTANCE = 3


def _name(row: np.void, text: str, words: int) -> None:
    for index, word in enumerate(name_words(text, words)):
        row[f"name_{index}"] = word


class FakeEngine:
    """One run of an engine with two strategies, three instruments and three accounts.

    `maker` may use binance-main and kraken-main, `taker` everything.
    """

    def __init__(self, folder: Path, *, epoch: int = 1, orders: int = 64) -> None:
        self.folder = folder
        self.epoch = epoch
        capacities = Capacities(
            instruments=len(INSTRUMENTS),
            accounts=len(ACCOUNTS),
            strategies=max(STRATEGIES.values()) + 1,
            assets=len(ASSETS),
            orders=orders,
            tombstones=8,
            trades=8,
        )
        self.state_segment = Segment.create(
            folder / "state", SegmentKind.STATE, block_bytes(capacities), epoch=epoch, instance=INSTANCE
        )
        assert self.state_segment.try_lock()
        self.state = State.create(capacities, self.state_segment.content)
        self.state.header["instance"], self.state.header["epoch"] = INSTANCE, epoch
        self._fill_tables()
        self.commands: dict[int, Segment] = {}
        self.reports: dict[int, Segment] = {}
        self.taken: list[tuple[int, dict[str, int]]] = []
        self.remote: set[int] = set()
        self.operated: list[dict[str, int]] = []
        self.told: dict[int, list[np.ndarray]] = {strategy_id: [] for strategy_id in STRATEGIES.values()}
        for name, strategy_id in STRATEGIES.items():
            identity = {"epoch": epoch, "instance": INSTANCE, "strategy_id": strategy_id}
            self.commands[strategy_id] = create_ring(
                folder / f"commands-{name}", SegmentKind.COMMAND_RING, COMMANDS_CAPACITY, **identity
            )
            self.reports[strategy_id] = create_ring(
                folder / f"reports-{name}", SegmentKind.REPORT_RING, REPORTS_CAPACITY, **identity
            )
        self.market_ring = create_ring(
            folder / MARKET_RING, SegmentKind.MARKET_RING, MARKET_CAPACITY, epoch=epoch, instance=INSTANCE
        )
        self.reader = StateReader(self.state.address)

    def _fill_tables(self) -> None:
        for instrument_id, (row, name) in enumerate(zip(self.state.table("instruments"), INSTRUMENTS, strict=True)):
            row["instrument_id"], row["venue_id"] = instrument_id, int(name.endswith("KRAKEN"))
            row["status"] = InstrumentStatus.TRADING
            row["base_asset_id"], row["quote_asset_id"] = (0, 2, 3)[instrument_id], 1
            row["price_decimals"], row["tick_units"] = 2, 5
            row["lot_decimals"], row["lot_units"] = 5, 1
            _name(row, name, 4)
        for account_id, (row, (name, venue_id)) in enumerate(zip(self.state.table("accounts"), ACCOUNTS, strict=True)):
            row["account_id"], row["venue_id"], row["connection_state"] = account_id, venue_id, 3
            _name(row, name, 2)
        for asset_id, (row, (name, decimals)) in enumerate(zip(self.state.table("assets"), ASSETS, strict=True)):
            row["asset_id"], row["decimals"] = asset_id, decimals
            _name(row, name, 2)
        terms = self.state.table("terms").reshape(-1, len(ACCOUNTS))
        terms["permitted"][STRATEGIES["maker"]] = (1, 1, 0)
        terms["permitted"][STRATEGIES["taker"]] = 1

    def close(self) -> None:
        """Stops serving."""
        for segment in (self.state_segment, self.market_ring, *self.commands.values(), *self.reports.values()):
            segment.retire()
            segment.close()

    def take_commands(self) -> list[tuple[int, dict[str, int]]]:
        """Consumes every command in the rings; returns strategy and fields of all that were ever taken."""
        for strategy_id, segment in self.commands.items():
            while (slot := poll(segment.address)) != 0:
                kind = RecordKind(int(record_at(slot, LAYOUTS[RecordKind.TIMER])["kind"]))
                record = record_at(slot, LAYOUTS[kind])
                self._accept(strategy_id, {name: int(record[name]) for name in record.dtype.names})
                release(segment.address)
        return list(self.taken)

    def process_commands(self, strategy_id: int, address: int, count: int) -> None:
        """What the ZeroMQ server hands over."""
        for words in decode_slots(memoryview(ctypes.string_at(address, count * SLOT_BYTES))):
            names = LAYOUTS[RecordKind(words[1])].names or ()
            self._accept(strategy_id, dict(zip(names, words, strict=True)))

    def carry_out(self, record_address: int) -> tuple[int, ...]:
        """What the ZeroMQ server hands over of an operator's."""
        _, kind, *_ = words_at(record_address, SLOT_WORDS)
        names = LAYOUTS[RecordKind(kind)].names or ()
        command = dict(zip(names, words_at(record_address, len(names)), strict=True))
        self.operated.append(command)
        answer = dict.fromkeys(CONTROL_REPORT.names or (), 0)
        return tuple((answer | {"command_kind": kind, "command_sequence": command["sequence"]}).values())

    def _accept(self, strategy_id: int, command: dict[str, int]) -> None:
        row = self.state.table("strategies")[strategy_id]
        row["last_sequence"] = command["sequence"]
        if command["kind"] in (RecordKind.NEW_ORDER, RecordKind.TARGET_POSITION, RecordKind.NEW_PARENT):
            row["last_order_sequence"] = unpack(command["order_id"]).sequence
        self.taken.append((strategy_id, command))

    def report(self, strategy_id: int, **fields: int) -> bool:
        """Tells a strategy something; False when its ring was full, which the ring's count of losses then shows."""
        record = np.zeros(1, EXECUTION_REPORT)
        defaults = {
            "kind": RecordKind.EXECUTION_REPORT,
            "execution_type": ExecutionType.NEW,
            "order_status": OrderStatus.NEW,
            "fee_asset_id": -1,
        }
        return self._publish(strategy_id, record, {**defaults, **fields})

    def report_parent(self, strategy_id: int, **fields: int) -> bool:
        """Tells a strategy how a parent order stands."""
        return self._publish(strategy_id, np.zeros(1, PARENT_REPORT), {"kind": RecordKind.PARENT_REPORT, **fields})

    def report_route(self, strategy_id: int, **fields: int) -> bool:
        """Tells a strategy what one venue scored for a parent order."""
        return self._publish(strategy_id, np.zeros(1, ROUTE_DECISION), {"kind": RecordKind.ROUTE_DECISION, **fields})

    def report_venue_state(self, strategy_id: int, **fields: int) -> bool:
        """Tells a strategy that an account's connection changed."""
        return self._publish(strategy_id, np.zeros(1, VENUE_STATE), {"kind": RecordKind.VENUE_STATE, **fields})

    def alarm(self, strategy_id: int, **fields: int) -> bool:
        """Tells a strategy what a person should look at."""
        return self._publish(strategy_id, np.zeros(1, ALARM), {"kind": RecordKind.ALARM, **fields})

    def tell_market(self, kind: RecordKind, **fields: int) -> None:
        """Tells everybody something of a market."""
        record = np.zeros(1, LAYOUTS[kind])
        for name, value in {"kind": kind, **fields}.items():
            record[name] = value
        broadcast(self.market_ring.address, address_of(record), record.dtype.itemsize // 8)

    def _publish(self, strategy_id: int, record: np.ndarray, fields: dict[str, int]) -> bool:
        strategy = self.state.table("strategies")[strategy_id]
        strategy["report_sequence"] += 1
        for name, value in {"sequence": strategy["report_sequence"], **fields}.items():
            record[name] = value
        slot = np.zeros(SLOT_WORDS, np.int64)
        slot[: record.dtype.itemsize // 8] = record.view(np.int64)
        self.told[strategy_id].append(slot)
        ring = self.reports[strategy_id].address
        if try_publish(ring, address_of(record), record.dtype.itemsize // 8):
            return True
        count_lost(ring)
        return False

    def add_open_order(self, slot: int, strategy_id: int, **fields: int) -> None:
        """Puts an open order into the state, newest first, as the core does."""
        orders, strategy = self.state.table("orders"), self.state.table("strategies")[strategy_id]
        for name, value in {"strategy_id": strategy_id, "accepted": 1, **fields}.items():
            orders[slot][name] = value
        first = int(strategy["first_open"])
        orders[slot]["previous_open"], orders[slot]["next_open"] = -1, first
        if first >= 0:
            orders[first]["previous_open"] = slot
        strategy["first_open"] = slot

    def end_order(self, slot: int, end_reason: int) -> None:
        """Takes an order out of its strategy's open orders."""
        orders = self.state.table("orders")
        order = orders[slot]
        before, after = int(order["previous_open"]), int(order["next_open"])
        if before >= 0:
            orders[before]["next_open"] = after
        else:
            self.state.table("strategies")[int(order["strategy_id"])]["first_open"] = after
        if after >= 0:
            orders[after]["previous_open"] = before
        order["end_reason"], order["previous_open"], order["next_open"] = end_reason, -1, -1

    def remote_changed(self, strategy_id: int, *, is_remote: bool) -> None:
        """What the ZeroMQ server tells of its clients."""
        (self.remote.add if is_remote else self.remote.discard)(strategy_id)

    def command_segment(self, strategy_id: int) -> Segment:
        """The ring whose lock says who drives a strategy."""
        return self.commands[strategy_id]

    def report_ring(self, strategy_id: int) -> int:
        """Where a strategy's reports wait."""
        return self.reports[strategy_id].address
