"""Owns how much of a slot a record fills, by its kind."""

import numpy as np

from ipc.compiler import kernel
from ipc.enums import RecordKind
from ipc.records import LAYOUTS

# Of a kind that no layout knows, what every command begins with: the core refuses it by that.
COMMAND_WORDS_MIN = LAYOUTS[RecordKind.CANCEL_ORDER].itemsize // 8
_WORDS = np.full(max(LAYOUTS) + 1, COMMAND_WORDS_MIN, np.int64)
for _kind, _layout in LAYOUTS.items():
    _WORDS[_kind] = _layout.itemsize // 8
_KINDS = len(_WORDS)


@kernel
def words_of_kind(kind: int) -> int:
    """How many words a record of this kind has."""
    return _WORDS[kind] if 0 <= kind < _KINDS else COMMAND_WORDS_MIN
