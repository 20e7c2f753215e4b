"""Owns telling how far the demonstration is: lines, and on a terminal one line that changes."""

from typing import TextIO

CLEAR_LINE = "\r\x1b[2K"


class Progress:
    """Goes to a terminal or into a file."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._is_terminal = file.isatty()
        self._shown = ""

    def tell(self, line: str) -> None:
        """A line that stays."""
        self._clear()
        print(line, file=self._file, flush=True)

    def show(self, line: str) -> None:
        """A line that the next one replaces; nothing where there is no terminal."""
        if self._is_terminal and line != self._shown:
            self._clear()
            print(line, end="", file=self._file, flush=True)
            self._shown = line

    def _clear(self) -> None:
        if self._shown:
            print(CLEAR_LINE, end="", file=self._file)
            self._shown = ""
