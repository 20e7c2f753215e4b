"""The core stays within its tables when every index is checked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from ipc.compiler import JIT_DISABLED

ROOT = Path(engine.__file__).parent.parent
FOLDER = "tests/engine/core"
BEYOND = """
import numpy as np
from ipc.compiler import kernel
from ipc.memory import address_of, view
from ipc.tables import TRADE

@kernel
def read(address, place):
    return view(address, 2, TRADE)[place]["trade_id"]

rows = np.zeros(3, TRADE)
try:
    read(address_of(rows), 2)
except IndexError:
    print("checked")
"""


@pytest.mark.slow
@pytest.mark.skipif(JIT_DISABLED, reason="Python checks bounds anyway")
@pytest.mark.timeout(1_200)
def test_hostile_and_random_inputs_stay_within_every_table(tmp_path: Path) -> None:
    """The cache has a folder of its own, because whether bounds are checked is not in numba's key."""
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "OMS_CACHE_DIR": str(tmp_path)}
    script = tmp_path / "beyond.py"
    script.write_text(BEYOND)
    checked = subprocess.run(
        [sys.executable, script],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout == "checked\n", "bounds are checked in this run"
    files = (f"{FOLDER}/test_hostile_commands.py", f"{FOLDER}/test_random_trading.py")
    # Its first test compiles everything; the time-out of this test holds for all of it.
    own_time = ("--timeout", "0")
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *own_time, "-p", "no:cacheprovider", "-m", "not slow", *files],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout[-4_000:]
