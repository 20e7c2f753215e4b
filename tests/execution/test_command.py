"""`oms demo --scenario` as it is called."""

import orjson
import pytest
from typer.testing import CliRunner

from tools.commands.application import app

pytestmark = pytest.mark.timeout(600)


def demo(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["demo", *arguments])
    return result.exit_code, result.stdout


def test_the_algorithms_answer_is_one_object() -> None:
    status, text = demo("--scenario", "algos", "--seeds", "2", "--jobs", "1", "--json")
    told = orjson.loads(text.splitlines()[-1])
    assert (status, told["ok"], told["seeds"]) == (0, True, 2)
    assert {"twap", "pov", "iceberg", "bracket"} <= {each["algorithm"] for each in told["algorithms"]}
    assert {"mean", "low", "high"} == set(told["algorithms"][0]["saved_bps"])


def test_people_get_a_table_that_names_every_algorithm() -> None:
    status, text = demo("--scenario", "sor", "--seeds", "4", "--jobs", "1")
    assert "sweep" in text
    assert "ALPHA alone" in text
    assert status in (0, 1)
