"""Whatever was traded while nobody listened is found, told under its owner's id, and told once."""

from gateways.action import Send
from gateways.identities import DENIALS_MAX
from gateways.instrument_queries import LOOKS, TRADE_PAGES_MAX, TRADES_PAGE
from gateways.query_budget import ANSWER_TIMEOUT_NS, RATE_PAUSE_NS
from gateways.sweep import SWEEP_EVERY_NS
from gateways.verdict import Certainty, Concern, Verdict
from ipc.clock import NS_PER_S
from ipc.enums import RecordKind, RejectReason, Side, VenueEvent
from ipc.records import EXTERNAL_ORDER, NOT_STATED
from tests.gateways.scripted_venue import fill_report, open_order, status_report
from tests.gateways.session_desk import LIVE, RECONCILING, TICK_NS, Desk, refused

KNOWN = 40
OUR_ORDER = 8
LEFT_OUT = 9 << 16


def trade(trade_id: int, *, venue_order_id: int = 900, lots: int = 2) -> dict[str, int]:
    """A trade as a list of an instrument's trades tells it."""
    return fill_report(EXTERNAL_ORDER, trade_id=trade_id, lots=lots, venue_order_id=venue_order_id, side=1)


def returning(last_trade_id: int = KNOWN) -> Desk:
    """A desk whose connection came up again; there are no open orders, the trades are still to come."""
    desk = Desk()
    desk.core.known[7] = last_trade_id + 1 if last_trade_id else 0
    desk.start()
    first = last_trade_id + 1 if last_trade_id else 0
    assert desk.open_only(1) == [Send(1, b"list 7"), Send(1, f"all trades 7 {first} {TRADES_PAGE}".encode())]
    assert not desk.listed(1)
    assert desk.session.state is RECONCILING
    return desk


def test_nothing_new_since_the_last_known_trade_is_live() -> None:
    desk = returning()
    assert not desk.account_trades(1)
    assert desk.session.state is LIVE


def test_what_was_traded_before_the_first_run_is_not_booked() -> None:
    desk = returning(last_trade_id=0)
    assert not desk.account_trades(1, trade(1000))
    assert desk.session.state is LIVE
    assert desk.events() == []
    assert Send(1, f"all trades 7 1001 {TRADES_PAGE}".encode()) in desk.wait(12 * NS_PER_S, alive=[1])


def test_an_account_that_never_traded_is_asked_from_the_first_trade_on() -> None:
    desk = returning(last_trade_id=0)
    assert not desk.account_trades(1)
    assert Send(1, f"all trades 7 1 {TRADES_PAGE}".encode()) in desk.wait(12 * NS_PER_S, alive=[1])


def test_a_trade_that_was_missed_while_down_is_booked_on_our_order() -> None:
    desk = returning()
    assert desk.account_trades(1, trade(41), trade(42)) == [Send(1, b"whose 7 900")]
    assert desk.events() == []
    assert desk.session.state is RECONCILING
    filled = status_report(OUR_ORDER, cumulative_lots=4, order_lots=6, price_ticks=77)
    assert not desk.identity(900, filled)
    fill = VenueEvent.FILL
    assert desk.events() == [(OUR_ORDER, fill), (OUR_ORDER, fill), (OUR_ORDER, VenueEvent.STATUS)]
    first, second, _ = desk.core.reports()
    assert (first["trade_id"], second["trade_id"]) == (41, 42)
    assert (first["order_lots"], first["price_ticks"], first["side"]) == (6, 77, 1)
    assert desk.session.state is LIVE


def test_a_trade_of_somebody_else_is_told_as_such() -> None:
    desk = returning()
    desk.account_trades(1, trade(41))
    desk.identity(900, status_report(EXTERNAL_ORDER, cumulative_lots=2))
    assert desk.events() == [(EXTERNAL_ORDER, VenueEvent.FILL), (EXTERNAL_ORDER, VenueEvent.STATUS)]


def test_what_the_venue_does_not_know_may_be_what_a_trade_without_a_name_belongs_to() -> None:
    """A status lags behind the trades: nothing is proven until it is known whose they are."""
    desk = Desk()
    desk.core.known[7] = KNOWN + 1
    desk.core.open = [open_order(OUR_ORDER, is_unknown=True)]
    desk.start()
    desk.open_only(1)
    desk.listed(1)
    desk.account_trades(1, trade(41))
    not_found = status_report(OUR_ORDER, cumulative_lots=-1, event=VenueEvent.NOT_FOUND)
    desk.status(OUR_ORDER, not_found, verdict=refused())
    assert desk.events() == []
    assert desk.session.state is RECONCILING
    desk.identity(900, status_report(EXTERNAL_ORDER, cumulative_lots=2))
    assert Send(1, f"status {OUR_ORDER}".encode()) in desk.wait(NS_PER_S, alive=[1])
    desk.status(OUR_ORDER, not_found, verdict=refused())
    assert desk.events()[-1] == (OUR_ORDER, VenueEvent.NOT_FOUND)
    assert desk.session.state is LIVE


def test_an_order_that_is_open_needs_no_question() -> None:
    desk = returning()
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=900)]
    assert not desk.account_trades(1, trade(41))
    assert desk.events() == [(OUR_ORDER, VenueEvent.FILL)]
    assert desk.session.state is LIVE


def test_two_orders_are_asked_for_each_by_itself() -> None:
    desk = returning()
    asked = desk.account_trades(
        1, trade(41, venue_order_id=5), trade(42, venue_order_id=6), trade(43, venue_order_id=5)
    )
    assert asked == [Send(1, b"whose 7 5"), Send(1, b"whose 7 6")]
    desk.identity(6, status_report(9, cumulative_lots=2))
    assert desk.session.state is RECONCILING
    desk.identity(5, status_report(OUR_ORDER, cumulative_lots=4))
    assert [report["trade_id"] for report in desk.core.reports(VenueEvent.FILL)] == [42, 41, 43]
    assert desk.session.state is LIVE


def test_a_long_list_is_read_page_by_page() -> None:
    desk = returning()
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=900)]
    page = [trade(trade_id) for trade_id in range(41, 41 + TRADES_PAGE)]
    # The scripted venue's longest page.
    assert desk.account_trades(1, *page) == [Send(1, f"all trades 7 {41 + TRADES_PAGE} 3".encode())]
    assert desk.session.state is RECONCILING
    desk.account_trades(1)
    assert desk.session.state is LIVE
    assert len(desk.core.reports(VenueEvent.FILL)) == TRADES_PAGE


def test_a_list_without_end_is_not_followed_for_ever() -> None:
    desk = returning()
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=900)]
    first, pages = 41, 0
    count = TRADES_PAGE
    while desk.session.state is RECONCILING:
        desk.account_trades(1, *(trade(first + place) for place in range(count)))
        first, count, pages = first + count, 3, pages + 1
        desk.wait(NS_PER_S, alive=[1])
    assert pages == TRADE_PAGES_MAX


def test_a_list_that_lagged_is_looked_through_again() -> None:
    desk = returning()
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=900)]
    desk.account_trades(1, trade(41), trade(43))
    assert Send(1, f"all trades 7 41 {TRADES_PAGE}".encode()) in desk.wait(12 * NS_PER_S, alive=[1])
    desk.account_trades(1, trade(41), trade(42), trade(43))
    assert [report["trade_id"] for report in desk.core.reports(VenueEvent.FILL)] == [41, 43, 42]


def test_a_stretch_of_trades_is_settled_when_it_was_looked_through_often_enough() -> None:
    desk = returning()
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=900)]
    desk.account_trades(1, trade(41))
    for _ in range(LOOKS - 1):
        assert Send(1, f"all trades 7 41 {TRADES_PAGE}".encode()) in desk.wait(12 * NS_PER_S, alive=[1])
        desk.account_trades(1, trade(41))
    assert Send(1, f"all trades 7 42 {TRADES_PAGE}".encode()) in desk.wait(12 * NS_PER_S, alive=[1])


def known_before(desk: Desk) -> list[int]:
    """From where on the next run would ask, as the core was told it over time."""
    return [record["before_trade_id"] for record in desk.core.of(RecordKind.TRADES_KNOWN)]


def test_the_core_is_told_which_trades_are_known_when_they_are_settled() -> None:
    desk = returning()
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=900)]
    for _ in range(LOOKS - 1):
        desk.account_trades(1, trade(41))
        desk.wait(12 * NS_PER_S, alive=[1])
    assert known_before(desk) == []
    desk.account_trades(1, trade(41))
    assert known_before(desk) == [42]


def test_the_first_run_of_all_is_told_where_it_began() -> None:
    desk = returning(last_trade_id=0)
    desk.account_trades(1, trade(1000))
    assert known_before(desk) == [1001]


def test_a_trade_whose_owner_is_not_known_yet_is_not_settled() -> None:
    desk = returning()
    desk.account_trades(1)
    for _ in range(2 * LOOKS):
        desk.wait(12 * NS_PER_S, alive=[1])
        desk.account_trades(1, trade(41), trade(42))
    assert known_before(desk) == []
    desk.identity(900, status_report(OUR_ORDER, cumulative_lots=4))
    desk.wait(12 * NS_PER_S, alive=[1])
    desk.account_trades(1, trade(41), trade(42))
    assert known_before(desk) == [43]


def test_a_trade_that_an_earlier_run_booked_needs_no_question() -> None:
    desk = returning()
    desk.core.booked = {(41, Side.BUY), (42, Side.SELL)}
    assert desk.account_trades(1, trade(41), trade(42, venue_order_id=901)) == [Send(1, b"whose 7 901")]


def test_up_to_the_last_trade_that_is_forgotten_no_owner_is_asked_for() -> None:
    desk = returning()
    desk.core.forgotten[7] = 42
    desk.core.open = [open_order(OUR_ORDER)._replace(venue_order_id=902)]
    asked = desk.account_trades(
        1, trade(41), trade(42, venue_order_id=902), trade(43, venue_order_id=903), trade(44, venue_order_id=902)
    )
    assert asked == [Send(1, b"whose 7 903")]
    assert [report["trade_id"] for report in desk.core.reports(VenueEvent.FILL)] == [44]


def test_an_order_that_the_first_list_left_out_is_found_by_a_later_one() -> None:
    desk = returning()
    desk.account_trades(1)
    desk.core.open = [open_order(OUR_ORDER)]
    assert Send(1, b"list 7") in desk.wait(12 * NS_PER_S, alive=[1])
    left_out = status_report(LEFT_OUT, cumulative_lots=0, venue_order_id=901)
    desk.listed(1, status_report(OUR_ORDER, cumulative_lots=1), left_out)
    assert desk.events() == [(LEFT_OUT, VenueEvent.STATUS)]


def test_an_order_that_a_later_list_holds_no_more_is_asked_for_at_once() -> None:
    desk = returning()
    desk.account_trades(1)
    waiting = open_order(LEFT_OUT, waits_since_ns=1)
    desk.core.open = [
        open_order(OUR_ORDER),
        open_order(LEFT_OUT + 1),
        waiting,
        open_order(LEFT_OUT + 2, instrument_id=6),
    ]
    desk.wait(SWEEP_EVERY_NS, alive=[1])
    assert desk.listed(1, status_report(LEFT_OUT + 1, cumulative_lots=0)) == [Send(1, b"status 8")]
    assert desk.status(OUR_ORDER, status_report(OUR_ORDER, cumulative_lots=0)) == []


def test_a_list_that_is_refused_says_of_no_order_that_it_ended() -> None:
    desk = returning()
    desk.account_trades(1)
    desk.core.open = [open_order(OUR_ORDER)]
    desk.wait(SWEEP_EVERY_NS, alive=[1])
    assert desk.listed(1, verdict=refused()) == []


def test_an_order_of_others_that_the_first_list_left_out_is_found_by_a_later_one() -> None:
    desk = returning()
    desk.account_trades(1)
    desk.core.others = [(7, 900)]
    desk.wait(12 * NS_PER_S, alive=[1])
    rest = [
        status_report(EXTERNAL_ORDER, cumulative_lots=1, venue_order_id=number, instrument_id=7)
        for number in (900, 901)
    ]
    desk.listed(1, *rest)
    assert [report["venue_order_id"] for report in desk.core.reports()] == [901]


def test_a_list_of_open_orders_is_looked_at_so_often_after_each_start() -> None:
    desk = returning()
    desk.account_trades(1)
    for _ in range(LOOKS - 1):
        assert Send(1, b"list 7") in desk.wait(12 * NS_PER_S, alive=[1])
        desk.listed(1)
    assert Send(1, b"list 7") not in desk.wait(24 * NS_PER_S, alive=[1])
    desk.disconnected(1)
    desk.wait(2 * TICK_NS)
    assert Send(2, b"list 7") in desk.open_only(2)
    desk.listed(2)
    desk.account_trades(2)
    assert Send(2, b"list 7") in desk.wait(12 * NS_PER_S, alive=[2])


def test_an_order_that_the_venue_denies_is_asked_for_again_and_in_the_end_somebody_elses() -> None:
    desk = returning()
    desk.account_trades(1, trade(41))
    for _ in range(DENIALS_MAX - 1):
        desk.identity(900, verdict=refused())
        assert desk.session.state is RECONCILING
        assert Send(1, b"whose 7 900") in desk.wait(NS_PER_S, alive=[1])
    desk.identity(900, verdict=refused())
    (told,) = desk.core.reports()
    assert (told["order_id"], told["order_lots"]) == (EXTERNAL_ORDER, NOT_STATED)
    assert desk.session.state is LIVE


def test_an_answer_that_leaves_the_owner_open_is_no_denial() -> None:
    desk = returning()
    desk.account_trades(1, trade(41))
    for _ in range(2 * DENIALS_MAX):
        desk.identity(900, verdict=Verdict(Certainty.AMBIGUOUS, RejectReason.OTHER))
        desk.wait(NS_PER_S, alive=[1])
    assert desk.session.state is RECONCILING


def test_questions_without_an_answer_are_asked_again() -> None:
    desk = returning()
    repeated = desk.wait(ANSWER_TIMEOUT_NS + NS_PER_S, alive=[1])
    assert repeated == [Send(1, f"all trades 7 41 {TRADES_PAGE}".encode())]
    desk.account_trades(1, trade(41))
    assert desk.wait(ANSWER_TIMEOUT_NS + NS_PER_S, alive=[1]) == [Send(1, b"whose 7 900")]


def test_a_rate_limit_stops_these_questions_too() -> None:
    desk = returning()
    assert not desk.account_trades(1, verdict=refused(Concern.RATE))
    assert desk.wait(RATE_PAUSE_NS - TICK_NS, alive=[1]) == []
    assert desk.wait(3 * TICK_NS, alive=[1]) == [Send(1, f"all trades 7 41 {TRADES_PAGE}".encode())]


def test_what_was_not_settled_before_a_disconnect_is_found_again() -> None:
    desk = returning()
    desk.account_trades(1, trade(41))
    desk.disconnected(1)
    desk.wait(2 * TICK_NS)
    assert Send(2, f"all trades 7 41 {TRADES_PAGE}".encode()) in desk.open_only(2)
    desk.listed(2)
    assert desk.account_trades(2, trade(41)) == [Send(2, b"whose 7 900")]


def test_lists_that_lag_do_not_settle_what_was_found_before_a_disconnect() -> None:
    desk = returning()
    desk.account_trades(1, trade(41))
    for link_id in range(2, LOOKS + 1):
        desk.disconnected(link_id - 1)
        desk.wait(2 * TICK_NS)
        desk.open_only(link_id)
        desk.listed(link_id)
        desk.account_trades(link_id)
    assert Send(LOOKS, f"all trades 7 41 {TRADES_PAGE}".encode()) in desk.wait(12 * NS_PER_S, alive=[LOOKS])


def others(*venue_order_ids: int) -> Desk:
    """A desk whose connection came up again while others had these orders open; the list is still to come."""
    desk = Desk()
    desk.core.known[7] = KNOWN + 1
    desk.core.others = [(7, venue_order_id) for venue_order_id in venue_order_ids]
    desk.start()
    desk.open_only(1)
    assert not desk.account_trades(1)
    return desk


def test_an_order_of_others_that_is_not_on_the_list_any_more_is_asked_for() -> None:
    desk = others(900, 901)
    assert desk.listed(1, status_report(EXTERNAL_ORDER, cumulative_lots=0)) == [Send(1, b"whose 7 901")]
    assert desk.session.state is RECONCILING
    desk.identity(901, status_report(EXTERNAL_ORDER, cumulative_lots=0, event=VenueEvent.CANCELED, venue_order_id=901))
    assert desk.events() == [(EXTERNAL_ORDER, VenueEvent.STATUS), (EXTERNAL_ORDER, VenueEvent.CANCELED)]
    assert desk.session.state is LIVE


def test_an_order_of_others_that_the_venue_forgot_does_not_keep_us_from_trading() -> None:
    desk = others(901)
    desk.listed(1)
    for _ in range(DENIALS_MAX):
        desk.identity(901, verdict=refused())
        desk.wait(NS_PER_S, alive=[1])
    assert desk.session.state is LIVE


def test_a_trade_of_an_order_of_others_that_is_known_is_booked_though_it_is_the_first_of_all() -> None:
    desk = Desk()
    desk.core.others = [(7, 900)]
    desk.start()
    desk.open_only(1)
    desk.listed(1)
    desk.account_trades(1, trade(1), trade(2, venue_order_id=901))
    desk.identity(900, status_report(EXTERNAL_ORDER, cumulative_lots=2))
    assert desk.events() == [(EXTERNAL_ORDER, VenueEvent.FILL), (EXTERNAL_ORDER, VenueEvent.STATUS)]
    assert desk.session.state is LIVE
