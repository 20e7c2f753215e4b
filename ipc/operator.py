"""Owns an operator's way to an engine over ZeroMQ: commands that are no strategy's, each answered at once."""

import getpass
from pathlib import Path
from typing import NamedTuple, Self

import zmq

from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.curve import prove
from ipc.enums import RecordKind, RefusalReason, RiskLimit, ScopeKind, TradingState
from ipc.errors import ConnectionRefusedByEngineError, EngineNotRunningError
from ipc.frame import decode, encode
from ipc.operator_name import OPERATOR
from ipc.proof import proof_of
from ipc.records import CONTROL_REPORT, EXECUTION_REPORT
from ipc.schema import SCHEMA_DIGEST
from ipc.tables import name_words

TIMEOUT_S = 5.0
TIME_TO_LIVE_NS = 5 * NS_PER_S
_KIND = 1
_REASON = (EXECUTION_REPORT.names or ()).index("reason")
_COMMAND_SEQUENCE = (CONTROL_REPORT.names or ()).index("command_sequence")
_NO_ORDER = 0


class _ForgottenError(ConnectionRefusedByEngineError):
    """The engine does not know us as an operator, or no more; it did nothing of what we asked."""


class ControlAnswer(NamedTuple):
    """What became of a command: the reason is NONE when it was carried out."""

    sequence: int
    reason: RefusalReason
    before: int
    after: int


class Operator:
    """A connection of one person or tool; `name` stands in the engine's journal beside each command.

    An engine on another host takes only whom it knows, and by the name that stands beside the key there: `key_file`
    holds our key pair (`oms keys new`), `server_key` is the engine's public key.
    """

    def __init__(
        self,
        url: str,
        name: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        key_file: Path | None = None,
        server_key: str | None = None,
    ) -> None:
        proof = proof_of(url, key_file, server_key)
        self._url = url
        self._timeout_ms = int(timeout_s * 1_000)
        self._clock = SystemClock()
        self._name = name_words((name or getpass.getuser()).encode("ascii", "replace")[:16].decode("ascii"), 2)
        self._sequence = 0
        self._context = zmq.Context()
        try:
            self._socket = self._context.socket(zmq.DEALER)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.setsockopt(zmq.IPV6, int("[" in url))
            if proof is not None:
                prove(self._socket, proof)
            self._socket.connect(url)
            self._say_hello()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def set_trading_state(
        self, kind: ScopeKind, subject_id: int, state: TradingState, *, is_rearming: bool = False, cause: int = 0
    ) -> ControlAnswer:
        """Makes a scope more restrictive, or with `is_rearming` what a person wants it to be."""
        words = (kind, subject_id, state, int(is_rearming), cause)
        return self._command(RecordKind.SET_TRADING_STATE, *words)

    def set_limit(
        self, kind: ScopeKind, subject_id: int, limit: RiskLimit, value: int, *, instrument_id: int = -1
    ) -> ControlAnswer:
        """Changes a limit of a scope, or of a strategy in one instrument."""
        return self._command(RecordKind.SET_LIMIT, kind, subject_id, instrument_id, limit, value)

    def acknowledge_alarm(self, alarm_id: int) -> ControlAnswer:
        """Says that a person has seen an alarm."""
        return self._command(RecordKind.ACKNOWLEDGE_ALARM, alarm_id)

    def close(self) -> None:
        """Ends the connection."""
        self._context.destroy(linger=0)

    def _say_hello(self) -> None:
        hello = encode(RecordKind.HELLO, 0, self._clock.monotonic_ns(), SCHEMA_DIGEST, *name_words(OPERATOR, 2))
        self._ask(hello, RecordKind.WELCOME)

    def _command(self, kind: RecordKind, *words: int) -> ControlAnswer:
        self._sequence += 1
        expires_utc_ns = self._clock.utc_ns() + TIME_TO_LIVE_NS
        head = (self._sequence, self._clock.monotonic_ns(), expires_utc_ns, _NO_ORDER)
        frame = encode(kind, *head, *words, *self._name)
        try:
            answer = self._ask(frame, RecordKind.CONTROL_REPORT)
        except _ForgottenError:
            # By an engine that was started since, after a connection broke, or for others: nothing was carried out.
            self._say_hello()
            answer = self._ask(frame, RecordKind.CONTROL_REPORT)
        report = dict(zip(CONTROL_REPORT.names or (), answer, strict=True))
        return ControlAnswer(
            report["command_sequence"], RefusalReason(report["reason"]), report["before"], report["after"]
        )

    def _is_ours(self, words: tuple[int, ...]) -> bool:
        """Whether an answer is to the last command: one that came too late is the answer to an earlier one."""
        return words[_KIND] != RecordKind.CONTROL_REPORT or words[_COMMAND_SEQUENCE] == self._sequence

    def _ask(self, frame: bytes, expected: RecordKind) -> tuple[int, ...]:
        """Sends one record and waits for its answer."""
        deadline_ns = self._clock.monotonic_ns() + self._timeout_ms * NS_PER_MS
        while self._socket.poll(0):
            self._socket.recv()
        if self._socket.poll(self._timeout_ms, zmq.POLLOUT):
            self._socket.send(frame)
        while (left_ns := deadline_ns - self._clock.monotonic_ns()) > 0:
            if not self._socket.poll(left_ns // NS_PER_MS + 1):
                break
            for words in decode(self._socket.recv()):
                if words[_KIND] == expected and self._is_ours(words):
                    return words
                if words[_KIND] == RecordKind.EXECUTION_REPORT:
                    if words[_REASON] == RefusalReason.NOT_CONNECTED:
                        raise _ForgottenError(f"the engine at {self._url} knows us no more")
                    raise ConnectionRefusedByEngineError(
                        f"the engine at {self._url} refused an operator's frame: {RefusalReason(words[_REASON]).name}; "
                        "allowed are the engine's own user on its host, a key with operator = true, and the same "
                        "version on both sides"
                    )
        raise EngineNotRunningError(
            f"no engine answered at {self._url} within {self._timeout_ms} ms; what it was asked may still be done: "
            "look with `oms limits`, and at whether it hangs, is not running or does not let our key in"
        )
