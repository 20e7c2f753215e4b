"""Owns what every client of these tests does in its turns, and the way it is told to a client's process.

A turn is two orders: one at the market, buying and selling by turns, and one to buy far below the market,
which is canceled as soon as the venue has taken it. The next turn begins when both have ended. All of them trade on
one account, so an order at the market leaves it to the venue to keep it from meeting another client's.
"""

from typing import NamedTuple


class Task(NamedTuple):
    """The arguments of each client's process, in this order."""

    address: str
    strategy: str
    instrument_id: int
    account_id: int
    turns: int
    order_lots: int
    resting_ticks: int
    log: str
    begin_file: str

    def arguments(self) -> list[str]:
        """The task as words of a command line."""
        return [str(part) for part in self]

    @classmethod
    def read(cls, words: list[str]) -> "Task":
        """The task that a command line says."""
        address, strategy, *numbers, log, begin_file = words
        return cls(address, strategy, *map(int, numbers), log, begin_file)  # type: ignore[arg-type]  # five integers
