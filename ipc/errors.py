"""Owns what can go wrong for a client; each error names what, where, the value, what is allowed and the fix."""

from ipc.order_id import CLIENT_SEQUENCE_MAX


class ClientError(Exception):
    """The base of every error that the client library raises on purpose."""


class AddressError(ClientError, ValueError):
    """A URL or a strategy's name cannot be one."""


class EngineNotRunningError(ClientError):
    """Nobody serves the address."""


class StrategyInUseError(ClientError):
    """Another client drives this strategy at the moment."""


class ConnectionRefusedByEngineError(ClientError):
    """The engine answered the handshake with a refusal."""


class RingFullError(ClientError):
    """A command found no room. Nothing was sent and no order id was used."""


class EngineRestartedError(ClientError):
    """The engine that this client spoke to is gone or was replaced. Nothing was sent."""


class SupersededError(ClientError):
    """A newer client of the same strategy took over. Nothing was sent."""


class OrderIdsExhaustedError(ClientError):
    """A strategy used every order id of one run of the engine. Nothing was sent."""

    def __init__(self, strategy: str, epoch: int) -> None:
        super().__init__(
            f"strategy {strategy} used {CLIENT_SEQUENCE_MAX} order ids of epoch {epoch}, which is what one run of "
            "an engine allows; restart the engine to begin a new epoch"
        )


class ScheduleUnsentError(ClientError):
    """A parent order was sent and its schedule, or a part of it, was not: it waits, and trades nothing."""

    def __init__(self, order_id: int, cause: ClientError) -> None:
        super().__init__(
            f"parent order {order_id} was sent, but not all of its schedule, without which it waits: "
            f"call schedule({order_id}, …) or cancel({order_id}); {cause}"
        )
        self.order_id = order_id


class HistoryUnavailableError(ClientError):
    """Reports of the past cannot be fetched at present. They are kept, and trading goes on without them."""


class ReportsGoneError(ClientError):
    """Reports that were asked for are not kept any more."""


class UnknownNameError(ClientError, LookupError):
    """The engine knows no instrument, account or asset of that name."""


class StateBusyError(ClientError):
    """The state could not be read whole: its writer died or stopped in the middle of a write."""


class SnapshotTimeoutError(ClientError):
    """The engine did not finish answering a request for rows in time."""


class SharedMemoryOnlyError(ClientError):
    """Something was asked for that only a client on the engine's host, over shared memory, has."""
