"""Owns whether a parent may be: every field has one of its values, and the values go together."""

import numpy as np

from engine.core.order_table import NOWHERE, find_order
from engine.core.parent_table import NO_PARENT, find_parent, is_over
from engine.core.state import book_of, header_of, instruments_of, orders_of, parents_of, terms_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason, Side
from ipc.order_id import LEG_MAX
from ipc.parent_enums import Algorithm, Benchmark, ParentFlag
from ipc.records import ALL_ACCOUNTS

PPM = 1_000_000
_NOISE_MAX_PPM = 500_000
_INTERVAL_MIN_MS = 10
_DAY_MS = 86_400_000
_NS_PER_DAY = 86_400_000_000_000
_HORIZON_MAX_NS = 7 * _NS_PER_DAY
# More than any order may have.
LOTS_MAX = (1 << 31) - 1
# numba knows no IntFlag.
_ROUTED = int(ParentFlag.ROUTED)
_PASSIVE_ONLY = int(ParentFlag.PASSIVE_ONLY)
_TRIGGERS = int(ParentFlag.TRIGGER_ABOVE | ParentFlag.TRIGGER_BELOW)
_ALL_FLAGS = int(ParentFlag.ROUTED | ParentFlag.REDUCE_ONLY | ParentFlag.PASSIVE_ONLY) | _TRIGGERS


@kernel
def is_contingent(algorithm: int) -> bool:
    """Whether a parent waits for a stop that the engine holds."""
    return algorithm == Algorithm.STOP or algorithm == Algorithm.BRACKET


@kernel
def may_follow(algorithm: int) -> bool:
    """Whether a parent may take its quantity from what another order trades."""
    return (
        is_contingent(algorithm)
        or algorithm == Algorithm.SWEEP
        or algorithm == Algorithm.SNIPER
        or algorithm == Algorithm.ICEBERG
        or algorithm == Algorithm.PEG
    )


@kernel
def has_to_take(algorithm: int, end_utc_ns: int) -> bool:
    """Whether a parent can do what it is for only by taking, so that it cannot promise never to."""
    if algorithm == Algorithm.CLOSE_OUT:
        return end_utc_ns == 0
    return is_contingent(algorithm) or algorithm == Algorithm.SWEEP or algorithm == Algorithm.SNIPER


@kernel
def is_by_schedule(algorithm: int) -> bool:
    """Whether a parent needs a schedule from outside."""
    return algorithm == Algorithm.VWAP or algorithm == Algorithm.IMPLEMENTATION_SHORTFALL


@kernel
def check_parent(state: int, strategy_id: int, command: np.void, algorithm: int) -> Verdict:
    """Whether a new parent is one that can be worked. Precondition: its id is new."""
    verdict = _check_whose(state, strategy_id, command)
    if verdict.reason != 0:
        return verdict
    if algorithm < Algorithm.TWAP or algorithm > Algorithm.BRACKET:
        return refuse(RefusalReason.INVALID_ALGORITHM, Algorithm.BRACKET, 0, algorithm)
    flags = command["parent_flags"]
    if flags & ~_ALL_FLAGS != 0 or flags & _TRIGGERS == _TRIGGERS:
        return refuse(RefusalReason.INVALID_FLAGS, _ALL_FLAGS, 0, flags)
    if flags & _PASSIVE_ONLY != 0 and has_to_take(algorithm, command["end_utc_ns"]):
        return refuse(RefusalReason.INVALID_FLAGS, _ALL_FLAGS & ~_PASSIVE_ONLY, algorithm, flags)
    if command["side"] != Side.BUY and command["side"] != Side.SELL:
        return refuse(RefusalReason.INVALID_SIDE, Side.SELL, 0, command["side"])
    verdict = _check_quantity(command, algorithm)
    if verdict.reason != 0:
        return verdict
    verdict = _check_prices(state, command, algorithm)
    if verdict.reason != 0:
        return verdict
    verdict = _check_times(state, command, algorithm)
    if verdict.reason != 0:
        return verdict
    return _check_entry(state, strategy_id, command, algorithm)


@kernel
def _check_whose(state: int, strategy_id: int, command: np.void) -> Verdict:
    header = header_of(state)
    instrument_id, account_id = command["instrument_id"], command["account_id"]
    if instrument_id < 0 or instrument_id >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, instrument_id)
    is_any = account_id == ALL_ACCOUNTS and command["parent_flags"] & _ROUTED != 0
    if not is_any and (account_id < 0 or account_id >= header["accounts_count"]):
        return refuse(RefusalReason.UNKNOWN_ACCOUNT, header["accounts_count"] - 1, 0, account_id)
    if not is_any and terms_of(state, strategy_id, account_id)["permitted"] == 0:
        return refuse(RefusalReason.NOT_PERMITTED, 0, account_id, account_id)
    if book_of(state, strategy_id, instrument_id)["permitted"] == 0:
        return refuse(RefusalReason.NOT_PERMITTED, 0, instrument_id, instrument_id)
    return passed()


@kernel
def _check_quantity(command: np.void, algorithm: int) -> Verdict:
    lots, notional, display_lots = command["order_lots"], command["quote_notional"], command["display_lots"]
    may_be_open = algorithm == Algorithm.CLOSE_OUT or (may_follow(algorithm) and command["after_order_id"] != 0)
    if lots < 0 or lots > LOTS_MAX:
        return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, LOTS_MAX, 0, lots)
    if notional < 0 or (notional != 0 and lots != 0):
        return refuse(RefusalReason.INVALID_QUANTITY, 0, lots, notional)
    if (lots == 0 and notional == 0) != may_be_open:
        return refuse(RefusalReason.INVALID_QUANTITY, 1, 0, lots)
    if display_lots < 0 or (lots != 0 and display_lots > lots):
        return refuse(RefusalReason.INVALID_DISPLAY_QUANTITY, lots, 0, display_lots)
    if algorithm == Algorithm.ICEBERG and display_lots == 0:
        return refuse(RefusalReason.INVALID_DISPLAY_QUANTITY, lots, 0, 0)
    urgency_ppm, share_ppm, noise_ppm = command["urgency_ppm"], command["participation_ppm"], command["noise_ppm"]
    if urgency_ppm < 0 or urgency_ppm > PPM:
        return refuse(RefusalReason.INVALID_PARTICIPATION, PPM, 0, urgency_ppm)
    if share_ppm < 0 or share_ppm > PPM or (algorithm == Algorithm.POV and share_ppm == 0):
        return refuse(RefusalReason.INVALID_PARTICIPATION, PPM, 1, share_ppm)
    if noise_ppm < 0 or noise_ppm > _NOISE_MAX_PPM:
        return refuse(RefusalReason.INVALID_SCHEDULE, _NOISE_MAX_PPM, 0, noise_ppm)
    if command["benchmark"] < 0 or command["benchmark"] > Benchmark.MARKET_VWAP:
        return refuse(RefusalReason.INVALID_ALGORITHM, Benchmark.MARKET_VWAP, 0, command["benchmark"])
    return passed()


@kernel
def check_limit(instrument: np.void, price_ticks: int) -> Verdict:
    """Whether a limit is a price that the venue takes, or none."""
    if price_ticks != 0 and (
        price_ticks < instrument["min_price_ticks"] or price_ticks > instrument["max_price_ticks"]
    ):
        return refuse(RefusalReason.PRICE_OUT_OF_RANGE, instrument["max_price_ticks"], 0, price_ticks)
    return passed()


@kernel
def _check_prices(state: int, command: np.void, algorithm: int) -> Verdict:
    instrument = instruments_of(state)[command["instrument_id"]]
    trigger_ticks, trail_ticks, target_ticks = (
        command["trigger_price_ticks"],
        command["trail_ticks"],
        command["take_profit_ticks"],
    )
    verdict = check_limit(instrument, command["limit_price_ticks"])
    if verdict.reason != 0:
        return verdict
    if trigger_ticks < 0 or trigger_ticks > instrument["max_price_ticks"]:
        return refuse(RefusalReason.INVALID_TRIGGER, instrument["max_price_ticks"], 0, trigger_ticks)
    if trail_ticks < 0 or trail_ticks > instrument["max_price_ticks"]:
        return refuse(RefusalReason.INVALID_TRIGGER, instrument["max_price_ticks"], 1, trail_ticks)
    has_trigger = trigger_ticks != 0 or trail_ticks != 0
    has_condition = command["parent_flags"] & _TRIGGERS != 0
    if is_contingent(algorithm):
        if not has_trigger or has_condition:
            return refuse(RefusalReason.INVALID_TRIGGER, 1, 0, 0)
    elif trail_ticks != 0 or has_condition != (trigger_ticks != 0):
        return refuse(RefusalReason.INVALID_TRIGGER, 0, 0, max(trigger_ticks, trail_ticks))
    if (algorithm == Algorithm.BRACKET) != (target_ticks != 0):
        return refuse(RefusalReason.INVALID_PRICE, 0, 0, target_ticks)
    return check_limit(instrument, target_ticks)


@kernel
def _check_times(state: int, command: np.void, algorithm: int) -> Verdict:
    header = header_of(state)
    utc_ns = header["now_ns"] + header["utc_offset_ns"]
    start_ns, end_ns, interval_ms = command["start_utc_ns"], command["end_utc_ns"], command["interval_ms"]
    if start_ns != 0 and (start_ns < utc_ns - _NS_PER_DAY or start_ns > utc_ns + _HORIZON_MAX_NS):
        return refuse(RefusalReason.INVALID_RELEASE_TIME, utc_ns + _HORIZON_MAX_NS, utc_ns, start_ns)
    needs_end = algorithm == Algorithm.TWAP or is_by_schedule(algorithm)
    if end_ns == 0 and not needs_end:
        return _check_interval(interval_ms)
    first_ns = max(start_ns, utc_ns)
    if end_ns <= first_ns or end_ns > utc_ns + _HORIZON_MAX_NS:
        return refuse(RefusalReason.INVALID_EXPIRY, utc_ns + _HORIZON_MAX_NS, first_ns, end_ns)
    return _check_interval(interval_ms)


@kernel
def _check_interval(interval_ms: int) -> Verdict:
    if interval_ms != 0 and (interval_ms < _INTERVAL_MIN_MS or interval_ms > _DAY_MS):
        return refuse(RefusalReason.INVALID_INTERVAL, _DAY_MS, _INTERVAL_MIN_MS, interval_ms)
    return passed()


@kernel
def _check_entry(state: int, strategy_id: int, command: np.void, algorithm: int) -> Verdict:
    """The order that is followed is one of the same strategy in the same instrument, and not over yet."""
    order_id = command["after_order_id"]
    if order_id == 0:
        return passed()
    if not may_follow(algorithm):
        return refuse(RefusalReason.INVALID_ENTRY, Algorithm.BRACKET, algorithm, order_id)
    slot, place = find_order(state, order_id), find_parent(state, order_id)
    # A leg's id would find the order, but no fill of it would be told under that.
    if (slot == NOWHERE and place == NO_PARENT) or order_id & LEG_MAX != 0:
        return refuse(RefusalReason.INVALID_ENTRY, 0, 0, order_id)
    if slot != NOWHERE:
        entry = orders_of(state)[slot]
        is_own = entry["strategy_id"] == strategy_id and entry["instrument_id"] == command["instrument_id"]
        is_useful = entry["end_reason"] == 0 or entry["cumulative_lots"] > 0
        is_opposite = entry["side"] != command["side"]
    else:
        parent = parents_of(state)[place]
        is_own = parent["strategy_id"] == strategy_id and parent["instrument_id"] == command["instrument_id"]
        is_useful = not is_over(parent) or parent["cumulative_lots"] > 0
        is_opposite = parent["side"] != command["side"]
    if not is_own or not is_useful or (is_contingent(algorithm) and not is_opposite):
        return refuse(RefusalReason.INVALID_ENTRY, 1, 0, order_id)
    return passed()
