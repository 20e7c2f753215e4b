"""Owns looking up host names without a thread: a child process asks, the loop reads its answer.

asyncio's own look-up needs a thread, and a thread beside a spinning loop would fight it for the GIL.
"""

import asyncio
import ipaddress
import os
import sys
from collections.abc import Sequence

import msgspec

_TIMEOUT_S = 10.0
_ANSWER_BYTES_MAX = 65_536
_PROGRAM = """
import json, socket, sys
found = socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_STREAM)
print(json.dumps([entry[4][:2] for entry in found]))
"""


async def look_up(host: str, port: int) -> Sequence[tuple[str, int]]:
    """The numeric addresses of a host; OSError when there are none or nobody answers in time."""
    try:
        return [(str(ipaddress.ip_address(host)), port)]
    except ValueError:
        pass
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        child = _ask(host, port, writing)
    finally:
        os.close(writing)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            text = await _read_to_end(reading)
        return msgspec.json.decode(text, type=list[tuple[str, int]])
    except (TimeoutError, msgspec.MsgspecError):
        raise OSError(f"no address of {host} is known") from None
    finally:
        os.close(reading)
        os.kill(child, 9)
        os.waitpid(child, 0)


def _ask(host: str, port: int, answer: int) -> int:
    """Starts the child that writes the addresses; returns its process id."""
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-c", _PROGRAM, host, str(port)],
        {},
        file_actions=[(os.POSIX_SPAWN_DUP2, answer, 1), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)],
    )


async def _read_to_end(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    text = bytearray()

    def read() -> None:
        part = os.read(descriptor, _ANSWER_BYTES_MAX)
        text.extend(part)
        if (not part or len(text) > _ANSWER_BYTES_MAX) and not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, read)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
    return bytes(text)
