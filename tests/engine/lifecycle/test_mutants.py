"""Changing any one rule of the life cycle is noticed by a scenario or by a short sequence."""

import json
import os
import subprocess
import sys

import pytest

from tests.engine.lifecycle.mutants import ROOT


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_rule_of_the_life_cycle_can_be_changed_unnoticed() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.engine.lifecycle.mutants"],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(process.stdout)
    assert len(found["rules"]) >= 20
    assert found["survivors"] == []
