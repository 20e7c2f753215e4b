"""Owns every enumeration that a record or a table may carry; FIX names where FIX has one."""

from enum import IntEnum, IntFlag


class RecordKind(IntEnum):
    """What a record says; the ranges tell who says it."""

    NEW_ORDER = 1
    CANCEL_ORDER = 2
    AMEND_ORDER = 3
    CANCEL_ALL = 4
    TARGET_POSITION = 5
    STATUS_REQUEST = 6
    NEW_PARENT = 7
    CONTROL_PARENT = 8
    SCHEDULE = 9
    SET_TRADING_STATE = 12
    SET_LIMIT = 13
    ACKNOWLEDGE_ALARM = 14
    HELLO = 16
    SNAPSHOT_REQUEST = 17
    EXECUTION_REPORT = 32
    WELCOME = 33
    INSTRUMENT_STATUS = 34
    POSITION_STATUS = 35
    BALANCE_STATUS = 36
    ORDER_STATUS = 37
    SNAPSHOT_END = 38
    ACCOUNT_STATUS = 39
    ASSET_STATUS = 40
    LAGGED = 41
    ALARM = 42
    CONTROL_REPORT = 43
    PARENT_REPORT = 44
    ROUTE_DECISION = 45
    VENUE_REPORT = 64
    BOOK_TOP = 65
    BALANCE = 66
    RATE_LIMIT = 67
    VENUE_STATE = 68
    TIMER = 69
    CLOCK_OFFSET = 70
    JOURNAL_STATE = 71
    BALANCE_CHANGE = 72
    FENCE = 73
    LOOP_STALL = 74
    TRADES_KNOWN = 75
    BOOK_DEPTH = 76
    MARKET_TRADES = 77
    COST_MODEL = 78
    FEE_RATES = 79
    VENUE_REQUEST = 96


class Side(IntEnum):
    """FIX Side(54)."""

    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """FIX OrdType(40); 0 asks for the configured default."""

    DEFAULT = 0
    MARKET = 1
    LIMIT = 2
    STOP = 3  # a market order once the stop price has traded
    STOP_LIMIT = 4


class TimeInForce(IntEnum):
    """FIX TimeInForce(59), shifted by one so that 0 asks for the configured default."""

    DEFAULT = 0
    DAY = 1  # until the end of the UTC day
    GTC = 2
    IOC = 4
    FOK = 5
    GTD = 7  # until expire_utc_ns


class OrderFlag(IntFlag):
    """Instructions on one order (FIX ExecInst)."""

    NONE = 0
    POST_ONLY = 1
    REDUCE_ONLY = 2
    FILL_FIRST = 4  # a MARKET order goes out as the venue's own, once the depth says that its price keeps within bounds
    PRICE_PROTECTED = 8  # a MARKET order goes out as an IOC limit at the worst price that it may have


class SelfTradePrevention(IntEnum):
    """What the venue does when an order would meet one of the same owner; DEFAULT leaves it to the account."""

    DEFAULT = 0
    NONE = 1
    EXPIRE_TAKER = 2
    EXPIRE_MAKER = 3
    EXPIRE_BOTH = 4
    DECREMENT = 5


class OrderStatus(IntEnum):
    """FIX OrdStatus(39), derived from an order's facts by FIX precedence; UNKNOWN is ours."""

    PENDING_NEW = 1
    NEW = 2
    PARTIALLY_FILLED = 3
    FILLED = 4
    CANCELED = 5
    EXPIRED = 6
    REJECTED = 7
    PENDING_CANCEL = 8
    PENDING_REPLACE = 9
    REFUSED = 10
    UNKNOWN = 11
    DONE_FOR_DAY = 12
    CALCULATED = 13
    STOPPED = 14
    SUSPENDED = 15


ENDED_STATUSES = frozenset(
    (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED, OrderStatus.REFUSED)
)


class ExecutionType(IntEnum):
    """FIX ExecType(150): what happened. REFUSED is ours: the engine said no before any venue saw it."""

    PENDING_NEW = 1
    NEW = 2
    TRADE = 3
    CANCELED = 4
    REPLACED = 5
    REJECTED = 6
    EXPIRED = 7
    PENDING_CANCEL = 8
    PENDING_REPLACE = 9
    CANCEL_REJECTED = 10
    REPLACE_REJECTED = 11
    REFUSED = 12
    ORDER_STATUS = 13
    UNKNOWN = 14
    RETRIED = 15
    RELEASED = 16  # a scheduled order went out
    TRIGGERED = 17
    TRADE_CANCELED = 18
    TRADE_CORRECTED = 19
    RESTATED = 20
    DONE_FOR_DAY = 21
    CALCULATED = 22
    STOPPED = 23
    SUSPENDED = 24
    STATUS_END = 25  # of the answer to a mass status, on no order: `current` tells how many were told
    QUEUED = 26  # waits for room in a rate limit; reason is that of the refusal that it would have been


class VenueEvent(IntEnum):
    """What a venue told us about one leg of an order."""

    ACCEPTED = 1
    FILL = 2
    CANCELED = 3
    EXPIRED = 4
    REJECTED = 5
    CANCEL_REJECTED = 6
    REPLACED = 7
    REPLACE_REJECTED = 8
    STATUS = 9
    NOT_FOUND = 10
    OUTCOME_UNKNOWN = 11
    TRIGGERED = 12
    TRADE_CANCELED = 13  # trade_id names the trade that the venue took back
    TRADE_CORRECTED = 14  # trade_id names the trade whose lots and price are now these
    DONE_FOR_DAY = 15
    CALCULATED = 16
    STOPPED = 17
    SUSPENDED = 18
    RESTATED = 19


class VenueHold(IntEnum):
    """What keeps a living order from trading for a while, by the venue's word (FIX OrdStatus 3, B, 7 and 9)."""

    NONE = 0
    DONE_FOR_DAY = 1
    CALCULATED = 2
    STOPPED = 3
    SUSPENDED = 4


class RequestKind(IntEnum):
    """What the core asks a venue to do."""

    NEW = 1
    CANCEL = 2
    AMEND = 3
    CANCEL_REPLACE = 4
    STATUS = 5
    CANCEL_ALL = 6  # of one instrument on one account


class EndReason(IntEnum):
    """How an order ended; NONE while it lives."""

    NONE = 0
    FILLED = 1
    CANCELED = 2
    EXPIRED = 3
    REJECTED = 4
    EXECUTION_TIMEOUT = 5
    SELF_TRADE_PREVENTED = 6
    RETRY_REFUSED = 7  # venue_code of the report then is the RefusalReason


class Liquidity(IntEnum):
    """FIX LastLiquidityInd(851)."""

    UNSTATED = 0
    ADDED = 1
    REMOVED = 2


class InstrumentStatus(IntEnum):
    """What the venue lets one do with an instrument."""

    HALTED = 0
    TRADING = 1
    CANCEL_ONLY = 2


class ConnectionState(IntEnum):
    """How far the order connection of one account is; only LIVE takes new orders."""

    DOWN = 0
    CONNECTING = 1
    RECONCILING = 2
    LIVE = 3


class VenueAbility(IntFlag):
    """What a venue can do to a live order of one instrument."""

    NONE = 0
    AMEND_KEEP_PRIORITY = 1
    CANCEL_REPLACE = 2
    STOP_ORDERS = 4
    DISPLAY_QUANTITY = 8
    SELF_TRADE_PREVENTION = 16
    REDUCE_ONLY = 32
    GOOD_TILL_DATE = 64


class ReplaceState(IntEnum):
    """How far the replacement of an order's leg is."""

    NONE = 0
    SENT = 1  # one request to the venue replaces the leg
    OLD_LEG_GONE = 2  # the venue confirmed the cancel, its word on the new leg is awaited
    CANCELING_FIRST = 3  # the leg is partially filled: its end is awaited before the new leg is sent
    NEW_LEG_SENT = 4  # that leg is gone and the new one was sent as an order of its own


class JournalState(IntEnum):
    """Whether what the engine does is being kept; only KEEPING takes new orders."""

    ABSENT = 0  # no journal process serves the ring
    KEEPING = 1
    BEHIND = 2  # the ring is half full
    FAILED = 3  # the disk is full or broken


class AlarmCode(IntEnum):
    """What a person should look at; the record beside it says which order, trade or asset and how much."""

    LATE_FILL = 1  # after the order's end
    OVERFILL = 2
    TRADE_CANCELED = 3
    TRADE_CORRECTED = 4
    TRADE_DIFFERS = 5  # the same trade id came again with other contents
    EXTERNAL_ORDER = 6  # on our account, but not sent by us
    EXTERNAL_TRADE = 7
    BALANCE_CHANGED = 8  # a deposit or a withdrawal
    ADOPTED_ORDER = 9  # it carries our id, but no journal knows it
    REVIVED_ORDER = 10  # the venue says that an order lives which it had denied
    POSITION_DIFFERS = 11  # a breaker: what the venue says an account has is not what was booked
    OUTCOME_UNRESOLVED = 12
    FORGOTTEN_TRADE = 13  # too old to say whether it was booked, so it was not
    KILL_VERIFIED = 14  # nothing that can trade is left in the scope
    # Further breakers.
    REJECT_RATE = 15
    UNKNOWN_ORDERS = 16
    UNKNOWN_ORDER_AGE = 17
    PRICES_STALE = 18
    PRICES_CROSSED = 19
    CLOCK_OFFSET = 20
    LOOP_STALL = 21
    JOURNAL_NOT_KEEPING = 22
    LEASE_EXPIRED = 23
    FENCED = 24
    TRADING_STATE_RAISED = 25  # until a person arms the scope
    ENGINE_HUNG = 30  # its guardian fenced and killed it, and cancels everything
    ENGINE_DIED = 31  # its guardian cancels what it left
    NOT_CLEARED = 32  # the guardian cannot prove yet that nothing is open
    GUARDIAN_DISCONNECTED = 33  # it could not cancel anything now
    LOSS_LIMIT_EXCEEDED = 40
    DRAWDOWN_LIMIT_EXCEEDED = 41
    BOTH_LEGS_FILLED = 50  # the legs of a bracket traded more than it holds
    MARKET_DATA_GAP = 51


class TradingState(IntEnum):
    """What may still be done in a scope; of several scopes the most restrictive, which is the largest, holds."""

    ACTIVE = 0
    REDUCE_ONLY = 1  # only orders that cannot increase a position
    CANCEL_ONLY = 2
    HALT = 3  # as CANCEL_ONLY, and what is open is cancelled


class ScopeKind(IntEnum):
    """What a trading state or a limit is about."""

    ENGINE = 1
    VENUE = 2
    ACCOUNT = 3
    STRATEGY = 4
    INSTRUMENT = 5
    BOOK = 6  # one strategy in one instrument


class RiskLimit(IntEnum):
    """A limit that can be set while the engine runs; each is the word of that name of a SCOPE or a BOOK."""

    MAX_OPEN_ORDERS = 1
    MAX_OPEN_UNITS = 2
    MAX_GROSS_UNITS = 3
    MAX_NET_UNITS = 4
    MAX_LEVERAGE_PERCENT = 5
    MAX_LOSS_UNITS = 6
    HALT_LOSS_UNITS = 7
    MAX_DRAWDOWN_UNITS = 8
    MAX_TRADED_UNITS = 9
    TRADED_WINDOW_NS = 10
    MAX_EXECUTIONS = 11
    MAX_ORDER_TO_TRADE = 12
    ORDER_TO_TRADE_GRACE = 13
    MAX_NEW_PER_S = 14
    MAX_AMENDS_PER_S = 15
    MAX_CANCELS_PER_S = 16
    MAX_ORDER_LOTS = 32
    MAX_ORDER_NOTIONAL = 33
    MAX_LONG_LOTS = 34
    MAX_SHORT_LOTS = 35
    PRICE_COLLAR_BPS = 36
    FAT_FINGER_BPS = 37


class RejectReason(IntEnum):
    """Why the venue said no; the venue's own code travels beside it."""

    NONE = 0
    OTHER = 1
    INSUFFICIENT_BALANCE = 2
    DUPLICATE_CLIENT_ORDER_ID = 3
    WOULD_TAKE_LIQUIDITY = 4
    UNKNOWN_ORDER = 5
    UNKNOWN_SYMBOL = 6
    PRICE_FILTER = 7
    LOT_SIZE = 8
    NOTIONAL_FILTER = 9
    PRICE_OUTSIDE_VENUE_BAND = 10
    TOO_MANY_ORDERS = 11
    RATE_LIMIT = 12
    MARKET_CLOSED = 13
    REQUEST_EXPIRED = 14
    NOT_AUTHORISED = 15
    MALFORMED_REQUEST = 16
    NO_CHANGE = 17
    VENUE_OVERLOADED = 18
    BANNED = 19
    SELF_TRADE = 20
    AMEND_NOT_POSSIBLE = 21
    NOT_SENT = 22


class RefusalReason(IntEnum):
    """Why the engine said no. The record beside it carries the limit, the current and the asked value."""

    NONE = 0
    MALFORMED_RECORD = 1
    UNKNOWN_RECORD_KIND = 2
    COMMAND_OUT_OF_SEQUENCE = 3
    COMMAND_EXPIRED = 4
    STALE_EPOCH = 5
    WRONG_INSTANCE = 6
    WRONG_STRATEGY = 7
    DUPLICATE_ORDER_ID = 8
    UNKNOWN_INSTRUMENT = 9
    UNKNOWN_ACCOUNT = 10
    UNKNOWN_ORDER = 11
    NOT_PERMITTED = 12
    INSTRUMENT_NOT_TRADING = 13
    VENUE_NOT_READY = 14
    INVALID_SIDE = 15
    INVALID_ORDER_TYPE = 16
    INVALID_TIME_IN_FORCE = 17
    INVALID_FLAGS = 18
    INVALID_PRICE = 19
    PRICE_OUT_OF_RANGE = 20
    INVALID_QUANTITY = 21
    QUANTITY_OUT_OF_RANGE = 22
    NOTIONAL_BELOW_MINIMUM = 23
    MAX_QUANTITY_EXCEEDED = 24
    MAX_NOTIONAL_EXCEEDED = 25
    POSITION_LIMIT_EXCEEDED = 26
    DUPLICATE_ORDER = 27
    RATE_LIMIT_EXCEEDED = 28
    VENUE_RATE_LIMIT_EXCEEDED = 29
    NO_REFERENCE_PRICE = 30
    ORDER_TABLE_FULL = 31
    ORDER_ALREADY_ENDED = 32
    CANCEL_ALREADY_PENDING = 33
    REPLACE_ALREADY_PENDING = 34
    AMEND_CHANGES_NOTHING = 35
    AMEND_BELOW_FILLED = 36
    AMEND_NOT_SUPPORTED = 37
    LEGS_EXHAUSTED = 38
    TARGET_ALREADY_REACHED = 39
    INVALID_OVERRIDE = 40
    MARKET_ORDER_AMEND = 41
    ORDER_OUTCOME_UNKNOWN = 42
    UNKNOWN_CLIENT = 43
    SCHEMA_MISMATCH = 44
    CLIENT_SUPERSEDED = 45
    FRAME_TOO_LARGE = 46
    NOT_CONNECTED = 47
    STRATEGY_IN_USE = 48
    NOT_SUPPORTED_BY_VENUE = 49
    JOURNAL_NOT_KEEPING = 50
    INVALID_STOP_PRICE = 51
    INVALID_EXPIRY = 52
    INVALID_DISPLAY_QUANTITY = 53
    INVALID_RELEASE_TIME = 54
    INVALID_SELF_TRADE_PREVENTION = 55
    REDUCE_ONLY_WOULD_INCREASE = 56
    VERSION_CONFLICT = 57
    STATUS_ALREADY_PENDING = 58
    PRICE_COLLAR_EXCEEDED = 59
    FAT_FINGER = 60
    SELF_MATCH = 61
    NO_CONVERSION_RATE = 62
    MAX_OPEN_ORDERS_EXCEEDED = 63
    MAX_OPEN_NOTIONAL_EXCEEDED = 64
    GROSS_EXPOSURE_EXCEEDED = 65
    NET_EXPOSURE_EXCEEDED = 66
    LEVERAGE_EXCEEDED = 67
    INSUFFICIENT_FUNDS = 68
    MESSAGE_THROTTLE_EXCEEDED = 69
    TRADED_VOLUME_EXCEEDED = 70
    MAX_EXECUTIONS_EXCEEDED = 71
    ORDER_TO_TRADE_EXCEEDED = 72
    TRADING_STATE = 73  # limit: the least restrictive state that would do; current: the state; requested: the scope
    ENGINE_FENCED = 74
    LEASE_EXPIRED = 75
    UNKNOWN_SCOPE = 76
    INVALID_TRADING_STATE = 77
    REARMING_REQUIRED = 78
    UNKNOWN_ALARM = 79
    BREAKER_OPEN = 80  # limit: its threshold; current: its AlarmCode; requested: the scope
    RATE_SHARE_EXCEEDED = 86  # what is left of a venue's limit is other strategies' share
    RATE_QUEUE_FULL = 87
    RATE_QUEUE_EXPIRED = 88  # no room in a rate limit until the order's time to wait was over
    RATE_QUEUE_SHED = 89  # a newer order took its place
    RATE_QUEUE_AHEAD = 90  # others of the same strategy wait already
    CLIENT_TOO_FAST = 92
    KEY_NOT_ALLOWED = 93
    KILL_STANDS = 94  # before: the state that shared memory asks for; after: the one that was wanted
    INVALID_ALGORITHM = 100
    INVALID_SCHEDULE = 101
    INVALID_PARTICIPATION = 102
    INVALID_TRIGGER = 103
    INVALID_INTERVAL = 104
    INVALID_ENTRY = 105  # the order that a parent is to follow is not one that it can follow
    PARENT_TABLE_FULL = 106
    UNKNOWN_PARENT = 107
    PARENT_ALREADY_ENDED = 108
    PARENT_STATE_CONFLICT = 109  # limit: the state that it takes; current: the state
    SLIPPAGE_EXCEEDED = 110  # limit: the worst price allowed; current: the worst that the depth says; requested: lots
    NO_DEPTH = 111
    NO_ROUTE = 112
    CHILD_OF_PARENT = 113  # it is worked by its parent, which is what can be changed
