"""Owns the verdict of a check: no objection, or a reason with its numbers."""

from typing import NamedTuple

from ipc.compiler import kernel


class Verdict(NamedTuple):
    """Why not, with the limit, the current value and what was asked; reason NONE lets the order pass."""

    reason: int
    limit: int
    current: int
    requested: int


@kernel
def refuse(reason: int, limit: int, current: int, requested: int) -> Verdict:
    """A refusal; the sum makes the enumeration's member a plain word, so that all verdicts are of one type."""
    return Verdict(reason + 0, limit + 0, current + 0, requested + 0)


@kernel
def passed() -> Verdict:
    """No objection."""
    return Verdict(0, 0, 0, 0)
