"""Owns the real core in virtual time: records go in, effects come out, timers fire when they are due."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np

from engine.core.state import State
from engine.core.step import ENGINE, step
from ipc.enums import RecordKind
from ipc.records import SLOT_WORDS
from tools.simulation.block_view import BlockView
from tools.simulation.timeline import Timeline

_TIMER = int(RecordKind.TIMER)
_PUBLISHED = 3
_NEVER_NS = 1 << 62


class Block:
    """The memory that all trials of a process share."""

    def __init__(self, image: bytes) -> None:
        self._image = np.frombuffer(image, np.uint8)
        self.view = BlockView(State.from_bytes(image))

    def reset(self) -> BlockView:
        """Makes it that of a fresh engine."""
        self.view.state.memory[:] = self._image
        return self.view


class Engine:
    """One core; whoever drives it carries out what it wants done."""

    def __init__(self, view: BlockView, timeline: Timeline, carry_out: Callable[[list[int]], None]) -> None:
        self.view = view
        self._timeline = timeline
        self._carry_out = carry_out
        self._words = array("q", bytes(8 * SLOT_WORDS))
        self._address = self._words.buffer_info()[0]
        self._timer_due_ns = 0
        self.inputs: list[tuple[bytes, int, int]] = []
        """Every record with its time and source, as a journal keeps them."""

    def take(self, words: list[int], source: int = ENGINE) -> None:
        """Applies one record, received now."""
        words[_PUBLISHED] = self._timeline.now_ns
        self._words[:] = array("q", words + [0] * (SLOT_WORDS - len(words)))
        self.inputs.append((self._words.tobytes(), self._timeline.now_ns, source))
        effects = step(self.view.address, self._address, self._timeline.now_ns, source)
        # Carrying out may lead to a further step, which writes over the effects.
        for effect in [self.view.effect(place) for place in range(effects)]:
            self._carry_out(effect)
        self._arm_timer()

    def _arm_timer(self) -> None:
        deadline_ns, now_ns = self.view.header("next_deadline_ns"), self._timeline.now_ns
        if deadline_ns >= _NEVER_NS or now_ns < self._timer_due_ns <= deadline_ns:
            return
        self._timer_due_ns = max(deadline_ns, now_ns + 1)
        self._timeline.at(self._timer_due_ns, self._fire_timer)

    def _fire_timer(self) -> None:
        self._timer_due_ns = 0
        if self.view.header("next_deadline_ns") > self._timeline.now_ns:
            self._arm_timer()
        else:
            self.take([0, _TIMER, 0, 0])
