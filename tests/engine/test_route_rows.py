"""The same pair at several venues becomes a ring whose units compare in the finest common step."""

from fractions import Fraction
from random import Random

import pytest

from engine.core.state import Capacities, State
from engine.route_rows import SCALE_MAX, PairError, link_pair

NAMES = ["BTC/USDT.A", "ETH/USDT.A", "BTC/USDT.B", "ETH/USDT.B", "BTC/USDT.C"]


def _state(rules: dict[int, tuple[int, int, int, int]]) -> State:
    """Instruments with (tick_units, price_decimals, lot_units, lot_decimals), linked in the order given."""
    state = State.create(Capacities(instruments=len(NAMES), accounts=1, strategies=2, assets=2, orders=4, parents=1))
    for number, values in rules.items():
        row = state.table("instruments")[number]
        row["tick_units"], row["price_decimals"], row["lot_units"], row["lot_decimals"] = values
        row["symbol_bytes"] = 7
        link_pair(state, NAMES, number)
    return state


def _ring(state: State, first: int) -> list[int]:
    found, number = [first], int(state.table("markets")["next_of_pair"][first])
    while number != first:
        found.append(number)
        number = int(state.table("markets")["next_of_pair"][number])
    return found


def test_venues_of_a_pair_are_linked_as_they_become_known() -> None:
    one = (1, 2, 1, 5)
    assert _ring(_state({0: one}), 0) == [0]
    state = _state({2: one, 0: one, 1: one, 4: one})
    assert _ring(state, 0) == [0, 2, 4]
    assert _ring(state, 1) == [1]
    assert _ring(state, 3) == [3]


def test_steps_are_compared_in_the_finest_that_all_are_made_of() -> None:
    markets = _state({0: (1, 2, 1, 5), 2: (25, 3, 1, 4), 4: (1, 1, 3, 5)}).table("markets")
    assert [int(markets[number]["pair_price_scale"]) for number in (0, 2, 4)] == [2, 5, 20]
    assert [int(markets[number]["pair_lot_scale"]) for number in (0, 2, 4)] == [1, 10, 3]


def test_a_price_of_one_venue_is_the_same_price_at_another_for_any_steps() -> None:
    random = Random(3)
    for _ in range(200):
        rules = {number: (random.randint(1, 50), random.randint(0, 4), 1, 0) for number in (0, 2, 4)}
        markets = _state(rules).table("markets")
        fine = {
            Fraction(units, 10**decimals) / int(markets[number]["pair_price_scale"])
            for number, (units, decimals, _, _) in rules.items()
        }
        assert len(fine) == 1


def test_steps_that_are_too_different_to_compare_are_refused() -> None:
    with pytest.raises(PairError, match=r"quantity steps of BTC/USDT .* BTC/USDT.A of 1, BTC/USDT.B of 200000000"):
        _state({0: (1, 2, 1, 8), 2: (1, 2, 2, 0)})
    assert SCALE_MAX < 200_000_000
