"""Removing any one validation of the core makes a row of the table of refusals fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine

ROOT = Path(engine.__file__).parent.parent


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_validation_can_be_removed_unnoticed() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.engine.core.mutants"],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(process.stdout)
    assert len(found["guards"]) > 60, "the guards are found"
    assert found["survivors"] == []
