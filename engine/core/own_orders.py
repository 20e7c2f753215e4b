"""Owns the open orders of one account on one side of an instrument, so that none of ours meets another.

Beside each list stands a price that none of its orders is better than: nearly always it answers alone, and when it
does not, the list is walked once and the price is exact again.
"""

import numpy as np

from engine.core.state import holding_of, orders_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import OrderType, RefusalReason, ReplaceState, SelfTradePrevention, Side
from ipc.tables import NO_LIMIT

_NONE = -1
# Selling lower is better, buying higher.
_SELLING, _BUYING = 1, -1


@kernel
def link_own(state: int, slot: int) -> None:
    """Adds an open order to its account's. Precondition: its price is set, and that of an amendment under way."""
    orders = orders_of(state)
    order = orders[slot]
    holding = holding_of(state, order["account_id"], order["instrument_id"])
    first = holding["first_buy"] if order["side"] == Side.BUY else holding["first_sell"]
    order["previous_own"] = _NONE
    order["next_own"] = first
    if first >= 0:
        orders[first]["previous_own"] = slot
    _set_first(holding, order["side"], slot)
    if first < 0:
        _set_best(holding, order["side"], order["price_ticks"])
    else:
        note_own_price(state, order, order["price_ticks"])
    if order["replace_state"] != ReplaceState.NONE:
        # An order of an earlier run, or one that lives again, brings its amendment along.
        note_own_price(state, order, order["replace_price_ticks"])


@kernel
def unlink_own(state: int, slot: int) -> None:
    """Takes an order that is no longer open out of its account's."""
    orders = orders_of(state)
    order = orders[slot]
    before, after = order["previous_own"], order["next_own"]
    if before >= 0:
        orders[before]["next_own"] = after
    else:
        _set_first(holding_of(state, order["account_id"], order["instrument_id"]), order["side"], after)
    if after >= 0:
        orders[after]["previous_own"] = before
    order["previous_own"] = _NONE
    order["next_own"] = _NONE


@kernel
def note_own_price(state: int, order: np.void, price_ticks: int) -> None:
    """Says that an open order has, or may get, a price."""
    holding = holding_of(state, order["account_id"], order["instrument_id"])
    if order["side"] == Side.BUY:
        _set_best(holding, order["side"], max(holding["highest_buy_ticks"], price_ticks))
    else:
        _set_best(holding, order["side"], min(holding["lowest_sell_ticks"], price_ticks))


@kernel
def _set_first(holding: np.void, side: int, slot: int) -> None:
    if side == Side.BUY:
        holding["first_buy"] = slot
    else:
        holding["first_sell"] = slot


@kernel
def _set_best(holding: np.void, side: int, price_ticks: int) -> None:
    if side == Side.BUY:
        holding["highest_buy_ticks"] = price_ticks
    else:
        holding["lowest_sell_ticks"] = price_ticks


@kernel
def check_self_match(
    state: int, account_id: int, instrument_id: int, side: int, price_ticks: int, prevention: int
) -> Verdict:
    """Whether an order would meet one of the same account; the venue's own prevention may be asked for instead."""
    if prevention != SelfTradePrevention.DEFAULT and prevention != SelfTradePrevention.NONE:
        return passed()
    holding = holding_of(state, account_id, instrument_id)
    if side == Side.BUY:
        if holding["first_sell"] < 0 or price_ticks < holding["lowest_sell_ticks"]:
            return passed()
        own_ticks, holding["lowest_sell_ticks"] = _best_prices(state, holding["first_sell"], _SELLING)
        meets = own_ticks != NO_LIMIT and price_ticks >= own_ticks
    else:
        if holding["first_buy"] < 0 or price_ticks > holding["highest_buy_ticks"]:
            return passed()
        own_ticks, holding["highest_buy_ticks"] = _best_prices(state, holding["first_buy"], _BUYING)
        meets = own_ticks != -NO_LIMIT and price_ticks <= own_ticks
    return refuse(RefusalReason.SELF_MATCH, own_ticks, 0, price_ticks) if meets else passed()


@kernel
def _may_trade_now(order: np.void) -> bool:
    """Whether an open order is at the venue and not waiting there for a stop price."""
    is_stop = order["order_type"] == OrderType.STOP or order["order_type"] == OrderType.STOP_LIMIT
    return order["release_at_ns"] == 0 and (not is_stop or order["triggered_ns"] != 0)


@kernel
def _best_prices(state: int, slot: int, sense: int) -> tuple[int, int]:
    """The best price at which an order of a list trades now, and the best that any of them has or may get.

    Where there is none it is the worst: `NO_LIMIT` of selling, `-NO_LIMIT` of buying.
    """
    orders = orders_of(state)
    trading, any_of_them = NO_LIMIT + 0, NO_LIMIT + 0
    while slot >= 0:
        order = orders[slot]
        price = sense * order["price_ticks"]
        if order["replace_state"] != ReplaceState.NONE:
            price = min(price, sense * order["replace_price_ticks"])
        any_of_them = min(any_of_them, price)
        if _may_trade_now(order):
            trading = min(trading, price)
        slot = order["next_own"]
    return sense * trading, sense * any_of_them
