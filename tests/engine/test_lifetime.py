"""The count of an engine's starts: every one has a number that no other has, or does not begin."""

from pathlib import Path

import pytest

from engine.lifetime import EpochError, durable_folder, next_epoch
from ipc.segment import private_folder

NAME = "counted"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the count is kept."""
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path))
    return private_folder(durable_folder(NAME))


def test_every_start_has_the_next_number_and_one_behind_the_journals(folder: Path) -> None:
    assert [next_epoch(NAME), next_epoch(NAME), next_epoch(NAME, after=7), next_epoch(NAME, after=3)] == [1, 2, 8, 9]


def test_a_number_that_the_disk_does_not_take_is_refused_by_file_reason_and_remedy(folder: Path) -> None:
    assert next_epoch(NAME) == 1
    (folder / "epoch.new").symlink_to("/dev/full")
    with pytest.raises(EpochError, match=r"/counted/epoch cannot be kept: No space left on device; see to it"):
        next_epoch(NAME)
    (folder / "epoch.new").unlink()
    assert next_epoch(NAME) == 2


def test_a_count_that_is_no_number_is_refused(folder: Path) -> None:
    (folder / "epoch").write_text("many")
    with pytest.raises(EpochError, match="does not hold a number"):
        next_epoch(NAME)
