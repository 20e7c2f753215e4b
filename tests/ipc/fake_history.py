"""Owns a stand-in for the journal: it serves what a stand-in engine told, as far as a test lets it know."""

import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.journal.event_server import EventServer
from ipc.clock import SystemClock
from ipc.records import SLOT_WORDS
from tests.ipc.fake_engine import STRATEGIES, FakeEngine

_SEQUENCE = 2
ALL = 1 << 62


class FakeHistory:
    """The real server in a thread, over what was told by one engine or by several, one after the other."""

    def __init__(self, folder: Path, *engines: FakeEngine, strategies: Mapping[str, int] = STRATEGIES) -> None:
        self.first_kept = 1
        self.last_known = ALL
        self.learns_when_asked = 0
        self.questions = 0
        self._engines = list(engines)
        self._server = EventServer(folder, self, strategies, SystemClock.monotonic_ns)  # type: ignore[arg-type]
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def add(self, engine: FakeEngine) -> None:
        """Serves what a further engine tells."""
        self._engines.append(engine)

    def of_strategy(self, strategy_id: int, from_sequence: int, most: int) -> np.ndarray:
        """What the server asks of its reader."""
        self.questions += 1
        self.last_known += self.learns_when_asked
        first = max(from_sequence, self.first_kept)
        told = [slot for engine in self._engines for slot in engine.told[strategy_id]]
        known = [slot for slot in told if first <= slot[_SEQUENCE] <= self.last_known]
        return np.array(known[:most], np.int64).reshape(-1, SLOT_WORDS)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            self._server.serve(1)

    def close(self) -> None:
        """Serves nobody any more."""
        self._is_stopping.set()
        self._thread.join()
        self._server.close()
