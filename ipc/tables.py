"""Owns the layout of the engine's state: one block of tables that any local process may map read-only.

The block lies in the state segment. Its first words are the header; the header's offsets and counts
lead to the tables. The engine writes it inside a sequence lock (`version` is odd while it writes), so
a reader copies what it wants and keeps the copy only if `version` was even and has not moved.

All words are signed 64-bit integers. Names of up to 16 or 32 ASCII bytes lie in 2 or 4 words.
"""

import numpy as np


def word_row(*fields: str) -> np.dtype[np.void]:
    """A row of signed 64-bit words without padding."""
    dtype = np.dtype([(name, "<i8") for name in fields], align=True)
    assert dtype.itemsize == 8 * len(fields), "padding would break hashes"
    assert dtype.isalignedstruct, "kernels need aligned records"
    return dtype


def _words(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_{index}" for index in range(count))


def _table(name: str) -> tuple[str, str]:
    return f"{name}_offset", f"{name}_count"


TABLE_NAMES = (
    "instruments",
    "accounts",
    "strategies",
    "assets",
    "terms",
    "books",
    "holdings",
    "balances",
    "fees",
    "budgets",
    "limiter_times",
    "rate_entries",
    "rate_shares",
    "markets",
    "levels",
    "routes",
    "orders",
    "order_index",
    "timers",
    "parents",
    "slices",
    "parent_timers",
    "tombstones",
    "trades",
    "trade_index",
    "scopes",
    "alarms",
    "breakers",
    # What follows is left behind by a step, and not part of what is hashed.
    "effects",
    "candidates",
    "route_steps",
    "branches",
)

STATE_HEADER = word_row(
    "version",
    "block_bytes",
    "instance",
    "epoch",
    "boot_id",  # of the machine: its monotonic clock begins anew with each
    "now_ns",
    "utc_offset_ns",
    "input_count",
    "effect_count",
    "free_order",  # first slot of the free list, -1 when none
    "oldest_ended",  # ended orders wait here for eviction, oldest first
    "newest_ended",
    "open_order_count",
    "timer_count",
    "tombstone_next",
    "trade_next",
    "next_deadline_ns",
    "order_retention_ns",
    "request_expiry_ns",
    "duplicate_window_ns",
    "duplicate_orders_max",
    "book_age_max_ns",
    "late_fill_count",
    "overfill_count",
    "duplicate_trade_count",
    "forgotten_trade_count",  # trades not booked because nobody remembers whether they were
    "unmatched_report_count",
    "trace",  # a running hash over what every step left behind
    "journal_state",  # JournalState
    "external_sequence",  # how many orders that are not ours were adopted
    "alarm_count",
    "mass_count",  # strategies whose pass over many orders needs further steps
    "mass_resume_ns",
    "mass_turn",  # the strategy that comes first in the next step
    "risk_asset_id",  # of the currency that limits on money are in
    "fee_reserve_bps",
    "valuation_interval_ns",
    "day_end_ns",  # when what is counted by the UTC day begins anew
    "restriction_count",  # scopes not ACTIVE, scopes with a breaker that refuses, and one for a fence
    "fence_state",  # FenceState
    "halt_count",  # scopes in which everything is being cancelled, or kept so
    "halt_next_ns",
    "watch_interval_ns",  # between two looks at what the breakers watch, 0 for never
    "watch_next_ns",
    "last_alarm_id",
    "free_parent",  # first slot of the free list, -1 when none
    "oldest_ended_parent",  # ended ones keep their slot until it is needed, oldest first
    "newest_ended_parent",
    "living_parent_count",
    "parent_timer_count",
    "request_count",  # what this step has asked of venues
    *(word for name in TABLE_NAMES for word in _table(name)),
)

INSTRUMENT = word_row(
    "instrument_id",
    "venue_id",
    "status",  # InstrumentStatus
    "base_asset_id",
    "quote_asset_id",
    "price_decimals",
    "tick_units",  # one tick is tick_units x 10^-price_decimals
    "lot_decimals",
    "lot_units",
    "min_price_ticks",
    "max_price_ticks",
    "min_order_lots",
    "max_order_lots",
    "market_max_order_lots",
    "min_notional",  # price ticks x lots
    "max_notional",
    "ability",  # VenueAbility
    "units_per_notional",  # money of the quote asset for one price tick x lot
    "money_notional_max",  # the largest notional whose money is still told apart
    "units_per_lot",  # of the base asset
    "mark_ticks",  # the price that positions were last valued at
    "valued_ns",
    "holder_count",  # books and holdings that are not empty
    "bid_ticks",
    "bid_lots",
    "ask_ticks",
    "ask_lots",
    "book_received_ns",
    "book_venue_sequence",
    "crossed_since_ns",  # 0 while the bid is below the ask
    *_words("name", 4),
    *_words("symbol", 4),
    "symbol_bytes",
)
ACCOUNT = word_row(
    "account_id",
    "venue_id",
    "connection_state",
    "utc_offset_ns",  # of the venue's clock; 0 until it is known
    "clock_doubt_ns",  # by how much it may be wrong
    "last_down_ns",  # what was sent before and not answered since has an unknown outcome
    "asking_count",  # strategies that asked for room in the venue's limits lately
    "asking_until_ns",  # counted anew then
    "answered_ns",  # when the last request was answered that an order had out, and since when it was out
    "answered_sent_ns",
    *_words("name", 2),
)
ASSET = word_row(
    "asset_id",
    "decimals",
    *_words("name", 2),
    "rate",  # units of the risk currency for one unit, RATE_ONE for one; 0 while nobody knows
    "rate_ns",
    "rate_instrument_id",  # whose price tells the rate, -1 where none does
)
STRATEGY = word_row(
    "strategy_id",
    "last_sequence",
    "last_order_sequence",
    "report_sequence",  # of its last report
    "last_child_sequence",  # of the ids that its parents gave to their children
    "first_open",
    "command_count",
    "refused_count",
    "mass_request",  # RequestKind of the pass over many orders under way (CANCEL or STATUS), 0 for none
    "mass_instrument",
    "mass_account",
    "mass_side",
    "mass_cursor",  # the order that it goes on with, -1 at the end
    "mass_told",  # orders whose status it has told
    *_words("name", 2),
)

# What a strategy may do on an account and by which defaults; one row for each strategy x account.
TERMS = word_row(
    "permitted",
    "default_order_type",
    "default_time_in_force",
    "is_fill_first",  # of MARKET orders that do not say which promise wins
    "max_slippage_bps",
    "retry_attempts",
    "retry_delay_ns",
    "execution_timeout_ns",
    "acknowledgement_timeout_ns",
    "cancel_timeout_ns",
    "rate_limit_orders",
    "rate_limit_window_ns",
    "limiter_start",  # this row's part of limiter_times
    "limiter_next",
    "when_exceeded",  # WhenExceeded
    "queue_ns",  # how long an order waits for room in a rate limit
    "queue_orders",  # how many may wait
    "queue_count",
    "queue_first",  # the order that waits longest, by slot + 1; 0 for none
    "queue_last",
    "asked_ns",  # when an order last asked for room in the venue's limits
)
# Position, exposure and limits; one row for each strategy x instrument.
BOOK = word_row(
    "permitted",
    "max_order_lots",
    "max_order_notional",
    "max_long_lots",
    "max_short_lots",
    "price_collar_bps",
    "fat_finger_bps",
    "position_lots",
    "open_buy_lots",
    "open_sell_lots",
    "cost_notional",  # signed: what the open position cost
    "realised_notional",
    "base_fee_units",
    "quote_fee_units",
    "bought_lots",
    "sold_lots",
    "traded_notional",
    "fill_count",
    "duplicate_side",
    "duplicate_price_ticks",
    "duplicate_lots",
    "duplicate_since_ns",
    "duplicate_count",
    # What it adds to the scope of its strategy, by the last valuation.
    "value_units",
    "unrealised_units",
)
# What an account holds of an instrument by the fills seen, whoever ordered them; account x instrument. Over all
# accounts it is the sum of the strategies' positions, that of what is external (strategy 0) included.
HOLDING = word_row(
    "position_lots",
    "cost_notional",
    "realised_notional",
    "external_lots",  # the part of it that was not ordered through this engine
    "bought_lots",
    "sold_lots",
    "traded_notional",
    "fill_count",
    "known_before_trade_id",  # the venue was asked for every trade before this one, 0 when it never was
    "forgotten_trade_id",  # the highest one that was booked and is not remembered any more
    # What it adds to the scopes of its account, venue, instrument and the engine, by the last valuation.
    "value_units",
    "unrealised_units",
    # The account's own open orders, and prices that none of them is better than.
    "first_buy",
    "first_sell",
    "highest_buy_ticks",
    "lowest_sell_ticks",
)
# account x asset
BALANCE_ROW = word_row(
    "free_units",
    "locked_units",
    "venue_utc_ns",
    "received_ns",
    "external_units",  # deposits less withdrawals since the first start
    "reserved_units",  # the most that open orders may take
    "moved_units",  # by fills that the venue's last word does not hold yet
    "last_fill_utc_ns",
    "value_units",  # of the risk currency, as it counts in the account's equity
    # Whether the venue's words are what was booked.
    "booked_units",  # the total of one word, the base, and all that was booked since
    "base_utc_ns",  # what is stamped no later is in the base; 0 while there is none
    "base_doubted_ns",  # when it was last in doubt whether it is, 0 since words have agreed for long enough
    "differs_since_ns",  # 0 while they agree
    "is_difference_told",
)
FEE = word_row("fee_units")  # strategy x asset
# What holds for everything in the engine, a venue, an account, a strategy or an instrument, one row for each in this
# order: its trading state, its limits (NO_LIMIT where it sets none; RISK_LIMITS names them) and what they are held
# against. Money is in units of the risk currency.
SCOPE = word_row(
    # limits beside what they are held against, as a new order meets them
    "trading_state",
    "open_order_count",
    "max_open_orders",
    "open_buy_units",
    "open_sell_units",
    "max_open_units",
    "gross_units",  # of positions, by their last valuation
    "max_gross_units",
    "net_units",
    "max_net_units",
    "traded_level_units",  # leaks out over the window
    "max_traded_units",
    "execution_count",
    "max_executions",  # orders since a person armed it last
    "message_count",  # of the day
    "fill_count",
    "max_order_to_trade",
    "order_to_trade_grace",  # messages of a day that are not counted
    "new_level",  # of a bucket that holds what one second allows; BUCKET_UNIT for each message
    "new_ns",
    "max_new_per_s",
    "equity_units",  # accounts
    "max_leverage_percent",  # accounts
    "amend_level",
    "amend_ns",
    "max_amends_per_s",
    "cancel_level",
    "cancel_ns",
    "max_cancels_per_s",
    # as fills and prices meet them
    "realised_units",  # of the day, after fees
    "unrealised_units",
    "peak_units",
    "max_loss_units",  # of a UTC day: above it REDUCE_ONLY
    "halt_loss_units",  # above it HALT
    "max_drawdown_units",
    "traded_ns",
    "traded_window_ns",
    "unknown_count",
    "oldest_unknown_ns",  # of an account: since when an order of it is unknown
    "reject_level_ns",  # leaks out over the window; each rejection adds one window
    "reject_ns",
    "scope_kind",
    "subject_id",
    "state_cause",  # AlarmCode, 0 for a person
    "state_since_ns",
    "standing_breakers",  # one bit for each Breaker whose threshold is exceeded
    "refusing_breakers",  # those of them that refuse new orders
    # how far the cancelling of all that is open here is
    "halt_phase",  # HaltPhase
    "halt_cursor",
    "halt_living",  # orders that the pass under way found alive
    "halt_next_ns",
)
BREAKER = word_row("action", "threshold", "window_ns")  # by Breaker
# In the place of a limit that is not set; a limit that the configuration leaves out is 0.
NO_LIMIT = 1 << 62
# A rate of exactly one, and one message in the level of a bucket.
RATE_ONE = 1 << 31
BUCKET_UNIT = 1_000_000_000
LIMITER_TIME = word_row("sent_ns")

ORDER = word_row(
    "order_id",
    "leg",
    "last_leg",  # the last one whose id was given away, whether it came about or not
    "strategy_id",
    "account_id",
    "instrument_id",
    "side",
    "order_type",
    "time_in_force",
    "order_flags",
    "price_ticks",
    "order_lots",
    "cumulative_lots",
    "cumulative_notional",
    "accepted",
    "end_reason",
    "is_unknown",
    "unknown_since_ns",  # 0 without a doubt
    "unresolved_at_ns",  # when a person hears that it still is, NEVER_NS when that was said, 0 without a doubt
    "pending_new_ns",
    "pending_cancel_ns",
    "pending_replace_ns",
    "replace_state",  # ReplaceState
    "replace_leg",
    "replace_price_ticks",
    "replace_lots",
    "replace_leg_lots",  # what the leg was asked to be, whatever earlier legs fill since; 0 when nothing was sent
    "reserved_lots",
    "reserved_units",  # their worth in the risk currency
    "reserved_funds",  # what of the account's asset they may take, fees included
    "venue_order_id",
    "sent_ns",
    "accepted_ns",
    "first_fill_ns",
    "ended_ns",
    "published_ns",  # of the order's command, or of its last amendment
    "execution_deadline_ns",
    "retry_at_ns",
    "client_tag",
    "retry_attempts",
    "retry_delay_ns",
    "max_slippage_bps",  # from which its worst price follows where it has no limit of its own
    "leg_lots",  # what the current leg asked for
    "leg_base_lots",  # filled by earlier legs
    "is_leg_reduced",  # the venue took quantity of the leg away unasked
    "cancel_reason",  # EndReason that a confirmed cancel gives
    "cancel_wanted",  # a cancel overtook the acknowledgement and must be sent again
    "not_found_count",
    "version",  # of the amendment in force, 0 for the order as it was sent
    "replace_version",  # of the one under way
    "replace_stop_ticks",
    "wanted_version",  # of the one that waits for that, 0 when none does
    "wanted_price_ticks",
    "wanted_lots",
    "wanted_stop_ticks",
    "wanted_condition",
    "stop_price_ticks",
    "triggered_ns",
    "expire_at_ns",  # of a DAY or GTD order that the engine itself ends, else 0
    "expire_utc_ns",
    "release_at_ns",  # not sent before
    "queued_until_ns",  # it waits for room in a rate limit, 0 when it does not
    "queue_before",  # its neighbours among those that wait, by slot + 1
    "queue_after",
    "charged",  # requests in flight, eight bits for each kind
    "charged_ns",  # since when there are any
    "charged_age_ns",  # the order's age by which they were charged
    "changed_ns",  # when the venue may have made or changed it at the latest
    "display_lots",
    "self_trade_prevention",
    "venue_hold",  # VenueHold
    "stated_lots",  # filled on all legs by the venue's count
    "end_wanted",  # EndReason that holds as soon as all stated fills have come
    "forgotten_trade_id",  # the first of its trades that came again when it was forgotten, 0 when none did
    "timer_position",  # its place among the timers, -1 when none
    "parent_order_id",  # 0 for none
    "is_followed",  # by a parent
    "previous_child",  # of the living ones
    "next_child",
    "previous_open",
    "next_open",
    "previous_own",  # of the account's orders on this side of the instrument
    "next_own",
    "next_ended",
    "next_free",
)
INDEX_ENTRY = word_row("key", "group", "value")
TIMER_ROW = word_row("deadline_ns", "slot")
TOMBSTONE = word_row(
    "order_id",
    "strategy_id",
    "account_id",
    "instrument_id",
    "side",
    "order_lots",
    "cumulative_lots",
    "cumulative_notional",
    "client_tag",
    "venue_order_id",
    "end_reason",
    "parent_order_id",
)
TRADE = word_row(
    "trade_id",
    "account_id",
    "instrument_id",
    "side",
    "order_id",
    "lots",
    "price_ticks",
    "fee_units",
    "fee_asset_id",
)


def name_words(text: str, count: int) -> list[int]:
    """A name as `count` words; ValueError when it is not ASCII or too long."""
    raw = text.encode("ascii")
    if len(raw) > 8 * count:
        raise ValueError(f"name {text!r} has {len(raw)} bytes, allowed are {8 * count}")
    padded = raw.ljust(8 * count, b"\0")
    return [int.from_bytes(padded[8 * index : 8 * index + 8], "little", signed=True) for index in range(count)]


def words_name(words: list[int]) -> str:
    """The name that lies in words."""
    return b"".join(int(word).to_bytes(8, "little", signed=True) for word in words).rstrip(b"\0").decode("ascii")
