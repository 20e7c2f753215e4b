"""Owns counting anew what risk is held against: every sum that is kept by differences, from the rows behind it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.core.scopes import rows_of
from engine.core.state import State
from ipc.enums import EndReason, ReplaceState, Side
from ipc.tables import RATE_ONE

MONEY_MAX = 1 << 58
_SUMS = ("open_order_count", "open_buy_units", "open_sell_units", "gross_units", "net_units", "unrealised_units")
_OWN = {Side.BUY: ("first_buy", "highest_buy_ticks", 1), Side.SELL: ("first_sell", "lowest_sell_ticks", -1)}


def check_totals(state: State) -> None:
    """Asserts that scopes, books, balances and best own prices say what orders and positions come to."""
    living = _living(state)
    _check_scopes(state, living)
    _check_reserved(state, living)
    _check_equity(state)
    _check_own(state, living)


def check_valued(state: State) -> None:
    """Asserts that every position is worth what the last price makes it. Precondition: a price has just come."""
    for name in ("books", "holdings"):
        for instrument_id, row in _by_instrument(state, name):
            instrument = state.table("instruments")[instrument_id]
            mid = (int(instrument["bid_ticks"]) + int(instrument["ask_ticks"])) // 2
            value = _worth(state, instrument, mid * int(row["position_lots"]))
            cost = _worth(state, instrument, int(row["cost_notional"]))
            assert (row["value_units"], row["unrealised_units"]) == (value, value - cost), f"{name} of {instrument_id}"


def _living(state: State) -> list[np.void]:
    orders = state.table("orders")
    return list(orders[(orders["order_id"] != 0) & (orders["end_reason"] == EndReason.NONE)])


def _by_instrument(state: State, name: str) -> Iterator[tuple[int, np.void]]:
    rows = state.table(name)
    instruments = int(state.header["instruments_count"])
    return ((place % instruments, row) for place, row in enumerate(rows))


def _scaled(units: int, rate: int) -> int:
    return min(min(units, MONEY_MAX) * rate // RATE_ONE, MONEY_MAX)


def _worth(state: State, instrument: Any, notional: int) -> int:
    """A notional of either sign in the risk currency, rounded towards nothing."""
    rate = int(state.table("assets")[instrument["quote_asset_id"]]["rate"])
    worth = _scaled(abs(notional) * int(instrument["units_per_notional"]), rate)
    return worth if notional >= 0 else -worth


def _check_scopes(state: State, living: list[np.void]) -> None:
    """A strategy's positions are in its books, everybody else's in what the accounts hold."""
    expected: Counter[tuple[int, str]] = Counter()
    address = state.address
    for order in living:
        side = "open_buy_units" if order["side"] == Side.BUY else "open_sell_units"
        for row in rows_of(address, order["strategy_id"], order["account_id"], order["instrument_id"]):
            expected[row, "open_order_count"] += 1
            expected[row, side] += int(order["reserved_units"])
    instruments, held = int(state.header["instruments_count"]), Counter[int]()
    for place, (instrument_id, book) in enumerate(_by_instrument(state, "books")):
        strategy_row = rows_of(address, place // instruments, 0, instrument_id)[3]
        _add_position(expected, (strategy_row,), book)
        held[instrument_id] += book["position_lots"] != 0
    for place, (instrument_id, holding) in enumerate(_by_instrument(state, "holdings")):
        engine, venue, account, _, instrument = rows_of(address, 0, place // instruments, instrument_id)
        _add_position(expected, (engine, venue, account, instrument), holding)
        held[instrument_id] += holding["position_lots"] != 0
    for row, scope in enumerate(state.table("scopes")):
        for name in _SUMS:
            assert scope[name] == expected[row, name], f"{name} of scope {row}"
    assert list(state.table("instruments")["holder_count"]) == [held[place] for place in range(instruments)]


def _add_position(expected: Counter[tuple[int, str]], rows: tuple[int, ...], held: np.void) -> None:
    for row in rows:
        expected[row, "gross_units"] += abs(int(held["value_units"]))
        expected[row, "net_units"] += int(held["value_units"])
        expected[row, "unrealised_units"] += int(held["unrealised_units"])


def _check_reserved(state: State, living: list[np.void]) -> None:
    """What each order reserves is the worst that it may come to; what balances and books reserve is their sum."""
    funds, lots = Counter[tuple[int, int]](), Counter[tuple[int, int, int]]()
    for order in living:
        instrument = state.table("instruments")[order["instrument_id"]]
        is_buy = order["side"] == Side.BUY
        asset_id = int(instrument["quote_asset_id" if is_buy else "base_asset_id"])
        funds[int(order["account_id"]), asset_id] += int(order["reserved_funds"])
        lots[int(order["strategy_id"]), int(order["instrument_id"]), int(order["side"])] += int(order["reserved_lots"])
        notional = _worst_ticks(order) * int(order["reserved_lots"])
        if not is_buy:
            assert order["reserved_units"] >= _worth(state, instrument, notional), "a sale counts at its limit at least"
            assert order["reserved_funds"] == order["reserved_lots"] * instrument["units_per_lot"]
        elif _worst_ticks(order) > 0:
            money = notional * int(instrument["units_per_notional"])
            fee = -(-money * int(state.header["fee_reserve_bps"]) // 10_000)
            assert order["reserved_units"] == _worth(state, instrument, notional)
            assert order["reserved_funds"] == money + fee
    assets, instruments = int(state.header["assets_count"]), int(state.header["instruments_count"])
    for place, balance in enumerate(state.table("balances")):
        assert balance["reserved_units"] == funds[divmod(place, assets)], f"funds reserved of balance {place}"
    for place, book in enumerate(state.table("books")):
        for side, name in ((Side.BUY, "open_buy_lots"), (Side.SELL, "open_sell_lots")):
            assert book[name] == lots[(*divmod(place, instruments), int(side))], f"{name} of book {place}"


def _worst_ticks(order: np.void) -> int:
    if order["replace_state"] == ReplaceState.NONE:
        return int(order["price_ticks"])
    return max(int(order["price_ticks"]), int(order["replace_price_ticks"]))


def _check_equity(state: State) -> None:
    """An account's equity is what the last rates make of all its balances."""
    rates, assets = state.table("assets")["rate"], int(state.header["assets_count"])
    equity: Counter[int] = Counter()
    for place, balance in enumerate(state.table("balances")):
        account_id, asset_id = divmod(place, assets)
        total = int(balance["free_units"]) + int(balance["locked_units"]) + int(balance["moved_units"])
        # One that was never told of has not been valued.
        if balance["received_ns"] != 0:
            assert balance["value_units"] == _scaled(max(total, 0), int(rates[asset_id])), f"worth of balance {place}"
        equity[account_id] += int(balance["value_units"])
    for account_id in range(int(state.header["accounts_count"])):
        row = rows_of(state.address, 0, account_id, 0)[2]
        assert state.table("scopes")[row]["equity_units"] == equity[account_id], f"equity of account {account_id}"


def _check_own(state: State, living: list[np.void]) -> None:
    """Each account's open orders are in their list, and none has a better price than the one beside it."""
    orders, instruments = state.table("orders"), int(state.header["instruments_count"])
    for place, holding in enumerate(state.table("holdings")):
        account_id, instrument_id = divmod(place, instruments)
        for side, (first, bound, sign) in _OWN.items():
            key = (account_id, instrument_id, int(side))
            own = {int(o["order_id"]): o for o in living if (o["account_id"], o["instrument_id"], o["side"]) == key}
            listed, slot = [], int(holding[first])
            while slot >= 0:
                listed.append(int(orders[slot]["order_id"]))
                slot = int(orders[slot]["next_own"])
            assert sorted(listed) == sorted(own), f"open orders of {key}"
            for order in own.values():
                prices = [int(order["price_ticks"])]
                if order["replace_state"] != ReplaceState.NONE:
                    prices.append(int(order["replace_price_ticks"]))
                assert all(sign * price <= sign * int(holding[bound]) for price in prices), f"{bound} of {key}"
