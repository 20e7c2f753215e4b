"""Owns what makes an engine the only one of its name: a lock, and an epoch that is never used twice."""

import errno
import fcntl
import os
from pathlib import Path

from ipc.address import engine_folder
from ipc.order_id import EPOCH_MAX
from ipc.segment import private_folder, runtime_folder

ENGINE_LOCK = "engine.lock"


class EngineRunningError(Exception):
    """Another engine of this name runs on this host."""


class EpochError(Exception):
    """The count of this engine's starts cannot be kept."""


def durable_path(name: str) -> Path:
    """Where an engine keeps what must outlive a restart of the machine, be it there or not."""
    base = os.environ.get("OMS_STATE_DIR") or os.environ.get("XDG_STATE_HOME")
    root = Path(base) if base else Path.home() / ".local" / "state"
    return root / "order-management-platform" / name


def durable_folder(name: str) -> Path:
    """The same, below a folder that is there and ours alone."""
    path = durable_path(name)
    private_folder(path.parent)
    return path


class EngineLock:
    """Held from start to end; the kernel drops it with the process."""

    def __init__(self, name: str) -> None:
        private_folder(runtime_folder())
        self.folder = private_folder(engine_folder(name))
        self._path = self.folder / ENGINE_LOCK
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise EngineRunningError(f"an engine named {name!r} runs already; stop it or choose another name") from None

    def release(self) -> None:
        """Removes the lock's file and the folder, if nothing else is in it."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        try:
            self.folder.rmdir()
        except OSError:
            # A client still has its lock file here: the folder stays for the next start.
            return


def next_epoch(name: str, *, after: int = 0) -> int:
    """The number of this start, on disk before it is used: an order id must never come again.

    It comes after the journal's last one too, in case the count was lost and the journal was not.
    """
    path = private_folder(durable_folder(name)) / "epoch"
    try:
        epoch = _epoch_after(path, after)
        _write_epoch(path, epoch)
    except OSError as error:
        raise EpochError(
            f"{path} cannot be kept: {error.strerror}; see to it that its disk has room and takes what is written, "
            "then start again"
        ) from None
    return epoch


def _epoch_after(path: Path, after: int) -> int:
    try:
        last = int(path.read_text())
    except FileNotFoundError:
        last = 0
    except ValueError:
        raise EpochError(f"{path} does not hold a number; write one larger than any epoch used before") from None
    epoch = max(last, after) + 1
    if not 0 < epoch <= EPOCH_MAX:
        raise EpochError(f"{path}: epoch {epoch} is not from 1 to {EPOCH_MAX}; give the engine a new instance and name")
    return epoch


def _write_epoch(path: Path, epoch: int) -> None:
    building = path.with_suffix(".new")
    descriptor = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        text = str(epoch).encode()
        if os.write(descriptor, text) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    building.rename(path)
    folder_descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder_descriptor)
    finally:
        os.close(folder_descriptor)
