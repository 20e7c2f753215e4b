"""Owns the compiled parts of a simulated engine: effects become frames with the time given from outside."""

from engine.core.state import effect_address
from engine.spin.encode import encode_request
from engine.spin.ports import ports_at
from ipc.compiler import kernel
from ipc.enums import RecordKind
from ipc.memory import view
from ipc.records import HEADER, VENUE_REQUEST


@kernel
def encode_requests(ports_address: int, effects: int) -> int:
    """Encodes the requests among a step's effects; returns how many finished frames wait."""
    ports = ports_at(ports_address)
    state = ports["state"]
    for place in range(effects):
        effect = effect_address(state, place)
        if view(effect, 1, HEADER)[0]["kind"] == RecordKind.VENUE_REQUEST:
            encode_request(ports, view(effect, 1, VENUE_REQUEST)[0])
    return ports["frames_used"]
