"""Owns how fast one ZeroMQ client may speak: a bucket of records that fills at a steady rate."""

from ipc.clock import NS_PER_S
from ipc.enums import RefusalReason
from ipc.frame import FrameError

RECORDS_PER_S = 20_000
BURST_RECORDS = 4_096
_NS_PER_RECORD = NS_PER_S // RECORDS_PER_S


class Pace:
    """Refuses what comes faster; far beyond what a strategy needs, far below what one thread can look at."""

    def __init__(self, now_ns: int) -> None:
        self._full_at_ns = now_ns

    def take(self, records: int, now_ns: int) -> None:
        """Makes room for a frame's records; FrameError, and the frame counts for nothing, when there is none."""
        full_at_ns = max(self._full_at_ns, now_ns) + records * _NS_PER_RECORD
        excess = (full_at_ns - now_ns + _NS_PER_RECORD - 1) // _NS_PER_RECORD - BURST_RECORDS
        if excess > 0:
            raise FrameError(RefusalReason.CLIENT_TOO_FAST, limit=BURST_RECORDS, requested=BURST_RECORDS + excess)
        self._full_at_ns = full_at_ns
