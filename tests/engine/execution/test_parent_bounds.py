"""Words at the edge of what fits, and prices that nobody should trust, make no parent larger and send no child."""

import pytest

from ipc.enums import RefusalReason, Side
from ipc.parent_enums import Algorithm, ParentEvent, ParentFlag
from tests.engine.core.world import NS_PER_S
from tests.engine.execution.market import Market

LOTS_MAX = (1 << 31) - 1
SCALE = 1 << 27


@pytest.fixture
def coarse_market() -> Market:
    """A market whose lots and ticks are large beside those of the same pair elsewhere."""
    market = Market()
    for place, scale in ((0, SCALE), (1, 1)):
        row = market.row("markets", place)
        row["next_of_pair"] = 1 - place
        row["pair_price_scale"] = row["pair_lot_scale"] = scale
    return market


@pytest.mark.parametrize("lots", [-1, LOTS_MAX + 1, 1 << 62, (1 << 62) + 51, -(1 << 63), -(1 << 63) + (1 << 36) + 60])
def test_an_amendment_beyond_every_quantity_is_refused(coarse_market: Market, lots: int) -> None:
    order_id = coarse_market.parent(algorithm=Algorithm.PEG, order_lots=50)
    assert coarse_market.amend(order_id, order_lots=lots).refusals == [RefusalReason.INVALID_QUANTITY]
    assert coarse_market.parent_row(order_id)["order_lots"] == 50 * SCALE


def test_a_parent_may_be_amended_to_more_than_one_order_holds(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    assert market.amend(order_id, order_lots=1_000_000).refusals == []


def test_a_trigger_is_amended_within_the_venues_prices_and_while_it_matters(market: Market) -> None:
    stop = market.parent(algorithm=Algorithm.STOP, side=Side.SELL, trigger_price_ticks=9_900)
    assert market.amend(stop, stop_price_ticks=1 << 62).refusals == [RefusalReason.INVALID_TRIGGER]
    assert market.amend(stop, stop_price_ticks=9_800).refusals == []
    flags = int(ParentFlag.TRIGGER_BELOW)
    started = market.parent(algorithm=Algorithm.PEG, parent_flags=flags, trigger_price_ticks=20_000)
    assert market.amend(started, stop_price_ticks=9_000).refusals == [RefusalReason.INVALID_TRIGGER]


@pytest.mark.parametrize("notional", [10_010 * (LOTS_MAX + 1), 1 << 62, (1 << 63) - 1, 10_009])
def test_money_for_more_or_less_than_any_quantity_is_refused(coarse_market: Market, notional: int) -> None:
    step = coarse_market.try_parent(order_lots=0, quote_notional=notional)
    assert step.refusals == [RefusalReason.QUANTITY_OUT_OF_RANGE]


def test_money_becomes_lots_by_a_fresh_price_alone(market: Market) -> None:
    market.quote(20_000, 10_010)
    assert market.try_parent(order_lots=0, quote_notional=500_000).refusals == [RefusalReason.NO_REFERENCE_PRICE]
    market.quote(9_990, 10_010)
    market.now_ns += 6 * NS_PER_S
    assert market.try_parent(order_lots=0, quote_notional=500_000).refusals == [RefusalReason.NO_REFERENCE_PRICE]
    assert market.try_parent(order_lots=0, quote_notional=500_000, limit_price_ticks=10_000).refusals == []


def test_nothing_rests_at_the_price_of_a_crossed_book(market: Market) -> None:
    market.quote(20_000, 10_010)
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    market.run(NS_PER_S)
    assert market.new_requests() == []
    assert market.events(order_id)[-1] is ParentEvent.HELD_BACK
    market.quote(9_990, 10_010)
    market.run(NS_PER_S)
    assert [request.price_ticks for _, request in market.new_requests()] == [9_990]


def test_a_crossed_book_moves_nothing_that_rests_and_starts_nothing(market: Market) -> None:
    peg = market.parent(algorithm=Algorithm.PEG, order_lots=50)
    flags = int(ParentFlag.TRIGGER_ABOVE)
    waiting = market.parent(algorithm=Algorithm.PEG, parent_flags=flags, trigger_price_ticks=12_000, side=Side.SELL)
    market.is_answering = False
    market.quote(20_000, 10_010)
    market.run(NS_PER_S, quote_every_ns=100 * NS_PER_S)
    assert [int(child["price_ticks"]) for child in market.living(peg)] == [9_990]
    assert market.parent_row(waiting)["started_ns"] == 0


def test_an_entry_is_named_by_its_own_id_and_not_by_that_of_a_leg(market: Market) -> None:
    entry = market.place(accepted=False, side=Side.BUY, price_ticks=9_980, order_lots=100)
    stop = {"algorithm": Algorithm.STOP, "side": Side.SELL, "order_lots": 0, "trigger_price_ticks": 9_900}
    assert market.try_parent(after_order_id=entry | 1, **stop).refusals == [RefusalReason.INVALID_ENTRY]
    assert market.try_parent(after_order_id=entry, **stop).refusals == []
