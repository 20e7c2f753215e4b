"""Owns the setting of the restart benchmark: many instruments, so that no venue's limit of open orders is reached."""

import json
from dataclasses import dataclass
from pathlib import Path

from engine.scope_limits import UNLIMITED_TEXT
from gateways.simulator.keys import generate_ed25519

ENGINE, STRATEGY, ACCOUNT, VENUE = "restart", "holder", "main", "BINANCE"


@dataclass(frozen=True)
class RestartSetting:
    """Folder and size of one setting."""

    folder: Path
    engine_core: int
    instrument_count: int

    @property
    def instruments(self) -> list[str]:
        """Their names."""
        return [f"{base}/USDT.{VENUE}" for base in self._bases()]

    def _bases(self) -> list[str]:
        return [f"C{number:03}" for number in range(self.instrument_count)]

    def write_venue(self) -> Path:
        """venue.toml with the public half of a new key, and key.toml with the private one."""
        key = generate_ed25519()
        self._write("key.toml", f"api_key = {_text(key.api_key)}\nsecret_key = {_text(key.private_pem)}\n")
        rows = [
            f"{{ symbol = {_text(base + 'USDT')}, base = {_text(base)}, quote = 'USDT', tick_size = '0.01', "
            "lot_size = '0.00001', reference_price = '65000.00' }"
            for base in self._bases()
        ]
        return self._write(
            "venue.toml",
            f"""
instruments = [{", ".join(rows)}]

[flow]
enabled = false

[limits]
orders_10s = 1000000
orders_1d = 1000000000
request_weight_1m = 1000000000
raw_requests_5m = 1000000000
connections_5m = 10000

[[accounts]]
name = {_text(ACCOUNT)}
balances = {{ USDT = "100000000" }}
keys = [{{ api_key = {_text(key.api_key)}, ed25519_public_key = {_text(key.public_pem)} }}]
""",
        )

    def write_engine(self, venue_port: int) -> Path:
        """engine.toml with the product's default capacities."""
        limits = [
            f"{{ instrument = {_text(name)}, max_order_quantity = '1', max_order_notional = '1000000', "
            "max_long = '1000', max_short = '1000', price_collar_bps = 'unlimited', fat_finger_bps = 'unlimited' }"
            for name in self.instruments
        ]
        pairs = [f"{base}/USDT" for base in self._bases()]
        return self._write(
            "engine.toml",
            f"""
limits = {UNLIMITED_TEXT}

[engine]
name = {_text(ENGINE)}
core = {self.engine_core}

[execution]
execution_timeout_ms = 0

[control]
restarts_max = 1000

[[venue]]
name = {_text(VENUE)}
kind = "binance_spot"
environment = "custom"
order_url = "ws://127.0.0.1:{venue_port}/ws-api/v3"
market_url = "ws://127.0.0.1:{venue_port}/stream"
instruments = {json.dumps(pairs)}

[[account]]
name = {_text(ACCOUNT)}
venue = {_text(VENUE)}
key_file = "key.toml"

[[strategy]]
name = {_text(STRATEGY)}
id = 1
accounts = [{_text(ACCOUNT)}]
rate_limit = {{ rate_limit_orders = 100000, rate_limit_window_ms = 1000 }}
limits = {UNLIMITED_TEXT}
limit = [{", ".join(limits)}]
""",
        )

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(value)
