"""Owns the memory that all seeds of a process share: two blocks and the engine's side of the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.hot_loop import HotLoop
from gateways.registry import VENUES
from gateways.venue import OpenOrder
from ipc.clock import SystemClock
from tools.simulation.audit_kernel import SEEN_ORDER
from tools.simulation.block_view import BlockView
from tools.simulation.setting import RECEIVE_WINDOW_MS, Setting, make_setting

if TYPE_CHECKING:
    from tools.simulation.engine_run import EngineRun


class SimulatedLoop(HotLoop):
    """The engine's wire side, whose inputs go to the run of the moment and whose time is given."""

    owner: EngineRun

    def __init__(self, state: State, *, strategy_rows: int) -> None:
        super().__init__(state, strategy_rows=strategy_rows, idle="spin", clock=SystemClock())
        assert self.ports.dtype.names is not None, "ports are a row of words"
        self._port_words = memoryview(self.ports.view(np.uint8).data).cast("q")
        self._frames_used = self.ports.dtype.names.index("frames_used")

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        """Called by the session."""
        self.clear_frames()
        self.owner.apply(records, count)

    def open_orders(self, account_id: int) -> list[OpenOrder]:
        """Called by the session."""
        return self.owner.open_orders(account_id)

    def open_order_ids(self, account_id: int) -> list[int]:
        """Called by the session."""
        return [order.order_id for order in self.owner.open_orders(account_id)]

    def listed_orders(self, account_id: int) -> list[OpenOrder]:
        """What the core lists."""
        return super().open_orders(account_id)

    def frames_waiting(self) -> int:
        """How many finished frames wait."""
        return int(self._port_words[self._frames_used])

    def clear_frames(self) -> None:
        """Every finished frame has left."""
        self._port_words[self._frames_used] = 0


class Workshop:
    """Made once in each process."""

    def __init__(self, *, has_parents: bool = False) -> None:
        self.setting: Setting = make_setting(has_parents=has_parents)
        self.live = BlockView(self._block())
        self.spare = self._block()
        self.loop = SimulatedLoop(self.live.state, strategy_rows=self.setting.directory.strategy_rows)
        templates = VENUES["binance_spot"].templates(self.setting.credentials, RECEIVE_WINDOW_MS)
        self.loop.use_templates([templates] * len(self.setting.sites))
        self.seen: NDArray[np.void] = np.zeros(self.live.order_count, SEEN_ORDER)

    def reset(self) -> None:
        """Makes the live block that of a fresh engine."""
        self.live.state.memory[:] = np.frombuffer(self.setting.image, np.uint8)

    def _block(self) -> State:
        raw: NDArray[np.uint8] = np.zeros(len(self.setting.image) + 64, np.uint8)
        start = -int(raw.ctypes.data) % 64
        memory = raw[start : start + len(self.setting.image)]
        memory[:] = np.frombuffer(self.setting.image, np.uint8)
        return State(memory)
