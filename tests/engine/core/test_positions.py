"""Positions, cost and fees against exact arithmetic; nothing is ever lost to rounding."""

from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.money import cost_share
from engine.core.positions import book_fee, book_fill
from ipc.compiler import JIT_DISABLED
from ipc.enums import Side
from tests.engine.core.world import BASE, OTHER_ASSET, QUOTE, World

LOTS_MAX = (1 << 31) - 1
FILLS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 1_000), st.integers(1, 100_000)),
    min_size=1,
    max_size=40,
)


class NaiveBook:
    """Average cost with fractions; only the share that is closed is rounded down, as an account books it."""

    def __init__(self) -> None:
        self.position = 0
        self.cost = 0
        self.realised = 0
        self.cash = Decimal(0)

    def fill(self, side: Side, lots: int, price: int) -> None:
        """Books one trade."""
        sign = 1 if side == Side.BUY else -1
        self.cash -= sign * lots * Decimal(price)
        closing = min(lots, abs(self.position)) if self.position * sign < 0 else 0
        if closing:
            share = floor(Fraction(abs(self.cost)) * Fraction(closing, abs(self.position)))
            held = 1 if self.position > 0 else -1
            self.cost -= held * share
            self.realised += held * (closing * price - share)
        self.cost += sign * (lots - closing) * price
        self.position += sign * lots


@settings(max_examples=100 if JIT_DISABLED else 400, deadline=None)
@given(FILLS)
def test_the_book_is_what_exact_arithmetic_says(fills: list[tuple[Side, int, int]]) -> None:
    world, model = World(), NaiveBook()
    book = world.book()
    for side, lots, price in fills:
        book_fill(world.state.address, 1, 0, 0, int(side), lots, price)
        model.fill(side, lots, price)
        assert int(book["position_lots"]) == model.position
        assert int(book["cost_notional"]) == model.cost
        assert int(book["realised_notional"]) == model.realised
        assert model.cash + model.cost - model.realised == 0, "cash, cost and result add up"
        if model.position == 0:
            assert (model.cost, model.realised) == (0, model.cash)
    assert book["traded_notional"] == sum(lots * price for _, lots, price in fills)
    assert book["bought_lots"] - book["sold_lots"] == book["position_lots"]
    assert book["fill_count"] == len(fills)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 1 << 62), st.integers(1, LOTS_MAX), st.integers(1, LOTS_MAX))
def test_a_share_of_the_cost_is_exact_without_forming_the_product(cost: int, one: int, other: int) -> None:
    part, whole = sorted((one, other))
    assert int(cost_share(cost, part, whole)) == cost * part // whole


def test_fees_are_counted_in_the_asset_that_the_venue_took(world: World) -> None:
    for asset_id, units in ((BASE, 3), (QUOTE, 5), (OTHER_ASSET, 7), (QUOTE, -2), (-1, 100)):
        book_fee(world.state.address, 1, 0, 0, asset_id, units)
    assert [int(row["fee_units"]) for row in world.state.table("fees")[3:6]] == [3, 3, 7]
    assert (world.book()["base_fee_units"], world.book()["quote_fee_units"]) == (3, 3)
