"""The simulation with parents: clean, repeatable, and with every algorithm at work among the faults."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from ipc.enums import RecordKind
from ipc.order_id import to_text
from ipc.parent_enums import Algorithm, ParentEvent
from ipc.records import PARENT_REPORT
from tools.simulation.campaign import Chunk, Tally, play_chunk, play_seed, workshop
from tools.simulation.checker import judge_parents
from tools.simulation.faults import FAULTS
from tools.simulation.parent_desk import Asked
from tools.simulation.stage import Options, Stage

pytestmark = pytest.mark.timeout(600)
FIRST, LAST = 0, 200
"""Some 100 ms of work each; `oms simulate --algorithms` plays any number."""

FOUND = (
    241,  # a parent whose command was journaled, and applied by the next run alone
    1609,  # the end of a parent, forgotten by a power loss after its strategy had heard of it
    1990,  # the same
)
WATCHED = 25
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


@pytest.fixture(scope="module")
def events() -> Counter[tuple[Algorithm, ParentEvent]]:
    """What the parents of some seeds were told."""
    told: Counter[tuple[Algorithm, ParentEvent]] = Counter()
    for seed in range(WATCHED):
        stage = Stage(workshop(has_parents=True), seed, Options(has_parents=True))
        stage.play()
        for client in stage.clients:
            for effect in stage.history(client.strategy_id):
                if effect[1] == RecordKind.PARENT_REPORT:
                    algorithm = Algorithm(effect[_PLACES["algorithm"]])
                    told[algorithm, ParentEvent(effect[_PLACES["parent_event"]])] += 1
    return told


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
    assert judge_parents(records, [desk(100)]) == []


def test_children_that_trade_more_than_their_parent_are_noticed() -> None:
    records = [filled(CHILD, "0.00060"), filled(OTHER_CHILD, "0.00041")]
    assert judge_parents(records, [desk(100)]) == [f"parent {PARENT} of 100 lots traded 101"]


def test_a_child_on_the_other_side_is_noticed() -> None:
    records = [filled(CHILD, "0.00060", "SELL")]
    assert judge_parents(records, [desk(100)]) == [f"child {CHILD} of parent {PARENT} traded on the other side"]


def test_what_follows_an_order_trades_no_more_than_that() -> None:
    records = [filled(ENTRY, "0.00050", "SELL"), filled(CHILD, "0.00051")]
    assert judge_parents(records, [desk(0, after_order_id=ENTRY)]) == [f"parent {PARENT} of 50 lots traded 51"]
    assert judge_parents(records[1:], [desk(0, after_order_id=ENTRY)]) == [f"parent {PARENT} of 0 lots traded 51"]
