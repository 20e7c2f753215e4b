"""Owns the control segment: what guardian and operator ask of an engine, be it alive, hung or not there.

A file of its own in the engine's runtime folder, which outlives every engine of that name:

    header     fence, lease, generation; and the engine's beat, epoch and process, which only it writes
    content    one CONTROL_ROW for each scope, in the order of the state's SCOPE rows: what is asked of it

A request only rises here. The engine takes over what is more restrictive than what it has; it never writes a row.
Whoever changes one holds the folder's lock, so that a segment is never replaced below a request.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ipc.enums import ScopeKind, TradingState
from ipc.segment import (
    HEADER_BYTES,
    MAGIC,
    Segment,
    SegmentError,
    SegmentGoneError,
    SegmentKind,
    SegmentWord,
    boot_id,
    private_folder,
)
from ipc.tables import name_words, word_row, words_name

CONTROL_FILE = "control"
NO_LEASE_NEEDED = 0
LEASE_EXPIRED = 1
_NAME_WORDS = 4
CONTROL_ROW = word_row(
    "scope_kind",
    *(f"name_{word}" for word in range(_NAME_WORDS)),
    "trading_state",  # TradingState asked for
    "cause",  # AlarmCode, 0 for a person
    "requested_utc_ns",
    "operator_name_0",
    "operator_name_1",
)
_FENCE_WORDS = (SegmentWord.FENCED_EPOCH, SegmentWord.LEASE_UNTIL_NS, SegmentWord.GENERATION)
_NAME_BYTES_MAX = 16


class ScopeName(NamedTuple):
    """A scope as people name it; the engine's own name is empty, and so is that of a row which nobody uses."""

    kind: ScopeKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.name.lower()}:{self.name}" if self.name else self.kind.name.lower()


ENGINE_SCOPE = ScopeName(ScopeKind.ENGINE, "")


class ScopesInUseError(SegmentError):
    """A running engine was started with other scopes."""


class UnknownScopeError(SegmentError):
    """The engine has no scope of that name."""


@dataclass(frozen=True)
class Request:
    """What is asked of one scope, by whom and why."""

    trading_state: TradingState
    cause: int = 0
    requested_utc_ns: int = 0
    operator: str = ""


class ControlSegment:
    """One mapping of it, for guardian, tools and the engine's start; the compiled loop reads the words itself."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._words = segment.words

    @classmethod
    def open(
        cls, folder: Path, scopes: Sequence[ScopeName], *, may_replace: Callable[[int], bool] = lambda _: True
    ) -> "ControlSegment":
        """The segment of an engine with these scopes: made, or made anew with all that was asked, if need be.

        ScopesInUseError where one with other scopes lies there and `may_replace`, asked with the process of the engine
        that began with it, says no.
        """
        path = private_folder(folder) / CONTROL_FILE
        with _locked(folder):
            try:
                found = cls(Segment.attach(path, SegmentKind.CONTROL, writable=True))
            except SegmentError:
                found = None
            if found is not None and found._is_whole() and found.scopes == list(scopes):
                return found
            if found is not None:
                is_in_use = found._is_whole() and not may_replace(found.engine_pid)
                found.close()
                if is_in_use:
                    raise ScopesInUseError(f"{path} has other scopes, and an engine that was started with them runs")
            before = _Remains(path)
            made = cls(Segment.create(path, SegmentKind.CONTROL, len(scopes) * CONTROL_ROW.itemsize))
            made._name_rows(scopes)
            made._take_over(before)
            return made

    @classmethod
    def attach(cls, folder: Path) -> "ControlSegment":
        """The segment that lies there; SegmentGoneError when no engine of that name ever ran since the machine did."""
        path = folder / CONTROL_FILE
        if not path.exists():
            raise SegmentGoneError(f"{path} does not exist; did an engine of this name ever run?")
        with _locked(folder):
            found = cls(Segment.attach(path, SegmentKind.CONTROL, writable=True))
        if not found._is_whole():
            found.close()
            raise SegmentError(f"{path} was left half made; start the engine, which makes it anew")
        return found

    @property
    def rows(self) -> NDArray[np.void]:
        """What is asked of each scope."""
        return self.segment.content.view(CONTROL_ROW)

    @property
    def scopes(self) -> list[ScopeName]:
        """The scopes in the order of the rows."""
        return [_scope_of(row) for row in self.rows]

    # ---- what is asked of scopes ----
    def request(self, scope: ScopeName) -> Request:
        """What is asked of a scope."""
        row = self.rows[self._place(scope)]
        operator = words_name([row["operator_name_0"], row["operator_name_1"]])
        return Request(
            TradingState(int(row["trading_state"])), int(row["cause"]), int(row["requested_utc_ns"]), operator
        )

    def raise_state(self, scope: ScopeName, request: Request) -> bool:
        """Asks for a state that is more restrictive than what was asked before; False when it is not."""
        with self._changing() as current:
            row = current.rows[current._place(scope)]
            if row["trading_state"] >= request.trading_state:
                return False
            _write(row, request)
            return True

    def lower_state(self, scope: ScopeName, request: Request) -> None:
        """Asks for no more than this state; the engine keeps what it has until a person arms it."""
        with self._changing() as current:
            _write(current.rows[current._place(scope)], request)

    def _place(self, scope: ScopeName) -> int:
        scopes = self.scopes
        is_named = bool(scope.name) or scope.kind is ScopeKind.ENGINE
        if not is_named or scope not in scopes:
            known = ", ".join(str(one) for one in scopes if one.name or one.kind is ScopeKind.ENGINE)
            raise UnknownScopeError(f"scope {scope} is not one of this engine; allowed are {known}")
        return scopes.index(scope)

    # ---- fence and lease ----
    def fence(self, epoch: int) -> bool:
        """Forbids engines up to this epoch to send anything, for good; True when the word was read back."""
        with self._changing() as current:
            words = current._words
            words[SegmentWord.FENCED_EPOCH] = max(epoch, int(words[SegmentWord.FENCED_EPOCH]))
            return int(words[SegmentWord.FENCED_EPOCH]) >= epoch

    @property
    def fenced_epoch(self) -> int:
        """Engines of this epoch and of those before send nothing."""
        return int(self._words[SegmentWord.FENCED_EPOCH])

    @property
    def lease_until_ns(self) -> int:
        """Until when new orders may leave; NO_LEASE_NEEDED for ever."""
        return int(self._words[SegmentWord.LEASE_UNTIL_NS])

    @lease_until_ns.setter
    def lease_until_ns(self, until_ns: int) -> None:
        self._words[SegmentWord.LEASE_UNTIL_NS] = until_ns

    # ---- what the engine says of itself ----
    @property
    def engine_epoch(self) -> int:
        """The epoch of the engine that runs, or ran last; 0 when none has."""
        return int(self._words[SegmentWord.ENGINE_EPOCH])

    @property
    def engine_pid(self) -> int:
        """Its process."""
        return int(self._words[SegmentWord.ENGINE_PID])

    @property
    def engine_beat_ns(self) -> int:
        """CLOCK_MONOTONIC of its last turn; 0 while it does not turn, before its first and after its orderly end."""
        return int(self._words[SegmentWord.ENGINE_BEAT_NS])

    def begin_epoch(self, epoch: int) -> None:
        """Says which engine runs from now on; only the one that holds the engine's lock may."""
        self._words[SegmentWord.ENGINE_PID] = os.getpid()
        self._words[SegmentWord.ENGINE_BEAT_NS] = 0
        self._words[SegmentWord.ENGINE_EPOCH] = epoch

    def end_epoch(self) -> None:
        """Says that this engine turns no more, as it was asked to: its end will be no death."""
        self._words[SegmentWord.ENGINE_BEAT_NS] = 0

    def is_current(self) -> bool:
        """Whether this is still the engine's segment; one with other scopes may have taken its place."""
        return self.segment.is_current()

    def close(self) -> None:
        """Unmaps it."""
        del self._words
        self.segment.close()

    def _is_whole(self) -> bool:
        """Whether its maker came to the end: the last row is named last."""
        return int(self.rows["scope_kind"][-1]) != 0

    def _name_rows(self, scopes: Sequence[ScopeName]) -> None:
        for row, scope in zip(self.rows, scopes, strict=True):
            for word, value in enumerate(name_words(scope.name, _NAME_WORDS)):
                row[f"name_{word}"] = value
            row["scope_kind"] = scope.kind

    def _take_over(self, before: "_Remains") -> None:
        for word, value in before.words.items():
            self._words[word] = value
        rows = {_scope_of(row): row for row in self.rows}
        for row in before.rows:
            own = rows.get(_scope_of(row))
            if own is not None and row["trading_state"] > own["trading_state"]:
                for field in CONTROL_ROW.names or ():
                    own[field] = row[field]
        self._words[SegmentWord.GENERATION] += 1

    @contextmanager
    def _changing(self) -> Iterator["ControlSegment"]:
        """The segment that the engine looks at, while nobody else changes it; what was changed is counted."""
        with _locked(self.segment.path.parent):
            is_own = self.is_current()
            current = (
                self
                if is_own
                else ControlSegment(Segment.attach(self.segment.path, SegmentKind.CONTROL, writable=True))
            )
            try:
                yield current
                current._words[SegmentWord.GENERATION] += 1
            finally:
                if not is_own:
                    current.close()


class _Remains:
    """What an older segment asked for, also one that another version or other scopes left behind."""

    def __init__(self, path: Path) -> None:
        self.words: dict[SegmentWord, int] = {}
        self.rows: NDArray[np.void] = np.zeros(0, CONTROL_ROW)
        try:
            raw = np.frombuffer(path.read_bytes(), np.uint8)
        except FileNotFoundError:
            return
        if len(raw) <= HEADER_BYTES or (len(raw) - HEADER_BYTES) % CONTROL_ROW.itemsize:
            return
        words = raw[:HEADER_BYTES].view(np.int64)
        if words[SegmentWord.MAGIC] != MAGIC or words[SegmentWord.KIND] != SegmentKind.CONTROL:
            return
        self.words = {word: int(words[word]) for word in _FENCE_WORDS}
        if words[SegmentWord.BOOT_ID] != boot_id():
            # A clock that has begun anew says nothing of the old lease.
            self.words[SegmentWord.LEASE_UNTIL_NS] = min(self.words[SegmentWord.LEASE_UNTIL_NS], LEASE_EXPIRED)
        rows = raw[HEADER_BYTES:].view(CONTROL_ROW)
        self.rows = rows[rows["scope_kind"] != 0]


def _scope_of(row: np.void) -> ScopeName:
    name = words_name([row[f"name_{word}"] for word in range(_NAME_WORDS)])
    return ScopeName(ScopeKind(int(row["scope_kind"])), name)


def _write(row: np.void, request: Request) -> None:
    row["cause"] = request.cause
    row["requested_utc_ns"] = request.requested_utc_ns
    name = request.operator.encode("ascii", "replace")[:_NAME_BYTES_MAX].decode("ascii")
    row["operator_name_0"], row["operator_name_1"] = name_words(name, 2)
    # Last: the engine acts on this word alone.
    row["trading_state"] = request.trading_state


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
