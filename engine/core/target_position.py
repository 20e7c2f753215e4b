"""Owns target positions: the order that is missing to reach one."""

import numpy as np

from engine.core.new_order import on_new_order
from engine.core.state import book_of, effect_address, header_of
from engine.core.verdict import Verdict, refuse
from ipc.compiler import kernel
from ipc.enums import RecordKind, RefusalReason, Side
from ipc.memory import view
from ipc.records import NEW_ORDER

# No position limit is larger, and what is missing to it still fits a word.
_TARGET_LOTS_MAX = (1 << 31) - 1


@kernel
def on_target_position(state: int, strategy_id: int, command: np.void) -> Verdict:
    """Orders the difference between the target and what is held or already working, or says why not."""
    header = header_of(state)
    instrument_id = command["instrument_id"]
    if instrument_id < 0 or instrument_id >= header["instruments_count"]:
        return refuse(RefusalReason.UNKNOWN_INSTRUMENT, header["instruments_count"] - 1, 0, instrument_id)
    target_lots = command["target_lots"]
    if target_lots < -_TARGET_LOTS_MAX or target_lots > _TARGET_LOTS_MAX:
        return refuse(RefusalReason.QUANTITY_OUT_OF_RANGE, _TARGET_LOTS_MAX, 0, target_lots)
    book = book_of(state, strategy_id, instrument_id)
    expected_lots = book["position_lots"] + book["open_buy_lots"] - book["open_sell_lots"]
    missing_lots = target_lots - expected_lots
    if missing_lots == 0:
        return refuse(RefusalReason.TARGET_ALREADY_REACHED, target_lots, expected_lots, 0)
    # The last effect's place serves as room for the order: a step never leaves so many effects here.
    order = view(effect_address(state, header["effects_count"] - 1), 1, NEW_ORDER)[0]
    order["kind"] = RecordKind.NEW_ORDER
    order["sequence"] = command["sequence"]
    order["published_ns"] = command["published_ns"]
    order["expires_utc_ns"] = command["expires_utc_ns"]
    order["order_id"] = command["order_id"]
    order["instrument_id"] = instrument_id
    order["account_id"] = command["account_id"]
    order["side"] = Side.BUY if missing_lots > 0 else Side.SELL
    order["order_type"] = command["order_type"]
    order["time_in_force"] = command["time_in_force"]
    order["order_flags"] = command["order_flags"]
    order["price_ticks"] = command["price_ticks"]
    order["order_lots"] = abs(missing_lots)
    order["client_tag"] = command["client_tag"]
    order["max_slippage_bps"] = command["max_slippage_bps"]
    order["execution_timeout_ms"] = command["execution_timeout_ms"]
    order["retry_attempts"] = command["retry_attempts"]
    order["retry_delay_ms"] = command["retry_delay_ms"]
    order["stop_price_ticks"] = 0
    order["expire_utc_ns"] = 0
    order["display_lots"] = 0
    order["quote_notional"] = 0
    order["self_trade_prevention"] = 0
    order["release_utc_ns"] = 0
    return on_new_order(state, strategy_id, order)
