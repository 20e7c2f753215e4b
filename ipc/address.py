"""Owns addresses of engines and the choice of transport that they make."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ipc.channel import Channel
from ipc.clock import NS_PER_MS, WaitingClock
from ipc.errors import AddressError, EngineNotRunningError, HistoryUnavailableError, StrategyInUseError
from ipc.proof import Proof
from ipc.segment import runtime_folder

if TYPE_CHECKING:
    from ipc.report_history import ReportHistory

EVENTS_SOCKET = "events"
RETRY_NS = 10 * NS_PER_MS
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,15}", re.ASCII)


def checked_name(name: str, what: str) -> str:
    """A name that can stand in a file's name and in two words of a record."""
    if not _NAME.fullmatch(name):
        raise AddressError(
            f"{what} is {name!r}, allowed are 1 to 16 ASCII letters, digits, '_', '.' and '-', a letter or digit first"
        )
    return name


def engine_folder(engine_name: str) -> Path:
    """Where the segments and the socket of an engine lie while it runs."""
    return runtime_folder() / engine_name


def open_channel(  # noqa: PLR0913, PLR0917  what `connect` says
    url: str, strategy: str, time_to_live_ns: int, timeout_ns: int, clock: WaitingClock, proof: Proof | None
) -> Channel:
    """A connection to the engine at an address; waits for it up to the time-out."""
    scheme, separator, rest = url.partition("://")
    checked_name(strategy, "strategy")
    if separator and scheme == "shm":
        return _open_shared_memory(checked_name(rest, "engine"), strategy, time_to_live_ns, timeout_ns, clock)
    if separator and scheme in ("tcp", "ipc") and rest:
        return _open_zeromq(url, strategy, time_to_live_ns, timeout_ns, clock, proof)
    raise AddressError(
        f"address is {url!r}, allowed are shm://ENGINE_NAME on the same host, tcp://HOST:PORT and ipc://PATH"
    )


def open_history(url: str, strategy: str, timeout_ns: int, clock: WaitingClock) -> "ReportHistory":
    """Where the reports of the engine at an address are kept."""
    from ipc.report_history import ReportHistory  # noqa: PLC0415  who misses nothing need not load ZeroMQ

    scheme, _, rest = url.partition("://")
    if scheme == "tcp":
        raise HistoryUnavailableError(
            f"reports of the past are served on the engine's host only, and the address is {url!r}; "
            "allowed are shm://ENGINE_NAME and ipc://PATH: connect from there, or go on with resync()"
        )
    folder = engine_folder(rest) if scheme == "shm" else Path(rest).parent
    return ReportHistory(f"ipc://{folder / EVENTS_SOCKET}", strategy, timeout_ns, clock)


def _open_shared_memory(
    engine_name: str, strategy: str, time_to_live_ns: int, timeout_ns: int, clock: WaitingClock
) -> Channel:
    # Kernels take a while to load, which a client over ZeroMQ need not wait for.
    from ipc.shared_memory_channel import SharedMemoryChannel  # noqa: PLC0415

    deadline = clock.monotonic_ns() + timeout_ns
    while True:
        try:
            return SharedMemoryChannel(engine_folder(engine_name), strategy, time_to_live_ns, clock)
        except (EngineNotRunningError, StrategyInUseError):
            # A client over ZeroMQ that has just left holds its strategy until the engine's next life sign misses it.
            if clock.monotonic_ns() >= deadline:
                raise
            clock.sleep_ns(RETRY_NS)


def _open_zeromq(  # noqa: PLR0913, PLR0917  as above
    url: str, strategy: str, time_to_live_ns: int, timeout_ns: int, clock: WaitingClock, proof: Proof | None
) -> Channel:
    import zmq  # noqa: PLC0415  a client over shared memory need not load it

    from ipc.curve import CurveKeyError  # noqa: PLC0415  for the same reason
    from ipc.zeromq_channel import ZeromqChannel  # noqa: PLC0415  for the same reason

    try:
        return ZeromqChannel(url, strategy, time_to_live_ns, timeout_ns, clock, proof)
    except CurveKeyError as error:
        raise AddressError(str(error)) from None
    except zmq.ZMQError as error:
        raise AddressError(
            f"address is {url!r}, which ZeroMQ cannot connect to: {error.strerror}; "
            "allowed are tcp://HOST:PORT and ipc://PATH"
        ) from error
