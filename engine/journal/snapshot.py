"""Owns snapshots: the core's block as it was before a journal sequence, compressed, one file each.

A snapshot is written under another name, synced, renamed, and the folder synced: under its own name it is whole or
not there. A base snapshot is the block that a run starts from; its run's entries lead from it to every later one.
A closing snapshot is written when a run has ended in order and all of it is on the disk: nothing came after it.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import zstandard

from engine.failpoint import reached
from engine.journal.block import BLOCK_BYTES, decode_block, encode_block
from engine.journal.disk import Disk, opened
from engine.journal.errors import RESTORE, JournalDamagedError
from ipc.tables import word_row

MAGIC = 0x3150_4E53_5F53_4D4F  # "OMS_SNP1"
DIGEST_BYTES = 16
SLICE_BYTES = 1 << 20
_BUILDING = "snapshot.new"
_LEVEL = 1
_NAME = re.compile(r"snapshot-([0-9a-f]{16})-([0-9a-f]{8})\.oms")
_HEADER = word_row(
    "magic",
    "version",
    "schema_digest",
    "sequence",
    "epoch",
    "instance",
    "is_base",
    "block_bytes",
    "packed_bytes",
    "state_digest_0",
    "state_digest_1",
    "packed_digest_0",
    "packed_digest_1",
    "is_closing",
)


@dataclass(frozen=True, order=True)
class SnapshotName:
    """A snapshot by its name alone; they are ordered as they came."""

    sequence: int
    epoch: int

    def __str__(self) -> str:
        return f"snapshot-{self.sequence:016x}-{self.epoch:08x}.oms"


@dataclass(frozen=True)
class Snapshot:
    """The block before the entry of a sequence; `digest` is what State.digest gave for it."""

    name: SnapshotName
    is_base: bool
    instance: int
    digest: str
    block: bytes = field(repr=False)
    is_closing: bool = False

    @property
    def sequence(self) -> int:
        """The first entry that is not in the block yet."""
        return self.name.sequence

    @property
    def epoch(self) -> int:
        """Of the run."""
        return self.name.epoch


@dataclass(frozen=True)
class SnapshotHeader:
    """What the first bytes of a snapshot say."""

    name: SnapshotName
    is_base: bool
    is_closing: bool
    instance: int
    digest: str
    block_bytes: int
    packed_bytes: int
    packed_digest: bytes


def snapshot_names(disk: Disk) -> list[SnapshotName]:
    """The snapshots, oldest first."""
    matches = (_NAME.fullmatch(name) for name in disk.names())
    return sorted(SnapshotName(int(match[1], 16), int(match[2], 16)) for match in matches if match)


def read_snapshot_header(disk: Disk, name: SnapshotName) -> SnapshotHeader:
    """What a snapshot says of itself; JournalDamagedError when that is not what its name says."""
    path = disk.folder / str(name)
    with opened(disk.open(str(name))) as file:
        row = decode_block(path, file.read(0, BLOCK_BYTES), MAGIC, _HEADER)
    found = SnapshotName(int(row["sequence"]), int(row["epoch"]))
    if found != name:
        raise JournalDamagedError(path, 0, name.sequence, f"the header says {found}: it has another's name", RESTORE)
    return SnapshotHeader(
        name,
        bool(row["is_base"]),
        bool(row["is_closing"]),
        int(row["instance"]),
        _digest_text(int(row["state_digest_0"]), int(row["state_digest_1"])),
        int(row["block_bytes"]),
        int(row["packed_bytes"]),
        bytes.fromhex(_digest_text(int(row["packed_digest_0"]), int(row["packed_digest_1"]))),
    )


def read_snapshot(disk: Disk, name: SnapshotName) -> Snapshot:
    """A snapshot; JournalDamagedError unless all of it is what was written."""
    path = disk.folder / str(name)
    header = read_snapshot_header(disk, name)
    with opened(disk.open(str(name))) as file:
        packed = bytes(file.read(BLOCK_BYTES, header.packed_bytes + 1))
    if len(packed) != header.packed_bytes or _digest(packed) != header.packed_digest:
        raise JournalDamagedError(path, BLOCK_BYTES, name.sequence, "the compressed block is damaged", RESTORE)
    block = zstandard.ZstdDecompressor().decompress(packed, max_output_size=header.block_bytes)
    if len(block) != header.block_bytes:
        raise JournalDamagedError(path, BLOCK_BYTES, name.sequence, "the block has another size", RESTORE)
    return Snapshot(name, header.is_base, header.instance, header.digest, block, header.is_closing)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def _digest_text(first: int, second: int) -> str:
    return (first.to_bytes(8, "little", signed=True) + second.to_bytes(8, "little", signed=True)).hex()


def _digest_words(digest: bytes) -> tuple[int, int]:
    return int.from_bytes(digest[:8], "little", signed=True), int.from_bytes(digest[8:], "little", signed=True)


class SnapshotWriting:
    """A snapshot on its way to the disk, a slice at a time so that nothing waits for it."""

    def __init__(self, disk: Disk, snapshot: Snapshot) -> None:
        self._disk = disk
        self._snapshot = snapshot
        self._place = "base-snapshot" if snapshot.is_base else "run-snapshot"
        self._packer = zstandard.ZstdCompressor(level=_LEVEL).compressobj(size=len(snapshot.block))
        self._file = disk.create(_BUILDING)
        self._digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self._taken = 0
        self._packed_bytes = 0

    def advance(self) -> bool:
        """Writes one slice; False when the snapshot has its name and is safely on the disk."""
        block = self._snapshot.block
        if self._taken < len(block):
            slice_end = min(self._taken + SLICE_BYTES, len(block))
            self._write(self._packer.compress(block[self._taken : slice_end]))
            self._taken = slice_end
            return True
        self._write(self._packer.flush())
        self._finish()
        return False

    def _write(self, packed: bytes) -> None:
        if packed:
            self._file.write(BLOCK_BYTES + self._packed_bytes, packed)
            self._packed_bytes += len(packed)
            self._digest.update(packed)
        reached(f"{self._place}-slice")

    def _finish(self) -> None:
        snapshot = self._snapshot
        state = _digest_words(bytes.fromhex(snapshot.digest))
        packed = _digest_words(self._digest.digest())
        header = encode_block(
            MAGIC,
            _HEADER,
            sequence=snapshot.sequence,
            epoch=snapshot.epoch,
            instance=snapshot.instance,
            is_base=snapshot.is_base,
            is_closing=snapshot.is_closing,
            block_bytes=len(snapshot.block),
            packed_bytes=self._packed_bytes,
            state_digest_0=state[0],
            state_digest_1=state[1],
            packed_digest_0=packed[0],
            packed_digest_1=packed[1],
        )
        self._file.write(0, header)
        self._file.sync()
        self._disk.rename(_BUILDING, str(snapshot.name))
        reached(f"{self._place}-renamed")
        self._disk.sync_folder()
        self.close()

    def close(self) -> None:
        """Lets go of the file; what has no name yet is lost."""
        self._file.close()


def newest_whole(disk: Disk, say: Callable[[str], None]) -> Snapshot | None:
    """The newest snapshot that can be used: a damaged one is passed over while one of the same run is left."""
    damage: JournalDamagedError | None = None
    epoch = -1
    for name in reversed(snapshot_names(disk)):
        if damage is not None and name.epoch != epoch:
            break
        epoch = name.epoch
        try:
            return read_snapshot(disk, name)
        except JournalDamagedError as error:
            say(f"passed over: {error}")
            damage = error
    if damage is not None:
        raise damage
    return None
