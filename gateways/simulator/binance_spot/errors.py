"""Owns the errors of Binance Spot: codes, messages and HTTP-like statuses.

https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
"""

from typing import Any

from gateways.simulator.orders import RejectReason


class ApiError(Exception):
    """A request's failure, as the client will read it."""

    def __init__(self, code: int, message: str, *, status: int = 400, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data

    def body(self) -> dict[str, Any]:
        """The `error` object of a reply."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


NEW_ORDER_REJECTED = -2010
CANCEL_REJECTED = -2011
AMEND_REJECTED = -2038

_ENGINE_MESSAGES = {
    RejectReason.INSUFFICIENT_BALANCE: "Account has insufficient balance for requested action.",
    RejectReason.DUPLICATE_CLIENT_ORDER_ID: "Duplicate order sent.",
    RejectReason.MARKET_CLOSED: "Market is closed.",
    RejectReason.WOULD_TAKE: "Order would immediately match and take.",
    RejectReason.WOULD_TRIGGER: "Order would trigger immediately.",
    RejectReason.NO_LIQUIDITY: "Order book liquidity is less than symbol minimum quantity.",
    RejectReason.UNKNOWN_ORDER: "Unknown order sent.",
    RejectReason.QUANTITY_NOT_REDUCED: "Order amend (quantity increase) is not supported.",
    RejectReason.QUANTITY_UNCHANGED: "The requested action would change no state; rejecting",
}

_UNKNOWN_OUTCOMES = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: ("Timeout waiting for response from backend server. Send status unknown; execution status unknown."),
    -1008: "Server is currently overloaded with other requests. Please try again in a few minutes.",
}

RETRY_AFTER_MS = 1_000
_REFUSALS = {
    -1003: ("Too much request weight used; please use WebSocket Streams for live updates to avoid bans.", 429),
    -1015: ("Too many new orders; current limit is 50 orders per 10 SECOND.", 429),
    -1021: ("Timestamp for this request is outside of the recvWindow.", 400),
    -2010: ("This action is disabled on this account.", 400),
    -2015: ("Invalid API-key, IP, or permissions for action.", 401),
}


def engine_rejected(code: int, reason: RejectReason) -> ApiError:
    """What the matching engine's refusal is called on the wire."""
    return ApiError(code, _ENGINE_MESSAGES[reason])


def unknown_outcome(code: int) -> ApiError:
    """A reply after which the client cannot know what happened; the codes are those of 5XX statuses."""
    message = _UNKNOWN_OUTCOMES.get(code, _UNKNOWN_OUTCOMES[-1000])
    status = {-1007: 504, -1008: 503}.get(code, 500)
    return ApiError(code, message, status=status)


def refused(code: int, status: int, utc_ms: int) -> ApiError:
    """A refusal that has nothing to do with the request itself."""
    message, usual_status = _REFUSALS.get(code, ("The request was refused.", 400))
    status = status or usual_status
    data = {"serverTime": utc_ms, "retryAfter": utc_ms + RETRY_AFTER_MS} if status in {418, 429} else None
    return ApiError(code, message, status=status, data=data)


def filter_failure(name: str) -> ApiError:
    """A trading rule that the order breaks."""
    return ApiError(-1013, f"Filter failure: {name}")


def missing(name: str) -> ApiError:
    """A mandatory parameter is not there."""
    return ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def missing_either(first: str, second: str) -> ApiError:
    """Neither of two alternatives is there."""
    return ApiError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def illegal_characters(name: str, legal_range: str) -> ApiError:
    """A parameter does not have the form of its kind."""
    return ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal_range}'.")


def not_required(name: str) -> ApiError:
    """A parameter that this order type must not have."""
    return ApiError(-1106, f"Parameter '{name}' sent when not required.")


def unknown_order() -> ApiError:
    """A query for an order that the account never had."""
    return ApiError(-2013, "Order does not exist.")


def invalid_signature() -> ApiError:
    """The signature does not belong to the parameters and the key."""
    return ApiError(-1022, "Signature for this request is not valid.")


def rejected_key() -> ApiError:
    """The key is unknown or may not do this."""
    return ApiError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
