"""Owns what every trial has in common: configuration, instruments, and the first state as an image."""

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
from engine.configuration.shape import FeesConfig
from engine.core.state import State
from engine.directory import Directory
from engine.scope_limits import UNLIMITED
from engine.state_builder import StateBuilder, capacities_of
from gateways.binance_spot.instrument_messages import ExchangeInformation
from gateways.binance_spot.instruments import rules
from gateways.registry import VENUES as KINDS
from gateways.simulator.binance_spot.exchange_info import exchange_info
from gateways.simulator.instruments import Instrument
from tools.execution.venues import PAIR, VENUES

STRATEGY = 1
INSTANCE = 6
_QUANTITY_MAX = "1000"
_NOTIONAL_MAX = "2000000"


class Setting(NamedTuple):
    """Everything that a trial begins with. Venue, account and instrument have the same number."""

    directory: Directory
    image: bytes
    """The block of a fresh engine."""


def make_setting() -> Setting:
    """The setting; made once in each process."""
    config = _config()
    directory = Directory(config)
    state = State.create(capacities_of(config, directory))
    builder = StateBuilder(config, directory, state, epoch=1)
    for number, terms in enumerate(VENUES):
        information = exchange_info([Instrument(terms.instrument)], [], 0)
        symbol = msgspec.convert(information, ExchangeInformation, strict=False).symbols[0]
        builder.set_instrument(number, directory.instruments[number], rules(symbol))
        builder.set_budgets(number, KINDS["binance_spot"])
    return Setting(directory, np.array(state.memory).tobytes())


def _bps(ppm: int) -> str:
    return str(ppm / 100)


def _config() -> Config:
    limits = tuple(
        LimitConfig(
            instrument=f"{PAIR}.{terms.name}",
            max_order_quantity=_QUANTITY_MAX,
            max_order_notional=_NOTIONAL_MAX,
            max_long=_QUANTITY_MAX,
            max_short=_QUANTITY_MAX,
            price_collar_bps="unlimited",
            fat_finger_bps="unlimited",
        )
        for terms in VENUES
    )
    accounts = tuple(AccountConfig(name=terms.name.lower(), venue=terms.name) for terms in VENUES)
    return Config(
        venues=tuple(
            VenueConfig(
                name=terms.name,
                kind="binance_spot",
                instruments=(PAIR,),
                fees=FeesConfig(maker_bps=_bps(terms.maker_ppm), taker_bps=_bps(terms.taker_ppm)),
            )
            for terms in VENUES
        ),
        accounts=accounts,
        strategies=(
            StrategyConfig(
                name="trader",
                id=STRATEGY,
                accounts=tuple(account.name for account in accounts),
                limits=UNLIMITED,
                books=limits,
            ),
        ),
        engine=EngineConfig(
            name="execution",
            instance=INSTANCE,
            order_capacity=1_024,
            parent_capacity=16,
            tombstone_capacity=64,
            trade_capacity=4_096,
        ),
        orders=OrdersConfig(default_order_type="limit"),
        execution=ExecutionConfig(),
        rate_limit=RateLimitConfig(rate_limit_orders=200),
        limits=UNLIMITED,
        risk=RiskConfig(duplicate_orders_max=10_000),
    )
