"""Owns the list of venues; a new one is a package and a line here."""

from gateways.binance_spot.venue import BinanceSpot
from gateways.venue import Venue

VENUES: dict[str, Venue] = {"binance_spot": BinanceSpot()}
