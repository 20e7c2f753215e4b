"""Owns what a working order counts for: the price it is valued at, its worth, and the funds that it may take."""

import numpy as np

from engine.core.money import MONEY_MAX, converted, notional_of, quote_units, with_fee
from engine.core.state import assets_of, header_of
from ipc.compiler import kernel
from ipc.enums import ReplaceState, Side

# A best price above it is no price; with it every product of the price checks fits a word.
TICKS_MAX = 1 << 46
_LOTS_MAX = (1 << 31) - 1


@kernel
def mid_ticks(instrument: np.void) -> int:
    """The mid of the last best prices, 0 when there are not two."""
    bid_ticks, ask_ticks = instrument["bid_ticks"], instrument["ask_ticks"]
    if bid_ticks <= 0 or ask_ticks <= 0 or bid_ticks > TICKS_MAX or ask_ticks > TICKS_MAX:
        return 0
    return (bid_ticks + ask_ticks) // 2


@kernel
def exposed_ticks(instrument: np.void, side: int, price_ticks: int) -> int:
    """The price at which an order counts: its worst one; a sale at a low limit is worth the mid all the same."""
    if side == Side.BUY and price_ticks > 0:
        return price_ticks
    return max(price_ticks, mid_ticks(instrument))


@kernel
def exposed_units(state: int, instrument: np.void, side: int, price_ticks: int, lots: int) -> int:
    """What lots of an order are worth in the risk currency, by the last rate known."""
    notional = notional_of(exposed_ticks(instrument, side, price_ticks), lots)
    return converted(quote_units(instrument, notional), assets_of(state)[instrument["quote_asset_id"]]["rate"])


@kernel
def funds_needed(state: int, instrument: np.void, side: int, price_ticks: int, lots: int) -> int:
    """What lots of an order may take of the account: money and fee for a purchase, else what is sold."""
    if side == Side.SELL:
        return min(lots, _LOTS_MAX) * instrument["units_per_lot"]
    notional = notional_of(exposed_ticks(instrument, side, price_ticks), lots)
    return with_fee(min(quote_units(instrument, notional), MONEY_MAX), header_of(state)["fee_reserve_bps"])


@kernel
def worst_ticks(order: np.void) -> int:
    """The highest price that an order has, or may get by the amendment under way."""
    if order["replace_state"] == ReplaceState.NONE:
        return order["price_ticks"]
    return max(order["price_ticks"], order["replace_price_ticks"])
