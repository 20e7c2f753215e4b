"""Owns the orders that wait for the last price to reach their stop price."""

from bisect import insort
from operator import attrgetter

from gateways.simulator.orders import Order


class Triggers:
    """Waiting orders of one instrument; at one stop price the older order goes first."""

    def __init__(self) -> None:
        self._rising: list[Order] = []
        self._falling: list[Order] = []

    def add(self, order: Order) -> None:
        """Lets an order wait."""
        if order.stop_rises:
            insort(self._rising, order, key=_rising_rank)
        else:
            insort(self._falling, order, key=_falling_rank)

    def remove(self, order: Order) -> None:
        """Stops the waiting of a canceled order."""
        (self._rising if order.stop_rises else self._falling).remove(order)

    def pop_reached(self, last_price_ticks: int) -> Order | None:
        """The next order whose stop price the last price has reached."""
        if self._rising and self._rising[0].stop_ticks <= last_price_ticks:
            return self._rising.pop(0)
        if self._falling and self._falling[0].stop_ticks >= last_price_ticks:
            return self._falling.pop(0)
        return None


_rising_rank = attrgetter("stop_ticks", "order_id")


def _falling_rank(order: Order) -> tuple[int, int]:
    return -order.stop_ticks, order.order_id
