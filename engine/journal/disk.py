"""Owns the way to the disk: the one seam through which every byte of a journal is written, read and named.

Nothing here retries: a sync that failed once may say yes the second time without having written anything.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipc.segment import boot_id, private_folder

_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o600


class DiskFile:
    """One open file; positions are always given."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Writes all of it, or raises OSError; a short write is an error, because the rest may fail too."""
        written = os.pwrite(self._descriptor, data, offset)
        if written != len(data):
            raise OSError(errno.EIO, f"only {written} of {len(data)} bytes were written", str(self.path))

    def read(self, offset: int, count: int) -> bytearray:
        """Up to `count` bytes; fewer at the end of the file."""
        buffer = bytearray(count)
        view = memoryview(buffer)
        done = 0
        while done < count:
            taken = os.preadv(self._descriptor, [view[done:]], offset + done)
            if taken == 0:
                break
            done += taken
        view.release()
        del buffer[done:]
        return buffer

    def sync(self) -> None:
        """Returns when what was written is on the disk; raises OSError when that is not certain."""
        os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        """Cuts the file off."""
        os.ftruncate(self._descriptor, size)

    def size(self) -> int:
        """How many bytes the file has."""
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Lets go of the file; nothing is written by it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Disk:
    """The files of one folder, which is ours alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = -1

    def make_folder(self) -> None:
        """Makes the folder if need be, with the folders above it; SegmentError unless it is closed to others."""
        is_new = not self.folder.exists()
        private_folder(self.folder)
        if is_new:
            _sync_folder(self.folder.parent)

    def names(self) -> list[str]:
        """The names in the folder; none when it is not there."""
        try:
            return sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return []

    def create(self, name: str) -> DiskFile:
        """A new, empty file in place of any older one of that name."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        return DiskFile(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, _FILE_MODE))

    def open(self, name: str, *, writable: bool = False) -> DiskFile:
        """An existing file."""
        path = self.folder / name
        return DiskFile(path, os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | _FLAGS))

    def rename(self, old: str, new: str) -> None:
        """Gives a file its name; what had the name before is gone."""
        os.rename(self.folder / old, self.folder / new)

    def unlink(self, name: str) -> None:
        """Removes a file."""
        os.unlink(self.folder / name)

    def sync_folder(self) -> None:
        """Returns when the names are on the disk."""
        _sync_folder(self.folder)

    def size_of(self, name: str) -> int:
        """How many bytes a file has."""
        return os.stat(self.folder / name, follow_symlinks=False).st_size

    def boot(self) -> int:
        """A number that changes when the machine goes down."""
        return boot_id()

    def try_lock(self) -> bool:
        """Makes this the only writer of the folder; the kernel drops it with the process."""
        if self._lock >= 0:
            return True
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | _FLAGS, _FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def unlock(self) -> None:
        """Lets another process write."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened(file: DiskFile) -> Iterator[DiskFile]:
    """The file, closed afterwards."""
    try:
        yield file
    finally:
        file.close()
