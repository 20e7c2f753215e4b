"""Owns the guardian's view of the engine's alarms: read from the state block, each told once."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.config import Config
from engine.directory import Directory
from ipc.alarm_tables import ALARM_ROW
from ipc.enums import AlarmCode
from ipc.segment import Segment, SegmentError, SegmentKind
from ipc.tables import STATE_HEADER

_ATTEMPTS = 8


class Names(NamedTuple):
    """What the numbers in an alarm stand for; "" for what is in no table, -1 and what is not ours among it."""

    strategies: dict[int, str]
    venues: dict[int, str]
    accounts: dict[int, str]
    instruments: dict[int, str]
    assets: dict[int, str]

    @classmethod
    def of(cls, config: Config) -> "Names":
        """Those of a configuration."""
        directory = Directory(config)
        return cls(
            {strategy.id: strategy.name for strategy in config.strategies},
            dict(enumerate(directory.venues)),
            dict(enumerate(directory.accounts)),
            dict(enumerate(directory.instruments)),
            dict(enumerate(directory.assets)),
        )


class AlarmTable:
    """Follows one engine after the other; an alarm has the same number in all of them."""

    def __init__(self, folder: Path, names: Names) -> None:
        self._path = folder / "state"
        self._names = names
        self._segment: Segment | None = None
        self._told: set[int] = set()

    def new_alarms(self) -> list[dict[str, str | int]]:
        """The alarms that nobody has acknowledged and that were not told yet, the oldest first."""
        rows = self._rows()
        if rows is None:
            return []
        waiting = rows[(rows["alarm_id"] != 0) & (rows["acknowledged_utc_ns"] == 0)]
        new = np.sort(waiting[~np.isin(waiting["alarm_id"], list(self._told))], order="alarm_id")
        # What was acknowledged and waits once more has come again.
        self._told = {int(alarm_id) for alarm_id in waiting["alarm_id"]}
        return [self._words(row) for row in new]

    def close(self) -> None:
        """Unmaps the block."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _rows(self) -> NDArray[np.void] | None:
        if self._segment is not None and not self._segment.is_current():
            self.close()
        if self._segment is None:
            try:
                self._segment = Segment.attach(self._path, SegmentKind.STATE, writable=False)
            except SegmentError:
                return None
        return _copy(self._segment.content)

    def _words(self, row: np.void) -> dict[str, str | int]:
        numbers = ("alarm_id", "order_id", "count", "expected", "found", "raised_utc_ns")
        return {
            "code": _code_name(int(row["code"])),
            "strategy": self._names.strategies.get(int(row["strategy_id"]), ""),
            "venue": self._names.venues.get(int(row["venue_id"]), ""),
            "account": self._names.accounts.get(int(row["account_id"]), ""),
            "instrument": self._names.instruments.get(int(row["instrument_id"]), ""),
            "asset": self._names.assets.get(int(row["asset_id"]), ""),
            **{name: int(row[name]) for name in numbers},
        }


def _copy(content: NDArray[np.uint8]) -> NDArray[np.void] | None:
    """The rows as they were at one moment; None while the engine stands in the middle of a write."""
    header = content[: STATE_HEADER.itemsize].view(STATE_HEADER)
    start = int(header["alarms_offset"][0])
    end = start + int(header["alarms_count"][0]) * ALARM_ROW.itemsize
    for _ in range(_ATTEMPTS):
        version = int(header["version"][0])
        rows = content[start:end].copy().view(ALARM_ROW)
        if version & 1 == 0 and int(header["version"][0]) == version:
            return rows
    return None


def _code_name(code: int) -> str:
    return AlarmCode(code).name if code in set(AlarmCode) else str(code)
