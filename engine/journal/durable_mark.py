"""Owns the durable mark: up to which journal sequence everything is on the disk, in a small file of its own.

Two slots are written in turn, each in a page of its own, so that a torn write leaves the other one whole. The mark
is written after the entries it speaks of are durable: it may be late, but it never says too much. With it stands the
boot in which it was written: only a machine that went down since may have lost any part of what came behind it.
"""

from dataclasses import dataclass

import numpy as np

from engine.journal.disk import Disk, DiskFile, opened
from engine.journal.entry import crc32c
from engine.journal.errors import RESTORE, JournalDamagedError
from ipc.tables import word_row

NAME = "durable"
_BUILDING = "durable.new"
_MAGIC = 0x3152_5544_5F53_4D4F  # "OMS_DUR1"
_SLOT = word_row("magic", "turn", "sequence", "boot", "reserved_0", "reserved_1", "reserved_2", "crc")
_SLOT_DISTANCE = 4096
_FILE_BYTES = 2 * _SLOT_DISTANCE


@dataclass(frozen=True)
class Durable:
    """What the mark says."""

    sequence: int
    boot: int
    turn: int


def read_mark(disk: Disk) -> Durable:
    """The newer of the two slots; JournalDamagedError when neither is whole."""
    try:
        with opened(disk.open(NAME)) as file:
            data = bytes(file.read(0, _FILE_BYTES))
    except FileNotFoundError:
        data = b""
    slots = [_decode(data[start : start + _SLOT.itemsize]) for start in (0, _SLOT_DISTANCE)]
    whole = [slot for slot in slots if slot is not None]
    if not whole:
        what = "says in neither of its slots up to where entries are durable"
        raise JournalDamagedError(disk.folder / NAME, 0, -1, what, RESTORE)
    return max(whole, key=lambda slot: slot.turn)


def _decode(data: bytes) -> Durable | None:
    if len(data) != _SLOT.itemsize:
        return None
    words = np.frombuffer(data, np.int64)
    row = words.view(_SLOT)[0]
    if int(row["magic"]) != _MAGIC or int(row["crc"]) != crc32c(words[:-1]):
        return None
    return Durable(int(row["sequence"]), int(row["boot"]), int(row["turn"]))


def _encode(mark: Durable) -> bytes:
    words = np.zeros(_SLOT.itemsize // 8, np.int64)
    row = words.view(_SLOT)[0]
    row["magic"], row["turn"], row["sequence"], row["boot"] = _MAGIC, mark.turn, mark.sequence, mark.boot
    words[-1] = crc32c(words[:-1])
    return words.tobytes()


class DurableMark:
    """The mark as its one writer keeps it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._file: DiskFile | None = None
        self._turn = 0
        self._boot = disk.boot()

    def write(self, sequence: int) -> None:
        """Says that everything below a sequence is durable; OSError when the disk does not take it."""
        mark = Durable(sequence, self._boot, self._turn + 1)
        if self._file is None:
            self._start(mark)
        else:
            try:
                self._file.write(mark.turn % 2 * _SLOT_DISTANCE, _encode(mark))
                self._file.sync()
            except OSError:
                # What this file holds is not certain any more; the next mark makes a new one.
                self.close()
                raise
        self._turn = mark.turn

    def _start(self, mark: Durable) -> None:
        """A new file with the same in both slots, in place of any older one."""
        file = self._disk.create(_BUILDING)
        try:
            slot = _encode(mark).ljust(_SLOT_DISTANCE, b"\0")
            file.write(0, 2 * slot)
            file.sync()
            self._disk.rename(_BUILDING, NAME)
            self._disk.sync_folder()
        except OSError:
            file.close()
            raise
        file.path = self._disk.folder / NAME
        self._file = file

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
