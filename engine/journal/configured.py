"""Owns where an engine's journal lies and how large it may be, by its configuration."""

from engine.config import Config
from engine.journal.store import FOLDER, JournalStore
from engine.lifetime import durable_folder
from ipc.segment import private_folder


def configured_store(config: Config) -> JournalStore:
    """The journal of a configured engine."""
    return JournalStore(
        private_folder(durable_folder(config.engine.name)) / FOLDER,
        instance=config.engine.instance,
        segment_bytes=config.journal.segment_mb << 20,
        budget_bytes=config.journal.disk_budget_mb << 20,
    )
