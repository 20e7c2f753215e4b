"""Owns the peer's side of the kill benchmark: it fills the book, pulls the switch, and sees what comes of it."""

import numpy as np
from numpy.typing import NDArray

from gateways.template import REQUEST_LETTERS
from ipc.address import engine_folder
from ipc.clock import SystemClock
from ipc.control_segment import ENGINE_SCOPE, ControlSegment, Request
from ipc.enums import RefusalReason, RequestKind, TradingState
from ipc.memory import address_of
from ipc.segment import Segment, SegmentKind
from ipc.tables import SCOPE, STATE_HEADER
from perf.kill_kernels import await_word, count_frames, is_refused, rest
from perf.setting import ENGINE
from perf.venue_driver import ACKNOWLEDGED, COUNT, OUTCOME, START_NS, Driver
from perf.venue_kernels import DRIVER

# What the peer's words mean beside those of the wire benchmark.
BLOCKED_NS, READ_NS, FIRST_FRAMES = 16, 17, 18
_STATE_OFFSET = SCOPE.fields["trading_state"][1] if SCOPE.fields else 0


def warm_up() -> None:
    """Compiles the peer's loops, or loads them from the cache; before the fork."""
    row, word = np.zeros(1, DRIVER), np.zeros(1, np.int64)
    rest(address_of(row), 0)
    await_word(address_of(word), 0)
    is_refused.compile("int64(int64, int64)")  # type: ignore[attr-defined]  # it sends, so it is not tried here
    count_frames(address_of(row), 0, 0)


class KillDriver(Driver):
    """A driver whose every repetition ends with the halt of the engine."""

    def run(self, words: NDArray[np.int64]) -> None:
        """So many resting orders, then the halt: when it was asked for, when it held, that it holds, the cancels."""
        count = int(words[COUNT])
        words[OUTCOME] = rest(self._address, count)
        words[ACKNOWLEDGED] = self._row[0]["acknowledged"]
        if words[OUTCOME] != 0:
            return
        state = Segment.attach(engine_folder(ENGINE) / "state", SegmentKind.STATE, writable=False)
        control = ControlSegment.attach(engine_folder(ENGINE))
        words[START_NS] = SystemClock.monotonic_ns()
        control.raise_state(ENGINE_SCOPE, Request(TradingState.HALT))
        scope = _engine_scope(state)
        words[BLOCKED_NS] = await_word(int(scope.ctypes.data) + _STATE_OFFSET, int(TradingState.HALT))
        words[READ_NS] = scope["state_since_ns"][0]
        words[OUTCOME] = is_refused(self._address, int(RefusalReason.TRADING_STATE))
        if words[OUTCOME] == 0:
            words[FIRST_FRAMES] = count_frames(self._address, REQUEST_LETTERS[RequestKind.CANCEL][0], count)
        del scope
        control.close()
        state.close()


def _engine_scope(state: Segment) -> NDArray[np.void]:
    """The row of the whole engine, which is the first."""
    start = int(state.content[: STATE_HEADER.itemsize].view(STATE_HEADER)[0]["scopes_offset"])
    return state.content[start : start + SCOPE.itemsize].view(SCOPE)
