"""Owns the C references: compiled on the spot into a temporary folder, loaded when there is a compiler."""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

from ipc.histogram import (
    FIRST_COUNT,
    HIGHEST_NS,
    MAXIMUM,
    MINIMUM,
    SUB_BUCKET_HALF_COUNT,
    SUM,
    TOTAL,
)
from ipc.segment import HEADER_BYTES, SegmentWord

FLAGS = ("-O3", "-march=native", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared")

# The layouts have one owner; C is told them.
_LAYOUT = {
    "HEADER_BYTES": HEADER_BYTES,
    "CAPACITY_WORD": SegmentWord.CAPACITY,
    "SLOT_BYTES_WORD": SegmentWord.SLOT_BYTES,
    "RELEASED_WORD": SegmentWord.RELEASED,
    "NEXT_WORD": SegmentWord.NEXT,
    "HISTOGRAM_TOTAL": TOTAL,
    "HISTOGRAM_MINIMUM": MINIMUM,
    "HISTOGRAM_MAXIMUM": MAXIMUM,
    "HISTOGRAM_SUM": SUM,
    "HISTOGRAM_FIRST_COUNT": FIRST_COUNT,
    "HISTOGRAM_HALF_COUNT": SUB_BUCKET_HALF_COUNT,
    "HISTOGRAM_HIGHEST": HIGHEST_NS,
}


def load_c(name: str) -> ctypes.CDLL | None:
    """The reference `name`.c as a library; None when this machine has no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    definitions = [f"-D{key}=INT64_C({int(value)})" for key, value in _LAYOUT.items()]
    source = Path(__file__).with_name(f"{name}.c")
    with tempfile.TemporaryDirectory(prefix="oms-perf-") as folder:
        library = Path(folder) / f"{name}.so"
        subprocess.run([compiler, *FLAGS, *definitions, "-o", str(library), str(source)], check=True)
        # The library stays mapped after its file is gone.
        return ctypes.CDLL(str(library))


def c_function(library: ctypes.CDLL, name: str, arguments: int) -> "ctypes._NamedFuncPointer":
    """A function of `arguments` 64-bit integers that returns one."""
    function = getattr(library, name)
    function.restype = ctypes.c_int64
    function.argtypes = (ctypes.c_int64,) * arguments
    return function
