"""The alarms in the engine's state: each unacknowledged one is told once, in all engines of that name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.guardian.alarm_table import AlarmTable, Names
from ipc.alarm_tables import ALARM_ROW
from ipc.enums import AlarmCode
from ipc.segment import Segment, SegmentKind
from ipc.tables import STATE_HEADER

ROWS = 4
NAMES = Names({1: "alpha"}, {0: "BINANCE"}, {0: "main"}, {0: "BTC/USDT.BINANCE"}, {0: "BTC", 1: "USDT"})


class Block:
    """A state block with room for four alarms."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.new()

    def new(self) -> None:
        """The block of the next engine."""
        size = STATE_HEADER.itemsize + ROWS * ALARM_ROW.itemsize
        self.segment = Segment.create(self.folder / "state", SegmentKind.STATE, size)
        self.header = self.segment.content[: STATE_HEADER.itemsize].view(STATE_HEADER)
        self.header["alarms_offset"], self.header["alarms_count"] = STATE_HEADER.itemsize, ROWS
        self.rows = self.segment.content[STATE_HEADER.itemsize :].view(ALARM_ROW)

    def raise_alarm(self, place: int, alarm_id: int, code: int = AlarmCode.OVERFILL, **words: int) -> None:
        row = self.rows[place]
        row["alarm_id"], row["code"] = alarm_id, code
        for name, value in {"strategy_id": 1, "venue_id": -1, "account_id": 0, "instrument_id": 0, **words}.items():
            row[name] = value


@pytest.fixture
def block(tmp_path: Path) -> Iterator[Block]:
    """One in a folder of its own."""
    block = Block(tmp_path)
    yield block
    block.segment.close()


def ids(table: AlarmTable) -> list[int | str]:
    return [alarm["alarm_id"] for alarm in table.new_alarms()]


def test_an_alarm_is_told_once_with_names(block: Block) -> None:
    table = AlarmTable(block.folder, NAMES)
    assert table.new_alarms() == []
    block.raise_alarm(0, 5, count=2, expected=7, found=-1, raised_utc_ns=9, order_id=4, asset_id=1)
    assert table.new_alarms() == [
        {
            "code": "OVERFILL",
            "strategy": "alpha",
            "venue": "",
            "account": "main",
            "instrument": "BTC/USDT.BINANCE",
            "asset": "USDT",
            "alarm_id": 5,
            "order_id": 4,
            "count": 2,
            "expected": 7,
            "found": -1,
            "raised_utc_ns": 9,
        }
    ]
    block.rows[0]["count"] += 1
    assert table.new_alarms() == []
    table.close()


def test_the_oldest_come_first_and_a_row_may_be_used_again(block: Block) -> None:
    table = AlarmTable(block.folder, NAMES)
    block.raise_alarm(2, 5)
    block.raise_alarm(0, 6)
    assert ids(table) == [5, 6]
    block.raise_alarm(2, 7)
    assert ids(table) == [7]


def test_what_was_acknowledged_is_not_told(block: Block) -> None:
    block.raise_alarm(0, 5, acknowledged_utc_ns=1)
    block.raise_alarm(1, 6)
    assert ids(AlarmTable(block.folder, NAMES)) == [6]


def test_what_the_next_engine_carries_over_is_not_told_again(block: Block) -> None:
    table = AlarmTable(block.folder, NAMES)
    block.raise_alarm(0, 5)
    assert ids(table) == [5]
    old = block.segment
    block.new()
    block.raise_alarm(3, 5)
    block.raise_alarm(1, 6)
    assert ids(table) == [6]
    old.close()


def test_nothing_is_taken_from_a_block_that_is_being_written(block: Block) -> None:
    table = AlarmTable(block.folder, NAMES)
    block.raise_alarm(0, 5)
    block.header["version"] = 3
    assert table.new_alarms() == []
    block.header["version"] = 4
    assert ids(table) == [5]


def test_an_alarm_about_a_venue_names_it(block: Block) -> None:
    block.raise_alarm(0, 5, AlarmCode.KILL_VERIFIED, strategy_id=0, venue_id=0, account_id=-1, instrument_id=-1)
    (alarm,) = AlarmTable(block.folder, NAMES).new_alarms()
    assert (alarm["venue"], alarm["account"], alarm["instrument"]) == ("BINANCE", "", "")


def test_numbers_that_nobody_knows_are_told_as_they_are(block: Block) -> None:
    block.raise_alarm(0, 5, 999, strategy_id=8, account_id=-1, instrument_id=-1)
    (alarm,) = AlarmTable(block.folder, NAMES).new_alarms()
    assert (alarm["code"], alarm["strategy"], alarm["account"], alarm["instrument"]) == ("999", "", "", "")


def test_without_an_engine_there_are_no_alarms(tmp_path: Path) -> None:
    assert AlarmTable(tmp_path, NAMES).new_alarms() == []


def test_what_comes_again_after_it_was_acknowledged_is_told_again(block: Block) -> None:
    table = AlarmTable(block.folder, NAMES)
    block.raise_alarm(0, 5)
    assert [ids(table), ids(table)] == [[5], []]
    block.rows[0]["acknowledged_utc_ns"] = 9
    assert ids(table) == []
    block.rows[0]["acknowledged_utc_ns"] = 0
    assert [ids(table), ids(table)] == [[5], []]
    table.close()
