"""Owns simulated traffic: strategies that want more than a venue takes, over a network and clocks that are not exact.

The core decides what is sent. Each request reaches the venue after a while, in order unless a connection broke, and is
counted by the venue's own clock; its answer comes back after a while, or never.
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from random import Random
from types import SimpleNamespace

from engine.rate_rows import RateRows, instrument_budgets, rate_entries
from ipc.enums import ConnectionState, RecordKind, RequestKind, VenueEvent
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_MS, NS_PER_S, START_NS, UTC_OFFSET_NS, World
from tests.engine.rates.venue_cases import VenueCase
from tests.engine.rates.venue_limiter import CalendarLimiter, Limiter

GUARD_NS = 40 * NS_PER_MS
DOUBT_NS = 10 * NS_PER_MS
TRAVEL_MAX_NS = 12 * NS_PER_MS
JITTER_NS = GUARD_NS + DOUBT_NS + 2 * TRAVEL_MAX_NS
_INSTRUMENTS = 2


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often."""

    lost_replies: float = 0.0
    connection_lost_every_s: float = 0.0
    ban_every_s: float = 0.0


@dataclass
class Outcome:
    """What the venue and the strategies saw."""

    sent: int = 0
    excesses: int = 0
    sent_in_ban: int = 0
    orders: dict[int, int] = field(default_factory=dict)
    cancel_waits_ns: list[int] = field(default_factory=list)


def new_world(case: VenueCase) -> World:
    """A core that mirrors the case's limits, with nothing else in the way."""
    world = World(
        orders=1 << 10,
        instrument_budgets=instrument_budgets(case.windows, _INSTRUMENTS),
        rate_entries=rate_entries(case.windows, _INSTRUMENTS) + 1,
    )
    RateRows(world.state).declare(0, case.windows, share=Fraction(1), address_share=Fraction(1), guard_ns=GUARD_NS)
    world.state.table("terms")["rate_limit_window_ns"] = 1
    world.state.header["duplicate_window_ns"] = 0
    world.feed(RecordKind.CLOCK_OFFSET, utc_offset_ns=UTC_OFFSET_NS, doubt_ns=DOUBT_NS)
    return world


class Traffic:
    """One run: a venue, a core, and what is on the way between them."""

    def __init__(self, case: VenueCase, seed: int, faults: Faults | None = None) -> None:
        self.case = case
        self.outcome = Outcome()
        self.world = new_world(case)
        self._faults = faults or Faults()
        self._random = Random(seed)
        self._clock_error_ns = self._random.randint(-DOUBT_NS, DOUBT_NS)
        self._limiters: dict[tuple[int, int], Limiter] = {}
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._tie = count()
        self._arrival_ns = self._reply_ns = 0
        self._connection = 0
        # Each ban that we were told of: when, and until when the venue's clock says it holds.
        self._bans_told: list[tuple[int, int]] = []
        self._born_ns: dict[int, int] = {}
        self._prices = count(10_000)

    # ---- time ----
    def at(self, moment_ns: int, act: Callable[[], None]) -> None:
        """Lets something happen at a moment."""
        heapq.heappush(self._due, (moment_ns, next(self._tie), act))

    def run_until(self, end_ns: int) -> None:
        """Lets time pass."""
        while self._due and self._due[0][0] <= end_ns:
            moment_ns, _, act = heapq.heappop(self._due)
            self.world.now_ns = max(self.world.now_ns, moment_ns)
            act()
        self.world.now_ns = end_ns

    def _venue_utc_ns(self) -> int:
        wander = GUARD_NS / 2 * math.sin(self.world.now_ns / (97 * NS_PER_S))
        return self.world.now_ns + UTC_OFFSET_NS + self._clock_error_ns + int(wander)

    # ---- strategies ----
    def saturate(self, strategy: int, end_ns: int, *, every_ns: int = 2 * NS_PER_MS) -> None:
        """A strategy wants to place orders until a moment, as many as it may."""
        step = self.world.new_order(
            strategy=strategy,
            instrument_id=self._random.randrange(_INSTRUMENTS),
            price_ticks=next(self._prices) % 5_000 + 10_000,
            order_lots=1,
        )
        for request in step.requests:
            self.outcome.orders[strategy] = self.outcome.orders.get(strategy, 0) + 1
            self._send(request)
        pause_ns = every_ns if step.requests else self._random.randint(5, 25) * NS_PER_MS
        if self.world.now_ns + pause_ns < end_ns:
            self.at(self.world.now_ns + pause_ns, lambda: self.saturate(strategy, end_ns, every_ns=every_ns))

    def _cancel(self, order_id: int, strategy: int, since_ns: int) -> None:
        if self.world.order(order_id)["end_reason"] != 0:
            return
        step = self.world.cancel(order_id, strategy=strategy)
        if step.requests:
            self.outcome.cancel_waits_ns.append(self.world.now_ns - since_ns)
            self._send(step.requests[0])
        elif self.world.order(order_id)["pending_cancel_ns"] == 0:
            self.at(self.world.now_ns + 10 * NS_PER_MS, lambda: self._cancel(order_id, strategy, since_ns))

    # ---- the way to the venue and back ----
    def _travel_ns(self) -> int:
        return self._random.randint(NS_PER_MS, TRAVEL_MAX_NS)

    def _send(self, request: SimpleNamespace) -> None:
        self.outcome.sent += 1
        now_ns, connection = self.world.now_ns, self._connection
        self._arrival_ns = max(self._arrival_ns, now_ns + self._travel_ns())
        self.at(self._arrival_ns, lambda: self._arrive(request, now_ns, connection))

    def _arrive(self, request: SimpleNamespace, sent_ns: int, connection: int) -> None:
        if connection != self._connection and self._random.random() < 0.5 and self.world.now_ns - sent_ns < NS_PER_S:
            # The venue still has it in its buffers, and comes to it later.
            self.at(sent_ns + self._random.randint(1_000, 4_900) * NS_PER_MS, lambda: self._carry_out(request, None))
            return
        utc_ns = self._venue_utc_ns()
        is_banned = any(told_ns <= sent_ns and utc_ns < until_ns for told_ns, until_ns in self._bans_told)
        if is_banned and self._is_held(request):
            self.outcome.sent_in_ban += 1
        self._carry_out(request, connection)

    def _is_held(self, request: SimpleNamespace) -> bool:
        """Whether a ban of all windows is one of this request: one of orders alone leaves what is free of charge."""
        if any(window.limit_type is not RateLimitType.ORDERS for window in self.case.windows):
            return True
        kind, age_ns = RequestKind(request.request_kind), self._age_ns(request)
        return any(rule.charge(kind, age_ns) for rule in self.case.rules)

    def _age_ns(self, request: SimpleNamespace) -> int:
        return self.world.now_ns - self._born_ns.get(request.order_id, self.world.now_ns)

    def _carry_out(self, request: SimpleNamespace, connection: int | None) -> None:
        utc_ns, kind = self._venue_utc_ns(), RequestKind(request.request_kind)
        age_ns = self._age_ns(request)
        for place, rule in enumerate(self.case.rules):
            limiter = self._limiter(place, request.instrument_id)
            cost = rule.charge(kind, age_ns)
            if cost and not limiter.take(utc_ns, cost):
                self.outcome.excesses += 1
        if kind is RequestKind.NEW:
            self._born_ns[request.order_id] = self.world.now_ns
        fills = int(kind is RequestKind.NEW and self.case.name == "binance" and self._random.random() < 0.2)
        if fills:
            limiter = self._limiter(0, request.instrument_id)
            assert isinstance(limiter, CalendarLimiter)
            limiter.filled(utc_ns, 1)
        told = self._counts_told()
        is_lost = connection != self._connection or self._random.random() < self._faults.lost_replies
        self._reply_ns = max(self._reply_ns, self.world.now_ns + self._travel_ns())
        if is_lost:
            self.at(self._reply_ns + 2 * NS_PER_S, lambda: self._tell_stream(request))
        else:
            self.at(self._reply_ns, lambda: self._answer(request, kind, told, self._connection))

    def _limiter(self, place: int, instrument_id: int) -> Limiter:
        rule = self.case.rules[place]
        key = (place, instrument_id if rule.is_per_instrument else 0)
        if key not in self._limiters:
            self._limiters[key] = rule.limiter()
        return self._limiters[key]

    def _counts_told(self) -> list[int]:
        limiters = [self._limiter(place, 0) for place, rule in enumerate(self.case.rules) if rule.is_told]
        return [limiter.count for limiter in limiters if isinstance(limiter, CalendarLimiter)]

    def _answer(self, request: SimpleNamespace, kind: RequestKind, told: list[int], connection: int) -> None:
        if connection != self._connection:
            self._tell_stream(request)
            return
        order_id, world = request.order_id, self.world
        fields = {"account_id": 0, "instrument_id": request.instrument_id, "answers_request": kind}
        if kind is RequestKind.CANCEL:
            world.venue(VenueEvent.CANCELED, order_id, **fields)
            return
        world.venue(VenueEvent.ACCEPTED, order_id, venue_order_id=order_id, **fields)
        for reported in told:
            window = self.case.windows[0]
            limit = {"limit_type": window.limit_type, "window_ns": window.window_ns, "limit": window.limit}
            world.feed(RecordKind.RATE_LIMIT, count=reported, **limit)
        if self._random.random() < self.case.cancels:
            moment_ns = world.now_ns + self._random.randint(0, 8 * NS_PER_S)
            strategy = int(world.order(order_id)["strategy_id"])
            self.at(moment_ns, lambda: self._cancel(order_id, strategy, moment_ns))
        else:
            self._tell_stream(request)

    def _tell_stream(self, request: SimpleNamespace) -> None:
        self.world.venue(VenueEvent.EXPIRED, request.order_id, account_id=0, instrument_id=request.instrument_id)

    # ---- what goes wrong ----
    def plan_faults(self, end_ns: int) -> None:
        """Lets the connection break and the venue ban us now and then until a moment."""
        faults = self._faults
        for every_s, act in ((faults.connection_lost_every_s, self._break), (faults.ban_every_s, self._ban)):
            moment_ns = self.world.now_ns
            while every_s > 0:
                moment_ns += int(self._random.expovariate(1 / every_s) * NS_PER_S)
                if moment_ns >= end_ns:
                    break
                self.at(moment_ns, act)

    def _break(self) -> None:
        self._connection += 1
        self.world.connection(ConnectionState.DOWN)
        self.at(self.world.now_ns + 300 * NS_PER_MS, self._come_back)

    def _come_back(self) -> None:
        self.world.connection(ConnectionState.LIVE)

    def _ban(self) -> None:
        until_ns = self._venue_utc_ns() + 2 * NS_PER_S
        self.at(self.world.now_ns + self._travel_ns(), lambda: self._tell_ban(until_ns))

    def _tell_ban(self, until_ns: int) -> None:
        for window in self.case.windows:
            self.world.feed(
                RecordKind.RATE_LIMIT,
                limit_type=window.limit_type,
                limit=-1,
                count=-1,
                blocked_until_utc_ns=until_ns,
            )
        self._bans_told.append((self.world.now_ns, until_ns))


def begin_ns() -> int:
    """A moment at which windows of every length begin at the venue, as we see it."""
    assert (START_NS + UTC_OFFSET_NS) % (10 * NS_PER_S) == 0
    return START_NS + 10 * NS_PER_S
