"""Owns a demonstration's folder: everything it writes lies there, and all of it goes away again."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from ipc.segment import private_folder, runtime_folder

PREFIX = "demo-"


class DemoFolder:
    """A private folder under the runtime folder; `with` removes it whatever happened.

    Its lock says that we live. A demonstration that was killed could not remove its folder, so the
    next one does.
    """

    def __init__(self) -> None:
        self._parent = runtime_folder()
        # The default folder serves nobody once it is empty; one that was chosen by name is its owner's.
        self._takes_parent = not self._parent.exists() or "OMS_RUNTIME_DIR" not in os.environ
        with _locked(private_folder(self._parent)):
            for left in self._parent.glob(f"{PREFIX}*"):
                _remove_if_dead(left)
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
            self._descriptor = _open_folder(self.path)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path)
        os.close(self._descriptor)
        if self._takes_parent:
            # Somebody else may have begun in it meanwhile.
            with contextlib.suppress(OSError):
                self._parent.rmdir()

    def write(self, name: str, text: str) -> Path:
        """A new file with the text, readable by its owner alone."""
        path = self.path / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def _open_folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock of a folder, so that nobody looks at what is being made in it."""
    descriptor = _open_folder(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_if_dead(path: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = _open_folder(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        finally:
            os.close(descriptor)
