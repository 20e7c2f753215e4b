"""Owns the methods that only ask: general, market data and account requests.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#account-requests
"""

from collections.abc import Mapping
from typing import Any

from gateways.simulator.binance_spot import replies
from gateways.simulator.binance_spot.errors import ApiError, unknown_order
from gateways.simulator.binance_spot.exchange_info import choose_instruments, exchange_info
from gateways.simulator.binance_spot.methods import Call, Method, Security
from gateways.simulator.binance_spot.past import fills_as_of, order_as_of
from gateways.simulator.binance_spot.requests import read_flag, read_id, read_instrument
from gateways.simulator.binance_spot.signatures import SMALLEST_MICROSECONDS
from gateways.simulator.binance_spot.trading import find_order
from ipc.clock import NS_PER_MS, NS_PER_S, NS_PER_US

LIST_LIMIT_DEFAULT = 500
LIST_LIMIT_MAX = 1_000
DEPTH_LIMIT_DEFAULT = 100
DEPTH_LIMIT_MAX = 5_000
LOOKUP_NS_MAX = 86_400 * NS_PER_S


def ping(call: Call) -> dict[str, Any]:
    """`ping`."""
    return {}


def server_time(call: Call) -> dict[str, Any]:
    """`time`."""
    return {"serverTime": call.time}


def describe_exchange(call: Call) -> dict[str, Any]:
    """`exchangeInfo`."""
    chosen = choose_instruments(call.parameters, call.face.instruments)
    return exchange_info(chosen, call.face.describe_limits(), call.time)


def depth(call: Call) -> dict[str, Any]:
    """`depth`."""
    instrument = read_instrument(call.parameters, call.face.instruments)
    limit = _read_limit(call.parameters, DEPTH_LIMIT_DEFAULT, DEPTH_LIMIT_MAX)
    return replies.depth(call.face.exchange.books[instrument.symbol], limit)


def book_ticker(call: Call) -> dict[str, Any] | list[dict[str, Any]]:
    """`ticker.book`."""
    chosen = choose_instruments(call.parameters, call.face.instruments)
    tickers = [replies.book_ticker(call.face.exchange.books[instrument.symbol]) for instrument in chosen]
    return tickers[0] if call.parameters.get("symbol") else tickers


def order_status(call: Call) -> dict[str, Any]:
    """`order.status`."""
    order = order_as_of(find_order(call, "orderId", "origClientOrderId", unknown_order()), call.as_of_ns)
    if order is None:
        raise unknown_order()
    return replies.queried_order(order, call.time_divisor)


def open_orders(call: Call) -> list[dict[str, Any]]:
    """`openOrders.status`."""
    if "symbol" in call.parameters:
        symbols = [read_instrument(call.parameters, call.face.instruments).symbol]
    else:
        symbols = list(call.face.instruments)
    account = call.account
    orders = account.orders if call.as_of_ns else account.open_orders
    seen = [order_as_of(order, call.as_of_ns) for symbol in symbols for order in orders[symbol].values()]
    return [replies.queried_order(order, call.time_divisor) for order in seen if order is not None and order.is_open]


def all_orders(call: Call) -> list[dict[str, Any]]:
    """`allOrders`."""
    instrument = read_instrument(call.parameters, call.face.instruments)
    start_ns, end_ns = _read_period(call.parameters)
    orders = list(call.account.orders[instrument.symbol].values())
    first_id = read_id(call.parameters, "orderId")
    if start_ns is not None or end_ns is not None:
        orders = [order for order in orders if _is_within(order.updated_ns, start_ns, end_ns)]
    elif first_id is not None:
        orders = [order for order in orders if order.order_id >= first_id]
    is_forward = start_ns is not None or first_id is not None
    return [replies.queried_order(order, call.time_divisor) for order in _cut(call, orders, is_forward)]


def my_trades(call: Call) -> list[dict[str, Any]]:
    """`myTrades`."""
    instrument = read_instrument(call.parameters, call.face.instruments)
    start_ns, end_ns = _read_period(call.parameters)
    order_id, first_id = read_id(call.parameters, "orderId"), read_id(call.parameters, "fromId")
    has_period = start_ns is not None or end_ns is not None
    if has_period and (order_id is not None or first_id is not None):
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    fills = call.account.fills[instrument.symbol]
    if call.as_of_ns:
        fills = fills_as_of(fills, call.as_of_ns)
    if order_id is not None:
        fills = [fill for fill in fills if fill.order.order_id == order_id]
    if first_id is not None:
        fills = [fill for fill in fills if fill.trade_id >= first_id]
    if has_period:
        fills = [fill for fill in fills if _is_within(fill.utc_ns, start_ns, end_ns)]
    is_forward = start_ns is not None or first_id is not None
    return [replies.queried_trade(fill, call.time_divisor) for fill in _cut(call, fills, is_forward)]


def account_status(call: Call) -> dict[str, Any]:
    """`account.status`."""
    omits_zero = read_flag(call.parameters, "omitZeroBalances", False)
    return replies.account_status(call.account, omits_zero=omits_zero, time_divisor=call.time_divisor)


def order_limits(call: Call) -> list[dict[str, Any]]:
    """`account.rateLimits.orders`."""
    return call.face.order_count(call.account).rows(call.utc_ns)


def _read_limit(parameters: Mapping[str, str], default: int, maximum: int) -> int:
    limit = read_id(parameters, "limit")
    if limit == 0:
        raise ApiError(-1130, "Data sent for parameter 'limit' is not valid.")
    return min(default if limit is None else limit, maximum)


def _cut(call: Call, rows: list[Any], is_forward: bool) -> list[Any]:
    """The oldest rows when the request says where to start, else the newest."""
    limit = _read_limit(call.parameters, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX)
    return rows[:limit] if is_forward else rows[-limit:]


def _read_period(parameters: Mapping[str, str]) -> tuple[int | None, int | None]:
    start, end = read_id(parameters, "startTime"), read_id(parameters, "endTime")
    start_ns = None if start is None else _time_ns(start)
    end_ns = None if end is None else _time_ns(end)
    if start_ns is not None and end_ns is not None and end_ns - start_ns > LOOKUP_NS_MAX:
        raise ApiError(-1127, "More than 24 hours between startTime and endTime.")
    return start_ns, end_ns


def _time_ns(value: int) -> int:
    return value * (NS_PER_MS if value < SMALLEST_MICROSECONDS else NS_PER_US)


def _is_within(utc_ns: int, start_ns: int | None, end_ns: int | None) -> bool:
    # The bounds are whole milliseconds as a rule, and the replies show times cut down to them.
    return (start_ns is None or utc_ns >= start_ns) and (end_ns is None or utc_ns < end_ns + NS_PER_MS)


def _depth_weight(parameters: Mapping[str, str]) -> int:
    text = parameters.get("limit", "")
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else DEPTH_LIMIT_DEFAULT
    return next((weight for most, weight in ((100, 5), (500, 25), (1_000, 50)) if limit <= most), 250)


_ORDER = frozenset({"symbol", "orderId", "origClientOrderId"})
_PAGE = frozenset({"symbol", "orderId", "startTime", "endTime", "limit"})

QUERY_METHODS = {
    "ping": Method(ping, 1),
    "time": Method(server_time, 1),
    "exchangeInfo": Method(
        describe_exchange,
        20,
        parameters=frozenset({"symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"}),
    ),
    "depth": Method(depth, _depth_weight, parameters=frozenset({"symbol", "limit", "symbolStatus"})),
    "ticker.book": Method(
        book_ticker,
        lambda parameters: 2 if parameters.get("symbol") else 4,
        parameters=frozenset({"symbol", "symbols", "symbolStatus"}),
    ),
    "order.status": Method(order_status, 4, Security.USER_DATA, _ORDER),
    "openOrders.status": Method(
        open_orders,
        lambda parameters: 6 if parameters.get("symbol") else 80,
        Security.USER_DATA,
        frozenset({"symbol"}),
    ),
    "allOrders": Method(all_orders, 20, Security.USER_DATA, _PAGE),
    "myTrades": Method(
        my_trades,
        lambda parameters: 5 if parameters.get("orderId") else 20,
        Security.USER_DATA,
        _PAGE | {"fromId"},
    ),
    "account.status": Method(account_status, 20, Security.USER_DATA, frozenset({"omitZeroBalances"})),
    "account.rateLimits.orders": Method(order_limits, 40, Security.USER_DATA),
}
