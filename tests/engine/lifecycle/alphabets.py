"""Owns the alphabets: for each kind of life the events whose every order is tried."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ipc.enums import RequestKind
from tests.engine.core.world import NS_PER_S, REQUEST_EXPIRY_NS
from tests.engine.lifecycle.facts import End, Status
from tests.engine.lifecycle.twins import Twins
from tests.engine.lifecycle.walk import Event

EVENTS: Mapping[str, Event] = {
    "acknowledged": lambda twins: twins.accept(),
    "part A": lambda twins: twins.fill(1, 4, leg=0),
    "part B": lambda twins: twins.fill(2, 3, leg=0),
    "rest": lambda twins: twins.fill(3, max(twins.model.leaves, 1), 9_999),
    "part A again": lambda twins: twins.fill(1, 4, leg=0),
    "too much": lambda twins: twins.fill(4, 12),
    "cancel": lambda twins: twins.cancel(),
    "canceled": lambda twins: twins.ended(),
    "cancel rejected": lambda twins: twins.cancel_rejected(is_order_unknown=False),
    "cancel of unknown": lambda twins: twins.cancel_rejected(),
    "rejected": lambda twins: twins.rejected(),
    "expired": lambda twins: twins.ended(End.EXPIRED),
    "canceled after 4": lambda twins: twins.ended(stated=4),
    "less": lambda twins: twins.amend(lots=8),
    "more": lambda twins: twins.amend(lots=20),
    "price": lambda twins: twins.amend(price=9_000),
    "replaced": lambda twins: twins.replaced(),
    "replace rejected": lambda twins: twins.replace_rejected(),
    "new leg acknowledged": lambda twins: twins.accept(twins.model.last_leg),
    "old leg canceled": lambda twins: twins.ended(leg=0),
    "reduced": lambda twins: twins.reduced(9),
    "lives": lambda twins: twins.lives(),
    "not found": lambda twins: twins.not_found(),
    "not found again": lambda twins: twins.not_found(),
    "request expires": lambda twins: twins.passes(REQUEST_EXPIRY_NS),
    "new lost": lambda twins: twins.outcome_unknown(RequestKind.NEW),
    "cancel lost": lambda twins: twins.outcome_unknown(RequestKind.CANCEL),
    "replace lost": lambda twins: twins.outcome_unknown(RequestKind.AMEND),
    "bust A": lambda twins: twins.trade_canceled(1),
    "correct A": lambda twins: twins.trade_corrected(1, 2),
    "done for day": lambda twins: twins.held(Status.DONE_FOR_DAY),
    "suspended": lambda twins: twins.held(Status.SUSPENDED),
    "stopped": lambda twins: twins.held(Status.STOPPED),
    "calculated": lambda twins: twins.held(Status.CALCULATED),
    "restated": lambda twins: twins.restated(),
    "triggered": lambda twins: twins.triggered(),
    "times out": lambda twins: twins.passes(NS_PER_S),
}


class Alphabet(NamedTuple):
    """A kind of life: how the order begins and what may happen to it."""

    start: Callable[[], Twins]
    events: tuple[str, ...]


def _live() -> Twins:
    twins = Twins()
    twins.accept()
    return twins


def _timed() -> Twins:
    return Twins(execution_timeout_ms=1_000)


ALPHABETS = {
    "plain": Alphabet(
        Twins,
        (
            "acknowledged",
            "part A",
            "rest",
            "cancel",
            "canceled",
            "cancel rejected",
            "rejected",
            "expired",
            "part A again",
        ),
    ),
    "doubt": Alphabet(
        Twins,
        (
            "acknowledged",
            "part A",
            "cancel",
            "cancel of unknown",
            "new lost",
            "cancel lost",
            "request expires",
            "lives",
            "not found",
            "not found again",
            "rest",
        ),
    ),
    "ends": Alphabet(
        _live,
        ("part A", "part B", "too much", "cancel", "canceled after 4", "expired", "rejected", "lives", "acknowledged"),
    ),
    "amend in place": Alphabet(
        _live,
        (
            "part A",
            "rest",
            "less",
            "replaced",
            "replace rejected",
            "cancel",
            "canceled",
            "cancel rejected",
            "reduced",
            "expired",
        ),
    ),
    "cancel-replace": Alphabet(
        _live,
        (
            "part A",
            "rest",
            "price",
            "replaced",
            "replace rejected",
            "old leg canceled",
            "new leg acknowledged",
            "cancel",
            "canceled",
            "cancel of unknown",
        ),
    ),
    "ledger": Alphabet(
        _live,
        ("part A", "part B", "rest", "bust A", "correct A", "cancel", "canceled", "part A again", "rejected"),
    ),
    "holds": Alphabet(
        _live,
        (
            "part A",
            "rest",
            "done for day",
            "suspended",
            "stopped",
            "calculated",
            "restated",
            "cancel",
            "canceled",
            "triggered",
        ),
    ),
    "timed": Alphabet(
        _timed,
        (
            "acknowledged",
            "part A",
            "rest",
            "cancel",
            "canceled",
            "cancel rejected",
            "cancel of unknown",
            "times out",
            "expired",
            "lives",
        ),
    ),
    "everything": Alphabet(_timed, tuple(EVENTS)),
}
