"""An alarm stays until it is over and was acknowledged; the same again is counted."""

import numpy as np

from ipc.alarm_tables import ALARMS_MAX
from ipc.enums import AlarmCode, JournalState, RecordKind, RefusalReason, VenueEvent
from tests.engine.core.world import BASE, NS_PER_S, QUOTE, UTC_OFFSET_NS, World


def rows(world: World) -> list[tuple[int, int]]:
    alarms = world.state.table("alarms")
    return [(int(row["code"]), int(row["count"])) for row in alarms if row["alarm_id"] != 0]


def deposit(world: World, account_id: int = 1) -> None:
    world.feed(RecordKind.BALANCE_CHANGE, account_id=account_id, asset_id=QUOTE, delta_units=500)


def journal(world: World, state: JournalState) -> None:
    world.feed(RecordKind.JOURNAL_STATE, state=state)


def acknowledge(world: World, alarm_id: int, **fields: int) -> RefusalReason:
    step = world.feed(RecordKind.ACKNOWLEDGE_ALARM, sequence=4, alarm_id=alarm_id, **fields)
    assert (step.control.command_kind, step.control.command_sequence) == (RecordKind.ACKNOWLEDGE_ALARM, 4)
    return RefusalReason(step.control.reason)


def test_an_alarm_is_kept_with_its_numbers(world: World) -> None:
    order_id = world.place(strategy=2)
    world.venue(VenueEvent.CANCELED, order_id)
    world.fill(order_id, 4)
    row = world.row("alarms", 0)
    assert (row["alarm_id"], row["code"], row["strategy_id"], row["order_id"]) == (1, AlarmCode.LATE_FILL, 2, order_id)
    assert (row["expected"], row["found"], row["raised_utc_ns"]) == (0, 4, world.now_ns + UTC_OFFSET_NS)


def test_the_same_about_the_same_is_counted_and_about_another_is_not(world: World) -> None:
    for account_id in (1, 1, 0):
        world.now_ns += NS_PER_S
        deposit(world, account_id)
    assert rows(world) == [(AlarmCode.BALANCE_CHANGED, 2), (AlarmCode.BALANCE_CHANGED, 1)]
    row = world.row("alarms", 0)
    assert (row["found"], row["last_utc_ns"] - row["raised_utc_ns"]) == (1_000, NS_PER_S)


def test_the_same_about_another_asset_is_another_alarm(world: World) -> None:
    deposit(world)
    world.feed(RecordKind.BALANCE_CHANGE, account_id=1, asset_id=BASE, delta_units=3)
    alarms = world.state.table("alarms")[:2]
    assert (alarms["asset_id"].tolist(), alarms["found"].tolist()) == ([QUOTE, BASE], [500, 3])


def test_what_happened_once_is_over_when_it_is_acknowledged(world: World) -> None:
    deposit(world)
    assert acknowledge(world, 1) == RefusalReason.NONE
    assert rows(world) == []


def test_a_condition_stays_until_it_is_over(world: World) -> None:
    journal(world, JournalState.FAILED)
    assert acknowledge(world, 1, operator_name_0=7) == RefusalReason.NONE
    assert rows(world) == [(AlarmCode.JOURNAL_NOT_KEEPING, 1)]
    assert world.row("alarms", 0)["operator_name_0"] == 7
    journal(world, JournalState.KEEPING)
    assert rows(world) == []


def test_a_condition_that_is_over_stays_until_it_was_acknowledged(world: World) -> None:
    journal(world, JournalState.FAILED)
    journal(world, JournalState.KEEPING)
    assert rows(world) == [(AlarmCode.JOURNAL_NOT_KEEPING, 1)]
    acknowledge(world, 1)
    assert rows(world) == []


def test_what_comes_again_must_be_acknowledged_again(world: World) -> None:
    journal(world, JournalState.FAILED)
    acknowledge(world, 1)
    deposit(world)
    journal(world, JournalState.KEEPING)
    journal(world, JournalState.FAILED)
    row = world.row("alarms", 0)
    assert (row["alarm_id"], row["acknowledged_utc_ns"], row["cleared_utc_ns"]) == (3, 0, 0)


def test_an_alarm_that_is_not_there_is_told(world: World) -> None:
    deposit(world)
    for alarm_id in (0, 2, -1):
        assert acknowledge(world, alarm_id) == RefusalReason.UNKNOWN_ALARM
    assert rows(world) == [(AlarmCode.BALANCE_CHANGED, 1)]


def full(world: World) -> np.ndarray:
    """A table in which nobody has seen anything, the oldest first."""
    alarms = world.state.table("alarms")
    alarms["alarm_id"] = range(1, ALARMS_MAX + 1)
    alarms["last_utc_ns"] = range(1_000, 1_000 + ALARMS_MAX)
    world.state.header["last_alarm_id"] = ALARMS_MAX
    return alarms


def given_way(alarms: np.ndarray) -> list[int]:
    """The places that were taken since the table was full."""
    return np.flatnonzero(alarms["alarm_id"] > ALARMS_MAX).tolist()


def test_when_there_are_too_many_the_oldest_gives_way(world: World) -> None:
    alarms = full(world)
    deposit(world)
    assert given_way(alarms) == [0]
    deposit(world, account_id=0)
    assert given_way(alarms) == [0, 1]


def test_what_lasts_and_nobody_has_seen_gives_way_last(world: World) -> None:
    alarms = full(world)
    alarms["acknowledged_utc_ns"][[30, 31, 50]] = 1
    alarms["cleared_utc_ns"][[40, 41, 50]] = 1
    taken: list[int] = []
    for account_id, asset_id in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)):
        # Heard of last, and itself neither over nor seen.
        world.feed(RecordKind.BALANCE_CHANGE, account_id=account_id, asset_id=asset_id, delta_units=1)
        taken += [place for place in given_way(alarms) if place not in taken]
    assert taken == [50, 40, 41, 30, 31, 0]
