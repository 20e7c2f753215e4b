"""Owns finding a journal: by its engine's name, or by its folder."""

from pathlib import Path

from engine.journal.disk import Disk
from engine.journal.store import FOLDER
from engine.lifetime import durable_folder
from tools.command_error import CommandError


def open_disk(place: str) -> Disk:
    """The folder of a journal, for reading; CommandError when there is none."""
    folder = Path(place) if "/" in place or Path(place).is_dir() else durable_folder(place) / FOLDER
    if (folder / FOLDER).is_dir():
        folder /= FOLDER
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder; name an engine that has run on this host, or a journal's folder")
    disk = Disk(folder)
    if not any(name.startswith(("journal-", "snapshot-")) for name in disk.names()):
        raise CommandError(
            f"{folder} holds no journal; allowed is a folder with journal-*.oms and snapshot-*.oms files"
        )
    return disk
