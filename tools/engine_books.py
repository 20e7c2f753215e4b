"""Owns what a whole engine holds: the positions of its strategies beside those of its accounts, which add up."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ipc.instrument import decimal_of
from ipc.segment import Segment, SegmentKind
from ipc.tables import ACCOUNT, BOOK, HOLDING, INSTRUMENT, STATE_HEADER, STRATEGY
from tools.command_error import CommandError
from tools.engines import STATE, row_name

EXTERNAL = 0
_LAYOUTS = {
    "instruments": INSTRUMENT,
    "accounts": ACCOUNT,
    "strategies": STRATEGY,
    "books": BOOK,
    "holdings": HOLDING,
}
# Somebody who writes all the time leaves gaps of microseconds; a copy takes about as long.
_ATTEMPTS = 20_000

Tables = dict[str, NDArray[np.void]]


@dataclass(frozen=True)
class Holder:
    """A strategy, an account, or whoever trades on the accounts without the engine."""

    kind: str
    name: str
    quantity: Decimal


@dataclass(frozen=True)
class InstrumentBooks:
    """Who holds how much of one instrument."""

    instrument: str
    strategies: list[Holder]
    accounts: list[Holder]

    @property
    def adds_up(self) -> bool:
        """Whether strategies, what is external included, hold what accounts do."""
        return sum(holder.quantity for holder in self.strategies) == sum(holder.quantity for holder in self.accounts)


def read_books(engine: Path) -> list[InstrumentBooks]:
    """The books of every instrument in which somebody holds something, all of the same moment."""
    tables = _read_at_rest(engine)
    instruments, accounts, strategies = tables["instruments"], tables["accounts"], tables["strategies"]
    books = tables["books"].reshape(len(strategies), len(instruments))
    holdings = tables["holdings"].reshape(len(accounts), len(instruments))
    found = []
    for row, book_column, holding_column in zip(instruments, books.T, holdings.T, strict=True):
        if not book_column["fill_count"].any() and not holding_column["fill_count"].any():
            continue
        strategy_names = ["external", *(row_name(strategy, 2) for strategy in strategies[1:])]
        strategy_holders = [
            Holder("strategy" if place != EXTERNAL else "external", name, _quantity(row, book))
            for place, (name, book) in enumerate(zip(strategy_names, book_column, strict=True))
            if book["fill_count"] or place == EXTERNAL
        ]
        account_holders = [
            Holder("account", row_name(account, 2), _quantity(row, holding))
            for account, holding in zip(accounts, holding_column, strict=True)
            if holding["fill_count"]
        ]
        found.append(InstrumentBooks(row_name(row, 4), strategy_holders, account_holders))
    return found


def _quantity(instrument: np.void, row: np.void) -> Decimal:
    return decimal_of(int(row["position_lots"]) * int(instrument["lot_units"]), int(instrument["lot_decimals"]))


def _read_at_rest(engine: Path) -> Tables:
    """Copies of the tables between two writes of the engine."""
    segment = Segment.attach(engine / STATE, SegmentKind.STATE, writable=False)
    try:
        header = segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]
        for _ in range(_ATTEMPTS):
            version = int(header["version"])
            if version % 2 == 0:
                tables = {name: _copy(segment.content, header, name, layout) for name, layout in _LAYOUTS.items()}
                if int(header["version"]) == version:
                    return tables
    finally:
        del header
        segment.close()
    raise CommandError(f"the engine in {engine} writes its state without a pause; try again when it trades less")


def _copy(content: NDArray[np.uint8], header: np.void, table: str, layout: np.dtype[np.void]) -> NDArray[np.void]:
    first, count = int(header[f"{table}_offset"]), int(header[f"{table}_count"])
    return np.array(content[first : first + count * layout.itemsize].view(layout))
