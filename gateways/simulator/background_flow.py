"""Owns the seeded background traders that make a market around a random walk."""

import asyncio
from random import Random

from gateways.simulator.accounts import Account
from gateways.simulator.config import AccountConfig, FlowConfig
from gateways.simulator.exchange import Exchange
from gateways.simulator.instruments import Instrument
from gateways.simulator.orders import Order, OrderKind, Side, TimeInForce

BPS = 10_000
FLOW_BALANCE = "1000000000"


def flow_accounts(assets: set[str]) -> tuple[Account, Account]:
    """The market maker and the taker, rich enough for any test and absent from the log."""
    balances = dict.fromkeys(sorted(assets), FLOW_BALANCE)
    names = ("flow-maker", "flow-taker")
    maker, taker = (Account(AccountConfig(name=name, balances=balances), is_reported=False) for name in names)
    return maker, taker


class BackgroundFlow:
    """Quotes, takes and makes noise; which random numbers a step draws does not depend on the book."""

    def __init__(self, exchange: Exchange, config: FlowConfig, seed: int, maker: Account, taker: Account) -> None:
        self._exchange = exchange
        self._config = config
        self._random = Random(seed)  # noqa: S311 - repeatable orders, nothing secret
        self._maker = maker
        self._taker = taker
        self._order_count = 0
        self._quotes: dict[str, list[Order]] = {symbol: [] for symbol in exchange.books}
        self._walk_ticks = {symbol: book.instrument.reference_ticks for symbol, book in exchange.books.items()}

    async def run(self) -> None:
        """Steps for ever."""
        while True:
            self.step()
            await asyncio.sleep(self._config.interval_ms / 1_000)

    def step(self) -> None:
        """One round over all instruments."""
        for symbol, book in self._exchange.books.items():
            self._walk(symbol)
            self._quote(book.instrument)
            self._take(book.instrument)

    def _walk(self, symbol: str) -> None:
        drift_bps = self._random.randint(-self._config.drift_bps_max, self._config.drift_bps_max)
        ticks = self._walk_ticks[symbol]
        self._walk_ticks[symbol] = max(1_000, ticks + ticks * drift_bps // BPS)

    def _quote(self, instrument: Instrument) -> None:
        """Replaces the ladder of both sides."""
        config, middle_ticks = self._config, self._walk_ticks[instrument.symbol]
        quotes = self._quotes[instrument.symbol]
        for order in quotes:
            if order.is_open:
                self._exchange.cancel(order, "")
        quotes.clear()
        for level in range(config.levels):
            distance_ticks = max(
                level + 1, middle_ticks * (config.half_spread_bps + level * config.level_step_bps) // BPS
            )
            for side, price_ticks in (
                (Side.BUY, middle_ticks - distance_ticks),
                (Side.SELL, middle_ticks + distance_ticks),
            ):
                lots = self._size(instrument, self._config.quote_multiple_max)
                quotes.append(self._place(self._maker, instrument, side, lots, price_ticks))

    def _take(self, instrument: Instrument) -> None:
        """Sometimes takes from the book, sometimes leaves a small order near the middle."""
        random, config = self._random, self._config
        chance, noise_chance = random.randrange(100), random.randrange(100)
        side = random.choice((Side.BUY, Side.SELL))
        multiple_max = config.taker_multiple_max
        lots, noise_lots = self._size(instrument, multiple_max), self._size(instrument, multiple_max)
        offset_bps = random.randint(-config.half_spread_bps, config.half_spread_bps)
        if chance < config.taker_percent:
            self._place(self._taker, instrument, side, lots, 0)
        if noise_chance < config.noise_percent:
            middle_ticks = self._walk_ticks[instrument.symbol]
            price_ticks = max(1, middle_ticks + middle_ticks * offset_bps // BPS)
            quotes = self._quotes[instrument.symbol]
            quotes.append(self._place(self._taker, instrument, side, noise_lots, price_ticks))

    def _size(self, instrument: Instrument, multiple_max: int) -> int:
        smallest_lots = instrument.affordable_lots(
            self._walk_ticks[instrument.symbol], 2 * instrument.min_notional_units
        )
        return max(1, smallest_lots) * self._random.randint(1, multiple_max)

    def _place(self, account: Account, instrument: Instrument, side: Side, lots: int, price_ticks: int) -> Order:
        self._order_count += 1
        order = Order(
            account=account,
            instrument=instrument,
            client_order_id=f"flow{self._order_count}",
            side=side,
            kind=OrderKind.LIMIT if price_ticks else OrderKind.MARKET,
            time_in_force=TimeInForce.GTC,
            order_lots=lots,
            price_ticks=price_ticks,
        )
        self._exchange.place(order)
        return order
