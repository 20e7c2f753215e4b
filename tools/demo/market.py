"""Owns the markets that a demonstration may have, and how both configurations speak of them."""

import json
from dataclasses import dataclass

VENUE = "BINANCE"


@dataclass(frozen=True)
class Market:
    """A market of the simulated venue, and what each strategy may do in it."""

    base: str
    quote: str
    lot_size: str
    reference_price: str
    opening_balance: str  # of the base asset
    max_order_quantity: str
    max_position: str

    @property
    def pair(self) -> str:
        """What the engine's configuration calls it."""
        return f"{self.base}/{self.quote}"

    @property
    def instrument(self) -> str:
        """What strategies call it."""
        return f"{self.pair}.{VENUE}"

    @property
    def venue_text(self) -> str:
        """Its table in the venue's configuration."""
        return f"""
[[instruments]]
symbol = {_text(self.base + self.quote)}
base = {_text(self.base)}
quote = {_text(self.quote)}
tick_size = "0.01"
lot_size = {_text(self.lot_size)}
reference_price = {_text(self.reference_price)}
"""

    @property
    def limit_text(self) -> str:
        """Its table in the engine's configuration, below a strategy."""
        return f"""
[[strategy.limit]]
instrument = {_text(self.instrument)}
max_order_quantity = {_text(self.max_order_quantity)}
max_order_notional = "100000"
max_long = {_text(self.max_position)}
max_short = {_text(self.max_position)}
price_collar_bps = 2000
fat_finger_bps = 500
"""


BITCOIN = Market("BTC", "USDT", "0.00001", "65000.00", "20", max_order_quantity="1", max_position="5")
ETHER = Market("ETH", "USDT", "0.0001", "3500.00", "300", max_order_quantity="20", max_position="100")


def _text(value: str) -> str:
    return json.dumps(value)
