"""Owns the fuzzer of what a client sends over ZeroMQ, from the frame to the commands that reach the core."""

import random
import struct
import tempfile
from pathlib import Path
from typing import cast

import zmq

from engine.zeromq_admission import OWNER
from engine.zeromq_client import ZeromqClient
from engine.zeromq_refusal import refusal
from engine.zeromq_server import ZeromqServer
from ipc.enums import RecordKind
from ipc.frame import RECORD_BYTES, FrameError, decode, encode
from ipc.report_drain import ReportDrain
from ipc.schema import SCHEMA_DIGEST
from ipc.tables import name_words
from tests.fuzz.spoiling import spoil_bytes, spoil_words
from tests.ipc.fake_engine import STRATEGIES, FakeEngine

NOW_NS = 10**15
PEER = b"peer"
_COMMANDS = (
    RecordKind.NEW_ORDER, RecordKind.CANCEL_ORDER, RecordKind.AMEND_ORDER, RecordKind.CANCEL_ALL,
    RecordKind.TARGET_POSITION, RecordKind.STATUS_REQUEST, RecordKind.SNAPSHOT_REQUEST,
    RecordKind.NEW_PARENT, RecordKind.CONTROL_PARENT, RecordKind.SCHEDULE,
)  # fmt: skip


class _OwnersMessage:
    """What the server asks of a message besides its bytes: whom the admission let it in for."""

    def get(self, what: str) -> str:
        """The same of everything that is asked."""
        return OWNER


class ZeromqFrames:
    """A server with one welcomed client, whose frames these are."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="oms-")
        self._engine = FakeEngine(Path(self._folder.name, "engine"))
        self._server = ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, self._engine)
        self._now_ns = NOW_NS
        hello = encode(RecordKind.HELLO, 0, 0, SCHEMA_DIGEST, *name_words("maker", 2))
        commands = [self._record(kind) for kind in _COMMANDS]
        self.seeds = [hello, b"", *commands, b"".join(commands), commands[0] * 64, commands[1] * 20]

    def _record(self, kind: RecordKind) -> bytes:
        words = range(3, 3 + RECORD_BYTES[kind] // 8 - 2)
        return encode(kind, *words)

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Mostly words, and now and then another record behind or another kind in front."""
        act = generator.randrange(8)
        if act == 0:
            return spoil_bytes(data, generator)
        if act == 1:
            return data + generator.choice(self.seeds)
        if act == 2:
            return struct.pack("<qq", 0, generator.randrange(-2, 110)) + data[16:]
        return spoil_words(data, generator)

    def close(self) -> None:
        """Ends the server and its engine."""
        self._server._clients.clear()
        self._server._drivers.clear()
        self._server.close()
        self._engine.close()
        self._folder.cleanup()

    def take(self, data: bytes) -> None:
        """As the server takes a message; a bad one gets the one refusal, which must be a frame itself."""
        self._now_ns += 10**9
        drain = ReportDrain(self._engine.report_ring(1), self._engine.reader.state_address, 1)
        client = ZeromqClient(PEER, OWNER, 1, drain, self._now_ns)
        self._server._clients = {PEER: client}
        self._server._drivers = {1: client}
        try:
            self._server._take(PEER, cast(zmq.Frame, _OwnersMessage()), data, self._now_ns)
        except FrameError as error:
            assert len(decode(refusal(error, data, self._now_ns))) == 1
        self._engine.taken.clear()
