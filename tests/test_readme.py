"""The README is true: every command, every snippet, every path, every default and every configuration in it."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.configuration.shape import Config
from gateways.simulator.keys import generate_ed25519
from ipc.histogram import Stage
from tests.readme import BLOCKS, ROOT, blocks, commands, defaults, paths
from tests.system.waiting import await_that

CONFIGURATION = "engine.toml"
# What the README asks its reader to make, and what making it leaves.
READERS_OWN = {CONFIGURATION, "key.toml", "engine.key", ".venv/"}
PUBLIC_KEY_CHARACTERS = 40
SANDBOX, CHECK, RUN = "oms sandbox", f"oms config check {CONFIGURATION}", f"oms run {CONFIGURATION}"
# A command of make ends with this one, and a test that ran it would run itself.
MADE = {"make demo": ".venv/bin/oms demo", "make test": ".venv/bin/pytest"}

pytestmark = pytest.mark.timeout(400)


def is_filled(answer: str) -> bool:
    order: dict[str, object] = json.loads(answer)
    return (order["order_status"], order["cumulative_quantity"]) == ("FILLED", "0.01000")


def is_schema(answer: str) -> bool:
    description: dict[str, object] = json.loads(answer)
    return {"digest", "records"} <= description.keys()


# Commands that take minutes, and what makes them short.
SHORTENED = {"oms demo --scenario algos": "--seeds 8 --jobs 2", "oms demo --scenario sor": "--seeds 24 --jobs 2"}

# The rest of the commands, in the README's order, and whether an answer is as the README says.
ANSWERED: dict[str, Callable[[str], bool]] = {
    "oms submit BTC/USDT.BINANCE buy 0.01 --json": is_filled,
    "oms submit BTC/USDT.BINANCE buy 0.01 --price 60000 --execution-timeout-ms 0": lambda answer: answer.endswith(
        "NEW BUY BTC/USDT.BINANCE 0.00000 of 0.01000 at 60000.00\n"
    ),
    "oms orders": lambda answer: "BTC/USDT.BINANCE  BUY   LIMIT" in answer and "  NEW  " in answer,
    "oms cancel --all": lambda answer: answer.startswith("canceled: om") and "still open: none" in answer,
    "oms positions": lambda answer: "BTC/USDT.BINANCE  0.01000" in answer and "main     USDT" in answer,
    "oms latency": lambda answer: [line.split()[0] for line in answer.splitlines()[1:]] == stages(),
    "oms schema --json": is_schema,
    "oms schema --c": lambda answer: "#define" in answer and "int64_t" in answer,
    "oms execute BTC/USDT.BINANCE buy 0.02 --algorithm twap --end 5s --follow": lambda answer: "FILLED" in answer,
    "oms parents": lambda answer: answer != "",
    "oms keys new engine.key": lambda answer: len(answer.split()[-1].strip("'")) == PUBLIC_KEY_CHARACTERS,
    "oms kill": lambda answer: answer.startswith("engine: HALT holds, and every order in it has ended, after "),
    "oms limits": lambda answer: "\nengine " in answer and "  HALT  " in answer and "VERIFIED" in answer,
    "oms help TRADING_STATE": lambda answer: answer.startswith("refusal TRADING_STATE: "),
    "oms arm": lambda answer: answer == "engine: ACTIVE, was HALT\n",
}


def stages() -> list[str]:
    return [stage.name.lower() for stage in Stage]


def environment(folder: Path) -> dict[str, str]:
    """The reader's: `oms` is found, and everything that runs lies in the folder."""
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": search,
        "OMS_RUNTIME_DIR": str(folder / "runtime"),
        "OMS_STATE_DIR": str(folder / "state"),
    }


def run(command: list[str], folder: Path) -> str:
    """What it prints; it must end well and quietly."""
    ended = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=300, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, ""), f"{command}: {ended.stdout}{ended.stderr}"
    return ended.stdout


@contextlib.contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs it beside us until Ctrl-C, upon which it must end well."""
    with (folder / "stdout").open("w+") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=output, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
        assert process.returncode == 0, (folder / "stdout").read_text()


def await_line(process: subprocess.Popen[str], file: Path, line: str) -> None:
    def has_come() -> bool:
        text = file.read_text() if file.exists() else ""
        assert process.poll() is None, text
        return line in text

    await_that(has_come, f"{line!r} in {file.name}", timeout_s=300)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which the README's sandbox runs; afterwards nothing of it is left."""
    folder = tmp_path_factory.mktemp("sandbox")
    assert SANDBOX in commands()
    with running(shlex.split(SANDBOX), folder) as process:
        await_line(process, folder / "stdout", "running until Ctrl-C\n")
        yield folder
    assert {path.name for path in folder.iterdir()} <= {"stdout", "strategy.py", "engine.key"}


def test_every_command_is_tried() -> None:
    assert set(commands()) == {*MADE, SANDBOX, *SHORTENED, *ANSWERED, CHECK, RUN}
    assert {block.language for block in BLOCKS} == {"", "console", "python", "toml"}


@pytest.mark.parametrize("command", MADE)
def test_make_ends_with_the_command_that_it_stands_for(command: str) -> None:
    planned = subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert planned.stdout.splitlines()[-1] == MADE[command]


@pytest.mark.slow
def test_the_commands_answer_as_shown(sandbox: Path) -> None:
    typed = [command for command in commands() if command in ANSWERED]
    assert typed == list(ANSWERED), "the order matters: what is listed and canceled was sent before"
    for command in typed:
        answer = run(shlex.split(command), sandbox)
        assert ANSWERED[command](answer), f"{command}: {answer}"


@pytest.mark.slow
@pytest.mark.parametrize("command", SHORTENED)
def test_a_long_command_holds_for_a_few_seeds_as_well(tmp_path: Path, command: str) -> None:
    shortened = subprocess.run(
        shlex.split(f"{command} {SHORTENED[command]} --json"),
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert shortened.returncode == 0, shortened.stdout + shortened.stderr


@pytest.mark.slow
def test_the_algorithms_trade_and_end(sandbox: Path) -> None:
    (strategy,) = (text for text in blocks("python") if "bracket" in text)
    assert run_strategy(strategy, sandbox).count(" ENDED ") >= 3
    assert position_of_mine(sandbox) == 0


@pytest.mark.slow
def test_the_python_strategy_trades_and_is_flat_again(sandbox: Path) -> None:
    strategy, *_ = blocks("python")
    *lines, last = run_strategy(strategy, sandbox).splitlines()
    assert lines[0].startswith("PENDING_NEW order ")
    assert " FILLED BUY BTC/USDT.BINANCE 0.01000 of 0.01000" in last or " EXPIRED BUY " in last
    await_that(lambda: position_of_mine(sandbox) == 0, "the target position")


@pytest.mark.slow
def test_the_compiled_strategy_trades(sandbox: Path) -> None:
    _, strategy, *_ = blocks("python")
    before = position_of_mine(sandbox)
    assert int(run_strategy(strategy, sandbox)) > 0
    assert position_of_mine(sandbox) == before + Decimal("0.01")


def run_strategy(text: str, folder: Path) -> str:
    """What it prints."""
    (folder / "strategy.py").write_text(text)
    return run([sys.executable, "strategy.py"], folder)


def position_of_mine(folder: Path) -> Decimal:
    answer = json.loads(run(["oms", "positions", "--strategy", "mine", "--json"], folder))
    return sum((Decimal(row["position"]) for row in answer["positions"]), Decimal(0))


@pytest.mark.slow
def test_the_configuration_is_sound_and_runs(tmp_path: Path) -> None:
    text, _ = blocks("toml")
    (tmp_path / CONFIGURATION).write_text(text)
    key = generate_ed25519()
    write_key(tmp_path, key.api_key, key.private_pem)
    assert "sound; engine testnet" in run(shlex.split(CHECK), tmp_path)

    # The testnet is out of a test's reach, so the same engine runs on the simulated venue.
    venue = [sys.executable, "-m", "gateways.simulator", "--demo", "--ready-file", "venue.ready"]
    (tmp_path / "venue").mkdir()
    with running(venue, tmp_path / "venue") as process:
        await_line(process, tmp_path / "venue" / "venue.ready", "\n")
        ready = json.loads((tmp_path / "venue" / "venue.ready").read_text())
        (account,) = ready["accounts"]
        write_key(tmp_path, account["ed25519_api_key"], Path(account["ed25519_private_key_file"]).read_text())
        address = f"ws://127.0.0.1:{ready['port']}"
        assert 'environment = "testnet" ' in text
        urls = f'environment = "custom"\norder_url = "{address}/ws-api/v3"\nmarket_url = "{address}/stream"\n'
        (tmp_path / CONFIGURATION).write_text(text.replace('environment = "testnet" ', urls))
        with running(shlex.split(RUN), tmp_path) as engine:
            await_line(engine, tmp_path / "stdout", '"event":"ready"')


def write_key(folder: Path, api_key: str, secret_key: str) -> None:
    (folder / "key.toml").touch(mode=0o600)
    text = f"api_key = {json.dumps(api_key)}\nsecret_key = {json.dumps(secret_key)}\n"
    (folder / "key.toml").write_text(text)


def test_every_default_is_the_declared_one() -> None:
    rows = defaults()
    tables = {field.name: field.type for field in msgspec.structs.fields(Config)}
    told = {(table, key): tomllib.loads(f"value = {default}")["value"] for table, key, default in rows}
    declared = {
        (table, field.name): field.default
        for table in {table for table, _, _ in rows}
        for field in msgspec.structs.fields(tables[table])
    }
    assert len(rows) == len(told) > 0
    assert told == {key: list(value) if isinstance(value, tuple) else value for key, value in declared.items()}


@pytest.mark.parametrize("path", paths())
def test_every_path_exists(path: str) -> None:
    if path in READERS_OWN:
        return
    # Within a table's row a path may be relative to the folder that the row is about.
    assert any(next(ROOT.glob(pattern), None) for pattern in (path, f"*/{path}", f"*/*/{path}")), path


def test_the_demonstrations_output_has_all_its_parts() -> None:
    (output,) = [block.text for block in BLOCKS if not block.language and "latency in µs" in block.text]
    first_words = [line.split()[0] for line in output.splitlines() if line]
    parts = ["latency", *stages(), "orders", "fills", "position", "fees", "slippage", "proof", "done"]
    assert [word for word in first_words if word in parts] == parts
