"""Owns raw memory in kernels: atomics, typed views at an address, copies, check sums, clock and poll calls.

The only file that speaks LLVM. Orders follow C11: an acquire load sees all that was written before the
release store whose value it read. A plain array element must never be spun on, because the compiler
may read it once and keep it; a word read here is read every time.

With the JIT off the same functions exist over ctypes, for one thread, so that every kernel can be
stepped through in a debugger and measured for coverage.
"""

import ctypes
import platform
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from ipc.compiler import JIT_DISABLED, kernel

# An intrinsic's body runs in the compiler, so its arguments are numba types and LLVM values.
# mypy sees `Any` there; the wrappers' annotations are what callers get.

if sys.byteorder != "little" or platform.machine() not in ("x86_64", "aarch64"):
    raise ImportError(
        f"{platform.machine()} ({sys.byteorder}-endian) is not supported; allowed are x86_64 and aarch64, little-endian"
    )

if not JIT_DISABLED:
    from llvmlite import ir

    _WORD = ir.IntType(64)

    def _intrinsic(define: Callable[..., Any]) -> Any:
        """numba's decorator with a type that says: what callers see is not what the compiler sees."""
        return intrinsic(define)

    def _word_pointer(builder: Any, address: Any) -> Any:
        return builder.inttoptr(address, _WORD.as_pointer())

    @_intrinsic
    def load(typingctx: Any, address: Any) -> Any:
        """The word at an address, read anew at every call, unordered."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.load_atomic(_word_pointer(builder, arguments[0]), "monotonic", 8)

        return types.int64(types.int64), generate

    @_intrinsic
    def store(typingctx: Any, address: Any, value: Any) -> Any:
        """Writes a word at an address, whole, unordered."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.store_atomic(arguments[1], _word_pointer(builder, arguments[0]), "monotonic", 8)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    @_intrinsic
    def load_acquire(typingctx: Any, address: Any) -> Any:
        """The word at an address; what its writer wrote before releasing it is visible afterwards."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.load_atomic(_word_pointer(builder, arguments[0]), "acquire", 8)

        return types.int64(types.int64), generate

    @_intrinsic
    def store_release(typingctx: Any, address: Any, value: Any) -> Any:
        """Writes a word at an address after everything that this thread wrote before."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.store_atomic(arguments[1], _word_pointer(builder, arguments[0]), "release", 8)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    @_intrinsic
    def fence_acquire(typingctx: Any) -> Any:
        """Keeps later loads behind earlier ones: the check at the end of a sequence-locked read."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.fence("acquire")
            return context.get_dummy_value()

        return types.void(), generate

    @_intrinsic
    def fence_release(typingctx: Any) -> Any:
        """Keeps later stores behind earlier ones: the start of a sequence-locked write."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.fence("release")
            return context.get_dummy_value()

        return types.void(), generate

    @_intrinsic
    def pause(typingctx: Any) -> Any:
        """Tells the core that it spins."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            if platform.machine() == "x86_64":
                name, operands = "llvm.x86.sse2.pause", []
            else:
                # YIELD is `hint #1`.
                name, operands = "llvm.aarch64.hint", [ir.Constant(ir.IntType(32), 1)]
            function_type = ir.FunctionType(ir.VoidType(), [operand.type for operand in operands])
            function = cgutils.get_or_insert_function(builder.module, function_type, name)
            builder.call(function, operands)
            return context.get_dummy_value()

        return types.void(), generate

    @_intrinsic
    def crc32c_word(typingctx: Any, crc: Any, word: Any) -> Any:
        """Takes one word into a CRC32C that is under way; the caller inverts it before the first and after the last."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            half = ir.IntType(32)
            is_x86 = platform.machine() == "x86_64"
            # The two machines agree on the sum but not on the width of its register.
            crc = arguments[0] if is_x86 else builder.trunc(arguments[0], half)
            name = "llvm.x86.sse42.crc32.64.64" if is_x86 else "llvm.aarch64.crc32cx"
            function_type = ir.FunctionType(crc.type, [crc.type, _WORD])
            function = cgutils.get_or_insert_function(builder.module, function_type, name)
            result = builder.call(function, [crc, arguments[1]])
            return result if is_x86 else builder.zext(result, _WORD)

        return types.int64(types.int64, types.int64), generate

    @_intrinsic
    def call_at(  # noqa: PLR0913, PLR0917  the words of the call
        typingctx: Any, address: Any, first: Any, second: Any, third: Any, fourth: Any
    ) -> Any:
        """Calls the C function of four words at an address and gives its word back."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            function_type = ir.FunctionType(_WORD, [_WORD] * 4)
            function = builder.inttoptr(arguments[0], function_type.as_pointer())
            return builder.call(function, arguments[1:])

        word = types.int64
        return word(word, word, word, word, word), generate

    @_intrinsic
    def copy_words(typingctx: Any, target: Any, source: Any, words: Any) -> Any:
        """Copies whole words; the two ranges do not overlap."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            to, origin = (_word_pointer(builder, address) for address in arguments[:2])
            # LLVM's own copy is inlined where the length is known; a loop would become a call of vector code.
            cgutils.raw_memcpy(builder, to, origin, arguments[2], 8)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), generate

    @_intrinsic
    def copy_bytes(typingctx: Any, target: Any, source: Any, count: Any) -> Any:
        """Copies bytes; the two ranges do not overlap."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            byte_pointer = ir.IntType(8).as_pointer()
            to, origin = (builder.inttoptr(address, byte_pointer) for address in arguments[:2])
            cgutils.raw_memcpy(builder, to, origin, arguments[2], 1)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), generate

    @_intrinsic
    def _pointer(typingctx: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

        return types.voidptr(types.int64), generate

    # A kernel over numba's carray would be compiled once for every dtype, and again into each of its callers.
    @_intrinsic
    def view(typingctx: Any, address: Any, count: Any, dtype: Any) -> Any:
        """An array of `count` items of `dtype` over the memory at an address; nothing checks its bounds."""
        array = types.Array(dtype.dtype, 1, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            made = arrayobj.make_array(array)(context, builder)
            size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array.dtype)))
            arrayobj.populate_array(
                made,
                data=builder.inttoptr(arguments[0], made.data.type),
                shape=cgutils.pack_array(builder, [arguments[1]]),
                strides=cgutils.pack_array(builder, [size]),
                itemsize=size,
                meminfo=None,
            )
            return made._getvalue()

        return array(types.int64, types.int64, dtype), generate

    _clock_gettime = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.voidptr))
    _epoll_wait = types.ExternalFunction(
        "epoll_wait", types.int32(types.int32, types.voidptr, types.int32, types.int32)
    )

    @_intrinsic
    def _stack_words(typingctx: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            slot = cgutils.alloca_once(builder, ir.ArrayType(_WORD, 2))
            return builder.ptrtoint(slot, _WORD)

        return types.int64(), generate

    @kernel
    def monotonic_ns() -> int:
        """CLOCK_MONOTONIC in nanoseconds, from compiled code."""
        words = _stack_words()
        _clock_gettime(1, _pointer(words))
        return load(words) * 1_000_000_000 + load(words + 8)

    @kernel
    def coarse_utc_ns() -> int:
        """CLOCK_REALTIME_COARSE: nanoseconds since the Unix epoch, some milliseconds late, for a third of the cost."""
        words = _stack_words()
        _clock_gettime(5, _pointer(words))
        return load(words) * 1_000_000_000 + load(words + 8)

    @kernel
    def epoll_ready_count(epoll_descriptor: int, events_address: int, events_max: int, wait_ms: int) -> int:
        """How many descriptors are ready, after waiting for one if asked to; negative on error."""
        return _epoll_wait(epoll_descriptor, _pointer(events_address), events_max, wait_ms)

    _sched_yield = types.ExternalFunction("sched_yield", types.int32())

    @kernel
    def yield_processor() -> None:
        """Lets another thread of this core run first, if one wants to."""
        _sched_yield()

else:
    from ipc.clock import SystemClock

    def _crc_table() -> list[int]:
        """What each byte does to a CRC32C, by the reversed Castagnoli polynomial."""
        table = []
        for byte in range(256):
            crc = byte
            for _ in range(8):
                crc = crc >> 1 ^ (0x82F6_3B78 if crc & 1 else 0)
            table.append(crc)
        return table

    _CRC_TABLE = _crc_table()

    def load(address: int) -> int:
        """The word at an address."""
        return ctypes.c_int64.from_address(int(address)).value

    def store(address: int, value: int) -> None:
        """Writes a word at an address."""
        ctypes.c_int64.from_address(int(address)).value = int(value)

    load_acquire = load
    store_release = store

    def fence_acquire() -> None:
        """One thread needs no fence."""

    def fence_release() -> None:
        """One thread needs no fence."""

    def pause() -> None:
        """Nothing to tell."""

    def crc32c_word(crc: int, word: int) -> int:
        """Takes one word into a CRC32C that is under way; the caller inverts it before the first and after the last."""
        for byte in (int(word) & (1 << 64) - 1).to_bytes(8, "little"):
            crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
        return crc

    def call_at(address: int, first: int, second: int, third: int, fourth: int) -> int:
        """Calls the C function of four words at an address and gives its word back."""
        word = ctypes.c_int64
        return int(ctypes.CFUNCTYPE(word, word, word, word, word)(int(address))(first, second, third, fourth))

    def copy_words(target: int, source: int, words: int) -> None:
        """Copies whole words; the two ranges do not overlap."""
        ctypes.memmove(int(target), int(source), 8 * int(words))

    def copy_bytes(target: int, source: int, count: int) -> None:
        """Copies bytes; the two ranges do not overlap."""
        ctypes.memmove(int(target), int(source), int(count))

    def view(address: int, count: int, dtype: Any) -> Any:
        """An array of `count` items of `dtype` over the memory at an address."""
        size = int(count) * np.dtype(dtype).itemsize
        return np.frombuffer((ctypes.c_char * size).from_address(int(address)), dtype=dtype)

    monotonic_ns = SystemClock.monotonic_ns
    coarse_utc_ns = SystemClock.utc_ns

    def epoll_ready_count(epoll_descriptor: int, events_address: int, events_max: int, wait_ms: int) -> int:
        """Never ready: with the JIT off the loop is not run."""
        return 0

    def yield_processor() -> None:
        """Nobody waits for this."""


def address_of(array: Any) -> int:
    """The address of an array's memory; the caller keeps the array alive."""
    return int(array.ctypes.data)
