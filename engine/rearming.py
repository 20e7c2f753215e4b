"""Owns the one condition of arming that lies outside the core: shared memory must not ask for more at that moment."""

import numpy as np
from numpy.typing import NDArray

from ipc.enums import RecordKind, RefusalReason
from ipc.records import CONTROL_REPORT

_REPEATED = ("scope_kind", "subject_id", "cause", "operator_name_0", "operator_name_1")


def overruled(
    command: np.void, scopes: NDArray[np.void], rows: NDArray[np.void], *, now_ns: int
) -> tuple[int, ...] | None:
    """The CONTROL_REPORT that refuses to arm a scope of which its row asks for more, None when it does not.

    `command` is a SET_TRADING_STATE; `scopes` are the state's rows and `rows` those of the control segment, in the
    same order. Armed all the same, the engine would trade on against the word that is to stop it: it looks at the
    rows only when one has changed.
    """
    if command["is_rearming"] == 0:
        return None
    is_scope = (scopes["scope_kind"] == command["scope_kind"]) & (scopes["subject_id"] == command["subject_id"])
    asked = rows["trading_state"][is_scope]
    if len(asked) == 0 or asked[0] <= command["trading_state"]:
        return None
    report = dict.fromkeys(CONTROL_REPORT.names or (), 0)
    report |= {name: int(command[name]) for name in _REPEATED}
    report |= {
        "kind": int(RecordKind.CONTROL_REPORT),
        "published_ns": now_ns,
        "command_kind": int(RecordKind.SET_TRADING_STATE),
        "command_sequence": int(command["sequence"]),
        "reason": int(RefusalReason.KILL_STANDS),
        "before": int(asked[0]),
        "after": int(command["trading_state"]),
    }
    return tuple(report.values())
