"""Owns the short way from Python into compiled code: a C function as a builtin of the interpreter.

Calling a compiled kernel through numba's dispatcher costs about 160 ns and more for each argument; a
builtin costs what any C function costs, about 20 ns. The C function takes `(self, arguments, count)` as
METH_FASTCALL says (https://docs.python.org/3/c-api/structures.html#c.METH_FASTCALL), converts through
the C API, and runs with the interpreter's lock held. `self` is the address that the kernel works on.
"""

import ctypes
from collections.abc import Callable
from typing import Any

from numba import types

from ipc.compiler import JIT_DISABLED, kernel
from ipc.memory import load

_METH_FASTCALL = 0x0080
NULL = 0

_as_integer: Any = types.ExternalFunction("PyLong_AsLongLong", types.int64(types.int64))
_from_integer: Any = types.ExternalFunction("PyLong_FromLongLong", types.int64(types.int64))
_error_set: Any = types.ExternalFunction("PyErr_Occurred", types.int64())
_bad_argument: Any = types.ExternalFunction("PyErr_BadArgument", types.int32())

FASTCALL: Any = types.int64(types.int64, types.int64, types.int64)


class _MethodDefinition(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


# The interpreter keeps pointers to these for as long as a builtin lives.
_KEPT: list[Any] = []


@kernel
def block_of(self_object: int) -> int:
    """The address that the builtin was bound to."""
    return _as_integer(self_object)


@kernel
def is_called_with(count: int, least: int, most: int) -> bool:
    """Whether the number of arguments is right; if not, TypeError is set and the builtin must return NULL."""
    if least <= count <= most:
        return True
    _bad_argument()
    return False


@kernel
def argument(arguments: int, index: int) -> int:
    """One argument as an integer; for another type TypeError is set, which finish() looks for."""
    return _as_integer(load(arguments + index * 8))


@kernel
def argument_or(arguments: int, count: int, index: int, default: int) -> int:
    """One argument as an integer, or what stands for it when the call ends before it."""
    if index < count:
        return _as_integer(load(arguments + index * 8))
    return default


@kernel
def is_refused() -> bool:
    """Whether an argument was no integer: the builtin must return NULL."""
    return _error_set() != NULL


@kernel
def finish(result: int) -> int:
    """An integer result as the interpreter's object."""
    return _from_integer(result)


def bind(entry: Any, address: int, name: str) -> Callable[..., int]:
    """A builtin that runs a C function of signature FASTCALL on the block at an address."""
    assert not JIT_DISABLED, "without the JIT there is no C function; call the kernel instead"
    definition = _MethodDefinition(name.encode(), entry.address, _METH_FASTCALL, None)
    _KEPT.append((definition, entry))
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    function: Callable[..., int] = new(ctypes.addressof(definition), address, None)
    return function
