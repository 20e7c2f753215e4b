"""Owns the fault classes, and per seed which of them strike, how often and in which phase of an order."""

from collections import Counter
from random import Random
from typing import NamedTuple

PHASES = (
    "not_sent",
    "in_flight",
    "acknowledged",
    "partially_filled",
    "pending_cancel",
    "pending_replace",
    "unknown",
    "ended",
    "reconciling",
)
"""What an order may be in when a fault strikes; the last is of the session, not of an order."""


class FaultClass(NamedTuple):
    """One kind of fault: how likely it strikes an opportunity, and how often at most in one seed.

    A class with a chance of 0 strikes at moments of its own, `most` times at most.
    """

    name: str
    chance: float
    most: int
    what: str


MOMENTS = (
    FaultClass("disconnect", 0, 3, "a connection is cut without a word"),
    FaultClass("half_open", 0, 2, "a connection goes silent and stays open"),
    FaultClass("server_shutdown", 0, 1, "the venue announces its shutdown, then closes"),
    FaultClass("stream_ended", 0, 1, "the venue ends the private stream"),
    FaultClass("venue_restart", 0, 1, "every connection is cut and none is taken for a while"),
    FaultClass("connect_refused", 0, 2, "connections are refused for a while"),
    FaultClass("maintenance", 0, 1, "the venue takes cancels only for a while"),
    FaultClass("clock_skew", 0, 2, "the venue's clock jumps by more than its window allows"),
    FaultClass("unsolicited_cancel", 0, 3, "the venue cancels an order of its own accord"),
    FaultClass("external_order", 0, 3, "somebody else orders on the same account"),
    FaultClass("deposit", 0, 2, "the account is given an amount"),
    FaultClass("withdrawal", 0, 2, "an amount is taken from the account"),
    FaultClass("journal_behind", 0, 2, "the journal's ring is half full for a while"),
    FaultClass("journal_crash", 0, 2, "the journal process is gone for a while"),
    FaultClass("crash_before_apply", 0, 2, "the engine dies between journaling and applying"),
    FaultClass("crash_before_send", 0, 2, "the engine dies between applying and sending"),
    FaultClass("crash_after_send", 0, 2, "the engine dies right after sending"),
    FaultClass("crash_when_idle", 0, 2, "the engine dies between two inputs"),
    FaultClass("strategy_crash", 0, 2, "a strategy forgets everything and comes back"),
)
REQUESTS = (
    FaultClass("lost_request", 0.05, 4, "a request never reaches the venue"),
    FaultClass("late_request", 0.08, 4, "a request waits at the venue, for up to more than its window"),
    FaultClass("refused_unknown", 0.05, 4, "the venue answers 5xx, -1006 or -1007 and has done nothing"),
    FaultClass("executed_unknown", 0.06, 4, "the venue answers 5xx, -1006 or -1007 and has done it"),
    FaultClass("rate_limited", 0.02, 2, "the venue answers 429 with -1003"),
    FaultClass("banned", 0.01, 1, "the venue answers 418 and closes"),
    FaultClass("too_many_orders", 0.03, 2, "the venue answers -1015"),
    FaultClass("overloaded", 0.03, 2, "the venue answers -1008"),
    FaultClass("fill_at_cancel", 0.5, 6, "the market takes from an order just before its cancel or amendment"),
)
REPLIES = (
    FaultClass("lost_reply", 0.06, 4, "a reply never arrives"),
    FaultClass("delayed_reply", 0.10, 6, "a reply is overtaken by what was sent after it"),
    FaultClass("repeated_reply", 0.04, 3, "a reply arrives twice"),
    FaultClass("malformed_reply", 0.02, 2, "a reply is cut off in its middle"),
    FaultClass("lagging_status", 0.4, 6, "a replica does not know an order yet, or knows it as it was"),
    FaultClass("lagging_trades", 0.5, 4, "a list of trades misses the newest"),
    FaultClass("lagging_list", 0.5, 4, "the list of open orders misses the newest"),
)
EVENTS = (
    FaultClass("repeated_event", 0.10, 6, "an event arrives twice"),
    FaultClass("delayed_event", 0.12, 8, "an event is overtaken by what was sent after it"),
    FaultClass("lost_event", 0.04, 2, "an event never arrives, though the connection stands"),
    FaultClass("malformed_event", 0.02, 2, "an event is cut off in its middle"),
    FaultClass("binary_event", 0.01, 1, "a frame comes that is no text"),
)
COMMANDS = (
    FaultClass("repeated_command", 0.10, 4, "a strategy sends the same command again"),
    FaultClass("report_lag", 0.15, 6, "a strategy reads its reports late"),
    FaultClass("reports_lost", 0.02, 2, "a strategy's ring is full, so it must read what it missed elsewhere"),
)
POWER_LOSS = FaultClass("power_loss", 0, 1, "the host loses power, and with it the tail of the journal")
UNREPORTED_CHANGE = FaultClass("unreported_change", 0, 1, "a balance changes and the venue tells nobody")
FAULTS = {
    each.name: each for each in (*MOMENTS, *REQUESTS, *REPLIES, *EVENTS, *COMMANDS, POWER_LOSS, UNREPORTED_CHANGE)
}
CRASH_POINTS = ("crash_before_apply", "crash_before_send", "crash_after_send")
"""Where within a step the engine dies."""
_PLACES = {name: place for place, name in enumerate(FAULTS)}
_SEED_STEP = 1_000_003
SWARM_SHARE = 0.22
"""How likely a class is switched on in a seed."""


class FaultPlan:
    """The faults of one seed. Every class has a generator of its own, so that dropping one moves no other."""

    def __init__(self, seed: int, *, dropped: frozenset[str] = frozenset()) -> None:
        swarm = Random(seed)
        shares = [swarm.random() for _ in FAULTS]
        self._generators = {
            name: Random(seed * _SEED_STEP + _PLACES[name])
            for name, share in zip(FAULTS, shares, strict=True)
            if share < SWARM_SHARE and name not in dropped
        }
        self._left = {name: FAULTS[name].most for name in self._generators}
        self.hits: Counter[tuple[str, str]] = Counter()
        self.is_over = False

    @property
    def enabled(self) -> tuple[str, ...]:
        """The classes that are switched on."""
        return tuple(self._generators)

    def generator(self, name: str) -> Random | None:
        """The class's own generator, None when it is off."""
        return self._generators.get(name)

    def strikes(self, name: str) -> Random | None:
        """Whether the class strikes this opportunity: its generator if so; the caller says in which phase by `hit`."""
        generator = self._generators.get(name)
        if generator is None or self.is_over or generator.random() >= FAULTS[name].chance or self._left[name] <= 0:
            return None
        self._left[name] -= 1
        return generator

    def hit(self, name: str, phase: str) -> None:
        """Counts that a class has struck in a phase."""
        self.hits[name, phase] += 1
