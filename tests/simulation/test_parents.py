"""The simulation with parents: clean, repeatable, and with every algorithm at work among the faults."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from ipc.enums import RecordKind
from ipc.order_id import to_text
from ipc.parent_enums import Algorithm, ParentEvent
from ipc.records import PARENT_REPORT
from tools.simulation.campaign import Chunk, Tally, play_chunk, play_seed, workshop
from tools.simulation.checker import Log, judge_parents, order_of
from tools.simulation.faults import FAULTS
from tools.simulation.parent_desk import Asked
from tools.simulation.stage import Options, Stage

pytestmark = pytest.mark.timeout(600)
FIRST, LAST = 0, 200
"""Some 100 ms of work each; `oms simulate --algorithms` plays any number."""

FOUND = (
    241,  # a parent whose command was journaled, and applied by the next run alone
    296,  # the same
    3354,  # the end of a parent, forgotten by a power loss after its strategy had heard of it
    4785,  # the same
)
WATCHED = 25
SITES = 2
_PLACES = {name: place for place, name in enumerate(PARENT_REPORT.names or ())}


@pytest.fixture(scope="module")
def tally() -> Tally:
    whole = Tally()
    whole.add(*play_chunk(Chunk(FIRST, LAST, has_parents=True)))
    return whole


def test_no_invariant_breaks(tally: Tally) -> None:
    assert tally.violations == []


@pytest.mark.parametrize("seed", FOUND)
def test_what_once_broke_an_invariant_breaks_none(seed: int) -> None:
    assert play_seed(seed, options=Options(has_parents=True)).what == ""


def test_faults_strike_parents_too(tally: Tally) -> None:
    assert {name for name, _ in tally.hits} > set(FAULTS) - {"power_loss", "unreported_change"}


def test_the_same_seeds_give_the_same_trace(tally: Tally) -> None:
    again = Tally()
    again.add(*play_chunk(Chunk(FIRST, FIRST + 20, has_parents=True)))
    first = Tally()
    first.add(*play_chunk(Chunk(FIRST, FIRST + 20, has_parents=True)))
    assert first.as_json() == again.as_json()


class Place(NamedTuple):
    """Where something happened to a child."""

    site: int
    home: int
    """The site of its parent."""
    is_routed: bool
    event: str


class Watched(NamedTuple):
    """What happened in some seeds."""

    events: Counter[tuple[Algorithm, ParentEvent]]
    """What their parents were told."""
    children: list[Counter[Place]]
    """Of each seed, what the venues did with children."""


@pytest.fixture(scope="module")
def watched() -> Watched:
    events: Counter[tuple[Algorithm, ParentEvent]] = Counter()
    children: list[Counter[Place]] = []
    for seed in range(WATCHED):
        stage = Stage(workshop(has_parents=True), seed, Options(has_parents=True))
        stage.play()
        for client in stage.clients:
            for effect in stage.history(client.strategy_id):
                if effect[1] == RecordKind.PARENT_REPORT:
                    algorithm = Algorithm(effect[_PLACES["algorithm"]])
                    events[algorithm, ParentEvent(effect[_PLACES["parent_event"]])] += 1
        children.append(children_at_venues(stage))
    return Watched(events, children)


def children_at_venues(stage: Stage) -> Counter[Place]:
    """What the venues' logs tell of children."""
    asked = {
        child_id: client.parents.asked[parent_id]
        for client in stage.clients
        if client.parents is not None
        for child_id, parent_id in client.parents.children.items()
    }
    told = [
        (site.number, order_of(record.get("client_order_id", "")) or 0, record["event"])
        for site in stage.sites
        for record in site.venue.log.records
    ]
    return Counter(
        Place(number, asked[order_id].instrument_id, asked[order_id].is_routed, event)
        for number, order_id, event in told
        if order_id in asked
    )


@pytest.fixture(scope="module")
def events(watched: Watched) -> Counter[tuple[Algorithm, ParentEvent]]:
    return watched.events


@pytest.fixture(scope="module")
def places(watched: Watched) -> Counter[Place]:
    return sum(watched.children, Counter[Place]())


@pytest.mark.parametrize("home", range(SITES))
@pytest.mark.parametrize("site", range(SITES))
def test_children_of_routed_parents_trade_at_every_venue(site: int, home: int, places: Counter[Place]) -> None:
    assert places[Place(site, home, True, "accepted")] > WATCHED
    assert places[Place(site, home, True, "traded")] > WATCHED // 2


def test_many_a_seed_with_routed_parents_trades_at_every_venue(watched: Watched) -> None:
    traded = [
        {place.site for place in seed if place.is_routed and place.event == "traded"} for seed in watched.children
    ]
    assert sum(len(sites) == SITES for sites in traded) > WATCHED // 2


@pytest.mark.parametrize("home", range(SITES))
def test_children_of_other_parents_stay_at_home(home: int, places: Counter[Place]) -> None:
    sites = {place.site for place in places if place.home == home and not place.is_routed}
    assert sites == {home}
    assert places[Place(home, home, False, "traded")] > WATCHED // 2


@pytest.mark.parametrize("algorithm", [each for each in Algorithm if each is not Algorithm.AUTO])
def test_every_algorithm_trades(algorithm: Algorithm, events: Counter[tuple[Algorithm, ParentEvent]]) -> None:
    assert events[algorithm, ParentEvent.CHILD_TRADED] > 0
    assert events[algorithm, ParentEvent.ACCEPTED] >= events[algorithm, ParentEvent.ENDED] > 0


@pytest.mark.parametrize("event", [ParentEvent.PAUSED, ParentEvent.RESUMED, ParentEvent.AMENDED, ParentEvent.CANCELING])
def test_parents_are_paused_resumed_amended_and_cancelled(
    event: ParentEvent, events: Counter[tuple[Algorithm, ParentEvent]]
) -> None:
    assert sum(count for (_, told), count in events.items() if told is event) > 5


# The independent checker.

PARENT, ENTRY, CHILD, OTHER_CHILD = 1 << 8, 2 << 8, 3 << 8, 4 << 8


def filled(order_id: int, quantity: str, side: str = "BUY") -> dict[str, Any]:
    """A trade in the venue's log."""
    return {
        "event": "traded",
        "client_order_id": to_text(order_id),
        "venue_order_id": order_id,
        "side": side,
        "trade_id": order_id,
        "last_quantity": quantity,
        "last_price": "65000.00",
        "leaves_quantity": "0",
    }


def desk(most_lots: int, *, after_order_id: int = 0) -> Any:
    asked = {PARENT: Asked(1, most_lots, after_order_id, ends=True)}
    return SimpleNamespace(asked=asked, children={CHILD: PARENT, OTHER_CHILD: PARENT})


def test_children_that_trade_as_much_as_their_parent_are_fine() -> None:
    records = [filled(CHILD, "0.00060"), filled(OTHER_CHILD, "0.00040")]
    assert judge_parents([Log(records)], [desk(100)]) == []


def test_children_that_trade_more_than_their_parent_are_noticed() -> None:
    records = [filled(CHILD, "0.00060"), filled(OTHER_CHILD, "0.00041")]
    assert judge_parents([Log(records)], [desk(100)]) == [f"parent {PARENT} of 100 lots traded 101"]


def test_children_at_two_venues_are_added_up_in_the_same_lots() -> None:
    first, second = [filled(CHILD, "0.00060")], [filled(OTHER_CHILD, "0.00042")]
    wrong = judge_parents([Log(first), Log(second, price_scale=5, lot_scale=2)], [desk(100)])
    assert wrong == [f"parent {PARENT} of 100 lots traded 102"]


def test_a_child_on_the_other_side_is_noticed() -> None:
    records = [filled(CHILD, "0.00060", "SELL")]
    assert judge_parents([Log(records)], [desk(100)]) == [f"child {CHILD} of parent {PARENT} traded on the other side"]


def test_what_follows_an_order_trades_no_more_than_that() -> None:
    records = [filled(ENTRY, "0.00050", "SELL"), filled(CHILD, "0.00051")]
    assert judge_parents([Log(records)], [desk(0, after_order_id=ENTRY)]) == [f"parent {PARENT} of 50 lots traded 51"]
    assert judge_parents([Log(records[1:])], [desk(0, after_order_id=ENTRY)]) == [
        f"parent {PARENT} of 0 lots traded 51"
    ]
