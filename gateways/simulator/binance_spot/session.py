"""Owns one WebSocket API connection: its requests, its authentication and its subscriptions.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from picows import WSTransport

from gateways.simulator.accounts import Account
from gateways.simulator.binance_spot.errors import ApiError
from gateways.simulator.binance_spot.events import simple_event
from gateways.simulator.binance_spot.methods import Call, Method, Security
from gateways.simulator.binance_spot.requests import (
    UNREADABLE,
    parameter_texts,
    read_flag,
    read_id,
    request_decoder,
)
from gateways.simulator.binance_spot.signatures import ApiKey, KeyKind
from gateways.simulator.connection import Connection

if TYPE_CHECKING:
    from gateways.simulator.binance_spot.face import BinanceSpotFace

ACTIVE_SUBSCRIPTIONS_MAX = 1_000
SUBSCRIPTION_ID_MAX = 65_535


class Subscription(NamedTuple):
    """Who hears of which account's events."""

    session: ApiSession
    subscription_id: int
    account: Account
    is_from_logon: bool


class ApiSession(Connection):
    """A connection at /ws-api/v3."""

    def __init__(self, face: BinanceSpotFace, *, time_divisor: int, shows_rate_limits: bool) -> None:
        super().__init__(face.venue)
        self.face = face
        self.time_divisor = time_divisor
        self.shows_rate_limits = shows_rate_limits
        self.key: ApiKey | None = None
        self.authorized_ns = 0
        self.subscriptions: dict[int, Subscription] = {}
        self._subscription_count = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Opening a connection costs weight."""
        super().on_ws_connected(transport)
        self.face.weight.charge(self.face.clock.utc_ns(), 2)
        self.face.sessions.add(self)

    def on_closed(self) -> None:
        """Nobody is left to hear of events."""
        self.face.sessions.discard(self)
        for subscription in list(self.subscriptions.values()):
            self.face.unsubscribe(subscription)
        self.subscriptions.clear()

    def on_text(self, payload: bytes) -> None:
        """Answers one request."""
        try:
            request = request_decoder.decode(payload)
        except UNREADABLE:
            # A request that cannot be read has no id to answer to.
            self.face.answer_unreadable(self)
            return
        parameters = parameter_texts(request.params)
        self.face.answer(self, orjson.dumps(request.id), request.method.removeprefix("v3/"), parameters)

    def status(self, call: Call) -> dict[str, Any]:
        """The result of the three `session.*` methods of authentication."""
        return {
            "apiKey": self.key.api_key if self.key is not None else None,
            "authorizedSince": self.authorized_ns // self.time_divisor if self.key is not None else None,
            "connectedSince": self.connected_ns // self.time_divisor,
            "returnRateLimits": self.shows_rate_limits,
            "serverTime": call.time,
            "userDataStream": bool(self.subscriptions),
        }

    def subscribe(self, account: Account, *, is_from_logon: bool) -> dict[str, Any]:
        """Starts the events of an account; one subscription for each account."""
        if any(subscription.account is account for subscription in self.subscriptions.values()):
            raise ApiError(-2035, "User Data Stream subscription already active.")
        if len(self.subscriptions) >= ACTIVE_SUBSCRIPTIONS_MAX:
            raise ApiError(
                -1191,
                "Too many subscriptions. Connection may create up to "
                f"'{ACTIVE_SUBSCRIPTIONS_MAX}' subscriptions at a time.",
            )
        if self._subscription_count > SUBSCRIPTION_ID_MAX:
            raise ApiError(-2042, "Maximum subscription ID reached for this connection.")
        subscription = Subscription(self, self._subscription_count, account, is_from_logon)
        self._subscription_count += 1
        self.subscriptions[subscription.subscription_id] = subscription
        self.face.subscribe(subscription)
        return {"subscriptionId": subscription.subscription_id}

    def end_subscription(self, subscription: Subscription) -> None:
        """Stops the events of an account and says so."""
        del self.subscriptions[subscription.subscription_id]
        self.face.unsubscribe(subscription)
        event = simple_event("eventStreamTerminated", self.face.clock.utc_ns(), self.time_divisor)
        self.face.send_event(subscription, "eventStreamTerminated", orjson.dumps(event))


def log_on(call: Call) -> dict[str, Any]:
    """`session.logon`: from now on this connection's requests need no signature."""
    session = _session(call)
    if call.key.kind is not KeyKind.ED25519:
        # The documentation says only that no other kind is supported; the error is not documented.
        raise ApiError(-4056, f"{call.key.kind.name} API key is not supported.")
    session.key = call.key
    session.authorized_ns = call.utc_ns
    return session.status(call)


def session_status(call: Call) -> dict[str, Any]:
    """`session.status`."""
    return _session(call).status(call)


def log_out(call: Call) -> dict[str, Any]:
    """`session.logout`: ends the subscription of the session's own key and no other."""
    session = _session(call)
    for subscription in list(session.subscriptions.values()):
        if subscription.is_from_logon:
            session.end_subscription(subscription)
    session.key = None
    return session.status(call)


def subscribe(call: Call) -> dict[str, Any]:
    """`userDataStream.subscribe`."""
    session = _session(call)
    if session.key is None:
        raise ApiError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
    return session.subscribe(session.key.account, is_from_logon=True)


def subscribe_by_signature(call: Call) -> dict[str, Any]:
    """`userDataStream.subscribe.signature`."""
    return _session(call).subscribe(call.account, is_from_logon=False)


def unsubscribe(call: Call) -> dict[str, Any]:
    """`userDataStream.unsubscribe`."""
    session = _session(call)
    subscription_id = read_id(call.parameters, "subscriptionId")
    if subscription_id is None:
        ending = list(session.subscriptions.values())
    else:
        ending = [s for s in session.subscriptions.values() if s.subscription_id == subscription_id]
    if not ending:
        raise ApiError(-2036, "User Data Stream subscription not active.")
    for subscription in ending:
        session.end_subscription(subscription)
    return {}


def list_subscriptions(call: Call) -> list[dict[str, Any]]:
    """`session.subscriptions`."""
    return [{"subscriptionId": subscription_id} for subscription_id in _session(call).subscriptions]


def wants_rate_limits(parameters: dict[str, str], session: ApiSession) -> bool:
    """Whether this reply shows `rateLimits`."""
    return read_flag(parameters, "returnRateLimits", session.shows_rate_limits)


def _session(call: Call) -> ApiSession:
    assert call.session is not None, "session methods have no REST twin"
    return call.session


SESSION_METHODS = {
    "session.logon": Method(log_on, 2, Security.SESSION),
    "session.status": Method(session_status, 2),
    "session.logout": Method(log_out, 2),
    "session.subscriptions": Method(list_subscriptions, 2),
    "userDataStream.subscribe": Method(subscribe, 2),
    "userDataStream.subscribe.signature": Method(subscribe_by_signature, 2, Security.USER_STREAM),
    "userDataStream.unsubscribe": Method(unsubscribe, 2, parameters=frozenset({"subscriptionId"})),
}
