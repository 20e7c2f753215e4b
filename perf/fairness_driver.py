"""Owns the peer's side of the fairness benchmark: a strategy that trades, and one that floods its ring."""

import numpy as np
from numpy.typing import NDArray

from ipc.client import Client, connect
from perf.setting import ENGINE, REMOTE_STRATEGY
from perf.venue_driver import MODE, OVER_SHARED_MEMORY, Driver

# Over shared memory, alone or not.
QUIET, FLOODED = OVER_SHARED_MEMORY, 2
# What the peer's word means beside those of the wire benchmark.
FLOOD_COUNT = 16


class FairnessDriver(Driver):
    """A driver beside which another client may send without end."""

    _flooder: Client | None = None

    def run(self, words: NDArray[np.int64]) -> None:
        """One repetition, quiet or flooded."""
        row = self._row[0]
        row["flooded"] = row["flood"] = 0
        if words[MODE] == FLOODED:
            if self._flooder is None:
                self._flooder = connect(f"shm://{ENGINE}", strategy=REMOTE_STRATEGY)
            row["flood"] = self._flooder.session_address
        super().run(words)
        words[FLOOD_COUNT] = row["flooded"]
