"""A limit changed while trading goes on: in force at once, told with what it was before, and never a nonsense."""

import numpy as np
import pytest

from ipc.enums import RecordKind, RefusalReason, RiskLimit, ScopeKind
from ipc.records import LAYOUTS
from ipc.tables import NO_LIMIT
from tests.engine.core.world import UTC_OFFSET_NS, World

ANA = int.from_bytes(b"ana".ljust(8, b"\0"), "little")
OF_BOOK = {"scope_kind": ScopeKind.BOOK, "subject_id": 1, "instrument_id": 0}


def set_limit(world: World, **fields: int) -> dict[str, int]:
    """What a command to set a limit of strategy 1 is answered with."""
    command = {
        "sequence": 7,
        "scope_kind": ScopeKind.STRATEGY,
        "subject_id": 1,
        "limit_name": RiskLimit.MAX_OPEN_ORDERS,
        "value": 3,
        "expires_utc_ns": world.now_ns + UTC_OFFSET_NS,
        "operator_name_0": ANA,
        **fields,
    }
    step = world.feed(RecordKind.SET_LIMIT, **command)
    assert len(step.effects) == 1
    return vars(step.control)


def test_a_limit_holds_at_once_and_is_told_with_what_it_was_and_by_whom(world: World) -> None:
    told = set_limit(world, value=1)
    assert (told["reason"], told["before"], told["after"]) == (0, NO_LIMIT, 1)
    assert (told["scope_kind"], told["subject_id"], told["limit_name"]) == (ScopeKind.STRATEGY, 1, 1)
    assert (told["command_sequence"], told["operator_name_0"]) == (7, ANA)
    world.place()
    assert world.new_order(price_ticks=9_000).refusals == [RefusalReason.MAX_OPEN_ORDERS_EXCEEDED]
    assert set_limit(world, value=2)["before"] == 1
    world.place(price_ticks=9_000)


@pytest.mark.parametrize("limit", list(RiskLimit))
def test_every_limit_can_be_set_where_it_stands(world: World, limit: RiskLimit) -> None:
    of_book = limit >= RiskLimit.MAX_ORDER_LOTS
    of_account = {"scope_kind": ScopeKind.ACCOUNT, "subject_id": 1}
    told = set_limit(world, limit_name=limit, value=5, **(OF_BOOK if of_book else of_account))
    assert (told["reason"], told["after"]) == (0, 5)
    row = world.book() if of_book else world.row("scopes", 3)
    assert row[limit.name.lower()] == 5


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"scope_kind": ScopeKind.STRATEGY, "subject_id": 4}, RefusalReason.UNKNOWN_SCOPE),
        ({"scope_kind": ScopeKind.BOOK, "subject_id": -1}, RefusalReason.UNKNOWN_SCOPE),
        ({**OF_BOOK, "instrument_id": 2, "limit_name": RiskLimit.MAX_ORDER_LOTS}, RefusalReason.UNKNOWN_SCOPE),
        ({"limit_name": RiskLimit.MAX_LEVERAGE_PERCENT}, RefusalReason.UNKNOWN_SCOPE),
        ({"limit_name": RiskLimit.MAX_ORDER_LOTS}, RefusalReason.UNKNOWN_SCOPE),
        ({"limit_name": 0}, RefusalReason.UNKNOWN_SCOPE),
        ({"limit_name": 1_000}, RefusalReason.UNKNOWN_SCOPE),
        ({"expires_utc_ns": UTC_OFFSET_NS}, RefusalReason.COMMAND_EXPIRED),
        ({"value": -1}, RefusalReason.MALFORMED_RECORD),
        ({"limit_name": RiskLimit.MAX_NEW_PER_S, "value": 1_000_001}, RefusalReason.MALFORMED_RECORD),
        ({"limit_name": RiskLimit.TRADED_WINDOW_NS, "value": NO_LIMIT}, RefusalReason.MALFORMED_RECORD),
        ({**OF_BOOK, "limit_name": RiskLimit.MAX_LONG_LOTS, "value": NO_LIMIT}, RefusalReason.MALFORMED_RECORD),
        ({**OF_BOOK, "limit_name": RiskLimit.FAT_FINGER_BPS, "value": 10_000}, RefusalReason.MALFORMED_RECORD),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    world: World, fields: dict[str, int], reason: RefusalReason
) -> None:
    before = world.state.table("scopes").tobytes() + world.state.table("books").tobytes()
    assert set_limit(world, **fields)["reason"] == reason
    assert world.state.table("scopes").tobytes() + world.state.table("books").tobytes() == before


def test_a_limit_is_an_input_of_the_journal() -> None:
    assert LAYOUTS[RecordKind.SET_LIMIT].itemsize <= 28 * np.dtype(np.int64).itemsize
