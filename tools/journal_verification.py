"""Owns verifying a journal: every entry, every snapshot and every event, and what is damaged where."""

from dataclasses import asdict, dataclass
from pathlib import Path

from engine.journal.disk import Disk
from engine.journal.durable_mark import read_mark
from engine.journal.errors import JournalDamagedError
from engine.journal.event_file import event_names, whole_batches
from engine.journal.reading import SegmentSpan, closed_entries, find_tail, spans
from engine.journal.recovery import inspect
from engine.journal.snapshot import read_snapshot, snapshot_names
from tools.answer import print_json
from tools.journal_folder import open_disk


@dataclass(frozen=True)
class Part:
    """One file, what it holds, and what is wrong with it, if anything is."""

    file: str
    what: str
    first: int
    entries: int
    bytes: int
    damage: str = ""


def verify_journal(place: str, *, as_json: bool) -> bool:
    """Tells what a journal holds and everything that is damaged; whether nothing is."""
    disk = open_disk(place)
    parts = [*_segments(disk), *_snapshots(disk), *_events(disk)]
    durable, verdict = _verdict(disk)
    is_sound = not verdict and not any(part.damage for part in parts)
    if as_json:
        rows = [asdict(part) for part in parts]
        print_json(
            {"folder": str(disk.folder), "sound": is_sound, "durable": durable, "verdict": verdict, "files": rows}
        )
        return is_sound
    for part in parts:
        print(f"{part.file:36} {part.what:24} from {part.first:12} {part.entries:10} {part.bytes:12} bytes", end="")
        print(f"  DAMAGED: {part.damage}" if part.damage else "")
    print(f"durable: all below {durable}")
    print(f"{disk.folder}: {'sound' if is_sound else verdict or 'damaged'}")
    return is_sound


def _verdict(disk: Disk) -> tuple[int, str]:
    """Up to where all is durable, and why a start would be refused."""
    try:
        result = inspect(disk)
    except JournalDamagedError as error:
        return -1, str(error)
    for text in result.said:
        print(f"note: {text}")
    return result.durable_sequence, ""


def _segments(disk: Disk) -> list[Part]:
    try:
        found = spans(disk)
        durable = read_mark(disk).sequence if found else 0
    except JournalDamagedError as error:
        return [Part(Path(error.path).name, "entries", max(error.sequence, 0), 0, 0, str(error))]
    return [_segment(disk, span, durable) for span in found]


def _segment(disk: Disk, span: SegmentSpan, durable: int) -> Part:
    first, entries, damage = span.header.first_sequence, 0, ""
    try:
        if span.end is None:
            entries = find_tail(disk, span, durable).end - first
        else:
            entries = sum(len(rows) for rows in closed_entries(disk, span, first))
    except JournalDamagedError as error:
        damage = str(error)
    what = f"entries, segment {span.header.number}"
    return Part(str(span.name), what, first, entries, disk.size_of(str(span.name)), damage)


def _snapshots(disk: Disk) -> list[Part]:
    parts = []
    for name in snapshot_names(disk):
        what, damage, size = "snapshot", "", 0
        try:
            snapshot = read_snapshot(disk, name)
            what, size = "base snapshot" if snapshot.is_base else "snapshot", len(snapshot.block)
        except JournalDamagedError as error:
            damage = str(error)
        parts.append(
            Part(str(name), f"{what}, epoch {name.epoch}", name.sequence, size, disk.size_of(str(name)), damage)
        )
    return parts


def _events(disk: Disk) -> list[Part]:
    """The stream can be made again, so what its end lacks is no damage."""
    parts = []
    for name in event_names(disk):
        batches = whole_batches(disk, name, checks_slots=True)
        count = batches[-1].event_end - name.first_event if batches else 0
        parts.append(Part(name.slots, "events", name.first_event, count, disk.size_of(name.slots)))
    return parts
