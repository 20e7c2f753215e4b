"""Owns what a strategy asks of the reference order, and what its own time asks."""

from tests.engine.lifecycle.facts import End, Happened, Wanted
from tests.engine.lifecycle.order_steps import OrderSteps


class Requests(OrderSteps):
    """The requests; each is sent, kept or refused."""

    def __init__(
        self, lots: int, price: int, *, is_buy: bool = True, is_scheduled: bool = False, is_stop: bool = False
    ) -> None:
        super().__init__(lots, price, is_buy=is_buy, is_scheduled=is_scheduled, is_stop=is_stop)
        if self.is_sent:
            self._send_new()
        self._tell(Happened.PENDING_NEW)

    def cancel(self) -> None:
        """A cancel request."""
        held_open = self.end_wanted and not self._cancels_first()
        if self.end or held_open or self.is_pending_cancel:
            self._tell(Happened.REFUSED)
            return
        if not self.is_sent:
            self._finish(End.CANCELED, Happened.CANCELED)
            return
        self._cancel(End.CANCELED)

    def time_out(self, gives: End = End.EXECUTION_TIMEOUT) -> None:
        """The order's own time is over: what is left is cancelled and the outcome waited for."""
        if self.end or (self.end_wanted and not self._cancels_first()):
            return
        self.cancel_gives = gives
        self.is_time_over = True
        if self.is_pending_cancel:
            return
        if not self.is_sent:
            self._finish(gives, Happened.CANCELED if gives is End.EXECUTION_TIMEOUT else Happened.EXPIRED)
            return
        self._cancel(gives)

    def amend(self, lots: int = 0, price: int = 0, *, version: int = 0, condition: int = 0) -> None:
        """A replace request: sent, or kept until the one before it is settled; 0 keeps what is or is to be."""
        wanted = Wanted(lots, price, version or self.highest_version + 1, condition)
        cancels = self.is_pending_cancel and not self._cancels_first()
        if self.end or self.end_wanted or self.is_in_doubt or cancels or not self._is_change(wanted):
            self._tell(Happened.REFUSED)
        elif self.amendment or self.is_pending_new:
            self._drop_waiting()
            self.waiting = wanted
            self.highest_version = wanted.version
            self._tell(Happened.PENDING_REPLACE)
        else:
            self.highest_version = wanted.version
            self._amend(wanted)

    def carry_on(self) -> None:
        """Gives the amendment that waits its turn, if that has come; the venue has said something."""
        wanted = self.waiting
        if wanted is None:
            return
        if self.end or self.is_pending_cancel or self.cancel_waits:
            self._drop_waiting()
        elif not (self.amendment or self.is_pending_new or self.end_wanted or self.is_in_doubt):
            if wanted.condition in (0, self.version) and self._is_change(wanted):
                self.waiting = None
                self._amend(wanted)
            else:
                self._drop_waiting()

    def query(self) -> None:
        """A status request: told from what is known, and nothing changes by it."""
        self._tell(Happened.ORDER_STATUS)

    def release(self) -> None:
        """The scheduled time has come."""
        if self.is_sent or self.end:
            return
        self._send_new()
        self._tell(Happened.RELEASED)
