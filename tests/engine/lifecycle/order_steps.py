"""Owns the steps that several events of the reference order share."""

from tests.engine.lifecycle.facts import Alarm, Amendment, End, Happened, Wanted, Way
from tests.engine.lifecycle.order_facts import OrderFacts


class OrderSteps(OrderFacts):
    """How the facts change together."""

    def _tell(self, happened: Happened) -> None:
        self.reports.append((happened, self.status))

    def _send_new(self) -> None:
        self.is_sent = self.is_pending_new = True
        self.requests.append("NEW")

    def _is_replacement(self, leg: int) -> bool:
        amendment = self.amendment
        if amendment is None or leg != amendment.leg:
            return False
        return amendment.way is Way.NEW_LEG or (amendment.way is Way.CANCEL_FIRST and amendment.is_old_leg_gone)

    def _prove_taken(self) -> None:
        was_pending, self.is_pending_new = self.is_pending_new, False
        self.is_accepted = True
        if was_pending:
            self._settle_doubt()

    def _doubt(self) -> None:
        if not self.is_in_doubt:
            self.is_in_doubt = True
            self._tell(Happened.UNKNOWN)

    def _settle_doubt(self) -> None:
        """An order is in doubt as a whole: an answer ends it if no other is awaited."""
        cancel_is_out = self.is_pending_cancel and not self.cancel_waits
        if not self.is_pending_new and not cancel_is_out and self.amendment is None:
            self.is_in_doubt = self.stated > self.cum

    def _state(self, leg: int, stated: int | None) -> None:
        if stated is not None:
            self.stated = max(self.stated, self.ledger.before_leg(leg) + stated)

    def _restate(self, lots: int) -> None:
        self.lots = max(lots, self.cum)
        self.asked[self.leg] = self.lots - self.ledger.before_leg(self.leg)
        self._fill_up()

    def _fill_up(self) -> None:
        if not self.end and not self.amendment and self.cum >= self.lots:
            if self.has_surplus:
                # Another leg traded after this one was asked for: what it has too much must go.
                if not self.is_pending_cancel and not self.end_wanted:
                    self._ask_cancel(End.CANCELED)
                return
            if self.end_wanted:
                self._forget_cancel()
            self.end = End.FILLED
            self.end_wanted = None
            self.is_in_doubt = False
            self.hold = None

    def _end_if_all_is_here(self) -> Happened | None:
        """Ends an order that waited for its last trades; returns how that is reported."""
        if not self.end_wanted or self.end or self.cum < self.stated:
            return None
        if self._cancels_first():
            self.end_wanted, self.is_in_doubt = None, False
            self._is_old_leg_lost()
            return None
        expired = self.end_wanted is End.EXPIRED
        self.end = End.FILLED if self.cum >= self.lots else self.end_wanted
        self.end_wanted, self.is_in_doubt, self.hold = None, False, None
        self._forget_cancel()
        return Happened.EXPIRED if expired else Happened.CANCELED

    def _finish(self, end: End, happened: Happened) -> None:
        self.end = end
        self.end_wanted = None
        self.is_in_doubt = False
        self.hold = None
        self._tell(happened)

    def _drop_pending(self) -> None:
        self.is_pending_new = False
        self._drop_amendment()
        self._forget_cancel()

    def _forget_cancel(self, *, keep_waiting: bool = False) -> None:
        if keep_waiting and self.cancel_waits:
            return
        self.is_pending_cancel = self.cancel_waits = False

    def _drop_amendment(self) -> None:
        amendment, self.amendment = self.amendment, None
        if amendment and amendment.way is Way.NEW_LEG:
            self.dropped = amendment

    def _hear_of_dropped_leg(self, leg: int) -> None:
        """A replacement that was given up shows itself: it is the order now, or one leg too many."""
        self.alarms.append(Alarm.REVIVED_ORDER)
        is_over = self.end or self.end_wanted
        if is_over or self.amendment or self.dropped is None or leg != self.dropped.leg:
            self.requests.append("CANCEL")
            return
        self.amendment, self.dropped = self.dropped, None
        self._come_about()

    def _hear_of_replacement(self) -> None:
        """Whatever the venue says of a new leg proves it."""
        if self._is_replacement(self.leg):
            self._come_about()

    def _wait_for_trades(self, gives: End) -> None:
        """Over at the venue, which counts trades that have not come."""
        self.end_wanted, self.is_in_doubt, self.hold = gives, True, None
        self._tell(Happened.UNKNOWN)

    def _drop_waiting(self) -> None:
        if self.waiting:
            self.waiting = None
            self._tell(Happened.REPLACE_REJECTED)

    def _is_change(self, wanted: Wanted) -> bool:
        target = self.amendment or self
        lots, price = wanted.lots or target.lots, wanted.price or target.price
        return lots > self.cum and (lots, price) != (target.lots, target.price)

    def _cancels_first(self) -> bool:
        amendment = self.amendment
        return amendment is not None and amendment.way is Way.CANCEL_FIRST and not amendment.is_old_leg_gone

    def _cancel(self, gives: End) -> None:
        self._drop_waiting()
        self._ask_cancel(gives)

    def _ask_cancel(self, gives: End) -> None:
        self.is_pending_cancel = True
        if not self.is_time_over:
            self.cancel_gives = gives
        drops = self._cancels_first()
        if drops:
            self._drop_amendment()
            self.end_wanted = self.end_wanted and self.cancel_gives
        else:
            self.requests.append("CANCEL")
        self._tell(Happened.PENDING_CANCEL)
        if drops:
            self._fill_up()
            self._tell(Happened.REPLACE_REJECTED)

    def _reopen_for_missing(self) -> None:
        """The venue counts more than has come of an order that was thought over: it waits for that again."""
        if self.stated <= self.cum or self.end is None:
            return
        self.end_wanted = End.CANCELED if self.end is End.REJECTED else self.end
        self.end, self.is_end_deduced = None, False
        self.is_in_doubt = self.is_accepted = True
        self._forget_cancel()
        self._tell(Happened.UNKNOWN)

    def _amend(self, wanted: Wanted) -> None:
        lots, price = wanted.lots or self.lots, wanted.price or self.price
        # A quantity that the venue took away unasked stays part of the one that it amends.
        if price == self.price and lots < self.lots and not self.is_leg_reduced:
            way, request = Way.IN_PLACE, "AMEND"
        elif self.ledger.of_leg(self.leg) == 0:
            way, request = Way.NEW_LEG, "CANCEL_REPLACE"
        else:
            way, request = Way.CANCEL_FIRST, "CANCEL"
        if way is not Way.IN_PLACE:
            self.last_leg += 1
        leg = self.leg if way is Way.IN_PLACE else self.last_leg
        leg_lots = lots - self.ledger.before_leg(leg)
        self.amendment, self.dropped = Amendment(way, lots, price, leg, wanted.version, leg_lots), None
        if way is Way.NEW_LEG:
            self.asked[self.last_leg] = lots - self.cum
        self.requests.append(request)
        self._tell(Happened.PENDING_REPLACE)

    def _is_old_leg_lost(self) -> bool:
        """Whether the end of the leg in force makes way for another; nothing is sent for what may have traded."""
        amendment = self.amendment
        if amendment is None or amendment.way is Way.IN_PLACE:
            return False
        misses_trades = self.stated > self.cum
        if amendment.way is Way.CANCEL_FIRST and misses_trades and not amendment.is_old_leg_gone:
            return False
        was_gone, amendment.is_old_leg_gone = amendment.is_old_leg_gone, True
        if misses_trades:
            self.is_in_doubt = True
        if amendment.way is Way.CANCEL_FIRST and not was_gone:
            # The leg that was asked about is over, and that was its last word.
            self.is_in_doubt = False
            if amendment.lots <= self.cum:
                # Nothing is left to be sent: the order is amended to what has traded.
                self.amendment, self.lots, self.version = None, self.cum, amendment.version
                self.end, self.is_in_doubt, self.hold = End.FILLED, False, None
                self._tell(Happened.REPLACED)
            else:
                # Nothing of the original is in force any more.
                self._take_parameters(amendment)
                self.asked[self.leg] = self.lots - self.cum
                self._send_new()
                self.is_accepted = False
                self._tell(Happened.PENDING_REPLACE)
        return True

    def _come_about(self) -> None:
        assert self.amendment is not None, "an amendment that comes about"
        amendment, self.amendment = self.amendment, None
        if amendment.way is Way.IN_PLACE:
            amendment.lots = min(amendment.lots, self.lots)
            self.asked[self.leg] = min(self.asked[self.leg], amendment.leg_lots)
        if not (amendment.way is Way.CANCEL_FIRST and amendment.is_old_leg_gone):
            # Those of a leg that was sent after the old one's end are in force since.
            self._take_parameters(amendment)
        self._prove_taken()
        self._settle_doubt()
        self._tell(Happened.REPLACED)
        self._fill_up()
        self._go_on()

    def _take_parameters(self, amendment: Amendment) -> None:
        if amendment.way is not Way.IN_PLACE:
            self.leg = amendment.leg
            self.is_leg_reduced = False
        self.version = amendment.version
        self.lots, self.price = max(amendment.lots, self.cum), amendment.price

    def _go_on(self) -> None:
        """Sends what waited for the answer that is here now."""
        if not (self.end or self.is_pending_new or self.amendment):
            self._cancel_as_wanted()

    def _cancel_as_wanted(self) -> None:
        if self.cancel_waits:
            self.cancel_waits, self.is_pending_cancel = False, True
            self.requests.append("CANCEL")
            self._tell(Happened.PENDING_CANCEL)

    def _revive(self) -> None:
        self.end, self.is_end_deduced = None, False
        self.is_pending_new = True
        self.cancel_waits = self.cancel_waits or self.is_time_over
        self.not_found_count = 0
        self.alarms.append(Alarm.REVIVED_ORDER)

    def _edit_ledger(self, happened: Happened, alarm: Alarm, *, added: int) -> None:
        if self.stated:
            # The venue's count moves with its trades.
            self.stated = max(self.stated + added, 0)
        self.alarms.append(alarm)
        if self.end is End.FILLED and self.cum < self.lots:
            self.end = None
            self.cancel_waits = self.cancel_waits or self.is_time_over
        if not self.end_wanted:
            self._fill_up()
        self._tell(happened)
