"""Trading and looking by hand, against a running engine and a simulated venue."""

import contextlib
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipc.order_id import to_text
from tools.commands.application import app
from tools.demo.folder import DemoFolder
from tools.demo.local_market import LocalMarket
from tools.demo.progress import Progress
from tools.demo.setting import ACCOUNT, INSTRUMENT, Setting
from tools.interruption import Interruption

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
STRATEGY = ["--strategy", "quoting", "--json"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Path]:
    """The runtime folder of a running engine that is connected to a venue of its own."""
    with contextlib.ExitStack() as cleanup:
        patch = cleanup.enter_context(pytest.MonkeyPatch.context())
        interruption = cleanup.enter_context(Interruption())
        folder = cleanup.enter_context(DemoFolder())
        setting = Setting(engine="demo", strategies=("quoting",), rate=100, seed=5)
        LocalMarket(setting, folder, runtime=folder.path).start(cleanup, interruption, Progress(StringIO()))
        patch.setenv("OMS_RUNTIME_DIR", str(folder.path))
        yield folder.path


def oms(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON answer of `oms`."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.stdout, result.stderr
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


@pytest.mark.usefixtures("engine")
def test_an_order_rests_is_listed_and_canceled() -> None:
    status, order = oms(
        "submit", INSTRUMENT, "buy", "0.001", "--price", "60000", "--execution-timeout-ms", "0", *STRATEGY
    )
    assert (status, order["order_status"], order["price"]) == (0, "NEW", "60000.00")
    status, listing = oms("orders", *STRATEGY)
    assert [row["client_order_id"] for row in listing["orders"]] == [order["client_order_id"]]
    status, answer = oms("cancel", order["client_order_id"], *STRATEGY)
    assert (status, answer) == (
        0,
        {"canceled": [order["client_order_id"]], "still_open": [], "not_open": []},
    )
    assert oms("orders", *STRATEGY) == (0, {"strategy": "quoting", "orders": []})
    assert oms("cancel", "--all", *STRATEGY) == (0, {"canceled": [], "still_open": [], "not_open": []})


@pytest.mark.usefixtures("engine")
def test_an_order_is_listed_with_its_terms_and_told_after_its_end() -> None:
    terms = ("--stop-price", "69000", "--price", "69000", "--execution-timeout-ms", "0", "--time-in-force", "gtc")
    status, order = oms("submit", INSTRUMENT, "buy", "0.001", *terms, *STRATEGY)
    assert (status, order["order_status"]) == (0, "NEW")
    ((row,), order_id) = (oms("orders", *STRATEGY)[1]["orders"], order["client_order_id"])
    shown = {name: row[name] for name in ("type", "time_in_force", "stop", "version", "ends_as", "waiting_ms")}
    assert shown == {
        "type": "STOP_LIMIT",
        "time_in_force": "GTC",
        "stop": "69000.00",
        "version": 0,
        "ends_as": None,
        "waiting_ms": None,
    }
    assert oms("status", order_id, *STRATEGY)[1]["order_status"] == "NEW"
    assert oms("cancel", "--all", "--side", "sell", *STRATEGY)[1]["canceled"] == []
    assert oms("cancel", "--all", "--account", ACCOUNT, "--side", "buy", *STRATEGY)[1]["canceled"] == [order_id]
    status, ended = oms("status", order_id, *STRATEGY)
    assert (status, ended["order_status"], ended["reason"]) == (0, "CANCELED", "CANCELED")


@pytest.mark.usefixtures("engine")
def test_an_order_that_never_was_has_no_status() -> None:
    status, answer = oms("status", to_text(1 << 40), *STRATEGY)
    assert (status, answer["order_status"]) == (1, "REFUSED")


@pytest.mark.usefixtures("engine")
def test_an_order_at_the_market_makes_a_position() -> None:
    status, order = oms("submit", INSTRUMENT, "buy", "0.002", "--type", "market", *STRATEGY)
    assert (status, order["order_status"], order["cumulative_quantity"]) == (0, "FILLED", "0.00200")
    status, answer = oms("positions", *STRATEGY)
    (position,) = answer["positions"]
    assert (status, position["instrument"], position["position"]) == (0, INSTRUMENT, "0.00200")
    assert {row["asset"] for row in answer["balances"]} >= {"BTC", "USDT"}
    (books,) = answer["books"]
    assert books == {
        "instrument": INSTRUMENT,
        "strategies": {"external": "0.00000", "quoting": "0.00200"},
        "accounts": {ACCOUNT: "0.00200"},
        "adds_up": True,
    }


@pytest.mark.usefixtures("engine")
def test_an_algorithm_takes_what_is_asked_and_its_way_is_explained() -> None:
    bought = ("execute", INSTRUMENT, "buy", "0.002", "--algorithm", "sweep", "--end", "20s", "--follow")
    status, parent = oms(*bought, *STRATEGY)
    assert (status, parent["end_reason"], parent["cumulative_quantity"]) == (0, "FILLED", "0.00200")
    status, answer = oms("parents", "--all", "--json")
    assert (status, answer["parents"][-1]["state"], answer["parents"][-1]["done"]) == (0, "FILLED", "0.00200")


@pytest.mark.usefixtures("engine")
def test_an_algorithm_rests_is_listed_and_cancelled() -> None:
    peg = ("execute", INSTRUMENT, "buy", "0.002", "--algorithm", "peg", "--limit", "50000", "--passive-only")
    status, parent = oms(*peg, *STRATEGY)
    assert (status, parent["algorithm"]) == (0, "PEG")
    order_id = parent["client_order_id"]
    assert order_id in {row["client_order_id"] for row in oms("parents", "--json")[1]["parents"]}
    assert oms("status", order_id, *STRATEGY)[1]["parent_state"] in {"WAITING", "WORKING"}
    status, paused = oms("pause", order_id, *STRATEGY)
    assert (status, paused["parent_state"]) == (0, "PAUSED")
    assert oms("pause", order_id, *STRATEGY)[1]["reason"] == "PARENT_STATE_CONFLICT"
    assert oms("resume", order_id, *STRATEGY)[0] == 0
    assert oms("cancel", order_id, *STRATEGY) == (0, {"canceled": [order_id], "still_open": [], "not_open": []})
    assert oms("parents", "--json")[1]["parents"] == []


@pytest.mark.usefixtures("engine")
def test_a_refused_order_fails_and_says_why() -> None:
    status, order = oms("submit", INSTRUMENT, "buy", "2", "--price", "60000", *STRATEGY)
    assert (status, order["order_status"], order["reason"]) == (1, "REFUSED", "MAX_QUANTITY_EXCEEDED")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["XRP/USDT.BINANCE", "buy", "1"], "XRP/USDT.BINANCE"),
        ([INSTRUMENT, "hold", "1"], "allowed are BUY, SELL"),
        ([INSTRUMENT, "buy", "0.000001"], "allowed are multiples of the lot 0.00001"),
        ([INSTRUMENT, "buy", "1", "--strategy", "nobody"], "nobody"),
        ([INSTRUMENT, "buy"], "needs either quantity or quote_quantity"),
        ([INSTRUMENT, "buy", "1", "--expire", "tomorrow"], "time 'tomorrow' is no time"),
        ([INSTRUMENT, "buy", "1", "--release", "2027-01-31T12:00:00"], "allowed is a datetime with a time zone"),
    ],
)
def test_an_order_that_cannot_be_sent_is_told(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["submit", "--strategy", "quoting", *arguments])
    assert result.exit_code == 1
    assert result.stderr.startswith("oms: ")
    assert words in result.stderr


@pytest.mark.usefixtures("engine")
def test_the_latency_of_a_running_engine_is_told() -> None:
    assert oms("submit", INSTRUMENT, "sell", "0.001", "--type", "market", *STRATEGY)[0] == 0
    status, answer = oms("latency", "--json")
    assert (status, answer["engine"]) == (0, "demo")
    assert answer["latency_ns"]["sent_acknowledged"]["count"] > 0


def test_people_get_tables(engine: Path) -> None:
    assert (engine / "demo" / "latency").exists()
    for command in ("orders", "positions"):
        result = CliRunner().invoke(app, [command, "--strategy", "quoting"])
        assert result.exit_code == 0, result.stderr
        assert "BTC" in result.stdout or "no open orders" in result.stdout


def test_progress_is_a_changing_line_only_on_a_terminal() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    for file, is_changing in ((StringIO(), False), (Terminal(), True)):
        progress = Progress(file)
        progress.show("half")
        progress.tell("whole")
        assert ("half" in file.getvalue()) is is_changing
        assert file.getvalue().endswith("whole\n")
