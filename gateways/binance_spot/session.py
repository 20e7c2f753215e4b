"""Owns what is said on an order connection besides the hot requests, and in which order it opens."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from gateways.binance_spot.instrument_messages import ExchangeInformation
from gateways.binance_spot.instruments import rules
from gateways.binance_spot.limits import QUERY_WEIGHTS
from gateways.binance_spot.messages import UNDECODABLE, TimeResult
from gateways.binance_spot.query_replies import account_trades_id, identity_id, open_orders_id, order_trades_id
from gateways.binance_spot.replies import BALANCES_LETTER, CANCEL_ALL_LETTER, ORDER_LIMITS_LETTER
from gateways.binance_spot.requests import Requests, Value
from gateways.errors import VenueProtocolError
from gateways.instrument import InstrumentBinding, InstrumentRules
from gateways.notice import Notice
from gateways.template import REQUEST_LETTERS
from gateways.venue import Opening, OpenOrder
from gateways.venue_clock import SAMPLES, ClockMeasurement, VenueClock
from ipc import order_id
from ipc.enums import RequestKind

TIME_ID = "time"
TRADES_PAGE = 1000
SYMBOLS_PER_QUESTION = 100
"""Keeps an exchangeInfo reply, some 3 KB for each symbol, below the bound on frames."""


class _Step(NamedTuple):
    request_id: str
    request: Callable[[int], bytes]
    take: Callable[[Notice, int], None]


class _StepsOpening:
    """Steps one after the other; each is done when its answer came."""

    def __init__(self, steps: list[_Step], instruments: Mapping[str, InstrumentRules]) -> None:
        self.instruments = instruments
        self._steps = steps

    def next_request(self, now_ns: int) -> bytes | None:
        """The next request, None when all is done."""
        return self._steps[0].request(now_ns) if self._steps else None

    def take(self, answer: Notice, now_ns: int) -> None:
        """Takes the answer to the last request; VenueProtocolError when it makes no sense."""
        if not self._steps or answer.request_id != self._steps[0].request_id:
            raise VenueProtocolError(f"an answer to {answer.request_id!r}, which was not asked")
        self._steps.pop(0).take(answer, now_ns)


def account_opening(requests: Requests, clock: VenueClock, symbols: Sequence[str]) -> _StepsOpening:
    """Time, logon, private stream, then what the stream does not tell: rules, order limits, balances.

    The time comes first because logon already needs a time stamp that the venue takes for its own.
    """

    def private(method: str, request_id: str, parameters: Mapping[str, Value] | None = None) -> _Step:
        return _Step(
            request_id,
            lambda now_ns: requests.private(method, request_id, clock.utc_ms(now_ns), parameters),
            _nothing_told,
        )

    instruments: dict[str, InstrumentRules] = {}
    steps = _authentication_steps(requests, clock)
    steps.append(
        _Step("subscribe", lambda now_ns: requests.subscribe("subscribe", clock.utc_ms(now_ns)), _nothing_told)
    )
    steps += _exchange_information_steps(requests, symbols, instruments)
    steps.append(private("account.rateLimits.orders", f"{ORDER_LIMITS_LETTER}1"))
    steps.append(private("account.status", f"{BALANCES_LETTER}1", {"omitZeroBalances": True}))
    return _StepsOpening(steps, instruments)


def guardian_opening(requests: Requests, clock: VenueClock) -> _StepsOpening:
    """Time and logon, for a connection on which nothing is subscribed."""
    return _StepsOpening(_authentication_steps(requests, clock), {})


def instruments_opening(symbols: Sequence[str]) -> _StepsOpening:
    """Asks for the rules of some symbols and for nothing else; needs no key."""
    instruments: dict[str, InstrumentRules] = {}
    requests = Requests(None, receive_window_ms=0)
    return _StepsOpening(_exchange_information_steps(requests, symbols, instruments), instruments)


class BinanceSpotDialect:
    """Builds the session's requests for one account."""

    trades_page = TRADES_PAGE
    query_weights = QUERY_WEIGHTS

    def __init__(
        self,
        requests: Requests,
        clock: VenueClock,
        instruments: Mapping[str, InstrumentBinding],
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._symbols = {binding.instrument_id: symbol for symbol, binding in instruments.items()}
        self._status_letter = REQUEST_LETTERS[RequestKind.STATUS].decode()

    def opening(self) -> Opening:
        """What a fresh connection has to say."""
        return account_opening(self._requests, self._clock, list(self._symbols.values()))

    def time_query(self) -> bytes:
        """Asks for the venue's time."""
        return self._requests.public("time", TIME_ID)

    def server_time_ms(self, answer: Notice) -> int | None:
        """The time in an answer, None when it answers something else."""
        return server_time_ms(answer) if answer.request_id == TIME_ID and answer.verdict is None else None

    def status_query(self, order: OpenOrder, now_ns: int) -> bytes:
        """Asks by the venue's id where it is known: a cancelled order's client id may have been replaced."""
        text = order_id.to_text(order.order_id)
        named: Mapping[str, Value] = (
            {"orderId": order.venue_order_id} if order.venue_order_id else {"origClientOrderId": text}
        )
        return self._private("order.status", self._status_letter + text, order.instrument_id, named, now_ns)

    def open_orders_query(self, instrument_id: int, now_ns: int) -> bytes:
        """Asks for every open order of one symbol: one reply for what would take as many queries as orders."""
        request_id = open_orders_id(self._symbols[instrument_id])
        return self._private("openOrders.status", request_id, instrument_id, {}, now_ns)

    def identity_query(self, instrument_id: int, venue_order_id: int, now_ns: int) -> bytes:
        """Asks whose an order is of which only the venue's number is known."""
        request_id = identity_id(instrument_id, venue_order_id)
        return self._private("order.status", request_id, instrument_id, {"orderId": venue_order_id}, now_ns)

    def trades_query(self, order: OpenOrder, *, venue_order_id: int, from_trade_id: int, now_ns: int) -> bytes:
        """Asks for the trades of one order, a page at a time."""
        page: dict[str, Value] = {"limit": TRADES_PAGE, "orderId": venue_order_id}
        if from_trade_id:
            page["fromId"] = from_trade_id
        request_id = order_trades_id(order.order_id, venue_order_id)
        return self._private("myTrades", request_id, order.instrument_id, page, now_ns)

    def account_trades_query(self, instrument_id: int, *, from_trade_id: int, page: int, now_ns: int) -> bytes:
        """Asks for a page of the trades of one symbol from one on; for the newest when that is 0."""
        asked: dict[str, Value] = {"limit": page}
        if from_trade_id:
            asked["fromId"] = from_trade_id
        request_id = account_trades_id(self._symbols[instrument_id])
        return self._private("myTrades", request_id, instrument_id, asked, now_ns)

    def balances_query(self, now_ns: int) -> bytes:
        """Asks what the account holds; the answer is only records."""
        utc_ms = self._clock.utc_ms(now_ns)
        return self._requests.private("account.status", f"{BALANCES_LETTER}1", utc_ms, {"omitZeroBalances": True})

    def cancel_all(self, symbol: str, now_ns: int) -> bytes:
        """Asks to cancel every open order of one symbol."""
        return self._requests.private(
            "openOrders.cancelAll",
            CANCEL_ALL_LETTER + symbol,
            self._clock.utc_ms(now_ns),
            {"symbol": symbol},
        )

    def _private(
        self, method: str, request_id: str, instrument_id: int, parameters: Mapping[str, Value], now_ns: int
    ) -> bytes:
        named = {"symbol": self._symbols[instrument_id], **parameters}
        return self._requests.private(method, request_id, self._clock.utc_ms(now_ns), named)


def server_time_ms(answer: Notice) -> int:
    """The venue's time in an answer to the time query."""
    try:
        return msgspec.json.decode(answer.result, type=TimeResult).server_time
    except UNDECODABLE as error:
        raise VenueProtocolError(f"the venue's time makes no sense: {error}") from error


def _nothing_told(answer: Notice, now_ns: int) -> None:
    """Success is all that the answer has to say; records were made of the rest."""


def _authentication_steps(requests: Requests, clock: VenueClock) -> list[_Step]:
    measurement = ClockMeasurement(clock)

    def ask_time(now_ns: int) -> bytes:
        measurement.asked(now_ns)
        return requests.public("time", TIME_ID)

    def take_time(answer: Notice, now_ns: int) -> None:
        measurement.answered(server_time_ms(answer), now_ns)

    steps = [_Step(TIME_ID, ask_time, take_time)] * SAMPLES
    if requests.logs_on:
        steps.append(_Step("logon", lambda now_ns: requests.logon("logon", clock.utc_ms(now_ns)), _nothing_told))
    return steps


def _exchange_information_steps(
    requests: Requests, symbols: Sequence[str], instruments: dict[str, InstrumentRules]
) -> list[_Step]:
    def take(answer: Notice, _now_ns: int) -> None:
        try:
            information = msgspec.json.decode(answer.result, type=ExchangeInformation)
        except UNDECODABLE as error:
            raise VenueProtocolError(f"exchangeInfo makes no sense: {error}") from error
        for symbol in information.symbols:
            instruments[symbol.symbol] = rules(symbol)

    def step(number: int, asked: list[str]) -> _Step:
        request_id = f"info{number}"
        parameters: dict[str, Value] = {"symbols": asked, "showPermissionSets": False}
        return _Step(request_id, lambda _now_ns: requests.public("exchangeInfo", request_id, parameters), take)

    return [
        step(number, list(symbols[number : number + SYMBOLS_PER_QUESTION]))
        for number in range(0, len(symbols), SYMBOLS_PER_QUESTION)
    ]
