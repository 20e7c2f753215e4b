"""Compiles every kernel, one JSON line each: `python -m tools.compile_kernels [--all]` in a process of its own.

Compiling takes far more memory than running, so it is done by a process that ends. What it leaves is the
cache, and in it a mark that all of it was compiled; with the mark there is nothing to do, unless --all
asks for the figures.
"""

import contextlib
import json
import sys
from typing import Any

from ipc.clock import NS_PER_S, SystemClock
from ipc.compiler import CACHE_FOLDER, prune_old_caches

MARK = CACHE_FOLDER / "complete"


def main() -> None:
    """Compiles or loads each kernel and says how long it took."""
    if MARK.exists() and "--all" not in sys.argv[1:]:
        _say({"count": 0})
        return
    from engine.warmup import kernels  # noqa: PLC0415  loading it is most of the work when all is compiled

    clock = SystemClock()
    pending = list(kernels())
    _say({"count": len(pending)})
    for name, compile_kernel in pending:
        started_ns = clock.monotonic_ns()
        compile_kernel()
        _say({"kernel": name, "seconds": round((clock.monotonic_ns() - started_ns) / NS_PER_S, 4)})
    MARK.touch(mode=0o600)
    # Somebody else may be clearing the same old folders.
    with contextlib.suppress(OSError):
        prune_old_caches()


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
