"""Owns the machine's side of a benchmark: its description, its cores, and the one lock."""

import contextlib
import fcntl
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numba", "llvmlite", "numpy", "picows", "pyzmq", "uvloop", "hdrhistogram")
# Before anything was pinned.
USABLE_CORES = frozenset(os.sched_getaffinity(0))
LOCK_NAME = "order-management-platform-perf.lock"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "CPU part"):
            return value.strip()
    return platform.processor() or "unknown"


def _governor(core: int) -> str:
    path = Path(f"/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor")
    return path.read_text().strip() if path.exists() else "not visible"


def _commit() -> str:
    root = Path(__file__).resolve().parent.parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short=12", "HEAD") + (" with local changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def describe(cores: tuple[int, ...]) -> dict[str, object]:
    """What a reader must know of this machine to compare figures."""
    return {
        "cpu": _cpu_model(),
        "cores_usable": len(USABLE_CORES),
        "cores_used": list(cores),
        "governor": _governor(cores[0]),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "commit": _commit(),
    }


def two_cores() -> tuple[int, int]:
    """The core for our side and the one for its peer: the last two usable, as the first serves most interrupts."""
    usable = sorted(USABLE_CORES)
    return usable[-1], usable[-2] if len(usable) > 1 else usable[-1]


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keeps this process on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def only_benchmark() -> Iterator[None]:
    """Waits until no other benchmark of this machine runs; the kernel frees the lock when its holder dies."""
    path = Path(tempfile.gettempdir()) / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another benchmark holds {path}; waiting for it", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
