"""Owns whether and when a process that died is started again."""

from ipc.clock import NS_PER_MS, NS_PER_S

DELAY_MIN_NS = 100 * NS_PER_MS
DELAY_MAX_NS = 10 * NS_PER_S
GOOD_RUN_NS = 60 * NS_PER_S
WINDOW_NS = 60 * NS_PER_S


class Restarts:
    """The memory of one process's deaths."""

    def __init__(self, restarts_max: int) -> None:
        self._restarts_max = restarts_max
        self._delay_ns = DELAY_MIN_NS
        self._ended_ns: list[int] = []

    def delay_ns(self, started_ns: int, ended_ns: int) -> int | None:
        """How long to wait before the next start, longer each time; None when it died too often within a minute."""
        if ended_ns - started_ns >= GOOD_RUN_NS:
            self._delay_ns = DELAY_MIN_NS
        self._ended_ns = [*(moment for moment in self._ended_ns if ended_ns - moment < WINDOW_NS), ended_ns]
        if len(self._ended_ns) > self._restarts_max:
            return None
        delay_ns = self._delay_ns
        self._delay_ns = min(2 * delay_ns, DELAY_MAX_NS)
        return delay_ns
