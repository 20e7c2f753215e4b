"""Owns what the two simulated venues are: their rules and fees, how thick their books are and how far away they lie."""

from typing import NamedTuple

from gateways.simulator.config import InstrumentConfig
from ipc.clock import NS_PER_MS

BASE, QUOTE = "ETH", "USDT"
PAIR = f"{BASE}/{QUOTE}"
SYMBOL = BASE + QUOTE
REFERENCE_PRICE = "2000.00"


class VenueTerms(NamedTuple):
    """One venue. Its ticks and lots differ from the other's, so that whoever mixes them up is found out."""

    name: str
    instrument: InstrumentConfig
    maker_ppm: int
    taker_ppm: int
    price_scale: int
    """One tick in the finest price step of both venues, PRICE_STEP."""
    lot_scale: int
    """One lot in the finest quantity step of both venues."""
    order_lots: int
    """What orders of the market are multiples of."""
    latency_ns: int
    """One way."""


def _instrument(tick_size: str, lot_size: str) -> InstrumentConfig:
    return InstrumentConfig(
        symbol=SYMBOL,
        base=BASE,
        quote=QUOTE,
        tick_size=tick_size,
        lot_size=lot_size,
        reference_price=REFERENCE_PRICE,
    )


VENUES = (
    VenueTerms(
        name="ALPHA",
        instrument=_instrument("0.10", "0.001"),
        maker_ppm=100,
        taker_ppm=400,
        price_scale=1,
        lot_scale=2,
        order_lots=60,
        latency_ns=1 * NS_PER_MS,
    ),
    VenueTerms(
        name="BETA",
        instrument=_instrument("0.20", "0.0005"),
        maker_ppm=50,
        taker_ppm=500,
        price_scale=2,
        lot_scale=1,
        order_lots=80,
        latency_ns=3 * NS_PER_MS,
    ),
)
REFERENCE_STEPS = 20_000
"""The reference price in the finest price step, half a basis point."""
