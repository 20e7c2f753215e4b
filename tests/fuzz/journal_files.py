"""Owns the fuzzer of the journal's files: entries, headers, snapshots and the mark, as a start finds them.

An input is the place of a file among those of a sound folder, and what is in it instead. A block whose words were
changed has its check sum set right half of the time: damage that check sums do not find must not go deeper either.
"""

import random

import numpy as np

from engine.journal.block import BLOCK_BYTES
from engine.journal.durable_mark import read_mark
from engine.journal.entry import crc32c
from engine.journal.errors import JournalError
from engine.journal.reading import closed_entries, find_tail, spans
from engine.journal.snapshot import read_snapshot, snapshot_names
from engine.journal.store import JournalStore
from tests.engine.journal.fake_disk import FakeDisk, Inode
from tests.engine.journal.slots import DIGEST, SEGMENT_BYTES, SEGMENT_ENTRIES, slots
from tests.fuzz.spoiling import spoil_bytes, spoil_words


class JournalFiles:
    """The reading side of the journal, over a folder of which one file is not what it was."""

    def __init__(self) -> None:
        disk = _sound_folder()
        self._sound = {name: bytes(inode.seen) for name, inode in disk.inodes.items()}
        self._names = sorted(self._sound)
        self.seeds = [bytes((place,)) + self._sound[name] for place, name in enumerate(self._names)]

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """A word, the length, or some bytes of the file."""
        if not data:
            return generator.choice(self.seeds)
        head, content = data[:1], data[1:]
        act = generator.randrange(6)
        if act == 0:
            return head + content[: generator.randrange(len(content) + 1)]
        if act == 1:
            return head + spoil_bytes(content, generator)
        start = 0 if act < 4 else min(BLOCK_BYTES, len(content))
        end = min(len(content), 128) if act < 4 else len(content)
        changed = content[:start] + spoil_words(content[start:end], generator) + content[end:]
        return head + (_sealed(changed) if generator.random() < 0.5 else changed)

    def close(self) -> None:
        """It holds nothing."""

    def take(self, data: bytes) -> None:
        """Everything that a start reads."""
        disk = FakeDisk()
        disk.inodes = {name: Inode(bytearray(content)) for name, content in self._sound.items()}
        if data:
            disk.inodes[self._names[data[0] % len(self._names)]] = Inode(bytearray(data[1:]))
        for read in (_read_entries, _read_snapshots, read_mark):
            try:
                read(disk)
            except JournalError:
                continue


def _read_entries(disk: FakeDisk) -> None:
    *closed, last = spans(disk)
    for span in closed:
        for rows in closed_entries(disk, span, 0):
            assert len(rows), "a batch of entries holds some"
    find_tail(disk, last, 0)


def _read_snapshots(disk: FakeDisk) -> None:
    for name in snapshot_names(disk):
        read_snapshot(disk, name)


def _sealed(content: bytes) -> bytes:
    """A file whose first block has the check sum of what is in it."""
    if len(content) < BLOCK_BYTES:
        return content
    words = np.frombuffer(content[:BLOCK_BYTES], np.int64).copy()
    words[-1] = crc32c(words[:-1])
    return words.tobytes() + content[BLOCK_BYTES:]


def _sound_folder() -> FakeDisk:
    """Two closed files of entries and an open one, a snapshot and the mark."""
    disk = FakeDisk()
    store = JournalStore(disk.folder, segment_bytes=SEGMENT_BYTES, disk=disk)
    store.open_for_append(epoch=1)
    for _ in range(2 * SEGMENT_ENTRIES + 5):
        store.append(slots(store.next_sequence, 1))
    store.write_snapshot(b"block" * 1_000, 1, DIGEST, epoch=1)
    store.close()
    return disk
