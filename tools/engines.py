"""Owns finding the engines of this host: each has a folder of its name in the runtime folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ipc.segment import Segment, SegmentKind, runtime_folder
from ipc.tables import INSTRUMENT, STATE_HEADER, STRATEGY, words_name
from tools.command_error import CommandError

LATENCY, STATE, CLIENTS = "latency", "state", "clients"


def find_engine(name: str | None) -> Path:
    """The folder of the engine of that name, or of the only one there is; CommandError names those that are there."""
    folder = runtime_folder()
    engines = sorted(path.parent for path in folder.glob(f"*/{LATENCY}"))
    if name is not None:
        engines = [path for path in engines if path.name == name]
    if len(engines) == 1:
        return engines[0]
    wanted = f"no engine called {name}" if name else "no engine" if not engines else "more than one engine"
    known = ", ".join(path.parent.name for path in sorted(folder.glob(f"*/{LATENCY}"))) or "none"
    raise CommandError(
        f"{wanted} in {folder}; there: {known}; start one with oms run, or choose one with --engine NAME"
    )


@dataclass(frozen=True)
class EngineNames:
    """What an engine's numbers are called."""

    venues: dict[int, str]
    strategies: dict[int, str]

    @classmethod
    def read(cls, engine: Path) -> "EngineNames":
        """The names in a running engine's state; they never change while it runs."""
        segment = Segment.attach(engine / STATE, SegmentKind.STATE, writable=False)
        header = segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]
        instruments = _rows(segment.content, header, "instruments", INSTRUMENT)
        strategies = _rows(segment.content, header, "strategies", STRATEGY)
        names = {int(row["strategy_id"]): row_name(row, 2) for row in strategies}
        segment.close()
        return cls(venue_names(instruments), {number: name for number, name in names.items() if name})


def has_prices(engine: Path) -> bool:
    """Whether the engine has a price to buy at and one to sell at in every instrument."""
    segment = Segment.attach(engine / STATE, SegmentKind.STATE, writable=False)
    header = segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]
    instruments = _rows(segment.content, header, "instruments", INSTRUMENT)
    segment.close()
    return bool((instruments["bid_lots"] > 0).all() and (instruments["ask_lots"] > 0).all())


def _rows(content: NDArray[np.uint8], header: np.void, table: str, layout: np.dtype[np.void]) -> NDArray[np.void]:
    first, count = int(header[f"{table}_offset"]), int(header[f"{table}_count"])
    return np.array(content[first : first + count * layout.itemsize].view(layout))


def venue_names(instruments: NDArray[np.void]) -> dict[int, str]:
    """What each venue is called: a venue is the last part of its instruments' names."""
    return {int(row["venue_id"]): row_name(row, 4).rpartition(".")[2] for row in instruments}


def row_name(row: np.void, words: int) -> str:
    """The name that lies in a row of the state."""
    return words_name([int(row[f"name_{index}"]) for index in range(words)])
