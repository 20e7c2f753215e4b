"""Owns a strategy's view of the engine's state: rows of any kind as records, whole or page by page."""

from typing import NamedTuple

import numpy as np

from ipc.compiler import kernel
from ipc.enums import RecordKind
from ipc.errors import StateBusyError
from ipc.memory import address_of, fence_acquire, load, load_acquire, pause, view
from ipc.records import ALL_INSTRUMENTS, SLOT_BYTES, SLOT_WORDS
from ipc.snapshot_rows import BUSY, END, PAGE_WORDS, PageWord, copy_page
from ipc.strategy_kernels import LOCK_ATTEMPTS
from ipc.tables import STATE_HEADER, STRATEGY

# What one turn of an engine may copy: it is a few microseconds' work.
ROWS_PER_PAGE = 16

SNAPSHOT_KINDS = (
    RecordKind.INSTRUMENT_STATUS,
    RecordKind.POSITION_STATUS,
    RecordKind.BALANCE_STATUS,
    RecordKind.ORDER_STATUS,
    RecordKind.ACCOUNT_STATUS,
    RecordKind.ASSET_STATUS,
)


@kernel
def read_counters(state: int, strategy_id: int) -> tuple[int, int, int, int]:
    """Whether the row could be read, and the strategy's last sequences: of commands, orders and reports."""
    header = view(state, 1, STATE_HEADER)[0]
    if strategy_id < 0 or strategy_id >= header["strategies_count"]:
        return 0, 0, 0, 0
    strategy = view(state + header["strategies_offset"], strategy_id + 1, STRATEGY)[strategy_id]
    for _ in range(LOCK_ATTEMPTS):
        # Ordering: pairs with the engine's release of an even version after its writes.
        version = load_acquire(state)
        if version & 1 == 0:
            counters = (1, strategy["last_sequence"], strategy["last_order_sequence"], strategy["report_sequence"])
            fence_acquire()
            if load(state) == version:
                return counters
        pause()
    return 0, 0, 0, 0


class Counters(NamedTuple):
    """How far a strategy has come."""

    last_sequence: int
    last_order_sequence: int
    last_report_sequence: int


class Listing:
    """One listing under way: call next_page() until it is complete."""

    def __init__(self, state_address: int) -> None:
        self.what = RecordKind.INSTRUMENT_STATUS
        self.request_sequence = 0
        self.rows_count = 0
        self._state_address = state_address
        page = np.zeros(PAGE_WORDS, np.int64)
        rows = np.zeros(ROWS_PER_PAGE * SLOT_WORDS, np.int64)
        self._page = page.data
        self._page_address = address_of(page)
        self._rows = rows.data.cast("B")
        self._rows_address = address_of(rows)

    def begin(self, strategy_id: int, what: RecordKind, instrument_id: int, request_sequence: int) -> None:
        """Starts from the first row."""
        self.what = what
        self.request_sequence = request_sequence
        self.rows_count = 0
        page = self._page
        page[PageWord.WHAT] = what
        page[PageWord.STRATEGY_ID] = strategy_id
        page[PageWord.INSTRUMENT_ID] = instrument_id
        page[PageWord.REQUEST_SEQUENCE] = request_sequence
        page[PageWord.CURSOR] = page[PageWord.ANCHOR] = page[PageWord.RESTARTS] = page[PageWord.NEXT_RESTARTS] = 0

    @property
    def is_complete(self) -> bool:
        """Whether every row was given out."""
        return self._page[PageWord.CURSOR] == END

    def next_page(self, now_ns: int) -> memoryview:
        """Further rows, one each SLOT_BYTES, good until the next call; StateBusyError when they cannot be read."""
        self._page[PageWord.NOW_NS] = now_ns
        count = copy_page(self._state_address, self._page_address, self._rows_address, ROWS_PER_PAGE)
        if count == BUSY:
            raise StateBusyError(
                f"{self.what.name} rows of the state could not be read in {LOCK_ATTEMPTS} attempts, because its writer "
                "stopped in the middle of a write; allowed is a living engine: check it with `oms orders`"
            )
        self.rows_count += count
        return self._rows[: count * SLOT_BYTES]


class StateReader:
    """Reads one engine's state for one strategy at a time."""

    def __init__(self, state_address: int) -> None:
        self.state_address = state_address
        self._single = Listing(state_address)

    def counters(self, strategy_id: int) -> Counters:
        """The last sequences that the engine took from a strategy, and of what it told it."""
        is_read, *sequences = read_counters(self.state_address, strategy_id)
        if not is_read:
            raise StateBusyError(
                f"the row of strategy {strategy_id} could not be read; its writer stopped in the middle of a write "
                "or the strategy is not in the engine's configuration: check both with `oms orders`"
            )
        return Counters(*sequences)

    def begin(
        self, strategy_id: int, what: RecordKind, instrument_id: int = ALL_INSTRUMENTS, request_sequence: int = 0
    ) -> Listing:
        """A listing of what a strategy may see; every row carries the sequence of the request that it answers.

        Precondition: `what` is one of SNAPSHOT_KINDS.
        """
        assert what in SNAPSHOT_KINDS, f"there are no rows of {what.name}"
        listing = Listing(self.state_address)
        listing.begin(strategy_id, what, instrument_id, request_sequence)
        return listing

    def one_row(self, strategy_id: int, what: RecordKind, instrument_id: int, now_ns: int) -> memoryview:
        """The row of one instrument, none when there is no such instrument; good until the next call."""
        self._single.begin(strategy_id, what, instrument_id, 0)
        return self._single.next_page(now_ns)
