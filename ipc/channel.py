"""Owns what a client asks of a transport; shared memory and ZeroMQ each answer it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ipc.enums import RecordKind
from ipc.errors import ClientError
from ipc.segment import Segment
from ipc.session import Identity


class Channel(Protocol):
    """A connection to one engine for one strategy.

    The publishing members take integers by position, in the order of the kernels in `strategy_kernels`
    behind the session, and return a positive number or an `Unsent`.
    """

    identity: Identity

    @property
    def session_address(self) -> int:
        """What compiled strategies pass to their kernels."""

    @property
    def publish_new_order(self) -> Callable[..., int]:
        """Sends an order; returns its id."""

    @property
    def publish_target(self) -> Callable[..., int]:
        """Asks for a position; returns the id of the order that may come of it."""

    @property
    def publish_cancel(self) -> Callable[..., int]:
        """Asks to cancel an order."""

    @property
    def publish_amend(self) -> Callable[..., int]:
        """Asks to change an order."""

    @property
    def publish_cancel_all(self) -> Callable[..., int]:
        """Asks to cancel all orders, or those in one instrument."""

    @property
    def publish_status_request(self) -> Callable[..., int]:
        """Asks how an order or all of them stand."""

    def publish_parent(self, terms: Sequence[int]) -> int:
        """Sends a parent order with the words of NEW_PARENT behind the command's; returns its id."""

    def publish_schedule(self, order_id: int, terms: Sequence[int]) -> int:
        """Sends a parent the words of SCHEDULE behind the command's."""

    @property
    def publish_parent_control(self) -> Callable[..., int]:
        """Asks to pause or resume a parent."""

    def receive(self, records_max: int) -> list[tuple[int, ...]]:
        """Reports that are there now, never waiting; raises when the engine is gone and nothing is left."""

    def has_more(self) -> bool:
        """Whether receive() would find something at once."""

    def rows(self, what: RecordKind, instrument_id: int) -> list[tuple[int, ...]]:
        """Status records of one kind, all of them for instrument -1."""

    def unsent_error(self, code: int) -> ClientError:
        """The error that says why a publish returned an `Unsent`."""

    def market_ring(self) -> Segment:
        """The ring in which the engine broadcasts market data; its user closes it."""

    def pause(self, duration_ns: int) -> None:
        """Gives the processor away for at most that long, less when something arrives."""

    def close(self) -> None:
        """Leaves the engine; the strategy may then be driven by somebody else."""
