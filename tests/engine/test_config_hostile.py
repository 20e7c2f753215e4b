"""Whatever a file holds, it loads or raises ConfigurationError naming it, and nothing else."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Config, ConfigurationError, load_config
from tests.engine.configuration_file import set_key, sound_table, write_table

KNOWN_KEYS = [
    "engine", "ipc", "orders", "execution", "rate_limit", "monitoring", "risk", "venue", "account", "strategy",
    "limit", "name", "id", "kind", "live", "core", "instruments", "environment", "order_url", "market_url", "ca_file",
    "control", "journal", "key_file", "secret_env", "api_key_env", "zeromq", "ring_capacity", "accounts", "max_long",
    "instrument",
]  # fmt: skip

keys = st.sampled_from(KNOWN_KEYS) | st.text(st.characters(codec="utf-8"), max_size=12)
texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["BINANCE", "main", "BTC/USDT", "BTC/USDT.BINANCE", "ws://[", "wss://:0", "tcp://127.0.0.1:99999", "~x/y", "/", "0"]
)
numbers = st.integers() | st.integers(min_value=-(10**80), max_value=10**80) | st.integers(-2, 130)
scalars = texts | numbers | st.booleans() | st.floats() | st.sampled_from([[], {}])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
places = st.sampled_from(
    [
        "engine", "ipc", "orders", "execution", "rate_limit", "monitoring", "risk", "venue", "account", "strategy",
        "control", "journal", "venue.0", "account.0", "strategy.0", "strategy.0.limit", "strategy.0.limit.0",
        "venue.0.execution",
    ]
)  # fmt: skip


def load_or_refuse(path: Path) -> None:
    try:
        assert isinstance(load_config(path), Config)
    except ConfigurationError as error:
        assert error.problems
        assert all(problem.key and problem.what and problem.fix for problem in error.problems)
        assert all(line.startswith(str(path)) for line in str(error).splitlines())


@given(st.dictionaries(keys, values, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_table_loads_or_is_refused(table: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        load_or_refuse(write_table(table, Path(folder) / "c.toml"))


@given(places, keys.filter(lambda key: "." not in key), values)
@settings(max_examples=150, deadline=None)
def test_a_sound_file_with_one_hostile_value_loads_or_is_refused(place: str, key: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = sound_table(Path(folder))
        if place in ("venue", "account", "strategy", "strategy.0.limit"):
            set_key(table, place, value)
        else:
            set_key(table, f"{place}.{key}", value)
        load_or_refuse(write_table(table, Path(folder) / "c.toml"))


@given(st.binary(max_size=200) | st.text(st.characters(codec="utf-8"), max_size=200).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_any_bytes_load_or_are_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        path.write_bytes(content)
        load_or_refuse(path)
