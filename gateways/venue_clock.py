"""Owns what we know of a venue's clock."""

from ipc.clock import NS_PER_MS

SAMPLES = 3


class VenueClock:
    """The venue's UTC as our monotonic clock plus an offset; it starts with our own UTC."""

    def __init__(self, utc_offset_ns: int) -> None:
        self.utc_offset_ns = utc_offset_ns
        self.doubt_ns = 0
        self.is_measured = False

    def utc_ms(self, now_ns: int) -> int:
        """The venue's time stamp for now."""
        return (now_ns + self.utc_offset_ns) // NS_PER_MS


class ClockMeasurement:
    """Asks for the venue's time three times; the quickest answer is wrong by at most half its round trip."""

    def __init__(self, clock: VenueClock) -> None:
        self._clock = clock
        self._asked_ns = 0
        self._samples = 0
        self._best_round_trip_ns = 0
        self._best_offset_ns = 0

    def asked(self, now_ns: int) -> None:
        """Notes that the venue's time is asked for now."""
        self._asked_ns = now_ns

    def answered(self, server_ms: int, now_ns: int) -> bool:
        """Takes one answer; True when it was the last, and the clock is set."""
        round_trip_ns = now_ns - self._asked_ns
        # The venue cuts its time to a millisecond, so its clock read half of one more on average.
        server_ns = server_ms * NS_PER_MS + NS_PER_MS // 2
        if self._samples == 0 or round_trip_ns < self._best_round_trip_ns:
            self._best_round_trip_ns = round_trip_ns
            self._best_offset_ns = server_ns - (self._asked_ns + round_trip_ns // 2)
        self._samples += 1
        if self._samples < SAMPLES:
            return False
        self._clock.utc_offset_ns = self._best_offset_ns
        self._clock.doubt_ns = self._best_round_trip_ns // 2 + NS_PER_MS
        self._clock.is_measured = True
        return True
