"""Owns what a venue says of an instrument, in our units."""

from dataclasses import dataclass
from typing import NamedTuple

from ipc.enums import InstrumentStatus, VenueAbility


@dataclass(frozen=True)
class InstrumentRules:
    """One instrument as its venue describes it; a limit of 0 means that the venue states none.

    One tick is tick_units x 10^-price_decimals of the quote asset, one lot lot_units x
    10^-lot_decimals of the base asset. Notional limits are in price ticks x lots.
    """

    symbol: str
    name: str
    base: str
    quote: str
    price_decimals: int
    tick_units: int
    lot_decimals: int
    lot_units: int
    min_price_ticks: int
    max_price_ticks: int
    min_order_lots: int
    max_order_lots: int
    market_max_order_lots: int
    min_notional: int
    max_notional: int
    status: InstrumentStatus
    abilities: VenueAbility

    def has_same_scale(self, other: "InstrumentRules") -> bool:
        """Whether ticks and lots mean the same under both rules, so that no stored number changes its meaning."""
        return (self.price_decimals, self.tick_units, self.lot_decimals, self.lot_units) == (
            other.price_decimals,
            other.tick_units,
            other.lot_decimals,
            other.lot_units,
        )


class InstrumentBinding(NamedTuple):
    """An instrument's number in the records beside its rules."""

    instrument_id: int
    rules: InstrumentRules


class AssetBinding(NamedTuple):
    """An asset's number in the records; one of it is 10^decimals units."""

    asset_id: int
    decimals: int
