"""Owns the engine's ROUTER socket: its limits, and what it is bound to."""

from collections.abc import Collection, Sequence

import zmq

from engine.zeromq_admission import CurveEndpoint, let_in_as, prove_with
from engine.zeromq_endpoint import bind
from ipc.frame import FRAME_BYTES_MAX

# A frame larger than this ends its connection unread; one below it gets a refusal.
MESSAGE_BYTES_MAX = 4 * FRAME_BYTES_MAX
QUEUE_FRAMES_MAX = 64
HEARTBEAT_MS = 1_000
HEARTBEAT_TIMEOUT_MS = 3_000
# A connection that has not said by then who it is ends.
HANDSHAKE_MS = 1_000


def open_router(context: "zmq.Context[zmq.Socket[bytes]]") -> "zmq.Socket[bytes]":
    """A socket that waits for nobody and lets nothing grow without bounds."""
    socket = context.socket(zmq.ROUTER)
    socket.setsockopt(zmq.LINGER, 0)
    # Without it a frame for a peer that is gone, or whose queue is full, would vanish silently.
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    socket.setsockopt(zmq.SNDHWM, QUEUE_FRAMES_MAX)
    socket.setsockopt(zmq.RCVHWM, QUEUE_FRAMES_MAX)
    socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES_MAX)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
    return socket


def bind_all(
    socket: "zmq.Socket[bytes]", endpoints: Collection[str], curve: Sequence[CurveEndpoint]
) -> tuple[str, ...]:
    """Serves every endpoint; returns them with the ports that were chosen.

    An option holds for what is bound after it was set, so each endpoint has its own.
    """
    bound = []
    for endpoint in endpoints:
        let_in_as(socket, endpoint)
        bound.append(_bind(socket, endpoint))
    for place, one in enumerate(curve):
        prove_with(socket, place, one)
        bound.append(_bind(socket, one.endpoint, has_curve=True))
    return tuple(bound)


def _bind(socket: "zmq.Socket[bytes]", endpoint: str, *, has_curve: bool = False) -> str:
    socket.setsockopt(zmq.IPV6, int("[" in endpoint))
    return bind(socket, endpoint, has_curve=has_curve)
