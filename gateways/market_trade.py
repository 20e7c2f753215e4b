"""Owns a trade between others, as a venue's public stream tells it."""

from typing import NamedTuple

from gateways.errors import VenueProtocolError
from gateways.scale import InstrumentScale

NOTIONAL_MAX = 1 << 61
"""More than any trade comes to; what is counted of many at once still fits a word."""


class MarketTrade(NamedTuple):
    """One trade."""

    instrument_id: int
    trade_id: int
    """The venue's, which counts the trades of an instrument without a gap."""
    price_ticks: int
    lots: int
    is_bought: bool
    """Whether the taker bought."""


def market_trade(scale: InstrumentScale, trade_id: int, price: str, quantity: str, *, is_bought: bool) -> MarketTrade:
    """The trade that a venue's texts speak of; VenueProtocolError for one that nobody can have made."""
    price_ticks, lots = scale.ticks[price], scale.lots[quantity]
    if price_ticks <= 0 or lots <= 0 or price_ticks * lots > NOTIONAL_MAX:
        raise VenueProtocolError(f"a trade of {quantity} at {price}")
    return MarketTrade(scale.instrument_id, trade_id, price_ticks, lots, is_bought)
