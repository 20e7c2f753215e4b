"""Owns how a file that holds a key is read and made: ours, plain, and closed to everybody else."""

import os
import stat
from pathlib import Path

FILE_BYTES_MAX = 16 * 1024


class PrivateFileError(Exception):
    """A file that must not or cannot be taken for a key; the message never shows what is in it."""


def read_private_file(path: Path) -> bytes:
    """What is in a regular file of ours that nobody else can open; PrivateFileError for any other."""
    try:
        # O_NONBLOCK keeps a named pipe from stopping the process before it can be refused.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path holds a zero byte"
        raise PrivateFileError(f"{path} cannot be opened: {reason}") from None
    try:
        _check(os.fstat(descriptor), path)
        return os.read(descriptor, FILE_BYTES_MAX)
    finally:
        os.close(descriptor)


def write_private_file(path: Path, content: bytes) -> None:
    """Makes a file of mode 0600; PrivateFileError when there is one already, which might be a key in use."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise PrivateFileError(f"{path} cannot be made: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)


def _check(facts: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise PrivateFileError(f"{path} is not a regular file")
    if facts.st_uid != os.geteuid():
        raise PrivateFileError(f"{path} belongs to another user")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise PrivateFileError(f"{path} is open to others; its mode must be 0600 or 0400")
    if facts.st_size > FILE_BYTES_MAX:
        raise PrivateFileError(f"{path} is larger than {FILE_BYTES_MAX} bytes")
