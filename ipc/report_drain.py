"""Owns taking one strategy's reports out of its ring, where the engine itself sends them on."""

import numpy as np

from ipc.records import SLOT_BYTES, SLOT_WORDS
from ipc.ring import lost_count
from ipc.session import NO_BOUNDARY, SESSION_WORDS, SessionWord
from ipc.strategy_kernels import drain_reports, reports_waiting

# What one turn of an engine may send to one client.
REPORTS_MAX = 16


class ReportDrain:
    """The consuming end of a report ring."""

    def __init__(self, ring: int, state: int, strategy_id: int) -> None:
        self._session = np.zeros(SESSION_WORDS, np.int64)
        self._session[SessionWord.REPORTS] = ring
        self._session[SessionWord.STATE] = state
        self._session[SessionWord.STRATEGY_ID] = strategy_id
        self._session[SessionWord.LOST_SEEN] = lost_count(ring)
        self._session[SessionWord.LOST_BOUNDARY] = NO_BOUNDARY
        self._session_address = int(self._session.ctypes.data)
        self._slots = np.zeros(REPORTS_MAX * SLOT_WORDS, np.int64)
        self._slots_address = int(self._slots.ctypes.data)
        self._slot_bytes = self._slots.data.cast("B")
        # Taking nothing compiles what later runs while the engine trades.
        drain_reports(self._session_address, self._slots_address, 0)
        self.has_more()

    def take(self) -> memoryview:
        """The next reports, one each SLOT_BYTES, good until the next call."""
        count = drain_reports(self._session_address, self._slots_address, REPORTS_MAX)
        return self._slot_bytes[: count * SLOT_BYTES]

    def has_more(self) -> bool:
        """Whether take() would find something."""
        return reports_waiting(self._session_address)
