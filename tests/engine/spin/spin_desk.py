"""Owns a world behind the compiled loop: rings for two strategies, frames of a real venue."""

from pathlib import Path

import numpy as np

from engine.hot_loop import HotLoop
from engine.spin.spin import spin
from ipc.clock import SystemClock
from ipc.enums import RecordKind
from ipc.memory import address_of
from ipc.order_id import pack
from ipc.records import EXECUTION_REPORT, LAYOUTS, SLOT_WORDS
from ipc.ring import create_ring, poll, release, try_publish
from ipc.segment import Segment, SegmentKind
from tests.engine.core.world import COMMAND_DEFAULTS, EPOCH, INSTANCE, World
from tests.engine.spin.wire_desk import TEMPLATES, set_rules
from tests.gateways.binance_spot.documented import RULES

NEVER_EXPIRES = (1 << 62) - 1
RING_SLOTS = 64


class SpinDesk:
    """A world whose strategies 1 and 2 have rings; the clock is the machine's own."""

    def __init__(self, folder: Path) -> None:
        self.world = World(orders=256)
        self.world.state.table("terms")["rate_limit_window_ns"] = 1
        self.world.state.header["duplicate_orders_max"] = 1_000
        set_rules(self.world.state, RULES)
        self.loop = HotLoop(self.world.state, strategy_rows=4, idle="spin", clock=SystemClock())
        self.loop.use_templates([TEMPLATES["ed25519"], TEMPLATES["ed25519"]])
        self.commands, self.reports = {}, {}
        for strategy in (1, 2):
            self.commands[strategy] = self._ring(folder, SegmentKind.COMMAND_RING, strategy)
            self.reports[strategy] = self._ring(folder, SegmentKind.REPORT_RING, strategy)
            self.loop.open_lane(strategy, self.commands[strategy], self.reports[strategy])
        self._sequence = 0

    @staticmethod
    def _ring(folder: Path, kind: SegmentKind, strategy: int) -> Segment:
        path = folder / f"{kind.name}-{strategy}"
        ring = create_ring(path, kind, RING_SLOTS, epoch=EPOCH, instance=INSTANCE, strategy_id=strategy)
        ring.keep_fixed_words()
        return ring

    def publish(self, kind: RecordKind, strategy: int = 1, **fields: int) -> int:
        """Puts a good command into a strategy's ring; returns the order id in it."""
        order_id, words = self.command(kind, strategy, **fields)
        self.publish_words(words, strategy)
        return order_id

    def command(self, kind: RecordKind, strategy: int = 1, **fields: int) -> tuple[int, np.ndarray]:
        """A good command's order id and its words."""
        self._sequence += 1
        order_id = pack(instance=INSTANCE, epoch=EPOCH, strategy_id=strategy, sequence=self._sequence)
        row = np.zeros(1, LAYOUTS[kind])[0]
        common = {"kind": kind, "sequence": self._sequence, "order_id": order_id, "expires_utc_ns": NEVER_EXPIRES}
        for field, value in {**common, **COMMAND_DEFAULTS[kind], **fields}.items():
            row[field] = value
        return int(row["order_id"]), np.frombuffer(row.tobytes(), np.int64)

    def publish_words(self, words: np.ndarray, strategy: int = 1) -> None:
        """Puts any words into a strategy's ring."""
        record = np.zeros(SLOT_WORDS, np.int64)
        record[: len(words)] = words
        assert try_publish(self.commands[strategy].address, address_of(record), SLOT_WORDS), "the ring is full"

    def told(self, strategy: int = 1) -> list[dict[str, int]]:
        """What a strategy has been told since the last look."""
        ring, seen = self.reports[strategy], []
        while (slot := int(poll(ring.address))) != 0:
            place = slot - ring.content_address
            row = np.frombuffer(ring.content.tobytes(), EXECUTION_REPORT, count=1, offset=place)[0]
            seen.append({name: int(row[name]) for name in row.dtype.names or ()})
            release(ring.address)
        return seen

    def turn(self) -> int:
        """Spins until something is ready, or once."""
        return int(spin(self.loop.address, 0))

    @property
    def frames_used(self) -> int:
        """How many finished frames wait."""
        return int(self.loop.ports[0]["frames_used"])
