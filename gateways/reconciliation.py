"""Owns bringing the core to what the venue knows: at every start, and over and over while it trades.

At a start every instrument's open orders and its trades since the last known one are asked for, and every order
that may live; trading waits for the answers. From then on the same is asked in turn at a slow pace, so what a
stream left out is found though the connection never broke.

    asked for            by                                   at a start   while live
    order, in doubt      status, then its trades              at once      at once, then every 0.2 to 0.8 s
    order, acknowledged  list, or status; then its trades     at once      in turn
    order of others      list, or status                      at once      in turn
    instrument           open orders                          at once      in the first turns
    instrument           trades since, then whose they are    at once      in turn
    account              balances                             before       once in a turn

One turn takes 10 s, or as long as its questions need at SWEEP_WEIGHT_PER_S: 4 for each order, 20 for each
instrument. So with 10 instruments and 100 open orders a lost report is found within a minute. What the venue's
lists themselves leave out is found if they do so for less than two turns.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gateways.action import Send
from gateways.identities import Identities
from gateways.instrument_queries import InstrumentQueries
from gateways.notice import Notice, NoticeKind
from gateways.order_queries import OrderQueries
from gateways.query_budget import QueryBudget
from gateways.sweep import Sweep
from gateways.venue import OrderCore, OrderDialect

WEIGHT_MAX = 1_800
WEIGHT_PER_S = 35
"""3,900 of the 6,000 that Binance grants in a minute, the sweep included, however many orders are in doubt."""


class Reconciliation:
    """What is asked on the connections of one account."""

    def __init__(  # noqa: PLR0913 - what is asked about, what asks, and how much it may
        self,
        *,
        account_id: int,
        core: OrderCore,
        dialect: OrderDialect,
        instrument_ids: Sequence[int],
        counters: Counter[str],
        rate_share: Fraction,
    ) -> None:
        self._account_id = account_id
        self._core = core
        self._instrument_ids = instrument_ids
        self._dialect = dialect
        self._budget = QueryBudget(weight_max=int(WEIGHT_MAX * rate_share), weight_per_s=int(WEIGHT_PER_S * rate_share))
        identities = Identities(account_id, core, dialect, self._budget, counters)
        self._orders = OrderQueries(
            account_id=account_id,
            core=core,
            dialect=dialect,
            identities=identities,
            budget=self._budget,
            counters=counters,
        )
        self._instruments = InstrumentQueries(
            account_id=account_id,
            core=core,
            dialect=dialect,
            orders=self._orders,
            identities=identities,
            budget=self._budget,
        )
        self._sweep = Sweep(
            account_id=account_id,
            instrument_ids=instrument_ids,
            core=core,
            weights=dialect.query_weights,
            orders=self._orders,
            instruments=self._instruments,
        )

    @property
    def is_waited_for(self) -> bool:
        """Whether something that was asked when the connection came up has not been answered yet."""
        return self._orders.is_waited_for or self._instruments.is_waited_for

    def clear(self) -> None:
        """Forgets every question: the connection they were asked on is gone."""
        self._orders.clear()
        self._instruments.clear()

    def begin(self, now_ns: int) -> None:
        """Puts everything on the list; trading waits for the answers."""
        self._orders.begin(self._core.open_orders(self._account_id), now_ns)
        self._instruments.begin(self._instrument_ids, now_ns)
        self._sweep.restart(now_ns)

    def ask_again(self, link_id: int, now_ns: int) -> None:
        """Repeats at once what was asked on a connection that is gone."""
        self._orders.ask_again(link_id, now_ns)
        self._instruments.ask_again(link_id, now_ns)

    def due(self, link_id: int, now_ns: int) -> list[Send]:
        """The questions to ask now."""
        sends = self._instruments.due(link_id, now_ns) + self._orders.due(link_id, now_ns)
        if self._sweep.wants_balances and self._budget.take(self._dialect.query_weights.balances, now_ns):
            self._sweep.wants_balances = False
            sends.append(Send(link_id, self._dialect.balances_query(now_ns)))
        return sends

    def watch(self, now_ns: int) -> None:
        """Looks after orders of unknown outcome and goes on with the sweep."""
        self._orders.watch(self._core.unknown_orders(self._account_id), now_ns)
        self._sweep.go_on(now_ns)

    def take(
        self, link_id: int, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int
    ) -> list[Send] | None:
        """Takes an answer with its records; None when it answers something else."""
        kind = answer.kind
        sends: list[Send] = []
        if kind is NoticeKind.STATUS_ANSWER:
            sends = self._orders.on_status(link_id, answer, records, count, now_ns)
        elif kind is NoticeKind.TRADES_ANSWER:
            sends = self._orders.on_trades(link_id, answer, records, count, now_ns)
        elif kind is NoticeKind.OPEN_ORDERS_ANSWER:
            self._instruments.on_open_orders(answer, records, count, now_ns)
        elif kind is NoticeKind.ACCOUNT_TRADES_ANSWER:
            self._instruments.on_trades(answer, records, count, now_ns)
        elif kind is NoticeKind.IDENTITY_ANSWER:
            self._instruments.on_identity(answer, records, count, now_ns)
        else:
            return None
        return sends + self.due(link_id, now_ns)
