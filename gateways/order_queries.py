"""Owns asking a venue about single orders until the core knows what the venue knows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gateways.action import Send
from gateways.errors import VenueProtocolError
from gateways.identities import Identities
from gateways.notice import Notice
from gateways.query_budget import ANSWER_TIMEOUT_NS, FIRST_RETRY_NS, LAST_RETRY_NS, QueryBudget
from gateways.report_fields import (
    CUMULATIVE_LOTS,
    EVENT,
    INSTRUMENT_ID,
    KIND,
    LAST_LOTS,
    ORDER_ID,
    TRADE_ID,
    VENUE_ORDER_ID,
)
from gateways.venue import OpenOrder, OrderCore, OrderDialect
from ipc.enums import RecordKind, VenueEvent

TRADE_PAGES_MAX = 100
"""Of one order; a venue that has more to tell is asked from the beginning again, for it may never end."""


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
    trade_pages: int = 0
    from_trade_id: int = 0


class OrderQueries:
    """Asks for status, then for trades where the venue counts more than the core; fills reach the core first.

    A status that tells of fills is held until the fills are there; when the venue's trade list lags behind
    its status, the question is asked again.
    """

    def __init__(  # noqa: PLR0913 - what asks, and what keeps count of it
        self,
        *,
        account_id: int,
        core: OrderCore,
        dialect: OrderDialect,
        identities: Identities,
        budget: QueryBudget,
        counters: Counter[str],
    ) -> None:
        self._account_id = account_id
        self._counters = counters
        self._core = core
        self._dialect = dialect
        self._identities = identities
        self._budget = budget
        self._queries: dict[int, _Query] = {}
        self._waited_for: set[int] = set()
        self._held: dict[int, NDArray[np.int64]] = {}

    @property
    def is_waited_for(self) -> bool:
        """Whether an order that was open when the connection came up has not been answered for yet."""
        return bool(self._waited_for)

    def clear(self) -> None:
        """Forgets every question: the connection they were asked on is gone."""
        self._queries.clear()
        self._waited_for.clear()
        self._held.clear()

    def begin(self, orders: Iterable[OpenOrder], now_ns: int) -> None:
        """Trading waits for these orders, for which the lists of open orders are hoped to answer."""
        for order in orders:
            self._queries[order.order_id] = _Query(order, now_ns + ANSWER_TIMEOUT_NS, _Phase.LIST_ASKED)
            self._waited_for.add(order.order_id)

    def ask(self, order: OpenOrder, now_ns: int) -> None:
        """Puts an order on the list, unless it is there."""
        if order.order_id not in self._queries:
            self._queries[order.order_id] = _Query(order, due_ns=now_ns)

    def take_listed(self, report: NDArray[np.int64], now_ns: int) -> bool:
        """Takes a row of a list of open orders; False when the order must be asked for by itself."""
        order_id = int(report[ORDER_ID])
        query = self._queries.get(order_id)
        if report[EVENT] == VenueEvent.TRIGGERED:
            return True
        if report[CUMULATIVE_LOTS] > (query.order.cumulative_lots if query else 0):
            if query is None:
                # It carries our id but the core does not list it: all its fills are missing.
                self._counters["orders_found"] += 1
                self._queries[order_id] = _Query(_found_order(report), now_ns)
                self._waited_for.add(order_id)
            return False
        if query is not None and query.phase is _Phase.LIST_ASKED:
            self._settle(query.order.order_id)
        return True

    def end_list(self, instrument_id: int, now_ns: int) -> None:
        """The orders of an instrument that its list did not answer for are asked for one by one."""
        for query in self._queries.values():
            if query.phase is _Phase.LIST_ASKED and query.order.instrument_id == instrument_id:
                query.phase = _Phase.WAITING
                query.due_ns = now_ns

    def ask_again(self, link_id: int, now_ns: int) -> None:
        """Repeats at once what was asked on a connection that is gone."""
        for order_id, query in self._queries.items():
            if query.phase in (_Phase.STATUS_ASKED, _Phase.TRADES_ASKED) and query.link_id == link_id:
                self._held.pop(order_id, None)
                query.phase = _Phase.WAITING
                query.due_ns = now_ns

    def watch(self, orders: Iterable[OpenOrder], now_ns: int) -> None:
        """Puts these orders of unknown outcome on the list, takes those off that are settled."""
        unknown = {order.order_id: order for order in orders}
        for order_id, query in list(self._queries.items()):
            if query.phase is _Phase.WAITING and order_id not in self._waited_for and order_id not in unknown:
                del self._queries[order_id]
        for order_id, order in unknown.items():
            known = self._queries.get(order_id)
            if known is None:
                self._queries[order_id] = _Query(order, due_ns=now_ns)
            elif known.phase is _Phase.WAITING:
                known.order = order

    def due(self, link_id: int, now_ns: int) -> list[Send]:
        """The questions to ask now."""
        sends = []
        for query in self._queries.values():
            if query.due_ns > now_ns:
                continue
            if query.phase is not _Phase.WAITING:
                # The answer got lost.
                self._retry(query, now_ns)
            elif self._budget.take(self._dialect.query_weights.status, now_ns):
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
        has_report = count > 0 and records[0, KIND] == RecordKind.VENUE_REPORT
        if query is None or query.phase is not _Phase.STATUS_ASKED or not has_report:
            self._core.apply(records, count)
            if query is not None and not has_report:
                self._refused(query, answer, now_ns)
            return []
        is_denied = records[0, EVENT] == VenueEvent.NOT_FOUND
        if is_denied and self._identities.untold_from(query.order.instrument_id) is not None:
            # A replica that lags behind denies what has traded already: one of the trades without a name may be its.
            self._retry(query, now_ns)
            return []
        if records[0, CUMULATIVE_LOTS] <= query.order.cumulative_lots:
            self._core.apply(records, count)
            self._answered(query, answer, now_ns)
            return []
        self._counters["orders_behind"] += 1
        self._core.apply(records[1:], count - 1)
        self._held[answer.order_id] = records[:1].copy()
        query.phase = _Phase.TRADES_ASKED
        query.due_ns = now_ns + ANSWER_TIMEOUT_NS
        query.traded_lots = query.trade_pages = query.from_trade_id = 0
        return self._ask_trades(link_id, query, now_ns)

    def on_trades(
        self, link_id: int, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int
    ) -> list[Send]:
        """Takes the answer to a trades query: the fills, and when they are complete the status held back."""
        query = self._queries.get(answer.order_id)
        held = self._held.get(answer.order_id)
        if query is None or held is None or query.phase is not _Phase.TRADES_ASKED:
            self._core.apply(records, count)
            return []
        if answer.verdict is not None:
            self._core.apply(records, count)
            self._refused(query, answer, now_ns)
            return []
        fills = records[:count][records[:count, KIND] == RecordKind.VENUE_REPORT]
        if len(fills) and fills[:, TRADE_ID].min() < query.from_trade_id:
            raise VenueProtocolError("a page of trades holds one from before it")
        self._core.apply(records, count)
        query.traded_lots += int(fills[:, LAST_LOTS].sum())
        if len(fills) >= self._dialect.trades_page and query.trade_pages < TRADE_PAGES_MAX:
            query.from_trade_id = int(fills[:, TRADE_ID].max()) + 1
            return self._ask_trades(link_id, query, now_ns)
        if query.traded_lots < held[0, CUMULATIVE_LOTS]:
            self._retry(query, now_ns)
            return []
        self._core.apply(held, len(held))
        self._answered(query, answer, now_ns)
        return []

    def _ask_trades(self, link_id: int, query: _Query, now_ns: int) -> list[Send]:
        """Asks for a page of an order's trades at once, for the status waits; without budget the status is asked
        for again later."""
        if not self._budget.take(self._dialect.query_weights.order_trades, now_ns):
            self._retry(query, now_ns)
            return []
        query.link_id = link_id
        query.trade_pages += 1
        question = self._dialect.trades_query(
            query.order,
            venue_order_id=int(self._held[query.order.order_id][0, VENUE_ORDER_ID]),
            from_trade_id=query.from_trade_id,
            now_ns=now_ns,
        )
        return [Send(link_id, question)]

    def _answered(self, query: _Query, answer: Notice, now_ns: int) -> None:
        """Done, unless the order is unknown still: then it is asked for again, more and more slowly."""
        is_unknown = any(order.order_id == answer.order_id for order in self._core.unknown_orders(self._account_id))
        if answer.verdict is None and not is_unknown:
            self._settle(answer.order_id)
        else:
            self._waited_for.discard(answer.order_id)
            self._retry(query, now_ns)

    def _settle(self, order_id: int) -> None:
        self._waited_for.discard(order_id)
        self._held.pop(order_id, None)
        del self._queries[order_id]

    def _refused(self, query: _Query, answer: Notice, now_ns: int) -> None:
        self._budget.heed(answer.verdict, now_ns)
        self._retry(query, now_ns)

    def _retry(self, query: _Query, now_ns: int) -> None:
        self._held.pop(query.order.order_id, None)
        query.phase = _Phase.WAITING
        query.due_ns = now_ns + query.retry_ns
        query.retry_ns = min(query.retry_ns * 2, LAST_RETRY_NS)
        if now_ns < query.order.final_ns <= query.due_ns:
            # What the venue says from then on settles the doubt, so nobody waits for it longer than needed.
            query.due_ns = query.order.final_ns
            query.retry_ns = FIRST_RETRY_NS


def _found_order(report: NDArray[np.int64]) -> OpenOrder:
    return OpenOrder(
        order_id=int(report[ORDER_ID]),
        venue_order_id=int(report[VENUE_ORDER_ID]),
        instrument_id=int(report[INSTRUMENT_ID]),
        cumulative_lots=0,
        sent_ns=0,
        is_unknown=True,
    )
