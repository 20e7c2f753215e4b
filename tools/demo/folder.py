"""Owns the demonstration's folder: everything it writes lies there, and all of it goes away again."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from ipc.segment import private_folder, runtime_folder


class DemoFolder:
    """A private folder under the runtime folder; `with` removes it whatever happened."""

    def __init__(self) -> None:
        self._parent = runtime_folder()
        # The default folder serves nobody once it is empty; one that was chosen by name is its owner's.
        self._takes_parent = not self._parent.exists() or "OMS_RUNTIME_DIR" not in os.environ
        self.path = Path(tempfile.mkdtemp(prefix="demo-", dir=private_folder(self._parent)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path)
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
