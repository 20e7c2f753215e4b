"""Owns an engine's place as the journal process sees it, a ring and a held state, and the process itself."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.journal.entry import NOW_WORD, SOURCE_WORD, TRACE_WORD
from engine.journal.store import FOLDER, JournalStore
from engine.lifetime import durable_folder
from engine.spin.journal_ring import append
from ipc.address import engine_folder
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.enums import JournalState
from ipc.memory import address_of
from ipc.ring import create_ring
from ipc.segment import Segment, SegmentKind, SegmentWord, private_folder
from tests.engine.configuration_file import set_key, sound_table, write_table
from tests.engine.journal.journaled_world import JournaledWorld

_PATIENCE_S = 60
NAME = "journaled"


class ProcessDesk:
    """Folders of its own below one; the environment must lead to them."""

    def __init__(self, folder: Path, world: JournaledWorld, **keys: int) -> None:
        table = sound_table(folder)
        set_key(table, "engine.name", NAME)
        for key, value in keys.items():
            set_key(table, f"journal.{key}", value)
        self._config = write_table(table, folder / "engine.toml")
        private_folder(durable_folder(NAME))
        self._clock = SystemClock()
        self._process: subprocess.Popen[str] | None = None
        self.store = JournalStore(durable_folder(NAME) / FOLDER, segment_bytes=1 << 20)
        self.begin_run(world)

    def begin_run(self, world: JournaledWorld) -> None:
        """What an engine does before it takes orders."""
        self.store.open_for_append(epoch=world.base.epoch)
        base = world.base
        self.store.write_snapshot(base.block, base.sequence, base.digest, epoch=base.epoch, is_base=True)
        self.store.close()
        folder = engine_folder(NAME)
        self.state = Segment.create(folder / "state", SegmentKind.STATE, 4_096, epoch=base.epoch)
        assert self.state.try_lock(), "nobody else has it"
        self.ring = create_ring(
            folder / "journal", SegmentKind.JOURNAL_RING, 1 << 14, epoch=base.epoch, first_sequence=base.sequence
        )

    def start(self, failpoint: str = "") -> None:
        """Starts the journal process."""
        self.ring.words[SegmentWord.JOURNAL_STATE] = JournalState.ABSENT
        armed = self._config.parent / "failpoints"
        armed.mkdir(exist_ok=True)
        if failpoint:
            (armed / failpoint).write_text("1")
        environment = {**os.environ, "OMS_FAILPOINTS": str(armed)}
        command = [sys.executable, "-m", "engine.journal", str(self._config)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)

    def await_state(self, state: JournalState) -> None:
        """Returns when the journal process says so."""
        self._await(lambda: int(self.ring.words[SegmentWord.JOURNAL_STATE]) == state)

    def await_durable(self, sequence: int) -> None:
        """Returns when all below a sequence is on disk."""
        self._await(lambda: int(self.ring.words[SegmentWord.JOURNAL_DURABLE]) >= sequence)

    def await_folder(self) -> None:
        """Returns when nobody writes the journal any more."""
        self._await(self.store.disk.try_lock)

    def _await(self, condition: Callable[[], bool]) -> None:
        assert self._process is not None, "it was started"
        give_up_ns = self._clock.monotonic_ns() + _PATIENCE_S * NS_PER_S
        while not condition():
            assert self._process.poll() is None, f"the journal process died: {self._process.communicate()[1]}"
            assert self._clock.monotonic_ns() < give_up_ns, "it takes too long"
            self._clock.sleep_ns(NS_PER_MS)

    def hand_over(self, entries: NDArray[np.int64]) -> None:
        """Hands entries to the ring as the engine's loop does."""
        for entry in entries:
            now_ns, source, trace = (int(entry[word]) for word in (NOW_WORD, SOURCE_WORD, TRACE_WORD))
            is_taken = append(self.ring.address, address_of(entry), now_ns, source, trace)
            assert is_taken, "the ring has room"

    def retire(self) -> None:
        """The engine ends in good order."""
        self.ring.retire()
        self.engine_dies()

    def engine_dies(self) -> None:
        """The kernel gives its lock back."""
        self.state.unlock()

    def end(self, signal_number: int) -> str:
        """Tells the process to end; returns what it logged."""
        assert self._process is not None, "it was started"
        self._process.send_signal(signal_number)
        return self.ended(status=0)

    def ended(self, *, status: int) -> str:
        """Waits for the end; returns what it logged."""
        assert self._process is not None, "it was started"
        _, log = self._process.communicate(timeout=_PATIENCE_S)
        assert self._process.returncode == status, log
        return log
