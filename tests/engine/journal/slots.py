"""Owns slots as the engine hands them to the journal, and folders that hold them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.journal.disk import Disk
from engine.journal.store import JournalStore
from ipc.enums import RecordKind
from ipc.records import SLOT_BYTES, SLOT_WORDS

DIGEST = "0123456789abcdef" * 2
SEGMENT_ENTRIES = 96
SEGMENT_BYTES = SEGMENT_ENTRIES * SLOT_BYTES


def slots(first_sequence: int, count: int, *, seed: int = 1) -> NDArray[np.int64]:
    """Inputs with every word set by chance, also those that nobody reads."""
    generator = np.random.default_rng((seed, first_sequence))
    words = generator.integers(-(1 << 62), 1 << 62, (count, SLOT_WORDS), np.int64)
    words[:, 0] = np.arange(first_sequence + 1, first_sequence + count + 1)
    words[:, 1] = generator.choice([RecordKind.NEW_ORDER, RecordKind.TIMER, RecordKind.VENUE_REPORT, 4_711], count)
    return words


def small_store(folder: Path, *, disk: Disk | None = None) -> JournalStore:
    """A journal whose files hold few entries."""
    return JournalStore(folder, segment_bytes=SEGMENT_BYTES, disk=disk)


def all_entries(store: JournalStore, from_sequence: int = 0) -> NDArray[np.int64]:
    """Everything that a journal holds."""
    batches = [np.array(rows) for rows in store.entries(from_sequence)]
    return np.concatenate(batches) if batches else np.zeros((0, SLOT_WORDS), np.int64)
