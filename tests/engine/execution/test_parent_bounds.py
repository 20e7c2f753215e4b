"""Words at the edge of what fits, and prices that nobody should trust, make no parent larger and send no child."""

import pytest

from ipc.enums import RecordKind, RefusalReason, Side, VenueEvent
from ipc.parent_enums import Algorithm, ParentControl, ParentEvent, ParentFlag
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
    market.row("instruments", 0)["max_order_lots"] = LOTS_MAX
    limits = market.book()
    for name in ("max_order_lots", "max_order_notional", "max_long_lots", "max_short_lots"):
        limits[name] = 1 << 60
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


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_trades_and_fees_that_no_market_has_leave_sums_that_fit(coarse_market: Market, side: Side) -> None:
    market = coarse_market
    market.is_answering = False
    order_id = market.parent(algorithm=Algorithm.PEG, order_lots=LOTS_MAX, side=side)
    (child,) = market.living(order_id)
    child_id, quote = int(child["order_id"]), int(market.row("instruments", 0)["quote_asset_id"])
    for number in range(4):
        fee = {"fee_asset_id": quote, "fee_units": (1 << 58) * (-1) ** number}
        market.fill(child_id, 1, 1 << 60, trade_id=1_000 + number, **fee)
    for number in range(4):
        market.venue(VenueEvent.TRADE_CANCELED, child_id, trade_id=1_000 + number)
    (report,) = market.status(order_id).parent_reports
    assert (report.cumulative_lots, report.cumulative_notional) == (0, 0)


def test_a_day_that_no_market_has_leaves_a_share_within_the_parent(coarse_market: Market) -> None:
    coarse_market.row("markets", 0)["pair_price_scale"] = 1
    share = {"participation_ppm": 500_000, "urgency_ppm": 1_000_000}
    order_id = coarse_market.parent(algorithm=Algorithm.POV, order_lots=100, **share)
    coarse_market.feed(RecordKind.MARKET_TRADES, last_trade_id=1, last_price_ticks=10_000, bought_lots=1 << 61)
    coarse_market.run(NS_PER_S)
    assert coarse_market.done(order_id) == 100 * SCALE


def test_what_an_iceberg_shows_varies_at_any_scale(coarse_market: Market) -> None:
    market = coarse_market
    limits = {"limit_price_ticks": 9_985, "noise_ppm": 500_000, "seed": 3}
    order_id = market.parent(algorithm=Algorithm.ICEBERG, order_lots=LOTS_MAX, display_lots=1 << 26, **limits)
    (child,) = market.living(order_id)
    assert 1 << 25 <= child["order_lots"] <= 3 << 25


def test_a_parent_that_was_held_up_for_very_many_slices_goes_on_at_once(market: Market) -> None:
    day_ns = 86_400 * NS_PER_S
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=700, end=7 * day_ns, interval_ms=10)
    market.control(order_id, ParentControl.PAUSE)
    market.now_ns += 3 * day_ns + 5_000_000
    market.quote()
    market.control(order_id, ParentControl.RESUME)
    row = market.parent_row(order_id)
    assert row["slice_now"] == 3 * 8_640_000 + 1
    assert (row["due_lots"], row["next_slice_ns"] - market.now_ns) == (300, 5_000_000)


def test_what_is_asked_for_in_the_last_slice_is_due_in_it(market: Market) -> None:
    order_id = market.parent(algorithm=Algorithm.TWAP, order_lots=100, end=10 * NS_PER_S, interval_ms=10_000)
    market.run(2 * NS_PER_S)
    market.amend(order_id, order_lots=150)
    market.run(8 * NS_PER_S)
    assert market.done(order_id) == 150
