"""Who may be an operator, and what he is answered."""

import os

import numpy as np
import pytest

from engine.zeromq_admission import OWNER
from engine.zeromq_operators import OPERATORS_MAX, Operators, Sender
from engine.zeromq_pace import BURST_RECORDS
from ipc.enums import RecordKind, RefusalReason
from ipc.frame import FrameError, decode, encode
from ipc.operator_name import OPERATOR_COMMANDS
from ipc.records import CONTROL_REPORT, HEADER, LAYOUTS, SLOT_WORDS
from ipc.tables import name_words
from tests.ipc.words import words_at

LOCAL = Sender(OWNER, f"localhost:{os.geteuid()}:0:77")
REMOTE = Sender("key:person", "10.0.0.7")
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
    return Operators(engine, lambda user: user in (OWNER, REMOTE.user))


def welcome(operators: Operators, peer: bytes = PEER, sender: Sender = LOCAL) -> bytes:
    return operators.welcome(peer, sender, instance=3, epoch=7, now_ns=11)


def command(kind: RecordKind, sequence: int) -> bytes:
    count = len(LAYOUTS[kind].names or ()) - 3
    return encode(kind, sequence, *range(1, count + 1))


@pytest.mark.parametrize("sender", [LOCAL, REMOTE], ids=["the engine's user", "an operator's key"])
def test_who_is_one(operators: Operators, sender: Sender) -> None:
    ((_, kind, _, published_ns, _, instance, epoch, *rest),) = decode(welcome(operators, sender=sender))
    assert (kind, published_ns, instance, epoch, rest) == (RecordKind.WELCOME, 11, 3, 7, [0, 0, 0, 0])
    assert PEER in operators


@pytest.mark.parametrize(
    "sender",
    [
        *(Sender(OWNER, address) for address in ("", f"localhost:{os.geteuid() + 1}:0:77", "localhost")),
        *(Sender(user, "127.0.0.1") for user in ("local", "key:desk", "", "key:")),
        Sender("local", LOCAL.address),
    ],
)
def test_who_comes_otherwise_is_none(operators: Operators, sender: Sender) -> None:
    with pytest.raises(FrameError) as error:
        welcome(operators, sender=sender)
    assert error.value.reason == RefusalReason.NOT_PERMITTED
    assert PEER not in operators


def test_who_takes_over_the_address_of_one_is_none(operators: Operators, engine: EchoingEngine) -> None:
    welcome(operators)
    with pytest.raises(FrameError):
        operators.answers(PEER, Sender("local", "127.0.0.1"), command(RecordKind.SET_TRADING_STATE, 1), now_ns=12)
    assert engine.taken == []


@pytest.mark.parametrize("kind", sorted(OPERATOR_COMMANDS))
def test_a_key_acts_under_its_own_name_whatever_it_calls_itself(
    operators: Operators, engine: EchoingEngine, kind: RecordKind
) -> None:
    names = LAYOUTS[kind].names or ()
    place = names.index("operator_name_0")
    for sender in (LOCAL, REMOTE):
        answers(operators, command(kind, 1), sender)
    said, stamped = (list(taken[: len(names)]) for taken in engine.taken)
    assert stamped[place : place + 2] == list(name_words("person", 2))
    assert said[place : place + 2] == [place - 2, place - 1]
    assert said[:place] + said[place + 2 :] == stamped[:place] + stamped[place + 2 :]


def answers(operators: Operators, frame: bytes, sender: Sender = LOCAL) -> bytes:
    welcome(operators, sender=sender)
    return b"".join(operators.answers(PEER, sender, frame, now_ns=12))


def test_each_command_is_answered_in_order_and_its_slot_holds_nothing_else(
    operators: Operators, engine: EchoingEngine
) -> None:
    frame = command(RecordKind.SET_LIMIT, 1) + command(RecordKind.ACKNOWLEDGE_ALARM, 2)
    answered = decode(answers(operators, frame))
    place = (CONTROL_REPORT.names or ()).index("command_sequence")
    assert [(words[1], words[place]) for words in answered] == [(RecordKind.CONTROL_REPORT, n) for n in (1, 2)]
    used = len(LAYOUTS[RecordKind.ACKNOWLEDGE_ALARM].names or ())
    assert engine.taken[1][used:] == (0,) * (SLOT_WORDS - used)


@pytest.mark.parametrize("kind", sorted(set(RecordKind) - OPERATOR_COMMANDS))
def test_whatever_else_is_in_a_frame_nothing_of_it_is_done(
    operators: Operators, engine: EchoingEngine, kind: RecordKind
) -> None:
    with pytest.raises(FrameError) as error:
        answers(operators, command(RecordKind.SET_TRADING_STATE, 1) + command(kind, 2))
    assert error.value.reason == RefusalReason.UNKNOWN_RECORD_KIND
    assert engine.taken == []


def test_of_too_many_the_first_has_to_say_so_again(operators: Operators) -> None:
    for number in range(OPERATORS_MAX + 1):
        welcome(operators, b"%d" % number)
    assert [b"%d" % number in operators for number in (0, 1, OPERATORS_MAX)] == [False, True, True]


def test_who_gives_commands_is_not_the_one_to_be_forgotten(operators: Operators) -> None:
    for number in range(OPERATORS_MAX):
        welcome(operators, b"%d" % number)
    operators.answers(b"0", LOCAL, command(RecordKind.ACKNOWLEDGE_ALARM, 1), now_ns=12)
    welcome(operators, b"late")
    assert [peer in operators for peer in (b"0", b"1")] == [True, False]


def test_an_operators_flood_is_refused_as_a_clients_is(operators: Operators, engine: EchoingEngine) -> None:
    frame = command(RecordKind.ACKNOWLEDGE_ALARM, 1) * 64
    welcome(operators)
    for _ in range(BURST_RECORDS // 64):
        assert len(operators.answers(PEER, LOCAL, frame, now_ns=11)) == 64
    with pytest.raises(FrameError) as error:
        operators.answers(PEER, LOCAL, frame, now_ns=11)
    assert error.value.reason == RefusalReason.CLIENT_TOO_FAST
    assert len(engine.taken) == BURST_RECORDS
