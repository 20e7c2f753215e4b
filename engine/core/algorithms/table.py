"""Owns which algorithm decides for a parent, and which of them hear of every change of the market."""

import numpy as np

from engine.core.algorithms.close_out import decide_close_out
from engine.core.algorithms.contingent import decide_bracket, decide_stop
from engine.core.algorithms.participating import decide_participating
from engine.core.algorithms.scheduled import decide_scheduled
from engine.core.algorithms.showing import decide_iceberg, decide_peg
from engine.core.algorithms.sweeping import decide_sniper, decide_sweep
from ipc.compiler import kernel
from ipc.parent_enums import Algorithm


@kernel
def decide(state: int, slot: int, parent: np.void) -> int:
    """Lets a parent's algorithm decide once; returns when it wants to be asked again, if nothing happens before."""
    algorithm = parent["algorithm"]
    if algorithm == Algorithm.TWAP:
        return decide_scheduled(state, slot, parent, False)
    if algorithm == Algorithm.VWAP or algorithm == Algorithm.IMPLEMENTATION_SHORTFALL:
        return decide_scheduled(state, slot, parent, True)
    if algorithm == Algorithm.POV:
        return decide_participating(state, parent)
    if algorithm == Algorithm.ICEBERG:
        return decide_iceberg(state, parent)
    if algorithm == Algorithm.SWEEP:
        return decide_sweep(state, parent)
    if algorithm == Algorithm.SNIPER:
        return decide_sniper(state, parent)
    if algorithm == Algorithm.PEG:
        return decide_peg(state, parent)
    if algorithm == Algorithm.CLOSE_OUT:
        return decide_close_out(state, slot, parent)
    if algorithm == Algorithm.STOP:
        return decide_stop(state, parent)
    assert algorithm == Algorithm.BRACKET, "every algorithm has its way of deciding"
    return decide_bracket(state, parent)
