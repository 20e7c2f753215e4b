"""Owns the worlds of the core benchmark: a state that lets orders through, and its standing population."""

from ctypes import string_at
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.core.state import Capacities, State
from engine.hot_loop import HotLoop
from engine.spin.ports import FRAME
from gateways.credentials import Credentials, KeyKind
from gateways.registry import VENUES
from gateways.signing import Ed25519Signer
from ipc.clock import SystemClock
from ipc.enums import ConnectionState, InstrumentStatus, JournalState, OrderType, TimeInForce
from ipc.memory import address_of
from ipc.order_id import pack, to_text
from ipc.rate_tables import BUDGETS_PER_ACCOUNT
from ipc.records import SLOT_BYTES
from ipc.ring import create_ring
from ipc.secret import Secret
from ipc.segment import Segment, SegmentKind
from ipc.tables import name_words
from perf import core_kernels
from perf.controls import DAY_NS, limit_everything
from perf.core_kernels import FIRST_PRICE_TICKS, LIVE, PRICES, START_NS, WORLD, price_of

_MANY = 1 << 40
_RATE_LIMIT = 1_024
_REPORTS_CAPACITY = 256
_SYMBOL = "BTCUSDT"
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Size:
    """How large a world is; capacities are the product's defaults where nothing else is said."""

    instruments: int
    strategies: int
    live_orders: int
    order_capacity: int = 1 << 15
    burst: int = 1


def _ring() -> Segment:
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        return create_ring(Path(folder) / "reports", SegmentKind.TEST_RING, _REPORTS_CAPACITY)


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
                limiter_times=(size.strategies + 1) * _RATE_LIMIT,
            )
        )
        self._configure()
        self._reports = _ring()
        self._hot_loop = self._connect()
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

    def _connect(self) -> HotLoop:
        """The engine's side of the compiled loop: Binance's templates, and one ring for everybody's reports."""
        hot_loop = HotLoop(self.state, strategy_rows=self.size.strategies + 1, idle="spin", clock=SystemClock())
        credentials = Credentials(Secret(b"k"), KeyKind.ED25519, Ed25519Signer(Ed25519PrivateKey.generate()))
        hot_loop.use_templates([VENUES["binance_spot"].templates(credentials, receive_window_ms=5_000)])
        for strategy_id in range(1, self.size.strategies + 1):
            hot_loop.open_lane(strategy_id, self._reports, self._reports)
        return hot_loop

    def keep_in(self, ring: Segment) -> None:
        """From now on every input of a core that keeps its inputs goes to the ring."""
        self._hot_loop.ports[0]["journal"] = ring.address
        self._hot_loop.ports[0]["journal_epoch"] = 0

    def _configure(self) -> None:
        header = self.state.header
        header["instance"] = 1
        header["epoch"] = 1
        header["journal_state"] = JournalState.KEEPING
        header["order_retention_ns"] = 60 * _NS_PER_S
        header["request_expiry_ns"] = 5 * _NS_PER_S
        header["duplicate_window_ns"] = _NS_PER_S // 2
        header["duplicate_orders_max"] = 5
        instruments = self.state.table("instruments")
        instruments["instrument_id"] = np.arange(self.size.instruments)
        instruments["status"] = InstrumentStatus.TRADING
        instruments["quote_asset_id"] = 1
        instruments["price_decimals"] = 2
        instruments["tick_units"] = 1
        instruments["lot_decimals"] = 5
        instruments["lot_units"] = 1
        instruments["symbol_bytes"] = len(_SYMBOL)
        for index, word in enumerate(name_words(_SYMBOL, 4)):
            instruments[f"symbol_{index}"] = word
        instruments["min_price_ticks"] = 1
        instruments["min_order_lots"] = 1
        for field in ("max_price_ticks", "max_order_lots", "market_max_order_lots"):
            instruments[field] = 1 << 30
        instruments["min_notional"] = 1
        instruments["max_notional"] = 1 << 60
        self.state.table("accounts")["connection_state"] = ConnectionState.LIVE
        middle = FIRST_PRICE_TICKS + PRICES
        limit_everything(self.state, now_ns=START_NS, bid_ticks=middle - 1, ask_ticks=middle + 1)
        self._permit()

    def _permit(self) -> None:
        strategies = self.state.table("strategies")
        strategies["strategy_id"] = np.arange(self.size.strategies + 1)
        terms = self.state.table("terms")
        terms["permitted"] = 1
        terms["default_order_type"] = OrderType.LIMIT
        terms["default_time_in_force"] = TimeInForce.GTC
        terms["execution_timeout_ns"] = DAY_NS
        terms["rate_limit_orders"] = _RATE_LIMIT
        terms["rate_limit_window_ns"] = _NS_PER_S
        terms["limiter_start"] = np.arange(self.size.strategies + 1) * _RATE_LIMIT
        self.state.table("books")["permitted"] = 1
        # Binance has two windows for orders and one for weights; all three are counted, none refuses.
        budgets = self.state.table("budgets")[: BUDGETS_PER_ACCOUNT - 1]
        budgets["limit_type"] = np.arange(1, BUDGETS_PER_ACCOUNT)
        budgets["window_ns"] = (10 * _NS_PER_S, DAY_NS, 60 * _NS_PER_S)
        budgets["limit"] = _MANY
        for field in ("new_cost", "cancel_cost", "amend_cost", "cancel_replace_cost"):
            budgets[field] = 1

    def verify(self, *, orders: int, fills: int, filled_lots: int) -> None:
        """Asserts that the state says what so many orders, fills and lots since the start must leave."""
        header = self.state.header
        strategies, books = self.state.table("strategies"), self.state.table("books")
        found = {
            "orders placed": int(self.row[0]["next_number"]),
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
            "commands": orders,
            "refusals": 0,
            "open orders": self.size.live_orders,
            "fills": fills,
            "lots filled": filled_lots,
            "position": 0,
            "frames": orders,
            # Each order is reported when it is sent and when it is acknowledged, and so is each fill.
            "reports": 2 * orders + fills,
            "oddities": 0,
        }
        assert found == expected, f"the core's state is {found}, expected is {expected}"
        if orders > 0:
            self._verify_frame(orders - 1)

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
            "symbol": _SYMBOL,
            "side": "SELL" if number & 1 else "BUY",
            "price": f"{price_of(number) / 100:.2f}",
        }
        assert asked == expected, f"the last frame asks for {asked}, expected is {expected}"
