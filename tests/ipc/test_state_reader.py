"""Rows of the state are read whole or not at all, in turns of bounded length."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.compiler import JIT_DISABLED, kernel_without_gil
from ipc.enums import EndReason, OrderStatus, RecordKind
from ipc.errors import StateBusyError
from ipc.frame import decode_slots
from ipc.memory import fence_release, load, store, store_release, view
from ipc.records import INSTRUMENT_STATUS, ORDER_STATUS
from ipc.snapshot_rows import RESTARTS_MAX
from ipc.state_reader import ROWS_PER_PAGE, Listing
from ipc.tables import INSTRUMENT, STATE_HEADER
from tests.ipc.fake_engine import STRATEGIES, FakeEngine

MAKER = STRATEGIES["maker"]
SLOTS = 256
ORDER_ID = (ORDER_STATUS.names or ()).index("order_id")


@pytest.fixture
def engine(runtime: Path) -> Iterator[FakeEngine]:
    """An engine with room for many orders."""
    engine = FakeEngine(runtime / "listing", orders=SLOTS)
    yield engine
    engine.close()


def page(listing: Listing) -> list[int]:
    """The order ids of the next page."""
    return [words[ORDER_ID] for words in decode_slots(listing.next_page(0))]


def test_a_page_holds_no_more_than_a_turn_may_take(engine: FakeEngine) -> None:
    for slot in range(ROWS_PER_PAGE + 1):
        engine.add_open_order(slot, MAKER, order_id=(slot + 1) << 8)
    listing = engine.reader.begin(MAKER, RecordKind.ORDER_STATUS)
    assert len(page(listing)) == ROWS_PER_PAGE
    assert not listing.is_complete
    assert len(page(listing)) == 1
    assert listing.is_complete
    assert listing.rows_count == ROWS_PER_PAGE + 1


def test_no_order_gives_one_empty_page(engine: FakeEngine) -> None:
    listing = engine.reader.begin(MAKER, RecordKind.ORDER_STATUS)
    assert page(listing) == []
    assert listing.is_complete


def test_every_order_that_stays_open_is_listed_whatever_happens_between_pages(engine: FakeEngine) -> None:
    changes = st.lists(st.tuples(st.booleans(), st.integers(0, SLOTS - 1)), max_size=40)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, SLOTS // 2), st.lists(changes, max_size=12))
    def check(opened: int, between: list[list[tuple[bool, int]]]) -> None:
        engine.state.table("strategies")["first_open"] = -1
        engine.state.table("orders")["end_reason"] = EndReason.CANCELED
        is_open: dict[int, int] = {}
        ids = iter(range(1, 1 << 20))

        def open_one(slot: int) -> None:
            is_open[slot] = next(ids) << 8
            engine.add_open_order(slot, MAKER, order_id=is_open[slot], end_reason=0, instrument_id=0)

        for slot in range(opened):
            open_one(slot)
        stayed = set(is_open.values())
        listing = engine.reader.begin(MAKER, RecordKind.ORDER_STATUS)
        listed: set[int] = set()
        turns = iter(between)
        while not listing.is_complete:
            listed.update(page(listing))
            for wants_open, slot in next(turns, []):
                if wants_open and slot not in is_open:
                    open_one(slot)
                elif not wants_open and slot in is_open:
                    engine.end_order(slot, EndReason.FILLED)
                    stayed.discard(is_open.pop(slot))
        assert stayed <= listed

    check()


@pytest.mark.skipif(JIT_DISABLED, reason="a thousand beginnings take their time without the JIT")
def test_a_listing_that_never_comes_to_its_end_is_given_up(engine: FakeEngine) -> None:
    for slot in range(ROWS_PER_PAGE * 2):
        engine.add_open_order(slot, MAKER, order_id=(slot + 1) << 8)
    listing = engine.reader.begin(MAKER, RecordKind.ORDER_STATUS)
    with pytest.raises(StateBusyError, match="ORDER_STATUS rows"):
        for turn in range(RESTARTS_MAX + 10):
            last = page(listing)[-1]
            # The order in that slot ends, and another one takes its place.
            ids = engine.state.table("orders")["order_id"]
            ids[ids == last] = (SLOTS + turn) << 8


@pytest.mark.parametrize("what", [RecordKind.ORDER_STATUS, RecordKind.INSTRUMENT_STATUS, RecordKind.POSITION_STATUS])
def test_a_state_whose_writer_died_in_a_write_is_told(engine: FakeEngine, what: RecordKind) -> None:
    engine.state.header["version"] = 7
    with pytest.raises(StateBusyError, match="stopped in the middle of a write"):
        engine.reader.begin(MAKER, what).next_page(0)
    with pytest.raises(StateBusyError, match=f"strategy {MAKER}"):
        engine.reader.counters(MAKER)


def test_a_strategy_that_does_not_exist_has_no_counters(engine: FakeEngine) -> None:
    with pytest.raises(StateBusyError, match="strategy 9"):
        engine.reader.counters(9)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"accepted": 0}, OrderStatus.PENDING_NEW),
        ({}, OrderStatus.NEW),
        ({"cumulative_lots": 1}, OrderStatus.PARTIALLY_FILLED),
        ({"cumulative_lots": 1, "pending_replace_ns": 5}, OrderStatus.PENDING_REPLACE),
        ({"pending_replace_ns": 5, "pending_cancel_ns": 5}, OrderStatus.PENDING_CANCEL),
        ({"is_unknown": 1, "pending_cancel_ns": 5}, OrderStatus.UNKNOWN),
    ],
)
def test_the_status_of_an_open_order_follows_from_its_facts(
    engine: FakeEngine, fields: dict[str, int], status: OrderStatus
) -> None:
    engine.add_open_order(0, MAKER, order_id=256, order_lots=10, **fields)
    [words] = decode_slots(engine.reader.begin(MAKER, RecordKind.ORDER_STATUS).next_page(0))
    row = dict(zip(ORDER_STATUS.names or (), words, strict=True))
    assert OrderStatus(row["order_status"]) is status


def test_a_request_from_before_the_connection_was_lost_has_an_unknown_outcome(engine: FakeEngine) -> None:
    engine.state.table("accounts")[0]["last_down_ns"] = 5
    engine.add_open_order(0, MAKER, order_id=256, pending_new_ns=5, accepted=0)
    [words] = decode_slots(engine.reader.begin(MAKER, RecordKind.ORDER_STATUS).next_page(0))
    row = dict(zip(ORDER_STATUS.names or (), words, strict=True))
    assert row["order_status"] == OrderStatus.UNKNOWN


@kernel_without_gil
def write_books(state: int, writes: int) -> None:
    """Writes one number into every word of a book, again and again, under the sequence lock."""
    row = view(state + view(state, 1, STATE_HEADER)[0]["instruments_offset"], 1, INSTRUMENT)[0]
    for number in range(1, writes + 1):
        store(state, load(state) + 1)
        fence_release()
        row["bid_ticks"] = number
        row["bid_lots"] = number
        row["ask_ticks"] = number
        row["ask_lots"] = number
        row["book_received_ns"] = number
        store_release(state, load(state) + 1)


@pytest.mark.skipif(JIT_DISABLED, reason="without the JIT no thread runs beside another")
def test_a_row_is_never_read_half_written(engine: FakeEngine) -> None:
    write_books(engine.state.address, 1)
    writer = threading.Thread(target=write_books, args=(engine.state.address, 3_000_000))
    writer.start()
    names = INSTRUMENT_STATUS.names or ()
    first = names.index("bid_ticks")
    seen = set()
    while writer.is_alive():
        try:
            [words] = decode_slots(engine.reader.begin(MAKER, RecordKind.INSTRUMENT_STATUS, 0).next_page(0))
        except StateBusyError:
            # The writer never rests here; an engine does between two steps.
            continue
        assert len(set(words[first : first + 5])) == 1
        seen.add(words[first])
    writer.join()
    assert seen
