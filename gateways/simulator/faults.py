"""Owns the scripted faults: what may go wrong, when, and how often."""

from typing import Literal

import msgspec

REQUEST_FAULTS = frozenset(
    {
        "drop_connection",
        "half_open",
        "unknown_outcome",
        "refuse_request",
        "drop_request",
        "delay_request",
        "lagging_query",
    }
)
REPLY_FAULTS = frozenset({"drop_reply", "delay_reply", "malformed_reply", "drop_after"})
ORDER_FAULTS = frozenset({"events_first"})
EVENT_FAULTS = frozenset({"duplicate_event", "drop_event", "delay_event", "reorder_event", "malformed_event"})

FaultAction = Literal[
    "drop_connection",  # close without processing the request
    "half_open",  # process nothing and send nothing more, but keep the socket
    "unknown_outcome",  # answer -1006, -1007 or another 5xx; `executes` says what truly happened
    "refuse_request",  # answer `code`, a documented refusal such as -1015 or -1003, and do nothing
    "drop_request",  # lose the request on its way in
    "delay_request",  # process it `delay_ms` later, even if its connection is gone by then
    "lagging_query",  # answer a query as it would have been `delay_ms` ago
    "drop_reply",  # process, never answer
    "drop_after",  # process, then close without answering
    "delay_reply",
    "malformed_reply",
    "events_first",  # the private events overtake the reply
    "duplicate_event",
    "drop_event",
    "delay_event",  # and everything behind it
    "reorder_event",  # let what comes within `delay_ms` overtake it
    "malformed_event",
]


class FaultRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scripted fault: after `skip` matching messages it strikes `count` times.

    `match` is a request method ("order.place") or an event name ("executionReport"); empty matches all.
    """

    action: FaultAction
    match: str = ""
    skip: int = 0
    count: int = 1
    delay_ms: int = 0
    code: int = -1007
    status: int = 0  # of a refusal, where it is not the documented one
    executes: bool = True


class _Countdown:
    """How many more messages a rule lets pass, and how often it may still strike."""

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self.skip = rule.skip
        self.count = rule.count

    def strikes(self) -> bool:
        if self.skip > 0:
            self.skip -= 1
            return False
        self.count -= 1
        return True


class Faults:
    """The faults still to come; tests add to them while the venue runs."""

    def __init__(self, rules: tuple[FaultRule, ...] = ()) -> None:
        self._pending = [_Countdown(rule) for rule in rules]
        self.struck: list[FaultRule] = []

    def add(self, rule: FaultRule) -> None:
        """Arms one more fault."""
        self._pending.append(_Countdown(rule))

    def clear(self) -> None:
        """Disarms everything that has not struck yet."""
        self._pending.clear()

    def on_request(self, method: str) -> FaultRule | None:
        """The fault that meets this request before it is processed."""
        return self._take(method, REQUEST_FAULTS) if self._pending else None

    def on_reply(self, method: str) -> FaultRule | None:
        """The fault that meets the reply to this request."""
        return self._take(method, REPLY_FAULTS) if self._pending else None

    def takes_events_first(self, method: str) -> bool:
        """Whether the private events of this request overtake its reply."""
        return bool(self._pending) and self._take(method, ORDER_FAULTS) is not None

    def on_event(self, name: str) -> FaultRule | None:
        """The fault that meets this private event."""
        return self._take(name, EVENT_FAULTS) if self._pending else None

    def _take(self, name: str, actions: frozenset[str]) -> FaultRule | None:
        for countdown in self._pending:
            rule = countdown.rule
            if rule.action in actions and rule.match in {"", name} and countdown.strikes():
                if countdown.count <= 0:
                    self._pending.remove(countdown)
                self.struck.append(rule)
                return rule
        return None
