"""Owns the setting of a venue and an engine on this machine: the keys and both configurations."""

import json
import os
from dataclasses import dataclass, field
from typing import Literal

from gateways.simulator.keys import GeneratedKey, GeneratedSecret, generate_ed25519, generate_hmac
from tools.demo.folder import DemoFolder
from tools.demo.market import BITCOIN, VENUE, Market

ACCOUNT = "main"
BASE, QUOTE, INSTRUMENT = BITCOIN.base, BITCOIN.quote, BITCOIN.instrument
QUOTE_BALANCE = "2000000"
OPENING_BALANCES = {BASE: BITCOIN.opening_balance, QUOTE: QUOTE_BALANCE}
CORES_TO_SPARE = 4
ORDERS_PER_DAY_MAX = 100_000_000
Idle = Literal["spin", "backoff"]
_LIMITS = """
[TABLE]
max_open_orders = 1000
max_open_notional = "20000000"
max_gross_exposure = "50000000"
max_net_exposure = "50000000"
max_loss = "1000000"
halt_loss = "2000000"
max_drawdown = "1000000"
max_traded = "unlimited"
max_executions = "unlimited"
max_order_to_trade = "unlimited"
order_to_trade_grace = 0
max_new_per_s = 10000
max_amends_per_s = 10000
max_cancels_per_s = 10000
"""


@dataclass(frozen=True)
class Setting:
    """Who trades how often; the engine signs with one key, our own check with another."""

    engine: str
    strategies: tuple[str, ...]
    rate: float  # orders a second that everything has room for
    seed: int
    markets: tuple[Market, ...] = (BITCOIN,)
    idle: Idle = "spin"
    trading_key: GeneratedKey = field(default_factory=generate_ed25519)
    checking_key: GeneratedSecret = field(default_factory=generate_hmac)

    def write_venue_files(self, folder: DemoFolder) -> None:
        """venue.toml: one account with both keys, markets that move, room for the chosen rate."""
        trading, checking = self.trading_key, self.checking_key
        amounts = {QUOTE: QUOTE_BALANCE, **{market.base: market.opening_balance for market in self.markets}}
        balances = ", ".join(f"{asset} = {_text(amount)}" for asset, amount in amounts.items())
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
{"".join(market.venue_text for market in self.markets)}""",
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
core = {engine_core()}
idle = {_text(self.idle)}
order_capacity = 8192
tombstone_capacity = 8192
trade_capacity = 16384

{_LIMITS.replace("TABLE", "limits")}
[journal]
ring_capacity = 16384
segment_mb = 4
disk_budget_mb = 64

[[venue]]
name = {_text(VENUE)}
kind = "binance_spot"
environment = "custom"
order_url = "ws://127.0.0.1:{venue_port}/ws-api/v3"
market_url = "ws://127.0.0.1:{venue_port}/stream"
instruments = [{", ".join(_text(market.pair) for market in self.markets)}]

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
{_LIMITS.replace("TABLE", "strategy.limits")}{"".join(market.limit_text for market in self.markets)}"""


def has_cores_to_spare() -> bool:
    """Whether an engine may have a processor for itself."""
    return len(os.sched_getaffinity(0)) >= CORES_TO_SPARE


def engine_core() -> int:
    """The processor that the engine has for itself, -1 when there is only one."""
    cores = os.sched_getaffinity(0)
    return max(cores) if len(cores) > 1 else -1


def other_cores() -> set[int]:
    """Where everything else runs, so that it never takes the engine's processor away."""
    return os.sched_getaffinity(0) - {engine_core()}


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(value)
