"""Owns the stage of the execution benchmark: one pair at several venues, brought by records to where a decision is due.

Instrument, account and venue have the same number. Quantities on it are small enough that no limit is met.
"""

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from engine.core.state import Capacities, State
from engine.core.step import ENGINE
from ipc.clock import NS_PER_MS
from ipc.enums import OrderType, RecordKind, RequestKind, Side, TimeInForce, VenueEvent
from ipc.market_tables import DEPTH_LEVELS
from ipc.memory import address_of
from ipc.order_id import pack
from ipc.records import AS_CONFIGURED, LAYOUTS, NOT_STATED, SLOT_WORDS, VENUE_REQUEST
from perf import core_kernels
from perf.core_kernels import START_NS
from perf.execution_kernels import STAGE
from perf.open_core import ASK_TICKS, BID_TICKS, RATE_LIMIT, connected, let_orders_pass, report_ring

STRATEGY = 1
LEVEL_LOTS = 100
_REPORTS_CAPACITY = 1_024
_INHERITED = ("max_slippage_bps", "execution_timeout_ms", "retry_attempts", "retry_delay_ms")
_DEFAULTS: dict[RecordKind, dict[str, int]] = {
    RecordKind.NEW_ORDER: {
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        **dict.fromkeys(_INHERITED, AS_CONFIGURED),
    },
    RecordKind.NEW_PARENT: {"side": Side.BUY},
    RecordKind.VENUE_REPORT: dict.fromkeys(("cumulative_lots", "order_lots", "price_ticks"), NOT_STATED)
    | {"fee_asset_id": 1},
}

Levels = list[tuple[int, int]]


class Stage:
    """A state, what was asked of venues, and one input that can be repeated."""

    def __init__(self, *, venues: int = 1, parents: int = 16, orders: int = 64) -> None:
        self.state = State.create(
            Capacities(
                instruments=venues,
                accounts=venues,
                venues=venues,
                strategies=STRATEGY + 1,
                assets=2,
                orders=orders,
                tombstones=64,
                trades=2 * orders,
                limiter_times=(STRATEGY + 1) * venues * RATE_LIMIT,
                parents=parents,
            )
        )
        let_orders_pass(self.state)
        self._pair_up(venues)
        self.now_ns = START_NS
        self.requests: list[SimpleNamespace] = []
        self._commands = self._trades = self._words_seen = 0
        self._reports = report_ring(_REPORTS_CAPACITY)
        self._hot_loop = connected(self.state, self._reports)
        self._record: NDArray[np.int64] = np.zeros(SLOT_WORDS, np.int64)
        self._timer: NDArray[np.int64] = np.zeros(SLOT_WORDS, np.int64)
        self._timer[: LAYOUTS[RecordKind.TIMER].itemsize // 8] = self._words_of(RecordKind.TIMER, {})
        self._kept = self.state.memory.copy()
        self.row = np.zeros(1, STAGE)
        row = self.row[0]
        row["state"] = self.state.address
        row["ports"] = self._hot_loop.address
        row["reports"] = self._reports.address
        row["record"] = address_of(self._record)
        row["timer"] = address_of(self._timer)
        row["kept"] = int(self._kept.ctypes.data)
        row["block_words"] = len(self._kept) // 8
        self.address = address_of(self.row)
        self.quote()
        for venue in range(venues):
            self.show_depth(venue)

    def _pair_up(self, venues: int) -> None:
        numbers = np.arange(venues)
        for table in ("instruments", "accounts"):
            self.state.table(table)["venue_id"] = numbers
        self.state.table("markets")["next_of_pair"] = (numbers + 1) % venues

    # ---- inputs ----
    def _words_of(self, kind: RecordKind, fields: dict[str, int]) -> NDArray[np.int64]:
        record = np.zeros(1, LAYOUTS[kind])
        record["kind"], record["published_ns"] = kind, self.now_ns
        for name, value in {**_DEFAULTS.get(kind, {}), **fields}.items():
            record[name] = value
        return np.frombuffer(record.tobytes(), np.int64)

    def _write(self, kind: RecordKind, source: int, fields: dict[str, int]) -> None:
        words = self._words_of(kind, fields)
        self._record[:] = 0
        self._record[: len(words)] = words
        self.row[0]["now_ns"], self.row[0]["source"] = self.now_ns, source

    def feed(self, kind: RecordKind, *, source: int = ENGINE, **fields: int) -> list[SimpleNamespace]:
        """Applies one record; returns what it asks venues for, which `requests` keeps as well."""
        self._write(kind, source, fields)
        core_kernels.compiled_core().ctypes(self._hot_loop.address, int(self.row[0]["record"]), self.now_ns, source)
        core_kernels.take_away(self.row[0])
        refused_count = int(self.state.table("strategies")[STRATEGY]["refused_count"])
        assert refused_count == 0, f"{kind.name} with {fields} was refused"
        asked = self.asked()
        self.requests += asked
        return asked

    def keep(self, kind: RecordKind, *, source: int = ENGINE, **fields: int) -> None:
        """Keeps the state as it is, for loops that apply this record to it."""
        self._write(kind, source, fields)
        self._kept[:] = self.state.memory

    def asked(self) -> list[SimpleNamespace]:
        """What the last step asked venues for."""
        effects = self.state.table("effects")[: int(self.state.header["effect_count"])]["words"]
        rows = [np.frombuffer(words.tobytes(), VENUE_REQUEST, 1)[0] for words in effects]
        return [
            SimpleNamespace(**{name: int(row[name]) for name in VENUE_REQUEST.names or ()})
            for row in rows
            if row["kind"] == RecordKind.VENUE_REQUEST
        ]

    def command(self, **fields: int) -> dict[str, int]:
        """The fields of a strategy's next command; one that makes something gets a new id."""
        self._commands += 1
        order_id = pack(instance=1, epoch=1, strategy_id=STRATEGY, sequence=self._commands)
        expires_utc_ns = self.now_ns + (1 << 60)
        return {"sequence": self._commands, "order_id": order_id, "expires_utc_ns": expires_utc_ns, **fields}

    def parent(self, **fields: int) -> int:
        """Takes on a parent; returns its id."""
        command = self.command(**fields)
        self.feed(RecordKind.NEW_PARENT, source=STRATEGY, **command)
        return command["order_id"]

    def order(self, **fields: int) -> int:
        """Places an order; returns its id."""
        command = self.command(**fields)
        self.feed(RecordKind.NEW_ORDER, source=STRATEGY, **command)
        return command["order_id"]

    def schedule(self, order_id: int, lots: list[int]) -> None:
        """Sends a schedule of one part."""
        words = {f"lots_{place}": value for place, value in enumerate(lots)}
        command = self.command(first_slice=0, slice_count=len(lots), **words) | {"order_id": order_id}
        self.feed(RecordKind.SCHEDULE, source=STRATEGY, **command)

    # ---- the venues ----
    def quote(self, bid_ticks: int = BID_TICKS, ask_ticks: int = ASK_TICKS) -> None:
        """Says at every venue where the best prices are."""
        for venue in range(len(self.state.table("instruments"))):
            self.feed(RecordKind.BOOK_TOP, instrument_id=venue, **self.top(bid_ticks, ask_ticks))

    @staticmethod
    def top(bid_ticks: int = BID_TICKS, ask_ticks: int = ASK_TICKS) -> dict[str, int]:
        """The fields of best prices."""
        lots = {"bid_lots": LEVEL_LOTS, "ask_lots": LEVEL_LOTS}
        return {"bid_ticks": bid_ticks, "ask_ticks": ask_ticks, **lots}

    def show_depth(self, venue: int) -> None:
        """Says what the book of a venue holds: from its best prices on, each venue a little apart from the others."""
        for side, best_ticks, away in ((Side.BUY, BID_TICKS, -1), (Side.SELL, ASK_TICKS, 1)):
            levels = [(best_ticks + away * (venue + 3 * place), LEVEL_LOTS) for place in range(DEPTH_LEVELS)]
            self.feed(RecordKind.BOOK_DEPTH, instrument_id=venue, **self.depth(side, levels))

    @staticmethod
    def depth(side: Side, levels: Levels) -> dict[str, int]:
        """The fields of one side of a book."""
        words = {f"price_ticks_{place}": price_ticks for place, (price_ticks, _) in enumerate(levels)}
        return {"side": side, **words, **{f"lots_{place}": lots for place, (_, lots) in enumerate(levels)}}

    def accept(self, request: SimpleNamespace) -> None:
        """The venue acknowledges an order."""
        self._report(request, VenueEvent.ACCEPTED, answers_request=RequestKind.NEW)

    def fill(self, request: SimpleNamespace) -> None:
        """All of an order trades."""
        self._report(request, VenueEvent.FILL, **self.trade(request))

    def trade(self, request: SimpleNamespace) -> dict[str, int]:
        """The fields of a fill of all of an order."""
        self._trades += 1
        return {
            "trade_id": self._trades,
            "last_lots": request.order_lots,
            "last_price_ticks": request.price_ticks,
            "fee_units": 3,
            "liquidity": 1,
        }

    def _report(self, request: SimpleNamespace, event: VenueEvent, **fields: int) -> None:
        self.feed(RecordKind.VENUE_REPORT, **self.report(request, event, **fields))

    def report(self, request: SimpleNamespace, event: VenueEvent, **fields: int) -> dict[str, int]:
        """The fields of what a venue says of an order."""
        whose = {"account_id": request.account_id, "instrument_id": request.instrument_id}
        number = {"order_id": request.order_id, "venue_order_id": request.order_id, "venue_utc_ns": self.now_ns}
        return {"event": event, **whose, **number, **fields}

    def wait(self, duration_ns: int = 300 * NS_PER_MS) -> None:
        """Lets time pass."""
        self.now_ns += duration_ns
