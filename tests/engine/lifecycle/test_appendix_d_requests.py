"""FIX appendix D, D1 to D17: an order, its cancels and its replacements. A thousand shares there are one lot here."""

from ipc.enums import ExecutionType, OrderStatus, RefusalReason, RequestKind
from tests.engine.lifecycle.facts import End, Status
from tests.engine.lifecycle.twins import Twins

NEW, PARTIALLY_FILLED, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, REJECTED = OrderStatus.CANCELED, OrderStatus.REJECTED
PENDING_CANCEL, PENDING_REPLACE = OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE


def _live() -> Twins:
    twins = Twins()
    twins.accept()
    twins.stands(NEW, cum=0, leaves=10)
    return twins


def test_d01_filled_order() -> None:
    twins = Twins()
    twins.rejected()
    twins.stands(REJECTED, cum=0, leaves=0)

    twins = _live()
    twins.fill(1, 2)
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=8)
    twins.fill(2, 1)
    twins.stands(PARTIALLY_FILLED, cum=3, leaves=7)
    twins.fill(3, 7)
    twins.told(ExecutionType.TRADE)
    twins.stands(FILLED, cum=10, leaves=0)


def test_d02_part_filled_day_order_done_for_day() -> None:
    twins = _live()
    twins.fill(1, 2)
    twins.fill(2, 1)
    twins.held(Status.DONE_FOR_DAY)
    twins.told(ExecutionType.DONE_FOR_DAY)
    twins.stands(OrderStatus.DONE_FOR_DAY, cum=3, leaves=7)
    twins.ended(End.EXPIRED, stated=3)
    twins.stands(OrderStatus.EXPIRED, cum=3, leaves=0)


def test_d03_cancel_request_issued_for_a_zero_filled_order() -> None:
    twins = _live()
    twins.cancel()
    twins.stands(PENDING_CANCEL, cum=0, leaves=10)
    twins.cancel_rejected(is_order_unknown=False)
    twins.told(ExecutionType.CANCEL_REJECTED)
    twins.stands(NEW, cum=0, leaves=10)
    twins.cancel()
    twins.ended()
    twins.told(ExecutionType.CANCELED)
    twins.stands(CANCELED, cum=0, leaves=0)


def test_d04_cancel_request_issued_for_a_part_filled_order_executions_occur_whilst_it_is_active() -> None:
    twins = _live()
    twins.fill(1, 2)
    twins.cancel()
    twins.stands(PENDING_CANCEL, cum=2, leaves=8)
    twins.fill(2, 3)
    twins.told(ExecutionType.TRADE)
    twins.stands(PENDING_CANCEL, cum=5, leaves=5)
    twins.ended(stated=5)
    twins.stands(CANCELED, cum=5, leaves=0)


def test_d05_cancel_request_issued_for_an_order_that_becomes_filled_before_it_can_be_accepted() -> None:
    twins = _live()
    twins.fill(1, 2)
    twins.cancel()
    twins.fill(2, 3)
    twins.fill(3, 5)
    twins.stands(PENDING_CANCEL, cum=10, leaves=0)
    twins.cancel_rejected()
    twins.told(ExecutionType.CANCEL_REJECTED)
    twins.stands(FILLED, cum=10, leaves=0)


def test_d06_zero_filled_order_replace_request_issued_to_increase_its_quantity() -> None:
    twins = _live()
    twins.amend(lots=11)
    twins.stands(PENDING_REPLACE, cum=0, leaves=10, lots=10)
    twins.replaced()
    twins.told(ExecutionType.REPLACED)
    twins.stands(NEW, cum=0, leaves=11, lots=11)
    twins.fill(1, 1)
    twins.fill(2, 10)
    twins.stands(FILLED, cum=11, leaves=0)


def test_d07_part_filled_order_then_replace_to_increase_execution_occurs_whilst_pending_replace() -> None:
    twins = _live()
    twins.fill(1, 1)
    twins.amend(lots=12)
    twins.stands(PENDING_REPLACE, cum=1, leaves=9)
    twins.fill(2, 1)
    twins.stands(PENDING_REPLACE, cum=2, leaves=8, lots=10)
    twins.ended(stated=2)
    twins.asked(RequestKind.NEW)
    assert twins.step.requests[0].order_lots == 10, "what has traded is not asked for again"
    twins.accept(leg=1)
    twins.told(ExecutionType.REPLACED)
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=10, lots=12)
    twins.fill(3, 10)
    twins.stands(FILLED, cum=12, leaves=0)


def test_d08_filled_order_followed_by_replace_request_to_increase_its_quantity() -> None:
    twins = _live()
    twins.fill(1, 10)
    twins.amend(lots=12)
    assert twins.step.refusals == [RefusalReason.ORDER_ALREADY_ENDED]
    twins.stands(FILLED, cum=10, leaves=0)


def test_d09_replace_request_not_for_quantity_is_rejected_as_a_fill_has_occurred() -> None:
    twins = _live()
    twins.amend(price=9_000)
    twins.fill(1, 10)
    twins.stands(PENDING_REPLACE, cum=10, leaves=0)
    twins.replace_rejected()
    twins.told(ExecutionType.REPLACE_REJECTED)
    twins.stands(FILLED, cum=10, leaves=0)


def test_d10_replace_to_a_quantity_above_what_has_traded_meanwhile_is_replaced_then_filled() -> None:
    twins = _live()
    twins.amend(lots=8)
    twins.fill(1, 7)
    twins.stands(PENDING_REPLACE, cum=7, leaves=3)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=7, leaves=1, lots=8)
    twins.fill(2, 1)
    twins.stands(FILLED, cum=8, leaves=0)


def test_d11_replace_to_a_quantity_that_has_traded_meanwhile_is_filled() -> None:
    twins = _live()
    twins.amend(lots=7)
    twins.fill(1, 7)
    twins.stands(PENDING_REPLACE, cum=7, leaves=3)
    twins.replaced()
    twins.told(ExecutionType.REPLACED)
    twins.stands(FILLED, cum=7, leaves=0, lots=7)


def test_d12_replace_to_a_quantity_below_what_has_traded_meanwhile_is_amended_to_that() -> None:
    twins = _live()
    twins.amend(lots=7)
    twins.fill(1, 8)
    twins.stands(PENDING_REPLACE, cum=8, leaves=2)
    twins.replaced()
    twins.told(ExecutionType.REPLACED)
    twins.stands(FILLED, cum=8, leaves=0, lots=8)


def test_d12_holds_for_a_replacement_by_a_cancel_and_a_new_order_too() -> None:
    twins = _live()
    twins.fill(1, 2)
    twins.amend(lots=5, price=9_000)
    twins.fill(2, 4)
    twins.ended(stated=6)
    twins.asked()
    twins.told(ExecutionType.REPLACED)
    twins.stands(FILLED, cum=6, leaves=0, lots=6)


def test_d13_one_replace_request_is_accepted_another_one_is_also_accepted() -> None:
    twins = _live()
    twins.fill(1, 1)
    twins.amend(lots=8)
    twins.fill(2, 1)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=6, lots=8)
    twins.fill(3, 2)
    twins.amend(lots=6)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=4, leaves=2, lots=6)
    twins.fill(4, 2)
    twins.stands(FILLED, cum=6, leaves=0)


def test_d14_one_replace_request_is_refused_before_it_is_pending_another_one_is_accepted() -> None:
    twins = _live()
    twins.fill(1, 2)
    twins.amend(lots=1)
    assert twins.step.refusals == [RefusalReason.AMEND_BELOW_FILLED]
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=8)
    twins.amend(lots=6)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=4, lots=6)


def test_d15_one_replace_request_is_rejected_while_pending_another_one_is_accepted() -> None:
    twins = _live()
    twins.fill(1, 1)
    twins.amend(lots=8)
    twins.replace_rejected()
    twins.told(ExecutionType.REPLACE_REJECTED)
    twins.stands(PARTIALLY_FILLED, cum=1, leaves=9, lots=10)
    twins.fill(2, 1)
    twins.amend(lots=6)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=2, leaves=4, lots=6)


def test_d16_one_replace_request_is_followed_by_another_at_once_and_both_are_processed_in_turn() -> None:
    twins = _live()
    twins.fill(1, 1)
    twins.amend(lots=8)
    twins.amend(lots=7)
    twins.stands(PENDING_REPLACE, cum=1, leaves=9, lots=10)
    twins.replaced()
    twins.told(ExecutionType.REPLACED, ExecutionType.PENDING_REPLACE)
    twins.stands(PENDING_REPLACE, cum=1, leaves=7, lots=8)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=1, leaves=6, lots=7)
    twins.fill(2, 6)
    twins.stands(FILLED, cum=7, leaves=0)


def test_d17_a_further_replace_request_takes_the_place_of_the_one_that_waits() -> None:
    twins = _live()
    twins.fill(1, 1)
    twins.amend(lots=8)
    twins.amend(lots=7)
    twins.amend(lots=6)
    twins.told(ExecutionType.REPLACE_REJECTED, ExecutionType.PENDING_REPLACE)
    twins.asked()
    twins.stands(PENDING_REPLACE, cum=1, leaves=9, lots=10)
    twins.replaced()
    twins.stands(PENDING_REPLACE, cum=1, leaves=7, lots=8)
    twins.replaced()
    twins.stands(PARTIALLY_FILLED, cum=1, leaves=5, lots=6)
