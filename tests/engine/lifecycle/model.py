"""Owns the reference order: one logical order by FIX appendix D and the known races, in plain Python.

Four facts that do not depend on each other: whether the venue took the order, the ledger of its trades, what is
pending, and its end. The status is derived from them. Whatever contradicts becomes a doubt, and a doubt ends by the
venue's word alone. It knows nothing of the engine: this is what the engine is held against.
"""

from tests.engine.lifecycle.facts import Alarm, End, Happened, Status, Trade, Way
from tests.engine.lifecycle.requests import Requests

# The requests whose answer may be lost.
NEW, CANCEL, REPLACE = "new", "cancel", "replace"


class LogicalOrder(Requests):
    """What the venue says of an order, beside what is asked of it."""

    def accepted(self, leg: int = 0) -> None:
        """An acknowledgement: news at most once, whatever came before it."""
        if self._is_replacement(leg):
            self._come_about()
            return
        if leg > self.leg:
            self._hear_of_dropped_leg(leg)
            return
        if leg != self.leg:
            return
        if self.is_end_deduced:
            self._revive()
        if self.end or not self.is_pending_new:
            return
        self._prove_taken()
        self._tell(Happened.NEW)
        self._go_on()

    def fill(self, trade_id: int, lots: int, price: int, *, leg: int = 0, stated: int | None = None) -> None:
        """A trade: it is booked whatever the order's state, exactly once."""
        if self._is_replacement(leg):
            self._come_about()
        elif leg > self.leg:
            self._hear_of_dropped_leg(leg)
        is_revived = self.is_end_deduced
        if is_revived:
            self._revive()
        known = self.ledger.find(trade_id)
        if known is None:
            self._book(trade_id, Trade(leg, lots, price), stated)
        elif not known.is_taken_back and (known.lots, known.price) != (lots, price):
            self.alarms.append(Alarm.TRADE_DIFFERS)
        if is_revived and not self.end:
            # It traded; whether its rest still lives the venue must say.
            self.is_in_doubt = True
            self._tell(Happened.UNKNOWN)
        self._go_on()

    def _book(self, trade_id: int, trade: Trade, stated: int | None) -> None:
        missed_trades = self.stated > self.cum
        self.ledger.book(trade_id, trade)
        if self.end not in (None, End.FILLED):
            self.alarms.append(Alarm.LATE_FILL)
        if self.cum > self.lots:
            self.alarms.append(Alarm.OVERFILL)
        if not self.end:
            if trade.leg == self.leg:
                self._prove_taken()
            self._state(trade.leg, stated)
            if trade.leg > self.leg and self.stated:
                self.stated += trade.lots  # it is none of the trades that the venue had counted
            if missed_trades and self.stated <= self.cum:
                self._settle_doubt()
            self._fill_up()
        ending = self._end_if_all_is_here()
        self._tell(Happened.TRADE)
        if ending and self.end is not End.FILLED:
            self._tell(ending)

    def ended(self, gives: End, *, leg: int = 0, stated: int | None = None) -> None:
        """A leg is over: canceled or expired, asked for or not."""
        if self._is_replacement(leg):
            self._come_about()
        if leg != self.leg or not self.is_sent:
            return
        self._state(leg, stated)
        if self.end:
            self._reopen_for_missing()
            return
        self.is_accepted = True
        if self._is_old_leg_lost():
            return
        wanted = self.end_wanted or (self.cancel_gives if gives is End.CANCELED else gives)
        if not self._cancels_first():
            self._drop_pending()
        if self.stated > self.cum:
            self._wait_for_trades(wanted)
            return
        self.end_wanted = wanted
        self.hold = None
        ending = self._end_if_all_is_here()
        if ending:
            self._tell(ending)

    def rejected(self, leg: int = 0) -> None:
        """The venue refuses what was sent, or has second thoughts (FIX knows New to Rejected)."""
        if self._is_replacement(leg):
            self._reject_amendment()
            return
        if leg != self.leg or self.end:
            return
        if self.end_wanted or self.stated > self.cum:
            if not self._cancels_first():
                self._drop_pending()
            self._wait_for_trades(End.CANCELED)
            return
        self._drop_pending()
        # FIX puts Rejected below PartiallyFilled: of an order that has traded only the rest was refused.
        self._finish(End.CANCELED if self.cum else End.REJECTED, Happened.REJECTED)

    def cancel_rejected(self, *, is_order_unknown: bool, leg: int = 0) -> None:
        """The order is as it was; if the venue does not know it, its outcome is in doubt."""
        if self.end_wanted:
            return
        if self._cancels_first() and not self.is_pending_cancel:
            self._reject_amendment(is_order_unknown=is_order_unknown)
            return
        if not self.is_pending_cancel or (self.cancel_waits and not self.end):
            return
        if is_order_unknown and not self.end:
            if self.is_pending_new or (self.amendment and self.amendment.way is Way.NEW_LEG):
                self.cancel_waits = True
                return
            if leg != self.leg:
                self.requests.append("CANCEL")
                self._tell(Happened.PENDING_CANCEL)
                return
        self._forget_cancel()
        if is_order_unknown and not self.end:
            self.is_in_doubt = True
        self._tell(Happened.CANCEL_REJECTED)

    def replaced(self, *, lots: int | None = None, leg: int | None = None) -> None:
        """The amendment came about, or the venue took something away by itself."""
        fits = self.amendment and (lots is None or lots == self.amendment.lots)
        if fits and self.amendment and self.amendment.way is not Way.CANCEL_FIRST:
            if self.amendment.way is Way.IN_PLACE or leg == self.amendment.leg:
                self._come_about()
        elif lots is not None and not self.end and not self.end_wanted:
            self._reduce(lots)

    def _reduce(self, lots: int) -> None:
        leg_lots = lots - self.ledger.before_leg(self.leg)
        if lots < self.lots or leg_lots < self.asked[self.leg]:
            if lots < self.lots:
                self.lots = max(lots, self.cum)
            self.asked[self.leg] = min(leg_lots, self.asked[self.leg])
            self.is_leg_reduced = True
            self._fill_up()
            self._tell(Happened.REPLACED)

    def replace_rejected(self, *, is_order_unknown: bool = False) -> None:
        """The venue does not replace; of an amendment by a cancel and a new order it was not asked to."""
        if self.amendment and self.amendment.way is not Way.CANCEL_FIRST:
            self._reject_amendment(is_order_unknown=is_order_unknown)

    def _reject_amendment(self, *, is_order_unknown: bool = False) -> None:
        """The original parameters stay in force, if the original is still there."""
        if self.amendment is None or self.end or self.end_wanted:
            return
        gone = self.amendment.is_old_leg_gone
        self._drop_amendment()
        if is_order_unknown and not gone and self.cum < self.lots:
            self.is_in_doubt = True
        if not gone:
            self._fill_up()
        self._tell(Happened.REPLACE_REJECTED)
        if gone:
            gives = self.cancel_gives
            self._drop_pending()
            if self.stated > self.cum:
                self._wait_for_trades(gives)
            else:
                self._finish(gives, Happened.CANCELED)
            return
        self._go_on()

    def lives(self, *, leg: int = 0, stated: int | None = None, amendment_may_arrive: bool = False) -> None:
        """The answer to a query: this leg is open; what was in doubt did not happen, or did, or still may."""
        if self._is_replacement(leg):
            self._come_about()
            return
        if leg > self.leg:
            self._hear_of_dropped_leg(leg)
            return
        if leg != self.leg or not self.is_sent:
            return
        if self.end and not self.is_end_deduced:
            self._state(leg, stated)
            self._reopen_for_missing()
            return
        if stated is not None and stated < self.ledger.of_leg(leg):
            return  # It is older than the last trades.
        if self.end:
            self._revive()
        self._state(leg, stated)
        if not self.end_wanted:
            self._settle_requests(amendment_may_arrive=amendment_may_arrive)

    def _settle_requests(self, *, amendment_may_arrive: bool) -> None:
        was_in_doubt, self.is_in_doubt = self.is_in_doubt, False
        self._prove_taken()
        self.not_found_count = 0
        self.hold = None
        if was_in_doubt and self.amendment and not self._cancels_first() and amendment_may_arrive:
            self.is_in_doubt = True
            self._cancel_as_wanted()
            return
        dropped = was_in_doubt and self.amendment is not None
        if was_in_doubt:
            self._forget_cancel(keep_waiting=True)
            self._drop_amendment()
        self.is_in_doubt = self.stated > self.cum
        if dropped:
            self._fill_up()
        self._tell(Happened.UNKNOWN if self.is_in_doubt else Happened.ORDER_STATUS)
        if dropped:
            self._tell(Happened.REPLACE_REJECTED)
        if not self.end:
            self._cancel_as_wanted()

    def outcome_unknown(self, request: str = "") -> None:
        """The answer to a request was lost."""
        if self.end or self.end_wanted:
            return
        is_canceling = self.is_pending_cancel or self._cancels_first()
        pending = {NEW: self.is_pending_new, CANCEL: is_canceling, REPLACE: self.amendment is not None}
        if any(is_pending and request in ("", name) for name, is_pending in pending.items()):
            self.is_in_doubt = True
            self._tell(Happened.UNKNOWN)

    def unanswered(self) -> None:
        """An answer is overdue; that is a doubt and proves nothing."""
        if not self.end:
            self._doubt()

    def not_found(self, *, may_still_arrive: bool) -> None:
        """The venue knows no such order: proof only twice, and only when the request can no longer arrive."""
        if self.end or self.end_wanted or not self.is_sent:
            return
        if self.is_accepted:
            self._doubt()
            return
        if may_still_arrive:
            return
        self.not_found_count += 1
        if self.not_found_count > 1:
            was_canceling = self.is_pending_cancel
            if self._is_replacement(self.leg):
                self._reject_amendment()
                self.cancel_waits, self.is_end_deduced = was_canceling, True
                return
            self._drop_pending()
            # If it lives after all, the cancel is still wanted.
            self.cancel_waits = was_canceling
            self.is_end_deduced = True
            self._finish(End.CANCELED if self.cum else End.REJECTED, Happened.REJECTED)

    def held(self, hold: Status) -> None:
        """The venue keeps the order from trading for a while."""
        self._hear_of_replacement()
        if self.end or self.end_wanted:
            return
        if self.hold is not hold:
            self._prove_taken()
            self.hold = hold
            self._tell(Happened[hold.name])
        self._go_on()

    def restated(self, lots: int | None = None, price: int | None = None) -> None:
        """The venue says the order anew: a hold is over, a quantity is another."""
        self._hear_of_replacement()
        if self.end or self.end_wanted:
            return
        self._prove_taken()
        self.hold = None
        self.price = price or self.price
        if lots is not None:
            self._restate(lots)
        self._fill_up()
        self._tell(Happened.RESTATED)
        self._go_on()

    def triggered(self) -> None:
        """The stop price has traded."""
        self._hear_of_replacement()
        if self.end or self.end_wanted:
            return
        if self.is_stop and not self.is_triggered:
            self._prove_taken()
            self.is_triggered = True
            self._tell(Happened.TRIGGERED)
        self._go_on()

    def trade_canceled(self, trade_id: int) -> None:
        """A bust: the trade is taken back, even if this word overtook it."""
        trade = self.ledger.find(trade_id)
        if trade is None:
            self.ledger.book(trade_id, Trade(self.leg, 0, 0, is_taken_back=True))
            self.alarms.append(Alarm.TRADE_CANCELED)
        elif not trade.is_taken_back:
            trade.is_taken_back = True
            self._edit_ledger(Happened.TRADE_CANCELED, Alarm.TRADE_CANCELED, added=-trade.lots)

    def trade_corrected(self, trade_id: int, lots: int, price: int) -> None:
        """A trade has other contents; the venue's last word on it counts, even if it is the first to come."""
        trade = self.ledger.find(trade_id)
        if trade is None:
            self.fill(trade_id, lots, price, leg=self.leg)
            self.alarms.append(Alarm.TRADE_CORRECTED)
        elif trade.is_taken_back or (trade.lots, trade.price) != (lots, price):
            added = lots - (0 if trade.is_taken_back else trade.lots)
            trade.lots, trade.price, trade.is_taken_back = lots, price, False
            self._edit_ledger(Happened.TRADE_CORRECTED, Alarm.TRADE_CORRECTED, added=added)
