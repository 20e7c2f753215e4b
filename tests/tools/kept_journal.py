"""Owns a journal as an engine leaves it: a snapshot of its state, and all that it told."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.journal.events import EventWriter
from engine.journal.store import FOLDER, JournalStore
from engine.lifetime import durable_folder
from ipc.segment import private_folder


def keep_journal(state: State, told: Mapping[int, Sequence[NDArray[np.int64]]], name: str) -> Path:
    """Writes what each strategy was told under an engine's name; returns the journal's folder."""
    private_folder(durable_folder(name))
    store = JournalStore(durable_folder(name) / FOLDER)
    store.open_for_append(epoch=1)
    store.write_snapshot(state.memory.tobytes(), 0, state.digest(), epoch=1, is_base=True)
    slots = []
    for strategy_id, reports in told.items():
        for slot in reports:
            slots.append(slot.copy())
            slots[-1][0] = strategy_id
    events = EventWriter(store.disk)
    events.append([np.array(slots)] if slots else [], 1, epoch=1)
    events.close()
    store.close()
    return store.folder
