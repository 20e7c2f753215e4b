"""Owns a disk in memory that fails, and that after a crash has kept any part of what was never synced."""

import errno
import random
from dataclasses import dataclass, field
from pathlib import Path

from engine.journal.disk import Disk, DiskFile

SECTOR_BYTES = 512


class CrashError(BaseException):
    """The machine went down, or the process was killed."""


@dataclass
class Inode:
    """A file's bytes as readers see them, as they are on the disk, and what lies between."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        """Into the cache alone."""
        _put(self.seen, offset, data)
        for start in range(0, len(data), SECTOR_BYTES):
            self.unsynced.append((offset + start, data[start : start + SECTOR_BYTES]))

    def sync(self) -> None:
        """Onto the disk."""
        for offset, data in self.unsynced:
            _put(self.kept, offset, data)
        self.unsynced.clear()

    def after_power_loss(self, generator: random.Random) -> "Inode":
        """With any part of what was not synced."""
        kept = bytearray(self.kept)
        for offset, data in self.unsynced:
            if generator.random() < 0.5:
                _put(kept, offset, data)
        return Inode(bytearray(kept), kept)


def _put(target: bytearray, offset: int, data: bytes) -> None:
    if len(target) < offset + len(data):
        target.extend(bytes(offset + len(data) - len(target)))
    target[offset : offset + len(data)] = data


class FakeDisk(Disk):
    """Counts every step that changes something; one of them may be the last one, or fail."""

    def __init__(self, *, boot: int = 1) -> None:
        super().__init__(Path("/journal"))
        self.inodes: dict[str, Inode] = {}
        self._kept_names: dict[str, Inode] = {}
        self._boot = boot
        self.steps = 0
        self.crash_at = -1
        self.fail_at: dict[int, int] = {}
        self.short_at = -1

    def step(self) -> None:
        """Comes before every change."""
        self.steps += 1
        if self.steps == self.crash_at:
            raise CrashError
        if self.steps in self.fail_at:
            raise OSError(self.fail_at[self.steps], "as the test wants it")

    def after_kill(self) -> "FakeDisk":
        """As the next process finds it: all that was written is there."""
        other = FakeDisk(boot=self._boot)
        other.inodes, other._kept_names = dict(self.inodes), dict(self._kept_names)
        return other

    def after_power_loss(self, generator: random.Random) -> "FakeDisk":
        """As the next boot finds it: of what was not synced, any part, of names too."""
        other = FakeDisk(boot=self._boot + 1)
        names = dict(self._kept_names)
        for name in {*names, *self.inodes}:
            if names.get(name) is not self.inodes.get(name) and generator.random() < 0.5:
                if name in self.inodes:
                    names[name] = self.inodes[name]
                else:
                    del names[name]
        copies = {id(inode): inode.after_power_loss(generator) for inode in names.values()}
        other.inodes = {name: copies[id(inode)] for name, inode in names.items()}
        other._kept_names = dict(other.inodes)
        return other

    # ---- what the journal sees ----
    def make_folder(self) -> None:
        """It is there."""

    def names(self) -> list[str]:
        """The names."""
        return sorted(self.inodes)

    def create(self, name: str) -> DiskFile:
        """A new, empty file."""
        self.step()
        self.inodes[name] = Inode()
        return FakeFile(self, name, self.inodes[name])

    def open(self, name: str, *, writable: bool = False) -> DiskFile:
        """An existing file."""
        if name not in self.inodes:
            raise FileNotFoundError(errno.ENOENT, "no such file", name)
        return FakeFile(self, name, self.inodes[name])

    def rename(self, old: str, new: str) -> None:
        """Not durable before the folder is synced."""
        self.step()
        self.inodes[new] = self.inodes.pop(old)

    def unlink(self, name: str) -> None:
        """Not durable before the folder is synced."""
        self.step()
        if name not in self.inodes:
            raise FileNotFoundError(errno.ENOENT, "no such file", name)
        del self.inodes[name]

    def sync_folder(self) -> None:
        """Makes all names durable."""
        self.step()
        self._kept_names = dict(self.inodes)

    def size_of(self, name: str) -> int:
        """As readers see it."""
        return len(self.inodes[name].seen)

    def boot(self) -> int:
        """Counted."""
        return self._boot

    def try_lock(self) -> bool:
        """Nobody else is here."""
        return True

    def unlock(self) -> None:
        """Nobody else is here."""


class FakeFile(DiskFile):
    """One open file of the fake disk."""

    def __init__(self, disk: FakeDisk, name: str, inode: Inode) -> None:
        super().__init__(disk.folder / name, -1)
        self._disk = disk
        self._inode = inode

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Into the cache; a short write leaves the first half there."""
        raw = bytes(data)
        if self._disk.steps + 1 == self._disk.short_at:
            self._disk.steps += 1
            self._inode.write(offset, raw[: len(raw) // 2])
            raise OSError(errno.EIO, "only half was written")
        self._disk.step()
        self._inode.write(offset, raw)

    def read(self, offset: int, count: int) -> bytearray:
        """From the cache."""
        return self._inode.seen[offset : offset + count]

    def sync(self) -> None:
        """Onto the disk; when it fails, what was to be synced is forgotten, as the kernel does."""
        try:
            self._disk.step()
        except OSError:
            self._inode.unsynced.clear()
            raise
        self._inode.sync()

    def truncate(self, size: int) -> None:
        """At once: nothing that must not be lost is ever cut off."""
        self._disk.step()
        del self._inode.seen[size:]
        del self._inode.kept[size:]
        self._inode.unsynced = [(offset, data) for offset, data in self._inode.unsynced if offset < size]

    def size(self) -> int:
        """As readers see it."""
        return len(self._inode.seen)
