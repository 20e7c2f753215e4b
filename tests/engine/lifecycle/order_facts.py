"""Owns what the reference order knows and what follows from it: status, leaves, what is reserved."""

import copy
from typing import Self

from tests.engine.lifecycle.facts import PRECEDENCE, Alarm, Amendment, End, Happened, Status, Wanted, Way
from tests.engine.lifecycle.ledger import Ledger

_END_STATUS = {
    End.FILLED: Status.FILLED,
    End.CANCELED: Status.CANCELED,
    End.EXECUTION_TIMEOUT: Status.CANCELED,
    End.EXPIRED: Status.EXPIRED,
    End.REJECTED: Status.REJECTED,
}


class OrderFacts:
    """One order of a strategy with all legs that carried it at the venue."""

    def __init__(self, lots: int, price: int, *, is_buy: bool, is_scheduled: bool, is_stop: bool) -> None:
        self.lots, self.price = lots, price
        self.ledger = Ledger(is_buy=is_buy)
        self.leg = self.last_leg = 0
        self.asked = {0: lots}  # what each leg was sent for
        self.is_leg_reduced = False  # by the venue, unasked
        self.is_accepted = False
        self.is_stop = is_stop
        self.is_triggered = False
        self.is_sent = not is_scheduled
        self.is_pending_new = self.is_pending_cancel = False
        self.cancel_waits = False  # for proof that there is something to cancel
        self.amendment: Amendment | None = None
        self.dropped: Amendment | None = None  # what was under way when it was given up
        self.waiting: Wanted | None = None  # the amendment behind it
        self.version = self.highest_version = 0
        self.is_in_doubt = False
        self.hold: Status | None = None
        self.end: End | None = None
        self.is_end_deduced = False  # from the venue's silence, not its word
        self.end_wanted: End | None = None  # as soon as all stated trades are here
        self.stated = 0
        self.cancel_gives = End.CANCELED
        self.is_time_over = False
        self.not_found_count = 0
        self.reports: list[tuple[Happened, Status]] = []
        self.requests: list[str] = []
        self.alarms: list[Alarm] = []

    # ---- what is derived ----
    @property
    def cum(self) -> int:
        """CumQty."""
        return self.ledger.cum

    @property
    def leaves(self) -> int:
        """LeavesQty."""
        if self.end_wanted:
            # Over at the venue: only what it counted and has not told yet is still to come.
            return max(self.stated - self.cum, 0)
        return 0 if self.end else max(self.lots - self.cum, 0)

    def rest_of(self, leg: int) -> int:
        """What a leg may still trade: more than is left of the order if another traded after it was asked for."""
        return self.asked.get(leg, 0) - self.ledger.of_leg(leg)

    @property
    def has_surplus(self) -> bool:
        """Whether the order is filled, and its leg may trade on."""
        return self.cum >= self.lots and self.amendment is None and self.rest_of(self.leg) > 0

    @property
    def reserved(self) -> int:
        """The most that may still trade, by what is in force and by what was asked for."""
        if self.end:
            return 0
        if self.end_wanted:
            follows = self.amendment.lots - self.cum if self.amendment else 0
            return max(self.leaves, follows)
        most = max(self.lots - self.cum, self.rest_of(self.leg), 0)
        if self.amendment and self.amendment.way is Way.NEW_LEG:
            most = max(most, self.rest_of(self.amendment.leg))
        elif self.amendment:
            most = max(most, self.amendment.lots - self.cum)
        return most

    @property
    def status(self) -> Status:
        """Of all statuses that apply the one that FIX puts first."""
        applying = {Status.NEW if self.is_accepted else Status.PENDING_NEW}
        if self.cum > 0:
            applying.add(Status.PARTIALLY_FILLED)
        if self.end:
            applying.add(_END_STATUS[self.end])
        if self.end in (None, End.FILLED):
            applying |= {Status.PENDING_CANCEL} if self.is_pending_cancel else set()
            applying |= {Status.PENDING_REPLACE} if self.amendment or self.waiting else set()
        if self.end is None:
            applying |= {Status.UNKNOWN} if self.is_in_doubt else set()
            applying |= {Status.FILLED} if self.cum >= self.lots else set()
            applying |= {self.hold} if self.hold else set()
        return max(applying, key=PRECEDENCE.__getitem__)

    def copy(self) -> Self:
        """Another order of the same facts."""
        other = copy.copy(self)
        other.ledger = self.ledger.copy()
        other.amendment = copy.copy(self.amendment)
        other.asked = dict(self.asked)
        other.reports, other.requests, other.alarms = list(self.reports), list(self.requests), list(self.alarms)
        return other

    def facts(self) -> tuple[object, ...]:
        """All that distinguishes one state of an order from another."""
        amendment = self.amendment and (self.amendment.way, self.amendment.lots, self.amendment.is_old_leg_gone)
        pending = (
            self.is_sent,
            self.is_triggered,
            self.is_accepted,
            self.is_pending_new,
            self.is_pending_cancel,
            self.cancel_waits,
        )
        doubts = (self.is_in_doubt, self.not_found_count)
        amount = (self.lots, self.price, self.leg, self.cum, self.ledger.notional, self.stated, self.rest_of(self.leg))
        return (*pending, *doubts, *amount, amendment, self.waiting, self.hold, self.end, self.end_wanted)
