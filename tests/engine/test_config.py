"""What a sound configuration says: defaults, overrides, paths."""

from dataclasses import asdict
from pathlib import Path

import pytest

from engine.config import load_config, resolve_terms
from ipc.enums import OrderType, TimeInForce
from ipc.rate_enums import WhenExceeded
from tests.engine.configuration_file import set_key, sound_table, write_table


def test_the_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    config = load_config(write_table(sound_table(tmp_path), tmp_path / "c.toml"))
    assert (config.orders.default_order_type, config.orders.time_in_force) == ("market", "GTC")
    execution = config.execution
    assert (execution.max_slippage_bps, execution.retry_attempts) == (10, 3)
    assert (execution.retry_delay_ms, execution.execution_timeout_ms) == (100, 5_000)
    assert (execution.acknowledgement_timeout_ms, execution.cancel_timeout_ms) == (2_000, 2_000)
    assert (config.rate_limit.rate_limit_orders, config.rate_limit.rate_limit_window_ms) == (10, 1_000)
    assert (config.monitoring.track_execution_metrics, config.monitoring.log_level) == (True, "INFO")
    assert config.strategies[0].books[0].max_order_notional == "0"


def test_the_terms_without_overrides_are_the_files(tmp_path: Path) -> None:
    config = load_config(write_table(sound_table(tmp_path), tmp_path / "c.toml"))
    assert asdict(resolve_terms(config, config.strategies[0], config.accounts[0])) == {
        "default_order_type": OrderType.MARKET,
        "default_time_in_force": TimeInForce.GTC,
        "is_fill_first": False,
        "max_slippage_bps": 10,
        "retry_attempts": 3,
        "retry_delay_ns": 100_000_000,
        "execution_timeout_ns": 5_000_000_000,
        "acknowledgement_timeout_ns": 2_000_000_000,
        "cancel_timeout_ns": 2_000_000_000,
        "rate_limit_orders": 10,
        "rate_limit_window_ns": 1_000_000_000,
        "when_exceeded": WhenExceeded.REFUSE,
        "queue_ns": 1_000_000_000,
        "queue_orders": 16,
    }


KEYS = [
    ("orders.default_order_type", "limit", "default_order_type", OrderType.LIMIT),
    ("orders.time_in_force", "FOK", "default_time_in_force", TimeInForce.FOK),
    ("execution.market_promise", "fill_first", "is_fill_first", True),
    ("execution.max_slippage_bps", 0, "max_slippage_bps", 0),
    ("execution.retry_attempts", 0, "retry_attempts", 0),
    ("execution.retry_delay_ms", 7, "retry_delay_ns", 7_000_000),
    ("execution.execution_timeout_ms", 8, "execution_timeout_ns", 8_000_000),
    ("execution.acknowledgement_timeout_ms", 0, "acknowledgement_timeout_ns", 0),
    ("execution.cancel_timeout_ms", 5, "cancel_timeout_ns", 5_000_000),
    ("rate_limit.rate_limit_orders", 9, "rate_limit_orders", 9),
    ("rate_limit.rate_limit_window_ms", 6, "rate_limit_window_ns", 6_000_000),
]


@pytest.mark.parametrize("level", ["", "venue.0.", "account.0.", "strategy.0."])
@pytest.mark.parametrize(("key", "value", "term", "expected"), KEYS)
def test_every_term_can_be_set_at_every_level(
    tmp_path: Path, level: str, key: str, value: object, term: str, expected: object
) -> None:
    table = sound_table(tmp_path)
    set_key(table, level + key, value)
    config = load_config(write_table(table, tmp_path / "c.toml"))
    assert getattr(resolve_terms(config, config.strategies[0], config.accounts[0]), term) == expected


def test_the_most_specific_level_wins_key_by_key(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    set_key(table, "execution", {"max_slippage_bps": 1, "retry_attempts": 1, "retry_delay_ms": 1})
    set_key(table, "venue.0.execution", {"max_slippage_bps": 2, "retry_attempts": 2, "retry_delay_ms": 2})
    set_key(table, "account.0.execution", {"max_slippage_bps": 3, "retry_attempts": 3})
    set_key(table, "strategy.0.execution", {"max_slippage_bps": 4})
    config = load_config(write_table(table, tmp_path / "c.toml"))
    terms = resolve_terms(config, config.strategies[0], config.accounts[0])
    assert (terms.max_slippage_bps, terms.retry_attempts, terms.retry_delay_ns) == (4, 3, 2_000_000)
    assert terms.execution_timeout_ns == 5_000_000_000


def test_paths_are_relative_to_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(sound_table(tmp_path), tmp_path / "c.toml")
    monkeypatch.chdir(tmp_path.parent)
    config = load_config(Path(tmp_path.name) / "c.toml")
    assert config.accounts[0].key_file == str(tmp_path / "key.toml")


def test_a_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "s")
    monkeypatch.setenv("A_KEY", "k")
    table = sound_table(tmp_path)
    del table["account"][0]["key_file"]
    set_key(table, "account.0.secret_env", "A_SECRET")
    set_key(table, "account.0.api_key_env", "A_KEY")
    assert load_config(write_table(table, tmp_path / "c.toml")).accounts[0].secret_env == "A_SECRET"


def test_production_is_taken_with_an_explicit_live(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    for key in ("order_url", "market_url"):
        del table["venue"][0][key]
    set_key(table, "venue.0.environment", "production")
    set_key(table, "venue.0.live", True)
    assert load_config(write_table(table, tmp_path / "c.toml")).venues[0].live
