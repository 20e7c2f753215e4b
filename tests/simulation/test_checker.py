"""The independent checker, on logs made by hand."""

from typing import Any, NamedTuple

import pytest

from tools.simulation.checker import Log, judge, order_of

TEXT = "om0000000000100?"
ORDER = order_of(TEXT) or 0
BUY, NEW, TRADE, CANCELED, REJECTED = 1, 2, 3, 4, 6
OPEN, PARTLY, FILLED, ENDED, DENIED = 2, 3, 4, 5, 7


class Told(NamedTuple):
    execution_type: int
    order_status: int
    cumulative_lots: int = 0
    leaves_lots: int = 0
    trade_id: int = 0
    last_lots: int = 0
    last_price_ticks: int = 0
    order_id: int = ORDER
    reason: int = 0
    order_lots: int = 10


def venue(event: str, *, leaves: str = "0", text: str = TEXT, number: int = 7, **fields: Any) -> dict[str, Any]:
    return {
        "event": event,
        "client_order_id": text,
        "venue_order_id": number,
        "side": "BUY",
        "leaves_quantity": leaves,
        **fields,
    }


def traded(trade_id: int, quantity: str, *, leaves: str = "0") -> dict[str, Any]:
    return venue("traded", leaves=leaves, trade_id=trade_id, last_quantity=quantity, last_price="100.00")


ACCEPTED = venue("accepted", leaves="0.00010")
FILL = traded(1, "0.00010")
HEARD_OPEN = Told(NEW, OPEN, leaves_lots=10)
HEARD_FILL = Told(TRADE, FILLED, 10, 0, 1, 10, 10_000)


def verdict(
    records: list[dict[str, Any]],
    told: list[Told],
    *,
    most: int = 10,
    position: int = 0,
    forgotten: tuple[int, ...] = (),
) -> list[str]:
    return judge([Log(records)], [({ORDER: (BUY, most)}, told, forgotten)], [[position]])


def test_an_order_that_was_filled_and_told_so_is_fine() -> None:
    assert ORDER > 0
    assert verdict([ACCEPTED, FILL], [HEARD_OPEN, HEARD_FILL], position=10) == []


@pytest.mark.parametrize(
    ("name", "records", "told", "position", "expected"),
    [
        ("never told", [ACCEPTED], [], 0, "was never told"),
        ("told open, has ended", [ACCEPTED, venue("canceled")], [HEARD_OPEN], 0, "has ended at the venue"),
        ("told ended, lives", [ACCEPTED], [HEARD_OPEN, Told(CANCELED, ENDED)], 0, "ended, and lives"),
        ("told rejected, lives", [ACCEPTED], [Told(REJECTED, DENIED)], 0, "to be rejected"),
        ("a fill is missing", [ACCEPTED, FILL], [HEARD_OPEN, Told(CANCELED, ENDED)], 10, "was told of trades"),
        ("a fill is told twice", [ACCEPTED, FILL], [HEARD_OPEN, HEARD_FILL, HEARD_FILL], 10, "told 2 times"),
        ("a fill differs", [ACCEPTED, FILL], [HEARD_FILL._replace(last_lots=9)], 10, "was told of trades"),
        ("the position differs", [ACCEPTED, FILL], [HEARD_OPEN, HEARD_FILL], 9, "holds 9 lots here and 10"),
        ("an order nobody sent", [venue("accepted", text="om0000000002000?")], [], 0, "was never ordered"),
        ("unknown there, open here", [], [HEARD_OPEN], 0, "unknown at the venue"),
        ("filled nowhere", [], [HEARD_FILL], 0, "told of fills"),
    ],
)
def test_what_is_wrong_is_said(
    name: str, records: list[dict[str, Any]], told: list[Told], position: int, expected: str
) -> None:
    wrong = verdict(records, told, position=position)
    assert any(expected in sentence for sentence in wrong), f"{name}: {wrong}"


def test_more_than_was_ordered_is_too_much() -> None:
    records = [ACCEPTED, FILL, traded(2, "0.00010")]
    told = [HEARD_OPEN, HEARD_FILL, HEARD_FILL._replace(trade_id=2)]
    assert any("was filled with 20" in sentence for sentence in verdict(records, told, position=20))


def test_two_legs_at_once_are_one_too_many() -> None:
    records = [ACCEPTED, venue("accepted", leaves="0.00010", number=8), venue("canceled"), venue("canceled", number=8)]
    told = [HEARD_OPEN, Told(CANCELED, ENDED)]
    assert any("lived 2 times" in sentence for sentence in verdict(records, told))


def test_the_answer_to_a_repeated_command_is_not_about_the_order() -> None:
    repeated = Told(12, 10, reason=3)
    assert verdict([ACCEPTED, FILL], [HEARD_OPEN, repeated, HEARD_FILL], position=10) == []


def test_what_others_ordered_is_nobodys_fault() -> None:
    assert verdict([venue("accepted", text="web1"), ACCEPTED, FILL], [HEARD_FILL], position=10) == []


def test_what_went_down_with_the_journals_tail_is_told_again_only_if_it_matters() -> None:
    assert verdict([ACCEPTED, venue("canceled")], [], forgotten=(ORDER,)) == []
    assert verdict([ACCEPTED, venue("canceled")], []) != []
    assert verdict([ACCEPTED], [], forgotten=(ORDER,)) != []
    assert verdict([ACCEPTED, FILL], [], position=10, forgotten=(ORDER,)) != []


# Two venues.


def verdict_of_two(logs: list[list[dict[str, Any]]], told: list[Told], positions: list[int]) -> list[str]:
    """The second venue's ticks are five and its lots two of the first's."""
    first, second = logs
    return judge([Log(first), Log(second, price_scale=5, lot_scale=2)], [({ORDER: (BUY, 10)}, told, ())], [positions])


def test_a_fill_is_counted_in_the_units_of_its_venue() -> None:
    heard = Told(TRADE, FILLED, 5, 0, 1, 5, 2_000)
    assert verdict_of_two([[], [ACCEPTED, FILL]], [HEARD_OPEN, heard], [0, 5]) == []
    assert verdict_of_two([[], [ACCEPTED, FILL]], [HEARD_OPEN, HEARD_FILL], [0, 5]) != []


def test_a_fill_is_a_position_at_its_own_venue() -> None:
    heard = Told(TRADE, FILLED, 5, 0, 1, 5, 2_000)
    wrong = verdict_of_two([[], [ACCEPTED, FILL]], [HEARD_OPEN, heard], [5, 0])
    assert len(wrong) == 2
    assert all("holds" in sentence for sentence in wrong)


def test_an_order_at_two_venues_is_one_too_many() -> None:
    wrong = verdict_of_two([[ACCEPTED], [ACCEPTED]], [HEARD_OPEN], [0, 0])
    assert wrong == [f"order {ORDER} is at venues 0 and 1"]
