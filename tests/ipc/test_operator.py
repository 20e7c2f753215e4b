"""An operator is answered what his own command came to, and is let in again by an engine that forgot him."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from engine.zeromq_operators import OPERATORS_MAX
from engine.zeromq_server import ZeromqServer
from ipc.enums import RecordKind, RefusalReason
from ipc.errors import EngineNotRunningError
from ipc.frame import decode, encode
from ipc.operator import Operator
from ipc.records import CONTROL_REPORT
from ipc.schema import SCHEMA_DIGEST
from tests.ipc.conftest import ServingThread, engine, runtime
from tests.ipc.fake_engine import STRATEGIES, FakeEngine

__all__ = ["engine", "runtime"]

WAIT_S = 0.2
# The command that is refused, by its number.
REFUSED = 5


@contextmanager
def answering(folder: Path, answers: Callable[[int], list[int]]) -> Iterator[str]:
    """An engine's end that, asked for command number N, answers the commands whose numbers are `answers(N)`."""
    url = f"ipc://{folder}/slow"
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.bind(url)
    names = CONTROL_REPORT.names or ()

    def serve() -> None:
        while True:
            try:
                peer, frame = socket.recv_multipart()
            except zmq.ContextTerminated:
                socket.close(linger=0)
                return
            (words,) = decode(frame)
            if words[1] == RecordKind.HELLO:
                socket.send_multipart([peer, encode(RecordKind.WELCOME, 0, 0, SCHEMA_DIGEST, 0, 1, 0, 0, 0, 0)])
                continue
            for sequence in answers(words[2]):
                report = dict.fromkeys(names, 0) | {"command_sequence": sequence}
                report["reason"] = RefusalReason.UNKNOWN_ALARM if sequence == REFUSED else RefusalReason.NONE
                socket.send_multipart([peer, encode(RecordKind.CONTROL_REPORT, *list(report.values())[2:])])

    thread = threading.Thread(target=serve)
    thread.start()
    yield url
    context.term()
    thread.join()


def test_an_answer_that_came_too_late_is_none_to_the_next_command(tmp_path: Path) -> None:
    with (
        answering(tmp_path, lambda sequence: [] if sequence == 1 else [1, sequence]) as url,
        Operator(url, timeout_s=WAIT_S) as operator,
    ):
        with pytest.raises(EngineNotRunningError, match="may still be done"):
            operator.acknowledge_alarm(1)
        assert operator.acknowledge_alarm(2).sequence == 2


def test_a_refusal_is_that_of_its_own_command(tmp_path: Path) -> None:
    with (
        answering(tmp_path, lambda sequence: [sequence - 1, sequence]) as url,
        Operator(url, timeout_s=WAIT_S) as operator,
    ):
        answers = [operator.acknowledge_alarm(number) for number in range(7)]
    assert [answer.sequence for answer in answers] == [1, 2, 3, 4, 5, 6, 7]
    assert [answer.reason for answer in answers].index(RefusalReason.UNKNOWN_ALARM) == REFUSED - 1


def test_who_was_forgotten_says_who_he_is_and_his_command_is_carried_out(engine: FakeEngine, runtime: Path) -> None:
    server = ZeromqServer([f"ipc://{runtime}/clients"], STRATEGIES, engine)
    serving = ServingThread(server)
    try:
        with Operator(server.endpoints[0]) as first:
            for _ in range(OPERATORS_MAX):
                Operator(server.endpoints[0]).close()
            assert first.acknowledge_alarm(3).reason == RefusalReason.NONE
        assert [command["alarm_id"] for command in engine.operated] == [3]
        assert server.refused == {RefusalReason.NOT_CONNECTED: 1}
    finally:
        serving.stop()
