"""Owns showing a journal's entries as lines that people and programs read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.journal.entry import NOW_WORD, SOURCE_BITS, SOURCE_MASK, SOURCE_WORD, TRACE_WORD
from engine.journal.store import JournalStore
from ipc.enums import RecordKind
from ipc.order_id import LEG_MAX, to_text
from ipc.records import HEADER_FIELDS, LAYOUTS
from tools.answer import print_json
from tools.command_error import CommandError
from tools.journal_folder import open_disk
from tools.manual_client import parse_order_id

_KIND_WORD = HEADER_FIELDS.index("kind")
_ORDER_FIELDS = ("order_id", "replacement_order_id")


@dataclass(frozen=True)
class Selection:
    """Which entries are wanted; what is not said is not asked for."""

    first: int | None
    last: int | None
    order: str | None
    kind: str | None


def show_entries(place: str, selection: Selection, *, as_json: bool) -> None:
    """Prints the entries that are selected, oldest first."""
    disk = open_disk(place)
    for row in _selected(JournalStore(disk.folder, disk=disk), selection):
        if as_json:
            print_json(row)
            continue
        fields = " ".join(f"{name}={value}" for name, value in row["fields"].items() if value)
        print(
            f"{row['sequence']:12} epoch {row['epoch']} at {row['now_ns']} from {row['source']} {row['kind']} {fields}"
        )


def _selected(store: JournalStore, selection: Selection) -> Iterator[dict[str, Any]]:
    kind = _kind(selection.kind)
    order_id = parse_order_id(selection.order) if selection.order is not None else None
    first_kept = store.first_sequence()
    first = max(selection.first or 0, first_kept)
    for entries in store.entries(first):
        mask = np.ones(len(entries), np.bool_)
        if selection.last is not None:
            mask &= entries[:, 0] - 1 <= selection.last
        if kind is not None:
            mask &= entries[:, _KIND_WORD] == kind
        for entry in entries[mask]:
            row = _row(entry)
            if order_id is None or order_id in ((row["fields"].get(name) or -1) & ~LEG_MAX for name in _ORDER_FIELDS):
                yield _readable(row)
        if selection.last is not None and int(entries[-1, 0]) - 1 >= selection.last:
            return


def _kind(name: str | None) -> RecordKind | None:
    if name is None:
        return None
    try:
        return RecordKind[name.upper()]
    except KeyError:
        raise CommandError(f"kind {name[:40]!r} is none of {', '.join(kind.name for kind in RecordKind)}") from None


def _row(entry: NDArray[np.int64]) -> dict[str, Any]:
    kind = int(entry[_KIND_WORD])
    names = (LAYOUTS[RecordKind(kind)].names or ()) if kind in LAYOUTS else ()
    return {
        "sequence": int(entry[0]) - 1,
        "epoch": int(entry[SOURCE_WORD]) >> SOURCE_BITS,
        "source": int(entry[SOURCE_WORD]) & SOURCE_MASK,
        "now_ns": int(entry[NOW_WORD]),
        "trace": f"{int(entry[TRACE_WORD]) & (1 << 64) - 1:016x}",
        "kind": RecordKind(kind).name if kind in LAYOUTS else str(kind),
        "fields": {name: int(entry[place]) for place, name in enumerate(names) if place and name != "kind"},
    }


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """With orders as their venues see them."""
    for name in _ORDER_FIELDS:
        if row["fields"].get(name, 0) > 0:
            row["fields"][name] = to_text(row["fields"][name])
    return row
