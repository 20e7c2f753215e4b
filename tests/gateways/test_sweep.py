"""While trading goes on, what nobody doubts is asked again in turn, so that a lost report is found."""

import pytest

from gateways.action import Action, Send
from gateways.binance_spot.limits import QUERY_WEIGHTS
from gateways.instrument_queries import TRADES_PAGE
from gateways.sweep import OVERDUE_NS, SWEEP_EVERY_NS, SWEEP_WEIGHT_PER_S
from ipc.clock import NS_PER_S
from ipc.enums import VenueEvent
from ipc.records import EXTERNAL_ORDER
from tests.gateways.scripted_venue import fill_report, open_order, status_report
from tests.gateways.session_desk import LIVE, TICK_NS, Desk

LIST = Send(1, b"list 7")
TRADES = Send(1, f"all trades 7 1 {TRADES_PAGE}".encode())
PATIENCE_NS = SWEEP_EVERY_NS + 10 * NS_PER_S


def sweeping(*orders: int) -> Desk:
    """A live desk, some time before its first turn."""
    desk = Desk()
    desk.go_live()
    desk.core.open = [open_order(order_id) for order_id in orders]
    assert desk.wait(SWEEP_EVERY_NS - TICK_NS, alive=[1]) == []
    return desk


def asked_until(desk: Desk, question: Send) -> list[Action]:
    """What is asked up to and with this question, within a turn."""
    asked: list[Action] = []
    end_ns = desk.now_ns + PATIENCE_NS
    while question not in asked:
        assert desk.now_ns < end_ns, "it is asked within a turn"
        asked += desk.wait(TICK_NS, alive=[1])
    return asked


def test_a_fill_that_the_stream_lost_is_found_without_a_disconnect() -> None:
    desk = sweeping(8)
    assert asked_until(desk, Send(1, b"status 8"))[:2] == [TRADES, LIST]
    assert desk.status(8, status_report(8, cumulative_lots=5)) == [Send(1, b"trades 8 900 0")]
    desk.trades(8, fill_report(8, trade_id=1, lots=5))
    assert desk.events() == [(8, VenueEvent.FILL), (8, VenueEvent.STATUS)]
    assert desk.session.state is LIVE
    assert desk.session.counters["orders_behind"] == 1


def test_an_end_that_the_stream_lost_is_found() -> None:
    desk = sweeping(8)
    asked_until(desk, Send(1, b"status 8"))
    desk.status(8, status_report(8, cumulative_lots=0, event=VenueEvent.CANCELED))
    assert desk.events() == [(8, VenueEvent.CANCELED)]


def test_a_trade_of_somebody_else_that_the_stream_lost_is_found() -> None:
    desk = sweeping()
    desk.wait(NS_PER_S, alive=[1])
    missed = fill_report(EXTERNAL_ORDER, trade_id=3, lots=5, venue_order_id=900, side=2)
    assert desk.account_trades(1, missed) == [Send(1, b"whose 7 900")]
    desk.identity(900, status_report(EXTERNAL_ORDER, cumulative_lots=5))
    assert desk.events() == [(EXTERNAL_ORDER, VenueEvent.FILL), (EXTERNAL_ORDER, VenueEvent.STATUS)]
    assert desk.session.state is LIVE
    assert desk.session.counters["missed_trades"] == 1


def test_the_end_of_an_order_of_others_that_the_stream_lost_is_found() -> None:
    desk = sweeping()
    desk.core.others = [(7, 901)]
    asked_until(desk, Send(1, b"whose 7 901"))
    desk.identity(901, status_report(EXTERNAL_ORDER, cumulative_lots=0, event=VenueEvent.CANCELED, venue_order_id=901))
    assert desk.events() == [(EXTERNAL_ORDER, VenueEvent.CANCELED)]
    assert desk.session.state is LIVE


def test_an_order_that_waits_for_an_answer_is_left_alone() -> None:
    desk = sweeping()
    desk.core.open = [open_order(8, waits_since_ns=desk.now_ns)]
    assert Send(1, b"status 8") not in desk.wait(PATIENCE_NS - SWEEP_EVERY_NS, alive=[1])


def test_an_order_whose_answer_is_overdue_is_asked_for() -> None:
    desk = sweeping()
    desk.core.open = [open_order(8, waits_since_ns=desk.now_ns - OVERDUE_NS)]
    asked_until(desk, Send(1, b"status 8"))


def test_an_order_that_ended_since_the_turn_began_is_not_asked_for() -> None:
    desk = sweeping(8, 9)
    assert TRADES in desk.wait(2 * TICK_NS, alive=[1])
    desk.core.open = [open_order(9)]
    asked = desk.wait(3 * NS_PER_S, alive=[1])
    assert Send(1, b"status 9") in asked
    assert Send(1, b"status 8") not in asked


@pytest.mark.parametrize("order_count", [1, 100])
def test_every_order_is_asked_for_once_in_each_turn_within_a_stated_share_of_the_weight(order_count: int) -> None:
    desk = sweeping(*range(1, order_count + 1))
    weight = QUERY_WEIGHTS.account_trades + order_count * QUERY_WEIGHTS.status
    turn_ns = max(SWEEP_EVERY_NS, weight * NS_PER_S // SWEEP_WEIGHT_PER_S)
    asked: list[bytes] = []
    begun_ns = desk.now_ns
    while desk.now_ns - begun_ns < turn_ns:
        for action in desk.wait(TICK_NS, alive=[1]):
            assert isinstance(action, Send)
            asked.append(action.frame)
            answer(desk, action.frame)
        elapsed_s = (desk.now_ns - begun_ns) / NS_PER_S
        spent = sum(weight_of(frame) for frame in asked)
        assert spent <= SWEEP_WEIGHT_PER_S * elapsed_s + QUERY_WEIGHTS.account_trades
    assert {frame for frame in asked if frame.startswith(b"status")} == {
        f"status {order_id}".encode() for order_id in range(1, order_count + 1)
    }


def answer(desk: Desk, frame: bytes) -> None:
    """Says that everything is as the core knows it."""
    if frame.startswith(b"all trades"):
        desk.account_trades(1)
    elif frame.startswith(b"status"):
        desk.status(int(frame[7:]), status_report(int(frame[7:]), cumulative_lots=0))


def weight_of(frame: bytes) -> int:
    """What a question of the sweep counts in its share; balances go by the other."""
    if frame.startswith(b"status"):
        return QUERY_WEIGHTS.status
    return QUERY_WEIGHTS.account_trades if frame.startswith(b"all trades") else 0
