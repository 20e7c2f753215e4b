"""What rests for more than is left of its parent, or beyond its limit, goes, whatever stood in its cancel's way."""

import pytest

from ipc.enums import RejectReason, RequestKind, Side, TimeInForce, VenueEvent
from ipc.order_id import LEG_MAX
from ipc.parent_enums import Algorithm, ParentControl, ParentState
from ipc.parent_tables import CHILDREN_MAX
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_MS, NS_PER_S, UTC_OFFSET_NS
from tests.engine.execution.market import Market

AMENDMENTS = [{"order_lots": 20}, {"price_ticks": 9_900}]
REQUESTS_OF_ONE_STEP = 40


def cancels(market: Market) -> int:
    return sum(request.request_kind == RequestKind.CANCEL for _, request in market.sent)


def without_room(market: Market, duration_ns: int) -> None:
    """For a while the venue's rate limit has no room for a cancel."""
    budget = market.row("budgets", 0)
    budget["limit_type"], budget["limit"], budget["window_ns"] = RateLimitType.REQUEST_WEIGHT, 1_000, NS_PER_S
    budget["cancel_cost"] = 1
    budget["blocked_until_utc_ns"] = market.now_ns + UTC_OFFSET_NS + duration_ns


@pytest.mark.parametrize("amendment", AMENDMENTS)
def test_a_cancel_that_had_no_room_is_asked_for_when_there_is(market: Market, amendment: dict[str, int]) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    without_room(market, 500 * NS_PER_MS)
    assert market.amend(order_id, **amendment).requests == []
    market.run(400 * NS_PER_MS)
    assert cancels(market) == 0
    market.run(200 * NS_PER_MS)
    assert cancels(market) == 1
    (child,) = market.living(order_id)
    assert child["order_lots"] == amendment.get("order_lots", 50)
    assert child["price_ticks"] == amendment.get("price_ticks", 9_990)


def test_a_stop_takes_as_soon_as_there_is_room_to_cancel_its_target(market: Market) -> None:
    prices = {"take_profit_ticks": 10_200, "trigger_price_ticks": 9_900}
    bracket = market.parent(algorithm=Algorithm.BRACKET, side=Side.SELL, **prices)
    without_room(market, 300 * NS_PER_MS)
    market.quote(9_880, 9_920)
    market.run(290 * NS_PER_MS)
    assert (cancels(market), market.done(bracket)) == (0, 0)
    market.run(20 * NS_PER_MS)
    assert (cancels(market), market.done(bracket)) == (1, 100)


@pytest.mark.parametrize("amendment", AMENDMENTS)
def test_a_cancel_that_the_venue_refused_is_asked_for_again(market: Market, amendment: dict[str, int]) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    (child,) = market.living(order_id)
    market.is_answering = False
    assert market.amend(order_id, **amendment).asked == [RequestKind.CANCEL]
    refusal = {"reason": RejectReason.RATE_LIMIT, "answers_request": RequestKind.CANCEL}
    market.venue(VenueEvent.CANCEL_REJECTED, int(child["order_id"]), **refusal)
    market.is_answering = True
    market.run(2 * NS_PER_S)
    assert cancels(market) == 2
    (child,) = market.living(order_id)
    assert (child["order_lots"], child["price_ticks"]) == (
        amendment.get("order_lots", 50),
        amendment.get("price_ticks", 9_990),
    )


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_what_was_bought_for_an_entry_whose_trade_is_taken_back_is_not_sold(market: Market, side: Side) -> None:
    entry_side, touch = (Side.SELL, 10_010) if side == Side.BUY else (Side.BUY, 9_990)
    entry = market.place(
        accepted=False, side=entry_side, price_ticks=touch, order_lots=100, time_in_force=TimeInForce.GTC
    )
    is_buy = side == Side.BUY
    bracket = market.parent(
        algorithm=Algorithm.BRACKET,
        side=side,
        order_lots=0,
        after_order_id=entry,
        take_profit_ticks=9_800 if is_buy else 10_200,
        trigger_price_ticks=10_100 if is_buy else 9_900,
    )
    market.fill(entry, 60, trade_id=7)
    market.fill(entry, 40, trade_id=8)
    assert sum(int(child["order_lots"]) for child in market.living(bracket)) == 100
    market.venue(VenueEvent.TRADE_CANCELED, entry, trade_id=8)
    market.run(2 * NS_PER_S)
    assert sum(int(child["order_lots"]) for child in market.living(bracket)) == 60


def revived(market: Market, count: int) -> int:
    """An iceberg whose trades were all taken back: each of its children lives again."""
    order_id = market.parent(algorithm=Algorithm.ICEBERG, order_lots=count, display_lots=1, limit_price_ticks=9_985)
    shown = []
    while market.state_of(order_id) is not ParentState.ENDED and len(shown) < count - 1:
        (child,) = market.living(order_id)
        shown.append(int(child["order_id"]))
        market.now_ns += NS_PER_MS
        market.fill(shown[-1], 1, 9_985, trade_id=1_000 + len(shown))
    for number, child_id in enumerate(shown, 1):
        market.venue(VenueEvent.TRADE_CANCELED, child_id, trade_id=1_000 + number)
    return order_id


@pytest.mark.parametrize("is_paused", [False, True])
def test_however_many_children_live_again_one_step_asks_for_what_it_has_room_for(
    market: Market, is_paused: bool
) -> None:
    order_id = revived(market, 150)
    assert len(market.living(order_id)) > 4 * CHILDREN_MAX
    asked_before, most = len(market.sent), 0
    if is_paused:
        most = len(market.control(order_id, ParentControl.PAUSE).requests)
    else:
        most = len(market.amend(order_id, price_ticks=9_980).requests)
    for _ in range(40):
        market.now_ns += 10 * NS_PER_MS
        most = max(most, len(market.timer().requests))
    assert most <= REQUESTS_OF_ONE_STEP
    canceled = {
        request.order_id & ~LEG_MAX
        for _, request in market.sent[asked_before:]
        if request.request_kind == RequestKind.CANCEL
    }
    assert len(canceled) >= 149
    market.cancel(order_id)
    market.run(5 * NS_PER_S)
    assert market.state_of(order_id) is ParentState.ENDED
