"""A client that missed something gets all of it, in order and once, whatever came over which way."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ipc.client import Client, connect
from ipc.errors import HistoryUnavailableError, ReportsGoneError
from ipc.events import Alarm, Event, ExecutionReport, Lagged
from tests.ipc.conftest import Served, until
from tests.ipc.fake_engine import ENGINE, REPORTS_CAPACITY, STRATEGIES, FakeEngine
from tests.ipc.fake_history import FakeHistory

MAKER = STRATEGIES["maker"]
URL = f"shm://{ENGINE}"


@pytest.fixture
def history(engine: FakeEngine) -> Iterator[FakeHistory]:
    """The journal's server beside the engine."""
    history = FakeHistory(engine.folder, engine)
    yield history
    history.close()


@pytest.fixture
def client(engine: FakeEngine) -> Iterator[Client]:
    """A client of the strategy maker."""
    with connect(URL, strategy="maker") as client:
        yield client


def tell(engine: FakeEngine, count: int) -> None:
    """So many further reports, whether there is room for them or not."""
    for _ in range(count):
        engine.report(MAKER)


def sequences(events: list[Event]) -> list[int]:
    """The numbers of what was told; a notice that something is missing has none."""
    return [event.sequence for event in events if isinstance(event, ExecutionReport)]


def heard_out(client: Client, between: Callable[[], None] = lambda: None) -> list[int]:
    """What a strategy sees that asks for everything it missed."""
    seen: list[int] = []
    while events := client.events():
        seen += sequences(events)
        between()
        if isinstance(events[-1], Lagged):
            seen += sequences(list(client.replay()))
    return seen


def test_what_found_the_ring_full_is_fetched(engine: FakeEngine, history: FakeHistory, client: Client) -> None:
    tell(engine, 1_000)
    assert heard_out(client) == list(range(1, 1_001))
    tell(engine, 1)
    assert heard_out(client) == [1_001]


def test_what_comes_meanwhile_is_given_out_once_and_in_its_place(
    engine: FakeEngine, history: FakeHistory, client: Client
) -> None:
    tell(engine, 100)
    turns = iter(range(5))
    seen = heard_out(client, lambda: tell(engine, 3 if next(turns, None) is not None else 0))
    told = len(engine.told[MAKER])
    assert told > 100
    assert seen == list(range(1, told + 1))


def test_a_jump_ends_the_list_and_what_follows_waits_for_what_is_missing(
    engine: FakeEngine, history: FakeHistory, client: Client
) -> None:
    tell(engine, REPORTS_CAPACITY + 3)
    assert len(sequences(client.events(5))) == 5
    tell(engine, 4)
    *reports, lagged = client.events()
    assert isinstance(lagged, Lagged)
    assert (sequences(reports), lagged.from_sequence) == ([6, 7, 8], 9)
    assert sequences(list(client.replay())) == [9, 10, 11]
    assert heard_out(client) == [12, 13, 14, 15]


def test_who_does_not_ask_for_what_is_missing_goes_on_behind_it(engine: FakeEngine, client: Client) -> None:
    tell(engine, REPORTS_CAPACITY + 3)
    assert isinstance(client.events()[-1], Lagged)
    tell(engine, 2)
    assert sequences(client.events()) == [12, 13]
    assert client.events() == []


def test_every_kind_of_event_is_fetched(engine: FakeEngine, history: FakeHistory, client: Client) -> None:
    tell(engine, REPORTS_CAPACITY)
    engine.alarm(MAKER, code=1)
    engine.report_venue_state(MAKER, account_id=1)
    engine.report_parent(MAKER, order_id=256)
    engine.report_route(MAKER, order_id=256)
    client.events()
    kinds = [type(event).__name__ for event in client.replay()]
    assert kinds == ["Alarm", "VenueState", "ParentReport", "RouteDecision"]


@pytest.mark.parametrize("transport", ["shm", "ipc"])
def test_a_client_fetches_whatever_its_transport(runtime: Path, transport: str) -> None:
    with ExitStack() as cleanup:
        served = Served(transport, runtime / ENGINE)
        cleanup.callback(served.close)
        history = FakeHistory(served.engine.folder, served.engine)
        cleanup.callback(history.close)
        client = served.connect()
        tell(served.engine, 4)
        until(client.events, lambda _: client.last_sequence == 4)
        assert sequences(list(client.replay(from_sequence=2))) == [2, 3, 4]
        tell(served.engine, 1)
        assert sequences(until(client.events, bool)) == [5]


def test_over_tcp_it_is_told_where_reports_are_kept(runtime: Path) -> None:
    served = Served("tcp", runtime / ENGINE)
    try:
        client = served.connect()
        tell(served.engine, 1)
        until(client.events, bool)
        client.reconnect()
        with pytest.raises(HistoryUnavailableError, match="served on the engine's host only"):
            list(client.replay(from_sequence=1))
    finally:
        served.close()


def test_what_a_dead_engine_told_last_is_fetched_from_its_successor(
    engine: FakeEngine, history: FakeHistory, client: Client
) -> None:
    tell(engine, 3)
    assert sequences(client.events()) == [1, 2, 3]
    # Nobody has read these when the engine dies.
    tell(engine, 2)
    successor = FakeEngine(engine.folder, epoch=2)
    successor.state.table("strategies")[MAKER]["report_sequence"] = 5
    history.add(successor)
    client.reconnect()
    [lagged] = client.events()
    assert isinstance(lagged, Lagged)
    assert (lagged.from_sequence, lagged.to_sequence) == (4, 5)
    assert sequences(list(client.replay())) == [4, 5]
    successor.report(MAKER)
    assert sequences(client.events()) == [6]
    successor.close()


def test_a_new_client_may_begin_where_another_stopped(engine: FakeEngine, history: FakeHistory) -> None:
    with connect(URL, strategy="maker") as client:
        tell(engine, 3)
        assert sequences(client.events()) == [1, 2, 3]
    tell(engine, 2)
    with connect(URL, strategy="maker") as client:
        tell(engine, 1)
        assert sequences(list(client.replay(from_sequence=4))) == [4, 5]
        assert heard_out(client) == [6]
        assert client.last_sequence == 6


def test_who_saw_nothing_must_say_where_to_begin(client: Client) -> None:
    with pytest.raises(ValueError, match="from_sequence"):
        list(client.replay())


def test_where_nothing_is_missing_nobody_is_asked(engine: FakeEngine, history: FakeHistory, client: Client) -> None:
    tell(engine, 3)
    client.events()
    assert list(client.replay()) == []
    assert history.questions == 0


def test_a_journal_that_is_behind_is_waited_for(engine: FakeEngine, history: FakeHistory, client: Client) -> None:
    history.last_known, history.learns_when_asked = 10, 1
    tell(engine, 20)
    assert heard_out(client) == list(range(1, 21))


def test_a_journal_that_stays_behind_is_told_and_asked_again_later(
    engine: FakeEngine, history: FakeHistory, client: Client
) -> None:
    history.last_known = 15
    tell(engine, 20)
    client.events()
    seen: list[Event] = []
    with pytest.raises(HistoryUnavailableError, match="up to 15 so far and not up to 20"):
        seen.extend(client.replay(timeout_s=2.0))
    assert client.last_sequence == 15
    history.last_known = 20
    assert sequences(list(client.replay())) == [16, 17, 18, 19, 20]


def test_without_a_journal_the_strategy_goes_on(engine: FakeEngine, client: Client) -> None:
    tell(engine, REPORTS_CAPACITY + 2)
    client.events()
    with pytest.raises(HistoryUnavailableError, match="no journal answers"):
        list(client.replay(timeout_s=0.05))
    tell(engine, 1)
    assert sequences(client.events()) == [REPORTS_CAPACITY + 3]
    client.cancel_all()
    assert len(engine.take_commands()) == 1


def test_reports_that_are_not_kept_any_more_are_told_with_the_first_that_is(
    engine: FakeEngine, history: FakeHistory, client: Client
) -> None:
    history.first_kept = 12
    tell(engine, 20)
    client.events()
    with pytest.raises(ReportsGoneError, match=r"replay\(from_sequence=12\)"):
        list(client.replay())
    assert sequences(list(client.replay(from_sequence=12))) == list(range(12, 21))


def test_a_journal_of_another_configuration_refuses(engine: FakeEngine, client: Client) -> None:
    history = FakeHistory(engine.folder, engine, strategies={})
    tell(engine, REPORTS_CAPACITY + 1)
    client.events()
    with pytest.raises(HistoryUnavailableError, match="refused"):
        list(client.replay())
    history.close()


def test_alarms_are_counted_like_reports(engine: FakeEngine, client: Client) -> None:
    tell(engine, 1)
    engine.alarm(MAKER, code=1)
    tell(engine, 1)
    first, alarm, last = client.events()
    assert isinstance(first, ExecutionReport)
    assert isinstance(alarm, Alarm)
    assert isinstance(last, ExecutionReport)
    assert (first.sequence, alarm.sequence, last.sequence) == (1, 2, 3)
