"""What is appended comes back, in order, sealed, and only there where it belongs."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from engine.journal.entry import CHECK_WORD, check_entries, crc32c, seal_entries, words_kept
from engine.journal.errors import JournalBusyError, JournalDamagedError, JournalError
from engine.journal.segment_file import read_header, segment_names
from ipc.enums import RecordKind
from ipc.memory import address_of
from ipc.records import INPUT_KINDS, INPUT_WORDS_MAX, LAYOUTS
from tests.engine.journal.slots import DIGEST, SEGMENT_BYTES, SEGMENT_ENTRIES, all_entries, slots, small_store


def bitwise_crc32c(data: bytes) -> int:
    """The sum by its definition."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F6_3B78 if crc & 1 else 0)
    return crc ^ 0xFFFF_FFFF


def test_the_check_sum_is_crc32c() -> None:
    assert bitwise_crc32c(b"123456789") == 0xE306_9283, "the published check value"
    words = slots(0, 2).reshape(-1)
    assert crc32c(words) == bitwise_crc32c(words.tobytes())
    assert crc32c(np.array([-1], np.int64)) == bitwise_crc32c(b"\xff" * 8)


def test_what_an_input_did_not_say_is_zero_in_its_entry() -> None:
    entries = slots(5, 200)
    wrote = entries.copy()
    seal_entries(address_of(entries), 5, len(entries), 7)
    for sealed, slot in zip(entries, wrote, strict=True):
        words = words_kept(int(slot[1]))
        assert (sealed[:words] == slot[:words]).all()
        assert not sealed[words:INPUT_WORDS_MAX].any()
        assert (sealed[INPUT_WORDS_MAX:CHECK_WORD] == slot[INPUT_WORDS_MAX:CHECK_WORD]).all()
    assert check_entries(address_of(entries), 5, len(entries), 7) == len(entries)


@pytest.mark.parametrize("kind", sorted(INPUT_KINDS))
def test_every_input_is_kept_whole(kind: RecordKind) -> None:
    assert LAYOUTS[kind].itemsize // 8 <= words_kept(kind) <= INPUT_WORDS_MAX


def test_an_entry_counts_only_at_its_place_in_its_file() -> None:
    entries = slots(5, 3)
    seal_entries(address_of(entries), 5, 3, 7)
    address = address_of(entries)
    assert [check_entries(address, 5, 3, 7), check_entries(address, 6, 3, 7), check_entries(address, 5, 3, 8)] == [
        3,
        0,
        0,
    ]
    entries[1, 9] += 1
    assert check_entries(address, 5, 3, 7) == 1


def test_entries_come_back_over_many_files(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    store = small_store(folder)
    store.open_for_append(epoch=1)
    written = []
    for count in (1, SEGMENT_ENTRIES - 1, 1, 3 * SEGMENT_ENTRIES, 7):
        batch = slots(store.next_sequence, count)
        store.append(batch)
        written.append(batch)
    store.close()
    expected = np.concatenate(written)
    again = small_store(folder)
    result = again.recover()
    assert (result.next_sequence, result.truncated_entries, result.said) == (len(expected), 0, ())
    assert (all_entries(again) == expected).all()
    for first in (0, 1, SEGMENT_ENTRIES, len(expected) - 1, len(expected)):
        assert (all_entries(again, first) == expected[first:]).all()
    again.append(slots(len(expected), 2))
    assert len(all_entries(again)) == len(expected) + 2


def test_a_run_goes_on_in_the_file_of_the_one_before(tmp_path: Path) -> None:
    store = small_store(tmp_path / "journal")
    for epoch in (1, 2, 3):
        store.open_for_append(epoch=epoch)
        store.append(slots(store.next_sequence, 10))
        store.close()
    assert [read_header(store.disk, name).epoch for name in segment_names(store.disk)] == [1]
    assert len(all_entries(store)) == 30


def test_only_one_process_writes(tmp_path: Path) -> None:
    first, second = small_store(tmp_path / "journal"), small_store(tmp_path / "journal")
    first.open_for_append(epoch=1)
    with pytest.raises(JournalBusyError, match="written by another process"):
        second.open_for_append(epoch=2)
    first.close()
    second.open_for_append(epoch=2)
    second.close()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    store = small_store(tmp_path / "journal")
    store.open_for_append(epoch=1)
    store.append(slots(0, 1))
    store.write_snapshot(b"block" * 1_000, 1, DIGEST, epoch=1)
    store.close()
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    for name in os.listdir(store.folder):
        assert stat.S_IMODE((store.folder / name).stat().st_mode) == 0o600, name


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    store = small_store(tmp_path / "journal")
    store.open_for_append(epoch=1)
    store.append(slots(0, 1))
    store.close()
    name = store.folder / str(segment_names(store.disk)[0])
    name.rename(tmp_path / "elsewhere")
    name.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        small_store(store.folder).recover()


def test_entries_take_no_room_that_was_not_taken_before(tmp_path: Path) -> None:
    store = small_store(tmp_path / "journal")
    store.open_for_append(epoch=1)
    store.append(slots(0, 1))
    path = store.folder / str(segment_names(store.disk)[0])
    before = path.stat()
    assert before.st_size == SEGMENT_BYTES + 4_096
    assert before.st_blocks * 512 >= before.st_size, "no hole is left to be filled later"
    store.append(slots(1, SEGMENT_ENTRIES - 1))
    assert path.stat().st_size == before.st_size
    store.close()


def test_asking_for_what_is_not_kept_any_more_says_from_where_on_it_is(tmp_path: Path) -> None:
    store = small_store(tmp_path / "journal")
    store.open_for_append(epoch=1)
    store.append(slots(0, 3 * SEGMENT_ENTRIES))
    store.close()
    (store.folder / str(segment_names(store.disk)[0])).unlink()
    with pytest.raises(JournalError, match=f"kept from {SEGMENT_ENTRIES} on, asked for was 0"):
        all_entries(store)
    with pytest.raises(JournalDamagedError, match="entries from 0 on are missing"):
        store.recover()


def test_the_newest_snapshot_of_the_run_counts(tmp_path: Path) -> None:
    store = small_store(tmp_path / "journal")
    store.open_for_append(epoch=3)
    assert store.latest_snapshot() is None
    store.write_snapshot(b"base", 0, DIGEST, epoch=3, is_base=True)
    store.append(slots(0, 5))
    block = np.random.default_rng(1).bytes(3 << 20)
    store.write_snapshot(block, 5, DIGEST[::-1], epoch=3)
    newest = store.latest_snapshot()
    assert newest is not None
    assert (newest.sequence, newest.epoch, newest.is_base, newest.digest) == (5, 3, False, DIGEST[::-1])
    assert newest.block == block
    store.close()
