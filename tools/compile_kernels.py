"""Compiles every kernel, one JSON line each: `python -m tools.compile_kernels [--all]` in a process of its own.

Compiling takes far more memory than running, so it is done by processes that end: this one hands out kernels whose
callees are ready, its workers compile them. What they leave is the cache, and in it a mark that all of it was
compiled; with the mark there is nothing to do, unless --all asks for the figures.
"""

import contextlib
import json
import os
import selectors
import subprocess
import sys
from graphlib import TopologicalSorter
from typing import Any

from ipc.compiler import CACHE_FOLDER, prune_old_caches
from tools.child_process import ATTACHED

MARK = CACHE_FOLDER / "complete"
# Each worker takes some 700 MB, and the last kernels, which contain all others, come one after the other.
WORKERS_MAX = 4


class _Worker:
    """A process that compiles one kernel at a time; it ends with this one."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tools.kernel_worker"]
        self._process = subprocess.Popen(  # noqa: S603  the command is ours
            [sys.executable, "-I", "-S", str(ATTACHED), str(os.getpid()), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        self._stdin, self.stdout = self._process.stdin, self._process.stdout

    def compile(self, name: str) -> None:
        """Gives it a kernel to compile."""
        self._stdin.write(name + "\n")

    def result(self) -> dict[str, Any]:
        """What it says of the kernel that is ready now; RuntimeError when it has ended instead."""
        line = self.stdout.readline()
        if not line:
            raise RuntimeError(f"a compiling process ended with status {self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    def end(self) -> None:
        """Lets it end, and waits for that."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Compiles or loads each kernel and says how long it took."""
    if MARK.exists() and "--all" not in sys.argv[1:]:
        _say({"count": 0})
        return
    from engine.warmup import compilations  # noqa: PLC0415  loading it is most of the work when all is compiled

    needs = {each.name: each.needs for each in compilations()}
    _say({"count": len(needs)})
    if needs:
        _compile_all(needs)
    MARK.touch(mode=0o600)
    # Somebody else may be clearing the same old folders.
    with contextlib.suppress(OSError):
        prune_old_caches()


def _compile_all(needs: dict[str, frozenset[str]]) -> None:
    order = TopologicalSorter(needs)
    order.prepare()
    idle = [_Worker() for _ in range(min(len(os.sched_getaffinity(0)), WORKERS_MAX))]
    with contextlib.ExitStack() as cleanup, selectors.DefaultSelector() as busy:
        for worker in idle:
            cleanup.callback(worker.end)
        ready: list[str] = []
        while order.is_active():
            ready += order.get_ready()
            while ready and idle:
                worker = idle.pop()
                worker.compile(ready.pop(0))
                busy.register(worker.stdout, selectors.EVENT_READ, worker)
            for key, _ in busy.select():
                busy.unregister(key.fileobj)
                said = key.data.result()
                idle.append(key.data)
                _say(said)
                order.done(said["kernel"])


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
