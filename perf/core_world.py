"""Owns the worlds of the core benchmark: a state that lets orders through, and its standing population."""

from ctypes import string_at
from dataclasses import dataclass

import numpy as np
import orjson

from engine.core.state import Capacities, State
from engine.spin.ports import FRAME
from ipc.memory import address_of
from ipc.order_id import pack, to_text
from ipc.records import SLOT_BYTES
from ipc.segment import Segment
from perf import core_kernels
from perf.core_kernels import LIVE, WORLD, price_of
from perf.open_core import RATE_LIMIT, SYMBOL, connected, let_orders_pass, report_ring

_REPORTS_CAPACITY = 256


@dataclass(frozen=True)
class Size:
    """How large a world is; capacities are the product's defaults where nothing else is said."""

    instruments: int
    strategies: int
    live_orders: int
    order_capacity: int = 1 << 15
    burst: int = 1
    algorithms: int = 0


class World:
    """A state, one buffer for its inputs, and what the benchmark remembers of the orders in it."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.state = State.create(
            Capacities(
                instruments=size.instruments,
                accounts=1,
                strategies=size.strategies + 1,
                assets=2,
                orders=size.order_capacity,
                tombstones=1 << 16,
                trades=1 << 16,
                limiter_times=(size.strategies + 1) * RATE_LIMIT,
            )
        )
        let_orders_pass(self.state)
        self._reports = report_ring(_REPORTS_CAPACITY)
        self._hot_loop = connected(self.state, self._reports)
        self._record = np.zeros(SLOT_BYTES // 8, dtype=np.int64)
        self._live = np.zeros(size.live_orders + size.burst, dtype=LIVE)
        self.row = np.zeros(1, dtype=WORLD)
        row = self.row[0]
        row["state"] = self.state.address
        row["ports"] = self._hot_loop.address
        row["reports"] = self._reports.address
        row["record"] = address_of(self._record)
        row["live"] = address_of(self._live)
        row["live_count"] = size.live_orders
        row["rows"] = len(self._live)
        row["instruments"] = size.instruments
        row["strategies"] = size.strategies
        self.address = address_of(self.row)
        core_kernels.populate(core_kernels.compiled_core(), self.address)
        core_kernels.employ(core_kernels.compiled_core(), self.address, size.algorithms)

    def keep_in(self, ring: Segment) -> None:
        """From now on every input of a core that keeps its inputs goes to the ring."""
        self._hot_loop.ports[0]["journal"] = ring.address
        self._hot_loop.ports[0]["journal_epoch"] = 0

    def verify(self, *, orders: int, fills: int, filled_lots: int) -> None:
        """Asserts that the state says what so many orders, fills and lots since the start must leave."""
        header, algorithms = self.state.header, self.size.algorithms
        strategies, books = self.state.table("strategies"), self.state.table("books")
        found = {
            "orders placed": int(self.row[0]["next_number"]) - algorithms,
            "algorithms": int(header["living_parent_count"]),
            "commands": int(strategies["command_count"].sum()),
            "refusals": int(strategies["refused_count"].sum()),
            "open orders": int(header["open_order_count"]),
            "fills": int(books["fill_count"].sum()),
            "lots filled": int((books["bought_lots"] + books["sold_lots"]).sum()),
            "position": int(books["position_lots"].sum() - (books["bought_lots"] - books["sold_lots"]).sum()),
            "frames": int(self.row[0]["frame_count"]),
            "reports": int(self.row[0]["report_count"]),
            "oddities": sum(
                int(header[f"{name}_count"])
                for name in ("late_fill", "overfill", "duplicate_trade", "unmatched_report")
            ),
        }
        expected = {
            "orders placed": orders,
            "algorithms": algorithms,
            "commands": orders + algorithms,
            "refusals": 0,
            "open orders": self.size.live_orders,
            "fills": fills,
            "lots filled": filled_lots,
            "position": 0,
            "frames": orders,
            # Each order is reported when it is sent and when it is acknowledged, and so is each fill; an algorithm
            # when it is taken on and when it starts.
            "reports": 2 * orders + fills + 2 * algorithms,
            "oddities": 0,
        }
        assert found == expected, f"the core's state is {found}, expected is {expected}"
        last_number = int(self.row[0]["next_number"]) - 1
        if last_number >= self.size.live_orders + algorithms:
            self._verify_frame(last_number)

    def _verify_frame(self, number: int) -> None:
        """Asserts that the last frame asks for the last order."""
        frame = np.frombuffer(string_at(int(self._hot_loop.ports[0]["frames"]), FRAME.itemsize), FRAME)[0]
        start, size = int(frame["text_offset"]), int(frame["buffer_bytes"])
        request = orjson.loads(string_at(int(frame["buffer"]) + start, size - start))
        sequence, place = divmod(number, self.size.strategies)
        order_id = pack(instance=1, epoch=1, strategy_id=1 + place, sequence=sequence + 1)
        asked = {name: request["params"][name] for name in ("newClientOrderId", "symbol", "side", "price")}
        expected = {
            "newClientOrderId": to_text(order_id),
            "symbol": SYMBOL,
            "side": "SELL" if number & 1 else "BUY",
            "price": f"{price_of(number) / 100:.2f}",
        }
        assert asked == expected, f"the last frame asks for {asked}, expected is {expected}"
