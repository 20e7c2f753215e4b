"""Owns what several of the weakened engines need."""

from __future__ import annotations

from collections.abc import Callable

from gateways.record_writer import RecordWriter, new_rows
from ipc import order_id as order_ids
from ipc.enums import VenueEvent
from tools.simulation.engine_run import EngineRun


class WeakRun(EngineRun):
    """What several of the weakened engines need."""

    def put_on_wire(self, frame: bytes) -> None:
        """Sends past everything that watches what is sent."""
        network = self.stage.sites[0].network
        for wire in network.standing[:1]:
            network.send(wire, frame)

    def is_waiting(self, leg_id: int) -> bool:
        """Whether the core still waits for the answer to an order."""
        row = self.stage.workshop.live.order(leg_id & ~order_ids.LEG_MAX)
        return not self.is_dead and row is not None and row["pending_new_ns"] != 0 and row["end_reason"] == 0

    def later(self, delay_ns: int, call: Callable[..., None], *arguments: object) -> None:
        """Does something after a while."""
        self.stage.timeline.after(delay_ns, call, *arguments)

    def inject(self, order_id: int, event: VenueEvent) -> None:
        """Makes the core believe that the venue had spoken."""
        rows = new_rows(1)
        writer = RecordWriter(0)
        writer.start(rows, self.now_ns)
        writer.venue_report(order_id, int(event))
        self.enter(lambda: self.apply(rows, 1))


def renamed(frame: bytes, leg_id: int) -> bytes:
    """The same order under another id."""
    return frame.replace(frame[8:24], order_ids.to_text(leg_id).encode())


def leg_of(frame: bytes) -> int:
    """The leg that a frame is about."""
    return order_ids.from_text(frame[8:24]) or 0
