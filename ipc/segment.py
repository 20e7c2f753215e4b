"""Owns shared-memory segments: files under a private folder, made whole before they can be seen.

    offset 0     header words (SegmentWord) that are written once, before anybody can see them
    offset 4096  header words that change: `ready`, which comes last, and a ring's counters
    offset 8192  content

Liveness is a file lock, which the kernel drops with its holder; no time stamp is ever trusted for it.
A segment is built under a temporary name and renamed, so nobody can map half of one. Space is
allocated up front: a full file system is an error here and not a SIGBUS later.
"""

import contextlib
import ctypes
import fcntl
import mmap
import os
import stat
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ipc.schema import SCHEMA_DIGEST

MAGIC = 0x314D_4547_5F53_4D4F  # "OMS_GEM1"
LAYOUT_VERSION = 2
FIXED_BYTES = 4096
HEADER_BYTES = 2 * FIXED_BYTES


# <asm-generic/mman-common.h>: in the place of what is mapped there.
_MAP_FIXED = 0x10


class SegmentError(Exception):
    """A segment cannot be made or trusted; the message names the file, what is wrong and what is allowed."""


class SegmentGoneError(SegmentError):
    """A segment is not there, or its owner has left it: there is no engine, or it is just starting or ending."""


class SegmentKind(IntEnum):
    """What lies behind the header."""

    COMMAND_RING = 1
    REPORT_RING = 2
    STATE = 3
    LATENCY = 4
    TEST_RING = 5
    JOURNAL_RING = 6
    CONTROL = 7
    MARKET_RING = 8


class SegmentWord(IntEnum):
    """Index of each header word. The ring's moving words keep two cache lines to themselves."""

    MAGIC = 0
    LAYOUT_VERSION = 1
    SCHEMA_DIGEST = 2
    KIND = 3
    CONTENT_BYTES = 4
    BOOT_ID = 5
    OWNER_PID = 6
    EPOCH = 7
    INSTANCE = 8
    STRATEGY_ID = 9
    CAPACITY = 10
    SLOT_BYTES = 11
    READY = 512
    RELEASED = 544
    NEXT = 576
    SEEN_RELEASED = 577
    LAGGED_COUNT = 608
    # Written by the journal process alone, and only in the ring that it serves.
    JOURNAL_DURABLE = 640  # the journal sequence up to which all is on disk
    JOURNAL_STATE = 672  # JournalState
    JOURNAL_BEAT_NS = 673  # CLOCK_MONOTONIC of its last turn
    # Of the control segment: the first three are written by whoever supervises, the others by the engine alone.
    FENCED_EPOCH = 704  # engines of this epoch and of those before send nothing any more
    LEASE_UNTIL_NS = 705  # CLOCK_MONOTONIC until which new orders may leave, NO_LEASE_NEEDED where nobody has to say
    GENERATION = 706  # counts the changes of what is asked for
    ENGINE_EPOCH = 736
    ENGINE_BEAT_NS = 737  # CLOCK_MONOTONIC of its last turn that looked at the clock
    ENGINE_PID = 738


def boot_id() -> int:
    """A number that changes when the machine restarts."""
    text = Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
    return int(text[:15], 16)


def runtime_folder() -> Path:
    """Where this user's segments lie: OMS_RUNTIME_DIR, else a folder in shared memory."""
    return Path(os.environ.get("OMS_RUNTIME_DIR") or f"/dev/shm/oms-{os.geteuid()}")  # noqa: S108  checked when opened


def private_folder(path: Path) -> Path:
    """The folder, made if need be; SegmentError unless it is ours and closed to everybody else."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SegmentError(f"{path} cannot be made: {error.strerror}; see to it that its disk has room") from None
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or mode & 0o077:
        raise SegmentError(
            f"{path} has owner {status.st_uid} and mode {mode:o}; "
            f"allowed is a folder of user {os.geteuid()} with mode 700"
        )
    return path


class Segment:
    """One mapped file. `words` is its header, `content_address` where its content starts in this process."""

    def __init__(self, path: Path, descriptor: int, *, writable: bool) -> None:
        size = os.fstat(descriptor).st_size
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self.path = path
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, size, mmap.MAP_SHARED | mmap.MAP_POPULATE, protection)
        self._bytes: NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)
        self.address = int(self._bytes.ctypes.data)
        self.words: NDArray[np.int64] = self._bytes[:HEADER_BYTES].view(np.int64)
        self.content: NDArray[np.uint8] = self._bytes[HEADER_BYTES:]
        self.content_address = self.address + HEADER_BYTES

    @classmethod
    def create(  # noqa: PLR0913  what a header says
        cls,
        path: Path,
        kind: SegmentKind,
        content_bytes: int,
        *,
        epoch: int = 0,
        instance: int = 0,
        strategy_id: int = 0,
        capacity: int = 0,
        slot_bytes: int = 0,
        first_sequence: int = 0,
    ) -> "Segment":
        """A new segment of zeros in place of any older one; OSError ENOSPC when there is no room."""
        private_folder(path.parent)
        building = path.with_name(f".{path.name}.{os.getpid()}")
        building.unlink(missing_ok=True)
        descriptor = os.open(building, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, HEADER_BYTES + content_bytes)
            segment = cls(path, descriptor, writable=True)
            words = segment.words
            words[SegmentWord.MAGIC] = MAGIC
            words[SegmentWord.LAYOUT_VERSION] = LAYOUT_VERSION
            words[SegmentWord.SCHEMA_DIGEST] = SCHEMA_DIGEST
            words[SegmentWord.KIND] = kind
            words[SegmentWord.CONTENT_BYTES] = content_bytes
            words[SegmentWord.BOOT_ID] = boot_id()
            words[SegmentWord.OWNER_PID] = os.getpid()
            words[SegmentWord.EPOCH] = epoch
            words[SegmentWord.INSTANCE] = instance
            words[SegmentWord.STRATEGY_ID] = strategy_id
            words[SegmentWord.CAPACITY] = capacity
            words[SegmentWord.SLOT_BYTES] = slot_bytes
            for word in (SegmentWord.RELEASED, SegmentWord.NEXT, SegmentWord.SEEN_RELEASED):
                words[word] = first_sequence
            if kind == SegmentKind.JOURNAL_RING:
                words[SegmentWord.JOURNAL_DURABLE] = first_sequence
            words[SegmentWord.READY] = 1
            _retire_predecessor(path)
            building.rename(path)
        except BaseException:
            building.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return segment

    @classmethod
    def attach(cls, path: Path, kind: SegmentKind, *, writable: bool, is_retired_allowed: bool = False) -> "Segment":
        """An existing segment; SegmentError unless its owner, permissions and layout are what they must be."""
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            raise SegmentGoneError(f"{path} does not exist; is the engine running?") from None
        except OSError as error:
            raise SegmentError(f"{path} cannot be opened: {error.strerror}") from None
        try:
            _check_file(path, os.fstat(descriptor))
            segment = cls(path, descriptor, writable=writable)
        except BaseException:
            os.close(descriptor)
            raise
        try:
            segment._check_header(kind, is_retired_allowed=is_retired_allowed)
        except BaseException:
            segment.close()
            raise
        return segment

    def _check_header(self, kind: SegmentKind, *, is_retired_allowed: bool) -> None:
        expected = {
            SegmentWord.MAGIC: MAGIC,
            SegmentWord.LAYOUT_VERSION: LAYOUT_VERSION,
            SegmentWord.SCHEMA_DIGEST: SCHEMA_DIGEST,
            SegmentWord.KIND: kind,
            SegmentWord.BOOT_ID: boot_id(),
            SegmentWord.CONTENT_BYTES: len(self.content),
        }
        if not is_retired_allowed:
            expected[SegmentWord.READY] = 1
        for word, value in expected.items():
            if int(self.words[word]) != value:
                error = SegmentGoneError if word is SegmentWord.READY else SegmentError
                raise error(
                    f"{self.path}: header word {word.name} is {int(self.words[word])}, allowed is {value}; "
                    "it was left by another version or another boot, restart the engine"
                )
        capacity, slot_bytes = int(self.words[SegmentWord.CAPACITY]), int(self.words[SegmentWord.SLOT_BYTES])
        if capacity and (capacity & (capacity - 1) or capacity * slot_bytes != len(self.content)):
            raise SegmentError(
                f"{self.path}: {capacity} slots of {slot_bytes} bytes do not make {len(self.content)} bytes"
            )

    def keep_fixed_words(self) -> None:
        """Takes a copy of the words that never change in their own place: nobody else's writing reaches it.

        Kernels find a ring's slots by its header, so a client that overwrote that would lead its engine astray.
        Where a page of memory is larger than the words, nothing is done.
        """
        if mmap.PAGESIZE > FIXED_BYTES:
            return
        fixed = bytes(self._bytes[:FIXED_BYTES])
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *([ctypes.c_int] * 3), ctypes.c_long]
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_FIXED
        placed = libc.mmap(self.address, FIXED_BYTES, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        if placed != self.address:
            raise SegmentError(f"{self.path} cannot be kept: {os.strerror(ctypes.get_errno())}")
        ctypes.memmove(self.address, fixed, FIXED_BYTES)

    def try_lock(self) -> bool:
        """Takes this segment's lock, which its holder's death frees; False when somebody else has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_held(self) -> bool:
        """Whether some living process holds this segment's lock."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        self.unlock()
        return False

    def unlock(self) -> None:
        """Gives this segment's lock back."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def retire(self) -> None:
        """Tells everybody who has the segment mapped that nobody will serve it any more."""
        self.words[SegmentWord.READY] = 0

    def is_current(self) -> bool:
        """Whether the path still leads to this very segment."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return status.st_ino == os.fstat(self._descriptor).st_ino

    def lock_in_memory(self) -> bool:
        """Asks that no page of the segment is ever swapped out; False when the limit does not allow it."""
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.mlock(ctypes.c_void_p(self.address), ctypes.c_size_t(len(self._bytes))) == 0)

    def close(self) -> None:
        """Unmaps the segment; views of it must not be used afterwards."""
        del self._bytes, self.words, self.content
        # A caller may still hold a view: the map then goes with the last of them.
        with contextlib.suppress(BufferError):
            self._map.close()
        os.close(self._descriptor)

    def unlink(self) -> None:
        """Removes the file's name; those who have it mapped keep it."""
        self.path.unlink(missing_ok=True)


def _retire_predecessor(path: Path) -> None:
    """Clears READY in the segment about to be replaced: whoever still maps it learns so from one word."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if os.fstat(descriptor).st_size > HEADER_BYTES:
            os.pwrite(descriptor, bytes(8), SegmentWord.READY * 8)
    finally:
        os.close(descriptor)


def _check_file(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if status.st_nlink == 0:
        raise SegmentGoneError(f"{path} was replaced or removed a moment ago; is the engine starting or ending?")
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise SegmentError(f"{path} is not a plain file with one name")
    if status.st_uid != os.geteuid() or mode & 0o077:
        raise SegmentError(
            f"{path} has owner {status.st_uid} and mode {mode:o}; allowed is owner {os.geteuid()} and mode 600"
        )
    if status.st_size <= HEADER_BYTES:
        raise SegmentError(f"{path} has {status.st_size} bytes, a segment has more than {HEADER_BYTES}")
