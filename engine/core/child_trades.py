"""Owns what a child's trade means to its parent, and what an order's trade means to the parents that follow it."""

import numpy as np

from engine.core.effects import raise_alarm
from engine.core.money import SUM_MAX
from engine.core.parent_reports import own_lots, report_parent
from engine.core.parent_table import NO_PARENT, find_parent
from engine.core.parent_timers import wake_followers, wake_parent
from engine.core.state import instruments_of, markets_of, parents_of
from ipc.compiler import kernel
from ipc.enums import AlarmCode
from ipc.parent_enums import Algorithm, ParentEvent, ParentState
from ipc.tables import NO_LIMIT


@kernel
def note_child_trade(
    state: int,
    parent_order_id: int,
    child_order_id: int,
    instrument_id: int,
    lots: int,
    notional: int,
    fee_units: int,
    fee_asset_id: int,
) -> None:
    """Adds to a parent what a child traded, or takes it back when lots are negative; a late trade counts as well."""
    slot = find_parent(state, parent_order_id)
    if slot == NO_PARENT:
        return
    parent, market = parents_of(state)[slot], markets_of(state)[instrument_id]
    before_lots = parent["cumulative_lots"]
    parent["cumulative_lots"] = min(before_lots + lots * market["pair_lot_scale"], NO_LIMIT)
    added = _scaled(abs(notional), market["pair_lot_scale"] * market["pair_price_scale"])
    notional_after = parent["cumulative_notional"] + (added if notional >= 0 else -added)
    parent["cumulative_notional"] = max(min(notional_after, NO_LIMIT), 0)
    instrument = instruments_of(state)[instrument_id]
    fee = _fee_in_quote(instrument, lots, notional, fee_units, fee_asset_id)
    parent["fee_units"] = max(min(parent["fee_units"] + fee, SUM_MAX), -SUM_MAX)
    parent["refusal_count"] = 0
    report_parent(state, parent, ParentEvent.CHILD_TRADED)["child_order_id"] = child_order_id
    if parent["cumulative_lots"] > parent["order_lots"] and lots > 0:
        _raise_too_much(state, parent, before_lots)
    if parent["is_followed"] != 0:
        wake_followers(state, parent["instrument_id"], parent_order_id)
    if parent["parent_state"] != ParentState.ENDED:
        wake_parent(state, slot)


@kernel
def _fee_in_quote(instrument: np.void, lots: int, notional: int, fee_units: int, fee_asset_id: int) -> int:
    """A fee as money of the quote asset; one in the base asset is worth what traded, another asset's is not known."""
    if fee_asset_id == instrument["quote_asset_id"]:
        return fee_units
    if fee_asset_id != instrument["base_asset_id"] or lots == 0 or instrument["units_per_lot"] == 0:
        return 0
    # Rounded down to whole lots and ticks first, so that no product leaves the word.
    tick_units = _scaled(notional // lots, instrument["units_per_notional"])
    fee_lots, rest_units = fee_units // instrument["units_per_lot"], fee_units % instrument["units_per_lot"]
    whole = _scaled(fee_lots, tick_units) if fee_lots >= 0 else -_scaled(-fee_lots, tick_units)
    return whole + _scaled(rest_units, tick_units) // instrument["units_per_lot"]


@kernel
def _scaled(notional: int, factor: int) -> int:
    """A product of at least 0; where it would not fit a word, a cost is wrong and nothing else."""
    return NO_LIMIT - 1 if factor > 0 and notional > (NO_LIMIT - 1) // factor else notional * factor


@kernel
def _raise_too_much(state: int, parent: np.void, before_lots: int) -> None:
    """Its children were never more than it, so a venue traded more than it was asked for."""
    code = AlarmCode.BOTH_LEGS_FILLED + 0 if parent["algorithm"] == Algorithm.BRACKET else AlarmCode.OVERFILL + 0
    strategy_id, order_id = parent["strategy_id"], parent["order_id"]
    alarm = raise_alarm(state, strategy_id, code, order_id, parent["account_id"], parent["instrument_id"])
    alarm["expected"] = own_lots(state, parent, max(parent["order_lots"], before_lots))
    alarm["found"] = own_lots(state, parent, parent["cumulative_lots"])
