"""A key leaves no trace: not in the environment that the kernel shows, not in a log, not in a core file."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.event_log import EventLog, LogLevel
from engine.redaction import Redaction
from ipc.clock import SystemClock
from ipc.secret import Secret

ROOT = Path(__file__).resolve().parent.parent.parent
CANARY = "canary4711canary0815"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----"


def run(code: str, *, is_good: bool = True) -> str:
    """What a process prints that was started with a key in its environment."""
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMS_TEST_SECRET": CANARY, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode == 0) == is_good, process.stderr
    return process.stdout + process.stderr


START = """
import os, resource, subprocess, sys
from pathlib import Path
from gateways.environment import hide_variable, take_variable
shown = lambda pid: b"canary" in Path(f"/proc/{pid}/environ").read_bytes()
"""


def test_a_taken_variable_is_gone_from_where_the_kernel_shows_it() -> None:
    taken = """
before = shown("self")
value = take_variable("OMS_TEST_SECRET")
child = subprocess.run([sys.executable, "-c", "import os; print('OMS_TEST_SECRET' in os.environ)"], capture_output=True)
print(before, value, shown("self"), "OMS_TEST_SECRET" in os.environ, child.stdout.decode().strip())
"""
    assert run(START + taken).split() == ["True", CANARY, "False", "False", "False"]


def test_a_hidden_variable_is_still_a_childs() -> None:
    hidden = """
hide_variable("OMS_TEST_SECRET")
child = subprocess.run([sys.executable, "-c", "import os; print(os.environ['OMS_TEST_SECRET'])"], capture_output=True)
print(shown("self"), child.stdout.decode().strip())
"""
    assert run(START + hidden).split() == ["False", CANARY]


def test_a_private_process_leaves_no_core_file_and_cannot_be_read() -> None:
    private = """
import ctypes
from engine.privacy import keep_memory_private
keep_memory_private()
print(resource.getrlimit(resource.RLIMIT_CORE) == (0, 0), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
print(os.stat("/proc/self/environ").st_uid)
"""
    assert run(START + private).split() == ["True", "0", "0"]


@pytest.mark.parametrize(
    "module", ["engine.process", "engine.control.process", "engine.guardian.process", "engine.journal.process"]
)
def test_every_process_that_is_given_keys_is_private_before_it_reads_its_configuration(module: str) -> None:
    code = f"""
import {module} as process, resource
def load(path):
    print("core limit", resource.getrlimit(resource.RLIMIT_CORE))
    raise SystemExit
process.load_config = load
process.main(["x.toml"])
"""
    assert run(code).strip() == "core limit (0, 0)"


TEXTS = [
    f"key {CANARY} refused",
    f'{{"apiKey":"{CANARY}","signature":"{CANARY}"}}',
    f'{{\\"apiKey\\": \\"{CANARY}\\"}}',
    f"symbol=BTCUSDT&signature={CANARY}&timestamp=1",
    f"X-MBX-APIKEY: {CANARY}",
    f"listenKey={CANARY}",
    f"secret_key = '{CANARY}'",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_log_line_holds_no_key_however_it_came_there(text: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    log = EventLog(descriptor, LogLevel.INFO, SystemClock())
    log.redaction.learn(Secret(CANARY.encode()))
    log.write(LogLevel.ERROR, "trouble", reason=text)
    os.close(descriptor)
    assert CANARY not in path.read_text()
    assert json.loads(path.read_text())["event"] == "trouble"


@pytest.mark.parametrize("text", [*TEXTS[1:], PEM, PEM[:40]])
def test_a_key_that_nobody_knows_is_found_by_its_name(text: str) -> None:
    cleaned = Redaction().clean(text.encode())
    assert b"canary" not in cleaned
    assert b"MC4" not in cleaned
    assert b"(redacted)" in cleaned


def test_other_words_stay() -> None:
    for text in (b"orders=3&timestamp=1", b'{"event":"ready","api":"v3"}', b"the signature was refused"):
        assert Redaction().clean(text) == text


def test_a_librarys_record_and_its_traceback_are_cleaned() -> None:
    redaction = Redaction()
    redaction.learn(Secret(CANARY.encode()))
    try:
        raise ValueError(CANARY)
    except ValueError:
        record = logging.LogRecord("x", 40, "", 0, "failed with %s", (CANARY,), sys.exc_info())
    assert redaction.filter(record)
    told = logging.Formatter().format(record)
    assert CANARY not in told
    assert "ValueError" in told


def test_an_exception_that_ends_the_process_is_cleaned() -> None:
    code = f"""
from engine.redaction import Redaction
from ipc.secret import Secret
redaction = Redaction(); redaction.learn(Secret(b"{CANARY}")); redaction.install()
raise ValueError("{CANARY}")
"""
    told = run(code, is_good=False)
    assert "ValueError: (redacted)" in told
    assert CANARY not in told
