"""Owns a recording core that a test can wait on."""

import asyncio
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tests.gateways.recording_core import RecordingCore

PATIENCE_S = 10.0


class AwaitingCore(RecordingCore):
    """Wakes the test with every record."""

    def __init__(self) -> None:
        super().__init__()
        self._arrival = asyncio.Event()

    def apply(self, records: NDArray[np.int64], count: int) -> None:
        super().apply(records, count)
        self._arrival.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Returns when a record has made the condition true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._arrival.clear()
                await self._arrival.wait()
