"""Owns the first state: a configuration and the venues' rules become the rows of a block."""

from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction

import numpy as np

from engine.breaker_rows import set_breakers
from engine.config import Config, resolve_terms
from engine.configuration.shape import LimitConfig, LimitsConfig
from engine.core.exposure import TICKS_MAX
from engine.core.money import MONEY_MAX
from engine.core.state import Capacities, State, block_bytes
from engine.cost_rows import DayVolumeError, set_cost_model
from engine.directory import Directory
from engine.fee_tiers import rates_of
from engine.rate_rows import RateLimitError, RateRows, instrument_budgets, rate_entries
from engine.route_rows import PairError, link_pair, set_rates
from engine.scope_limits import count_of, lift_limits, set_limits
from gateways.instrument import InstrumentRules
from gateways.registry import VENUES
from gateways.venue import Venue
from ipc.clock import NS_PER_MS
from ipc.enums import InstrumentStatus, ScopeKind
from ipc.segment import boot_id
from ipc.tables import RATE_ONE, name_words

ASSET_DECIMALS = 8
_PRODUCT_MAX = 1 << 62
_LOTS_MAX = (1 << 31) - 1


class StateError(Exception):
    """The configuration and what the venues say do not go together; the message says where and why."""


def capacities_of(config: Config, directory: Directory) -> Capacities:
    """How large the tables are."""
    limiter_times = 1
    for strategy in config.strategies:
        for account in config.accounts:
            if account.name in strategy.accounts:
                limiter_times += resolve_terms(config, strategy, account).rate_limit_orders
    kinds = {venue.name: venue.kind for venue in config.venues}
    account_windows = [VENUES[kinds[account.venue]].rate_windows for account in config.accounts]
    instruments = len(directory.instruments)
    return Capacities(
        venues=len(directory.venues),
        instruments=instruments,
        accounts=len(directory.accounts),
        strategies=directory.strategy_rows,
        assets=len(directory.assets),
        orders=config.engine.order_capacity,
        tombstones=config.engine.tombstone_capacity,
        trades=config.engine.trade_capacity,
        parents=config.engine.parent_capacity,
        limiter_times=limiter_times,
        instrument_budgets=sum(instrument_budgets(windows, instruments) for windows in account_windows),
        rate_entries=1 + sum(rate_entries(windows, instruments) for windows in account_windows),
    )


def state_bytes(config: Config, directory: Directory) -> int:
    """How much memory the state takes."""
    return block_bytes(capacities_of(config, directory))


class StateBuilder:
    """Fills a new block: everything that the configuration says at once, the instruments when venues have spoken."""

    def __init__(self, config: Config, directory: Directory, state: State, *, epoch: int) -> None:
        self._config = config
        self._directory = directory
        self._state = state
        self._rate_rows = RateRows(state)
        header = state.header
        header["instance"] = config.engine.instance
        header["epoch"] = epoch
        header["boot_id"] = boot_id()
        header["order_retention_ns"] = config.engine.order_retention_ms * NS_PER_MS
        header["duplicate_orders_max"] = config.risk.duplicate_orders_max
        header["duplicate_window_ns"] = config.risk.duplicate_window_ms * NS_PER_MS
        header["book_age_max_ns"] = config.risk.book_age_max_ms * NS_PER_MS
        set_breakers(state, config.breakers)
        header["fee_reserve_bps"] = config.risk.fee_reserve_bps
        header["valuation_interval_ns"] = config.risk.valuation_interval_ms * NS_PER_MS
        # A first timer begins the day.
        header["day_end_ns"] = 0
        self._name_rows()
        self._set_terms()
        self._set_scopes()
        self._set_rates()

    def _name_rows(self) -> None:
        for asset_id, name in enumerate(self._directory.assets):
            row = self._state.table("assets")[asset_id]
            row["asset_id"] = asset_id
            row["decimals"] = ASSET_DECIMALS
            _set_name(row, "name", name, 2)
        for account_id, account in enumerate(self._config.accounts):
            row = self._state.table("accounts")[account_id]
            row["account_id"] = account_id
            row["venue_id"] = self._directory.venues.index(account.venue)
            _set_name(row, "name", account.name, 2)
        for strategy in self._config.strategies:
            row = self._state.table("strategies")[strategy.id]
            row["strategy_id"] = strategy.id
            _set_name(row, "name", strategy.name, 2)
        for instrument_id, name in enumerate(self._directory.instruments):
            row = self._state.table("instruments")[instrument_id]
            row["instrument_id"] = instrument_id
            row["venue_id"] = self._directory.venue_of_instrument[instrument_id]
            row["status"] = InstrumentStatus.HALTED
            _set_name(row, "name", name, 4)

    def _set_scopes(self) -> None:
        """Limits of every scope; one whose table is left out restricts nothing beyond those it lies in."""
        config, scopes = self._config, self._state.table("scopes")
        lift_limits(scopes)
        places = {(row["scope_kind"], row["subject_id"]): row for row in scopes}
        names = {instrument.name: instrument.limits for instrument in config.instruments}
        tables: list[tuple[ScopeKind, int, LimitsConfig | None]] = [
            (ScopeKind.ENGINE, 0, config.limits),
            *((ScopeKind.VENUE, number, venue.limits) for number, venue in enumerate(config.venues)),
            *((ScopeKind.ACCOUNT, number, account.limits) for number, account in enumerate(config.accounts)),
            *((ScopeKind.STRATEGY, strategy.id, strategy.limits) for strategy in config.strategies),
            *(
                (ScopeKind.INSTRUMENT, number, names.get(name))
                for number, name in enumerate(self._directory.instruments)
            ),
        ]
        for kind, subject_id, limits in tables:
            if limits is not None:
                set_limits(places[int(kind), subject_id], limits)

    def _set_rates(self) -> None:
        """Which asset is the risk currency, and whose prices tell what the others are worth in it."""
        assets, currency = self._state.table("assets"), self._config.risk.currency
        for asset_id, name in enumerate(self._directory.assets):
            if name == currency:
                self._state.header["risk_asset_id"] = asset_id
                assets[asset_id]["rate"] = RATE_ONE
                continue
            for number, instrument in enumerate(self._directory.instruments):
                if instrument.split(".")[0] == f"{name}/{currency}":
                    assets[asset_id]["rate_instrument_id"] = number
                    break

    def _set_terms(self) -> None:
        terms = self._state.table("terms")
        start = 0
        for strategy in self._config.strategies:
            for account_id, account in enumerate(self._config.accounts):
                if account.name not in strategy.accounts:
                    continue
                row = terms[strategy.id * len(self._config.accounts) + account_id]
                row["permitted"] = 1
                resolved = resolve_terms(self._config, strategy, account)
                for field, value in asdict(resolved).items():
                    row[field] = value
                row["limiter_start"] = start
                start += resolved.rate_limit_orders

    def address_share(self, account_id: int) -> Fraction:
        """The part of what a venue counts by address that is an account's: others of this engine have it too."""
        config = self._config.accounts[account_id]
        sharing = sum(account.venue == config.venue for account in self._config.accounts)
        return Fraction(config.rate_share) / sharing

    def set_budgets(self, account_id: int, venue: Venue) -> None:
        """Declares the windows of the venue's rate limits for one account."""
        config = self._config.accounts[account_id]
        try:
            self._rate_rows.declare(
                account_id,
                venue.rate_windows,
                share=Fraction(config.rate_share),
                address_share=self.address_share(account_id),
                guard_ns=self._config.rate_limit.clock_guard_ms * NS_PER_MS,
            )
        except RateLimitError as error:
            raise StateError(f"account {config.name}: {error}") from error

    def set_instrument(self, instrument_id: int, name: str, rules: InstrumentRules) -> None:
        """Takes over a venue's rules for one instrument, and the strategies' limits in its units."""
        row = self._state.table("instruments")[instrument_id]
        if rules.price_decimals + rules.lot_decimals > ASSET_DECIMALS:
            raise StateError(
                f"{name}: price and quantity have {rules.price_decimals} and {rules.lot_decimals} decimals, "
                f"allowed are {ASSET_DECIMALS} together"
            )
        max_lots = min(rules.max_order_lots or _LOTS_MAX, _LOTS_MAX)
        max_ticks = rules.max_price_ticks or _PRODUCT_MAX // max_lots
        max_ticks = min(max_ticks, _PRODUCT_MAX // max_lots, TICKS_MAX)
        row["status"] = rules.status
        row["base_asset_id"] = self._directory.assets.index(rules.base)
        row["quote_asset_id"] = self._directory.assets.index(rules.quote)
        row["price_decimals"] = rules.price_decimals
        row["tick_units"] = rules.tick_units
        row["lot_decimals"] = rules.lot_decimals
        row["lot_units"] = rules.lot_units
        row["min_price_ticks"] = max(rules.min_price_ticks, 1)
        row["max_price_ticks"] = max_ticks
        row["min_order_lots"] = max(rules.min_order_lots, 1)
        row["max_order_lots"] = max_lots
        row["market_max_order_lots"] = min(rules.market_max_order_lots or max_lots, max_lots)
        row["min_notional"] = rules.min_notional
        row["max_notional"] = rules.max_notional or _PRODUCT_MAX
        row["ability"] = int(rules.abilities)
        self._set_money(row, rules)
        symbol = rules.symbol.encode("ascii")
        row["symbol_bytes"] = len(symbol)
        _set_name(row, "symbol", rules.symbol, 4)
        self._set_limits(instrument_id, name, rules, max_ticks)
        self._set_routes(instrument_id, name)
        self._set_cost_model(instrument_id, name, rules)

    def _set_routes(self, instrument_id: int, name: str) -> None:
        """Links an instrument with its like at other venues, and says what each account pays for it."""
        try:
            link_pair(self._state, self._directory.instruments, instrument_id)
        except PairError as error:
            raise StateError(f"{name}: {error}; trade it at one of these venues alone") from error
        venue = self._config.venues[self._directory.venue_of_instrument[instrument_id]]
        rates = rates_of(venue.fees, Decimal(venue.fees.volume))
        for account_id, account in enumerate(self._config.accounts):
            if account.venue == venue.name:
                set_rates(self._state, account_id, instrument_id, rates)

    def _set_cost_model(self, instrument_id: int, name: str, rules: InstrumentRules) -> None:
        for config in self._config.instruments:
            if config.name == name:
                try:
                    set_cost_model(self._state, instrument_id, config, rules)
                except DayVolumeError as error:
                    raise StateError(f"{name}: {error}") from error

    def _set_money(self, row: np.void, rules: InstrumentRules) -> None:
        """How ticks and lots become units of the assets; an order whose money would not fit is too large."""
        row["units_per_lot"] = rules.lot_units * 10 ** (ASSET_DECIMALS - rules.lot_decimals)
        decimals = rules.price_decimals + rules.lot_decimals
        row["units_per_notional"] = rules.tick_units * rules.lot_units * 10 ** (ASSET_DECIMALS - decimals)
        row["money_notional_max"] = MONEY_MAX // row["units_per_notional"]
        row["max_notional"] = min(row["max_notional"], row["money_notional_max"])

    def _set_limits(self, instrument_id: int, name: str, rules: InstrumentRules, max_ticks: int) -> None:
        books = self._state.table("books")
        for strategy in self._config.strategies:
            for limit in strategy.books:
                if limit.instrument == name:
                    row = books[strategy.id * len(self._directory.instruments) + instrument_id]
                    _set_limit(row, limit, rules, max_ticks)


def _set_limit(row: np.void, limit: LimitConfig, rules: InstrumentRules, max_ticks: int) -> None:
    lots_per_one = Decimal(10) ** rules.lot_decimals / rules.lot_units
    notional_per_one = lots_per_one * Decimal(10) ** rules.price_decimals / rules.tick_units
    row["permitted"] = 1
    row["price_collar_bps"] = count_of(limit.price_collar_bps)
    row["fat_finger_bps"] = count_of(limit.fat_finger_bps)
    for field, text, scale, maximum in (
        ("max_order_lots", limit.max_order_quantity, lots_per_one, _LOTS_MAX),
        ("max_order_notional", limit.max_order_notional, notional_per_one, _PRODUCT_MAX),
        ("max_long_lots", limit.max_long, lots_per_one, min(_LOTS_MAX, _PRODUCT_MAX // max_ticks)),
        ("max_short_lots", limit.max_short, lots_per_one, min(_LOTS_MAX, _PRODUCT_MAX // max_ticks)),
    ):
        value = int(Decimal(text) * scale)
        if value > maximum:
            raise StateError(
                f"{rules.name}: limit {field} of {text} is {value} units, allowed are {maximum}; lower the limit"
            )
        row[field] = value


def _set_name(row: np.void, field: str, text: str, words: int) -> None:
    for index, word in enumerate(name_words(text, words)):
        row[f"{field}_{index}"] = word
