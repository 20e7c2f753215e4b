"""Owns how long a parent waits that met with a no, from our controls or from a venue, and when it gives up."""

import numpy as np

from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.parent_enums import ParentEnd

# The wait doubles with each no in a row; a fill ends the row.
_HOLD_NS = 10_000_000
_DOUBLINGS_MAX = 7
_IN_A_ROW_MAX = 30


@kernel
def hold_longer(state: int, parent: np.void) -> None:
    """Lets a parent send nothing for a while; one that meets with nothing else for long is over."""
    parent["refusal_count"] += 1
    doublings = min(parent["refusal_count"] - 1, _DOUBLINGS_MAX)
    parent["hold_until_ns"] = header_of(state)["now_ns"] + (_HOLD_NS << doublings)
    if parent["refusal_count"] > _IN_A_ROW_MAX and parent["end_reason"] == ParentEnd.NONE:
        parent["end_reason"] = ParentEnd.REFUSED
