"""Owns the files of the event stream: effects of the core in slots, and beside them an index and a summary.

    events-<first event>.oms   a header, then one effect in each slot; its first word is its strategy
    events-<first event>.idx   for each batch: behind which journal sequence and event it ends, and its check sum
    events-<first event>.sum   which strategies and sequences each part of the slots speaks of

Nothing here is synced as it is written: all of it can be made again from the journal. What a crash tore is found by
the index, and cut off.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.journal.block import BLOCK_BYTES, decode_block, encode_block
from engine.journal.disk import Disk, opened
from engine.journal.entry import as_entries, crc32c
from engine.journal.errors import JournalDamagedError
from ipc.records import HEADER_FIELDS, SLOT_BYTES
from ipc.tables import word_row

MAGIC = 0x3154_5645_5F53_4D4F  # "OMS_EVT1"
STRATEGY_WORD, KIND_WORD, SEQUENCE_WORD = (HEADER_FIELDS.index(name) for name in ("commit", "kind", "sequence"))
PART_SLOTS = 1 << 12

_NAME = re.compile(r"events-([0-9a-f]{16})\.oms")
_HEADER = word_row("magic", "version", "schema_digest", "first_event", "journal_sequence", "epoch")
INDEX_ROW = word_row("first_event", "journal_end", "event_end", "slots_crc", "reserved_0", "reserved_1", "row_crc")
SUMMARY_ROW = word_row("part", "strategy_id", "first_sequence", "last_sequence")


class EventHeader(NamedTuple):
    """Where a file of events starts."""

    first_event: int
    journal_sequence: int
    epoch: int


class Batch(NamedTuple):
    """What one row of the index says: the batch ends before this journal sequence and this event."""

    journal_end: int
    event_end: int


@dataclass(frozen=True)
class EventName:
    """A file of events by its name alone."""

    first_event: int

    @property
    def slots(self) -> str:
        """The file of the effects."""
        return f"events-{self.first_event:016x}.oms"

    @property
    def index(self) -> str:
        """The file that says where batches end."""
        return f"events-{self.first_event:016x}.idx"

    @property
    def summary(self) -> str:
        """The file that says where to look for what."""
        return f"events-{self.first_event:016x}.sum"


def event_names(disk: Disk) -> list[EventName]:
    """The files of events, oldest first."""
    matches = (_NAME.fullmatch(name) for name in disk.names())
    return [EventName(int(match[1], 16)) for match in matches if match]


def encode_header(header: EventHeader) -> bytes:
    """The first block of a file of events."""
    return encode_block(MAGIC, _HEADER, **header._asdict())


def read_header(disk: Disk, name: EventName) -> EventHeader | None:
    """Where a file of events starts; None when it does not say."""
    with opened(disk.open(name.slots)) as file:
        try:
            row = decode_block(disk.folder / name.slots, file.read(0, BLOCK_BYTES), MAGIC, _HEADER)
        except JournalDamagedError:
            return None
    header = EventHeader(int(row["first_event"]), int(row["journal_sequence"]), int(row["epoch"]))
    return header if header.first_event == name.first_event else None


def read_slots(disk: Disk, name: EventName, start: int, count: int) -> NDArray[np.int64]:
    """Effects by their place in the file; fewer where the file ends."""
    with opened(disk.open(name.slots)) as file:
        data = file.read(BLOCK_BYTES + start * SLOT_BYTES, count * SLOT_BYTES)
    return as_entries(memoryview(data)[: len(data) // SLOT_BYTES * SLOT_BYTES])


def encode_batch(name: EventName, batch: Batch, slots: NDArray[np.int64]) -> bytes:
    """The row of the index for a batch."""
    words = np.zeros(INDEX_ROW.itemsize // 8, np.int64)
    slots_crc = crc32c(slots.reshape(-1)) if len(slots) else 0
    words[:4] = name.first_event, batch.journal_end, batch.event_end, slots_crc
    words[-1] = crc32c(words[:-1])
    return words.tobytes()


def whole_batches(disk: Disk, name: EventName, *, checks_slots: bool) -> list[Batch]:
    """The batches of a file up to the first that is not whole."""
    try:
        with opened(disk.open(name.index)) as file:
            data = bytes(file.read(0, file.size()))
    except FileNotFoundError:
        return []
    rows = np.frombuffer(data[: len(data) // INDEX_ROW.itemsize * INDEX_ROW.itemsize], np.int64)
    batches: list[Batch] = []
    start = name.first_event
    for words in rows.reshape(-1, INDEX_ROW.itemsize // 8):
        row = words.view(INDEX_ROW)[0]
        if int(row["row_crc"]) != crc32c(words[:-1]) or int(row["first_event"]) != name.first_event:
            break
        batch = Batch(int(row["journal_end"]), int(row["event_end"]))
        if checks_slots and batch.event_end > start:
            slots = read_slots(disk, name, start - name.first_event, batch.event_end - start)
            if len(slots) != batch.event_end - start or crc32c(slots.reshape(-1)) != int(row["slots_crc"]):
                break
        batches.append(batch)
        start = batch.event_end
    return batches


def summarise(slots: NDArray[np.int64], part: int) -> NDArray[np.void]:
    """Which sequences of each strategy a part of a file speaks of."""
    strategies = np.unique(slots[:, STRATEGY_WORD])
    rows = np.zeros(len(strategies), SUMMARY_ROW)
    for row, strategy_id in zip(rows, strategies, strict=True):
        own = slots[:, STRATEGY_WORD] == strategy_id
        sequences = slots[own & (slots[:, SEQUENCE_WORD] > 0), SEQUENCE_WORD]
        row["part"], row["strategy_id"] = part, strategy_id
        row["first_sequence"], row["last_sequence"] = (sequences.min(), sequences.max()) if len(sequences) else (1, 0)
    return rows


def read_summary(disk: Disk, name: EventName) -> NDArray[np.void] | None:
    """The summary of a file that is complete; None where there is none."""
    try:
        with opened(disk.open(name.summary)) as file:
            words = np.frombuffer(bytes(file.read(0, file.size() // 8 * 8)), np.int64)
    except FileNotFoundError:
        return None
    if len(words) < 1 or (len(words) - 1) * 8 % SUMMARY_ROW.itemsize or int(words[-1]) != crc32c(words[:-1]):
        return None
    return words[:-1].view(SUMMARY_ROW)


def encode_summary(rows: NDArray[np.void]) -> bytes:
    """A summary with its check sum."""
    words = rows.view(np.int64)
    return words.tobytes() + crc32c(words).to_bytes(8, "little")
