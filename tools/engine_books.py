"""Owns what a whole engine holds: the positions of its strategies beside those of its accounts, which add up."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from ipc.instrument import decimal_of
from ipc.tables import ACCOUNT, BOOK, HOLDING, INSTRUMENT, STRATEGY
from tools.engines import row_name
from tools.state_tables import read_tables

EXTERNAL = 0
_LAYOUTS = {
    "instruments": INSTRUMENT,
    "accounts": ACCOUNT,
    "strategies": STRATEGY,
    "books": BOOK,
    "holdings": HOLDING,
}


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
    tables = read_tables(engine, _LAYOUTS)
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
