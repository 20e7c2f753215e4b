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
from engine.configuration.shape import BreakersConfig, FeesConfig
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


class SiteTerms(NamedTuple):
    """What one venue is, and what the engine calls it and its account there."""

    venue_name: str
    account_name: str
    config: simulator.VenueConfig
    fees: FeesConfig
    price_scale: int
    """One tick in the finest price step of all sites, which is a tick of the first."""
    lot_scale: int
    """One lot in the finest quantity step of all sites, which is a lot of the first."""


def _venue_config(*, tick_size: str, lot_size: str, maker_bps: str, taker_bps: str) -> simulator.VenueConfig:
    return simulator.VenueConfig(
        accounts=(
            simulator.AccountConfig(
                name=ACCOUNT_NAME,
                balances=BALANCES,
                maker_commission_bps=maker_bps,
                taker_commission_bps=taker_bps,
            ),
            simulator.AccountConfig(name=MARKET_NAME, balances=RICH),
        ),
        instruments=(
            simulator.InstrumentConfig(
                symbol=SYMBOL,
                base="BTC",
                quote="USDT",
                tick_size=tick_size,
                lot_size=lot_size,
                reference_price="65000.00",
            ),
        ),
        limits=simulator.LimitsConfig(orders_10s=ORDERS_PER_10_S),
    )


HOME = SiteTerms(
    venue_name="BINANCE",
    account_name=ACCOUNT_NAME,
    config=_venue_config(tick_size="0.01", lot_size="0.00001", maker_bps="10", taker_bps="10"),
    fees=FeesConfig(maker_bps="10", taker_bps="10"),
    price_scale=1,
    lot_scale=1,
)
OTHER = SiteTerms(
    venue_name="OTHER",
    account_name="other",
    config=_venue_config(tick_size="0.05", lot_size="0.00002", maker_bps="10.5", taker_bps="9.5"),
    fees=FeesConfig(maker_bps="10.5", taker_bps="9.5"),
    price_scale=5,
    lot_scale=2,
)
"""Its ticks and lots are not those of the first, so that whoever mixes them up is found out."""


class FixedSigner:
    """Signs nothing: what a signature is worth is tested elsewhere, and costs more than all the rest here."""

    def sign(self, text: bytes | memoryview) -> bytes:
        """A text that stands in the signature's place."""
        return b"unsigned"


class Setting(NamedTuple):
    """Everything that a seed begins with."""

    config: Config
    sites: tuple[SiteTerms, ...]
    """Venue, account and instrument of a site have its number."""
    directory: Directory
    credentials: Credentials
    instruments: tuple[dict[str, InstrumentBinding], ...]
    """By site."""
    assets: dict[str, AssetBinding]
    image: bytes
    """The block of a fresh engine."""


def make_setting(*, has_parents: bool = False) -> Setting:
    """The setting; made once in each process for either kind of seeds."""
    sites = (HOME, OTHER) if has_parents else (HOME,)
    config = _config(sites, order_capacity=_ORDERS_WITH_PARENTS if has_parents else _ORDERS)
    directory = Directory(config)
    state = State.create(capacities_of(config, directory))
    builder = StateBuilder(config, directory, state, epoch=1)
    venue = VENUES["binance_spot"]
    instruments = []
    for number, site in enumerate(sites):
        information = exchange_info([Instrument(site.config.instruments[0])], [], 0)
        symbol = msgspec.convert(information, ExchangeInformation, strict=False).symbols[0]
        told = rules(symbol)
        builder.set_instrument(number, directory.instruments[number], told)
        builder.set_budgets(number, venue)
        instruments.append({SYMBOL: InstrumentBinding(number, told)})
    state.header["request_expiry_ns"] = RECEIVE_WINDOW_MS * NS_PER_MS + EXPIRY_MARGIN_NS
    terms = state.table("terms")
    terms["acknowledgement_timeout_ns"] = terms["cancel_timeout_ns"] = ANSWER_TIMEOUT_NS
    decimals = state.table("assets")["decimals"]
    return Setting(
        config=config,
        sites=sites,
        directory=directory,
        credentials=Credentials(Secret(API_KEY.encode()), KeyKind.ED25519, FixedSigner()),
        instruments=tuple(instruments),
        assets={name: AssetBinding(number, int(decimals[number])) for number, name in enumerate(directory.assets)},
        image=np.array(state.memory).tobytes(),
    )


def _config(sites: tuple[SiteTerms, ...], *, order_capacity: int) -> Config:
    limits = tuple(
        LimitConfig(
            instrument=f"{PAIR}.{terms.venue_name}",
            max_order_quantity="1",
            max_order_notional="1000000",
            max_long="1",
            max_short="1",
            price_collar_bps="unlimited",
            fat_finger_bps="unlimited",
        )
        for terms in sites
    )
    accounts = tuple(AccountConfig(name=terms.account_name, venue=terms.venue_name) for terms in sites)
    names = tuple(account.name for account in accounts)
    return Config(
        venues=tuple(
            VenueConfig(
                name=terms.venue_name,
                kind="binance_spot",
                instruments=(PAIR,),
                environment="custom",
                receive_window_ms=RECEIVE_WINDOW_MS,
                fees=terms.fees,
            )
            for terms in sites
        ),
        accounts=accounts,
        strategies=tuple(
            StrategyConfig(name=f"s{number}", id=number, accounts=names, limits=UNLIMITED, books=limits)
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
