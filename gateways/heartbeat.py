"""Owns the detection of a connection that is open on our side only."""

from enum import Enum

from ipc.clock import NS_PER_MS, NS_PER_S

PING_AFTER_NS = NS_PER_S
STALE_AFTER_NS = 2_500 * NS_PER_MS
"""With a tick every 100 ms a half-open connection is noticed within 2.6 s."""
OWN_PAUSE_NS = NS_PER_S


class Pulse(Enum):
    """What the silence on a connection asks for."""

    GOOD = 1
    PING = 2
    STALE = 3


class Heartbeat:
    """Any frame proves that the connection lives; a silent one is asked by a ping."""

    def __init__(self, now_ns: int) -> None:
        self._last_frame_ns = now_ns
        self._last_check_ns = now_ns
        self._pinged = False

    def on_frame(self, now_ns: int) -> None:
        """Takes note of any frame."""
        self._last_frame_ns = now_ns
        self._pinged = False

    def check(self, now_ns: int) -> Pulse:
        """What to do now; PING once for each silence."""
        pause_ns = now_ns - self._last_check_ns
        self._last_check_ns = now_ns
        if pause_ns > OWN_PAUSE_NS:
            # We stood still ourselves, so frames may be waiting unread: the silence proves nothing.
            self._last_frame_ns += pause_ns
        silence_ns = now_ns - self._last_frame_ns
        if silence_ns >= STALE_AFTER_NS:
            return Pulse.STALE
        if silence_ns >= PING_AFTER_NS and not self._pinged:
            self._pinged = True
            return Pulse.PING
        return Pulse.GOOD
