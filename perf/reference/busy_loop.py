"""Owns the busy loop of the references: asyncio that polls its descriptors and never sleeps."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


class _BusySelector(selectors.EpollSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now."""
        return super().select(0)


def run_busy(work: Coroutine[Any, Any, R]) -> R:
    """Runs a coroutine on such a loop."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_BusySelector())) as runner:
        return runner.run(work)
