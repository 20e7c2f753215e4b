"""What trading is expected to cost agrees with the same model in exact fractions, and with what was realised."""

import math
from fractions import Fraction
from random import Random

import pytest

from engine.core.cost_model import expected_cost_ppm, funding_ppm, impact_ppm, note_cost, slippage_ppm
from engine.core.square_root import square_root
from ipc.enums import RecordKind, Side
from ipc.records import ALL_INSTRUMENTS
from tests.engine.core.world import START_NS, UTC_OFFSET_NS, World
from tests.engine.execution.books import Books, Venue, random_levels

PPM = 1_000_000


def _quoted(venue: Venue, *, impact: int = 0, day_lots: int = 0) -> Books:
    """A book whose best prices are known by themselves as well, as a venue's streams tell them."""
    books = Books(venue, count=1)
    instrument, market = books.state.table("instruments")[0], books.state.table("markets")[0]
    if venue.bids and venue.asks:
        instrument["bid_ticks"], instrument["ask_ticks"] = venue.bids[0][0], venue.asks[0][0]
    market["impact_ppm"], market["day_lots"] = impact, day_lots
    return books


def _model(venue: Venue, side: Side, lots: int, impact: int, day_lots: int) -> Fraction:
    """Mean price against mid, plus impact, plus fee; what is not in the book trades at its last price."""
    prices = [price for price, there in venue.levels(side) for _ in range(there)][:lots]
    prices += [prices[-1]] * (lots - len(prices))
    mid = Fraction(venue.bids[0][0] + venue.asks[0][0], 2)
    worse = Fraction(sum(prices), lots) - mid if side is Side.BUY else mid - Fraction(sum(prices), lots)
    return worse / mid * PPM + impact * Fraction(math.sqrt(lots / day_lots)) + venue.taker_ppm


def test_the_expected_cost_is_that_of_the_model_in_fractions() -> None:
    random = Random(11)
    for number in range(500):
        around = random.choice((50, 1_000, 10_000_000))
        bids = random_levels(random, Side.BUY, around=around - 1, step=1, count=random.randint(1, 10), most_lots=9)
        asks = random_levels(random, Side.SELL, around=around + 1, step=1, count=random.randint(1, 10), most_lots=9)
        venue = Venue(bids=bids, asks=asks, taker_ppm=random.randint(-300, 2_000))
        impact, day_lots = random.randint(0, 20_000), random.randint(100, 10_000_000)
        lots, side = random.randint(1, 99), random.choice((Side.BUY, Side.SELL))
        books = _quoted(venue, impact=impact, day_lots=day_lots)
        expected = expected_cost_ppm(books.state.address, 0, 0, side, lots, 0)
        assert abs(expected - _model(venue, side, lots, impact, day_lots)) < 4, number


def test_without_a_book_impact_and_fee_are_all_that_is_known() -> None:
    books = _quoted(Venue(taker_ppm=300), impact=1_000, day_lots=400)
    assert expected_cost_ppm(books.state.address, 0, 0, Side.BUY, 100, 0) == 300 + 500


def test_a_limit_bounds_what_is_expected() -> None:
    books = _quoted(Venue(bids=[(999, 9)], asks=[(1_001, 5), (1_100, 5)]))
    assert expected_cost_ppm(books.state.address, 0, 0, Side.BUY, 10, 1_001) == 1_000
    assert expected_cost_ppm(books.state.address, 0, 0, Side.BUY, 10, 0) == 50_500


def test_impact_grows_with_the_square_root_of_the_part() -> None:
    market = Books(count=1).state.table("markets")[0]
    market["impact_ppm"], market["day_lots"] = 10_000, 1_000_000
    assert [impact_ppm(market, lots) for lots in (0, 100, 400, 10_000, 1_000_000)] == [0, 99, 199, 999, 10_000]
    market["day_lots"] = 1
    assert impact_ppm(market, (1 << 62)) == 20_000


def test_slippage_of_numbers_that_no_market_has_is_none_and_the_worst_is_bounded() -> None:
    assert slippage_ppm(Side.BUY, 1 << 62, 1, 2) == 0
    assert slippage_ppm(Side.BUY, 5, 0, 2) == 0
    assert slippage_ppm(Side.SELL, 5, 1, 0) == 0
    assert slippage_ppm(Side.BUY, 1 << 61, 1, 2) == 10_000_000
    assert slippage_ppm(Side.SELL, 1, 1, 1 << 60) == 999_999
    assert slippage_ppm(Side.BUY, (1 << 59) + (1 << 49), 1 << 13, 1 << 47) == PPM >> 10


@pytest.mark.parametrize(
    "number", [-5, 0, 1, 2, 3, 4, 8, 9, 15, 16, 17, 10**12 - 1, 10**12, (1 << 62) - 1, (1 << 63) - 1]
)
def test_a_square_root_is_the_integer_below_the_true_one(number: int) -> None:
    assert square_root(number) == math.isqrt(max(number, 0))


# ---- the records ----


def test_rates_hold_for_one_instrument_or_for_all_of_an_account(world: World) -> None:
    world.feed(RecordKind.FEE_RATES, account_id=1, instrument_id=ALL_INSTRUMENTS, maker_ppm=-50, taker_ppm=400)
    world.feed(RecordKind.FEE_RATES, account_id=1, instrument_id=1, maker_ppm=10, taker_ppm=1 << 40)
    rows = world.state.table("routes")
    assert [(int(row["maker_ppm"]), int(row["taker_ppm"])) for row in rows] == [
        (0, 0),
        (0, 0),
        (-50, 400),
        (10, 100_000),
    ]


def test_funding_counts_when_it_falls_into_the_time_held(world: World) -> None:
    due_utc_ns = START_NS + UTC_OFFSET_NS + 100
    world.feed(
        RecordKind.FEE_RATES,
        account_id=0,
        instrument_id=0,
        maker_ppm=1,
        taker_ppm=2,
        funding_ppm=30,
        funding_utc_ns=due_utc_ns,
    )
    world.feed(RecordKind.FEE_RATES, account_id=0, instrument_id=ALL_INSTRUMENTS, maker_ppm=3, taker_ppm=4)
    address = world.state.address
    assert funding_ppm(address, 0, 0, Side.BUY, due_utc_ns) == 30
    assert funding_ppm(address, 0, 0, Side.SELL, due_utc_ns) == -30
    assert funding_ppm(address, 0, 0, Side.BUY, due_utc_ns - 1) == 0
    world.state.header["now_ns"] += 100
    assert funding_ppm(address, 0, 0, Side.BUY, due_utc_ns) == 0


def test_a_cost_model_is_taken_over_within_bounds(world: World) -> None:
    world.feed(RecordKind.COST_MODEL, instrument_id=1, impact_ppm=9_000, day_lots=70)
    market = world.row("markets", 1)
    assert (market["impact_ppm"], market["day_lots"]) == (9_000, 70)
    world.feed(RecordKind.COST_MODEL, instrument_id=1, impact_ppm=-1, day_lots=-1)
    assert (market["impact_ppm"], market["day_lots"]) == (0, 0)


def test_the_models_error_is_counted_by_what_was_traded(world: World) -> None:
    note_cost(world.state.address, 1, 500, 300, 2_000_000)
    note_cost(world.state.address, 1, 100, 200, 1_000_000)
    market = world.row("markets", 1)
    assert (market["expected_cost"], market["realised_cost"], market["absolute_error"]) == (1_100, 800, 500)
    for _ in range(4):
        note_cost(world.state.address, 1, 1 << 40, -(1 << 40), 1 << 62)
    assert 0 < market["expected_cost"] <= 1 << 61
    assert -(1 << 61) <= market["realised_cost"] < 0
