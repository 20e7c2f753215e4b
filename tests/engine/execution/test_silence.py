"""No parent is quiet without a reason that it told, and that can be asked for."""

import pytest

from ipc.enums import OrderFlag, RefusalReason, RejectReason, RequestKind, Side, VenueEvent
from ipc.order_id import SEQUENCE_MAX
from ipc.parent_enums import Algorithm, ParentEnd, ParentEvent, ParentFlag, ParentState
from ipc.rate_enums import RateLimitType, WhenExceeded
from tests.engine.core.world import NS_PER_MS, NS_PER_S, UTC_OFFSET_NS
from tests.engine.execution.market import Market


def told(market: Market, order_id: int) -> list[RefusalReason]:
    """Why a parent was said not to trade."""
    reports = [report for report in market.parent_reports if report.order_id == order_id]
    return [RefusalReason(report.reason) for report in reports if report.parent_event == ParentEvent.HELD_BACK]


def asked(market: Market, order_id: int) -> RefusalReason:
    """What a person hears who asks."""
    (report,) = market.status(order_id).parent_reports
    return RefusalReason(report.reason)


@pytest.mark.parametrize("algorithm", [Algorithm.PEG, Algorithm.ICEBERG, Algorithm.BRACKET])
def test_less_than_the_venue_takes_is_told(market: Market, algorithm: Algorithm) -> None:
    market.row("instruments", 0)["min_order_lots"] = 5
    fields = {"display_lots": 10, "limit_price_ticks": 9_985} if algorithm is Algorithm.ICEBERG else {}
    if algorithm is Algorithm.BRACKET:
        fields = {"side": Side.SELL, "trigger_price_ticks": 9_900, "take_profit_ticks": 10_200}
    order_id = market.parent(algorithm=algorithm, order_lots=10, **fields)
    (child,) = market.living(order_id)
    child_id = int(child["order_id"])
    market.trade(child_id, 7)
    market.venue(VenueEvent.CANCELED, child_id, cumulative_lots=7)
    market.run(5 * NS_PER_S)
    assert told(market, order_id) == [RefusalReason.QUANTITY_OUT_OF_RANGE]
    assert asked(market, order_id) is RefusalReason.QUANTITY_OUT_OF_RANGE


def test_a_twap_of_less_than_the_venue_takes_says_so(market: Market) -> None:
    market.row("instruments", 0)["min_order_lots"] = 5
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=3, end=10 * NS_PER_S)
    market.run(9_900 * NS_PER_MS)
    assert asked(market, order_id) is RefusalReason.QUANTITY_OUT_OF_RANGE


def test_a_reason_that_comes_back_is_told_again(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=10)
    for _ in range(2):
        market.now_ns += 6 * NS_PER_S
        (child,) = market.living(order_id)
        market.venue(VenueEvent.CANCELED, int(child["order_id"]))
        market.run(2 * NS_PER_S, quote_every_ns=60 * NS_PER_S)
        assert asked(market, order_id) is RefusalReason.NO_REFERENCE_PRICE
        market.quote()
        market.run(NS_PER_S)
        assert asked(market, order_id) is RefusalReason.NONE
    assert told(market, order_id) == [RefusalReason.NO_REFERENCE_PRICE] * 2


def test_a_venue_that_knows_the_last_id_of_all_ends_what_would_send_more(market: Market) -> None:
    market.is_answering = False
    last_id = market.order_id(sequence=SEQUENCE_MAX)
    market.venue(VenueEvent.ACCEPTED, last_id, side=Side.BUY, order_lots=5, price_ticks=9_000)
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=10)
    assert asked(market, order_id) is RefusalReason.LEGS_EXHAUSTED
    market.run(60 * NS_PER_S)
    assert market.new_requests() == []
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.REFUSED


def test_an_iceberg_that_is_only_passive_never_takes(market: Market) -> None:
    limits = {"display_lots": 10, "limit_price_ticks": 10_020, "parent_flags": int(ParentFlag.PASSIVE_ONLY)}
    market.is_answering = False
    order_id = market.parent(algorithm=Algorithm.ICEBERG, order_lots=50, **limits)
    for _ in range(60):
        (_, request) = market.new_requests()[-1]
        assert request.order_flags == OrderFlag.POST_ONLY
        fields = {"reason": RejectReason.WOULD_TAKE_LIQUIDITY, "answers_request": RequestKind.NEW}
        market.venue(VenueEvent.REJECTED, request.order_id, **fields)
        market.run(2 * NS_PER_S)
    assert market.state_of(order_id) is ParentState.WORKING


def test_a_bracket_whose_target_is_refused_holds_its_stop(market: Market) -> None:
    market.book()["max_order_notional"] = 100 * 10_100
    prices = {"take_profit_ticks": 10_200, "trigger_price_ticks": 9_900}
    bracket = market.parent(algorithm=Algorithm.BRACKET, side=Side.SELL, **prices)
    market.run(120 * NS_PER_S)
    assert market.state_of(bracket) is ParentState.WORKING
    assert asked(market, bracket) is RefusalReason.MAX_NOTIONAL_EXCEEDED
    market.quote(9_880, 9_920)
    market.quote(9_990, 10_010)
    market.run(2 * NS_PER_S)
    assert market.done(bracket) == 100


def test_what_has_nothing_left_to_take_yet_says_nothing(market: Market) -> None:
    for algorithm in (Algorithm.SWEEP, Algorithm.SNIPER):
        entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
        hedge = market.parent(algorithm=algorithm, side=Side.SELL, order_lots=0, after_order_id=entry)
        market.trade(entry, 40)
        market.run(5 * NS_PER_S)
        assert market.done(hedge) == 40
        assert told(market, hedge) == []


def test_what_takes_and_never_hears_of_its_end_is_asked_for(market: Market) -> None:
    market.is_answering = False
    order_id = market.parent(order_lots=100, end=60 * NS_PER_S)
    ((_, request),) = market.new_requests()
    market.accept(request.order_id)
    market.run(4_900 * NS_PER_MS)
    assert len(market.sent) == 1
    market.run(200 * NS_PER_MS)
    assert [request.request_kind for _, request in market.sent] == [RequestKind.NEW, RequestKind.CANCEL]
    fields = {"reason": RejectReason.UNKNOWN_ORDER, "answers_request": RequestKind.CANCEL}
    market.venue(VenueEvent.CANCEL_REJECTED, request.order_id, **fields)
    assert market.order(request.order_id)["is_unknown"] == 1
    market.is_answering = True
    market.venue(VenueEvent.EXPIRED, request.order_id, cumulative_lots=0)
    market.run(NS_PER_S)
    assert market.done(order_id) == 100


def test_a_child_waits_in_no_line_and_is_sent_at_the_price_of_then(market: Market) -> None:
    terms = market.terms()
    terms["when_exceeded"], terms["queue_ns"], terms["queue_orders"] = WhenExceeded.QUEUE, 60 * NS_PER_S, 4
    without_room = market.row("budgets", 0)
    without_room["limit_type"], without_room["limit"] = RateLimitType.REQUEST_WEIGHT, 1_000
    without_room["window_ns"] = NS_PER_S
    without_room["new_cost"] = 1
    without_room["blocked_until_utc_ns"] = market.now_ns + UTC_OFFSET_NS + NS_PER_S
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    assert market.children(order_id) == []
    assert asked(market, order_id) is RefusalReason.VENUE_RATE_LIMIT_EXCEEDED
    market.quote(9_950, 9_970)
    market.run(4 * NS_PER_S)
    assert [request.price_ticks for _, request in market.new_requests()] == [9_950]
