"""Owns a journal as an engine leaves it: a snapshot of a stand-in's state, and all that it told."""

from pathlib import Path

import numpy as np

from engine.journal.events import EventWriter
from engine.journal.store import FOLDER, JournalStore
from engine.lifetime import durable_folder
from ipc.segment import private_folder
from tests.ipc.fake_engine import FakeEngine


def keep_journal(engine: FakeEngine, name: str) -> Path:
    """Writes it under an engine's name; returns the journal's folder."""
    private_folder(durable_folder(name))
    store = JournalStore(durable_folder(name) / FOLDER)
    store.open_for_append(epoch=1)
    store.write_snapshot(engine.state.memory.tobytes(), 0, engine.state.digest(), epoch=1, is_base=True)
    slots = []
    for strategy_id, told in engine.told.items():
        for slot in told:
            slots.append(slot.copy())
            slots[-1][0] = strategy_id
    events = EventWriter(store.disk)
    events.append([np.array(slots)] if slots else [], 1, epoch=1)
    events.close()
    store.close()
    return store.folder
