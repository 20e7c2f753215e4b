"""Owns the weakened policies of parents: engines that each break one of their invariants."""

from __future__ import annotations

from typing import Any

from ipc.parent_enums import ParentState
from tools.simulation.weak_run import WeakRun

_LONG_NS = 3_000_000_000
_LIVING = (ParentState.WAITING, ParentState.WORKING, ParentState.PAUSED)


class SpoilingRun(WeakRun):
    """Writes into the table of parents after each step."""

    def stepped(self, address: int, source: int, effects: int) -> None:
        """Spoils the living ones."""
        rows = self.stage.workshop.live.state.table("parents")
        for slot in range(len(rows)):
            if rows["order_id"][slot] and rows["parent_state"][slot] in _LIVING:
                self.spoil(rows[slot])

    def spoil(self, row: Any) -> None:
        """Changes one parent."""
        raise NotImplementedError


class ForgetsChildrensFills(SpoilingRun):
    """What children have traded is sent again."""

    def spoil(self, row: Any) -> None:
        """Nothing has traded."""
        row["cumulative_lots"] = 0


class IgnoresParentLimits(SpoilingRun):
    """A parent's limit does not hold."""

    def spoil(self, row: Any) -> None:
        """There is none."""
        row["limit_price_ticks"] = 0


class WorksOn(SpoilingRun):
    """Neither a pause nor the end stops a parent."""

    def spoil(self, row: Any) -> None:
        """Goes on, and for longer."""
        if row["parent_state"] == ParentState.PAUSED:
            row["parent_state"] = ParentState.WORKING
        if row["end_ns"] and not row["client_tag"]:
            row["client_tag"] = 1
            row["end_ns"] += _LONG_NS


class TakesAnyShare(SpoilingRun):
    """A parent's part of the market's trades may be any."""

    def spoil(self, row: Any) -> None:
        """It may be as large as all of it."""
        row["participation_ppm"] = 1_000_000 * (row["participation_ppm"] > 0)


class NeverEnds(SpoilingRun):
    """A parent is paused for ever."""

    def spoil(self, row: Any) -> None:
        """Nothing wakes it."""
        row["parent_state"], row["end_ns"] = ParentState.PAUSED, 0
