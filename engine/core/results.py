"""Owns what positions are worth and what was won or lost, as sums of each scope kept by differences.

A strategy's sums are over its books; those of accounts, venues, instruments and the engine over holdings, so that
what strategies hold against each other counts once.
"""

import numpy as np

from engine.core.exposure import mid_ticks
from engine.core.money import converted, notional_of, quote_units, signed_worth
from engine.core.scopes import ENGINE_ROW, account_row, instrument_row, rows_of, strategy_row, venue_row
from engine.core.state import assets_of, book_of, header_of, holding_of, instruments_of, scopes_of
from engine.core.throttles import count_traded
from engine.core.trading_states import restrict
from ipc.compiler import kernel
from ipc.enums import AlarmCode, TradingState


@kernel
def mark(instrument: np.void, fill_ticks: int) -> None:
    """Takes the mid as the price to value at; without one a first fill's price has to do."""
    mid = mid_ticks(instrument)
    if mid > 0:
        instrument["mark_ticks"] = mid
    elif instrument["mark_ticks"] == 0:
        instrument["mark_ticks"] = fill_ticks


@kernel
def _value(state: int, instrument: np.void, position_lots: int) -> int:
    notional = notional_of(instrument["mark_ticks"], abs(position_lots))
    rate = assets_of(state)[instrument["quote_asset_id"]]["rate"]
    value = converted(quote_units(instrument, notional), rate)
    return value if position_lots >= 0 else -value


@kernel
def value_book(state: int, strategy_id: int, instrument_id: int) -> None:
    """Values what a strategy holds of an instrument at the mark."""
    book, instrument = book_of(state, strategy_id, instrument_id), instruments_of(state)[instrument_id]
    before_units, before_unrealised = book["value_units"], book["unrealised_units"]
    book["value_units"] = _value(state, instrument, book["position_lots"])
    book["unrealised_units"] = book["value_units"] - signed_worth(state, instrument, book["cost_notional"])
    scope = scopes_of(state)[strategy_row(state, strategy_id)]
    _exchange(scope, before_units, book["value_units"], book["unrealised_units"] - before_unrealised)


@kernel
def value_holding(state: int, account_id: int, instrument_id: int) -> None:
    """Values what an account holds of an instrument at the mark."""
    holding, instrument = holding_of(state, account_id, instrument_id), instruments_of(state)[instrument_id]
    before_units, before_unrealised = holding["value_units"], holding["unrealised_units"]
    holding["value_units"] = _value(state, instrument, holding["position_lots"])
    holding["unrealised_units"] = holding["value_units"] - signed_worth(state, instrument, holding["cost_notional"])
    added_units = holding["unrealised_units"] - before_unrealised
    _exchange_held(state, account_id, instrument_id, before_units, holding["value_units"], added_units)


@kernel
def add_book(state: int, strategy_id: int, book: np.void) -> None:
    """Adds what a book was last valued at to a scope that does not hold it yet."""
    _exchange(scopes_of(state)[strategy_row(state, strategy_id)], 0, book["value_units"], book["unrealised_units"])


@kernel
def add_holding(state: int, account_id: int, instrument_id: int, holding: np.void) -> None:
    """The same of a holding and its scopes."""
    _exchange_held(state, account_id, instrument_id, 0, holding["value_units"], holding["unrealised_units"])


@kernel
def _exchange_held(
    state: int, account_id: int, instrument_id: int, before_units: int, after_units: int, unrealised_units: int
) -> None:
    scopes = scopes_of(state)
    for row in (
        ENGINE_ROW,
        venue_row(state, account_id),
        account_row(state, account_id),
        instrument_row(state, instrument_id),
    ):
        _exchange(scopes[row], before_units, after_units, unrealised_units)


@kernel
def _exchange(scope: np.void, before_units: int, after_units: int, unrealised_units: int) -> None:
    scope["gross_units"] += abs(after_units) - abs(before_units)
    scope["net_units"] += after_units - before_units
    scope["unrealised_units"] += unrealised_units


@kernel
def realise(
    state: int, strategy_id: int, account_id: int, instrument_id: int, own_units: int, account_units: int
) -> None:
    """Adds to the day's results: the strategy's own, and that of what the account holds."""
    scopes, own_row = scopes_of(state), strategy_row(state, strategy_id)
    for row in rows_of(state, strategy_id, account_id, instrument_id):
        scopes[row]["realised_units"] += own_units if row == own_row else account_units


@kernel
def count_fill_of_scopes(state: int, strategy_id: int, account_id: int, instrument_id: int, notional: int) -> None:
    """Counts a fill and what it was worth against what a window and the day allow."""
    units = signed_worth(state, instruments_of(state)[instrument_id], notional)
    scopes, now_ns = scopes_of(state), header_of(state)["now_ns"]
    for row in rows_of(state, strategy_id, account_id, instrument_id):
        count_traded(scopes[row], units, now_ns)


@kernel
def check_results(state: int, strategy_id: int, account_id: int, instrument_id: int) -> None:
    """Restricts every scope that a fill has brought beyond what it may lose."""
    for row in rows_of(state, strategy_id, account_id, instrument_id):
        check_result(state, row)


@kernel
def check_result(state: int, row: int) -> None:
    """Restricts a scope that has lost more than it may, since the day began or from its best moment."""
    scope = scopes_of(state)[row]
    result_units = scope["realised_units"] + scope["unrealised_units"]
    scope["peak_units"] = max(scope["peak_units"], result_units)
    if -result_units > scope["halt_loss_units"]:
        limit_units = scope["halt_loss_units"]
        restrict(state, row, TradingState.HALT, AlarmCode.LOSS_LIMIT_EXCEEDED, limit_units, -result_units)
    elif -result_units > scope["max_loss_units"]:
        limit_units = scope["max_loss_units"]
        restrict(state, row, TradingState.REDUCE_ONLY, AlarmCode.LOSS_LIMIT_EXCEEDED, limit_units, -result_units)
    drawdown_units, limit_units = scope["peak_units"] - result_units, scope["max_drawdown_units"]
    if drawdown_units > limit_units:
        restrict(state, row, TradingState.REDUCE_ONLY, AlarmCode.DRAWDOWN_LIMIT_EXCEEDED, limit_units, drawdown_units)


@kernel
def begin_day(state: int) -> None:
    """Lets what is counted by the day begin anew; what is held keeps what it has won or lost so far."""
    scopes = scopes_of(state)
    for row in range(len(scopes)):
        scope = scopes[row]
        scope["realised_units"] = 0
        scope["peak_units"] = scope["unrealised_units"]
        scope["message_count"] = 0
        scope["fill_count"] = 0
