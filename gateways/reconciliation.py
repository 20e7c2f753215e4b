"""Owns asking the venue for the truth about orders, one by one and not too often."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gateways.action import Send
from gateways.notice import Notice
from gateways.venue import OpenOrder, OrderCore, OrderDialect
from gateways.verdict import Concern
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import RecordKind
from ipc.records import VENUE_REPORT

BURST = 200
REFILL_NS = 200 * NS_PER_MS
"""A status costs a weight of 4 and its trades 5: 200 at once and 5 a second stay below the 6,000 of a minute."""
ANSWER_TIMEOUT_NS = 5 * NS_PER_S
FIRST_RETRY_NS = 200 * NS_PER_MS
LAST_RETRY_NS = 800 * NS_PER_MS
OVERDUE_NS = 12 * NS_PER_S
"""A request that is not answered by now never will be: a venue says after 10 s that it does not know."""
LISTED_FROM = 3
"""So many open orders of one instrument cost more weight one by one than its list: 4 each against 6."""
RATE_PAUSE_NS = 10 * NS_PER_S

_FIELDS = {name: position for position, name in enumerate(VENUE_REPORT.names or ())}
_KIND = _FIELDS["kind"]
_ORDER_ID = _FIELDS["order_id"]
_CUMULATIVE = _FIELDS["cumulative_lots"]
_VENUE_ORDER_ID = _FIELDS["venue_order_id"]
_TRADE_ID = _FIELDS["trade_id"]
_LAST_LOTS = _FIELDS["last_lots"]


class _Phase(Enum):
    WAITING = 1
    LIST_ASKED = 2
    STATUS_ASKED = 3
    TRADES_ASKED = 4


@dataclass
class _Query:
    order: OpenOrder
    due_ns: int
    phase: _Phase = _Phase.WAITING
    link_id: int = 0
    retry_ns: int = FIRST_RETRY_NS
    traded_lots: int = 0


class Reconciliation:
    """Asks for status, then for trades where the venue counts more than the core; fills reach the core first.

    A status that tells of fills is held until the fills are there; when the venue's trade list lags behind
    its status, the question is asked again.
    """

    def __init__(self, *, account_id: int, core: OrderCore, dialect: OrderDialect) -> None:
        self._account_id = account_id
        self._core = core
        self._dialect = dialect
        self._queries: dict[int, _Query] = {}
        self._waited_for: set[int] = set()
        self._held: dict[int, NDArray[np.int64]] = {}
        self._tokens = BURST
        self._refilled_ns = 0
        self._paused_until_ns = 0

    @property
    def is_waited_for(self) -> bool:
        """Whether an order that was open when the connection came up has not been answered for yet."""
        return bool(self._waited_for)

    def clear(self) -> None:
        """Forgets every question: the connection they were asked on is gone."""
        self._queries.clear()
        self._waited_for.clear()
        self._held.clear()

    def begin(self, link_id: int, now_ns: int) -> list[Send]:
        """Puts every open order on the list; trading waits for the answers.

        Where an instrument has several, the venue's own list of open orders answers for most of them at once.
        """
        instruments: dict[int, list[_Query]] = {}
        for order in self._core.open_orders(self._account_id):
            query = self._queries[order.order_id] = _Query(order, due_ns=now_ns)
            self._waited_for.add(order.order_id)
            instruments.setdefault(order.instrument_id, []).append(query)
        sends = []
        for instrument_id, queries in instruments.items():
            if len(queries) < LISTED_FROM:
                continue
            for query in queries:
                query.phase = _Phase.LIST_ASKED
                query.link_id = link_id
                query.due_ns = now_ns + ANSWER_TIMEOUT_NS
            sends.append(Send(link_id, self._dialect.open_orders_query(instrument_id, now_ns)))
        return sends

    def on_open_orders(self, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int) -> None:
        """Takes a list of open orders; an order that is not on it, or has filled further, is asked for by itself."""
        for place in range(count):
            query = self._queries.get(int(records[place, _ORDER_ID]))
            is_report = records[place, _KIND] == RecordKind.VENUE_REPORT
            if is_report and query is not None and query.phase is _Phase.LIST_ASKED:
                if records[place, _CUMULATIVE] > query.order.cumulative_lots:
                    continue
                self._settle(query.order.order_id)
            self._core.apply(records[place:], 1)
        for query in self._queries.values():
            if query.phase is _Phase.LIST_ASKED and query.order.instrument_id == answer.instrument_id:
                query.phase = _Phase.WAITING
                query.due_ns = now_ns
        self._heed(answer, now_ns)

    def ask_again(self, link_id: int, now_ns: int) -> None:
        """Repeats at once what was asked on a connection that is gone."""
        for order_id, query in self._queries.items():
            if query.phase is not _Phase.WAITING and query.link_id == link_id:
                self._held.pop(order_id, None)
                query.phase = _Phase.WAITING
                query.due_ns = now_ns

    def watch(self, now_ns: int) -> list[int]:
        """Puts every order of unknown outcome on the list, takes those off that are settled.

        Returns the orders whose answers are overdue: their outcome is not known either, but nobody has said so yet.
        """
        living = self._core.open_orders(self._account_id)
        unknown = {order.order_id: order for order in living if order.is_unknown}
        for order_id, query in list(self._queries.items()):
            if query.phase is _Phase.WAITING and order_id not in self._waited_for and order_id not in unknown:
                del self._queries[order_id]
        for order_id, order in unknown.items():
            known = self._queries.get(order_id)
            if known is None:
                self._queries[order_id] = _Query(order, due_ns=now_ns)
            elif known.phase is _Phase.WAITING:
                known.order = order
        return [
            order.order_id
            for order in living
            if not order.is_unknown and order.waits_since_ns and now_ns - order.waits_since_ns >= OVERDUE_NS
        ]

    def due(self, link_id: int, now_ns: int) -> list[Send]:
        """The questions to ask now."""
        refills = (now_ns - self._refilled_ns) // REFILL_NS
        self._tokens = min(BURST, self._tokens + refills)
        self._refilled_ns += refills * REFILL_NS
        sends = []
        for query in self._queries.values():
            if query.due_ns > now_ns or now_ns < self._paused_until_ns:
                continue
            if query.phase is not _Phase.WAITING:
                # The answer got lost.
                self._retry(query, now_ns)
            elif self._tokens > 0:
                self._tokens -= 1
                query.phase = _Phase.STATUS_ASKED
                query.link_id = link_id
                query.due_ns = now_ns + ANSWER_TIMEOUT_NS
                sends.append(Send(link_id, self._dialect.status_query(query.order, now_ns)))
        return sends

    def on_status(
        self, link_id: int, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int
    ) -> list[Send]:
        """Takes the answer to a status query, of which the first record tells; asks for trades if need be."""
        query = self._queries.get(answer.order_id)
        has_report = count > 0 and records[0, _KIND] == RecordKind.VENUE_REPORT
        if query is None or query.phase is not _Phase.STATUS_ASKED or not has_report:
            self._core.apply(records, count)
            if query is not None and not has_report:
                self._refused(query, answer, now_ns)
            return []
        if records[0, _CUMULATIVE] <= query.order.cumulative_lots:
            self._core.apply(records, count)
            self._answered(query, answer, now_ns)
            return []
        self._core.apply(records[1:], count - 1)
        self._held[answer.order_id] = records[:1].copy()
        query.phase = _Phase.TRADES_ASKED
        query.due_ns = now_ns + ANSWER_TIMEOUT_NS
        query.traded_lots = 0
        return [self._ask_trades(link_id, query, from_trade_id=0, now_ns=now_ns)]

    def on_trades(
        self, link_id: int, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int
    ) -> list[Send]:
        """Takes the answer to a trades query: the fills, and when they are complete the status held back."""
        self._core.apply(records, count)
        query = self._queries.get(answer.order_id)
        held = self._held.get(answer.order_id)
        if query is None or held is None or query.phase is not _Phase.TRADES_ASKED:
            return []
        if answer.verdict is not None:
            self._refused(query, answer, now_ns)
            return []
        fills = records[:count][records[:count, _KIND] == RecordKind.VENUE_REPORT]
        query.traded_lots += int(fills[:, _LAST_LOTS].sum())
        if len(fills) >= self._dialect.trades_page:
            from_trade_id = int(fills[:, _TRADE_ID].max()) + 1
            return [self._ask_trades(link_id, query, from_trade_id=from_trade_id, now_ns=now_ns)]
        if query.traded_lots < held[0, _CUMULATIVE]:
            self._retry(query, now_ns)
            return []
        self._core.apply(held, len(held))
        self._answered(query, answer, now_ns)
        return []

    def _ask_trades(self, link_id: int, query: _Query, *, from_trade_id: int, now_ns: int) -> Send:
        held = self._held[query.order.order_id]
        return Send(
            link_id,
            self._dialect.trades_query(
                query.order,
                venue_order_id=int(held[0, _VENUE_ORDER_ID]),
                from_trade_id=from_trade_id,
                now_ns=now_ns,
            ),
        )

    def _answered(self, query: _Query, answer: Notice, now_ns: int) -> None:
        """Done, unless `watch` finds the order unknown still: "not found" proves nothing the first time."""
        if answer.verdict is None:
            self._settle(answer.order_id)
        else:
            self._waited_for.discard(answer.order_id)
            self._retry(query, now_ns)

    def _settle(self, order_id: int) -> None:
        self._waited_for.discard(order_id)
        self._held.pop(order_id, None)
        del self._queries[order_id]

    def _refused(self, query: _Query, answer: Notice, now_ns: int) -> None:
        self._heed(answer, now_ns)
        self._retry(query, now_ns)

    def _heed(self, answer: Notice, now_ns: int) -> None:
        if answer.verdict is not None and answer.verdict.concern is Concern.RATE:
            self._paused_until_ns = now_ns + RATE_PAUSE_NS

    def _retry(self, query: _Query, now_ns: int) -> None:
        self._held.pop(query.order.order_id, None)
        query.phase = _Phase.WAITING
        query.due_ns = now_ns + query.retry_ns
        query.retry_ns = min(query.retry_ns * 2, LAST_RETRY_NS)
