"""Owns what can be wrong with a journal; each text names the file, what is wrong and what to do."""

from pathlib import Path


class JournalError(Exception):
    """The journal cannot be used as it is."""


class JournalBusyError(JournalError):
    """Another process writes this journal."""


class JournalWriteError(JournalError):
    """The disk did not take what was written; what was durable before still is."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"{folder} does not take what is written: {error}; see to it that its disk has room and works")


class JournalDamagedError(JournalError):
    """What was safely on disk is not there any more: nothing may be built on it."""

    def __init__(self, path: Path, offset: int, sequence: int, what: str, fix: str) -> None:
        super().__init__(f"{path}: at byte {offset}, journal sequence {sequence}: {what}; {fix}")
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.what = what
        self.fix = fix


RESTORE = (
    "restore the journal folder from a copy, or move it away and start without it: "
    "then only the venues know what is open"
)
