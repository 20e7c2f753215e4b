"""Every refusal of the core: its least input, its reason, its numbers, and nothing changed by it."""

import sys
from pathlib import Path

import pytest

import engine
from ipc.enums import JournalState, RecordKind, RefusalReason, RequestKind, VenueEvent
from ipc.order_id import pack, unpack
from tests.engine.core import (
    refused_changes,
    refused_commands,
    refused_kinds,
    refused_operators,
    refused_parents,
    refused_risk,
    refused_states,
)
from tests.engine.core.passing_commands import PASSING
from tests.engine.core.provocation import Provocation, Row
from tests.engine.core.world import World

ROWS = (
    *refused_commands.ROWS,
    *refused_kinds.ROWS,
    *refused_changes.ROWS,
    *refused_states.ROWS,
    *refused_risk.ROWS,
    *refused_operators.ROWS,
    *refused_parents.ROWS,
)

# Told of an amendment that had been accepted, and whose place a later one took; of orders that wait, or waited.
_TOLD_LATER = {
    RefusalReason.REPLACE_ALREADY_PENDING,
    RefusalReason.RATE_QUEUE_EXPIRED,
    RefusalReason.RATE_QUEUE_SHED,
    RefusalReason.RATE_QUEUE_AHEAD,
    # Of a parent that would trade.
    RefusalReason.NO_ROUTE,
}

# What a person, or the one who fenced, has to take back first.
_STOPPED = {
    RefusalReason.TRADING_STATE,
    RefusalReason.ENGINE_FENCED,
    RefusalReason.LEASE_EXPIRED,
    RefusalReason.REARMING_REQUIRED,
}

# Reasons that other parts of the engine give, and where those are tested.
_GIVEN_ELSEWHERE = {
    RefusalReason.UNKNOWN_CLIENT: "tests/ipc",
    RefusalReason.SCHEMA_MISMATCH: "tests/ipc",
    RefusalReason.CLIENT_SUPERSEDED: "tests/ipc",
    RefusalReason.FRAME_TOO_LARGE: "tests/ipc",
    RefusalReason.NOT_CONNECTED: "tests/ipc",
    RefusalReason.STRATEGY_IN_USE: "tests/ipc",
    RefusalReason.UNKNOWN_ALARM: "tests/engine/states",
    RefusalReason.CLIENT_TOO_FAST: "tests/security",
    RefusalReason.KEY_NOT_ALLOWED: "tests/security",
    RefusalReason.KILL_STANDS: "tests/engine/spin",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.reason.name}: {row.name}")
def test_a_refusal_has_one_reason_and_changes_nothing(world: World, row: Row) -> None:
    act = row.provoke(world)
    before = world.masked_digest()
    step = act(world)
    assert step.refusals == [row.reason]
    assert len(step.effects) == 1
    if row.limit is not None:
        assert step.reports[0].limit == row.limit
    assert world.masked_digest() == before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.reason.name}: {row.name}")
def test_good_input_still_works_after_a_refusal(world: World, row: Row) -> None:
    row.provoke(world)(world)
    if row.reason == RefusalReason.ORDER_TABLE_FULL:
        ended = int(world.row("orders", 0)["order_id"])
        world.venue(VenueEvent.CANCELED, ended)
    if row.reason == RefusalReason.JOURNAL_NOT_KEEPING:
        world.feed(RecordKind.JOURNAL_STATE, state=JournalState.KEEPING)
    if row.reason in _STOPPED:
        refused_states.let_go(world)
    assert world.new_order(strategy=3, account_id=1, instrument_id=1).asked == [RequestKind.NEW]


def _last_order_sequence(world: World) -> int:
    return int(world.row("strategies", 1)["last_order_sequence"])


@pytest.mark.parametrize("kind", [RecordKind.NEW_ORDER, RecordKind.TARGET_POSITION], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"instrument_id": 9}, RefusalReason.UNKNOWN_INSTRUMENT, id="looked at"),
        pytest.param({"expires_utc_ns": 1}, RefusalReason.COMMAND_EXPIRED, id="too late"),
    ],
)
def test_the_id_of_a_refused_order_names_no_other(
    world: World, kind: RecordKind, fields: dict[str, int], reason: RefusalReason
) -> None:
    refused = world.order_id(sequence=7)
    assert world.command(kind, order_id=refused, **fields).refusals == [reason]
    assert _last_order_sequence(world) == 7
    assert world.command(kind, order_id=refused).refusals == [RefusalReason.DUPLICATE_ORDER_ID]
    assert world.command(kind, order_id=world.order_id(sequence=8)).refusals == []


@pytest.mark.parametrize("parts", [{"instance": 1}, {"epoch": 1}, {"strategy_id": 2}, {"leg": 1}], ids=str)
def test_a_refused_id_that_is_not_the_strategys_own_uses_none_up(world: World, parts: dict[str, int]) -> None:
    own = unpack(world.order_id(sequence=7))._asdict()
    assert world.new_order(order_id=pack(**{**own, **parts})).refusals != []
    assert world.new_order(order_id=-1).refusals == [RefusalReason.MALFORMED_RECORD]
    assert _last_order_sequence(world) == 0


def test_a_cancel_that_is_refused_uses_no_id_up(world: World) -> None:
    assert world.cancel(world.order_id(sequence=7)).refusals == [RefusalReason.UNKNOWN_ORDER]
    assert _last_order_sequence(world) == 0


@pytest.mark.parametrize(("name", "provoke", "asks_for"), PASSING, ids=[name for name, _, _ in PASSING])
def test_right_at_a_limit_a_command_passes(
    world: World, name: str, provoke: Provocation, asks_for: RequestKind
) -> None:
    step = provoke(world)(world)
    assert (step.refusals, step.asked) == ([], [asks_for]), name


def test_every_reason_is_provoked_or_belongs_to_another_part() -> None:
    counts = {reason: sum(row.reason == reason for row in ROWS) for reason in RefusalReason}
    for reason, count in counts.items():
        sys.stdout.write(f"{reason.name:<28}{count or _GIVEN_ELSEWHERE.get(reason, '-')}\n")
    provoked = {reason for reason, count in counts.items() if count}
    assert provoked | set(_GIVEN_ELSEWHERE) | {RefusalReason.NONE} | _TOLD_LATER == set(RefusalReason)
    assert not provoked & set(_GIVEN_ELSEWHERE)


def test_what_belongs_to_other_parts_is_tested_there() -> None:
    root = Path(engine.__file__).parent.parent
    for reason, folder in _GIVEN_ELSEWHERE.items():
        texts = (path.read_text() for path in (root / folder).rglob("*.py"))
        assert any(f"RefusalReason.{reason.name}" in text for text in texts), f"{reason.name} in {folder}"
