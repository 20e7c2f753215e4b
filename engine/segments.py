"""Owns the shared memory of a running engine: state, latency, market data, and two rings for each strategy."""

from pathlib import Path

from engine.config import Config
from engine.core.state import State
from engine.directory import Directory
from engine.state_builder import capacities_of, state_bytes
from ipc.histogram import LatencySegment
from ipc.market_feed import MARKET_RING
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind


class EngineSegments:
    """Created with the engine and retired with it; the rings come last, when what clients read is complete."""

    def __init__(self, config: Config, directory: Directory, folder: Path, *, epoch: int) -> None:
        instance = config.engine.instance
        self._config = config
        self._epoch = epoch
        self.folder = folder
        self._state_segment = Segment.create(
            folder / "state", SegmentKind.STATE, state_bytes(config, directory), epoch=epoch, instance=instance
        )
        # Clients see by this lock that the engine lives; the kernel drops it when the engine is killed.
        is_locked = self._state_segment.try_lock()
        assert is_locked, "nobody else can have a segment that was just made"
        self.state = State.create(capacities_of(config, directory), self._state_segment.content)
        self.latency = LatencySegment.create(
            folder / "latency",
            venues=len(directory.venues),
            strategies=directory.strategy_rows,
            epoch=epoch,
            instance=instance,
        )
        self.market_ring = create_ring(
            folder / MARKET_RING,
            SegmentKind.MARKET_RING,
            config.engine.market_ring_capacity,
            epoch=epoch,
            instance=instance,
        )
        self.market_ring.keep_fixed_words()
        self.commands: dict[int, Segment] = {}
        self.reports: dict[int, Segment] = {}

    def open_rings(self) -> None:
        """Lets strategies in: who finds its rings finds every row filled."""
        config = self._config
        for strategy in config.strategies:
            for rings, name, kind in (
                (self.commands, "commands", SegmentKind.COMMAND_RING),
                (self.reports, "reports", SegmentKind.REPORT_RING),
            ):
                rings[strategy.id] = create_ring(
                    self.folder / f"{name}-{strategy.name}",
                    kind,
                    config.ipc.ring_capacity,
                    epoch=self._epoch,
                    instance=config.engine.instance,
                    strategy_id=strategy.id,
                )
                rings[strategy.id].keep_fixed_words()

    def _all(self) -> list[Segment]:
        rings = [self.market_ring, *self.commands.values(), *self.reports.values()]
        return [self._state_segment, self.latency.segment, *rings]

    def lock_in_memory(self) -> bool:
        """Keeps all of it from being swapped out; False when the limit (ulimit -l) does not allow it."""
        locked = [segment.lock_in_memory() for segment in self._all()]
        return all(locked)

    def retire(self) -> None:
        """Tells those attached that the engine is gone, and removes the names."""
        for segment in self._all():
            segment.retire()
            segment.unlink()
