"""The reported status against FIX's precedence, for every combination of facts."""

from itertools import product

import numpy as np
import pytest

from ipc.enums import EndReason, OrderStatus, VenueHold
from ipc.order_status import leaves_lots_of, status_of
from ipc.tables import ORDER

LOTS = 10
DOWN_NS, BEFORE_NS, AFTER_NS = 50, 40, 60
# FIX 5.0 SP2, volume 4, appendix D: of the states that apply, the one with the highest precedence is reported.
PRECEDENCE = {
    OrderStatus.UNKNOWN: 13,
    OrderStatus.PENDING_CANCEL: 12,
    OrderStatus.PENDING_REPLACE: 11,
    OrderStatus.FILLED: 8,
    OrderStatus.CANCELED: 5,
    OrderStatus.EXPIRED: 5,
    OrderStatus.REJECTED: 5,
    OrderStatus.PARTIALLY_FILLED: 4,
    OrderStatus.NEW: 2,
    OrderStatus.PENDING_NEW: 1,
}
ENDS = {
    EndReason.FILLED: OrderStatus.FILLED,
    EndReason.CANCELED: OrderStatus.CANCELED,
    EndReason.EXECUTION_TIMEOUT: OrderStatus.CANCELED,
    EndReason.EXPIRED: OrderStatus.EXPIRED,
    EndReason.SELF_TRADE_PREVENTED: OrderStatus.EXPIRED,
    EndReason.RETRY_REFUSED: OrderStatus.EXPIRED,
    EndReason.REJECTED: OrderStatus.REJECTED,
}


def _order(**facts: int) -> np.void:
    order: np.void = np.zeros(1, ORDER)[0]
    order["order_lots"] = LOTS
    for name, value in facts.items():
        order[name] = value
    return order


def _expected(
    *, accepted: int, cumulative: int, new_ns: int, cancel_ns: int, replace_ns: int, unknown: int
) -> OrderStatus:
    applying = {OrderStatus.NEW if accepted else OrderStatus.PENDING_NEW}
    if unknown or any(0 < sent_ns <= DOWN_NS for sent_ns in (new_ns, cancel_ns, replace_ns)):
        applying.add(OrderStatus.UNKNOWN)
    if cancel_ns:
        applying.add(OrderStatus.PENDING_CANCEL)
    if replace_ns:
        applying.add(OrderStatus.PENDING_REPLACE)
    if cumulative >= LOTS:
        applying.add(OrderStatus.FILLED)
    elif cumulative:
        applying.add(OrderStatus.PARTIALLY_FILLED)
    return max(applying, key=PRECEDENCE.__getitem__)


def test_a_living_order_reports_the_highest_of_what_applies() -> None:
    times = (0, BEFORE_NS, AFTER_NS)
    for accepted, cumulative, new, cancel, replace, unknown in product(
        (0, 1), (0, 4, 10, 12), times, times, times, (0, 1)
    ):
        order = _order(
            accepted=accepted,
            cumulative_lots=cumulative,
            pending_new_ns=new,
            pending_cancel_ns=cancel,
            pending_replace_ns=replace,
            is_unknown=unknown,
        )
        expected = _expected(
            accepted=accepted, cumulative=cumulative, new_ns=new, cancel_ns=cancel, replace_ns=replace, unknown=unknown
        )
        assert status_of(order, DOWN_NS) == expected


@pytest.mark.parametrize(("end", "status"), ENDS.items(), ids=lambda value: value.name)
@pytest.mark.parametrize("cumulative", [0, 4, 12])
def test_an_ended_order_reports_its_end_however_much_was_filled(
    end: EndReason, status: OrderStatus, cumulative: int
) -> None:
    order = _order(end_reason=end, cumulative_lots=cumulative, accepted=1)
    assert status_of(order, DOWN_NS) == status
    assert leaves_lots_of(order) == 0


def test_every_end_has_a_status() -> None:
    assert set(ENDS) | {EndReason.NONE} == set(EndReason)


def test_a_filled_order_whose_cancel_is_not_answered_yet_is_pending_cancel() -> None:
    order = _order(end_reason=EndReason.FILLED, cumulative_lots=10, pending_cancel_ns=AFTER_NS)
    assert status_of(order, DOWN_NS) == OrderStatus.PENDING_CANCEL


@pytest.mark.parametrize(("cumulative", "leaves"), [(0, 10), (4, 6), (10, 0), (12, 0)])
def test_leaves_are_what_may_still_trade(cumulative: int, leaves: int) -> None:
    assert leaves_lots_of(_order(cumulative_lots=cumulative)) == leaves


@pytest.mark.parametrize("end", [EndReason.NONE, EndReason.FILLED], ids=lambda end: end.name)
@pytest.mark.parametrize("hold", [VenueHold.DONE_FOR_DAY, VenueHold.CALCULATED], ids=lambda hold: hold.name)
def test_an_order_done_or_calculated_outranks_what_is_filled(hold: VenueHold, end: EndReason) -> None:
    order = _order(end_reason=end, venue_hold=hold, cumulative_lots=10, accepted=1)
    assert status_of(order, DOWN_NS) == OrderStatus[hold.name]
    order["pending_replace_ns"] = AFTER_NS
    assert status_of(order, DOWN_NS) == OrderStatus.PENDING_REPLACE


@pytest.mark.parametrize("hold", [VenueHold.STOPPED, VenueHold.SUSPENDED], ids=lambda hold: hold.name)
@pytest.mark.parametrize("cumulative", [0, 4, 10])
def test_an_order_stopped_or_suspended_outranks_what_is_filled_in_part(hold: VenueHold, cumulative: int) -> None:
    order = _order(venue_hold=hold, cumulative_lots=cumulative, accepted=1)
    expected = OrderStatus.FILLED if cumulative == LOTS else OrderStatus[hold.name]
    assert status_of(order, DOWN_NS) == expected
