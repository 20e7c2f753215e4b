"""Owns what is told of a parent: how it stands, what happened, and what it has cost against its benchmark."""

import numpy as np

from engine.core.children import working_lots
from engine.core.effects import next_effect, next_sequence
from engine.core.money import quote_units
from engine.core.state import header_of, instruments_of, markets_of
from ipc.compiler import kernel
from ipc.enums import RecordKind, Side
from ipc.memory import view
from ipc.records import PARENT_REPORT

PPM = 1_000_000
_SAFE = 1 << 42
# Times a thousand it still fits a word.
PRICE_MAX = 1 << 52
_COST_PPM_MAX = 1 << 40
_THOUSAND = 1_000


@kernel
def own_lots(state: int, parent: np.void, pair_lots: int) -> int:
    """A quantity in the finest lots of the pair as whole lots of the parent's own instrument."""
    return pair_lots // markets_of(state)[parent["instrument_id"]]["pair_lot_scale"]


@kernel
def own_notional(state: int, parent: np.void, pair_notional: int) -> int:
    """A notional in the finest units of the pair as price ticks x lots of the parent's own instrument."""
    market = markets_of(state)[parent["instrument_id"]]
    return pair_notional // (market["pair_price_scale"] * market["pair_lot_scale"])


@kernel
def ppm_worse(side: int, mean_times: int, benchmark_times: int) -> int:
    """By how much, in millionths of the second, the first price is worse for a side. Both are times the same factor."""
    while benchmark_times > _SAFE or abs(mean_times) > _SAFE:
        mean_times >>= 1
        benchmark_times >>= 1
    if benchmark_times <= 0:
        return 0
    difference = mean_times - benchmark_times if side == Side.BUY else benchmark_times - mean_times
    return max(min(difference * PPM // benchmark_times, _COST_PPM_MAX), -_COST_PPM_MAX)


@kernel
def mean_thousandths(notional: int, lots: int) -> int:
    """The mean price of more than no lots, in thousandths of a tick; one that no market has counts as the highest."""
    while lots > _SAFE:
        lots >>= 1
        notional >>= 1
    return min(notional // lots, PRICE_MAX) * _THOUSAND + notional % lots * _THOUSAND // lots


@kernel
def realised_cost_ppm(state: int, parent: np.void) -> int:
    """What its fills and their fees cost against the price at its arrival; 0 while there is none."""
    scale = markets_of(state)[parent["instrument_id"]]["pair_price_scale"]
    if parent["cumulative_lots"] <= 0 or not 0 < parent["arrival_ticks"] <= PRICE_MAX // scale:
        return 0
    mean_times = mean_thousandths(parent["cumulative_notional"], parent["cumulative_lots"])
    instrument = instruments_of(state)[parent["instrument_id"]]
    worth = quote_units(instrument, own_notional(state, parent, parent["cumulative_notional"]))
    fee_ppm = ppm_worse(Side.BUY, worth + parent["fee_units"], worth)
    return ppm_worse(parent["side"], mean_times, parent["arrival_ticks"] * scale * _THOUSAND) + fee_ppm


@kernel
def report_parent(state: int, parent: np.void, event: int) -> np.void:
    """Reports a parent as it stands now; the caller may fill in what happened. Returns the report."""
    header, market = header_of(state), markets_of(state)[parent["instrument_id"]]
    report = view(next_effect(state), 1, PARENT_REPORT)[0]
    report["commit"] = parent["strategy_id"]
    report["kind"] = RecordKind.PARENT_REPORT
    report["sequence"] = next_sequence(state, parent["strategy_id"])
    report["published_ns"] = header["now_ns"]
    report["order_id"] = parent["order_id"]
    report["parent_event"] = event
    report["parent_state"] = parent["parent_state"]
    report["end_reason"] = parent["end_reason"]
    report["algorithm"] = parent["algorithm"]
    report["instrument_id"] = parent["instrument_id"]
    report["account_id"] = parent["account_id"]
    report["side"] = parent["side"]
    report["client_tag"] = parent["client_tag"]
    report["order_lots"] = own_lots(state, parent, parent["order_lots"])
    report["cumulative_lots"] = own_lots(state, parent, parent["cumulative_lots"])
    report["working_lots"] = own_lots(state, parent, working_lots(state, parent))
    report["cumulative_notional"] = own_notional(state, parent, parent["cumulative_notional"])
    report["limit_price_ticks"] = parent["limit_price_ticks"]
    report["child_order_id"] = 0
    report["child_count"] = parent["child_count"]
    report["reason"] = 0
    report["limit"] = 0
    report["current"] = 0
    report["requested"] = 0
    report["arrival_ticks"] = parent["arrival_ticks"]
    report["expected_cost_ppm"] = parent["expected_cost_ppm"]
    report["realised_cost_ppm"] = realised_cost_ppm(state, parent)
    is_started = parent["started_ns"] != 0
    lots = market["bought_lots"] + market["sold_lots"]
    report["market_lots"] = lots - parent["start_market_lots"] if is_started else 0
    notional = market["traded_notional"] - parent["start_market_notional"]
    report["market_notional"] = notional if is_started else 0
    report["fee_units"] = parent["fee_units"]
    report["end_utc_ns"] = parent["end_ns"] + header["utc_offset_ns"] if parent["end_ns"] != 0 else 0
    return report


@kernel
def tell_refusal(report: np.void, reason: int, limit: int, current: int, requested: int) -> None:
    """Adds why something was not done, with its numbers."""
    report["reason"] = reason
    report["limit"] = limit
    report["current"] = current
    report["requested"] = requested
