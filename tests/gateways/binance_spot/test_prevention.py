"""An order of which self-trade prevention took a part is filled when the venue says so, whoever heard of that part."""

from typing import Any

from ipc.enums import VenueEvent
from tests.gateways.binance_spot.documented import compact, decode, document

REDUCED, FILL, STATUS = VenueEvent.REPLACED, VenueEvent.FILL, VenueEvent.STATUS


def traded(**changes: str) -> list[tuple[int, int]]:
    """What the documented trade comes to with some fields changed: each event with the quantity of its order."""
    report: dict[str, Any] = document("executionReport.TRADE")
    report["event"].update(changes)
    return [(told["event"], told["order_lots"]) for told in decode(compact(report))]


def test_a_trade_that_fills_less_than_the_order_leaves_nothing_of_it() -> None:
    ordered = traded()[0][1]
    assert traded(X="FILLED") == [(REDUCED, ordered // 4), (FILL, ordered // 4)]


def test_a_trade_that_fills_the_order_or_a_part_of_it_reduces_nothing() -> None:
    ordered = traded()[0][1]
    assert traded() == traded(X="FILLED", z="1.00000000") == [(FILL, ordered)]


def test_a_filled_order_is_as_large_as_what_it_has_traded() -> None:
    answer: dict[str, Any] = document("order.status")
    answer["result"].update(status="FILLED", origQty="1.00000000", executedQty="0.25000000")
    told = decode(compact(answer))[0]
    assert told["event"] == STATUS
    assert told["order_lots"] == told["cumulative_lots"] > 0
