"""Four kinds of clients trade through one engine at the same time, and everything adds up.

plain       Python over shared memory
compiled    one numba kernel over shared memory
schema      pyzmq, struct and the printed schema over ZeroMQ
c           a C program over shared memory, from the printed header
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ipc.client import Client
from ipc.enums import ENDED_STATUSES, OrderStatus
from ipc.errors import StrategyInUseError
from ipc.events import Position
from ipc.order_id import LEG_BITS, from_text, unpack
from tests.system.client_log import ClientLog, Fill
from tests.system.installation import (
    BALANCES,
    INSTRUMENT,
    Installation,
    VenueProcess,
    account_row,
    engine_section,
    installed,
    strategy_row,
    venue_row,
)
from tests.system.turns import Task
from tests.system.waiting import await_that
from tools.child_process import ChildProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
HERE = Path(__file__).parent
COMPILER = shutil.which("cc")
ENGINE, ACCOUNT = "four", "main"
STRATEGIES = {"plain": 1, "compiled": 2, "schema": 3, "c": 4}
TURNS, ORDER_LOTS, RESTING_TICKS = 25, 100, 5_500_000
ASSETS = {0: "BTC", 1: "USDT", 2: "BNB"}


@dataclass(frozen=True)
class Session:
    """What everybody told when all was over."""

    clients: dict[str, ClientLog]
    venue_log: list[dict[str, Any]]
    positions: dict[str, Position]
    balances: dict[str, Decimal]

    def venue_lines(self, event: str, strategy: str) -> list[dict[str, Any]]:
        """The venue's lines about a strategy's orders."""
        number = STRATEGIES[strategy]
        return [line for line in self.venue_log if line["event"] == event and _strategy_of(line) == number]


def _leg_of(line: dict[str, Any]) -> int:
    leg_id = from_text(line.get("client_order_id", ""))
    assert leg_id is not None, f"somebody else trades on the account: {line}"
    return leg_id


def _strategy_of(line: dict[str, Any]) -> int:
    return unpack(_leg_of(line)).strategy_id if line.get("account") == ACCOUNT else 0


def _order_of(line: dict[str, Any]) -> int:
    return _leg_of(line) >> LEG_BITS << LEG_BITS


def start_client(installation: Installation, strategy: str) -> ChildProcess | None:
    """The client of a strategy in its own process; None where this host cannot have it."""
    folder = installation.folder
    socket = f"ipc://{installation.runtime / ENGINE / 'clients'}"
    address = {"schema": socket, "c": str(installation.runtime / ENGINE)}.get(strategy, f"shm://{ENGINE}")
    log, begin_file = str(folder / f"{strategy}.jsonl"), str(folder / "begin")
    task = Task(address, strategy, 0, 0, TURNS, ORDER_LOTS, RESTING_TICKS, log, begin_file).arguments()
    if strategy == "c":
        if COMPILER is None:
            return None
        program = folder / "c_client"
        flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{folder}", "-o", str(program)]
        subprocess.run([COMPILER, *flags, str(HERE / "c_client.c")], check=True)
        starter = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
        return installation.start(strategy, "-c", starter, str(program), *task)
    if strategy == "schema":
        return installation.start(strategy, "-I", str(HERE / "schema_strategy.py"), str(folder / "schema.json"), *task)
    return installation.start(strategy, "-m", f"tests.system.{strategy}_strategy", *task)


def print_schema(folder: Path) -> None:
    """What `oms schema` prints, as those get it who write a client in another language."""
    for form, name in (("--json", "schema.json"), ("--c", "oms_schema.h")):
        printed = subprocess.run([sys.executable, "-m", "tools", "schema", form], capture_output=True, check=True)
        (folder / name).write_bytes(printed.stdout)


def trade(installation: Installation, venue: VenueProcess) -> Session:
    """All clients from their start to their end."""
    strategies = [strategy_row(number, name, ACCOUNT) for name, number in STRATEGIES.items()]
    table = {
        "engine": engine_section(ENGINE),
        "rate_limit": {"rate_limit_orders": 10_000},
        "venue": [venue_row(venue)],
        "account": [account_row(ACCOUNT)],
        "strategy": strategies,
    }
    installation.start_engine(table)
    print_schema(installation.folder)
    started = {name: start_client(installation, name) for name in STRATEGIES}
    clients = {name: client for name, client in started.items() if client is not None}
    logs = {name: installation.folder / f"{name}.jsonl" for name in clients}

    def has_told(name: str, what: str) -> bool:
        if clients[name].status not in (None, 0):
            raise clients[name].failure("failed")
        return logs[name].exists() and what in logs[name].read_text()

    for name in clients:
        await_that(lambda name=name: has_told(name, "ready"), f"the {name} client's readiness", timeout_s=120)
    (installation.folder / "begin").touch()
    for name, client in clients.items():
        await_that(lambda name=name: has_told(name, "ended"), f"the {name} client's end", timeout_s=120)
        await_that(lambda client=client: client.status == 0, f"the {name} client's exit")
    positions = {}
    for name in clients:
        with await_that(lambda name=name: connection(installation, name), f"{name} being free again") as observer:
            positions[name] = observer.position(INSTRUMENT)
    return Session(
        clients={name: ClientLog.read(path, ASSETS) for name, path in logs.items()},
        venue_log=venue.log(),
        positions=positions,
        balances=venue.balances(ACCOUNT),
    )


def connection(installation: Installation, strategy: str) -> Client | None:
    """A client of a strategy that nobody drives any more; the engine notices within seconds that a socket is gone."""
    try:
        return installation.connect(ENGINE, strategy)
    except StrategyInUseError:
        return None


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One session of all four, which every test here looks at."""
    with installed(tmp_path_factory.mktemp("four")) as installation:
        yield trade(installation, installation.start_venue(ACCOUNT, flow={"interval_ms": 20}, seed=5))


@pytest.fixture(params=STRATEGIES)
def strategy(request: pytest.FixtureRequest, session: Session) -> str:
    """Each client in turn."""
    name: str = request.param
    if name not in session.clients:
        pytest.skip("there is no C compiler (cc) on this host")
    return name


def test_every_order_of_a_client_has_ended_as_it_should(session: Session, strategy: str) -> None:
    log = session.clients[strategy]
    assert log.has_ended
    assert len(log.sent) == len(set(log.sent)) == 2 * TURNS
    assert set(log.last_status) == set(log.sent)
    assert all(status in ENDED_STATUSES for status in log.last_status.values())
    taking, resting = log.sent[0::2], log.sent[1::2]
    assert {log.last_status[order_id] for order_id in resting} == {OrderStatus.CANCELED}
    filled = [order_id for order_id in taking if log.last_status[order_id] is OrderStatus.FILLED]
    assert len(filled) > TURNS // 2
    assert {fill.order_id for fill in log.fills.values()} <= set(taking)


def test_a_client_hears_of_its_own_orders_alone(session: Session, strategy: str) -> None:
    log = session.clients[strategy]
    assert log.foreign == []
    assert {unpack(order_id).strategy_id for order_id in log.sent} == {STRATEGIES[strategy]}


def test_the_venue_took_what_a_client_saw_acknowledged(session: Session, strategy: str) -> None:
    accepted = {_order_of(line) for line in session.venue_lines("accepted", strategy)}
    assert accepted == session.clients[strategy].accepted
    assert accepted <= set(session.clients[strategy].sent)


def test_every_fill_is_told_once_and_as_the_venue_tells_it(session: Session, strategy: str) -> None:
    log = session.clients[strategy]
    assert log.repeated_trades == []
    assert log.fills == {
        line["trade_id"]: Fill(
            _order_of(line),
            Decimal(line["last_quantity"]),
            Decimal(line["last_price"]),
            Decimal(line["fee"]),
            line["fee_asset"],
        )
        for line in session.venue_lines("traded", strategy)
    }


def test_the_position_of_a_strategy_is_the_sum_of_its_fills(session: Session, strategy: str) -> None:
    lines = session.venue_lines("traded", strategy)
    quantity = sum((_signed(line, "last_quantity") for line in lines), Decimal(0))
    assert session.positions[strategy].quantity == quantity


def test_positions_less_base_fees_are_the_change_of_the_balance(session: Session) -> None:
    positions = session.positions.values()
    fees = sum((position.base_fee_units for position in positions), 0) / Decimal(10**8)
    change = sum((position.quantity for position in positions), Decimal(0)) - fees
    assert session.balances["BTC"] - Decimal(BALANCES["BTC"]) == change


def test_money_spent_and_quote_fees_are_the_change_of_the_balance(session: Session) -> None:
    positions = session.positions.values()
    fees = sum((position.quote_fee_units for position in positions), 0) / Decimal(10**8)
    spent = sum((position.cost - position.realised for position in positions), Decimal(0))
    assert Decimal(BALANCES["USDT"]) - session.balances["USDT"] == spent + fees


def test_the_clients_traded_at_the_same_time(session: Session) -> None:
    times = {name: [line["utc_ns"] for line in session.venue_lines("accepted", name)] for name in session.clients}
    last_start = max(min(utc_ns) for utc_ns in times.values())
    first_end = min(max(utc_ns) for utc_ns in times.values())
    assert last_start < first_end
    for utc_ns in times.values():
        assert any(last_start <= moment <= first_end for moment in utc_ns)


def _signed(line: dict[str, Any], key: str) -> Decimal:
    return Decimal(line[key]) if line["side"] == "BUY" else -Decimal(line[key])


def test_the_printed_schema_is_all_that_two_of_them_had() -> None:
    words = (HERE / "schema_strategy.py").read_text() + (HERE / "c_client.c").read_text()
    for name in ("from ipc", "import ipc", "from tests", "import numpy"):
        assert name not in words
