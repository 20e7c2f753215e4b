"""Owns how long a parent waits that met with a no, from our controls or from a venue, and when it gives up."""

import numpy as np

from engine.core.parent_checks import is_contingent
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import RefusalReason
from ipc.parent_enums import ParentEnd

# The wait doubles with each no in a row; a fill ends the row.
_HOLD_NS = 10_000_000
_DOUBLINGS_MAX = 7
_IN_A_ROW_MAX = 30


# What is over by itself when a connection, a price or room comes back: a parent waits for that as long as it lives.
_OF_THE_MOMENT = (
    RefusalReason.VENUE_NOT_READY + 0,
    RefusalReason.INSTRUMENT_NOT_TRADING + 0,
    RefusalReason.JOURNAL_NOT_KEEPING + 0,
    RefusalReason.LEASE_EXPIRED + 0,
    RefusalReason.TRADING_STATE + 0,
    RefusalReason.BREAKER_OPEN + 0,
    RefusalReason.NO_REFERENCE_PRICE + 0,
    RefusalReason.PRICE_COLLAR_EXCEEDED + 0,
    RefusalReason.SELF_MATCH + 0,
    RefusalReason.NO_CONVERSION_RATE + 0,
    RefusalReason.RATE_LIMIT_EXCEEDED + 0,
    RefusalReason.VENUE_RATE_LIMIT_EXCEEDED + 0,
    RefusalReason.RATE_SHARE_EXCEEDED + 0,
    RefusalReason.RATE_QUEUE_AHEAD + 0,
    RefusalReason.MESSAGE_THROTTLE_EXCEEDED + 0,
)


@kernel
def is_of_the_moment(reason: int) -> bool:
    """Whether what our own controls refuse for a reason may pass soon by itself."""
    return reason in _OF_THE_MOMENT


@kernel
def hold_longer(state: int, parent: np.void, may_pass: bool) -> None:
    """Lets a parent send nothing for a while; one that meets with nothing but a no that stays is over.

    Not so a bracket whose target is refused: it still holds the stop. And of what was sent together, or before the
    first no came, all are one.
    """
    if parent["hold_until_ns"] > header_of(state)["now_ns"]:
        return
    parent["refusal_count"] += 1
    if may_pass or (is_contingent(parent["algorithm"]) and parent["is_triggered"] == 0):
        parent["refusal_count"] = min(parent["refusal_count"], _DOUBLINGS_MAX + 1)
    doublings = min(parent["refusal_count"] - 1, _DOUBLINGS_MAX)
    parent["hold_until_ns"] = header_of(state)["now_ns"] + (_HOLD_NS << doublings)
    if parent["refusal_count"] > _IN_A_ROW_MAX and parent["end_reason"] == ParentEnd.NONE:
        parent["end_reason"] = ParentEnd.REFUSED
