"""Owns the wire text of the requests that are not hot, signed where the venue wants it.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md
"""

from collections.abc import Mapping

import msgspec

from gateways.credentials import Credentials, KeyKind

Value = str | int | bool | list[str]


class Requests:
    """Builds requests for one account; after logon with an Ed25519 key only the time stamp is added."""

    def __init__(self, credentials: Credentials | None, receive_window_ms: int) -> None:
        self._credentials = credentials
        self._receive_window_ms = receive_window_ms
        self._encode = msgspec.json.Encoder().encode

    @property
    def logs_on(self) -> bool:
        """Whether the key can log a session on: only Ed25519 keys can."""
        return self._credentials is not None and self._credentials.kind is KeyKind.ED25519

    def public(self, method: str, request_id: str, parameters: Mapping[str, Value] | None = None) -> bytes:
        """A request that needs no key."""
        request: dict[str, object] = {"id": request_id, "method": method}
        if parameters:
            request["params"] = parameters
        return self._encode(request)

    def private(
        self, method: str, request_id: str, utc_ms: int, parameters: Mapping[str, Value] | None = None
    ) -> bytes:
        """A request of the account, for a session that is logged on or with its own signature."""
        timed = dict(parameters or {}) | {"recvWindow": self._receive_window_ms, "timestamp": utc_ms}
        return self.public(method, request_id, timed) if self.logs_on else self.signed(method, request_id, timed)

    def signed(self, method: str, request_id: str, parameters: Mapping[str, Value]) -> bytes:
        """A request with key and signature: the parameters sorted by name, `name=value` joined by `&`."""
        assert self._credentials is not None, "a signature needs a key"
        keyed = dict(parameters) | {"apiKey": self._credentials.api_key.reveal().decode()}
        text = "&".join(f"{name}={_text(keyed[name])}" for name in sorted(keyed))
        signature = self._credentials.signer.sign(text.encode()).decode()
        return self.public(method, request_id, keyed | {"signature": signature})

    def logon(self, request_id: str, utc_ms: int) -> bytes:
        """Authenticates the connection."""
        parameters: dict[str, Value] = {"recvWindow": self._receive_window_ms, "timestamp": utc_ms}
        return self.signed("session.logon", request_id, parameters)

    def subscribe(self, request_id: str, utc_ms: int) -> bytes:
        """Subscribes the account's events on this connection."""
        if self.logs_on:
            return self.public("userDataStream.subscribe", request_id)
        parameters: dict[str, Value] = {"recvWindow": self._receive_window_ms, "timestamp": utc_ms}
        return self.signed("userDataStream.subscribe.signature", request_id, parameters)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
