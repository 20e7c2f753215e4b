"""Owns compilation: the one kernel decorator, the cache that is never stale, and sealing.

numba's own cache notices a change only in the file of the kernel itself, and not every setting that
changes code is in its key. So the cache directory's name is a digest of all that can change code:
the sources of every package with kernels and where they lie, the versions of the compiler, and its
settings. A change anywhere gives an empty directory, never an old kernel.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Where kernels and the constants they hold come from: each is a folder or one file.
KERNEL_SOURCES = (
    "ipc",
    "engine/core",
    "engine/spin",
    "engine/journal/entry.py",
    "engine/journal/replay.py",
    "gateways/template.py",
)
CACHES_KEPT = 6


class CacheError(Exception):
    """The kernel cache cannot be used safely; the message says why and what to do."""


def _source_digest() -> str:
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.blake2b(digest_size=12)
    # numba finds a kernel by where its file lies too, so another checkout has compiled nothing for this one.
    digest.update(os.fsencode(root) + b"\0")
    for source in KERNEL_SOURCES:
        named = root / source
        for path in sorted(named.rglob("*.py")) if named.is_dir() else [named]:
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    for name in sorted(os.environ):
        if name.startswith("NUMBA_") and name not in ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"):
            digest.update(f"{name}={os.environ[name]}\0".encode())
    from importlib.metadata import version  # noqa: PLC0415  only needed once, before numba loads

    for package in ("numba", "llvmlite", "numpy"):
        digest.update(f"{package}={version(package)}\0".encode())
    return digest.hexdigest()


def _private_folder(path: Path) -> None:
    """Makes the folder ours alone: numba's cache is pickle, so who can write it can run code as us."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise CacheError(f"kernel cache {path} is not a folder of user {os.geteuid()}; remove it or set OMS_CACHE_DIR")
    if status.st_mode & 0o022:
        raise CacheError(
            f"kernel cache {path} has mode {stat.S_IMODE(status.st_mode):o}, allowed is 700; run: chmod 700 {path}"
        )


def _cache_root() -> Path:
    base = os.environ.get("OMS_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "order-management-platform" / "kernels"


def _open_cache() -> Path:
    root = _cache_root()
    # Who may write into the folder above could put another one in this one's place.
    _private_folder(root.parent)
    _private_folder(root)
    cache = root / _source_digest()
    _private_folder(cache)
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    return cache


CACHE_FOLDER = _open_cache()

import numba  # noqa: E402  the cache directory must be named before numba reads it
from numba import types  # noqa: E402
from numba.core import registry  # noqa: E402
from numba.core.dispatcher import Dispatcher  # noqa: E402

# numba reads the variable when it is imported, and a strategy may have imported it before us.
_settings: Any = numba.config
_settings.CACHE_DIR = str(CACHE_FOLDER)

JIT_DISABLED = bool(_settings.DISABLE_JIT)


class _Kernel(registry.CPUDispatcher):
    """A kernel that is compiled once for all integers: numba would compile it anew for each constant and each enum."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What a caller that is being compiled calls, by the types of its arguments."""
        return super().get_call_template(
            tuple(_plain(given) for given in args), {name: _plain(given) for name, given in kws.items()}
        )


def _plain(given: Any) -> Any:
    if isinstance(given, types.IntEnumMember):
        return given.dtype
    unliteral: Any = types.unliteral
    return unliteral(given)


def _dispatched(function: Callable[P, R], options: dict[str, Any]) -> Callable[P, R]:
    if JIT_DISABLED:
        return function
    dispatcher = _Kernel(function, targetoptions={"nopython": True, "boundscheck": None, **options})
    dispatcher.enable_caching()
    compiled: Callable[P, R] = dispatcher
    return compiled


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a function of the hot path; it is cached and keeps its types for the type checker."""
    return _dispatched(function, {})


def kernel_without_gil(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a kernel that lets other threads run while it spins."""
    return _dispatched(function, {"nogil": True})


def c_function(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compiles a function that C may call by its `address`; an exception inside it is lost, so it raises none."""
    decorate: Callable[[Callable[..., Any]], Any] = numba.cfunc(signature, cache=True)
    return decorate


def seal(*entry_kernels: Callable[..., Any]) -> None:
    """Forbids any further compilation of kernels that Python calls; a new type of argument then raises TypeError."""
    for entry in entry_kernels:
        if isinstance(entry, Dispatcher):
            assert entry.signatures, f"{entry.py_func.__name__} was sealed before it was warmed up"
            entry.disable_compile()


def prune_old_caches() -> int:
    """Removes all but the newest few cache directories; returns how many went."""
    caches = sorted((path for path in _cache_root().iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    outdated = [path for path in caches[:-CACHES_KEPT] if path != CACHE_FOLDER]
    for path in outdated:
        # Another process may remove the same one at the same time.
        shutil.rmtree(path, ignore_errors=True)
    return len(outdated)
