"""A cancel-all leaves no parent that would send again what it cancels."""

import pytest

from ipc.enums import Side
from ipc.parent_enums import Algorithm, ParentFlag, ParentState
from tests.engine.execution.market import Market


@pytest.fixture
def pair() -> Market:
    """A market whose pair trades at a second venue, too."""
    market = Market()
    for place in range(2):
        for table in ("accounts", "instruments"):
            market.row(table, place)["venue_id"] = 0
        market.row("markets", place)["next_of_pair"] = 1 - place
    return market


@pytest.mark.parametrize(
    ("scope", "is_over"),
    [
        ({"account_id": 1}, True),
        ({"account_id": 0}, True),
        ({"instrument_id": 1}, True),
        ({"instrument_id": 1, "account_id": 1, "side": Side.BUY}, True),
        ({"side": Side.SELL}, False),
        ({"account_id": 1, "side": Side.SELL}, False),
    ],
)
@pytest.mark.parametrize("account_id", [0, -1])
def test_a_routed_parent_is_in_every_scope_that_it_sends_to(
    pair: Market, scope: dict[str, int], account_id: int, is_over: bool
) -> None:
    flags = int(ParentFlag.ROUTED)
    order_id = pair.parent(algorithm=Algorithm.PEG, parent_flags=flags, account_id=account_id)
    pair.cancel_all(**scope)
    assert (pair.state_of(order_id) >= ParentState.ENDING) is is_over


@pytest.mark.parametrize("scope", [{"account_id": 1}, {"instrument_id": 1}])
def test_one_that_stays_where_it_is_is_in_no_other_scope(pair: Market, scope: dict[str, int]) -> None:
    order_id = pair.parent(algorithm=Algorithm.PEG)
    pair.cancel_all(**scope)
    assert pair.state_of(order_id) is ParentState.WORKING


def test_another_pair_is_another_scope(pair: Market) -> None:
    for place in range(2):
        pair.row("markets", place)["next_of_pair"] = place
    order_id = pair.parent(algorithm=Algorithm.PEG, parent_flags=int(ParentFlag.ROUTED), account_id=-1)
    pair.cancel_all(instrument_id=1)
    assert pair.state_of(order_id) is ParentState.WORKING
