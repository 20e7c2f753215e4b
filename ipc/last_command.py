"""Owns finding out where a strategy's counters stand, when a new client takes over its command ring."""

from ipc.compiler import kernel
from ipc.enums import RecordKind
from ipc.memory import load, load_acquire, view
from ipc.order_id import SEQUENCE_MAX, SEQUENCE_SHIFT
from ipc.records import CANCEL_ORDER
from ipc.ring import slot_address
from ipc.segment import SegmentWord

_NEXT = SegmentWord.NEXT * 8
_CAPACITY = SegmentWord.CAPACITY * 8


@kernel
def last_in_ring(commands: int) -> tuple[int, int]:
    """The highest command sequence and order sequence that still stand in a ring, zeros when it was never used.

    Taken commands count too: the engine gives a slot back before the state says what was in it. So does
    one that its producer committed and did not live to count.
    """
    sequence, order_sequence = 0, 0
    end = load(commands + _NEXT)
    capacity = load(commands + _CAPACITY)
    # No more than a ring holds, however fast somebody else writes on.
    for _ in range(capacity):
        # Ordering: pairs with the release in publish().
        if load_acquire(slot_address(commands, end)) != end + 1:
            break
        end += 1
    for place in range(max(end - capacity, 0), end):
        command = view(slot_address(commands, place), 1, CANCEL_ORDER)[0]
        sequence = max(sequence, command["sequence"])
        kind = command["kind"]
        if kind in (RecordKind.NEW_ORDER, RecordKind.TARGET_POSITION, RecordKind.NEW_PARENT):
            order_sequence = max(order_sequence, (command["order_id"] >> SEQUENCE_SHIFT) & SEQUENCE_MAX)
    return sequence, order_sequence
