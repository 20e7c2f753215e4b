"""A segment is mapped only when it is ours, whole, of this version and of this boot."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipc.segment import (
    HEADER_BYTES,
    Segment,
    SegmentError,
    SegmentGoneError,
    SegmentKind,
    SegmentWord,
    private_folder,
    runtime_folder,
)

KIND = SegmentKind.TEST_RING


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    """A ring of four slots."""
    segment = Segment.create(tmp_path / "segment", KIND, 256, capacity=4, slot_bytes=64)
    yield segment
    segment.close()


def attach(path: Path) -> None:
    """Attaches and lets go."""
    Segment.attach(path, KIND, writable=True).close()


@pytest.mark.parametrize(
    "word",
    [
        SegmentWord.MAGIC,
        SegmentWord.LAYOUT_VERSION,
        SegmentWord.SCHEMA_DIGEST,
        SegmentWord.KIND,
        SegmentWord.CONTENT_BYTES,
        SegmentWord.BOOT_ID,
        SegmentWord.READY,
    ],
)
@pytest.mark.parametrize("value", [-1, 0, 3, 1 << 62])
def test_a_stale_alien_or_unready_header_is_refused_by_the_name_of_its_word(
    segment: Segment, word: SegmentWord, value: int
) -> None:
    right = int(segment.words[word])
    segment.words[word] = value
    with pytest.raises(SegmentError, match=f"header word {word.name} is {value}, allowed is {right}"):
        attach(segment.path)
    segment.words[word] = right
    attach(segment.path)


@pytest.mark.parametrize(("capacity", "slot_bytes"), [(3, 64), (8, 64), (4, 128), (-4, -64), (1 << 40, 64)])
def test_slots_that_do_not_fill_the_content_are_refused(segment: Segment, capacity: int, slot_bytes: int) -> None:
    segment.words[SegmentWord.CAPACITY] = capacity
    segment.words[SegmentWord.SLOT_BYTES] = slot_bytes
    with pytest.raises(SegmentError, match=f"{capacity} slots of {slot_bytes} bytes"):
        attach(segment.path)


def test_what_others_write_over_the_fixed_words_does_not_reach_who_keeps_them(segment: Segment) -> None:
    segment.keep_fixed_words()
    stranger = Segment.attach(segment.path, KIND, writable=True)
    fixed = [word for word in SegmentWord if word < SegmentWord.READY]
    before = segment.words[fixed].tolist()
    stranger.words[:] = 1 << 40
    assert segment.words[fixed].tolist() == before
    assert int(segment.words[SegmentWord.NEXT]) == 1 << 40, "what changes is shared"
    stranger.content[:] = 7
    assert segment.content.tolist() == [7] * 256
    stranger.close()


@pytest.mark.parametrize("follow_up", [lambda path: None, lambda path: Segment.create(path, KIND, 256).close()])
def test_a_segment_that_goes_while_it_is_opened_is_gone_and_not_refused(
    segment: Segment, follow_up: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = os.open

    def open_too_late(path: Path, flags: int) -> int:
        monkeypatch.undo()
        descriptor = open_file(path, flags)
        segment.unlink()
        follow_up(segment.path)
        return descriptor

    monkeypatch.setattr(os, "open", open_too_late)
    with pytest.raises(SegmentGoneError, match="was replaced or removed a moment ago"):
        attach(segment.path)


def _open_to_others(path: Path) -> None:
    path.chmod(0o644)


def _second_name(path: Path) -> None:
    os.link(path, path.with_name("other"))


def _symbolic_link(path: Path) -> None:
    target = path.with_name("target")
    path.rename(target)
    path.symlink_to(target)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _cut_off(path: Path) -> None:
    os.truncate(path, HEADER_BYTES)


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_open_to_others, "mode 644; allowed is owner"),
        (_second_name, "not a plain file with one name"),
        (_symbolic_link, "cannot be opened"),
        (_folder, "cannot be opened"),
        (_cut_off, "a segment has more than"),
        (_gone, "does not exist; is the engine running"),
    ],
)
def test_a_file_that_is_no_private_whole_file_is_refused(
    segment: Segment, damage: Callable[[Path], None], message: str
) -> None:
    damage(segment.path)
    with pytest.raises(SegmentError, match=message):
        attach(segment.path)


def test_a_segment_of_another_kind_is_refused(segment: Segment) -> None:
    with pytest.raises(SegmentError, match="header word KIND"):
        Segment.attach(segment.path, SegmentKind.STATE, writable=False)


def test_nothing_is_left_behind_when_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(descriptor: int, offset: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    with pytest.raises(OSError, match="No space left"):
        Segment.create(tmp_path / "segment", KIND, 64)
    assert list(tmp_path.iterdir()) == []


def test_a_half_made_segment_has_no_name_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        Segment.create(tmp_path / "segment", KIND, 64)
    with pytest.raises(SegmentError, match="does not exist"):
        attach(tmp_path / "segment")


def test_a_new_segment_retires_the_one_that_it_replaces(segment: Segment) -> None:
    client = Segment.attach(segment.path, KIND, writable=True)
    assert client.is_current()
    successor = Segment.create(segment.path, KIND, 256)
    assert int(client.words[SegmentWord.READY]) == 0
    assert int(successor.words[SegmentWord.READY]) == 1
    assert not client.is_current()
    client.close()
    successor.close()


def test_a_segment_without_a_name_is_not_current(segment: Segment) -> None:
    segment.unlink()
    assert not segment.is_current()
    segment.unlink()


def test_a_lock_has_one_holder_and_ends_with_it(segment: Segment) -> None:
    first = Segment.attach(segment.path, KIND, writable=True)
    second = Segment.attach(segment.path, KIND, writable=True)
    assert first.try_lock()
    assert first.try_lock()
    assert not second.try_lock()
    first.unlock()
    assert second.try_lock()
    assert not first.try_lock()
    second.close()
    assert first.try_lock()
    first.close()


def test_a_reader_cannot_write(segment: Segment) -> None:
    reader = Segment.attach(segment.path, KIND, writable=False)
    with pytest.raises(ValueError, match="read-only"):
        reader.words[SegmentWord.READY] = 0
    reader.close()


def test_a_view_that_is_still_held_does_not_keep_a_segment_from_closing(tmp_path: Path) -> None:
    segment = Segment.create(tmp_path / "segment", KIND, 64)
    held = segment.content
    segment.close()
    assert int(held[0]) == 0


def test_the_runtime_folder_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    assert runtime_folder() == tmp_path
    monkeypatch.delenv("OMS_RUNTIME_DIR")
    assert runtime_folder() == Path(f"/dev/shm/oms-{os.geteuid()}")


def test_a_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "made")
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o750)
    with pytest.raises(SegmentError, match="mode 750"):
        private_folder(folder)
