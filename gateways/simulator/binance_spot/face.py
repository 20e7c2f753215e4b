"""Owns the Binance Spot face: it routes connections, runs requests and publishes what happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from picows import WSCloseCode, WSListener, WSUpgradeResponse, WSUpgradeResponseWithListener

from gateways.simulator.accounts import Account
from gateways.simulator.binance_spot import events
from gateways.simulator.binance_spot.errors import ApiError, invalid_signature, missing, refused, unknown_outcome
from gateways.simulator.binance_spot.market_streams import MarketStreams
from gateways.simulator.binance_spot.methods import SIGNING_PARAMETERS, Call, Method, Security
from gateways.simulator.binance_spot.queries import QUERY_METHODS
from gateways.simulator.binance_spot.rate_limits import OrderCount, RequestWeight
from gateways.simulator.binance_spot.rest import answer_rest
from gateways.simulator.binance_spot.routes import open_connection
from gateways.simulator.binance_spot.session import (
    SESSION_METHODS,
    ApiSession,
    Subscription,
    wants_rate_limits,
)
from gateways.simulator.binance_spot.signatures import ApiKey, check_timing, find_key, signed_payload
from gateways.simulator.binance_spot.trading import TRADING_METHODS
from gateways.simulator.connection import Connection
from gateways.simulator.faults import FaultRule
from gateways.simulator.order_book import OrderBook
from gateways.simulator.orders import Execution, Fill
from ipc.clock import NS_PER_MS

if TYPE_CHECKING:
    from gateways.simulator.server import SimulatedVenue

METHODS: dict[str, Method] = {**QUERY_METHODS, **TRADING_METHODS, **SESSION_METHODS}


class BinanceSpotFace:
    """Everything of the venue that only Binance Spot does this way."""

    def __init__(self, venue: SimulatedVenue) -> None:
        config = venue.config
        self.venue = venue
        self.clock = venue.clock
        self.exchange = venue.exchange
        self.instruments = {symbol: book.instrument for symbol, book in venue.exchange.books.items()}
        self.keys = {
            key.api_key: ApiKey(key, venue.exchange.accounts[account.name])
            for account in config.accounts
            for key in account.keys
        }
        self.weight = RequestWeight(config.limits, venue.clock)
        self.sessions: set[ApiSession] = set()
        self.streams = MarketStreams(self)
        self._order_counts: dict[Account, OrderCount] = {}
        self._subscriptions: dict[Account, list[Subscription]] = {}
        self._generated_count = 0
        self._delayed: list[asyncio.TimerHandle] = []
        self._closed_until_ns = 0
        # While a request is being answered, what it causes waits here so that the reply goes first.
        self._held: list[tuple[Connection, str, bytes]] | None = None

    # Connections.

    def route(
        self, path: str, query: str, headers: Mapping[str, str]
    ) -> WSListener | WSUpgradeResponseWithListener | None:
        """Who serves the requested path; None for a path that does not exist."""
        if path.startswith("/api/"):
            return answer_rest(self, path, query, headers)
        refusal = self._refusal()
        return refusal if refusal is not None else open_connection(self, path, dict(parse_qsl(query)))

    def _refusal(self) -> WSUpgradeResponseWithListener | None:
        """What an attempt to connect is told while nobody may."""
        utc_ns = self.clock.utc_ns()
        error = self.weight.connect(utc_ns)
        if utc_ns < self._closed_until_ns:
            error = ApiError(-1016, "This service is no longer available.", status=503)
        if error is None:
            return None
        response = WSUpgradeResponse.create_error_response(error.status, orjson.dumps(error.body()))
        return WSUpgradeResponseWithListener(response, None)

    def stop(self) -> None:
        """Ends what the face keeps running."""
        self.streams.stop()
        for timer in self._delayed:
            timer.cancel()

    def close_for(self, duration_ns: int) -> None:
        """Cuts every connection and takes no new one for a while, as in maintenance."""
        self._closed_until_ns = self.clock.utc_ns() + duration_ns
        for connection in list(self.venue.connections):
            connection.abort()

    def announce_shutdown(self) -> None:
        """Sends `serverShutdown` on every connection."""
        now_ns = self.clock.utc_ns()
        for session in list(self.sessions):
            event = events.simple_event("serverShutdown", now_ns, session.time_divisor)
            session.deliver_event("serverShutdown", b'{"event":%b}' % orjson.dumps(event))
        self.streams.announce_shutdown(now_ns)

    # Requests.

    def answer(self, session: ApiSession, request_id: bytes, name: str, parameters: dict[str, str]) -> None:
        """Runs a request of a WebSocket API connection and sends the reply, then what it caused."""
        fault = self.venue.faults.on_request(name)
        if fault is None:
            self._answer(session, request_id, name, parameters, None)
        elif fault.action == "drop_connection":
            session.abort()
        elif fault.action == "half_open":
            session.go_silent()
        elif fault.action == "delay_request":
            # Whoever asked may have given up by then; the request has not.
            self._delayed.append(
                asyncio.get_running_loop().call_later(
                    fault.delay_ms / 1_000, self._answer, session, request_id, name, parameters, None
                )
            )
        elif fault.action != "drop_request":
            self._answer(session, request_id, name, parameters, fault)

    def _answer(
        self,
        session: ApiSession,
        request_id: bytes,
        name: str,
        parameters: dict[str, str],
        fault: FaultRule | None,
    ) -> None:
        call = Call(self, session, name, parameters, time_divisor=session.time_divisor)
        action = fault.action if fault is not None else ""
        held: list[tuple[Connection, str, bytes]] = []
        self._held = held
        error: ApiError | None = None
        result: Any = None
        if fault is not None and action == "lagging_query":
            call.as_of_ns = call.utc_ns - fault.delay_ms * NS_PER_MS
        if fault is not None and action == "refuse_request":
            error = refused(fault.code, fault.status, call.utc_ns // NS_PER_MS)
        elif action != "unknown_outcome" or (fault is not None and fault.executes):
            try:
                result = self.run(call)
            except ApiError as failure:
                error = failure
        if fault is not None and action == "unknown_outcome":
            error = unknown_outcome(fault.code)
        reply = self._reply(request_id, call, result, error)
        self._held = None
        self._deliver(session, name, reply, held)
        if error is not None and error.status == 418:
            session.close(WSCloseCode.POLICY_VIOLATION, "IP banned")

    def act(self, account_name: str, name: str, parameters: dict[str, str]) -> str:
        """Does what another client of the account asks for; returns the JSON text of what it is told."""
        method = TRADING_METHODS[name]
        key = {key.account.name: key for key in self.keys.values()}[account_name]
        call = Call(self, None, name, parameters, time_divisor=NS_PER_MS)
        call.authorize(key)
        try:
            _check_parameter_names(parameters, method)
            return orjson.dumps(method.run(call)).decode()
        except ApiError as error:
            return orjson.dumps(error.body()).decode()

    def answer_unreadable(self, session: ApiSession) -> None:
        """Answers a frame that is not a request."""
        error = ApiError(-1135, "Invalid JSON Request")
        call = Call(self, session, "", {}, time_divisor=session.time_divisor)
        session.deliver_reply("", self._reply(b"null", call, None, error))

    def run(self, call: Call, signed: bytes | None = None) -> Any:
        """The result of a request; `signed` is what was signed, when that is not the parameters."""
        method = METHODS.get(call.method)
        if method is None:
            raise ApiError(-1020, "This operation is not supported.")
        cost = method.cost(call.parameters)
        too_much = self.weight.admit(call.utc_ns, cost)
        if too_much is not None:
            raise too_much
        try:
            if method.security is not Security.NONE:
                self._authorize(call, method, signed)
            _check_parameter_names(call.parameters, method)
            result = method.run(call)
        except ApiError as error:
            self.weight.charge(call.utc_ns, cost)
            if method.security is Security.TRADE and call.known_account is not None:
                self._log_rejection(call, call.known_account, error)
            raise
        if not method.is_free:
            self.weight.charge(call.utc_ns, cost)
        return result

    def order_count(self, account: Account) -> OrderCount:
        """The account's unfilled orders."""
        order_count = self._order_counts.get(account)
        if order_count is None:
            order_count = self._order_counts[account] = OrderCount(self.venue.config.limits)
        return order_count

    def describe_limits(self) -> list[dict[str, Any]]:
        """The `rateLimits` of `exchangeInfo`."""
        weight, raw_requests, connections = self.weight.describe()
        orders = [window.describe() for window in OrderCount(self.venue.config.limits).windows]
        return [weight, *orders, raw_requests, connections]

    def generate_client_order_id(self) -> str:
        """An id for an order or a cancel whose client gave none."""
        self._generated_count += 1
        return f"venue{self.venue.config.seed:04d}{self._generated_count:013d}"

    def _authorize(self, call: Call, method: Method, signed: bytes | None) -> None:
        parameters, session = call.parameters, call.session
        permission = "" if method.security is Security.SESSION else method.security.value
        if "apiKey" not in parameters and session is not None and session.key is not None:
            if method.security is Security.SESSION:
                raise missing("apiKey")
            call.authorize(find_key(self.keys, session.key.api_key, permission))
            check_timing(parameters, call.utc_ns)
            return
        for name in ("apiKey", "signature"):
            if not parameters.get(name):
                raise missing(name)
        key = find_key(self.keys, parameters["apiKey"], permission)
        check_timing(parameters, call.utc_ns)
        if not key.verifies(signed or signed_payload(parameters), parameters["signature"]):
            raise invalid_signature()
        call.authorize(key)

    def _reply(self, request_id: bytes, call: Call, result: Any, error: ApiError | None) -> bytes:
        if error is None:
            head = b'{"id":%b,"status":200,"result":%b' % (request_id, orjson.dumps(result))
        else:
            head = b'{"id":%b,"status":%d,"error":%b' % (request_id, error.status, orjson.dumps(error.body()))
        assert call.session is not None, "only WebSocket requests are answered here"
        if not wants_rate_limits(call.parameters, call.session):
            return head + b"}"
        method = METHODS.get(call.method)
        limits = self.weight.weight.json(call.utc_ns)
        if method is not None and method.shows_order_count and call.known_account is not None:
            limits = self.order_count(call.known_account).json(call.utc_ns) + b"," + limits
        return b'%b,"rateLimits":[%b]}' % (head, limits)

    def _deliver(self, session: ApiSession, name: str, reply: bytes, held: list[tuple[Connection, str, bytes]]) -> None:
        events_first = self.venue.faults.takes_events_first(name)
        if not events_first:
            session.deliver_reply(name, reply)
        for connection, event_name, payload in held:
            connection.deliver_event(event_name, payload)
        if events_first:
            session.deliver_reply(name, reply)

    def _log_rejection(self, call: Call, account: Account, error: ApiError) -> None:
        parameters = call.parameters
        client_order_id = parameters.get("newClientOrderId") or parameters.get("origClientOrderId") or ""
        record = {
            "account": account.name,
            "symbol": parameters.get("symbol", ""),
            "client_order_id": client_order_id,
            "request": call.method,
            "code": error.code,
            "message": error.message,
        }
        self.venue.write_log("rejected", record)

    # What happens in the engine.

    def on_execution(self, execution: Execution) -> None:
        """Publishes an execution report."""
        order, fill = execution.order, execution.fill
        account = order.account
        if fill is not None and len(order.fills) == 1:
            self.order_count(account).first_fill(execution.utc_ns, is_maker=fill.is_maker)
        subscriptions = self._subscriptions.get(account)
        if subscriptions:
            now_ns = self.clock.utc_ns()
            for subscription in subscriptions:
                report = events.execution_report(execution, now_ns, subscription.session.time_divisor)
                self.send_event(subscription, "executionReport", orjson.dumps(report))

    def on_balances(self, account: Account, assets: tuple[str, ...], utc_ns: int) -> None:
        """Publishes balances."""
        subscriptions = self._subscriptions.get(account)
        if subscriptions:
            now_ns = self.clock.utc_ns()
            for subscription in subscriptions:
                position = events.account_position(account, assets, utc_ns, now_ns, subscription.session.time_divisor)
                self.send_event(subscription, "outboundAccountPosition", orjson.dumps(position))

    def on_deposit(self, account: Account, asset: str, units: int) -> None:
        """Publishes a balance that changed from outside."""
        now_ns = self.clock.utc_ns()
        for subscription in self._subscriptions.get(account, ()):
            update = events.balance_update(asset, units, now_ns, subscription.session.time_divisor)
            self.send_event(subscription, "balanceUpdate", orjson.dumps(update))
        self.on_balances(account, (asset,), now_ns)

    def on_trade(self, book: OrderBook, maker: Fill) -> None:
        """Publishes a trade to the market streams."""
        self.streams.on_trade(book, maker)

    def on_top_of_book(self, book: OrderBook) -> None:
        """Publishes the best bid and ask to the market streams."""
        self.streams.on_top_of_book(book)

    def subscribe(self, subscription: Subscription) -> None:
        """Events of the account go there too."""
        self._subscriptions.setdefault(subscription.account, []).append(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Events of the account no longer go there."""
        self._subscriptions[subscription.account].remove(subscription)

    def has_subscribers(self, account_name: str) -> bool:
        """Whether anybody hears of the account's events."""
        return bool(self._subscriptions.get(self.exchange.accounts[account_name]))

    def send_event(self, subscription: Subscription, name: str, event: bytes) -> None:
        """Sends a private event under its subscription."""
        payload = b'{"subscriptionId":%d,"event":%b}' % (subscription.subscription_id, event)
        self.send(subscription.session, name, payload)

    def send(self, connection: Connection, name: str, payload: bytes) -> None:
        """Sends an event, after the reply to the request that is being answered."""
        if self._held is None:
            connection.deliver_event(name, payload)
        else:
            self._held.append((connection, name, payload))


def _check_parameter_names(parameters: Mapping[str, str], method: Method) -> None:
    sent = parameters.keys() - SIGNING_PARAMETERS
    unread = sent - method.parameters
    if unread:
        read_count = len(parameters) - len(unread)
        raise ApiError(
            -1104,
            f"Not all sent parameters were read; read '{read_count}' parameter(s) but was sent '{len(parameters)}'.",
        )
