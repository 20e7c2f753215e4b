"""Owns the setting of a venue and an engine on this machine: the keys and both configurations."""

import json
import os
from dataclasses import dataclass, field

from gateways.simulator.keys import GeneratedKey, GeneratedSecret, generate_ed25519, generate_hmac
from tools.demo.folder import DemoFolder

ACCOUNT, VENUE = "main", "BINANCE"
SYMBOL, BASE, QUOTE = "BTCUSDT", "BTC", "USDT"
INSTRUMENT = f"{BASE}/{QUOTE}.{VENUE}"
OPENING_BALANCES = {BASE: "20", QUOTE: "2000000"}
CORES_TO_SPARE = 4
ORDERS_PER_DAY_MAX = 100_000_000


@dataclass(frozen=True)
class Setting:
    """Who trades how often; the engine signs with one key, our own check with another."""

    engine: str
    strategies: tuple[str, ...]
    rate: float  # orders a second that everything has room for
    seed: int
    trading_key: GeneratedKey = field(default_factory=generate_ed25519)
    checking_key: GeneratedSecret = field(default_factory=generate_hmac)

    def write_venue_files(self, folder: DemoFolder) -> None:
        """venue.toml: one account with both keys, a market that moves, room for the chosen rate."""
        trading, checking = self.trading_key, self.checking_key
        balances = ", ".join(f"{asset} = {_text(amount)}" for asset, amount in OPENING_BALANCES.items())
        folder.write(
            "venue.toml",
            f"""
seed = {self.seed}
log_file = {_text(str(folder.path / "venue.jsonl"))}

[limits]
orders_10s = {int(self.rate * 40) + 1_000}
orders_1d = {ORDERS_PER_DAY_MAX}

[[accounts]]
name = {_text(ACCOUNT)}
balances = {{ {balances} }}
keys = [
    {{ api_key = {_text(trading.api_key)}, ed25519_public_key = {_text(trading.public_pem)} }},
    {{ api_key = {_text(checking.api_key)}, hmac_secret = {_text(checking.secret)} }},
]

[[instruments]]
symbol = {_text(SYMBOL)}
base = {_text(BASE)}
quote = {_text(QUOTE)}
tick_size = "0.01"
lot_size = "0.00001"
reference_price = "65000.00"
""",
        )

    def write_engine_files(self, folder: DemoFolder, venue_port: int) -> None:
        """engine.toml and the key that it names."""
        trading = self.trading_key
        folder.write("key.toml", f"api_key = {_text(trading.api_key)}\nsecret_key = {_text(trading.private_pem)}\n")
        folder.write(
            "engine.toml",
            f"""
[engine]
name = {_text(self.engine)}
core = {_engine_core()}
order_capacity = 8192
tombstone_capacity = 8192
trade_capacity = 16384

[[venue]]
name = {_text(VENUE)}
kind = "binance_spot"
environment = "custom"
order_url = "ws://127.0.0.1:{venue_port}/ws-api/v3"
market_url = "ws://127.0.0.1:{venue_port}/stream"
instruments = [{_text(f"{BASE}/{QUOTE}")}]

[[account]]
name = {_text(ACCOUNT)}
venue = {_text(VENUE)}
key_file = "key.toml"

{"".join(self._strategy_text(index + 1, name) for index, name in enumerate(self.strategies))}""",
        )

    def _strategy_text(self, strategy_id: int, name: str) -> str:
        return f"""
[[strategy]]
name = {_text(name)}
id = {strategy_id}
accounts = [{_text(ACCOUNT)}]
rate_limit = {{ rate_limit_orders = {int(self.rate * 2) + 10}, rate_limit_window_ms = 1000 }}

[[strategy.limit]]
instrument = {_text(INSTRUMENT)}
max_order_quantity = "1"
max_order_notional = "100000"
max_long = "5"
max_short = "5"
"""


def _engine_core() -> int:
    """The processor for the engine: the last one where there are some to spare, else whichever is free."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[-1] if len(cores) >= CORES_TO_SPARE else -1


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(value)
