"""Owns the engine's ZeroMQ side: a ROUTER socket whose clients send and get the records of the rings.

It lives in the engine's one thread and never waits. ZMQ_FD tells only of changes
(https://libzmq.readthedocs.io/en/latest/zmq_getsockopt.html#zmq-fd): after any call on the socket a
message may lie ready with the descriptor silent. So each turn ends by asking for the socket's events,
and `pending` stays set while there is something left to do.
"""

import select
import struct
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import zmq

from engine.zeromq_admission import Admission, CurveEndpoint, user_of
from engine.zeromq_client import LISTINGS_MAX, ZeromqClient
from engine.zeromq_operators import Operators, Sender
from engine.zeromq_refusal import COMMAND_KINDS, check_digest, refusal
from engine.zeromq_socket import bind_all, open_router
from ipc.clock import NS_PER_S
from ipc.enums import RecordKind, RefusalReason
from ipc.frame import RECORDS_MAX, FrameError, decode, encode, outline
from ipc.last_command import last_in_ring
from ipc.operator_name import OPERATOR
from ipc.records import HEADER_FIELDS, HELLO, SLOT_BYTES, SLOT_WORDS
from ipc.report_drain import ReportDrain
from ipc.schema import SCHEMA_DIGEST
from ipc.segment import Segment, SegmentWord
from ipc.state_reader import SNAPSHOT_KINDS, StateReader
from ipc.tables import words_name

# libzmq takes one message of each peer in turn, so that none waits for more than one of each other peer's; and a turn
# ends with the message that brings it to so many records. Between two turns the venues' sockets are looked at.
MESSAGES_PER_TURN = 8
RECORDS_PER_TURN = RECORDS_MAX
# A publishing time further off than this comes from another host's clock.
PUBLISHED_AGE_MAX_NS = NS_PER_S

# An enumeration's member costs pyzmq twice as much as its number.
_EVENTS = int(zmq.EVENTS)
_PUBLISHED_NS = struct.Struct("<24xq")
_IPC = "ipc://"


class Sent(IntEnum):
    """What became of a frame."""

    YES = 0
    BLOCKED = 1
    PEER_GONE = 2


class ServedEngine(Protocol):
    """What the server needs of its engine."""

    @property
    def reader(self) -> StateReader:
        """The state's reader."""

    def process_commands(self, strategy_id: int, address: int, count: int) -> None:
        """Takes commands that lie at SLOT_BYTES each; what they say is checked here, not by the server."""

    def carry_out(self, record_address: int) -> tuple[int, ...]:
        """Takes one command of an operator; returns the CONTROL_REPORT that answers it."""

    def command_segment(self, strategy_id: int) -> Segment:
        """The engine's own mapping of a strategy's command ring; its lock says who drives the strategy."""

    def report_ring(self, strategy_id: int) -> int:
        """The address of a strategy's report ring."""

    def remote_changed(self, strategy_id: int, *, is_remote: bool) -> None:
        """A strategy's reports are the server's to send from now on, or no longer."""


class ZeromqServer:
    """Serves strategies at some endpoints; `endpoints` has the ports that were chosen."""

    def __init__(
        self,
        endpoints: Collection[str],
        strategies: Mapping[str, int],
        engine: ServedEngine,
        *,
        curve: Sequence[CurveEndpoint] = (),
        spare_cores: Collection[int] = (),
    ) -> None:
        """Precondition: `spare_cores` are cores this process may run on, other than the engine's."""
        self._strategies = strategies
        self._engine = engine
        self._clients: dict[bytes, ZeromqClient] = {}
        self._drivers: dict[int, ZeromqClient] = {}
        self._drains = {
            strategy_id: ReportDrain(engine.report_ring(strategy_id), engine.reader.state_address, strategy_id)
            for strategy_id in strategies.values()
        }
        self._staging = np.zeros(RECORDS_MAX * SLOT_WORDS, np.int64)
        self._staging_address = int(self._staging.ctypes.data)
        self._staging_bytes = self._staging.data.cast("B")
        self.refused: Counter[RefusalReason] = Counter()
        self.pending = True
        self._warm_up()
        self._context = zmq.Context()
        for core in spare_cores:
            self._context.set(zmq.THREAD_AFFINITY_CPU_ADD, core)
        try:
            self._admission = Admission(self._context, curve)
            self._operators = Operators(engine, self._admission.may_operate)
            self._socket = open_router(self._context)
            self._admission.watch(self._socket)
            self.endpoints = bind_all(self._socket, endpoints, curve)
        except BaseException:
            self._context.destroy(linger=0)
            raise
        # One descriptor for all that may have something to say.
        self._ready = select.epoll()
        for descriptor in (int(self._socket.getsockopt(zmq.FD)), *self._admission.file_descriptors):
            self._ready.register(descriptor, select.EPOLLIN)
        self.file_descriptor = self._ready.fileno()

    @property
    def crowded_count(self) -> int:
        """How many were told to come later because too many were connected."""
        return self._admission.crowded_count

    def _warm_up(self) -> None:
        """Compiles what later runs while the engine trades, and finds out early whether every strategy has a row."""
        for strategy_id in self._strategies.values():
            self._welcome_record(strategy_id, self._engine.command_segment(strategy_id), 0)
            self._engine.reader.begin(strategy_id, RecordKind.ASSET_STATUS).next_page(0)

    def poll(self, now_ns: int) -> int:
        """Takes and sends what is there, within a turn's bounds; returns how many frames that were.

        To be called when the descriptor is ready, while `pending` is set, when reports wait for a strategy
        that is driven remotely, and now and then for the signs of life.
        """
        frames = records = 0
        has_questions = self._admission.poll()
        has_input = self._has_input()
        while has_input and frames < MESSAGES_PER_TURN and records < RECORDS_PER_TURN:
            records += self._receive(now_ns)
            frames += 1
            has_input = self._has_input()
        outcomes = [self._send_next(client, now_ns) for client in tuple(self._drivers.values())]
        if not has_input and any(outcome is not None for outcome in outcomes):
            has_input = self._has_input()
        self.pending = has_input or has_questions or any(client.has_more(now_ns) for client in self._drivers.values())
        return frames + outcomes.count(Sent.YES)

    def close(self) -> None:
        """Ends all connections and frees the strategies."""
        for client in tuple(self._drivers.values()):
            self._drop(client)
        self._ready.close()
        self._socket.disable_monitor()
        self._context.destroy(linger=0)
        for endpoint in self.endpoints:
            if endpoint.startswith(_IPC):
                # libzmq leaves the socket's file behind.
                Path(endpoint.removeprefix(_IPC)).unlink(missing_ok=True)

    def _has_input(self) -> bool:
        return bool(int(self._socket.getsockopt(_EVENTS)) & zmq.POLLIN)

    def _receive(self, now_ns: int) -> int:
        """Takes the message that is there, and returns how many records it held.

        Its parts are received one by one, which costs half of all at once.
        """
        peer = self._socket.recv(zmq.NOBLOCK)
        message = self._socket.recv(zmq.NOBLOCK, copy=False)
        further = len(self._socket.recv_multipart(zmq.NOBLOCK)) if message.more else 0
        frame = message.bytes
        try:
            if further:
                raise FrameError(RefusalReason.MALFORMED_RECORD, limit=1, requested=1 + further)
            if peer in self._operators:
                answers = self._operators.answers(peer, _sender_of(message), frame, now_ns)
                self._send(peer, b"".join(answers))
                return len(answers)
            return self._take(peer, message, frame, now_ns)
        except FrameError as error:
            self._refuse(peer, error, frame, now_ns)
        return 1

    def _take(self, peer: bytes, message: zmq.Frame, frame: bytes, now_ns: int) -> int:
        user = user_of(message)
        check_digest(frame)
        records = outline(frame)
        kinds = {kind for kind, _, _ in records}
        if RecordKind.HELLO in kinds:
            if len(records) != 1:
                raise FrameError(RefusalReason.MALFORMED_RECORD, limit=1, requested=len(records))
            self._welcome(peer, message, frame, now_ns)
            return 1
        client = self._clients.get(peer)
        # A peer chooses how it is addressed and could take over the address of one that is gone, but not its key.
        if client is None or client.user != user:
            raise FrameError(RefusalReason.NOT_CONNECTED, limit=0, requested=0)
        client.pace.take(len(records), now_ns)
        unknown = kinds - COMMAND_KINDS - {RecordKind.SNAPSHOT_REQUEST}
        if unknown:
            raise FrameError(RefusalReason.UNKNOWN_RECORD_KIND, limit=0, requested=min(unknown))
        requests = [words for words in decode(frame) if words[1] == RecordKind.SNAPSHOT_REQUEST]
        self._check_requests(client, requests)
        self._stage(client, frame, records, now_ns)
        for _, _, sequence, _, what, instrument_id in requests:
            client.listings.append(
                self._engine.reader.begin(client.strategy_id, RecordKind(what), instrument_id, sequence)
            )
        return len(records)

    def _check_requests(self, client: ZeromqClient, requests: list[tuple[int, ...]]) -> None:
        for request in requests:
            if request[4] not in SNAPSHOT_KINDS:
                raise FrameError(RefusalReason.MALFORMED_RECORD, limit=0, requested=request[4])
        listings = len(client.listings) + len(requests)
        if listings > LISTINGS_MAX:
            raise FrameError(RefusalReason.RATE_LIMIT_EXCEEDED, limit=LISTINGS_MAX, requested=listings)

    def _stage(self, client: ZeromqClient, frame: bytes, records: list[tuple[int, int, int]], now_ns: int) -> None:
        """Lays a frame's commands out as in a ring and hands them over."""
        count = 0
        for kind, offset, length in records:
            if kind in COMMAND_KINDS:
                place = count * SLOT_BYTES
                self._staging_bytes[place : place + length] = frame[offset : offset + length]
                published_ns = _PUBLISHED_NS.unpack_from(frame, offset)[0]
                if not now_ns - PUBLISHED_AGE_MAX_NS < published_ns <= now_ns:
                    self._staging[count * SLOT_WORDS + HEADER_FIELDS.index("published_ns")] = now_ns
                count += 1
        if count:
            self._engine.process_commands(client.strategy_id, self._staging_address, count)

    def _welcome(self, peer: bytes, message: zmq.Frame, frame: bytes, now_ns: int) -> None:
        hello = dict(zip(HELLO.names or (), decode(frame)[0], strict=True))
        try:
            name = words_name([hello["strategy_name_0"], hello["strategy_name_1"]])
        except UnicodeDecodeError:
            raise FrameError(RefusalReason.MALFORMED_RECORD, limit=0, requested=hello["strategy_name_0"]) from None
        if name == OPERATOR:
            self._welcome_operator(peer, message, now_ns)
            return
        user = user_of(message)
        strategy_id = self._strategies.get(name)
        if strategy_id is None:
            raise FrameError(RefusalReason.UNKNOWN_CLIENT, limit=0, requested=0)
        if not self._admission.may_drive(user, name):
            raise FrameError(RefusalReason.KEY_NOT_ALLOWED, limit=0, requested=strategy_id)
        before = self._clients.get(peer)
        if before is not None:
            self._drop(before)
        older = self._drivers.get(strategy_id)
        if older is not None:
            self._refuse(older.peer, FrameError(RefusalReason.CLIENT_SUPERSEDED, limit=1, requested=2), b"", now_ns)
            self._drop(older)
        commands = self._engine.command_segment(strategy_id)
        if not commands.try_lock():
            raise FrameError(RefusalReason.STRATEGY_IN_USE, limit=1, requested=2)
        client = ZeromqClient(peer, user, strategy_id, self._drains[strategy_id], now_ns)
        if self._send(peer, self._welcome_record(strategy_id, commands, now_ns)) is not Sent.YES:
            commands.unlock()
            return
        self._clients[peer] = self._drivers[strategy_id] = client
        self._engine.remote_changed(strategy_id, is_remote=True)

    def _welcome_operator(self, peer: bytes, message: zmq.Frame, now_ns: int) -> None:
        words = self._engine.command_segment(next(iter(self._strategies.values()))).words
        instance, epoch = int(words[SegmentWord.INSTANCE]), int(words[SegmentWord.EPOCH])
        sender = _sender_of(message)
        self._send(peer, self._operators.welcome(peer, sender, instance=instance, epoch=epoch, now_ns=now_ns))

    def _welcome_record(self, strategy_id: int, commands: Segment, now_ns: int) -> bytes:
        ring_sequence, ring_order_sequence = last_in_ring(commands.address)
        counters = self._engine.reader.counters(strategy_id)
        return encode(
            RecordKind.WELCOME,
            0,
            now_ns,
            SCHEMA_DIGEST,
            int(commands.words[SegmentWord.INSTANCE]),
            int(commands.words[SegmentWord.EPOCH]),
            strategy_id,
            max(ring_order_sequence, counters.last_order_sequence),
            max(ring_sequence, counters.last_sequence),
            counters.last_report_sequence,
        )

    def _send_next(self, client: ZeromqClient, now_ns: int) -> Sent | None:
        """What became of a client's next frame, None when it has none."""
        frame = client.next_frame(now_ns)
        if frame is None:
            return None
        outcome = self._send(client.peer, frame)
        if outcome is Sent.YES:
            client.was_sent(now_ns)
        elif outcome is Sent.BLOCKED:
            client.is_blocked(now_ns)
        else:
            self._drop(client)
        return outcome

    def _send(self, peer: bytes, frame: bytes) -> Sent:
        try:
            self._socket.send(peer, zmq.NOBLOCK | zmq.SNDMORE)
            self._socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            return Sent.BLOCKED
        except zmq.ZMQError as error:
            if error.errno == zmq.EHOSTUNREACH:
                return Sent.PEER_GONE
            raise
        return Sent.YES

    def _refuse(self, peer: bytes, error: FrameError, frame: bytes, now_ns: int) -> None:
        """Answers a bad frame, once; a peer that does not take the answer goes without."""
        self.refused[error.reason] += 1
        self._send(peer, refusal(error, frame, now_ns))

    def _drop(self, client: ZeromqClient) -> None:
        del self._clients[client.peer]
        del self._drivers[client.strategy_id]
        self._engine.command_segment(client.strategy_id).unlock()
        self._engine.remote_changed(client.strategy_id, is_remote=False)


def _sender_of(message: zmq.Frame) -> Sender:
    return Sender(user_of(message), str(message.get("Peer-Address")))
