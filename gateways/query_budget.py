"""Owns how much and how soon a venue may be asked: a share of the weight it grants, and nothing while it says no."""

from gateways.verdict import Concern, Verdict
from ipc.clock import NS_PER_MS, NS_PER_S

ANSWER_TIMEOUT_NS = 5 * NS_PER_S
FIRST_RETRY_NS = 200 * NS_PER_MS
LAST_RETRY_NS = 800 * NS_PER_MS
RATE_PAUSE_NS = 10 * NS_PER_S


class QueryBudget:
    """Weight that comes back at a steady pace, up to a bound."""

    def __init__(self, *, weight_max: int, weight_per_s: int) -> None:
        self._balance_max = weight_max * NS_PER_S
        self._weight_per_s = weight_per_s
        self._balance = self._balance_max
        self._filled_ns = 0
        self._paused_until_ns = 0

    def take(self, weight: int, now_ns: int) -> bool:
        """Whether something of this weight may be asked now; it then counts as asked."""
        self._balance = min(self._balance_max, self._balance + (now_ns - self._filled_ns) * self._weight_per_s)
        self._filled_ns = now_ns
        if now_ns < self._paused_until_ns or self._balance < weight * NS_PER_S:
            return False
        self._balance -= weight * NS_PER_S
        return True

    def heed(self, verdict: Verdict | None, now_ns: int) -> None:
        """Asks nothing for a while when the venue said that it was too much."""
        if verdict is not None and verdict.concern is Concern.RATE:
            self._paused_until_ns = now_ns + RATE_PAUSE_NS
