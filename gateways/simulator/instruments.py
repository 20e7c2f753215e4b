"""Owns what is traded: an instrument's units, trading rules and texts."""

from gateways.simulator.config import ConfigurationError, InstrumentConfig
from gateways.simulator.decimals import format_units, parse_units

PRICE_DECIMALS = 8
QUANTITY_DECIMALS = 8
RATE_DECIMALS = 8


class Instrument:
    """One pair with every rule as whole numbers.

    Prices are ticks, quantities are lots, money is units of the asset. A notional that is finer than one
    unit of the quote asset is rounded down, so what the buyer pays is what the seller receives.
    """

    def __init__(self, config: InstrumentConfig) -> None:
        try:
            self._read(config)
        except ValueError as error:
            raise ConfigurationError(f"instrument {config.symbol}: {error}") from error

    def _read(self, config: InstrumentConfig) -> None:
        self.config = config
        self.symbol = config.symbol
        self.base = config.base
        self.quote = config.quote
        self.status: str = config.status
        self.base_decimals = config.base_decimals
        self.quote_decimals = config.quote_decimals
        self.tick_size = parse_units(config.tick_size, PRICE_DECIMALS)
        self.lot_size = parse_units(config.lot_size, QUANTITY_DECIMALS)
        self.lot_units = parse_units(config.lot_size, config.base_decimals)
        self.reference_ticks = self.ticks(config.reference_price)
        self.max_price_ticks = self.ticks(config.max_price)
        self.max_lots = self.lots(config.max_quantity)
        self.market_max_lots = self.lots(config.market_max_quantity)
        self.min_notional_units = parse_units(config.min_notional, config.quote_decimals)
        self.max_notional_units = parse_units(config.max_notional, config.quote_decimals)
        self.max_position_units = parse_units(config.max_position, config.base_decimals) if config.max_position else 0
        scale = PRICE_DECIMALS + QUANTITY_DECIMALS - config.quote_decimals
        self._notional_divisor = 10**scale
        self._notional_factor = self.tick_size * self.lot_size

    def ticks(self, price: str) -> int:
        """The price text in ticks; ValueError when it lies between two ticks."""
        ticks, rest = divmod(parse_units(price, PRICE_DECIMALS), self.tick_size)
        if rest:
            raise ValueError(f"price {price} is not a multiple of the tick size")
        return ticks

    def lots(self, quantity: str) -> int:
        """The quantity text in lots; ValueError when it lies between two lots."""
        lots, rest = divmod(parse_units(quantity, QUANTITY_DECIMALS), self.lot_size)
        if rest:
            raise ValueError(f"quantity {quantity} is not a multiple of the lot size")
        return lots

    def notional_units(self, price_ticks: int, lots: int) -> int:
        """What the lots cost at the price, in units of the quote asset, rounded down."""
        return price_ticks * lots * self._notional_factor // self._notional_divisor

    def reserve_units(self, price_ticks: int, lots: int) -> int:
        """The same rounded up: enough to pay for the lots in any number of parts."""
        return -(-price_ticks * lots * self._notional_factor // self._notional_divisor)

    def affordable_lots(self, price_ticks: int, quote_units: int) -> int:
        """How many lots the quote units buy at the price."""
        return quote_units * self._notional_divisor // (price_ticks * self._notional_factor)

    def price_text(self, price_ticks: int) -> str:
        """The price as exact decimal text."""
        return format_units(price_ticks * self.tick_size, PRICE_DECIMALS)

    def quantity_text(self, lots: int) -> str:
        """The quantity as exact decimal text."""
        return format_units(lots * self.lot_size, QUANTITY_DECIMALS)

    def quote_text(self, quote_units: int) -> str:
        """An amount of the quote asset as exact decimal text."""
        return format_units(quote_units, self.quote_decimals)

    def asset_text(self, asset: str, units: int) -> str:
        """An amount of either asset as exact decimal text."""
        return format_units(units, self.base_decimals if asset == self.base else self.quote_decimals)
