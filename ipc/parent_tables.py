"""Owns the layout of parent orders in the engine's state."""

from ipc.tables import word_row

SLICES_MAX = 100
# How many of a parent's children may live at the same time.
CHILDREN_MAX = 16

# Quantities are in the finest lots of the pair, and notionals in its finest ticks times lots: children may trade where
# a lot is smaller. Prices are in ticks of the own instrument.
PARENT = word_row(
    "order_id",  # 0 for a free row
    "strategy_id",
    "account_id",  # ALL_ACCOUNTS when it is routed over all of the strategy's
    "instrument_id",
    "side",
    "algorithm",
    "parent_flags",
    "benchmark",
    "client_tag",
    "published_ns",
    "parent_state",
    "state_before_pause",
    "end_reason",  # ParentEnd; while ENDING the one that it will have
    # quantity
    "order_lots",
    "cumulative_lots",
    "cumulative_notional",
    "fee_units",  # of its children's fills in the quote asset
    # limits
    "limit_price_ticks",  # 0 for none
    "start_ns",
    "end_ns",  # 0 for none
    "urgency_ppm",  # from 0, which waits, to 1,000,000, which takes at once
    "participation_ppm",
    "display_lots",
    "interval_ns",
    "trigger_price_ticks",
    "trail_ticks",
    "take_profit_ticks",
    "after_order_id",  # the order whose fills it follows, 0 for none
    "is_followed",  # by another parent
    # what it remembers
    "slice_count",  # into how many slices its time is divided
    "slice_now",  # the one that it is in
    "slices_known",
    "noise_ppm",
    "random",  # the state of its generator
    "is_triggered",
    "extreme_ticks",  # the best price since a trailing stop was set
    "due_lots",  # how much should have traded or be working by now
    "due_since_ns",  # when that last became more
    "next_slice_ns",
    "moved_ns",  # when it last moved a resting child
    "hold_until_ns",  # after a refusal nothing is sent before
    "refusal_count",  # one after another
    "reason",  # RefusalReason of the last of them
    "told_reason",  # the last one that was told
    "child_count",  # ever sent
    "first_child",  # a living one, by slot; -1 for none
    "living_count",
    "decision_count",
    # benchmarks
    "arrival_ticks",
    "started_ns",
    "start_market_lots",
    "start_market_notional",
    "expected_cost_ppm",
    # its places
    "timer_position",
    "next_watcher",
    "previous_watcher",
    "next_ended",
    "next_free",
)
# The lots of one slice; parent x SLICES_MAX.
SLICE = word_row("lots")
