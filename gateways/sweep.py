"""Owns asking again, in turn and at a slow pace, what nobody doubts: a lost report leaves no doubt behind."""

from collections import deque
from collections.abc import Sequence

from gateways.instrument_queries import InstrumentQueries
from gateways.order_queries import OrderQueries
from gateways.query_budget import QueryBudget
from gateways.venue import OrderCore, QueryWeights
from ipc.clock import NS_PER_S

SWEEP_WEIGHT_PER_S = 10
"""A tenth of the 6,000 that Binance grants in a minute."""
SWEEP_EVERY_NS = 10 * NS_PER_S
OVERDUE_NS = 12 * NS_PER_S
"""A request that is not answered by now never will be: a venue says after 10 s that it does not know."""


class Sweep:
    """One turn takes SWEEP_EVERY_NS, or as long as its questions need."""

    def __init__(  # noqa: PLR0913 - what is asked about, what asks, and how much it may
        self,
        *,
        account_id: int,
        instrument_ids: Sequence[int],
        core: OrderCore,
        weights: QueryWeights,
        orders: OrderQueries,
        instruments: InstrumentQueries,
    ) -> None:
        self._account_id = account_id
        self._instrument_ids = instrument_ids
        self._core = core
        self._weights = weights
        self._orders = orders
        self._instruments = instruments
        self._budget = QueryBudget(
            weight_max=max(weights.account_trades, weights.status), weight_per_s=SWEEP_WEIGHT_PER_S
        )
        self._instruments_left: deque[int] = deque()
        self._orders_left: deque[int] = deque()
        self._others_left: deque[tuple[int, int]] = deque()
        self._begun_ns = 0
        self.wants_balances = False
        """Whether what the account holds is to be asked for too."""

    def restart(self, now_ns: int) -> None:
        """Everything has just been asked."""
        self._instruments_left.clear()
        self._orders_left.clear()
        self._others_left.clear()
        self._begun_ns = now_ns

    def go_on(self, now_ns: int) -> None:
        """Puts on the lists what may be asked now."""
        if not (self._instruments_left or self._orders_left or self._others_left):
            if now_ns - self._begun_ns < SWEEP_EVERY_NS:
                return
            self._begun_ns = now_ns
            self.wants_balances = True
            self._instruments_left.extend(self._instrument_ids)
            self._orders_left.extend(self._core.open_order_ids(self._account_id))
            self._others_left.extend(self._core.orders_of_others(self._account_id))
        while self._instruments_left and self._budget.take(self._weights.account_trades, now_ns):
            self._instruments.ask_again_in_turn(self._instruments_left.popleft(), now_ns)
        while not self._instruments_left and (self._orders_left or self._others_left):
            if not self._budget.take(self._weights.status, now_ns):
                return
            self._ask_order(now_ns)

    def _ask_order(self, now_ns: int) -> None:
        if self._others_left:
            self._instruments.ask_order_of_others(*self._others_left.popleft(), now_ns)
            return
        order = self._core.open_order(self._account_id, self._orders_left.popleft())
        # An answer that is still on its way tells the same, and would be in a race with this one.
        if order is not None and (not order.waits_since_ns or now_ns - order.waits_since_ns >= OVERDUE_NS):
            self._orders.ask(order, now_ns)
