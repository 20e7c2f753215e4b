"""`oms simulate` as it is called."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from tools.commands.application import app

ANSWER_KEYS = {
    "seeds",
    "violations",
    "checker_disagreements",
    "fault_counts",
    "fault_by_phase",
    "trace_hash",
    "seeds_per_s",
    "jobs",
}


def simulate(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["simulate", *arguments])
    return result.exit_code, result.stdout


def answer(*arguments: str) -> dict[str, object]:
    status, text = simulate("--jobs", "1", "--json", *arguments)
    assert status == 0
    told: dict[str, object] = orjson.loads(text.splitlines()[-1])
    return told


def test_the_answer_is_one_object() -> None:
    told = answer("--seeds", "0..20")
    assert set(told) == ANSWER_KEYS
    assert told["seeds"] == 20


def test_resuming_plays_what_is_left_and_ends_with_the_same_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = answer("--seeds", "0..60")
    state = str(tmp_path / "state.json")
    answer("--seeds", "0..60", "--resume", "--state-file", state)
    saved = orjson.loads(Path(state).read_bytes())
    saved["digests"] = [pair for pair in saved["digests"] if pair[0] != 50]
    saved["seeds"] = 50
    Path(state).write_bytes(orjson.dumps(saved))
    resumed = answer("--seeds", "0..60", "--resume", "--state-file", state)
    assert resumed["seeds"] == 60
    assert resumed["trace_hash"] == whole["trace_hash"]


@pytest.mark.parametrize("seeds", ["5", "5..5", "7..5", "a..b", "-1..3"])
def test_seeds_that_are_no_range_are_refused(seeds: str) -> None:
    assert simulate("--seeds", seeds)[0] == 1


def test_an_unknown_policy_is_refused_and_the_known_ones_are_listed() -> None:
    assert simulate("--policy", "nothing")[0] == 1
    status, text = simulate("--policy", "list")
    assert status == 0
    assert "no-sweep" in text.split()


def test_a_seed_tells_its_story() -> None:
    status, text = simulate("--seeds", "3..4", "--trace")
    assert status == 0
    assert "NEW_ORDER" in text
