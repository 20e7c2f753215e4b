"""Owns the block of 4096 bytes that starts every file of a journal: named words, and a check sum at its end."""

from pathlib import Path

import numpy as np

from engine.journal.entry import crc32c
from engine.journal.errors import RESTORE, JournalDamagedError
from ipc.schema import SCHEMA_DIGEST

BLOCK_BYTES = 4096
LAYOUT_VERSION = 1
_WORDS = BLOCK_BYTES // 8


def encode_block(magic: int, layout: np.dtype[np.void], **words: int) -> bytes:
    """The block of a file; `magic`, `version` and `schema_digest` are set here."""
    block = np.zeros(_WORDS, np.int64)
    row = block[: layout.itemsize // 8].view(layout)[0]
    row["magic"], row["version"], row["schema_digest"] = magic, LAYOUT_VERSION, SCHEMA_DIGEST
    for name, value in words.items():
        row[name] = value
    block[-1] = crc32c(block[:-1])
    return block.tobytes()


def decode_block(path: Path, data: bytes | bytearray, magic: int, layout: np.dtype[np.void]) -> np.void:
    """The words of a file's first block; JournalDamagedError when they are not what this version writes."""
    if len(data) < BLOCK_BYTES:
        raise JournalDamagedError(path, len(data), -1, f"the header has {len(data)} of {BLOCK_BYTES} bytes", RESTORE)
    block = np.frombuffer(bytes(data[:BLOCK_BYTES]), np.int64)
    if int(block[-1]) != crc32c(block[:-1]):
        raise JournalDamagedError(path, 0, -1, "the header's check sum is wrong", RESTORE)
    row: np.void = block[: layout.itemsize // 8].view(layout)[0]
    for name, value in (("magic", magic), ("version", LAYOUT_VERSION), ("schema_digest", SCHEMA_DIGEST)):
        if int(row[name]) != value:
            what = f"the header's {name} is {int(row[name])}, this version reads {value}"
            fix = "use the version that wrote it to end all orders, then move the journal folder away"
            raise JournalDamagedError(path, 0, -1, what, fix)
    return row
