"""Owns the clearing of one account: cancels everything, and asks until the venue says that nothing is left.

No socket and no clock: answers and the time go in, frames come out.

    each symbol    cancel all ──answered──► list what is open ──nothing──► empty, as of when the list was asked for
                       ▲                        │ orders
                       └── and each of them ◄───┘

An account is clear when every symbol was empty at a moment at which nothing more could be on its way to the venue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gateways.clearing_answer import ClearingAnswer, ClearingQuestion
from gateways.query_budget import RATE_PAUSE_NS, QueryBudget
from gateways.venue import GuardianDialect
from gateways.verdict import Concern, Verdict
from ipc.clock import NS_PER_MS, NS_PER_S

ANSWER_TIMEOUT_NS = 2 * NS_PER_S
FIRST_RETRY_NS = 250 * NS_PER_MS
LAST_RETRY_NS = 2 * NS_PER_S
WEIGHT_MAX = 1_200
WEIGHT_PER_S = 20
"""Together with what an engine asks still less than the 6,000 that Binance grants an address in a minute."""


class _Phase(Enum):
    CANCEL_DUE = 1
    CANCEL_ASKED = 2
    LIST_DUE = 3
    LIST_ASKED = 4


@dataclass
class _Symbol:
    name: str
    phase: _Phase = _Phase.CANCEL_DUE
    due_ns: int = 0
    asked_ns: int = 0
    canceled_ns: int = 0
    retry_ns: int = FIRST_RETRY_NS
    left: tuple[int, ...] = ()
    empty_as_of_ns: int = -1


class Clearing:
    """What is asked of the venue about one account, over whatever connection there is."""

    def __init__(self, dialect: GuardianDialect, symbols: Sequence[str]) -> None:
        self._dialect = dialect
        self._names = tuple(symbols)
        self._budget = QueryBudget(weight_max=WEIGHT_MAX, weight_per_s=WEIGHT_PER_S)
        self._symbols: dict[str, _Symbol] = {}
        self._begun_ns = 0
        self._settled_ns = 0
        self._paused_until_ns = 0
        self._is_thorough = False
        self.has_found_orders = False
        """Whether anything was open since the clearing began."""

    def begin(self, now_ns: int, *, settled_ns: int, is_thorough: bool) -> None:
        """Starts from the beginning; from `settled_ns` on nothing that was sent before can still take effect.

        Unless it is to be thorough, an account in which nothing is found open is left at once: who starts next
        knows of every order that may be on its way.
        """
        self._symbols = {name: _Symbol(name, due_ns=now_ns) for name in self._names}
        self._begun_ns = now_ns
        self._settled_ns = settled_ns
        self._is_thorough = is_thorough
        self.has_found_orders = False

    @property
    def left(self) -> tuple[str, ...]:
        """The symbols of which it is not proven yet that nothing is open."""
        needed_ns = self._settled_ns if self._is_thorough or self.has_found_orders else self._begun_ns
        return tuple(symbol.name for symbol in self._symbols.values() if symbol.empty_as_of_ns < needed_ns)

    def connection_lost(self, now_ns: int) -> None:
        """No answer to what was asked will come; whether it was carried out is seen from the list."""
        for symbol in self._symbols.values():
            if symbol.phase in (_Phase.CANCEL_ASKED, _Phase.LIST_ASKED):
                self._give_up(symbol, now_ns)

    def due(self, now_ns: int) -> list[bytes]:
        """The requests to send now."""
        if now_ns < self._paused_until_ns:
            return []
        left = set(self.left)
        frames: list[bytes] = []
        for symbol in self._symbols.values():
            if symbol.name not in left:
                continue
            is_asked = symbol.phase in (_Phase.CANCEL_ASKED, _Phase.LIST_ASKED)
            if is_asked and now_ns >= symbol.asked_ns + ANSWER_TIMEOUT_NS:
                self._give_up(symbol, now_ns)
            elif is_asked or now_ns < symbol.due_ns:
                continue
            frames += self._cancel(symbol, now_ns) if symbol.phase is _Phase.CANCEL_DUE else self._list(symbol, now_ns)
        return frames

    def _cancel(self, symbol: _Symbol, now_ns: int) -> list[bytes]:
        weights = self._dialect.weights
        if not self._budget.take(weights.cancel_all, now_ns):
            return []
        symbol.phase, symbol.asked_ns, symbol.canceled_ns = _Phase.CANCEL_ASKED, now_ns, now_ns
        frames = [self._dialect.cancel_all(symbol.name, now_ns)]
        for venue_order_id in symbol.left:
            if not self._budget.take(weights.cancel, now_ns):
                break
            frames.append(self._dialect.cancel(symbol.name, venue_order_id, now_ns))
        return frames

    def _list(self, symbol: _Symbol, now_ns: int) -> list[bytes]:
        if not self._budget.take(self._dialect.weights.open_orders, now_ns):
            return []
        symbol.phase, symbol.asked_ns = _Phase.LIST_ASKED, now_ns
        return [self._dialect.open_orders(symbol.name, now_ns)]

    def take(self, answer: ClearingAnswer, now_ns: int) -> None:
        """Takes one answer; one that nobody waits for changes nothing."""
        self._heed(answer, now_ns)
        symbol = self._symbols.get(answer.symbol)
        if symbol is None:
            return
        if answer.question is ClearingQuestion.CANCEL_ALL and symbol.phase is _Phase.CANCEL_ASKED:
            self.has_found_orders |= answer.ended_count > 0
            is_put_off = _is_too_much(answer.verdict)
            symbol.phase = _Phase.CANCEL_DUE if is_put_off else _Phase.LIST_DUE
            symbol.due_ns = now_ns
        elif answer.question is ClearingQuestion.OPEN_ORDERS and symbol.phase is _Phase.LIST_ASKED:
            self._take_list(symbol, answer, now_ns)

    def _take_list(self, symbol: _Symbol, answer: ClearingAnswer, now_ns: int) -> None:
        symbol.left = answer.venue_order_ids
        if symbol.left:
            self.has_found_orders = True
            symbol.phase = _Phase.CANCEL_DUE
            # What has just been cancelled may be listed for a moment.
            symbol.due_ns = max(now_ns, symbol.canceled_ns + symbol.retry_ns)
        else:
            if answer.verdict is None:
                symbol.empty_as_of_ns = symbol.asked_ns
            _list_at(symbol, now_ns + symbol.retry_ns)
            if now_ns < self._settled_ns:
                symbol.due_ns = min(symbol.due_ns, self._settled_ns)
        symbol.retry_ns = min(2 * symbol.retry_ns, LAST_RETRY_NS)

    def _give_up(self, symbol: _Symbol, now_ns: int) -> None:
        """What was asked stays without an answer; whether something was cancelled will never be known."""
        self.has_found_orders |= symbol.phase is _Phase.CANCEL_ASKED
        _list_at(symbol, now_ns)

    def _heed(self, answer: ClearingAnswer, now_ns: int) -> None:
        """Asks nothing for as long as the venue says, or for a while when it does not."""
        if _is_too_much(answer.verdict):
            self._paused_until_ns = answer.blocked_until_ns or now_ns + RATE_PAUSE_NS


def _list_at(symbol: _Symbol, due_ns: int) -> None:
    symbol.phase = _Phase.LIST_DUE
    symbol.due_ns = due_ns


def _is_too_much(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.concern is Concern.RATE
