"""Owns asking a venue about each instrument of an account: its open orders, and its trades since the last known one."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from gateways.action import Send
from gateways.identities import Identities
from gateways.notice import Notice
from gateways.order_queries import OrderQueries
from gateways.query_budget import ANSWER_TIMEOUT_NS, FIRST_RETRY_NS, QueryBudget
from gateways.record_writer import RecordWriter, new_rows
from gateways.report_fields import INSTRUMENT_ID, KIND, ORDER_ID, VENUE_ORDER_ID
from gateways.venue import OrderCore, OrderDialect
from gateways.verdict import Verdict
from ipc.clock import NS_PER_S
from ipc.enums import RecordKind
from ipc.order_id import LEG_MAX
from ipc.records import EXTERNAL_ORDER

LAST_RETRY_NS = 5 * NS_PER_S
TRADES_PAGE = 100
"""As many as are decoded in a fraction of a millisecond; after a full page the venue's longest one is asked for."""
TRADE_PAGES_MAX = 100
"""In one go: a venue that still has more is believed to go round in circles, and is asked again another time."""
LOOKS = 3
"""So often is each stretch of trades looked through, and after a start each list of open orders: one that lags
behind may leave something out."""


class _What(Enum):
    OPEN_ORDERS = 1
    TRADES = 2


@dataclass
class _Question:
    what: _What
    instrument_id: int
    due_ns: int
    is_asked: bool = False
    link_id: int = 0
    retry_ns: int = FIRST_RETRY_NS
    page: int = TRADES_PAGE
    pages: int = 0
    from_trade_id: int = 0


@dataclass
class _KnownTrades:
    """Every trade below `settled` is known; `ends` are where the last looks ended, the oldest first."""

    settled: int
    ends: deque[int] = field(default_factory=deque)

    def look_ended(self, trade_id: int, untold_from: int | None) -> None:
        """Takes note that a look from `settled` on found the last trade before this one.

        A trade that was found is not settled before the core has heard of it.
        """
        self.ends.append(max(trade_id, self.ends[-1] if self.ends else self.settled))
        if len(self.ends) >= LOOKS:
            end = self.ends.popleft()
            self.settled = end if untold_from is None else max(min(end, untold_from), self.settled)


class InstrumentQueries:
    """Lists and trades, each asked for until the answer came."""

    def __init__(  # noqa: PLR0913 - what asks, and what keeps count of it
        self,
        *,
        account_id: int,
        core: OrderCore,
        dialect: OrderDialect,
        orders: OrderQueries,
        identities: Identities,
        budget: QueryBudget,
    ) -> None:
        self._account_id = account_id
        self._core = core
        self._dialect = dialect
        self._orders = orders
        self._budget = budget
        self._identities = identities
        self._questions: dict[tuple[_What, int], _Question] = {}
        self._known: dict[int, _KnownTrades] = {}
        self._others: set[tuple[int, int]] = set()
        self._list_looks: Counter[int] = Counter()
        self._writer = RecordWriter(account_id)
        self._own_rows = new_rows(capacity=1)

    @property
    def is_waited_for(self) -> bool:
        """Whether something is still to be answered."""
        return bool(self._questions) or self._identities.is_waited_for

    def clear(self) -> None:
        """Forgets every question, but not which trades are known."""
        for instrument_id, known in self._known.items():
            if self._identities.untold_from(instrument_id) is not None:
                # What these looks have found is forgotten untold, so they prove nothing.
                known.ends.clear()
        self._questions.clear()
        self._identities.clear()

    def begin(self, instrument_ids: Iterable[int], now_ns: int) -> None:
        """Asks for everything: who knows what happened while there was no connection."""
        self._others = set(self._core.orders_of_others(self._account_id))
        self._list_looks.clear()
        for instrument_id in instrument_ids:
            self._put(_What.OPEN_ORDERS, instrument_id, now_ns)
            self._ask_trades(instrument_id, now_ns)

    def ask_again_in_turn(self, instrument_id: int, now_ns: int) -> None:
        """Puts an instrument's trades on the list, and its open orders while they were not looked at often enough."""
        self._ask_trades(instrument_id, now_ns)
        if self._list_looks[instrument_id] < LOOKS:
            self._put(_What.OPEN_ORDERS, instrument_id, now_ns)

    def _ask_trades(self, instrument_id: int, now_ns: int) -> None:
        known = self._known.get(instrument_id)
        if known is None:
            settled = self._core.known_before(self._account_id, instrument_id)
            known = self._known[instrument_id] = _KnownTrades(settled)
        question = self._put(_What.TRADES, instrument_id, now_ns)
        question.from_trade_id = known.settled

    def ask_order_of_others(self, instrument_id: int, venue_order_id: int, now_ns: int) -> None:
        """Puts an order on the list that was not sent by us and that nothing else asks for."""
        self._identities.ask(instrument_id, venue_order_id, now_ns)

    def ask_again(self, link_id: int, now_ns: int) -> None:
        """Repeats at once what was asked on a connection that is gone."""
        for question in self._questions.values():
            if question.is_asked and question.link_id == link_id:
                question.is_asked = False
                question.due_ns = now_ns
        self._identities.ask_again(link_id, now_ns)

    def due(self, link_id: int, now_ns: int) -> list[Send]:
        """The questions to ask now."""
        sends = []
        for question in self._questions.values():
            if question.due_ns > now_ns:
                continue
            if question.is_asked:
                # The answer got lost.
                self._retry(question, now_ns)
            elif self._budget.take(self._weight(question), now_ns):
                question.is_asked = True
                question.link_id = link_id
                question.due_ns = now_ns + ANSWER_TIMEOUT_NS
                sends.append(Send(link_id, self._text(question, now_ns)))
        return sends + self._identities.due(link_id, now_ns)

    def on_open_orders(self, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int) -> None:
        """Takes a list of open orders; one of ours that has filled further than the core knows is asked for."""
        question = self._questions.get((_What.OPEN_ORDERS, answer.instrument_id))
        if self._list_looks[answer.instrument_id] > 0:
            self._take_left_out(records[:count], now_ns)
            if answer.verdict is None:
                self._ask_for_unlisted(answer.instrument_id, records[:count], now_ns)
            self._end_list(question, answer, now_ns)
            return
        others = {number for instrument_id, number in self._others if instrument_id == answer.instrument_id}
        for place in range(count):
            row = records[place]
            is_of_ours = row[KIND] == RecordKind.VENUE_REPORT and row[ORDER_ID] != EXTERNAL_ORDER
            if not is_of_ours or self._orders.take_listed(row, now_ns):
                others.discard(int(row[VENUE_ORDER_ID]))
                self._core.apply(records[place:], 1)
        for venue_order_id in others:
            self.ask_order_of_others(answer.instrument_id, venue_order_id, now_ns)
        self._orders.end_list(answer.instrument_id, now_ns)
        self._end_list(question, answer, now_ns)

    def _take_left_out(self, rows: NDArray[np.int64], now_ns: int) -> None:
        """Takes of a further list what the first one left out; the orders that are known are asked for one by one."""
        ours = {order_id & ~LEG_MAX for order_id in self._core.open_order_ids(self._account_id)}
        others = set(self._core.orders_of_others(self._account_id))
        for row in rows:
            is_report = row[KIND] == RecordKind.VENUE_REPORT
            if is_report and row[ORDER_ID] == EXTERNAL_ORDER:
                is_known = (int(row[INSTRUMENT_ID]), int(row[VENUE_ORDER_ID])) in others
            else:
                is_known = is_report and int(row[ORDER_ID]) & ~LEG_MAX in ours
            if not is_known and (
                not is_report or row[ORDER_ID] == EXTERNAL_ORDER or self._orders.take_listed(row, now_ns)
            ):
                self._core.apply(row.reshape(1, -1), 1)

    def _ask_for_unlisted(self, instrument_id: int, rows: NDArray[np.int64], now_ns: int) -> None:
        """Asks for the orders that a further list holds no more: they ended, and the first one was from before."""
        listed = set(rows[rows[:, KIND] == RecordKind.VENUE_REPORT, ORDER_ID].tolist())
        for order in self._core.open_orders(self._account_id):
            if order.instrument_id == instrument_id and order.order_id not in listed and not order.waits_since_ns:
                self._orders.ask(order, now_ns)

    def _end_list(self, question: _Question | None, answer: Notice, now_ns: int) -> None:
        if question is None:
            return
        if answer.verdict is None:
            self._list_looks[answer.instrument_id] += 1
        self._answered(question, answer.verdict, now_ns)

    def on_trades(self, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int) -> None:
        """Takes a page of an instrument's trades, of which the codec left out those that the stream told of."""
        question = self._questions.get((_What.TRADES, answer.instrument_id))
        fills = records[:count][records[:count, KIND] == RecordKind.VENUE_REPORT]
        others = records[:count][records[:count, KIND] != RecordKind.VENUE_REPORT].copy()
        self._core.apply(others, len(others))
        if question is None or answer.verdict is not None:
            if question is not None:
                self._answered(question, answer.verdict, now_ns)
            return
        known = self._known[answer.instrument_id]
        if question.from_trade_id == 0:
            # What was traded before the engine's first run is not its concern, unless it knows the order.
            numbers = [number for instrument_id, number in self._others if instrument_id == answer.instrument_id]
            self._identities.take(answer.instrument_id, fills[np.isin(fills[:, VENUE_ORDER_ID], numbers)], now_ns)
            untold_from = self._identities.untold_from(answer.instrument_id)
            known.settled = answer.last_trade_id + 1 if untold_from is None else untold_from
            self._tell_known(answer.instrument_id, known, now_ns)
            self._answered(question, None, now_ns)
            return
        self._identities.take(answer.instrument_id, fills, now_ns)
        is_full = answer.trade_count >= question.page and answer.last_trade_id >= question.from_trade_id
        if is_full and question.pages < TRADE_PAGES_MAX:
            question.from_trade_id = answer.last_trade_id + 1
            question.page = self._dialect.trades_page
            question.is_asked = False
            question.due_ns = now_ns
            return
        settled = known.settled
        known.look_ended(answer.last_trade_id + 1, self._identities.untold_from(answer.instrument_id))
        if known.settled != settled:
            self._tell_known(answer.instrument_id, known, now_ns)
        self._identities.forget_before(answer.instrument_id, known.settled)
        self._answered(question, None, now_ns)

    def _tell_known(self, instrument_id: int, known: _KnownTrades, now_ns: int) -> None:
        """Lets the core remember where the next run has to begin."""
        self._writer.start(self._own_rows, now_ns)
        self._writer.trades_known(instrument_id=instrument_id, before_trade_id=known.settled)
        self._core.apply(self._own_rows, self._writer.count)

    def on_identity(self, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int) -> None:
        """Takes the answer to the question whose an order is."""
        self._identities.on_identity(answer, records, count, now_ns)

    def _put(self, what: _What, instrument_id: int, now_ns: int) -> _Question:
        question = self._questions.get((what, instrument_id))
        if question is None:
            question = self._questions[what, instrument_id] = _Question(what, instrument_id, now_ns)
        return question

    def _weight(self, question: _Question) -> int:
        weights = self._dialect.query_weights
        return weights.open_orders if question.what is _What.OPEN_ORDERS else weights.account_trades

    def _text(self, question: _Question, now_ns: int) -> bytes:
        if question.what is _What.OPEN_ORDERS:
            return self._dialect.open_orders_query(question.instrument_id, now_ns)
        question.pages += 1
        return self._dialect.account_trades_query(
            question.instrument_id, from_trade_id=question.from_trade_id, page=question.page, now_ns=now_ns
        )

    def _answered(self, question: _Question, verdict: Verdict | None, now_ns: int) -> None:
        if verdict is None:
            del self._questions[question.what, question.instrument_id]
            return
        self._budget.heed(verdict, now_ns)
        self._retry(question, now_ns)

    def _retry(self, question: _Question, now_ns: int) -> None:
        question.is_asked = False
        question.due_ns = now_ns + question.retry_ns
        question.retry_ns = min(question.retry_ns * 2, LAST_RETRY_NS)
