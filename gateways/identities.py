"""Owns orders of which only the venue's number is known: whose they are is asked, and how they stand."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateways.action import Send
from gateways.notice import Notice
from gateways.query_budget import ANSWER_TIMEOUT_NS, FIRST_RETRY_NS, LAST_RETRY_NS, QueryBudget
from gateways.report_fields import KIND, ORDER_ID, ORDER_LOTS, PRICE_TICKS, SIDE, TRADE_ID, VENUE_ORDER_ID
from gateways.venue import OrderCore, OrderDialect
from ipc.enums import RecordKind
from ipc.records import EXTERNAL_ORDER, SLOT_WORDS

DENIALS_MAX = 5
"""So often may the venue not know an order; then a trade of it that it told of counts as somebody else's."""

NO_FILLS: NDArray[np.int64] = np.zeros((0, SLOT_WORDS), np.int64)


@dataclass
class _Stranger:
    instrument_id: int
    venue_order_id: int
    fills: NDArray[np.int64]
    due_ns: int
    is_asked: bool = False
    link_id: int = 0
    retry_ns: int = FIRST_RETRY_NS
    denials: int = 0


class Identities:
    """Such orders, each with the trades of it that no stream told of; the core hears of those when it is known."""

    def __init__(
        self, account_id: int, core: OrderCore, dialect: OrderDialect, budget: QueryBudget, counters: Counter[str]
    ) -> None:
        self._counters = counters
        self._core = core
        self._dialect = dialect
        self._budget = budget
        self._account_id = account_id
        self._strangers: dict[tuple[int, int], _Stranger] = {}
        self._told: dict[int, set[tuple[int, int]]] = {}

    def untold_from(self, instrument_id: int) -> int | None:
        """The first trade of an instrument that the core has not heard of yet, None when there is none."""
        ids = [
            int(stranger.fills[:, TRADE_ID].min())
            for stranger in self._strangers.values()
            if stranger.instrument_id == instrument_id and len(stranger.fills)
        ]
        return min(ids, default=None)

    @property
    def is_waited_for(self) -> bool:
        """Whether an order is not known yet."""
        return bool(self._strangers)

    def clear(self) -> None:
        """Forgets what was not told to the core; it will be found again."""
        self._strangers.clear()

    def forget_before(self, instrument_id: int, trade_id: int) -> None:
        """Trades below will not be asked for again."""
        told = self._told.get(instrument_id)
        if told:
            self._told[instrument_id] = {key for key in told if key[0] >= trade_id}

    def ask(self, instrument_id: int, venue_order_id: int, now_ns: int) -> None:
        """Puts an order on the list that is somebody else's, to learn how it stands."""
        self._strangers.setdefault(
            (instrument_id, venue_order_id), _Stranger(instrument_id, venue_order_id, NO_FILLS.copy(), now_ns)
        )

    def take(self, instrument_id: int, fills: NDArray[np.int64], now_ns: int) -> None:
        """Takes trades of one instrument that no stream told of.

        Up to the last one that is forgotten the core would book none of them, for it may have before. Its order may
        be forgotten too, and would come to light anew, in doubt for ever; one that lives and misses a fill is asked
        about by itself.
        """
        told = self._told.setdefault(instrument_id, set())
        forgotten = self._core.forgotten_trade(self._account_id, instrument_id)
        fresh = [row for row in fills if row[TRADE_ID] > forgotten]
        fresh = [row for row in fresh if (int(row[TRADE_ID]), int(row[SIDE])) not in told]
        if not fresh:
            return
        booked = self._core.booked_trades(self._account_id, instrument_id, min(int(row[TRADE_ID]) for row in fresh))
        fresh = [row for row in fresh if (int(row[TRADE_ID]), int(row[SIDE])) not in booked]
        ours = {order.venue_order_id: order.order_id for order in self._core.open_orders(self._account_id)}
        for row in fresh:
            venue_order_id = int(row[VENUE_ORDER_ID])
            order_id = ours.get(venue_order_id, 0)
            if order_id:
                self._tell(instrument_id, row.reshape(1, -1).copy(), order_id)
                continue
            stranger = self._strangers.get((instrument_id, venue_order_id))
            if stranger is None:
                fill = row.reshape(1, -1).copy()
                self._strangers[instrument_id, venue_order_id] = _Stranger(instrument_id, venue_order_id, fill, now_ns)
            elif row[TRADE_ID] not in stranger.fills[:, TRADE_ID]:
                stranger.fills = np.vstack((stranger.fills, row))

    def due(self, link_id: int, now_ns: int) -> list[Send]:
        """The questions to ask now."""
        sends = []
        for stranger in self._strangers.values():
            if stranger.due_ns > now_ns:
                continue
            if stranger.is_asked:
                self._retry(stranger, now_ns)
            elif self._budget.take(self._dialect.query_weights.status, now_ns):
                stranger.is_asked = True
                stranger.link_id = link_id
                stranger.due_ns = now_ns + ANSWER_TIMEOUT_NS
                question = self._dialect.identity_query(stranger.instrument_id, stranger.venue_order_id, now_ns)
                sends.append(Send(link_id, question))
        return sends

    def ask_again(self, link_id: int, now_ns: int) -> None:
        """Repeats at once what was asked on a connection that is gone."""
        for stranger in self._strangers.values():
            if stranger.is_asked and stranger.link_id == link_id:
                stranger.is_asked = False
                stranger.due_ns = now_ns

    def on_identity(self, answer: Notice, records: NDArray[np.int64], count: int, now_ns: int) -> None:
        """Takes whose an order is: its fills reach the core before its status, which counts them."""
        stranger = self._strangers.get((answer.instrument_id, answer.venue_order_id))
        is_known = answer.verdict is None and count > 0 and records[0, KIND] == RecordKind.VENUE_REPORT
        if stranger is not None and is_known:
            self._told_of(stranger, int(records[0, ORDER_ID]), records[0])
        elif stranger is not None:
            self._denied(stranger, answer, now_ns)
        self._core.apply(records, count)

    def _denied(self, stranger: _Stranger, answer: Notice, now_ns: int) -> None:
        self._budget.heed(answer.verdict, now_ns)
        stranger.denials += answer.verdict is not None and answer.verdict.is_definite
        if stranger.denials >= DENIALS_MAX:
            self._told_of(stranger, EXTERNAL_ORDER, None)
        else:
            self._retry(stranger, now_ns)

    def _told_of(self, stranger: _Stranger, order_id: int, status: NDArray[np.int64] | None) -> None:
        del self._strangers[stranger.instrument_id, stranger.venue_order_id]
        if status is not None:
            stranger.fills[:, ORDER_LOTS] = status[ORDER_LOTS]
            stranger.fills[:, PRICE_TICKS] = status[PRICE_TICKS]
        self._tell(stranger.instrument_id, stranger.fills, order_id)

    def _tell(self, instrument_id: int, fills: NDArray[np.int64], order_id: int) -> None:
        self._counters["missed_trades"] += len(fills)
        fills[:, ORDER_ID] = order_id
        self._core.apply(fills, len(fills))
        self._told.setdefault(instrument_id, set()).update((int(row[TRADE_ID]), int(row[SIDE])) for row in fills)

    @staticmethod
    def _retry(stranger: _Stranger, now_ns: int) -> None:
        stranger.is_asked = False
        stranger.due_ns = now_ns + stranger.retry_ns
        stranger.retry_ns = min(stranger.retry_ns * 2, LAST_RETRY_NS)
