"""Owns where a routing decision does its sums: tables that it writes anew, outside what is hashed."""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.market_tables import BRANCH, CANDIDATE, DEPTH_LEVELS, ROUTE_STEP
from ipc.memory import view

_ROUTE_STEP_BYTES = ROUTE_STEP.itemsize


@kernel
def candidates_of(state: int) -> NDArray[np.void]:
    """Where a quantity may go, by the last decision."""
    header = header_of(state)
    return view(state + header["candidates_offset"], header["candidates_count"], CANDIDATE)


@kernel
def route_steps_of(state: int, candidate: int) -> NDArray[np.void]:
    """The levels that one candidate could take, the best first; its row says how many there are."""
    first = candidate * DEPTH_LEVELS
    return view(state + header_of(state)["route_steps_offset"] + first * _ROUTE_STEP_BYTES, DEPTH_LEVELS, ROUTE_STEP)


@kernel
def branches_of(state: int) -> NDArray[np.void]:
    """What a search over candidates has still to try, a stack."""
    header = header_of(state)
    return view(state + header["branches_offset"], header["branches_count"], BRANCH)
