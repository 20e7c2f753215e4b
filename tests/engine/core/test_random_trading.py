"""Whatever comes in whatever order, the tables stay consistent, every fill is booked, and replaying gives the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from ipc.compiler import JIT_DISABLED
from tests.engine.core.invariants import check_invariants
from tests.engine.core.random_trading import RandomTrading, trading_world
from tests.engine.core.replay import digest_of, write_inputs

ROOT = Path(engine.__file__).parent.parent
STEPS = 150 if JIT_DISABLED else 1_500


@pytest.mark.parametrize("seed", range(4))
def test_random_trading_keeps_every_invariant(seed: int) -> None:
    trading = RandomTrading(trading_world(), seed)
    for _ in range(STEPS):
        trading.take_step()
        check_invariants(trading.world)
    assert len(trading.ledger.filled) > STEPS // 50, "orders were filled"


def test_the_same_inputs_give_the_same_state(tmp_path: Path) -> None:
    trading = RandomTrading(trading_world(), seed=11)
    for _ in range(STEPS):
        trading.take_step()
    write_inputs(trading.world, tmp_path / "inputs.npy")
    assert digest_of(tmp_path / "inputs.npy", trading_world()) == trading.world.state.digest()


@pytest.mark.slow
def test_compiled_and_interpreted_runs_give_the_same_state(tmp_path: Path) -> None:
    trading = RandomTrading(trading_world(), seed=12)
    for _ in range(300):
        trading.take_step()
    write_inputs(trading.world, tmp_path / "inputs.npy")
    process = subprocess.run(
        [sys.executable, "-m", "tests.engine.core.replay", str(tmp_path / "inputs.npy")],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0" if JIT_DISABLED else "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout == trading.world.state.digest()
