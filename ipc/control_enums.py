"""Owns the enumerations of what stops an engine: fence, breakers, and how far a halt is."""

from enum import IntEnum

from ipc.enums import AlarmCode


class FenceState(IntEnum):
    """What the words in shared memory let an engine send."""

    OPEN = 0
    LEASE_EXPIRED = 1  # the guardian does not watch: only cancels
    FENCED = 2  # the guardian has taken over: nothing, for good


class HaltPhase(IntEnum):
    """How far the cancelling of all that is open in a halted scope is."""

    NONE = 0
    ALL_AT_ONCE = 1  # by the venue's own cancel-all
    EACH = 2  # order by order, what still lives
    VERIFIED = 3


class Breaker(IntEnum):
    """What is watched, each with a threshold and an action."""

    REJECT_RATE = 0  # of a strategy
    UNKNOWN_ORDERS = 1  # of an account, here and below
    UNKNOWN_ORDER_AGE = 2
    PRICES_STALE = 3  # of an instrument, here and below
    PRICES_CROSSED = 4
    CLOCK_OFFSET = 5  # of an account: its venue's clock against the host's
    LOOP_STALL = 6  # of the engine
    POSITION_DIFFERS = 7  # of an account: what its venue says it has against what was booked


#: The alarm of each breaker, which has the breaker's name.
BREAKER_CODES = tuple(int(AlarmCode[kind.name]) for kind in Breaker)


class BreakerAction(IntEnum):
    """What happens beside the alarm while, or once, a threshold is exceeded."""

    ALARM = 0
    REFUSE = 1  # new orders, while it lasts
    REDUCE_ONLY = 2  # this and the next two until a person arms the scope
    CANCEL_ONLY = 3
    HALT = 4
