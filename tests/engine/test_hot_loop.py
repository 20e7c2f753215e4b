"""What Python feeds the core stays what it was, also when something else must be fed in between."""

import numpy as np
import pytest

from engine import hot_loop
from engine.core.state import Capacities, State
from engine.hot_loop import APPLIED_MASK, HotLoop
from ipc.clock import ManualClock
from ipc.records import SLOT_WORDS

FRAME_WAITS = APPLIED_MASK + 1


def test_records_that_had_to_wait_for_unsent_frames_are_still_read_from_where_they_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = HotLoop(
        State.create(Capacities(instruments=1, accounts=1, strategies=2, assets=1, orders=16)),
        strategy_rows=2,
        idle="spin",
        clock=ManualClock(),
    )
    decoded, unsent = np.zeros((2, SLOT_WORDS), np.int64), np.zeros((1, SLOT_WORDS), np.int64)
    read: list[tuple[int, int]] = []

    def apply_one(_ports: int, address: int, _count: int, first: int) -> int:
        read.append((address, first))
        return 1 + (FRAME_WAITS if len(read) == 1 else 0)

    monkeypatch.setattr(hot_loop, "apply_records", apply_one)
    monkeypatch.setattr(loop, "send_frames", lambda: loop.apply(unsent, 1))
    loop.apply(decoded, 2)
    assert read == [(decoded.ctypes.data, 0), (unsent.ctypes.data, 0), (decoded.ctypes.data, 1)]
