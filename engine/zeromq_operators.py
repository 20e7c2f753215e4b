"""Owns the engine's side of the operator's channel: who may be an operator, and the answer to each command.

An operator connects like a client, under a name that no strategy may have. Several may at once; a command is answered
at once, to whoever gave it, and whoever gave none is sent nothing. On the engine's host he is known by his user, and
beyond it by his key, whose name then stands in the journal whatever he calls himself.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from engine.zeromq_admission import OWNER, key_name
from engine.zeromq_pace import Pace
from ipc.enums import RecordKind, RefusalReason
from ipc.frame import FrameError, encode, outline
from ipc.operator_name import OPERATOR_COMMANDS
from ipc.records import LAYOUTS, SLOT_BYTES, SLOT_WORDS
from ipc.schema import SCHEMA_DIGEST
from ipc.tables import name_words

OPERATORS_MAX = 16
# libzmq says "localhost:USER:GROUP:PROCESS" of who came over a socket in the file system.
_LOCAL = f"localhost:{os.geteuid()}:"


class OperatedEngine(Protocol):
    """What an operator needs of the engine."""

    def carry_out(self, record_address: int) -> tuple[int, ...]:
        """Takes one command that lies there; returns the CONTROL_REPORT that answers it."""


class Sender(NamedTuple):
    """Who sent a message: as the admission named him, and from where."""

    user: str
    address: str


class Operators:
    """Everybody who said that he is one and may be."""

    def __init__(self, engine: OperatedEngine, may_operate: Callable[[str], bool]) -> None:
        self._engine = engine
        self._may_operate = may_operate
        self._paces: OrderedDict[bytes, Pace] = OrderedDict()
        self._record: np.ndarray = np.zeros(SLOT_WORDS, np.int64)
        self._bytes = memoryview(self._record.view(np.uint8).data)

    def __contains__(self, peer: bytes) -> bool:
        return peer in self._paces

    def welcome(self, peer: bytes, sender: Sender, *, instance: int, epoch: int, now_ns: int) -> bytes:
        """The answer to a greeting; FrameError unless it comes from the engine's own user or an operator's key."""
        self._check(sender)
        self._paces[peer] = Pace(now_ns)
        if len(self._paces) > OPERATORS_MAX:
            # Nothing tells when one has left; who is still there says so again.
            self._paces.popitem(last=False)
        return encode(RecordKind.WELCOME, 0, now_ns, SCHEMA_DIGEST, instance, epoch, 0, 0, 0, 0)

    def answers(self, peer: bytes, sender: Sender, frame: bytes, now_ns: int) -> list[bytes]:
        """Carries out what a frame says, in order; FrameError before anything is done when it says something else."""
        # A peer chooses how it is addressed, and could have taken over the name of an operator who is gone.
        self._check(sender)
        records = outline(frame)
        unknown = {kind for kind, _, _ in records} - OPERATOR_COMMANDS
        if unknown:
            raise FrameError(RefusalReason.UNKNOWN_RECORD_KIND, limit=max(OPERATOR_COMMANDS), requested=min(unknown))
        self._paces[peer].take(len(records), now_ns)
        self._paces.move_to_end(peer)
        answers = []
        name = key_name(sender.user)
        for kind, offset, length in records:
            self._bytes[:SLOT_BYTES] = bytes(SLOT_BYTES)
            self._bytes[:length] = frame[offset : offset + length]
            if name:
                place = (LAYOUTS[RecordKind(kind)].names or ()).index("operator_name_0")
                self._record[place : place + 2] = name_words(name, 2)
            words = self._engine.carry_out(int(self._record.ctypes.data))
            answers.append(encode(RecordKind.CONTROL_REPORT, *words[2:]))
        return answers

    def _check(self, sender: Sender) -> None:
        # The owner's sockets lie where nobody else comes; whose process it is the kernel says once more.
        is_himself = sender.user != OWNER or sender.address.startswith(_LOCAL)
        if not (self._may_operate(sender.user) and is_himself):
            raise FrameError(RefusalReason.NOT_PERMITTED, limit=os.geteuid(), requested=0)
