"""What was learned of the markets is known in the next run, under its numbers and in its clock."""

import pytest

from engine.core.state import State
from engine.recovery.carry_over import carry_over
from ipc.enums import RecordKind
from tests.engine.core.world import NS_PER_S, START_NS, World
from tests.engine.recovery.test_carry_over import handed, name_rows, next_run

COSTS = {"expected_cost": 70, "realised_cost": -20, "absolute_error": 90}
LEARNED = {"reject_count": 3, "latency_ns": 1_500, "rested_lots": 40, "rest_filled_lots": 25}


def put(state: State, table: str, place: int, **words: int) -> None:
    row = state.table(table)[place]
    for name, value in words.items():
        row[name] = value


def facts(state: State, table: str, place: int, *names: str) -> dict[str, int]:
    row = state.table(table)[place]
    return {name: int(row[name]) for name in names}


def route_place(state: State, account_id: int, instrument_id: int) -> int:
    return account_id * len(state.table("instruments")) + instrument_id


@pytest.fixture
def world() -> World:
    """A run that knows something of the second instrument, and of the first account there."""
    world = World()
    name_rows(world.state)
    put(world.state, "markets", 1, **COSTS)
    penalty_until_ns = START_NS + 60 * NS_PER_S
    put(world.state, "routes", route_place(world.state, 0, 1), **LEARNED, penalty_until_ns=penalty_until_ns)
    return world


def test_what_was_learned_is_found_under_the_new_numbers(world: World) -> None:
    new = next_run(instruments=("C/B.V", "A/B.V"), accounts=("two", "one"))
    handed(world, new)
    assert facts(new.state, "markets", 0, *COSTS) == COSTS
    assert facts(new.state, "markets", 1, *COSTS) == dict.fromkeys(COSTS, 0)
    assert facts(new.state, "routes", route_place(new.state, 1, 0), *LEARNED) == LEARNED
    assert facts(new.state, "routes", route_place(new.state, 0, 0), *LEARNED) == dict.fromkeys(LEARNED, 0)


@pytest.mark.parametrize("is_same_boot", [True, False])
def test_a_penalty_ends_when_it_would_have(world: World, is_same_boot: bool) -> None:
    new = next_run()
    new.state.header["boot_id"] = world.state.header["boot_id"] + (0 if is_same_boot else 1)
    new.state.header["utc_offset_ns"] = world.state.header["utc_offset_ns"] + 20 * NS_PER_S
    carry_over(world.state, new.state, may_lack_end=False)
    ends_ns = START_NS + (60 if is_same_boot else 40) * NS_PER_S
    place = route_place(new.state, 0, 1)
    assert new.state.table("routes")[place]["penalty_until_ns"] == ends_ns
    assert new.state.table("routes")[route_place(new.state, 1, 1)]["penalty_until_ns"] == 0


def test_what_a_route_costs_is_what_the_new_configuration_says(world: World) -> None:
    place = route_place(world.state, 0, 1)
    put(world.state, "routes", place, maker_ppm=7, taker_ppm=8, funding_ppm=9)
    new = next_run()
    put(new.state, "routes", place, maker_ppm=1, taker_ppm=2)
    handed(world, new)
    rates = {"maker_ppm": 1, "taker_ppm": 2, "funding_ppm": 0}
    assert facts(new.state, "routes", place, *rates) == rates


def test_a_model_that_was_told_is_handed_on_and_a_configured_one_wins(world: World) -> None:
    world.feed(RecordKind.COST_MODEL, instrument_id=0, impact_ppm=9_000, day_lots=70)
    world.feed(RecordKind.COST_MODEL, instrument_id=1, impact_ppm=8_000, day_lots=60)
    new = next_run()
    put(new.state, "markets", 1, impact_ppm=0, day_lots=500)
    handed(world, new)
    assert facts(new.state, "markets", 0, "impact_ppm", "day_lots") == {"impact_ppm": 9_000, "day_lots": 70}
    assert facts(new.state, "markets", 1, "impact_ppm", "day_lots") == {"impact_ppm": 0, "day_lots": 500}


@pytest.mark.parametrize("word", ["price_decimals", "tick_units", "lot_decimals", "lot_units"])
def test_where_ticks_or_lots_mean_something_else_it_is_learned_again(world: World, word: str) -> None:
    new = next_run()
    new.state.table("instruments")[1][word] += 1
    handed(world, new)
    assert facts(new.state, "markets", 1, *COSTS) == dict.fromkeys(COSTS, 0)
    learned = (*LEARNED, "penalty_until_ns")
    assert facts(new.state, "routes", route_place(new.state, 0, 1), *learned) == dict.fromkeys(learned, 0)
