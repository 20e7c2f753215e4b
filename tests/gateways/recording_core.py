"""Owns a core that remembers what it is told and decides nothing."""

import numpy as np
from numpy.typing import NDArray

from gateways.venue import OpenOrder
from ipc.enums import ConnectionState, RecordKind, VenueEvent
from ipc.records import LAYOUTS


def as_dict(row: NDArray[np.int64]) -> dict[str, int]:
    """One record by field names."""
    names = LAYOUTS[RecordKind(int(row[1]))].names
    assert names is not None
    return {name: int(row[position]) for position, name in enumerate(names)}


class RecordingCore:
    """Keeps every record in order, and the open orders that a test gave it."""

    def __init__(self) -> None:
        self.records: list[dict[str, int]] = []
        self.open: list[OpenOrder] = []
        self.others: list[tuple[int, int]] = []
        self.known: dict[int, int] = {}
        self.booked: set[tuple[int, int]] = set()
        self.forgotten: dict[int, int] = {}

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        self.records += [as_dict(row) for row in records[:count]]

    def open_orders(self, account_id: int) -> list[OpenOrder]:
        return list(self.open)

    def unknown_orders(self, account_id: int) -> list[OpenOrder]:
        return [order for order in self.open if order.is_unknown]

    def open_order_ids(self, account_id: int) -> list[int]:
        return [order.order_id for order in self.open]

    def open_order(self, account_id: int, order_id: int) -> OpenOrder | None:
        return next((order for order in self.open if order.order_id == order_id), None)

    def orders_of_others(self, account_id: int) -> list[tuple[int, int]]:
        return list(self.others)

    def known_before(self, account_id: int, instrument_id: int) -> int:
        return self.known.get(instrument_id, 0)

    def booked_trades(self, account_id: int, instrument_id: int, from_trade_id: int) -> set[tuple[int, int]]:
        return {each for each in self.booked if each[0] >= from_trade_id}

    def forgotten_trade(self, account_id: int, instrument_id: int) -> int:
        return self.forgotten.get(instrument_id, 0)

    def of(self, kind: RecordKind) -> list[dict[str, int]]:
        """The records of one kind."""
        return [record for record in self.records if record["kind"] == kind]

    def reports(self, event: VenueEvent | None = None) -> list[dict[str, int]]:
        """The venue reports, or those of one event."""
        return [report for report in self.of(RecordKind.VENUE_REPORT) if event is None or report["event"] == event]

    def states(self) -> list[ConnectionState]:
        """The connection states in order."""
        return [ConnectionState(record["state"]) for record in self.of(RecordKind.VENUE_STATE)]
