"""Market data is broadcast once the core has taken it; nothing else is, and nothing that the core did not take."""

from pathlib import Path

import numpy as np
import pytest

from ipc.broadcast_ring import READER_WORDS, begin_reading, poll_broadcast
from ipc.compiler import JIT_DISABLED
from ipc.enums import JournalState, RecordKind, Side, VenueEvent
from ipc.memory import address_of
from ipc.records import HEADER_FIELDS, LAYOUTS, SLOT_WORDS
from ipc.ring import create_ring
from ipc.segment import SegmentKind
from tests.engine.spin.spin_desk import SpinDesk
from tests.ipc.words import words_at

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="the loop exists only compiled")

CAPACITY = 16
TOP = {"instrument_id": 1, "bid_ticks": 5, "bid_lots": 2, "ask_ticks": 6, "ask_lots": 3}
DEPTH = {"instrument_id": 1, "side": Side.BUY, "price_ticks_0": 5, "lots_0": 2, "price_ticks_9": 1, "lots_9": 9}
TRADES = {"instrument_id": 1, "last_trade_id": 8, "bought_lots": 4, "trade_count": 1, "missed_count": 0}


def rows_of(*records: tuple[RecordKind, dict[str, int]]) -> np.ndarray:
    """Records as a gateway decodes them."""
    rows = np.zeros((len(records), SLOT_WORDS), np.int64)
    for row, (kind, fields) in zip(rows, records, strict=True):
        layout = LAYOUTS[kind]
        record = row[: layout.itemsize // 8].view(layout)[0]
        for name, value in {"kind": kind, **fields}.items():
            record[name] = value
    return rows


class Listener:
    """A loop that broadcasts, and somebody who listens."""

    def __init__(self, folder: Path) -> None:
        self.desk = SpinDesk(folder)
        self._ring = create_ring(folder / "market", SegmentKind.MARKET_RING, CAPACITY)
        self.desk.loop.use_market_ring(self._ring)
        self._reader = np.zeros(READER_WORDS, np.int64)
        begin_reading(address_of(self._reader), self._ring.address)

    def heard(self) -> list[dict[str, int]]:
        """What was told since the last time."""
        told = []
        while record := poll_broadcast(address_of(self._reader)):
            kind = RecordKind(words_at(record, len(HEADER_FIELDS))[HEADER_FIELDS.index("kind")])
            names = LAYOUTS[kind].names or ()
            told.append(dict(zip(names, words_at(record, len(names)), strict=True)))
        return told


def test_market_data_is_told_in_its_order_and_nothing_else_is(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    report = {"order_id": 77, "event": VenueEvent.CANCELED}
    rows = rows_of(
        (RecordKind.BOOK_TOP, TOP),
        (RecordKind.VENUE_REPORT, report),
        (RecordKind.BOOK_DEPTH, DEPTH),
        (RecordKind.MARKET_TRADES, TRADES),
    )
    listener.desk.loop.apply(rows, len(rows))
    heard = listener.heard()
    assert [record["kind"] for record in heard] == [65, 76, 77]
    for record, fields in zip(heard, (TOP, DEPTH, TRADES), strict=True):
        assert {name: record[name] for name in fields} == fields
    state = listener.desk.world.state
    assert (state.table("instruments")[1]["bid_ticks"], state.table("markets")[1]["trade_id"]) == (5, 8)


def test_what_the_core_does_not_take_is_not_told(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    listener.desk.world.state.header["journal_state"] = JournalState.BEHIND
    rows = rows_of((RecordKind.BOOK_TOP, TOP), (RecordKind.BOOK_DEPTH, DEPTH), (RecordKind.MARKET_TRADES, TRADES))
    listener.desk.loop.apply(rows, len(rows))
    assert listener.heard() == []
    assert listener.desk.world.state.header["input_count"] == 0
