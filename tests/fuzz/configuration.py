"""Owns the fuzzer of the configuration: any file loads or is refused with everything that is wrong with it."""

import json
import random
import tempfile
from pathlib import Path
from typing import Any

from engine.config import Config, ConfigurationError, load_config
from tests.engine.configuration_file import sound_table, write_table
from tests.fuzz.spoiling import any_value, spoil_bytes, spoil_value

_TABLES = (
    "engine", "ipc", "orders", "execution", "rate_limit", "monitoring", "risk", "control", "journal", "venue",
    "account", "strategy", "instrument",
)  # fmt: skip
_KEYS = (
    "name", "id", "kind", "live", "core", "instruments", "environment", "order_url", "market_url", "ca_file",
    "key_file", "secret_env", "api_key_env", "zeromq", "ring_capacity", "accounts", "limit", "instrument", "limits",
    "curve", "client", "endpoint", "server_key_file", "public_key", "mode", "execution", "fees", "tiers",
    "maker_bps", "volume", "discount_asset", "impact_bps", "day_volume",
)  # fmt: skip


class Configuration:
    """TOML in a file, beside a key file that is sound."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="oms-", dir="/dev/shm")
        self._path = Path(self._folder.name, "c.toml")
        self._table = sound_table(Path(self._folder.name))
        self.seeds = [self._text(self._table)]
        client = {"name": "desk", "public_key": "0" * 40, "strategies": ["alpha"]}
        curve = {"endpoint": "tcp://10.0.0.1:5556", "server_key_file": "key.toml", "client": [client]}
        self.seeds.append(self._text({**self._table, "ipc": {"zeromq": ["tcp://127.0.0.1:5555"], "curve": [curve]}}))
        fees = {"maker_bps": "-0.5", "tiers": [{"volume": "1000", "maker_bps": "-1", "taker_bps": "2.25"}]}
        self.seeds.append(self._text({**self._table, "venue": [{**self._table["venue"][0], "fees": fees}]}))
        costs = {"name": "BTC/USDT.BINANCE", "impact_bps": "142.5", "day_volume": "20000"}
        self.seeds.append(self._text({**self._table, "instrument": [costs]}))

    def _text(self, table: dict[str, Any]) -> bytes:
        return write_table(table, self._path).read_bytes()

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Mostly the sound table with something else in it, else the text."""
        if generator.random() < 0.3:
            return spoil_bytes(data, generator)
        table = json.loads(json.dumps(self._table))
        for _ in range(generator.randrange(1, 3)):
            if generator.random() < 0.5:
                spoil_value(table, generator)
            else:
                table.setdefault(generator.choice(_TABLES), {})
                holder = table[generator.choice(list(table))]
                holder = holder[0] if isinstance(holder, list) and holder else holder
                if isinstance(holder, dict):
                    holder[generator.choice(_KEYS)] = any_value(generator)
        try:
            return self._text(table)
        except (ValueError, RecursionError):
            return data

    def close(self) -> None:
        """Removes the files."""
        self._folder.cleanup()

    def take(self, data: bytes) -> None:
        """As `oms config check` does."""
        self._path.write_bytes(data)
        try:
            assert isinstance(load_config(self._path), Config)
        except ConfigurationError as error:
            assert error.problems, "a refusal says why"
