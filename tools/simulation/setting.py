"""Owns what every seed has in common: configuration, instruments, keys, and the first state as an image."""

from typing import NamedTuple

import msgspec
import numpy as np

from engine.config import (
    AccountConfig,
    Config,
    EngineConfig,
    ExecutionConfig,
    LimitConfig,
    OrdersConfig,
    RateLimitConfig,
    RiskConfig,
    StrategyConfig,
    VenueConfig,
)
from engine.configuration.shape import BreakersConfig
from engine.core.state import State
from engine.directory import Directory
from engine.scope_limits import UNLIMITED
from engine.state_builder import StateBuilder, capacities_of
from gateways import simulator
from gateways.binance_spot.instrument_messages import ExchangeInformation
from gateways.binance_spot.instruments import rules
from gateways.credentials import Credentials, KeyKind
from gateways.instrument import AssetBinding, InstrumentBinding
from gateways.registry import VENUES
from gateways.simulator.binance_spot.exchange_info import exchange_info
from gateways.simulator.instruments import Instrument
from ipc.clock import NS_PER_MS
from ipc.secret import Secret

ACCOUNT_NAME = "main"
MARKET_NAME = "market"
SYMBOL = "BTCUSDT"
PAIR = "BTC/USDT"
API_KEY = "A" * 64
RECEIVE_WINDOW_MS = 2_000
EXPIRY_MARGIN_NS = 1_000 * NS_PER_MS
"""Beyond the window in which a request may still be accepted: the clocks' difference and the replicas' lag."""
ANSWER_TIMEOUT_NS = 1_500 * NS_PER_MS
"""After which an unanswered request makes its order unknown."""
POSITION_DIFFERS_NS = 25_000 * NS_PER_MS
"""How long balances may differ: what one turn of asking finds agrees with the words of the next, 20 s later."""
STRATEGIES = (1, 2)
INSTANCE = 5
BALANCES = {"BTC": "1000", "USDT": "100000000"}
RICH = {"BTC": "1000000", "USDT": "100000000000"}
ORDERS_PER_10_S = 40
_ORDERS, _ORDERS_WITH_PARENTS = 64, 128
_PARENTS = 16
"""Fewer than two strategies may want."""
VENUE_CONFIG = simulator.VenueConfig(
    accounts=(
        simulator.AccountConfig(name=ACCOUNT_NAME, balances=BALANCES),
        simulator.AccountConfig(name=MARKET_NAME, balances=RICH),
    ),
    instruments=(
        simulator.InstrumentConfig(
            symbol=SYMBOL,
            base="BTC",
            quote="USDT",
            tick_size="0.01",
            lot_size="0.00001",
            reference_price="65000.00",
        ),
    ),
    limits=simulator.LimitsConfig(orders_10s=ORDERS_PER_10_S),
)


class FixedSigner:
    """Signs nothing: what a signature is worth is tested elsewhere, and costs more than all the rest here."""

    def sign(self, text: bytes | memoryview) -> bytes:
        """A text that stands in the signature's place."""
        return b"unsigned"


class Setting(NamedTuple):
    """Everything that a seed begins with."""

    config: Config
    directory: Directory
    credentials: Credentials
    instruments: dict[str, InstrumentBinding]
    assets: dict[str, AssetBinding]
    image: bytes
    """The block of a fresh engine."""


def make_setting(*, has_parents: bool = False) -> Setting:
    """The setting; made once in each process for either kind of seeds."""
    config = _config(order_capacity=_ORDERS_WITH_PARENTS if has_parents else _ORDERS)
    directory = Directory(config)
    state = State.create(capacities_of(config, directory))
    builder = StateBuilder(config, directory, state, epoch=1)
    venue = VENUES["binance_spot"]
    information = exchange_info([Instrument(VENUE_CONFIG.instruments[0])], [], 0)
    symbol = msgspec.convert(information, ExchangeInformation, strict=False).symbols[0]
    told = rules(symbol)
    builder.set_instrument(0, directory.instruments[0], told)
    builder.set_budgets(0, venue)
    state.header["request_expiry_ns"] = RECEIVE_WINDOW_MS * NS_PER_MS + EXPIRY_MARGIN_NS
    terms = state.table("terms")
    terms["acknowledgement_timeout_ns"] = terms["cancel_timeout_ns"] = ANSWER_TIMEOUT_NS
    decimals = state.table("assets")["decimals"]
    return Setting(
        config=config,
        directory=directory,
        credentials=Credentials(Secret(API_KEY.encode()), KeyKind.ED25519, FixedSigner()),
        instruments={SYMBOL: InstrumentBinding(0, told)},
        assets={name: AssetBinding(number, int(decimals[number])) for number, name in enumerate(directory.assets)},
        image=np.array(state.memory).tobytes(),
    )


def _config(*, order_capacity: int) -> Config:
    limit = LimitConfig(
        instrument=f"{PAIR}.BINANCE",
        max_order_quantity="1",
        max_order_notional="1000000",
        max_long="1",
        max_short="1",
        price_collar_bps="unlimited",
        fat_finger_bps="unlimited",
    )
    return Config(
        venues=(
            VenueConfig(
                name="BINANCE",
                kind="binance_spot",
                instruments=(PAIR,),
                environment="custom",
                receive_window_ms=RECEIVE_WINDOW_MS,
            ),
        ),
        accounts=(AccountConfig(name=ACCOUNT_NAME, venue="BINANCE"),),
        strategies=tuple(
            StrategyConfig(name=f"s{number}", id=number, accounts=(ACCOUNT_NAME,), limits=UNLIMITED, books=(limit,))
            for number in STRATEGIES
        ),
        engine=EngineConfig(
            name="simulated",
            instance=INSTANCE,
            order_capacity=order_capacity,
            parent_capacity=_PARENTS,
            tombstone_capacity=64,
            trade_capacity=256,
        ),
        orders=OrdersConfig(default_order_type="limit"),
        execution=ExecutionConfig(max_slippage_bps=50, retry_attempts=1, execution_timeout_ms=0),
        rate_limit=RateLimitConfig(rate_limit_orders=20, rate_limit_window_ms=1_000),
        limits=UNLIMITED,
        risk=RiskConfig(duplicate_orders_max=50, book_age_max_ms=5_000),
        breakers=BreakersConfig(position_differs_ms=POSITION_DIFFERS_NS // NS_PER_MS),
    )
