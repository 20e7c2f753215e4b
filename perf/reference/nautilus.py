"""Owns NautilusTrader as a reference: its wheel in a Python environment of its own, asked line by line."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAME = "NautilusTrader"
VERSION = "1.221.0"
_INSTALL_SECONDS_MAX = 900


class NotInstalledError(Exception):
    """The wheel cannot be had here; the message says why."""


def _folder() -> Path:
    base = os.environ.get("OMS_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Path(base) / "order-management-platform" / "references" / f"nautilus_trader-{VERSION}-python{python}"


def install() -> Path:
    """The Python that has NautilusTrader, made and filled when it is not there yet."""
    folder = _folder()
    python, mark = folder / "bin" / "python", folder / "complete"
    if mark.exists():
        return python
    venv.create(folder, clear=True, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"nautilus_trader=={VERSION}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotInstalledError(f"pip took more than {_INSTALL_SECONDS_MAX} s") from error
    if done.returncode != 0:
        raise NotInstalledError(f"pip: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
    mark.touch()
    return python


class Nautilus:
    """A process of that Python, on the core of the one that asks."""

    def __init__(self, python: Path) -> None:
        driver = Path(__file__).with_name("nautilus_driver.py")
        # Isolated: neither this project nor its packages are on its path.
        self._process = subprocess.Popen(
            [str(python), "-I", str(driver)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._process.communicate()

    def ask(self, **question: Any) -> Any:
        """One question, one answer."""
        assert self._process.stdin is not None and self._process.stdout is not None, "both ends are pipes"
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
