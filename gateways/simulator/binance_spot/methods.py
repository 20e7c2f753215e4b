"""Owns the table of methods: what each costs, who may call it, what it may be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from gateways.simulator.accounts import Account
from gateways.simulator.binance_spot.signatures import ApiKey

if TYPE_CHECKING:
    from gateways.simulator.binance_spot.face import BinanceSpotFace
    from gateways.simulator.binance_spot.session import ApiSession

SIGNING_PARAMETERS = frozenset({"apiKey", "signature", "timestamp", "recvWindow", "returnRateLimits"})


class Security(Enum):
    """https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#request-security"""

    NONE = ""
    SESSION = "SESSION"
    TRADE = "TRADE"
    USER_DATA = "USER_DATA"
    USER_STREAM = "USER_STREAM"


class Call:
    """One request on its way through a method."""

    __slots__ = ("_key", "as_of_ns", "face", "method", "parameters", "session", "time_divisor", "utc_ns")

    def __init__(
        self,
        face: BinanceSpotFace,
        session: ApiSession | None,
        method: str,
        parameters: dict[str, str],
        *,
        time_divisor: int,
    ) -> None:
        self.face = face
        self.session = session
        self.method = method
        self.parameters = parameters
        self.utc_ns = face.clock.utc_ns()
        self.time_divisor = time_divisor
        self.as_of_ns = 0
        """What moment a query shows, when that is not now."""
        self._key: ApiKey | None = None

    def authorize(self, key: ApiKey) -> None:
        """The request is known to come from the key's owner."""
        self._key = key

    @property
    def key(self) -> ApiKey:
        """The key that signed; Precondition: the method's security is not NONE."""
        assert self._key is not None, "a method that needs a key is called after the check of signatures"
        return self._key

    @property
    def account(self) -> Account:
        """Whose request this is."""
        return self.key.account

    @property
    def known_account(self) -> Account | None:
        """The same, or None while nobody is known."""
        return self._key.account if self._key is not None else None

    @property
    def time(self) -> int:
        """Now, in the client's unit."""
        return self.utc_ns // self.time_divisor


Weight = int | Callable[[Mapping[str, str]], int]


class Method(NamedTuple):
    """One row of the table."""

    run: Callable[[Call], Any]
    weight: Weight
    security: Security = Security.NONE
    parameters: frozenset[str] = frozenset()
    # Since 2026-04-02 a successful order request costs no weight, a failed one its documented weight.
    is_free: bool = False
    shows_order_count: bool = False

    def cost(self, parameters: Mapping[str, str]) -> int:
        """The documented weight of this request."""
        return self.weight if isinstance(self.weight, int) else self.weight(parameters)
