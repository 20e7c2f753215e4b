"""Owns where the fields of a venue report stand in a row of words."""

from ipc.records import VENUE_REPORT

_PLACES = {name: place for place, name in enumerate(VENUE_REPORT.names or ())}

KIND = _PLACES["kind"]
ORDER_ID = _PLACES["order_id"]
EVENT = _PLACES["event"]
INSTRUMENT_ID = _PLACES["instrument_id"]
VENUE_ORDER_ID = _PLACES["venue_order_id"]
TRADE_ID = _PLACES["trade_id"]
LAST_LOTS = _PLACES["last_lots"]
CUMULATIVE_LOTS = _PLACES["cumulative_lots"]
ORDER_LOTS = _PLACES["order_lots"]
PRICE_TICKS = _PLACES["price_ticks"]
SIDE = _PLACES["side"]
