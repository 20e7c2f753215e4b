"""Owns who is let in over ZeroMQ, and as whom: the engine's own ZAP handler, in its one thread.

libzmq asks it about every handshake (https://rfc.zeromq.org/spec/27/), and whom it lets in carries a name from then on
that no peer can choose: each message says it. A connection by the socket's file is the owner's, one over the loopback
interface anybody's of this host, one with CURVE that of the key that it proved to have.
"""

from collections.abc import Collection
from dataclasses import dataclass

import zmq
from zmq.utils.monitor import parse_monitor_message

from ipc.curve import CurveKeys
from ipc.public_key import raw_key

CONNECTIONS_MAX = 256
QUESTIONS_PER_TURN = 8
OWNER = "owner"
LOCAL = "local"
_KEY = "key:"
_QUESTIONS = "inproc://zeromq.zap.01"
_MONITOR = "inproc://connections"
_EVENTS = int(zmq.EVENTS)
_VERSION = b"1.0"
_LET_IN, _TRY_LATER, _NOT_LET_IN = b"200", b"300", b"400"
_CURVE, _NO_MECHANISM = b"CURVE", b"NULL"
_WATCHED = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED


@dataclass(frozen=True)
class AllowedClient:
    """A key that is let in, and what its holder may do."""

    name: str
    public_key: str
    strategies: frozenset[str]
    is_operator: bool = False


@dataclass(frozen=True)
class CurveEndpoint:
    """An endpoint that other hosts may reach, with the only keys that are let in there."""

    endpoint: str
    keys: CurveKeys
    clients: tuple[AllowedClient, ...]


class Admission:
    """Answers libzmq's questions and counts who is connected. Made before its server's socket is bound."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoints: Collection[CurveEndpoint]) -> None:
        self._questions = context.socket(zmq.REP)
        self._questions.setsockopt(zmq.LINGER, 0)
        self._questions.bind(_QUESTIONS)
        self._monitor: zmq.Socket[bytes] | None = None
        self._connected: set[int] = set()
        self._users_by_key: dict[tuple[bytes, bytes | None], str] = {
            (_domain(place), raw_key(client.public_key)): f"{_KEY}{client.name}"
            for place, endpoint in enumerate(endpoints)
            for client in endpoint.clients
        }
        self._clients = {f"{_KEY}{client.name}": client for endpoint in endpoints for client in endpoint.clients}
        self.crowded_count = 0

    def watch(self, socket: "zmq.Socket[bytes]") -> None:
        """Counts the socket's connections."""
        socket.monitor(_MONITOR, _WATCHED)
        self._monitor = socket.context.socket(zmq.PAIR)
        self._monitor.connect(_MONITOR)

    @property
    def file_descriptors(self) -> tuple[int, ...]:
        """What becomes readable when there is something to do."""
        assert self._monitor is not None, "a socket is watched before anybody is let in"
        return int(self._questions.getsockopt(zmq.FD)), int(self._monitor.getsockopt(zmq.FD))

    def poll(self) -> bool:
        """Answers what was asked, within a turn's bounds; whether more waits."""
        self._count_connections()
        for _ in range(QUESTIONS_PER_TURN):
            if not _has_input(self._questions):
                return False
            self._answer()
        return True

    def may_drive(self, user: str, strategy: str) -> bool:
        """Whether a user may send a strategy's commands."""
        client = self._clients.get(user)
        return user in (OWNER, LOCAL) or (client is not None and strategy in client.strategies)

    def may_operate(self, user: str) -> bool:
        """Whether a user may send an operator's commands: the owner, or a key that is said to be the operator's."""
        client = self._clients.get(user)
        return user == OWNER or (client is not None and client.is_operator)

    def _count_connections(self) -> None:
        assert self._monitor is not None, "a socket is watched before anybody is let in"
        while _has_input(self._monitor):
            told = parse_monitor_message(self._monitor.recv_multipart(zmq.NOBLOCK))
            if told["event"] == zmq.EVENT_ACCEPTED:
                self._connected.add(told["value"])
            else:
                self._connected.discard(told["value"])

    def _answer(self) -> None:
        _, number, domain, _, _, mechanism, *credentials = self._questions.recv_multipart(zmq.NOBLOCK)
        user = self._user(domain, mechanism, credentials)
        is_crowded = user != OWNER and len(self._connected) > CONNECTIONS_MAX
        status = _NOT_LET_IN if not user else _TRY_LATER if is_crowded else _LET_IN
        self.crowded_count += status == _TRY_LATER
        name = user.encode() if status == _LET_IN else b""
        self._questions.send_multipart([_VERSION, number, status, b"", name, b""], zmq.NOBLOCK)

    def _user(self, domain: bytes, mechanism: bytes, credentials: list[bytes]) -> str:
        if mechanism == _CURVE and len(credentials) == 1:
            return self._users_by_key.get((domain, credentials[0]), "")
        if mechanism == _NO_MECHANISM and domain in (OWNER.encode(), LOCAL.encode()):
            return domain.decode()
        return ""


def prove_with(socket: "zmq.Socket[bytes]", place: int, endpoint: CurveEndpoint) -> None:
    """Lets what is bound from now on be reached with CURVE alone, by the keys of one endpoint."""
    socket.setsockopt_string(zmq.ZAP_DOMAIN, _domain(place).decode())
    socket.setsockopt(zmq.CURVE_SERVER, 1)
    socket.setsockopt(zmq.CURVE_SECRETKEY, endpoint.keys.secret_key.reveal())


def let_in_as(socket: "zmq.Socket[bytes]", endpoint: str) -> None:
    """Says who comes in by what is bound from now on, without a key."""
    socket.setsockopt_string(zmq.ZAP_DOMAIN, OWNER if endpoint.startswith("ipc://") else LOCAL)


def user_of(message: zmq.Frame) -> str:
    """Who sent a message, as the admission named him."""
    return str(message.get("User-Id"))


def key_name(user: str) -> str:
    """The name beside the key by which a user came in, empty for one who needed none."""
    return user.removeprefix(_KEY) if user.startswith(_KEY) else ""


def _domain(place: int) -> bytes:
    return b"curve-%d" % place


def _has_input(socket: "zmq.Socket[bytes]") -> bool:
    return bool(int(socket.getsockopt(_EVENTS)) & zmq.POLLIN)
