"""Owns the replies to what is asked about orders and trades: what was asked stands in the request's id."""

import msgspec

from gateways.binance_spot.order_results import OrderResults
from gateways.errors import VenueProtocolError
from gateways.notice import Notice, NoticeKind
from gateways.scale import InstrumentScales, OrderIds
from ipc import order_id as order_ids
from ipc.records import EXTERNAL_ORDER

OPEN_ORDERS_LETTER = "O"
ACCOUNT_TRADES_LETTER = "F"
IDENTITY_LETTER = "W"
ORDER_TRADES_LETTER = "f"
_ORDER_BYTES = 1 + order_ids.TEXT_BYTES


def open_orders_id(symbol: str) -> str:
    """The id of a query of one symbol's open orders."""
    return OPEN_ORDERS_LETTER + symbol


def account_trades_id(symbol: str) -> str:
    """The id of a query of one symbol's trades."""
    return ACCOUNT_TRADES_LETTER + symbol


def identity_id(instrument_id: int, venue_order_id: int) -> str:
    """The id of a query of an order by the venue's number."""
    return f"{IDENTITY_LETTER}{instrument_id}.{venue_order_id}"


def order_trades_id(order_id: int, venue_order_id: int) -> str:
    """The id of a query of one order's trades; the venue takes 36 characters, and this never has more."""
    return f"{ORDER_TRADES_LETTER}{order_ids.to_text(order_id)}{venue_order_id}"


class QueryReplies:
    """Writes the records of an answer, after checking that it speaks of what was asked."""

    def __init__(self, ids: OrderIds, instruments: InstrumentScales, results: OrderResults) -> None:
        self._order_ids = ids
        self._instruments = instruments
        self._symbols = {scale.instrument_id: symbol for symbol, scale in instruments.items()}
        self._results = results
        self._answers = {
            OPEN_ORDERS_LETTER: self._open_orders,
            ACCOUNT_TRADES_LETTER: self._account_trades,
            IDENTITY_LETTER: self._identity,
            ORDER_TRADES_LETTER: self._order_trades,
        }

    def answer(self, request_id: str, result: msgspec.Raw | None) -> Notice | None:
        """What the session is told, None when nothing of the kind was asked; `result` is None for a refusal."""
        answer = self._answers.get(request_id[:1])
        return None if answer is None else answer(request_id, result)

    def _open_orders(self, request_id: str, result: msgspec.Raw | None) -> Notice:
        symbol = request_id[1:]
        instrument_id = self._instruments[symbol].instrument_id
        if result is not None:
            self._results.open_orders(symbol, result)
        return Notice(NoticeKind.OPEN_ORDERS_ANSWER, request_id, instrument_id=instrument_id)

    def _account_trades(self, request_id: str, result: msgspec.Raw | None) -> Notice:
        symbol = request_id[1:]
        instrument_id = self._instruments[symbol].instrument_id
        count, last_trade_id = (0, 0) if result is None else self._results.account_trades(symbol, result)
        return Notice(
            NoticeKind.ACCOUNT_TRADES_ANSWER,
            request_id,
            instrument_id=instrument_id,
            trade_count=count,
            last_trade_id=last_trade_id,
        )

    def _identity(self, request_id: str, result: msgspec.Raw | None) -> Notice:
        instrument, _, number = request_id[1:].partition(".")
        instrument_id, venue_order_id = _number(request_id, instrument), _number(request_id, number)
        if result is not None:
            self._results.identity(self._symbols.get(instrument_id, ""), venue_order_id, result)
        return Notice(
            NoticeKind.IDENTITY_ANSWER, request_id, instrument_id=instrument_id, venue_order_id=venue_order_id
        )

    def _order_trades(self, request_id: str, result: msgspec.Raw | None) -> Notice:
        order_id = self._order_ids[request_id[1:_ORDER_BYTES]]
        venue_order_id = _number(request_id, request_id[_ORDER_BYTES:])
        if order_id == EXTERNAL_ORDER:
            raise _never_asked(request_id)
        if result is not None:
            self._results.trades(order_id, venue_order_id, result)
        return Notice(NoticeKind.TRADES_ANSWER, request_id, order_id, venue_order_id=venue_order_id)


def _number(request_id: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _never_asked(request_id)
    return int(text)


def _never_asked(request_id: str) -> VenueProtocolError:
    return VenueProtocolError(f"a reply to {request_id!r}, which was never asked")
