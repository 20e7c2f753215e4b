"""Trading and looking by hand: the `oms` command, as typed, beside a running engine."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ipc.histogram import Stage
from ipc.order_id import LEG_BITS, from_text
from tests.engine.configuration_file import write_table
from tests.system.installation import (
    INSTRUMENT,
    VenueProcess,
    account_row,
    engine_section,
    installed,
    strategy_row,
    venue_row,
)
from tests.system.terminal import Terminal
from tests.system.trading_desk import TradingDesk, desk_of
from tests.system.venue_orders import lines_of
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ENGINE, FAR, ASK = "hand", "60000", "66000"


class Bench(Terminal):
    """An engine with somebody who quotes, and a terminal."""

    def __init__(self, venue: VenueProcess, maker: TradingDesk, config: Path) -> None:
        self.venue = venue
        self.maker = maker
        self.config = config

    def order_id(self, row: dict[str, Any]) -> int:
        """The order behind a client order id."""
        leg_id = from_text(row["client_order_id"])
        assert leg_id is not None
        return leg_id >> LEG_BITS << LEG_BITS


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One engine for all commands, found without being named because it is the only one."""
    with installed(tmp_path_factory.mktemp("hand")) as installation, ExitStack() as desks:
        venue = installation.start_venue("main", "maker", flow={"enabled": False})
        table = {
            "engine": engine_section(ENGINE),
            "risk": {"book_age_max_ms": 600_000},
            "execution": {"execution_timeout_ms": 0},
            "venue": [venue_row(venue)],
            "account": [account_row("main"), account_row("maker")],
            "strategy": [strategy_row(1, "manual", "main"), strategy_row(2, "maker", "maker")],
        }
        installation.start_engine(table)
        maker = desks.enter_context(desk_of(installation, ENGINE, "maker", INSTRUMENT))
        maker.await_resting(maker.client.submit(INSTRUMENT, "sell", "1", price=ASK))
        await_that(lambda: maker.client.best(INSTRUMENT).ask, "the quote in the engine")
        yield Bench(venue, maker, installation.folder / f"{ENGINE}.engine.toml")


def test_an_order_by_hand_is_listed_and_canceled(bench: Bench) -> None:
    submitted = bench.oms("submit", INSTRUMENT, "buy", "0.001", "--price", FAR)
    assert (submitted["order_status"], submitted["quantity"], submitted["reason"]) == ("NEW", "0.00100", "NONE")
    order_id = bench.order_id(submitted)
    assert [line["event"] for line in lines_of(bench.venue, order_id)] == ["accepted"]

    listed = bench.oms("orders")
    assert [row["client_order_id"] for row in listed["orders"]] == [submitted["client_order_id"]]
    canceled = bench.oms("cancel", submitted["client_order_id"])
    assert canceled == {"canceled": [submitted["client_order_id"]], "still_open": [], "not_open": []}
    assert [line["event"] for line in lines_of(bench.venue, order_id)] == ["accepted", "canceled"]
    assert bench.oms("orders")["orders"] == []


def test_a_position_by_hand_is_what_the_venue_holds(bench: Bench) -> None:
    bought = bench.oms("submit", INSTRUMENT, "buy", "0.02", "--type", "market")
    assert bought["order_status"] == "FILLED"
    answer = bench.oms("positions")
    assert [row["position"] for row in answer["positions"] if row["instrument"] == INSTRUMENT] == ["0.02000"]
    held = {row["asset"]: row["free"] for row in answer["balances"]}
    assert held["BTC"] == str(bench.venue.balances("main")["BTC"])


def test_an_order_that_is_refused_says_why_and_fails(bench: Bench) -> None:
    refused = bench.oms("submit", INSTRUMENT, "buy", "6", "--price", FAR, status=1)
    assert (refused["order_status"], refused["reason"]) == ("REFUSED", "MAX_QUANTITY_EXCEEDED")
    assert lines_of(bench.venue, bench.order_id(refused)) == []


def test_latency_is_told_for_every_stage(bench: Bench) -> None:
    stages = bench.oms("latency")["latency_ns"]
    assert set(stages) == {stage.name.lower() for stage in Stage}
    assert stages["sent_acknowledged"]["count"] > 0
    assert 0 < stages["sent_acknowledged"]["p50"] <= stages["sent_acknowledged"]["max"]


def test_the_running_configuration_passes_the_check(bench: Bench, tmp_path: Path) -> None:
    assert bench.oms("config", "check", str(bench.config)) == {
        "file": str(bench.config),
        "sound": True,
        "problems": [],
    }
    spoiled = write_table({"engine": {"nam": "x"}}, tmp_path / "spoiled.toml")
    problems = bench.oms("config", "check", str(spoiled), status=1)["problems"]
    assert {"engine.nam", "venue", "account", "strategy"} <= {problem["key"] for problem in problems}
