"""Owns copies of a running engine's tables, all of the same moment."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ipc.segment import Segment, SegmentKind
from ipc.tables import STATE_HEADER
from tools.command_error import CommandError
from tools.engines import STATE

# Somebody who writes all the time leaves gaps of microseconds; a copy takes about as long.
_ATTEMPTS = 20_000

Tables = dict[str, NDArray[np.void]]
Copied = TypeVar("Copied")


def read_tables(engine: Path, layouts: dict[str, np.dtype[np.void]]) -> Tables:
    """Copies of the tables between two writes of the engine."""
    return read_at_rest(engine, layouts, lambda tables: {name: rows.copy() for name, rows in tables.items()})


def read_at_rest(engine: Path, layouts: dict[str, np.dtype[np.void]], copy: Callable[[Tables], Copied]) -> Copied:
    """What `copy` takes of the tables between two writes of the engine; it may see anything while there is one."""
    segment = Segment.attach(engine / STATE, SegmentKind.STATE, writable=False)
    try:
        header = segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]
        tables = {name: _rows(segment.content, header, name, layout) for name, layout in layouts.items()}
        for _ in range(_ATTEMPTS):
            version = int(header["version"])
            if version % 2 == 0:
                copied = copy(tables)
                if int(header["version"]) == version:
                    return copied
    finally:
        del header, tables
        segment.close()
    raise CommandError(f"the engine in {engine} writes its state without a pause; try again when it trades less")


def _rows(content: NDArray[np.uint8], header: np.void, table: str, layout: np.dtype[np.void]) -> NDArray[np.void]:
    first, count = int(header[f"{table}_offset"]), int(header[f"{table}_count"])
    return content[first : first + count * layout.itemsize].view(layout)
