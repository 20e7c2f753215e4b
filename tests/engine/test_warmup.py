"""Every kernel is known before it is called."""

import pytest

from engine.warmup import compilations
from ipc.compiler import JIT_DISABLED

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="without the JIT there are no kernels")


def test_each_kernel_calls_known_kernels_alone() -> None:
    found = compilations()
    names = {each.name for each in found}
    assert len(names) == len(found) > 500
    for each in found:
        assert each.needs <= names - {each.name}
