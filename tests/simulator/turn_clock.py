"""Owns a loop whose time goes by its own turns: however long the machine stands still, that is one turn."""

import asyncio
import selectors
from collections.abc import Coroutine

TURN_S = 0.001


class _TurnSelector(selectors.DefaultSelector):
    """Looks for what has arrived, a moment at most, and counts how often."""

    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        return super().select(TURN_S if timeout is None else min(timeout, TURN_S))


class _TurnLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._turn_selector = _TurnSelector()
        super().__init__(self._turn_selector)

    def time(self) -> float:
        return self._turn_selector.turns * TURN_S


def run_in_turns(scene: Coroutine[object, object, None]) -> None:
    """Runs a scene to its end, in which a second is a thousand turns of its loop."""
    with asyncio.Runner(loop_factory=_TurnLoop) as runner:
        runner.run(scene)
