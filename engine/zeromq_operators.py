"""Owns the engine's side of the operator's channel: who may be an operator, and the answer to each command.

An operator connects like a client, under a name that no strategy may have. Several may at once; a command is answered
at once, to whoever gave it, and whoever gave none is sent nothing.
"""

import os
from collections import OrderedDict
from typing import Protocol

import numpy as np

from ipc.enums import RecordKind, RefusalReason
from ipc.frame import FrameError, encode, outline
from ipc.operator_name import OPERATOR_COMMANDS
from ipc.records import SLOT_BYTES, SLOT_WORDS
from ipc.schema import SCHEMA_DIGEST

OPERATORS_MAX = 16
# libzmq says "localhost:USER:GROUP:PROCESS" of who came over a socket in the file system.
_LOCAL = f"localhost:{os.geteuid()}:"


class OperatedEngine(Protocol):
    """What an operator needs of the engine."""

    def carry_out(self, record_address: int) -> tuple[int, ...]:
        """Takes one command that lies there; returns the CONTROL_REPORT that answers it."""


class Operators:
    """Everybody who said that he is one and may be."""

    def __init__(self, engine: OperatedEngine) -> None:
        self._engine = engine
        self._peers: OrderedDict[bytes, None] = OrderedDict()
        self._record: np.ndarray = np.zeros(SLOT_WORDS, np.int64)
        self._bytes = memoryview(self._record.view(np.uint8).data)

    def __contains__(self, peer: bytes) -> bool:
        return peer in self._peers

    def welcome(self, peer: bytes, address: str, *, instance: int, epoch: int, now_ns: int) -> bytes:
        """The answer to a greeting; FrameError unless it comes from a process of the engine's own user."""
        _check_local(address)
        self._peers[peer] = None
        if len(self._peers) > OPERATORS_MAX:
            # Nothing tells when one has left; who is still there says so again.
            self._peers.popitem(last=False)
        return encode(RecordKind.WELCOME, 0, now_ns, SCHEMA_DIGEST, instance, epoch, 0, 0, 0, 0)

    def answer(self, address: str, frame: bytes) -> bytes:
        """Carries out what a frame says, in order; FrameError before anything is done when it says something else."""
        # A peer chooses how it is addressed, and could have taken over the name of an operator who is gone.
        _check_local(address)
        records = outline(frame)
        unknown = {kind for kind, _, _ in records} - OPERATOR_COMMANDS
        if unknown:
            raise FrameError(RefusalReason.UNKNOWN_RECORD_KIND, limit=max(OPERATOR_COMMANDS), requested=min(unknown))
        answers = []
        for _, offset, length in records:
            self._bytes[:SLOT_BYTES] = bytes(SLOT_BYTES)
            self._bytes[:length] = frame[offset : offset + length]
            words = self._engine.carry_out(int(self._record.ctypes.data))
            answers.append(encode(RecordKind.CONTROL_REPORT, *words[2:]))
        return b"".join(answers)


def _check_local(address: str) -> None:
    if not address.startswith(_LOCAL):
        raise FrameError(RefusalReason.NOT_PERMITTED, limit=os.geteuid(), requested=0)
