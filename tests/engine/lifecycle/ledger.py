"""Owns the ledger of the reference model: every trade once, and what it sums up to."""

import copy

from tests.engine.lifecycle.facts import Trade


class Ledger:
    """The trades of one order by their ids."""

    def __init__(self, *, is_buy: bool) -> None:
        self._sign = 1 if is_buy else -1
        self._trades: dict[int, Trade] = {}

    def copy(self) -> "Ledger":
        """Another ledger of the same trades."""
        other = copy.copy(self)
        other._trades = {trade_id: copy.copy(trade) for trade_id, trade in self._trades.items()}
        return other

    @property
    def _standing(self) -> list[Trade]:
        return [trade for trade in self._trades.values() if not trade.is_taken_back]

    @property
    def cum(self) -> int:
        """CumQty."""
        return sum(trade.lots for trade in self._standing)

    @property
    def notional(self) -> int:
        """AvgPx x CumQty."""
        return sum(trade.lots * trade.price for trade in self._standing)

    @property
    def position(self) -> int:
        """What the order did to the position."""
        return self._sign * self.cum

    def of_leg(self, leg: int) -> int:
        """What one leg has traded."""
        return sum(trade.lots for trade in self._standing if trade.leg == leg)

    def before_leg(self, leg: int) -> int:
        """What the legs before it have traded."""
        return sum(trade.lots for trade in self._standing if trade.leg < leg)

    def find(self, trade_id: int) -> Trade | None:
        """A trade that was booked, whether or not it was taken back."""
        return self._trades.get(trade_id)

    def book(self, trade_id: int, trade: Trade) -> None:
        """Takes in a trade."""
        assert trade_id not in self._trades, "a trade is booked once"
        self._trades[trade_id] = trade
