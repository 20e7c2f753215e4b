"""Owns the layout of the venues' rate limits in the engine's state."""

from ipc.tables import word_row

BUDGETS_PER_ACCOUNT = 4
RATE_AGES = 6

# One window of a venue's rate limit; BUDGETS_PER_ACCOUNT rows for each account, limit 0 where there is none. Where the
# venue counts each instrument by itself, the account's row leads to further rows that stand for it.
BUDGET = word_row(
    "limit",  # what this engine may use
    "reserve",  # the part of it kept for cancels
    "counted",  # what the venue may count at most of what it has answered
    "in_flight",  # of what it has not answered yet
    "unanswered",  # of what it will not answer any more, but may still carry out until unanswered_until_ns
    "window_kind",  # RateWindowKind
    "window_end_utc_ns",  # of a calendar window
    "new_cost",
    "cancel_cost",
    "amend_cost",
    "cancel_replace_cost",
    "guard_ns",  # how far the venue's clock may be from what we take it for, beside the doubt of its measurement
    "counted_next",  # the part of counted that may belong to the next calendar window
    "reported",  # by the venue for the current window, others' use of the same limit included
    "blocked_until_utc_ns",
    "instrument_rows",  # where the rows of the instruments begin, 0 for none
    "limit_type",
    "window_ns",
    "venue_limit",  # what the venue grants in all
    "withheld_ppm",  # the part of it that other engines and accounts have
    "query_share",  # the part of ours that questions have
    "is_by_address",  # counted over all accounts behind one address
    "counts_less",  # the venue's count may be lower than what the costs say
    "unanswered_until_ns",
    "unanswered_later",  # left after the time for `unanswered` had begun to run
    "unanswered_later_until_ns",
    "answered_late",  # answered since recent_since_ns; a report of the venue may not hold it yet
    "answered_before",  # and in the time before that
    "recent_since_ns",
    "level",  # of a decaying window, in units x ns
    "level_ns",
    "units_per_s",
    "first_entry",  # a rolling window's part of rate_entries
    "entry_rows",
    "entry_next",
    "entry_count",
    # A request that ends or changes an order costs more while the order is younger.
    *(f"age_ns_{place}" for place in range(RATE_AGES)),
    *(f"cancel_age_cost_{place}" for place in range(RATE_AGES)),
    *(f"amend_age_cost_{place}" for place in range(RATE_AGES)),
)
# What a rolling window counts of one moment, and when that is over at the venue for certain.
RATE_ENTRY = word_row("over_ns", "cost")
# What a strategy has used of one window in a period of it; one row for each budget x strategy.
RATE_SHARE = word_row("period", "used")
