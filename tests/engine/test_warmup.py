"""Every kernel is known before it is called, and is compiled once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from engine.warmup import compilations
from ipc.compiler import JIT_DISABLED

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="without the JIT there are no kernels")
ROOT = Path(engine.__file__).parent.parent
# These work on two kinds of rows.
FOR_TWO_ROWS = {"_count_fill", "_move_position", "_sign"}
COUNT = """
import json
from engine import warmup

for each in warmup.compilations():
    each.compile()
print(json.dumps({kernel.py_func.__name__: len(kernel.signatures) for kernel in warmup.dispatchers()}))
"""


def test_each_kernel_calls_known_kernels_alone() -> None:
    found = compilations()
    names = {each.name for each in found}
    assert len(names) == len(found) > 500
    for each in found:
        assert each.needs <= names - {each.name}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_kernel_is_compiled_for_one_list_of_types() -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", COUNT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr[-2_000:]
    counts = json.loads(process.stdout)
    assert {name for name, count in counts.items() if count == 2} == FOR_TWO_ROWS
    assert {name for name, count in counts.items() if count != 1} == FOR_TWO_ROWS
