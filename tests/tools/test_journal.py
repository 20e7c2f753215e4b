"""`oms journal`: what it tells of a sound journal, of a damaged one, and of a life lived again."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.journal.catch_up import catch_up
from engine.journal.events import EventWriter
from engine.journal.segment_file import offset_of, segment_names
from engine.journal.store import FOLDER, JournalStore
from engine.lifetime import durable_folder
from ipc.order_id import to_text
from ipc.segment import private_folder
from tests.engine.journal.journaled_world import JournaledWorld
from tools.commands.application import app

NAME = "kept"
STEPS = 400


def oms(*arguments: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of `oms journal`."""
    result = CliRunner().invoke(app, ["journal", *arguments])
    return result.exit_code, result.stdout, result.stderr


def answer(*arguments: str) -> tuple[int, Any]:
    """Status and the object that a program gets."""
    status, text, _ = oms(*arguments, "--json")
    return status, json.loads(text.splitlines()[-1])


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[JournalStore, JournaledWorld]:
    """A journal of one run, under an engine's name."""
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "s"))
    world = JournaledWorld()
    private_folder(durable_folder(NAME))
    store = JournalStore(durable_folder(NAME) / FOLDER, segment_bytes=128 * 256)
    store.open_for_append(epoch=world.base.epoch)
    base = world.base
    store.write_snapshot(base.block, 0, base.digest, epoch=base.epoch, is_base=True)
    world.trade(STEPS)
    store.append(world.entries())
    store.write_snapshot(world.snapshot().block, world.next_sequence, world.state.digest(), epoch=base.epoch)
    events = EventWriter(store.disk)
    catch_up(store, events, base, lambda: None)
    events.close()
    store.close()
    return store, world


def test_a_sound_journal_is_said_to_be_sound(journal: tuple[JournalStore, JournaledWorld]) -> None:
    store, world = journal
    for place in (NAME, str(store.folder), str(store.folder.parent)):
        status, text, _ = oms("verify", place)
        assert status == 0
        assert f"durable: all below {world.next_sequence}" in text
        assert text.endswith(f"{store.folder}: sound\n")
    status, told = answer("verify", NAME)
    assert (status, told["sound"], told["durable"]) == (0, True, world.next_sequence)
    assert sum(part["entries"] for part in told["files"] if part["what"].startswith("entries")) == world.next_sequence


def test_damage_is_told_with_its_place(journal: tuple[JournalStore, JournaledWorld]) -> None:
    store, _ = journal
    path = store.folder / str(segment_names(store.disk)[1])
    content = bytearray(path.read_bytes())
    content[offset_of(7) + 100] ^= 1
    path.write_bytes(content)
    status, text, _ = oms("verify", NAME)
    assert status == 1
    assert f"{path}: at byte {offset_of(7)}, journal sequence 135: the entry is damaged" in text
    assert answer("verify", NAME)[1]["sound"] is False
    status, _, told = oms("show", NAME)
    assert status == 1
    assert "journal sequence 135" in told


def test_a_replay_comes_out_the_same(journal: tuple[JournalStore, JournaledWorld]) -> None:
    _, world = journal
    status, text, _ = oms("replay", NAME)
    assert status == 0
    assert f"same; 1 snapshots compared, digest {world.state.digest()}" in text
    status, told = answer("replay", NAME, "--run", str(world.base.epoch))
    assert (status, told["same"], told["runs"][0]["entries"]) == (0, True, world.next_sequence)
    status, _, text = oms("replay", NAME, "--run", "99")
    assert status == 1
    assert f"base snapshots of runs {world.base.epoch}" in text


def test_a_snapshot_that_differs_is_told(journal: tuple[JournalStore, JournaledWorld]) -> None:
    store, world = journal
    store.open_for_append(epoch=world.base.epoch)
    store.write_snapshot(world.base.block, 100, "0" * 32, epoch=world.base.epoch)
    store.close()
    status, told = answer("replay", NAME)
    assert (status, told["same"]) == (1, False)
    assert f"the digest is {'0' * 32}, replayed it is" in told["runs"][0]["difference"]


def test_entries_are_shown_by_place_kind_and_order(journal: tuple[JournalStore, JournaledWorld]) -> None:
    _, world = journal
    status, text, _ = oms("show", NAME, "--from", "130", "--to", "140")
    assert status == 0
    assert [int(line.split()[0]) for line in text.splitlines()] == list(range(130, 141))
    rows = [json.loads(line) for line in oms("show", NAME, "--kind", "new_order", "--json")[1].splitlines()]
    assert len(rows) == sum(int(entry[1]) == 1 for entry in world.entries())
    assert {row["kind"] for row in rows} == {"NEW_ORDER"}
    reports = [json.loads(line) for line in oms("show", NAME, "--kind", "venue_report", "--json")[1].splitlines()]
    told_of = {row["fields"]["order_id"] for row in reports}
    order = next(row["fields"]["order_id"] for row in rows if row["fields"]["order_id"] in told_of)
    about = [json.loads(line) for line in oms("show", NAME, "--order", order, "--json")[1].splitlines()]
    assert len(about) > 1
    assert {row["fields"]["order_id"][:10] for row in about} == {order[:10]}
    status, _, told = oms("show", NAME, "--kind", "NONSENSE")
    assert status == 1
    assert "is none of NEW_ORDER" in told
    assert oms("show", NAME, "--order", to_text(0))[1] == ""


def test_pruning_tells_first_and_leaves_a_journal_that_is_written_alone(
    journal: tuple[JournalStore, JournaledWorld],
) -> None:
    store, world = journal
    (store.folder / str(store.snapshots()[-1])).unlink()
    for sequence, epoch in ((150, 8), (300, 9)):
        store.open_for_append(epoch=epoch)
        store.write_snapshot(world.base.block, sequence, world.base.digest, epoch=epoch, is_base=True)
        store.close()
    names = store.disk.names()
    status, text, _ = oms("prune", NAME, "--budget-mb", "0", "--dry-run")
    assert status == 0
    assert "would remove journal-0000000000000000.oms" in text
    assert store.disk.names() == names
    assert store.disk.try_lock()
    assert oms("prune", NAME, "--budget-mb", "0")[0] == 1
    store.disk.unlock()
    status, told = answer("prune", NAME, "--budget-mb", "0")
    assert status == 0
    assert {removal["name"] for removal in told["removed"]} == set(names) - set(store.disk.names())


def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_STATE_DIR", str(tmp_path / "s"))
    assert "name an engine that has run on this host" in oms("verify", "nobody")[2]
    assert "holds no journal" in oms("verify", str(tmp_path))[2]
