"""Owns the layout of every record: signed 64-bit little-endian words, nothing else.

A record starts with the same four words, whoever sends it:

    word 0  commit         the ring's commit word (ring sequence + 1); 0 outside a ring
    word 1  kind           RecordKind
    word 2  sequence       of the sender, growing by one
    word 3  published_ns   CLOCK_MONOTONIC of the sender's host

Every record fits one slot of SLOT_BYTES, so rings, ZeroMQ frames and the journal carry the same
bytes. Prices are ticks, quantities lots, money units of the asset's scale, times nanoseconds.
"""

import numpy as np

from ipc.enums import RecordKind
from ipc.market_tables import DEPTH_LEVELS
from ipc.tables import word_row

SLOT_BYTES = 256
SLOT_WORDS = SLOT_BYTES // 8
ALL_INSTRUMENTS = -1
ALL_ACCOUNTS = -1
# In a command: as the configuration says. In a venue's report: the venue did not say.
AS_CONFIGURED = -1
NOT_STATED = -1
# In the place of an order's id in a venue's report: all that is in flight, and an order that is not ours.
EVERY_REQUEST = 0
EXTERNAL_ORDER = -1

HEADER_FIELDS = ("commit", "kind", "sequence", "published_ns")

COMMAND_FIELDS = (*HEADER_FIELDS, "expires_utc_ns", "order_id")


def _layout(*fields: str) -> np.dtype[np.void]:
    dtype = word_row(*fields)
    assert dtype.itemsize <= SLOT_BYTES, "a record fits one slot"
    return dtype


HEADER = _layout(*HEADER_FIELDS)

# ---- commands: a client to the engine; order_id names the order meant ----
NEW_ORDER = _layout(
    *COMMAND_FIELDS,
    "instrument_id",
    "account_id",
    "side",
    "order_type",  # DEFAULT with a price is LIMIT, without one as configured; here and below
    "time_in_force",
    "order_flags",
    "price_ticks",
    "order_lots",
    "client_tag",
    # An override may be AS_CONFIGURED.
    "max_slippage_bps",
    "execution_timeout_ms",
    "retry_attempts",
    "retry_delay_ms",
    "stop_price_ticks",  # of a STOP or STOP_LIMIT order, else 0
    "expire_utc_ns",  # of a GTD order, else 0
    "display_lots",  # how much of it the book shows, 0 for all
    "quote_notional",  # price ticks x lots to trade of a MARKET order whose order_lots is 0, else 0
    "self_trade_prevention",
    "release_utc_ns",  # when it is to be sent, 0 for at once
)
TARGET_POSITION = _layout(
    *COMMAND_FIELDS,
    "instrument_id",
    "account_id",
    "target_lots",
    "order_type",
    "time_in_force",
    "order_flags",
    "price_ticks",
    "client_tag",
    "max_slippage_bps",
    "execution_timeout_ms",
    "retry_attempts",
    "retry_delay_ms",
)
# A parent, which is worked by an algorithm. It is amended and cancelled as an order is, by its id.
NEW_PARENT = _layout(
    *COMMAND_FIELDS,
    "instrument_id",
    "account_id",  # of a routed one it may be ALL_ACCOUNTS
    "side",
    "algorithm",
    "parent_flags",
    "order_lots",
    "quote_notional",  # price ticks x lots to trade at the arrival price when order_lots is 0, else 0
    "limit_price_ticks",  # 0 for none
    "client_tag",
    "start_utc_ns",  # 0 for at once
    "end_utc_ns",  # 0 for none, where the algorithm needs none
    "urgency_ppm",
    "participation_ppm",  # the largest part of what the market trades, 0 for any
    "display_lots",
    "interval_ms",  # between decisions or slices, 0 for the algorithm's own
    "noise_ppm",  # by how much slices and their times may vary
    "seed",
    "trigger_price_ticks",
    "trail_ticks",
    "take_profit_ticks",
    "after_order_id",
    "benchmark",
)
CONTROL_PARENT = _layout(*COMMAND_FIELDS, "control")
SLICES_PER_RECORD = 20
SCHEDULE = _layout(
    *COMMAND_FIELDS,
    "first_slice",
    "slice_count",  # of the whole schedule; all slices last equally long
    *(f"lots_{place}" for place in range(SLICES_PER_RECORD)),
)
CANCEL_ORDER = _layout(*COMMAND_FIELDS)
AMEND_ORDER = _layout(
    *COMMAND_FIELDS,
    "price_ticks",  # 0 keeps what the order has, here and below
    "order_lots",
    "stop_price_ticks",
    "version",  # of the order when this has come about: larger than every one before, 0 for the next
    "conditional_on_version",  # carried out only if this version came about, 0 for always
)
# A scope may be ALL_INSTRUMENTS, ALL_ACCOUNTS, and side 0 for both.
CANCEL_ALL = _layout(*COMMAND_FIELDS, "instrument_id", "account_id", "side")
# Of the order named, or with sequence 0 in order_id (`order_id.MASS`) of every open one in the scope.
STATUS_REQUEST = _layout(*COMMAND_FIELDS, "instrument_id", "account_id", "side")
# ---- commands of the operator, who is no strategy; the names say who gave them ----
SET_TRADING_STATE = _layout(
    *COMMAND_FIELDS,
    "scope_kind",
    "subject_id",  # the venue, account, strategy or instrument; 0 of the engine
    "trading_state",
    "is_rearming",  # 1 when the state may become less restrictive than it is, which only a person may say
    "cause",  # AlarmCode for which the guardian asks, 0 for a person
    "operator_name_0",
    "operator_name_1",
)
SET_LIMIT = _layout(
    *COMMAND_FIELDS,
    "scope_kind",
    "subject_id",
    "instrument_id",  # of a BOOK, whose subject is the strategy
    "limit_name",  # RiskLimit
    "value",
    "operator_name_0",
    "operator_name_1",
)
ACKNOWLEDGE_ALARM = _layout(*COMMAND_FIELDS, "alarm_id", "operator_name_0", "operator_name_1")
HELLO = _layout(*HEADER_FIELDS, "schema_digest", "strategy_name_0", "strategy_name_1")
SNAPSHOT_REQUEST = _layout(
    *HEADER_FIELDS,
    "what",  # the RecordKind of the rows wanted
    "instrument_id",  # of the one row wanted, or ALL_INSTRUMENTS; only for instruments and positions
)

# ---- what the engine tells a client ----
EXECUTION_REPORT = _layout(
    *HEADER_FIELDS,
    "order_id",
    "leg",
    "execution_type",
    "order_status",
    "instrument_id",
    "account_id",
    "side",
    "client_tag",
    "venue_order_id",
    "price_ticks",
    "order_lots",
    "cumulative_lots",
    "leaves_lots",
    "cumulative_notional",  # sum of price ticks x lots
    "trade_id",
    "last_lots",
    "last_price_ticks",
    "liquidity",
    "fee_units",
    "fee_asset_id",
    "reason",  # RefusalReason, RejectReason or EndReason, as execution_type says
    "venue_code",
    # The numbers behind a refusal. Of an amendment: by which RequestKind it is carried out, the version in force
    # and the one asked for.
    "limit",
    "current",
    "requested",
    "sent_ns",
    "received_ns",
    "venue_utc_ns",
)
WELCOME = _layout(
    *HEADER_FIELDS,
    "schema_digest",
    "instance",
    "epoch",
    "strategy_id",
    "last_order_sequence",
    "last_sequence",
    "last_report_sequence",  # of what was told to this strategy, over all runs
)
INSTRUMENT_STATUS = _layout(
    *HEADER_FIELDS,
    "instrument_id",
    "venue_id",
    "status",
    "base_asset_id",
    "quote_asset_id",
    "price_decimals",
    "tick_units",  # one tick is tick_units x 10^-price_decimals
    "lot_decimals",
    "lot_units",
    "bid_ticks",
    "bid_lots",
    "ask_ticks",
    "ask_lots",
    "book_received_ns",
    "name_0",
    "name_1",
    "name_2",
    "name_3",
)
POSITION_STATUS = _layout(
    *HEADER_FIELDS,
    "strategy_id",
    "instrument_id",
    "position_lots",
    "cost_notional",
    "realised_notional",
    "base_fee_units",
    "quote_fee_units",
    "open_buy_lots",
    "open_sell_lots",
)
BALANCE_STATUS = _layout(*HEADER_FIELDS, "account_id", "asset_id", "free_units", "locked_units", "venue_utc_ns")
# How an open order stands, for whoever lists them; that something happened to it is told by an EXECUTION_REPORT.
ORDER_STATUS = _layout(
    *HEADER_FIELDS,
    "order_id",
    "leg",
    "order_status",
    "instrument_id",
    "account_id",
    "side",
    "order_type",
    "time_in_force",
    "order_flags",
    "client_tag",
    "venue_order_id",
    "price_ticks",
    "stop_price_ticks",
    "order_lots",
    "display_lots",
    "cumulative_lots",
    "leaves_lots",
    "cumulative_notional",
    "version",  # of the amendment in force, 0 as it was first sent
    "end_wanted",  # EndReason that holds as soon as the fills that the venue counted have come
    "sent_ns",
    "waiting_since_ns",  # since when the venue's word on a request is awaited, 0 when it is not
    "expire_utc_ns",
)
ACCOUNT_STATUS = _layout(*HEADER_FIELDS, "account_id", "venue_id", "connection_state", "name_0", "name_1")
ASSET_STATUS = _layout(*HEADER_FIELDS, "asset_id", "decimals", "name_0", "name_1")
SNAPSHOT_END = _layout(*HEADER_FIELDS, "what", "count")
ALARM = _layout(
    *HEADER_FIELDS,
    "code",  # AlarmCode
    "order_id",
    "venue_id",  # of an alarm about a venue, here and below; -1 for none
    "account_id",
    "instrument_id",
    "asset_id",
    "trade_id",
    "expected",
    "found",
)
# What became of an operator's command, or that the engine changed a trading state by itself.
CONTROL_REPORT = _layout(
    *HEADER_FIELDS,
    "command_kind",  # RecordKind of the command, 0 when the engine did it by itself
    "command_sequence",
    "reason",  # RefusalReason
    "scope_kind",
    "subject_id",
    "instrument_id",
    "limit_name",  # RiskLimit, 0 for the trading state
    "before",
    "after",
    "cause",  # AlarmCode for which the engine did it, else 0
    "operator_name_0",
    "operator_name_1",
)
# How a parent stands, and what happened to it. Prices and lots are those of its own instrument.
PARENT_REPORT = _layout(
    *HEADER_FIELDS,
    "order_id",
    "parent_event",
    "parent_state",
    "end_reason",  # ParentEnd
    "algorithm",
    "instrument_id",
    "account_id",
    "side",
    "client_tag",
    "order_lots",
    "cumulative_lots",
    "working_lots",
    "cumulative_notional",
    "limit_price_ticks",
    "child_order_id",  # that the event speaks of, 0 for none
    "child_count",
    "reason",  # RefusalReason, or of CHILD_REJECTED RejectReason
    "limit",
    "current",
    "requested",
    "arrival_ticks",
    "expected_cost_ppm",  # against arrival, by the model; positive is worse
    "realised_cost_ppm",
    "market_lots",  # of everybody's trades while it worked
    "market_notional",
    "fee_units",
    "end_utc_ns",
)
# What one venue scored when a parent's quantity was given to venues; one decision is a row for each of them.
ROUTE_DECISION = _layout(
    *HEADER_FIELDS,
    "order_id",  # of the parent
    "decision",  # its number
    "instrument_id",
    "account_id",
    "child_order_id",  # 0 when nothing was given to it
    "side",
    "wanted_lots",  # by the parent, of its own instrument
    "routed_lots",  # here
    "price_ticks",  # of the child here
    "available_lots",  # within the limit
    "best_ticks",  # the first level, in ticks of this instrument
    "fee_ppm",
    "latency_ns",
    "fill_ppm",  # how much of what rested here was filled
    "score_ticks",  # mean price of what it would give, fees included, in ticks of the parent's instrument x 1,000
    "route_reason",
    "refusal",  # RefusalReason behind NOT_PERMITTED
)
# lost_count reports found the client's ring full since its start; sequence is that of the last report there is.
LAGGED = _layout(*HEADER_FIELDS, "lost_count")

# ---- what enters the core besides commands; published_ns is when it was received ----
VENUE_REPORT = _layout(
    *HEADER_FIELDS,
    "order_id",  # the leg the venue speaks of
    "event",  # VenueEvent
    "account_id",
    "instrument_id",
    "venue_order_id",
    "trade_id",
    "last_lots",
    "last_price_ticks",
    "cumulative_lots",  # of the leg, as the venue counts; this and the next two may be NOT_STATED
    "order_lots",
    "price_ticks",
    "liquidity",
    "fee_units",
    "fee_asset_id",
    "reason",  # RejectReason
    "venue_code",
    "venue_utc_ns",
    "replacement_order_id",  # the leg that takes over, on REPLACED
    "answers_request",  # RequestKind this is the direct reply to, 0 for an unsolicited report
    "side",  # 0 when the venue did not say
)
BOOK_TOP = _layout(*HEADER_FIELDS, "instrument_id", "bid_ticks", "bid_lots", "ask_ticks", "ask_lots", "venue_sequence")
# One side of a book, the best level first; a level without lots ends it.
BOOK_DEPTH = _layout(
    *HEADER_FIELDS,
    "instrument_id",
    "side",
    "venue_sequence",
    *(f"{word}_{level}" for level in range(DEPTH_LEVELS) for word in ("price_ticks", "lots")),
)
# What everybody traded since the record before.
MARKET_TRADES = _layout(
    *HEADER_FIELDS,
    "instrument_id",
    "last_trade_id",
    "last_price_ticks",
    "high_ticks",
    "low_ticks",
    "bought_lots",  # by takers
    "sold_lots",
    "traded_notional",
    "trade_count",
    "missed_count",  # by the gaps in the venue's numbers
)
# What models made outside of it: an account's fees, and what trading costs beyond the book.
FEE_RATES = _layout(
    *HEADER_FIELDS, "account_id", "instrument_id", "maker_ppm", "taker_ppm", "funding_ppm", "funding_utc_ns"
)
COST_MODEL = _layout(*HEADER_FIELDS, "instrument_id", "impact_ppm", "day_lots")
BALANCE = _layout(*HEADER_FIELDS, "account_id", "asset_id", "free_units", "locked_units", "venue_utc_ns")
RATE_LIMIT = _layout(*HEADER_FIELDS, "account_id", "limit_type", "window_ns", "limit", "count", "blocked_until_utc_ns")
VENUE_STATE = _layout(*HEADER_FIELDS, "account_id", "state")
TIMER = _layout(*HEADER_FIELDS)
JOURNAL_STATE = _layout(*HEADER_FIELDS, "state")
# What came or went otherwise than by trading.
BALANCE_CHANGE = _layout(*HEADER_FIELDS, "account_id", "asset_id", "delta_units", "venue_utc_ns")
# What came before this trade needs no asking for any more.
TRADES_KNOWN = _layout(*HEADER_FIELDS, "account_id", "instrument_id", "before_trade_id")
CLOCK_OFFSET = _layout(*HEADER_FIELDS, "account_id", "utc_offset_ns", "doubt_ns")  # account -1 is this host

# FenceState, as the words say that guardian and operator write in shared memory.
FENCE = _layout(*HEADER_FIELDS, "fence_state")
LOOP_STALL = _layout(*HEADER_FIELDS, "stalled_ns")

# ---- what the core asks of a venue ----
VENUE_REQUEST = _layout(
    *HEADER_FIELDS,
    "order_id",  # the leg that this request is about
    "request_kind",  # RequestKind
    "account_id",
    "instrument_id",
    "side",
    "order_type",
    "time_in_force",
    "order_flags",
    "price_ticks",
    "order_lots",
    "original_order_id",  # the leg that a replacement takes over from
    "timestamp_utc_ns",
    "strategy_id",
    "stop_price_ticks",
    "display_lots",
    "self_trade_prevention",
    "expire_utc_ns",
)

LAYOUTS: dict[RecordKind, np.dtype[np.void]] = {
    RecordKind.NEW_ORDER: NEW_ORDER,
    RecordKind.CANCEL_ORDER: CANCEL_ORDER,
    RecordKind.AMEND_ORDER: AMEND_ORDER,
    RecordKind.CANCEL_ALL: CANCEL_ALL,
    RecordKind.TARGET_POSITION: TARGET_POSITION,
    RecordKind.STATUS_REQUEST: STATUS_REQUEST,
    RecordKind.NEW_PARENT: NEW_PARENT,
    RecordKind.CONTROL_PARENT: CONTROL_PARENT,
    RecordKind.SCHEDULE: SCHEDULE,
    RecordKind.SET_TRADING_STATE: SET_TRADING_STATE,
    RecordKind.SET_LIMIT: SET_LIMIT,
    RecordKind.ACKNOWLEDGE_ALARM: ACKNOWLEDGE_ALARM,
    RecordKind.HELLO: HELLO,
    RecordKind.SNAPSHOT_REQUEST: SNAPSHOT_REQUEST,
    RecordKind.EXECUTION_REPORT: EXECUTION_REPORT,
    RecordKind.WELCOME: WELCOME,
    RecordKind.INSTRUMENT_STATUS: INSTRUMENT_STATUS,
    RecordKind.POSITION_STATUS: POSITION_STATUS,
    RecordKind.BALANCE_STATUS: BALANCE_STATUS,
    RecordKind.ORDER_STATUS: ORDER_STATUS,
    RecordKind.SNAPSHOT_END: SNAPSHOT_END,
    RecordKind.ACCOUNT_STATUS: ACCOUNT_STATUS,
    RecordKind.ASSET_STATUS: ASSET_STATUS,
    RecordKind.LAGGED: LAGGED,
    RecordKind.ALARM: ALARM,
    RecordKind.CONTROL_REPORT: CONTROL_REPORT,
    RecordKind.PARENT_REPORT: PARENT_REPORT,
    RecordKind.ROUTE_DECISION: ROUTE_DECISION,
    RecordKind.VENUE_REPORT: VENUE_REPORT,
    RecordKind.BOOK_TOP: BOOK_TOP,
    RecordKind.BALANCE: BALANCE,
    RecordKind.RATE_LIMIT: RATE_LIMIT,
    RecordKind.VENUE_STATE: VENUE_STATE,
    RecordKind.TIMER: TIMER,
    RecordKind.CLOCK_OFFSET: CLOCK_OFFSET,
    RecordKind.JOURNAL_STATE: JOURNAL_STATE,
    RecordKind.BALANCE_CHANGE: BALANCE_CHANGE,
    RecordKind.FENCE: FENCE,
    RecordKind.LOOP_STALL: LOOP_STALL,
    RecordKind.TRADES_KNOWN: TRADES_KNOWN,
    RecordKind.BOOK_DEPTH: BOOK_DEPTH,
    RecordKind.MARKET_TRADES: MARKET_TRADES,
    RecordKind.COST_MODEL: COST_MODEL,
    RecordKind.FEE_RATES: FEE_RATES,
    RecordKind.VENUE_REQUEST: VENUE_REQUEST,
}
assert set(LAYOUTS) == set(RecordKind), "every kind has a layout"

# What the engine's journal keeps beside an input, in the last words of the same slot.
INPUT_WORDS_MAX = SLOT_WORDS - 4
INPUT_KINDS = frozenset(kind for kind in RecordKind if kind < RecordKind.HELLO or 64 <= kind < RecordKind.VENUE_REQUEST)
assert all(LAYOUTS[kind].itemsize <= 8 * INPUT_WORDS_MAX for kind in INPUT_KINDS), "the journal's words find room"
