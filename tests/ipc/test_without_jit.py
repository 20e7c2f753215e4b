"""The same kernels run as plain Python, so that they can be stepped through and measured for coverage."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ("test_ring.py", "test_order_id.py", "test_histogram.py", "test_state_reader.py")


def test_ring_order_id_histogram_and_listing_do_the_same_without_the_jit() -> None:
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *(f"tests/ipc/{name}" for name in FILES)]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]
