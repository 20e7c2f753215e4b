"""Owns the clocks of the reference order: what becomes due when time passes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tests.engine.lifecycle.facts import End
from tests.engine.lifecycle.model import LogicalOrder

NS_PER_MS = 1_000_000
# A cancel that did not end an order whose time is over, or that trades too much, is tried again after so long.
AGAIN_NS = 1_000_000_000


@dataclass
class Clocks:
    """Moments and waits in nanoseconds, 0 for none."""

    over_ns: int = 0
    gives: End = End.EXECUTION_TIMEOUT
    acknowledgement_wait_ns: int = 0
    cancel_wait_ns: int = 0
    sent_ns: int = 0
    cancel_ns: int = 0
    amendment_ns: int = 0
    amendment_version: int = 0

    @classmethod
    def of(cls, fields: Mapping[str, int], terms: Mapping[str, int], now_ns: int, utc_offset_ns: int) -> Self:
        """The clocks of an order that is sent now."""
        clocks = cls(sent_ns=now_ns)
        clocks.acknowledgement_wait_ns = terms.get("acknowledgement_timeout_ns", 0)
        clocks.cancel_wait_ns = terms.get("cancel_timeout_ns", 0)
        if fields.get("expire_utc_ns"):
            clocks.over_ns, clocks.gives = fields["expire_utc_ns"] - utc_offset_ns, End.EXPIRED
        if fields.get("execution_timeout_ms"):
            clocks.over_ns = now_ns + fields["execution_timeout_ms"] * NS_PER_MS
        return clocks

    def watch(self, model: LogicalOrder, now_ns: int) -> None:
        """Takes in what the last event has set going."""
        if not model.is_pending_cancel:
            self.cancel_ns = 0
        elif self.cancel_ns == 0:
            self.cancel_ns = now_ns
        version = model.amendment.version if model.amendment else 0
        if version != self.amendment_version:
            self.amendment_ns, self.amendment_version = now_ns, version
        has_to_end = (model.is_time_over or model.has_surplus) and not model.is_pending_cancel
        if has_to_end and not model.end and not model.end_wanted and not 0 < self.over_ns <= now_ns + AGAIN_NS:
            self.over_ns = now_ns + AGAIN_NS

    def ring(self, model: LogicalOrder, now_ns: int) -> None:
        """Lets happen what is due."""
        if self.over_ns and self.over_ns <= now_ns and not model.end:
            self.over_ns = 0
            model.time_out(self.gives)
            return
        new_is_late = self.acknowledgement_wait_ns and self.sent_ns + self.acknowledgement_wait_ns <= now_ns
        cancel_is_late = self.cancel_wait_ns and self.cancel_ns and self.cancel_ns + self.cancel_wait_ns <= now_ns
        if (new_is_late and model.is_pending_new) or (cancel_is_late and model.is_pending_cancel):
            model.unanswered()
