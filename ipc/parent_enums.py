"""Owns the enumerations of parent orders: how they work, what they may do, how far they are, and what is told."""

from enum import IntEnum, IntFlag


class Algorithm(IntEnum):
    """How a parent works its quantity; AUTO lets the engine choose by urgency, deadline and benchmark."""

    AUTO = 0
    TWAP = 1  # the same amount in every interval
    VWAP = 2  # by a schedule that follows a volume curve
    POV = 3  # a share of what the market trades
    IMPLEMENTATION_SHORTFALL = 4  # by a schedule that weighs impact against risk (Almgren-Chriss)
    ICEBERG = 5  # shows a part at the limit, and the next when that is filled
    SWEEP = 6  # takes at once what the books hold within the limit, and again what they fill up with
    SNIPER = 7  # waits unseen until the books hold enough within the limit, and takes it
    PEG = 8  # rests at the best price of its side and follows it
    CLOSE_OUT = 9  # brings the strategy's position to zero until the deadline, and never beyond
    STOP = 10  # sweeps once the price has gone through the trigger, which may trail
    BRACKET = 11  # rests at a take-profit price and holds a stop over the same quantity


class ParentFlag(IntFlag):
    """Instructions on one parent."""

    NONE = 0
    ROUTED = 1  # its children may go to any venue of the same canonical instrument
    REDUCE_ONLY = 2
    PASSIVE_ONLY = 4  # never takes
    TRIGGER_ABOVE = 8  # starts when the price is at or above the trigger
    TRIGGER_BELOW = 16  # starts when the price is at or below the trigger


class Benchmark(IntEnum):
    """What a parent's price is held against."""

    ARRIVAL = 0  # the mid when it started
    MARKET_VWAP = 1  # what the market traded at while it worked


class ParentState(IntEnum):
    """How far a parent is."""

    WAITING = 1  # for its start, its trigger, its schedule or the order that it follows
    WORKING = 2
    PAUSED = 3
    ENDING = 4  # its children are being cancelled
    ENDED = 5


class ParentEnd(IntEnum):
    """How a parent ended; NONE while it lives."""

    NONE = 0
    FILLED = 1
    CANCELED = 2
    EXPIRED = 3  # its end time came
    REFUSED = 4  # its children are refused for a reason that does not pass
    ENTRY_ENDED = 5  # the order that it was to follow ended without a fill
    POSITION_CLOSED = 6


class ParentEvent(IntEnum):
    """What happened to a parent."""

    ACCEPTED = 1
    STARTED = 2
    CHILD_SENT = 3
    CHILD_TRADED = 4
    CHILD_REFUSED = 5
    CHILD_REJECTED = 6  # by its venue
    PAUSED = 7
    RESUMED = 8
    AMENDED = 9
    SCHEDULED = 10  # its schedule is complete
    TRIGGERED = 11
    CANCELING = 12
    ENDED = 13
    HELD_BACK = 14  # it would trade and does not; the reason says why
    STATUS = 15


class ParentControl(IntEnum):
    """What a client asks of a parent beside an amendment and a cancel."""

    PAUSE = 1
    RESUME = 2


class RouteReason(IntEnum):
    """Why a venue was given what it was given."""

    BEST = 1  # its levels were the cheapest, fees included
    NEXT_BEST = 2  # what better ones could not fill
    WORSE_PRICE = 3
    BEYOND_LIMIT = 4  # nothing there within the limit
    NO_DEPTH = 5  # no book, or an old or crossed one
    NOT_PERMITTED = 6  # the controls would refuse it there: not connected, restricted, not this strategy's
    NO_RATE_BUDGET = 7
    PENALISED = 8  # it rejected one of ours lately
    BELOW_MINIMUM = 9  # what is left for it is less than the venue takes
