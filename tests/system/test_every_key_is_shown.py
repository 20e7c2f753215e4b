"""No key of the configuration is without a test that shows its effect from outside."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import Struct, structs

from engine.config import Config

HERE = Path(__file__).parent
SHOWN = "\n".join(
    name
    for module in (
        "test_configured_breakers.py",
        "test_configured_engine.py",
        "test_configured_guardian.py",
        "test_configured_rates.py",
        "test_configured_terms.py",
        # What a limit refuses, and what trading is expected to cost, shows in the core alone.
        "../engine/risk/test_configured_limits.py",
        "../engine/test_configured_execution.py",
    )
    for name in re.findall(r"def test_(\w+)|ids=\[([^\]]*)\]", (HERE / module).read_text())
    for name in name
)


def keys(section: type[Struct]) -> Iterator[str]:
    """Every key of a table and of the tables in it; what overrides another key has its name."""
    for field in structs.fields(section):
        inner = _table_of(field.type)
        if inner is None:
            yield field.encode_name
        else:
            yield from keys(inner)


def _table_of(kind: Any) -> type[Struct] | None:
    if isinstance(kind, type):
        return kind if issubclass(kind, Struct) else None
    return next((inner for part in get_args(kind) if (inner := _table_of(part)) is not None), None)


@pytest.mark.parametrize("key", sorted(set(keys(Config))))
def test_a_key_has_a_test_of_its_name(key: str) -> None:
    assert re.search(rf"(_|\b){key}(_|\b)", SHOWN)
