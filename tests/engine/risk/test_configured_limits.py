"""From a key of the configuration to what is refused for it: each limit alone, everything else unlimited."""

from typing import Any

import pytest
from msgspec import structs

from engine.configuration.shape import AccountLimitsConfig, LimitConfig, LimitsConfig, RiskConfig
from engine.scope_limits import UNLIMITED_KEYS, count_of, set_limits
from ipc.enums import RefusalReason, Side, TradingState, VenueEvent
from tests.engine.core.step_effects import Step
from tests.engine.core.world import World

R = RefusalReason
ACCOUNT, STRATEGY = 2, 5
# An order of 10 lots at 10,000 ticks is worth 0.001 of the currency in this world.
LESS, MORE = "0.00099999", "0.00100000"


def under(world: World, **keys: Any) -> None:
    """Limits of strategy 1."""
    set_limits(world.row("scopes", STRATEGY), LimitsConfig(**{**UNLIMITED_KEYS, **keys}))


def _answer(step: Step) -> RefusalReason:
    return step.refusals[0] if step.refusals else R.NONE


@pytest.mark.parametrize(
    ("keys", "enough", "reason"),
    [
        ({"max_open_orders": 0}, {"max_open_orders": 1}, R.MAX_OPEN_ORDERS_EXCEEDED),
        ({"max_open_notional": LESS}, {"max_open_notional": MORE}, R.MAX_OPEN_NOTIONAL_EXCEEDED),
        ({"max_gross_exposure": LESS}, {"max_gross_exposure": MORE}, R.GROSS_EXPOSURE_EXCEEDED),
        ({"max_net_exposure": LESS}, {"max_net_exposure": MORE}, R.NET_EXPOSURE_EXCEEDED),
        ({"max_traded": LESS, "traded_window_ms": 5}, {"max_traded": MORE}, R.TRADED_VOLUME_EXCEEDED),
        ({"max_executions": 0}, {"max_executions": 1}, R.MAX_EXECUTIONS_EXCEEDED),
        ({"max_order_to_trade": 0, "order_to_trade_grace": 0}, {"max_order_to_trade": 1}, R.ORDER_TO_TRADE_EXCEEDED),
        ({"max_order_to_trade": 0, "order_to_trade_grace": 0}, {"order_to_trade_grace": 1}, R.ORDER_TO_TRADE_EXCEEDED),
        ({"max_new_per_s": 0}, {"max_new_per_s": 1}, R.MESSAGE_THROTTLE_EXCEEDED),
    ],
    ids=[
        "max_open_orders",
        "max_open_notional",
        "max_gross_exposure",
        "max_net_exposure",
        "max_traded_and_traded_window_ms",
        "max_executions",
        "max_order_to_trade",
        "order_to_trade_grace",
        "max_new_per_s",
    ],
)
def test_a_key_refuses_what_is_beyond_it(
    world: World, keys: dict[str, Any], enough: dict[str, Any], reason: RefusalReason
) -> None:
    under(world, **keys)
    assert _answer(world.new_order()) == reason
    under(world, **{**keys, **enough})
    assert _answer(world.new_order()) == R.NONE


def test_max_amends_per_s(world: World) -> None:
    order_id = world.place()
    under(world, max_amends_per_s=0)
    assert _answer(world.amend(order_id, order_lots=5)) == R.MESSAGE_THROTTLE_EXCEEDED


def test_max_cancels_per_s(world: World) -> None:
    order_id = world.place()
    under(world, max_cancels_per_s=0)
    assert _answer(world.cancel(order_id)) == R.MESSAGE_THROTTLE_EXCEEDED


def test_max_leverage(world: World) -> None:
    world.row("scopes", ACCOUNT)["equity_units"] = 50_000
    set_limits(world.row("scopes", ACCOUNT), AccountLimitsConfig(**UNLIMITED_KEYS, max_leverage="1.99"))
    assert _answer(world.new_order()) == R.LEVERAGE_EXCEEDED
    set_limits(world.row("scopes", ACCOUNT), AccountLimitsConfig(**UNLIMITED_KEYS, max_leverage="2"))
    assert _answer(world.new_order()) == R.NONE


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ("max_loss", TradingState.REDUCE_ONLY),
        ("halt_loss", TradingState.HALT),
        ("max_drawdown", TradingState.REDUCE_ONLY),
    ],
    ids=["max_loss", "halt_loss", "max_drawdown"],
)
def test_a_loss_beyond_a_key_restricts_the_scope(world: World, key: str, state: TradingState) -> None:
    """Ten lots bought at 10,000 ticks lose 10 units with each tick that the mid falls."""
    under(world, **{key: "0.00000100"})
    world.book_top(9_999, 10_001)
    world.fill(world.place(), 10)
    world.now_ns += 1
    world.book_top(9_989, 9_991)
    assert world.row("scopes", STRATEGY)["trading_state"] == TradingState.ACTIVE
    world.now_ns += 1
    world.book_top(9_988, 9_990)
    assert world.row("scopes", STRATEGY)["trading_state"] == state
    assert _answer(world.new_order()) == R.TRADING_STATE


def test_valuation_interval_ms(world: World) -> None:
    world.state.header["valuation_interval_ns"] = RiskConfig(valuation_interval_ms=100).valuation_interval_ms * 10**6
    world.book_top(9_999, 10_001)
    world.fill(world.place(), 10)
    for passed_ms, value in ((99, 100_000), (1, 90_000)):
        world.now_ns += passed_ms * 10**6
        world.book_top(8_999, 9_001)
        assert world.row("scopes", STRATEGY)["gross_units"] == value


def test_currency_in_which_an_asset_counts_by_its_instrument(world: World) -> None:
    """The base asset's worth is the mid of its instrument in the risk currency."""
    instrument, base = world.row("instruments", 0), world.row("assets", 0)
    instrument["price_decimals"], instrument["tick_units"] = 2, 5
    base["rate_instrument_id"] = 0
    world.book_top(9_999, 10_001)
    assert base["rate"] / 2**31 == 500, "10,000 ticks of 0.05"


def test_fee_reserve_bps(world: World) -> None:
    world.state.header["fee_reserve_bps"] = RiskConfig(fee_reserve_bps=10).fee_reserve_bps
    world.row("balances", 1)["free_units"] = 100_099
    assert _answer(world.new_order()) == R.INSUFFICIENT_FUNDS
    world.row("balances", 1)["free_units"] = 100_100
    order_id = world.place()
    assert world.row("balances", 1)["reserved_units"] == 100_100
    world.venue(VenueEvent.CANCELED, order_id)
    assert world.row("balances", 1)["reserved_units"] == 0


@pytest.mark.parametrize(
    ("key", "reason"),
    [("price_collar_bps", R.PRICE_COLLAR_EXCEEDED), ("fat_finger_bps", R.FAT_FINGER)],
    ids=["price_collar_bps", "fat_finger_bps"],
)
def test_a_price_beyond_a_key_is_refused(world: World, key: str, reason: RefusalReason) -> None:
    limit = structs.replace(LimitConfig(instrument="A/B.C"), **{key: 100})
    world.book()[key] = count_of(getattr(limit, key))
    world.book_top(10_000, 10_000)
    assert _answer(world.new_order(price_ticks=10_101)) == reason
    assert _answer(world.new_order(side=Side.SELL, price_ticks=9_899)) == reason
    assert _answer(world.new_order(price_ticks=10_100)) == R.NONE
