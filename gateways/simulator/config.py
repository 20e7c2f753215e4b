"""Owns the venue's configuration: its shape, its defaults and how a TOML file becomes it.

Everything has a default; a file that only opens an account looks like this:

    seed = 7
    log_file = "venue.jsonl"

    [[accounts]]
    name = "alice"
    balances = { USDT = "100000", BTC = "1.5" }
    taker_commission_bps = "7.5"

    [[accounts.keys]]
    api_key = "64 letters and digits"
    ed25519_public_key = '''
    -----BEGIN PUBLIC KEY-----
    …
    -----END PUBLIC KEY-----
    '''

    [flow]
    interval_ms = 20

    [[faults]]
    action = "drop_reply"
    match = "order.place"
    skip = 3
"""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from gateways.simulator.faults import FaultRule


class ConfigurationError(ValueError):
    """The configuration cannot be used; the text says why."""


class InstrumentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One tradable pair and its trading rules, every number as exact decimal text."""

    symbol: str
    base: str
    quote: str
    tick_size: str
    lot_size: str
    reference_price: str
    max_price: str = "1000000.00"
    max_quantity: str = "9000.0"
    market_max_quantity: str = "100.0"
    min_notional: str = "5.0"
    max_notional: str = "9000000.0"
    bid_multiplier_up: str = "5"
    bid_multiplier_down: str = "0.2"
    ask_multiplier_up: str = "5"
    ask_multiplier_down: str = "0.2"
    max_open_orders: int = 200
    max_trigger_orders: int = 5
    max_iceberg_parts: int = 100
    max_amendments: int = 10
    max_position: str | None = None
    base_decimals: int = 8
    quote_decimals: int = 8
    status: Literal["TRADING", "HALT", "BREAK"] = "TRADING"


DEFAULT_INSTRUMENTS = (
    InstrumentConfig(
        symbol="BTCUSDT", base="BTC", quote="USDT", tick_size="0.01", lot_size="0.00001",
        reference_price="65000.00",
    ),
    InstrumentConfig(
        symbol="ETHUSDT", base="ETH", quote="USDT", tick_size="0.01", lot_size="0.0001",
        reference_price="3500.00", market_max_quantity="2000.0",
    ),
    InstrumentConfig(
        symbol="ETHBTC", base="ETH", quote="BTC", tick_size="0.00001", lot_size="0.0001",
        reference_price="0.05385", max_price="922327.0", max_quantity="100000.0", market_max_quantity="2000.0",
        min_notional="0.0001",
    ),
    InstrumentConfig(
        symbol="BNBUSDT", base="BNB", quote="USDT", tick_size="0.01", lot_size="0.001",
        reference_price="600.00", max_price="100000.00", max_quantity="900000.0", market_max_quantity="5000.0",
    ),
)  # fmt: skip


class KeyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One API key; exactly one of the four ways to check its signatures must be given."""

    api_key: str
    hmac_secret: str = ""
    hmac_secret_file: str = ""
    ed25519_public_key: str = ""
    rsa_public_key: str = ""
    permissions: tuple[Literal["TRADE", "USER_DATA", "USER_STREAM"], ...] = ("TRADE", "USER_DATA", "USER_STREAM")


class AccountConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One trading account with its opening balances and its commission in basis points."""

    name: str
    keys: tuple[KeyConfig, ...] = ()
    balances: dict[str, str] = {}
    maker_commission_bps: str = "10"
    taker_commission_bps: str = "10"


class FlowConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The seeded background traders; volumes are multiples of the smallest order that passes the filters."""

    enabled: bool = True
    interval_ms: int = 50
    levels: int = 8
    half_spread_bps: int = 2
    level_step_bps: int = 2
    drift_bps_max: int = 3
    taker_percent: int = 40
    noise_percent: int = 20
    quote_multiple_max: int = 2_000
    taker_multiple_max: int = 400


class LatencyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Delays in microseconds, each fixed plus a uniform jitter; zero means at once."""

    request_us: int = 0
    reply_us: int = 0
    event_us: int = 0
    jitter_us: int = 0


class LimitsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rate limits; every client is taken to come from one address."""

    request_weight_1m: int = 6_000
    orders_10s: int = 100
    orders_1d: int = 200_000
    raw_requests_5m: int = 300_000
    connections_5m: int = 300
    stream_messages_1s: int = 5
    maker_fill_credit: int = 5
    violations_before_ban: int = 10
    ban_s: int = 120


class SessionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a connection lives and how it is kept alive."""

    ping_interval_s: float = 20.0
    pong_timeout_s: float = 60.0
    lifetime_s: float = 86_400.0
    max_frame_bytes: int = 1 << 20


class VenueConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a simulated venue needs to know."""

    venue: Literal["binance_spot"] = "binance_spot"
    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    log_file: str = ""
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    instruments: tuple[InstrumentConfig, ...] = DEFAULT_INSTRUMENTS
    accounts: tuple[AccountConfig, ...] = ()
    flow: FlowConfig = FlowConfig()
    latency: LatencyConfig = LatencyConfig()
    limits: LimitsConfig = LimitsConfig()
    session: SessionConfig = SessionConfig()
    faults: tuple[FaultRule, ...] = ()


def load_config(path: Path) -> VenueConfig:
    """The configuration in a TOML file; ConfigurationError names the field that is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        config = msgspec.convert(table, VenueConfig)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    check_config(config)
    return config


def check_config(config: VenueConfig) -> None:
    """Raises ConfigurationError listing every contradiction that the types cannot express."""
    problems = []
    symbols = [instrument.symbol for instrument in config.instruments]
    if len(set(symbols)) != len(symbols):
        problems.append("two instruments have the same symbol")
    names = [account.name for account in config.accounts]
    if len(set(names)) != len(names):
        problems.append("two accounts have the same name")
    keys = [key for account in config.accounts for key in account.keys]
    if len({key.api_key for key in keys}) != len(keys):
        problems.append("two keys have the same api_key")
    for key in keys:
        ways = (key.hmac_secret, key.hmac_secret_file, key.ed25519_public_key, key.rsa_public_key)
        if sum(map(bool, ways)) != 1:
            problems.append(
                f"key {key.api_key[:8]}…: give exactly one of hmac_secret, hmac_secret_file, "
                "ed25519_public_key, rsa_public_key"
            )
    if bool(config.tls_certificate_file) != bool(config.tls_key_file):
        problems.append("tls_certificate_file and tls_key_file must be given together")
    if problems:
        raise ConfigurationError("; ".join(problems))
