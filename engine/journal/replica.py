"""Owns a second core: it lives through the journal behind the engine, and proves that it comes out the same."""

import hashlib
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from engine.core.state import EFFECTS_MAX, State
from engine.journal.entry import TRACE_WORD
from engine.journal.errors import JournalError
from engine.journal.replay import APPLIED_BITS, APPLIED_MASK, replay_entries
from engine.journal.snapshot import DIGEST_BYTES, SLICE_BYTES, Snapshot
from engine.spin.core_entry import core_step_address
from ipc.memory import address_of
from ipc.records import SLOT_WORDS
from ipc.tables import STATE_HEADER

_EVENTS_ROOM = 64 * EFFECTS_MAX
_CACHE_LINE_BYTES = 64


def _hex(word: int) -> str:
    return f"{word & (1 << 64) - 1:016x}"


class ReplayDivergedError(JournalError):
    """The same inputs gave other results than they gave the engine."""

    def __init__(self, sequence: int, *, expected: int, found: int) -> None:
        super().__init__(
            f"journal sequence {sequence}: the engine's trace before it is {_hex(expected)}, replayed it is "
            f"{_hex(found)}; the engine and this program are not the same version, or memory is broken"
        )
        self.sequence = sequence


class Replica:
    """A private block that starts as a snapshot and takes entries."""

    def __init__(self, snapshot: Snapshot) -> None:
        size = len(snapshot.block)
        raw = np.empty(size + _CACHE_LINE_BYTES, np.uint8)
        start = -int(raw.ctypes.data) % _CACHE_LINE_BYTES
        memory = raw[start : start + size]
        memory[:] = np.frombuffer(snapshot.block, np.uint8)
        self.state = State(memory)
        self.next_sequence = snapshot.sequence
        self._core_step = core_step_address()
        self._events = np.zeros((_EVENTS_ROOM, SLOT_WORDS), np.int64)

    def apply(self, entries: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Takes the next entries; returns every effect they had, in order.

        ReplayDivergedError at the first whose trace is not the state's; the entries before it are applied.
        """
        found = []
        while len(entries):
            outcome = replay_entries(
                self._core_step,
                self.state.address,
                address_of(entries),
                len(entries),
                address_of(self._events),
                _EVENTS_ROOM,
            )
            events = outcome >> APPLIED_BITS
            if events:
                found.append(self._events[:events].copy())
            entries = self._advance(entries, outcome & APPLIED_MASK)
        return found

    def apply_only(self, entries: NDArray[np.int64]) -> None:
        """Takes the next entries and forgets their effects; ReplayDivergedError as in `apply`."""
        while len(entries):
            outcome = replay_entries(
                self._core_step, self.state.address, address_of(entries), len(entries), address_of(self._events), 0
            )
            entries = self._advance(entries, outcome & APPLIED_MASK)

    def block(self) -> bytes:
        """A copy of the state as it is now."""
        return self.state.memory.tobytes()

    def digest_of(self, block: bytes) -> Generator[None, None, str]:
        """What State.digest says of a block, a slice at a time."""
        version = (STATE_HEADER.names or ()).index("version") * 8
        end = int(self.state.header["effects_offset"])
        digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        digest.update(block[:version] + bytes(8))
        for start in range(version + 8, end, SLICE_BYTES):
            digest.update(memoryview(block)[start : min(start + SLICE_BYTES, end)])
            yield
        return digest.hexdigest()

    def _advance(self, entries: NDArray[np.int64], applied: int) -> NDArray[np.int64]:
        self.next_sequence += applied
        left = entries[applied:]
        trace = int(self.state.header["trace"])
        if len(left) and int(left[0, TRACE_WORD]) != trace:
            raise ReplayDivergedError(self.next_sequence, expected=int(left[0, TRACE_WORD]), found=trace)
        return left
