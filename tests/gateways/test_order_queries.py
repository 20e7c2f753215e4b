"""Orders are asked for until the core knows what the venue knows, and not more often than the venue takes."""

import itertools

from gateways.action import Close, Send
from gateways.binance_spot.limits import QUERY_WEIGHTS
from gateways.notice import Notice, NoticeKind
from gateways.order_queries import TRADE_PAGES_MAX
from gateways.query_budget import ANSWER_TIMEOUT_NS, FIRST_RETRY_NS, LAST_RETRY_NS, RATE_PAUSE_NS
from gateways.reconciliation import WEIGHT_MAX, WEIGHT_PER_S
from gateways.verdict import Certainty, Concern, Verdict
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import RejectReason, VenueEvent
from ipc.records import EXTERNAL_ORDER
from tests.gateways.scripted_venue import (
    fill_report,
    open_order,
    status_report,
)
from tests.gateways.session_desk import LIVE, RECONCILING, TICK_NS, Desk, refused


def reconciling(*orders: int, cumulative_lots: int = 0) -> Desk:
    """A desk whose connection came up while these orders were open."""
    desk = Desk()
    desk.core.open = [open_order(order_id, cumulative_lots=cumulative_lots) for order_id in orders]
    desk.start()
    assert set(desk.open(1)) == {Send(1, f"status {order_id}".encode()) for order_id in orders}
    assert desk.session.state is RECONCILING
    return desk


def test_trading_waits_until_every_open_order_was_answered_for() -> None:
    desk = reconciling(8, 9)
    desk.status(8, status_report(8, cumulative_lots=0))
    assert desk.session.state is RECONCILING
    desk.status(9, status_report(9, cumulative_lots=0, event=VenueEvent.CANCELED))
    assert desk.session.state is LIVE
    assert desk.events() == [(8, VenueEvent.STATUS), (9, VenueEvent.CANCELED)]


def test_missed_fills_reach_the_core_before_the_status_that_counts_them() -> None:
    desk = reconciling(8, cumulative_lots=1)
    ended = status_report(8, cumulative_lots=6, event=VenueEvent.CANCELED)
    assert desk.status(8, ended) == [Send(1, b"trades 8 900 0")]
    assert desk.events() == []
    desk.trades(8, fill_report(8, trade_id=1, lots=1), fill_report(8, trade_id=2, lots=5))
    assert desk.events() == [(8, VenueEvent.FILL), (8, VenueEvent.FILL), (8, VenueEvent.CANCELED)]
    assert desk.session.state is LIVE


def test_an_order_that_stays_unknown_whatever_is_said_is_asked_for_more_and_more_slowly() -> None:
    desk = Desk()
    desk.go_live()
    desk.core.open = [open_order(8, is_unknown=True)]
    asked_ns: list[int] = []
    while len(asked_ns) < 5:
        if Send(1, b"status 8") in desk.wait(TICK_NS, alive=[1]):
            asked_ns.append(desk.now_ns)
            desk.status(8, status_report(8, cumulative_lots=0))
    pauses_ns = [later - earlier for earlier, later in itertools.pairwise(asked_ns)]
    assert pauses_ns == [FIRST_RETRY_NS, 2 * FIRST_RETRY_NS, LAST_RETRY_NS, LAST_RETRY_NS]


def test_what_the_venue_does_not_know_is_asked_for_again_as_soon_as_that_proves_something() -> None:
    desk = Desk()
    desk.go_live()
    begun_ns = desk.now_ns
    final_ns = begun_ns + 10 * NS_PER_S
    desk.core.open = [open_order(8, is_unknown=True, final_ns=final_ns)]
    not_found = status_report(8, cumulative_lots=-1, event=VenueEvent.NOT_FOUND)
    proofs_ns: list[int] = []
    while len(proofs_ns) < 3:
        if Send(1, b"status 8") in desk.wait(TICK_NS, alive=[1]):
            proofs_ns += [desk.now_ns - final_ns] if desk.now_ns >= final_ns else []
            desk.status(8, not_found, verdict=refused())
    assert proofs_ns == [0, FIRST_RETRY_NS, 3 * FIRST_RETRY_NS]


def test_a_long_list_of_trades_is_read_page_by_page() -> None:
    desk = reconciling(8)
    desk.status(8, status_report(8, cumulative_lots=4))
    page = [fill_report(8, trade_id=trade_id, lots=1) for trade_id in (11, 12, 13)]
    assert desk.trades(8, *page) == [Send(1, b"trades 8 900 14")]
    assert desk.session.state is RECONCILING
    desk.trades(8, fill_report(8, trade_id=14, lots=1))
    assert desk.session.state is LIVE


def test_a_page_of_trades_that_goes_back_is_nonsense() -> None:
    desk = reconciling(8)
    desk.status(8, status_report(8, cumulative_lots=9))
    desk.trades(8, *(fill_report(8, trade_id=trade_id, lots=1) for trade_id in (11, 12, 13)))
    assert desk.trades(8, fill_report(8, trade_id=13, lots=1)) == [Close(1)]
    assert desk.session.counters["protocol_errors"] == 1


def test_a_venue_that_never_comes_to_the_end_of_an_orders_trades_is_not_followed_for_ever() -> None:
    desk = reconciling(8)
    desk.status(8, status_report(8, cumulative_lots=10**6))
    first, pages = 1, 0
    while desk.trades(8, *(fill_report(8, trade_id=first + place, lots=1) for place in range(3))):
        first, pages = first + 3, pages + 1
    assert pages == TRADE_PAGES_MAX - 1


def test_a_trade_list_that_lags_behind_is_asked_for_again() -> None:
    desk = reconciling(8)
    desk.status(8, status_report(8, cumulative_lots=4))
    desk.trades(8, fill_report(8, trade_id=11, lots=1))
    assert desk.session.state is RECONCILING
    assert VenueEvent.STATUS not in [event for _, event in desk.events()]
    assert desk.wait(3 * TICK_NS, alive=[1]) == [Send(1, b"status 8")]


def test_an_order_that_is_not_found_is_reported_and_asked_for_while_it_is_unknown() -> None:
    desk = reconciling(8)
    desk.core.open = [open_order(8, is_unknown=True)]
    not_found = status_report(8, cumulative_lots=-1, event=VenueEvent.NOT_FOUND)
    desk.status(8, not_found, verdict=refused())
    assert desk.session.state is LIVE
    questions = desk.wait(2 * NS_PER_S, alive=[1])
    assert questions == [Send(1, b"status 8")]
    desk.status(8, not_found, verdict=refused())
    desk.core.open = []
    assert desk.wait(2 * NS_PER_S, alive=[1]) == []


def test_an_order_that_becomes_unknown_while_live_is_asked_for_until_it_is_settled() -> None:
    desk = Desk()
    desk.go_live()
    desk.core.open = [open_order(8), open_order(9, is_unknown=True)]
    assert desk.wait(3 * TICK_NS, alive=[1]) == [Send(1, b"status 9")]
    desk.status(9, status_report(9, cumulative_lots=0))
    desk.core.open = [open_order(8)]
    assert desk.wait(NS_PER_S, alive=[1]) == []


def test_questions_about_one_order_come_at_growing_intervals() -> None:
    desk = Desk()
    desk.go_live()
    desk.core.open = [open_order(9, is_unknown=True)]
    asked = []
    begun_ns = desk.now_ns
    while desk.now_ns - begun_ns < 4 * NS_PER_S:
        if desk.wait(TICK_NS, alive=[1]):
            asked.append(desk.now_ns - begun_ns)
            desk.status(9, verdict=Verdict(Certainty.AMBIGUOUS, RejectReason.OTHER))
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert gaps[0] <= 300 * NS_PER_MS
    assert gaps == sorted(gaps)
    assert gaps[-1] <= 900 * NS_PER_MS


def test_an_answer_that_never_comes_is_asked_for_again() -> None:
    desk = reconciling(8)
    assert desk.wait(ANSWER_TIMEOUT_NS - TICK_NS, alive=[1]) == []
    assert Send(1, b"status 8") in desk.wait(NS_PER_S, alive=[1])


def test_a_rate_limit_stops_the_questions_for_a_while() -> None:
    desk = reconciling(8)
    desk.status(8, verdict=refused(Concern.RATE))
    assert desk.wait(RATE_PAUSE_NS - TICK_NS, alive=[1]) == []
    assert desk.wait(3 * TICK_NS, alive=[1]) == [Send(1, b"status 8")]


def listing(*orders: int) -> Desk:
    """A desk whose connection came up while these orders were open; the list of them is still to come."""
    desk = Desk()
    desk.core.open = [open_order(order_id, cumulative_lots=1) for order_id in orders]
    desk.start()
    assert Send(1, b"list 7") in desk.open_only(1)
    assert not desk.account_trades(1)
    assert desk.session.state is RECONCILING
    return desk


def test_open_orders_are_answered_for_by_one_list() -> None:
    desk = listing(8, 9, 10)
    assert not desk.listed(1, *(status_report(order_id, cumulative_lots=1) for order_id in (8, 9, 10)))
    assert desk.session.state is LIVE
    assert desk.events() == [(order_id, VenueEvent.STATUS) for order_id in (8, 9, 10)]


def test_what_is_not_on_the_list_or_filled_further_is_asked_for_by_itself() -> None:
    desk = listing(8, 9, 10)
    asked = desk.listed(1, status_report(8, cumulative_lots=1), status_report(9, cumulative_lots=5))
    assert asked == [Send(1, b"status 9"), Send(1, b"status 10")]
    assert desk.events() == [(8, VenueEvent.STATUS)]
    assert desk.session.state is RECONCILING


def test_a_list_that_is_refused_or_never_comes_leaves_single_questions() -> None:
    single = {Send(1, f"status {order_id}".encode()) for order_id in (8, 9, 10)}
    desk = listing(8, 9, 10)
    assert set(desk.listed(1, verdict=refused())) == single
    desk = listing(8, 9, 10)
    assert single <= set(desk.wait(ANSWER_TIMEOUT_NS + NS_PER_S, alive=[1]))


def test_the_list_of_one_instrument_says_nothing_of_another() -> None:
    desk = listing(1, 2)
    desk.core.open = [open_order(number, instrument_id=number % 2 + 7) for number in range(1, 7)]
    desk.disconnected(1)
    desk.wait(2 * TICK_NS)
    desk.open_only(2)
    assert len(desk.listed(2)) == 3


def test_an_order_of_ours_that_the_core_does_not_know_is_told_after_its_fills() -> None:
    desk = listing()
    assert desk.listed(1, status_report(8, cumulative_lots=5)) == [Send(1, b"status 8")]
    assert desk.session.state is RECONCILING
    assert desk.status(8, status_report(8, cumulative_lots=5)) == [Send(1, b"trades 8 900 0")]
    desk.trades(8, fill_report(8, trade_id=3, lots=5))
    assert desk.events() == [(8, VenueEvent.FILL), (8, VenueEvent.STATUS)]
    assert desk.session.state is LIVE
    assert desk.session.counters["orders_found"] == 1


def test_an_unknown_order_of_ours_without_fills_is_told_at_once() -> None:
    desk = listing()
    assert not desk.listed(1, status_report(8, cumulative_lots=0))
    assert desk.events() == [(8, VenueEvent.STATUS)]
    assert desk.session.state is LIVE


def test_an_order_of_somebody_else_is_told_with_the_list() -> None:
    desk = listing()
    assert not desk.listed(1, status_report(EXTERNAL_ORDER, cumulative_lots=3))
    assert desk.events() == [(EXTERNAL_ORDER, VenueEvent.STATUS)]


def test_a_stop_that_was_triggered_says_nothing_of_fills() -> None:
    desk = listing(8)
    triggered = {"order_id": 8, "event": int(VenueEvent.TRIGGERED)}
    asked = desk.listed(1, status_report(8, cumulative_lots=5), triggered)
    assert asked == [Send(1, b"status 8")]
    assert desk.events() == [(8, VenueEvent.TRIGGERED)]


def test_many_orders_are_asked_for_within_the_venues_weight() -> None:
    desk = Desk()
    desk.core.open = [open_order(order_id) for order_id in range(1, 2 * WEIGHT_MAX)]
    desk.start()
    first = desk.open(1)
    weight = QUERY_WEIGHTS.open_orders + QUERY_WEIGHTS.account_trades + len(first) * QUERY_WEIGHTS.status
    assert WEIGHT_MAX - QUERY_WEIGHTS.status < weight <= WEIGHT_MAX
    later = [action for action in desk.wait(4 * NS_PER_S, alive=[1]) if isinstance(action, Send)]
    assert len(later) == 4 * WEIGHT_PER_S // QUERY_WEIGHTS.status


def test_questions_asked_on_a_lost_connection_are_repeated_on_the_spare() -> None:
    desk = Desk(has_spare=True)
    desk.start()
    desk.open(1)
    desk.open(2)
    desk.core.open = [open_order(9, is_unknown=True)]
    assert Send(1, b"status 9") in desk.wait(3 * TICK_NS, alive=[1, 2])
    desk.disconnected(1)
    assert Send(2, b"status 9") in desk.wait(TICK_NS, alive=[2])


def test_what_an_answer_over_a_retired_connection_leads_to_is_asked_over_the_new_one() -> None:
    desk = Desk()
    desk.go_live()
    desk.core.open = [open_order(9, is_unknown=True)]
    assert Send(1, b"status 9") in desk.wait(3 * TICK_NS, alive=[1])
    desk.session.requests_sent(1)
    desk.tell(1, Notice(NoticeKind.SHUTDOWN))
    desk.open(2)
    answer = Notice(NoticeKind.STATUS_ANSWER, order_id=9)
    assert desk.tell(1, answer, status_report(9, cumulative_lots=4)) == [Send(2, b"trades 9 900 0")]


def test_a_late_answer_is_still_evidence() -> None:
    desk = Desk()
    desk.go_live()
    desk.status(8, status_report(8, cumulative_lots=3))
    desk.trades(8, fill_report(8, trade_id=1, lots=3))
    assert desk.events() == [(8, VenueEvent.STATUS), (8, VenueEvent.FILL)]


def test_a_disconnect_forgets_the_questions_and_the_next_connection_asks_anew() -> None:
    desk = reconciling(8)
    desk.status(8, status_report(8, cumulative_lots=4))
    desk.disconnected(1)
    desk.wait(2 * TICK_NS)
    assert desk.open(2) == [Send(2, b"status 8")]
