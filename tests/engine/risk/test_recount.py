"""Whatever trades in whatever order, what risk is held against is what a count from scratch finds."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.core.state import State
from ipc.compiler import JIT_DISABLED
from ipc.enums import RecordKind, Side
from ipc.tables import RATE_ONE
from tests.engine.core.random_trading import RandomTrading, trading_world
from tests.engine.core.recount import check_totals, check_valued
from tests.engine.core.world import BASE, QUOTE, World

EXAMPLES, STEPS = (6, 60) if JIT_DISABLED else (40, 400)
FUNDS = 10**15


def _priced_world(rate: int, units_per_notional: int, units_per_lot: int, fee_bps: int) -> World:
    """A world with money of its own: what is traded in one asset counts in another."""
    world = trading_world()
    state = world.state
    instruments = state.table("instruments")
    instruments["units_per_notional"], instruments["units_per_lot"] = units_per_notional, units_per_lot
    instruments["money_notional_max"] = (1 << 58) // units_per_notional
    state.table("assets")[QUOTE]["rate"] = rate
    state.header["fee_reserve_bps"] = fee_bps
    state.table("balances")["free_units"] = 0
    for account_id in (0, 1):
        for asset_id in (BASE, QUOTE):
            # Older than every fill, so that the fills move it.
            world.feed(RecordKind.BALANCE, account_id=account_id, asset_id=asset_id, free_units=FUNDS, locked_units=1)
    return world


# Its old leg fills an order whose replacement asks for less than that.
@example(seed=3_650, rate=RATE_ONE, units_per_notional=1, units_per_lot=1, fee_bps=0)
# The leg of a replacement that was given up shows itself, at a better price than any of ours.
@example(seed=2_246_792, rate=RATE_ONE, units_per_notional=1, units_per_lot=1, fee_bps=0)
@given(
    seed=st.integers(0, 1 << 32),
    rate=st.one_of(st.just(RATE_ONE), st.integers(1, 1 << 36)),
    units_per_notional=st.sampled_from((1, 10, 1_000)),
    units_per_lot=st.sampled_from((1, 1_000)),
    fee_bps=st.sampled_from((0, 7, 10)),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_kept_by_differences_is_what_counting_anew_finds(
    seed: int, rate: int, units_per_notional: int, units_per_lot: int, fee_bps: int
) -> None:
    world = _priced_world(rate, units_per_notional, units_per_lot, fee_bps)
    trading = RandomTrading(world, seed)
    for _ in range(STEPS):
        trading.take_step()
        check_totals(world.state)
    for instrument_id in (0, 1):
        world.now_ns += 1
        world.book_top(9_950, 9_957, instrument_id)
    check_totals(world.state)
    check_valued(world.state)
    _check_holdings(trading, units_per_lot)


def _check_holdings(trading: RandomTrading, units_per_lot: int) -> None:
    """What accounts hold, and what came to them of the asset, is what the ledger of all trades says."""
    held: Counter[tuple[int, int]] = Counter()
    for (_, instrument_id, side), trade in trading.ledger.trades.items():
        held[trade.account_id, instrument_id] += trade.lots if side == Side.BUY else -trade.lots
    state = trading.world.state
    for account_id in (0, 1):
        holdings = state.table("holdings")[2 * account_id : 2 * account_id + 2]
        assert list(holdings["position_lots"]) == [held[account_id, 0], held[account_id, 1]]
        moved = int(state.table("balances")[3 * account_id + BASE]["moved_units"])
        assert moved == (held[account_id, 0] + held[account_id, 1]) * units_per_lot


def _traded_state() -> State:
    """Orders open and positions held on both sides."""
    trading = RandomTrading(_priced_world(3 * RATE_ONE, 10, 1_000, 10), seed=5)
    for _ in range(60):
        trading.take_step()
    check_totals(trading.world.state)
    return trading.world.state


@pytest.mark.parametrize(
    ("table", "field"),
    [
        *(
            ("scopes", name)
            for name in (
                *("open_order_count", "open_buy_units", "open_sell_units", "gross_units", "net_units"),
                *("unrealised_units", "equity_units"),
            )
        ),
        *(("books", name) for name in ("open_buy_lots", "open_sell_lots", "value_units", "position_lots")),
        *(("holdings", name) for name in ("value_units", "position_lots", "first_buy", "first_sell")),
        ("balances", "reserved_units"),
        ("balances", "value_units"),
        ("instruments", "holder_count"),
    ],
)
def test_a_sum_that_is_off_by_one_is_noticed(table: str, field: str) -> None:
    state = _traded_state()
    rows = state.table(table)
    if field == "position_lots":
        rows[field] = 0
    elif field.startswith("first"):
        assert (rows[field] >= 0).any(), "an order is open"
        rows[field] = -1
    else:
        rows[field] += 1
    with pytest.raises(AssertionError):
        check_totals(state)


def test_a_best_own_price_that_leaves_an_order_out_is_noticed() -> None:
    state = _traded_state()
    holdings = state.table("holdings")
    open_buys = holdings["first_buy"] >= 0
    assert open_buys.any()
    holdings["highest_buy_ticks"][open_buys] = 0
    with pytest.raises(AssertionError, match="highest_buy_ticks"):
        check_totals(state)
