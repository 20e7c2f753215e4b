"""Who may be an operator, and what he is answered."""

import os

import numpy as np
import pytest

from engine.zeromq_operators import OPERATORS_MAX, Operators
from ipc.enums import RecordKind, RefusalReason
from ipc.frame import FrameError, decode, encode
from ipc.records import CONTROL_REPORT, HEADER, LAYOUTS, SLOT_WORDS
from tests.ipc.words import words_at

LOCAL = f"localhost:{os.geteuid()}:0:77"
PEER = b"peer"


class EchoingEngine:
    """Answers each command with its own sequence."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, ...]] = []

    def carry_out(self, record_address: int) -> tuple[int, ...]:
        """Notes the whole slot."""
        taken = words_at(record_address, SLOT_WORDS)
        header = np.array(taken[: HEADER.itemsize // 8]).view(HEADER)[0]
        self.taken.append(tuple(taken))
        words = dict.fromkeys(CONTROL_REPORT.names or (), 0)
        words |= {"command_kind": int(header["kind"]), "command_sequence": int(header["sequence"])}
        return tuple(words.values())


@pytest.fixture
def engine() -> EchoingEngine:
    return EchoingEngine()


@pytest.fixture
def operators(engine: EchoingEngine) -> Operators:
    return Operators(engine)


def welcome(operators: Operators, peer: bytes = PEER, address: str = LOCAL) -> bytes:
    return operators.welcome(peer, address, instance=3, epoch=7, now_ns=11)


def command(kind: RecordKind, sequence: int) -> bytes:
    count = len(LAYOUTS[kind].names or ()) - 3
    return encode(kind, sequence, *range(1, count + 1))


def test_who_comes_over_a_socket_of_the_engines_own_user_is_one(operators: Operators) -> None:
    ((_, kind, _, published_ns, _, instance, epoch, *rest),) = decode(welcome(operators))
    assert (kind, published_ns, instance, epoch, rest) == (RecordKind.WELCOME, 11, 3, 7, [0, 0, 0, 0])
    assert PEER in operators


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "", f"localhost:{os.geteuid() + 1}:0:77", "localhost"])
def test_who_comes_otherwise_is_none(operators: Operators, address: str) -> None:
    with pytest.raises(FrameError) as error:
        welcome(operators, address=address)
    assert error.value.reason == RefusalReason.NOT_PERMITTED
    assert PEER not in operators


def test_who_takes_over_the_address_of_one_is_none(operators: Operators, engine: EchoingEngine) -> None:
    welcome(operators)
    with pytest.raises(FrameError):
        operators.answer("127.0.0.1", command(RecordKind.SET_TRADING_STATE, 1))
    assert engine.taken == []


def test_each_command_is_answered_in_order_and_its_slot_holds_nothing_else(
    operators: Operators, engine: EchoingEngine
) -> None:
    frame = command(RecordKind.SET_LIMIT, 1) + command(RecordKind.ACKNOWLEDGE_ALARM, 2)
    answers = decode(operators.answer(LOCAL, frame))
    place = (CONTROL_REPORT.names or ()).index("command_sequence")
    assert [(words[1], words[place]) for words in answers] == [(RecordKind.CONTROL_REPORT, n) for n in (1, 2)]
    used = len(LAYOUTS[RecordKind.ACKNOWLEDGE_ALARM].names or ())
    assert engine.taken[1][used:] == (0,) * (SLOT_WORDS - used)


@pytest.mark.parametrize("kind", sorted(set(RecordKind) - {8, 9, 10}))
def test_whatever_else_is_in_a_frame_nothing_of_it_is_done(
    operators: Operators, engine: EchoingEngine, kind: RecordKind
) -> None:
    with pytest.raises(FrameError) as error:
        operators.answer(LOCAL, command(RecordKind.SET_TRADING_STATE, 1) + command(kind, 2))
    assert error.value.reason == RefusalReason.UNKNOWN_RECORD_KIND
    assert engine.taken == []


def test_of_too_many_the_first_has_to_say_so_again(operators: Operators) -> None:
    for number in range(OPERATORS_MAX + 1):
        welcome(operators, b"%d" % number)
    assert [b"%d" % number in operators for number in (0, 1, OPERATORS_MAX)] == [False, True, True]
