"""Owns telling what became of an order: everything that was told of it, out of the journal's event stream."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.journal.event_file import KIND_WORD, SEQUENCE_WORD
from engine.journal.events import EventReader
from ipc.clock import NS_PER_S
from ipc.enums import ExecutionType, OrderStatus, RecordKind, Side
from ipc.order_id import LEG_MAX, to_text, unpack
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentState, RouteReason
from ipc.records import LAYOUTS
from tools.answer import print_json
from tools.engines import find_engine
from tools.journal_folder import open_disk
from tools.journal_names import JournalNames, Told
from tools.manual_client import parse_order_id

_PAGE = 1 << 14
_ORDER_WORDS = {
    int(kind): (LAYOUTS[kind].names or ()).index("order_id")
    for kind in (RecordKind.EXECUTION_REPORT, RecordKind.PARENT_REPORT, RecordKind.ROUTE_DECISION, RecordKind.ALARM)
}
_CHILD_WORDS = {
    int(kind): (LAYOUTS[kind].names or ()).index("child_order_id")
    for kind in (RecordKind.PARENT_REPORT, RecordKind.ROUTE_DECISION)
}
_ENUMERATIONS = {
    "execution_type": ExecutionType,
    "order_status": OrderStatus,
    "parent_event": ParentEvent,
    "parent_state": ParentState,
    "end_reason": ParentEnd,
    "algorithm": Algorithm,
    "route_reason": RouteReason,
    "side": Side,
}
_NOT_SHOWN = ("instrument", "fee_asset", "quote_asset", "is_last_of_burst")


def explain_order(order: str, place: str | None, *, with_children: bool, as_json: bool) -> bool:
    """Tells an order's events, oldest first; whether there are any."""
    order_id = parse_order_id(order)
    disk = open_disk(place if place is not None else find_engine(None).name)
    names = JournalNames(disk)
    events = [names.event(slot) for slot in _told_of(EventReader(disk), order_id, with_children=with_children)]
    if as_json:
        print_json({"order_id": order_id, "client_order_id": to_text(order_id), "events": [_row(e) for e in events]})
    else:
        print("\n".join(_lines(events)) if events else f"{to_text(order_id)}: nothing is kept in {disk.folder}")
    return bool(events)


def _told_of(reader: EventReader, order_id: int, *, with_children: bool) -> list[NDArray[np.int64]]:
    """What was told of an order, and of what a parent has sent."""
    strategy_id = unpack(order_id).strategy_id
    found = _about(reader, strategy_id, {order_id})
    if with_children:
        sent = {int(slot[_CHILD_WORDS[kind]]) for slot in found if (kind := int(slot[KIND_WORD])) in _CHILD_WORDS}
        found = _about(reader, strategy_id, {order_id, *(sent - {0})})
    return found


def _about(reader: EventReader, strategy_id: int, order_ids: set[int]) -> list[NDArray[np.int64]]:
    wanted = np.array(sorted(order_ids), np.int64)
    found: list[NDArray[np.int64]] = []
    for slots in _pages(reader, strategy_id):
        is_wanted = np.zeros(len(slots), np.bool_)
        for kind, word in _ORDER_WORDS.items():
            is_wanted |= (slots[:, KIND_WORD] == kind) & np.isin(slots[:, word] & ~LEG_MAX, wanted)
        found += list(slots[is_wanted])
    return found


def _pages(reader: EventReader, strategy_id: int) -> Iterator[NDArray[np.int64]]:
    """All that a strategy was told."""
    following = 1
    while len(slots := reader.of_strategy(strategy_id, following, _PAGE)):
        yield slots
        following = int(slots[-1, SEQUENCE_WORD]) + 1


def _lines(events: list[Told]) -> Iterator[str]:
    """One line for each event, with the time since the first."""
    for event in events:
        seconds = (event.published_ns - events[0].published_ns) / NS_PER_S
        yield f"{seconds:+14.6f} s  {event}"


def _row(event: Told) -> dict[str, Any]:
    """An event as a program wants it: its words, with the names of what has one."""
    words = {name: value for name, value in msgspec.structs.asdict(event).items() if name not in _NOT_SHOWN}
    for name, enumeration in _ENUMERATIONS.items():
        if words.get(name):
            words[name] = enumeration(words[name]).name
    instrument = event.instrument.name if event.instrument else None
    return {"what": type(event).__name__, "instrument": instrument, "text": str(event), **words}
