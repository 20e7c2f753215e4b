"""Owns the setting of benchmarks with a whole engine: keys, the simulated venue's configuration, the engine's.

Every scope and book has its limits, each finite, and none is ever met.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.scope_limits import UNLIMITED_KEYS
from gateways.simulator.keys import generate_ed25519

ENGINE, ACCOUNT, VENUE = "perf", "perf", "BINANCE"
STRATEGY, REMOTE_STRATEGY = "local", "remote"
PAIR = "BTC/USDT"
STRATEGY_ID, REMOTE_STRATEGY_ID = 1, 2
INSTRUMENT = f"{PAIR}.{VENUE}"
# An order that the venue takes and nobody trades with.
LOW_PRICE, LOW_QUANTITY = "20000.00", "0.001"
_BOOK_AGE_MAX_MS = 600_000
_LIMITS = {
    **dict.fromkeys(UNLIMITED_KEYS, "9999999999"),
    **dict.fromkeys(("max_open_orders", "max_executions"), 1_000_000_000),
    "max_order_to_trade": 1_000_000,
    "order_to_trade_grace": 1_000_000,
    **dict.fromkeys(("max_new_per_s", "max_amends_per_s", "max_cancels_per_s"), 10_000),
    "traded_window_ms": 60_000,
}


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(value)


def _table(values: Mapping[str, object]) -> str:
    """An inline table of TOML."""
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in values.items()) + " }"


def _strategy(name: str, strategy_id: int, price_bps: int | str) -> str:
    return f"""
[[strategy]]
name = {_text(name)}
id = {strategy_id}
accounts = [{_text(ACCOUNT)}]
rate_limit = {{ rate_limit_orders = 100000, rate_limit_window_ms = 1000 }}
limits = {_table(_LIMITS)}

[[strategy.limit]]
instrument = {_text(INSTRUMENT)}
max_order_quantity = "1"
max_order_notional = "1000000"
max_long = "10"
max_short = "10"
price_collar_bps = {json.dumps(price_bps)}
fat_finger_bps = {json.dumps(price_bps)}
"""


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Setting:
    """The folder in which everything of one benchmark lies, and the core that the engine spins on.

    Prices are held against the market where `price_bps` says how far they may be from it: that needs best prices, and
    the venue's flow is off.
    """

    folder: Path
    engine_core: int
    price_bps: int | str = "unlimited"

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Keeps segments and state of this process and its children in our folder."""
        values = dict.fromkeys(("OMS_RUNTIME_DIR", "OMS_STATE_DIR"), str(self.folder))
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def write_keys(self) -> Path:
        """venue.toml with the public half of a new key, key.toml with the private one; returns venue.toml."""
        key = generate_ed25519()
        _write(self.folder / "key.toml", f"api_key = {_text(key.api_key)}\nsecret_key = {_text(key.private_pem)}\n")
        return _write(
            self.folder / "venue.toml",
            f"""
[flow]
enabled = false

[limits]
orders_10s = 1000000
orders_1d = 1000000000
request_weight_1m = 1000000000

[[accounts]]
name = {_text(ACCOUNT)}
balances = {{ BTC = "1000", USDT = "100000000" }}
keys = [{{ api_key = {_text(key.api_key)}, ed25519_public_key = {_text(key.public_pem)} }}]
""",
        )

    def write_engine(self, venue_port: int) -> Path:
        """engine.toml with the product's default capacities."""
        return _write(
            self.folder / "engine.toml",
            f"""
limits = {_table(_LIMITS)}

[engine]
name = {_text(ENGINE)}
core = {self.engine_core}

[risk]
book_age_max_ms = {_BOOK_AGE_MAX_MS}

[[instrument]]
name = {_text(INSTRUMENT)}
limits = {_table(_LIMITS)}

[[venue]]
name = {_text(VENUE)}
kind = "binance_spot"
environment = "custom"
order_url = "ws://127.0.0.1:{venue_port}/ws-api/v3"
market_url = "ws://127.0.0.1:{venue_port}/stream"
instruments = [{_text(PAIR)}]
limits = {_table(_LIMITS)}

[[account]]
name = {_text(ACCOUNT)}
venue = {_text(VENUE)}
key_file = "key.toml"
limits = {_table({**_LIMITS, "max_leverage": "100"})}

{_strategy(STRATEGY, STRATEGY_ID, self.price_bps)}{_strategy(REMOTE_STRATEGY, REMOTE_STRATEGY_ID, self.price_bps)}""",
        )
