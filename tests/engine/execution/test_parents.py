"""A parent's children never come to more than it, and every parent ends, whatever clients and venues do."""

import pytest

from ipc.enums import (
    AlarmCode,
    ConnectionState,
    EndReason,
    RecordKind,
    RefusalReason,
    RejectReason,
    RequestKind,
    ScopeKind,
    Side,
    TimeInForce,
    TradingState,
    VenueEvent,
)
from ipc.order_id import CLIENT_SEQUENCE_MAX, unpack
from ipc.parent_enums import Algorithm, ParentControl, ParentEnd, ParentEvent, ParentFlag, ParentState
from tests.engine.core.world import BASE, NS_PER_MS, NS_PER_S, OTHER_ASSET, QUOTE
from tests.engine.execution.market import Market


def test_a_sweep_takes_at_once_and_ends_filled(market: Market) -> None:
    order_id = market.parent(order_lots=100)
    assert market.done(order_id) == 100
    assert market.state_of(order_id) is ParentState.ENDED
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED
    ((_, request),) = market.new_requests()
    assert (request.order_lots, request.price_ticks, request.time_in_force) == (100, 10_010, TimeInForce.IOC)
    assert market.events(order_id) == [
        ParentEvent.ACCEPTED,
        ParentEvent.STARTED,
        ParentEvent.CHILD_SENT,
        ParentEvent.CHILD_TRADED,
        ParentEvent.ENDED,
    ]
    assert market.parent_reports[-1].realised_cost_ppm == 1_000  # 10,010 against a mid of 10,000


def test_children_are_named_from_the_engines_half_of_the_ids(market: Market) -> None:
    order_id = market.parent()
    (child,) = market.children(order_id)
    assert unpack(int(child["order_id"])).sequence == CLIENT_SEQUENCE_MAX + 1
    refused = market.new_order(order_id=market.order_id(sequence=CLIENT_SEQUENCE_MAX + 9))
    assert refused.refusals == [RefusalReason.MALFORMED_RECORD]


def test_a_child_is_its_parents_alone(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    assert market.cancel(child_id).refusals == [RefusalReason.CHILD_OF_PARENT]
    assert market.amend(child_id, price_ticks=9_000).refusals == [RefusalReason.CHILD_OF_PARENT]


def test_a_child_in_doubt_keeps_its_quantity_from_being_sent_again(market: Market) -> None:
    market.is_answering = False
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50, end=60 * NS_PER_S)
    market.connection(ConnectionState.DOWN)
    market.connection(ConnectionState.LIVE)
    market.run(30 * NS_PER_S)
    assert len(market.new_requests()) == 1
    child_id = int(market.children(order_id)[0]["order_id"])
    market.is_answering = True
    market.venue(VenueEvent.CANCELED, child_id, cumulative_lots=0)
    market.run(NS_PER_S)
    assert len(market.new_requests()) == 2


def test_a_cancel_ends_a_parent_when_its_children_have_ended(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.is_answering = False
    step = market.cancel(order_id)
    assert step.asked == [RequestKind.CANCEL]
    assert market.state_of(order_id) is ParentState.ENDING
    child_id = int(market.children(order_id)[0]["order_id"])
    market.fill(child_id, 20, 9_990)
    assert market.state_of(order_id) is ParentState.ENDING
    market.venue(VenueEvent.CANCELED, child_id, cumulative_lots=20, answers_request=RequestKind.CANCEL)
    row = market.parent_row(order_id)
    assert (market.done(order_id), row["end_reason"], row["parent_state"]) == (
        20,
        ParentEnd.CANCELED,
        ParentState.ENDED,
    )
    assert market.cancel(order_id).refusals == [RefusalReason.PARENT_ALREADY_ENDED]


def test_a_fill_after_the_end_is_counted(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    market.cancel(order_id)
    assert market.state_of(order_id) is ParentState.ENDED
    step = market.fill(child_id, 5, 9_990)
    assert market.done(order_id) == 5
    assert AlarmCode.LATE_FILL in step.alarms
    assert market.events(order_id)[-1] is ParentEvent.CHILD_TRADED


def test_a_pause_cancels_what_rests_and_a_resume_goes_on(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.control(order_id, ParentControl.PAUSE)
    assert market.living(order_id) == []
    market.run(10 * NS_PER_S)
    assert len(market.new_requests()) == 1
    assert market.control(order_id, ParentControl.PAUSE).refusals == [RefusalReason.PARENT_STATE_CONFLICT]
    market.control(order_id, ParentControl.RESUME)
    assert len(market.living(order_id)) == 1


def test_an_amendment_of_the_limit_takes_back_what_is_beyond_it(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.amend(order_id, price_ticks=9_900)
    market.run(NS_PER_S)
    (child,) = market.living(order_id)
    assert child["price_ticks"] == 9_900
    assert ParentEvent.AMENDED in market.events(order_id)


def test_an_amendment_to_less_than_works_cancels_first(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.is_answering = False
    assert market.amend(order_id, order_lots=30).asked == [RequestKind.CANCEL]
    child_id = int(market.children(order_id)[0]["order_id"])
    market.fill(child_id, 25, 9_990)
    market.is_answering = True
    market.venue(VenueEvent.CANCELED, child_id, cumulative_lots=25, answers_request=RequestKind.CANCEL)
    market.run(NS_PER_S)
    (child,) = market.living(order_id)
    assert child["order_lots"] == 5
    assert market.amend(order_id, order_lots=20).refusals == [RefusalReason.AMEND_BELOW_FILLED]


@pytest.mark.parametrize("amendment", [{"order_lots": 100}, {"order_lots": 100, "price_ticks": 10_020}])
def test_a_sweep_without_an_end_comes_again_for_what_it_has_become(market: Market, amendment: dict[str, int]) -> None:
    market.is_answering = False
    order_id = market.parent(order_lots=60, limit_price_ticks=10_010)
    ((_, request),) = market.new_requests()
    market.amend(order_id, **amendment)
    market.is_answering = True
    market.accept(request.order_id)
    market.fill(request.order_id, 60, 10_010)
    market.run(NS_PER_S)
    assert market.done(order_id) == 100
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.FILLED


def test_the_end_time_ends_a_parent(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50, end=5 * NS_PER_S)
    market.run(4 * NS_PER_S)
    assert market.state_of(order_id) is ParentState.WORKING
    market.run(2 * NS_PER_S)
    assert market.state_of(order_id) is ParentState.ENDED
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.EXPIRED


def test_a_parent_starts_at_its_time_and_on_its_condition(market: Market) -> None:
    order_id = market.parent(start=5 * NS_PER_S)
    market.run(4 * NS_PER_S)
    assert market.state_of(order_id) is ParentState.WAITING
    market.run(2 * NS_PER_S)
    assert market.done(order_id) == 100
    above = market.parent(parent_flags=8, trigger_price_ticks=10_100)
    market.quote(10_000, 10_150)
    assert market.state_of(above) is ParentState.WAITING
    market.quote(10_080, 10_120)
    assert market.done(above) == 100


def test_whoever_is_refused_waits_longer_each_time_and_gives_up(market: Market) -> None:
    market.book()["max_order_lots"] = 10
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.run(120 * NS_PER_S)
    assert market.new_requests() == []
    assert market.state_of(order_id) is ParentState.ENDED
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.REFUSED
    told = [report for report in market.parent_reports if report.parent_event == ParentEvent.CHILD_REFUSED]
    assert [report.reason for report in told] == [RefusalReason.MAX_QUANTITY_EXCEEDED]


def test_cancel_all_takes_parents_with_it(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    other_id = market.parent(algorithm=Algorithm.PEG, order_lots=50, instrument_id=1, side=Side.SELL, start=NS_PER_S)
    market.cancel_all(instrument_id=0)
    market.run(NS_PER_S // 2)
    assert market.state_of(order_id) is ParentState.ENDED
    assert market.state_of(other_id) is ParentState.WAITING


def test_the_status_of_a_parent_is_told(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    (report,) = market.status(order_id).parent_reports
    assert (report.parent_event, report.working_lots) == (ParentEvent.STATUS, 50)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"algorithm": 99}, RefusalReason.INVALID_ALGORITHM),
        ({"instrument_id": 9}, RefusalReason.UNKNOWN_INSTRUMENT),
        ({"account_id": 9}, RefusalReason.UNKNOWN_ACCOUNT),
        ({"account_id": -1}, RefusalReason.UNKNOWN_ACCOUNT),
        ({"side": 3}, RefusalReason.INVALID_SIDE),
        ({"order_lots": 0}, RefusalReason.INVALID_QUANTITY),
        ({"order_lots": -1}, RefusalReason.QUANTITY_OUT_OF_RANGE),
        ({"order_lots": 5, "quote_notional": 5}, RefusalReason.INVALID_QUANTITY),
        ({"display_lots": 101}, RefusalReason.INVALID_DISPLAY_QUANTITY),
        ({"algorithm": Algorithm.ICEBERG}, RefusalReason.INVALID_DISPLAY_QUANTITY),
        ({"algorithm": Algorithm.TWAP}, RefusalReason.INVALID_EXPIRY),
        ({"end": -1}, RefusalReason.INVALID_EXPIRY),
        ({"start": 30 * 86_400 * NS_PER_S}, RefusalReason.INVALID_RELEASE_TIME),
        ({"urgency_ppm": 1_000_001}, RefusalReason.INVALID_PARTICIPATION),
        ({"algorithm": Algorithm.POV}, RefusalReason.INVALID_PARTICIPATION),
        ({"interval_ms": 1}, RefusalReason.INVALID_INTERVAL),
        ({"noise_ppm": 500_001}, RefusalReason.INVALID_SCHEDULE),
        ({"parent_flags": 64}, RefusalReason.INVALID_FLAGS),
        ({"parent_flags": 8}, RefusalReason.INVALID_TRIGGER),
        ({"algorithm": Algorithm.STOP}, RefusalReason.INVALID_TRIGGER),
        ({"algorithm": Algorithm.BRACKET, "trigger_price_ticks": 9_000}, RefusalReason.INVALID_PRICE),
        ({"order_lots": 0, "after_order_id": 5}, RefusalReason.INVALID_ENTRY),
        ({"limit_price_ticks": 1}, RefusalReason.PRICE_OUT_OF_RANGE),
        ({"benchmark": 7}, RefusalReason.INVALID_ALGORITHM),
    ],
)
def test_a_parent_that_makes_no_sense_is_refused(market: Market, fields: dict[str, int], reason: RefusalReason) -> None:
    before = market.masked_digest()
    assert market.try_parent(**fields).refusals == [reason]
    assert market.masked_digest() == before


def test_a_full_table_refuses_and_ended_parents_make_room(market: Market) -> None:
    capacity = len(market.state.table("parents"))
    for _ in range(capacity):
        market.parent(start=NS_PER_S)
    assert market.try_parent().refusals == [RefusalReason.PARENT_TABLE_FULL]
    market.cancel_all()
    market.run(NS_PER_S // 2)
    first = market.parent()
    assert market.done(first) == 100


def bracket_after(market: Market, entry: int) -> int:
    """Sells what an entry buys, at 10,200 or below 9,900."""
    return market.parent(
        algorithm=Algorithm.BRACKET,
        side=Side.SELL,
        order_lots=0,
        after_order_id=entry,
        take_profit_ticks=10_200,
        trigger_price_ticks=9_900,
    )


def test_a_bracket_follows_the_fills_of_its_entry(market: Market) -> None:
    entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    bracket = bracket_after(market, entry)
    assert market.state_of(bracket) is ParentState.WAITING
    market.trade(entry, 40)
    assert [int(child["order_lots"]) for child in market.living(bracket)] == [40]
    market.trade(entry, 60)
    assert sorted(int(child["order_lots"]) for child in market.living(bracket)) == [40, 60]
    market.quote(9_880, 9_920)
    market.run(NS_PER_S)
    assert market.done(bracket) == 100
    assert market.book()["position_lots"] == 0
    assert market.parent_row(bracket)["end_reason"] == ParentEnd.FILLED


def test_a_target_that_fills_while_the_stop_is_hit_leaves_less_for_the_stop(market: Market) -> None:
    entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    bracket = bracket_after(market, entry)
    market.trade(entry, 100)
    (target,) = market.living(bracket)
    market.is_answering = False
    assert market.quote(9_880, 9_920).asked == [RequestKind.CANCEL]
    market.fill(int(target["order_id"]), 70, 10_200)
    market.is_answering = True
    market.venue(VenueEvent.CANCELED, int(target["order_id"]), cumulative_lots=70, answers_request=RequestKind.CANCEL)
    market.run(NS_PER_S)
    assert [request.order_lots for _, request in market.new_requests()][-1] == 30
    assert market.done(bracket) == 100


def test_both_legs_filled_by_a_lying_venue_is_an_alarm(market: Market) -> None:
    entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    bracket = bracket_after(market, entry)
    market.trade(entry, 100)
    (target,) = market.living(bracket)
    market.quote(9_880, 9_920)
    market.run(NS_PER_S)
    assert market.done(bracket) == 100
    assert AlarmCode.BOTH_LEGS_FILLED in market.fill(int(target["order_id"]), 100, 10_200).alarms


def test_an_entry_that_ends_without_a_fill_ends_its_bracket(market: Market) -> None:
    entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    stop = market.parent(
        algorithm=Algorithm.STOP, side=Side.SELL, order_lots=0, after_order_id=entry, trigger_price_ticks=9_900
    )
    market.cancel(entry)
    market.venue(VenueEvent.CANCELED, entry, answers_request=RequestKind.CANCEL)
    assert market.parent_row(stop)["end_reason"] == ParentEnd.ENTRY_ENDED


def test_a_trailing_stop_follows_and_never_moves_back(market: Market) -> None:
    market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    stop = market.parent(algorithm=Algorithm.STOP, side=Side.SELL, order_lots=100, trail_ticks=100)
    market.quote(10_090, 10_110)
    market.quote(10_040, 10_060)
    assert market.parent_row(stop)["trigger_price_ticks"] == 9_990
    assert market.done(stop) == 0
    market.quote(9_985, 9_995)
    assert market.done(stop) == 100
    assert ParentEvent.TRIGGERED in market.events(stop)


def test_a_crossed_or_old_book_triggers_nothing(market: Market) -> None:
    stop = market.parent(algorithm=Algorithm.STOP, side=Side.SELL, trigger_price_ticks=9_900)
    market.quote(9_800, 9_700)
    assert market.done(stop) == 0


def test_a_child_that_lives_again_after_its_parents_end_is_cancelled(market: Market) -> None:
    market.is_answering = False
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    child_id = int(market.children(order_id)[0]["order_id"])
    market.cancel(order_id)
    market.run(20 * NS_PER_S)
    for _ in range(2):
        market.venue(VenueEvent.NOT_FOUND, child_id)
        market.run(NS_PER_S)
    assert market.state_of(order_id) is ParentState.ENDED
    market.accept(child_id)
    step = market.after(NS_PER_MS)
    cancels = [request for _, request in market.sent if request.request_kind == RequestKind.CANCEL]
    assert cancels[-1].order_id == child_id
    assert step is not None


def test_a_notional_becomes_lots_at_the_price_of_taking(market: Market) -> None:
    order_id = market.parent(order_lots=0, quote_notional=10_010 * 50 + 5)
    assert market.done(order_id) == 50


def test_an_intent_finds_its_algorithm(market: Market) -> None:
    urgent = market.parent(algorithm=Algorithm.AUTO, urgency_ppm=950_000)
    patient = market.parent(algorithm=Algorithm.AUTO, end=60 * NS_PER_S)
    resting = market.parent(algorithm=Algorithm.AUTO)
    share = market.parent(algorithm=Algorithm.AUTO, participation_ppm=100_000, benchmark=1)
    found = [Algorithm(int(market.parent_row(order_id)["algorithm"])) for order_id in (urgent, patient, resting, share)]
    assert found == [Algorithm.SWEEP, Algorithm.TWAP, Algorithm.PEG, Algorithm.POV]


def test_an_ended_child_has_its_reason(market: Market) -> None:
    market.quote(lots=30)
    market.offered[Side.SELL] = 20
    order_id = market.parent(order_lots=100)
    (child,) = market.children(order_id)
    assert child["end_reason"] == EndReason.EXPIRED
    market.offered[Side.SELL] = 1_000
    market.run(150 * NS_PER_MS)
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.EXPIRED
    assert market.done(order_id) == 50


def test_a_rejected_child_is_not_sent_again_at_once(market: Market) -> None:
    market.is_answering = False
    order_id = market.parent(order_lots=100, end=60 * NS_PER_S)
    for number in range(1, 6):
        ((_, request),) = market.new_requests()[-1:]
        market.venue(VenueEvent.REJECTED, request.order_id, reason=RejectReason.OTHER, answers_request=RequestKind.NEW)
        assert len(market.new_requests()) == number
        hold_ns = int(market.parent_row(order_id)["hold_until_ns"]) - market.now_ns
        assert hold_ns == 10 * NS_PER_MS << (number - 1)
        market.row("routes", 0)["penalty_until_ns"] = 0
        market.run(hold_ns + NS_PER_MS)
        assert len(market.new_requests()) == number + 1
    assert market.events(order_id).count(ParentEvent.CHILD_REJECTED) == 5


def test_children_that_are_rejected_together_count_as_one(market: Market) -> None:
    market.is_answering = False
    for place in range(2):
        market.row("markets", place)["next_of_pair"] = 1 - place
    market.book_top(instrument_id=1, ask_ticks=10_010, bid_lots=30, ask_lots=30)
    market.quote(lots=70)
    order_id = market.parent(order_lots=100, parent_flags=int(ParentFlag.ROUTED), account_id=-1, end=60 * NS_PER_S)
    sent = [request for _, request in market.new_requests()]
    assert sorted(request.order_lots for request in sent) == [30, 70]
    for request in sent:
        place = {"account_id": request.account_id, "instrument_id": request.instrument_id}
        market.venue(VenueEvent.REJECTED, request.order_id, answers_request=RequestKind.NEW, **place)
    assert market.parent_row(order_id)["refusal_count"] == 1


def test_a_venue_that_rejects_gets_nothing_for_a_while(market: Market) -> None:
    market.is_answering = False
    market.parent(order_lots=100, end=60 * NS_PER_S)
    ((_, request),) = market.new_requests()
    market.venue(VenueEvent.REJECTED, request.order_id, reason=RejectReason.OTHER, answers_request=RequestKind.NEW)
    market.run(900 * NS_PER_MS)
    assert len(market.new_requests()) == 1
    market.run(300 * NS_PER_MS)
    assert len(market.new_requests()) == 2


def test_what_follows_an_entry_grows_with_it(market: Market) -> None:
    entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    hedge = market.parent(algorithm=Algorithm.SWEEP, side=Side.SELL, order_lots=0, after_order_id=entry)
    for lots in (30, 50, 20):
        market.trade(entry, lots)
        market.run(NS_PER_S)
    assert market.done(hedge) == 100
    assert market.parent_row(hedge)["end_reason"] == ParentEnd.FILLED


def test_a_halt_ends_what_would_go_on(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.feed(RecordKind.SET_TRADING_STATE, scope_kind=ScopeKind.ENGINE, trading_state=TradingState.HALT)
    market.run(NS_PER_S)
    assert market.living(order_id) == []
    assert market.parent_row(order_id)["end_reason"] == ParentEnd.REFUSED


def test_a_venue_that_is_away_is_waited_for(market: Market) -> None:
    market.connection(ConnectionState.DOWN)
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.run(300 * NS_PER_S)
    assert market.state_of(order_id) is ParentState.WORKING
    market.connection(ConnectionState.LIVE)
    market.run(3 * NS_PER_S)
    assert len(market.living(order_id)) == 1


def test_fees_in_either_asset_of_the_pair_are_part_of_the_cost(market: Market) -> None:
    instrument = market.row("instruments", 0)
    instrument["units_per_lot"], instrument["units_per_notional"], instrument["money_notional_max"] = 1_000, 7, 1 << 50
    market.is_answering = False
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=100)
    ((_, request),) = market.new_requests()
    market.accept(request.order_id)
    market.fill(request.order_id, 10, 10_000, fee_units=70_000, fee_asset_id=QUOTE)
    assert market.parent_row(order_id)["fee_units"] == 70_000
    market.fill(request.order_id, 10, 10_000, fee_units=1_500, fee_asset_id=BASE)
    assert market.parent_row(order_id)["fee_units"] == 70_000 + 15 * 7 * 10_000 // 10
    market.fill(request.order_id, 10, 10_000, fee_units=1_500, fee_asset_id=OTHER_ASSET)
    assert market.parent_row(order_id)["fee_units"] == 70_000 + 105_000
