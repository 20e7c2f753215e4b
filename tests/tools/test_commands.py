"""The `oms` command: what each subcommand answers, people and programs alike."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ipc.schema import SCHEMA_DIGEST
from tests.engine.configuration_file import set_key, sound_table, write_table
from tools import supported_systems
from tools.commands.application import app

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = [
    "demo",
    "sandbox",
    "run",
    "venue",
    "warmup",
    "config",
    "journal",
    "latency",
    "orders",
    "positions",
    "schema",
    "submit",
    "execute",
    "parents",
    "explain",
    "calibrate",
    "pause",
    "resume",
    "cancel",
]


def oms(*arguments: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of `oms` with these arguments, in this process."""
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_help_names_every_command() -> None:
    status, text, _ = oms("--help")
    assert status == 0
    assert all(f" {command} " in text for command in COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "venue"])
def test_every_command_has_help(command: str) -> None:
    status, text, _ = oms(command, "--help")
    assert status == 0
    assert f"oms {command}" in text


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numba", "numpy", "msgspec", "hdrh", "zmq")
    code = f"import sys, tools.commands.application; print(any(m in sys.modules for m in {heavy}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "False"


def test_a_sound_configuration_passes_the_check(tmp_path: Path) -> None:
    path = write_table(sound_table(tmp_path), tmp_path / "c.toml")
    status, text, _ = oms("config", "check", str(path))
    assert status == 0
    assert text == f"{path}: sound; engine oms; accounts: main at BINANCE; strategies: alpha\n"
    status, text, _ = oms("config", "check", str(path), "--json")
    assert (status, json.loads(text)) == (0, {"file": str(path), "sound": True, "problems": []})


def test_a_mistake_in_a_configuration_fails_the_check(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    set_key(table, "engine.instance", 99)
    path = write_table(table, tmp_path / "c.toml")
    status, text, told = oms("config", "check", str(path))
    assert (status, text) == (1, "")
    assert f"{path}: engine.instance = 99: is not a value that this key takes" in told
    status, text, _ = oms("config", "check", str(path), "--json")
    answer = json.loads(text.splitlines()[-1])
    assert status == 1
    assert not answer["sound"]
    assert answer["problems"][0]["key"] == "engine.instance"
    assert set(answer["problems"][0]) == {"key", "value", "what", "allowed", "fix"}


def test_running_a_broken_configuration_starts_nothing(tmp_path: Path) -> None:
    status, text, told = oms("run", str(tmp_path / "none.toml"))
    assert (status, text) == (1, "")
    assert "none.toml: file: cannot be read" in told


def test_the_schema_is_printed_in_each_form() -> None:
    status, text, _ = oms("schema", "--json")
    assert (status, json.loads(text)["digest"]) == (0, SCHEMA_DIGEST)
    status, text, _ = oms("schema", "--c")
    assert (status, text.startswith("/*")) == (0, True)
    status, text, _ = oms("schema")
    assert (status, "NEW_ORDER: commit kind sequence" in text) == (0, True)
    assert oms("schema", "--c", "--json")[0] == 2


@pytest.mark.parametrize("command", [["latency"], ["orders"], ["positions"], ["submit", "A/B.C", "buy", "1"]])
def test_without_an_engine_a_command_says_so(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    status, text, told = oms(*command)
    assert (status, text) == (1, "")
    assert told.startswith(f"oms: no engine in {tmp_path}; there: none; start one with oms run")


def test_a_named_engine_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "latency").touch()
    assert "more than one engine in" in oms("latency")[2]
    assert "no engine called three" in oms("latency", "--engine", "three")[2]
    assert "there: one, two" in oms("latency", "--engine", "three")[2]


def test_cancel_wants_to_know_what() -> None:
    assert oms("cancel")[0] == 2
    assert oms("cancel", "1", "--all")[0] == 2


def test_an_order_id_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_RUNTIME_DIR", str(tmp_path))
    status, _, told = oms("cancel", "om123")
    assert status == 1
    assert "'om123' is no order id; allowed is a number or a client order id such as om" in told


@pytest.mark.parametrize(
    ("where", "name", "value", "words"),
    [
        (sys, "platform", "darwin", "needed is Linux"),
        (platform, "machine", lambda: "riscv64", "needed is x86_64 or aarch64"),
        (sys, "version_info", (3, 10, 4), "needed is 3.11 or newer"),
    ],
)
def test_an_unsupported_system_is_refused_by_name(
    where: object, name: str, value: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supported_systems.refusal() == ""
    monkeypatch.setattr(where, name, value)
    assert words in supported_systems.refusal()
