"""Owns the layout of what the engine's state knows of the markets: depth, trades, and what trading there costs."""

from ipc.tables import word_row

DEPTH_LEVELS = 10

# One row for each instrument.
MARKET = word_row(
    "bid_level_count",
    "ask_level_count",
    "bid_received_ns",
    "ask_received_ns",
    "bid_sequence",
    "ask_sequence",
    "crossed_count",  # how often the two sides of one moment crossed, so that they were not taken
    "late_count",  # how often a side came that was older than the one before
    # Trades of everybody, since the engine's start.
    "trade_id",  # the venue's last one
    "trades_received_ns",
    "last_trade_ticks",
    "bought_lots",  # by takers
    "sold_lots",
    "traded_notional",  # sum of price ticks x lots
    "trade_count",
    "missed_trades",  # by the gaps in the venue's numbers
    "gap_told_ns",  # when a person was last told of them
    # The same asset pair at other venues: a ring through the instruments, and how this one's units compare.
    "next_of_pair",  # itself where there is no other
    "pair_price_scale",  # one tick in the finest price step of the pair
    "pair_lot_scale",  # one lot in the finest quantity step of the pair
    # What trading is expected to cost beyond the walk through the book.
    "impact_ppm",  # of trading as much as trades in a day; it grows with the square root of the part
    "day_lots",
    # How good the expectation was: of ended parents, weighted by what they traded.
    "expected_cost",  # ppm x notional / 1e6
    "realised_cost",
    "absolute_error",
    # Living parents that look at every change of this market, by slot.
    "first_watcher",
)
# One level of one side: instrument x side x DEPTH_LEVELS, the best first.
LEVEL = word_row("price_ticks", "lots")
# What an account pays and meets at its venue; account x instrument.
ROUTE = word_row(
    "maker_ppm",  # negative for a rebate
    "taker_ppm",
    "funding_ppm",  # of a perpetual, that a buyer pays for holding until funding_utc_ns
    "funding_utc_ns",
    "penalty_until_ns",  # after a rejection nothing is routed here for a while
    "reject_count",
    "latency_ns",  # from a request to its answer, a moving average
    # How much of what rested here was filled.
    "rested_lots",
    "rest_filled_lots",
)

# ---- how one quantity is shared over venues; written anew by every decision and read right after it ----
CANDIDATES_MAX = 16
# How deep a search may branch.
BRANCHES_MAX = 64
# One place where a quantity may go. Fine lots and fine prices are in the finest steps of the pair.
CANDIDATE = word_row(
    "instrument_id",
    "account_id",  # -1 where the strategy has none
    "routed_lots",
    "price_ticks",  # the worst that what is routed here may trade at
    "available_lots",  # within the limit
    "best_ticks",
    "fee_ppm",
    "latency_ns",
    "fill_ppm",
    "score_ticks",  # as in ROUTE_DECISION
    "route_reason",
    "refusal",
    "price_scale",
    "lot_scale",
    "least_lots",  # in one order
    "most_lots",
    "min_notional",
    "step_count",
    # The search: what the branch under way allows, what it takes, and the best that was found.
    "lower_fine_lots",
    "upper_fine_lots",
    "taken_fine_lots",
    "taken_notional",
    "place",
    "best_fine_lots",
    "wanted_fine_lots",  # were there no smallest order
)
# One level within the limit that a candidate could take; candidate x DEPTH_LEVELS, the best first.
ROUTE_STEP = word_row("price_ticks", "until_lots", "unit_cost")
# What the search has still to try: the bounds of one candidate before its branch, and of the branch's other half.
BRANCH = word_row(
    "candidate", "lower_fine_lots", "upper_fine_lots", "other_lower_fine_lots", "other_upper_fine_lots", "is_other"
)
