"""Owns the kill switch that is a file: whoever can write into the engine's folder can stop it.

What it holds names the scope, such as `account:main` or `instrument:BTC/USDT.BINANCE`; nothing at all, and whatever
is no name of a scope, means everything.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from ipc.control_segment import ENGINE_SCOPE, ScopeName

NAME = "KILL"
_BYTES_MAX = 256


class KillFile:
    """Looked at again and again; what was read once is remembered until the file changes."""

    def __init__(self, folder: Path, scopes: Sequence[ScopeName]) -> None:
        self._path = folder / NAME
        self._scopes = {str(scope): scope for scope in scopes if scope.name}
        self._version = (0, 0, 0)
        self._scope: ScopeName | None = None

    def scope(self) -> ScopeName | None:
        """What it asks to stop, None while there is no such file."""
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            self._version, self._scope = (0, 0, 0), None
            return None
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if version != self._version:
            # What has just been made may be about to be written: only who stays empty means everything.
            self._version, self._scope = version, self._read() if status.st_size else None
        elif self._scope is None:
            self._scope = ENGINE_SCOPE
        return self._scope

    def _read(self) -> ScopeName:
        try:
            with self._path.open("rb") as file:
                text = file.read(_BYTES_MAX).decode("ascii", "replace").strip()
        except OSError:
            text = ""
        return self._scopes.get(text, ENGINE_SCOPE)
