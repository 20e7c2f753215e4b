"""Owns the configuration's shape: every key with its type, its bounds and its default.

The names are the keys of the TOML file, except that a repeated table such as [[venue]] is a plural here. What
several keys must satisfy together is in `checks.py` and `host.py`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from ipc.order_id import INSTANCE_MAX, STRATEGY_MAX
from ipc.public_key import PUBLIC_KEY_PATTERN

DAY_MS = 86_400_000
INSTRUMENT_BYTES_MAX = 32
HIDDEN = {"hidden": True}  # a value that might be a secret put in the wrong place is never shown

Name = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,15}\Z",
        description="1 to 16 letters, digits, _ or -, starting with a letter or digit",
    ),
]
VenueName = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Z][A-Z0-9_]{0,15}\Z",
        description="1 to 16 capital letters, digits or _, starting with a letter",
    ),
]
Pair = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Z0-9]{1,16}/[A-Z0-9]{1,16}\Z",
        description='base and quote asset in capitals, such as "BTC/USDT"',
    ),
]
InstrumentName = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Z0-9]{1,16}/[A-Z0-9]{1,16}\.[A-Z][A-Z0-9_]{0,15}\Z",
        description='an instrument and its venue, such as "BTC/USDT.BINANCE"',
    ),
]
Amount = Annotated[
    str,
    Meta(
        pattern=r"\A(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?\Z",
        description='a decimal number of at least 0 in quotes, such as "0.25"',
    ),
]
FilePath = Annotated[
    str,
    Meta(
        pattern=r"\A[^\x00-\x1f\x7f]{1,4096}\Z",
        description="a path, relative to the folder of this file",
        extra=HIDDEN,
    ),
]
VariableName = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Z_][A-Z0-9_]{0,62}\Z",
        description="the name of an environment variable in capitals",
        extra=HIDDEN,
    ),
]
Address = Annotated[
    str,
    Meta(pattern=r"\A[\x21-\x7e]{1,512}\Z", description="a ws:// or wss:// address", extra=HIDDEN),
]
Endpoint = Annotated[
    str,
    Meta(
        pattern=r"\Atcp://(127(\.[0-9]{1,3}){3}|\[::1\]):[0-9]{1,5}\Z",
        description='a loopback endpoint such as "tcp://127.0.0.1:5555"; beyond this host only [[ipc.curve]] reaches',
    ),
]
CurveAddress = Annotated[
    str,
    Meta(
        pattern=r"\Atcp://([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]):[0-9]{1,5}\Z",
        description='a numeric address of this host such as "tcp://10.0.0.5:5556"',
    ),
]
PublicKey = Annotated[
    str,
    Meta(
        pattern=PUBLIC_KEY_PATTERN,
        description="the 40 characters that `oms keys new` told the client",
        extra=HIDDEN,
    ),
]
AssetName = Annotated[str, Meta(pattern=r"\A[A-Z0-9]{1,16}\Z", description='an asset in capitals, such as "USDT"')]
Money = Annotated[
    str,
    Meta(
        pattern=r"\A((0|[1-9][0-9]{0,9})(\.[0-9]{1,8})?|unlimited)\Z",
        description='money of at least 0 in quotes, such as "5000", or "unlimited"',
    ),
]
FeeBps = Annotated[
    str,
    Meta(
        pattern=r"\A-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,2})?\Z",
        description='basis points of what is traded in quotes, such as "7.5", or "-0.5" for a rebate',
    ),
]
ImpactBps = Annotated[
    str, Meta(pattern=r"\A(0|[1-9][0-9]{0,4})(\.[0-9]{1,2})?\Z", description='basis points in quotes, such as "150"')
]
Times = Annotated[
    str,
    Meta(
        pattern=r"\A((0|[1-9][0-9]?)(\.[0-9]{1,2})?|100|unlimited)\Z",
        description='a factor up to 100 in quotes, such as "1.5", or "unlimited"',
    ),
]
Unlimited = Literal["unlimited"]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)] | Unlimited
Ratio = Annotated[int, Meta(ge=0, le=1_000_000)] | Unlimited
PerSecond = Annotated[int, Meta(ge=0, le=10_000)] | Unlimited
PriceBps = Annotated[int, Meta(ge=0, le=9_999)] | Unlimited
OrderTypeName = Literal["market", "limit"]
TimeInForceName = Literal["GTC", "IOC", "FOK"]
MarketPromise = Literal["price_protected", "fill_first"]
BreakerActionName = Literal["alarm", "refuse", "reduce_only", "cancel_only", "halt"]
SlippageBps = Annotated[int, Meta(ge=0, le=9_999)]
RetryAttempts = Annotated[int, Meta(ge=0, le=10)]
RetryDelayMs = Annotated[int, Meta(ge=0, le=60_000)]
ExecutionTimeoutMs = Annotated[int, Meta(ge=0, le=DAY_MS, description="milliseconds up to a day, 0 for no limit")]
AnswerTimeoutMs = Annotated[int, Meta(ge=0, le=60_000, description="milliseconds up to a minute, 0 for no limit")]
RateLimitOrders = Annotated[int, Meta(ge=1, le=100_000)]
CommandWord = Annotated[
    str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,4096}\Z", description="a word of a command", extra=HIDDEN)
]
RateLimitWindowMs = Annotated[int, Meta(ge=1, le=DAY_MS)]
WhenExceededName = Literal["refuse", "queue", "shed"]
QueueMs = Annotated[int, Meta(ge=1, le=DAY_MS)]
QueueOrders = Annotated[int, Meta(ge=1, le=100_000)]
Share = Annotated[
    str, Meta(pattern=r"\A(1|0\.[0-9]{1,6})\Z", description='a part of one in quotes, such as "0.5", or "1"')
]


class Section(Struct, frozen=True, kw_only=True):
    """One table of the file."""


class EngineConfig(Section, frozen=True, kw_only=True):
    """The engine process and how much it holds."""

    name: Name = "oms"
    instance: Annotated[int, Meta(ge=0, le=INSTANCE_MAX)] = 0
    core: Annotated[int, Meta(ge=-1, le=4095, description="a processor to pin the engine to, -1 for none")] = -1
    idle: Literal["spin", "yield", "backoff"] = "spin"
    order_capacity: Annotated[int, Meta(ge=16, le=1 << 20)] = 1 << 15
    tombstone_capacity: Annotated[int, Meta(ge=16, le=1 << 22)] = 1 << 16
    trade_capacity: Annotated[int, Meta(ge=16, le=1 << 22)] = 1 << 16
    parent_capacity: Annotated[int, Meta(ge=16, le=1 << 16)] = 1 << 10
    order_retention_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 60_000
    market_ring_capacity: Annotated[int, Meta(ge=16, le=1 << 20, description="a power of two from 16 to 1048576")] = (
        1 << 12
    )


class CurveClientConfig(Section, frozen=True, kw_only=True):
    """A key that is let in, and what its holder may do; what is not given is not allowed."""

    name: Name
    public_key: PublicKey
    strategies: Annotated[tuple[Name, ...], Meta(max_length=STRATEGY_MAX)] = ()
    operator: bool = False


class CurveConfig(Section, frozen=True, kw_only=True):
    """An endpoint that other hosts may reach: encrypted, and closed to every key but these."""

    endpoint: CurveAddress
    server_key_file: FilePath
    clients: Annotated[tuple[CurveClientConfig, ...], Meta(min_length=1, max_length=64)] = msgspec.field(name="client")


class IpcConfig(Section, frozen=True, kw_only=True):
    """How strategies reach the engine; an ipc endpoint in the runtime folder always exists.

    How long a command may be on its way is not said here: each client says it of its own commands.
    """

    ring_capacity: Annotated[int, Meta(ge=16, le=1 << 20, description="a power of two from 16 to 1048576")] = 1 << 12
    zeromq: Annotated[tuple[Endpoint, ...], Meta(max_length=8)] = ()
    curve: Annotated[tuple[CurveConfig, ...], Meta(max_length=8)] = ()


class JournalConfig(Section, frozen=True, kw_only=True):
    """How what the engine is told is kept on disk.

    In mode "process" nothing is lost when a process dies, in mode "power" nothing when the machine does: there a
    request leaves only when its cause is on disk.
    """

    mode: Literal["process", "power"] = "process"
    ring_capacity: Annotated[int, Meta(ge=1 << 10, le=1 << 20, description="a power of two from 1024 to 1048576")] = (
        1 << 16
    )
    segment_mb: Annotated[int, Meta(ge=1, le=1_024)] = 16
    disk_budget_mb: Annotated[int, Meta(ge=16, le=1 << 24)] = 4_096
    snapshot_every: Annotated[int, Meta(ge=1_000, le=1 << 40, description="entries between two snapshots")] = 1_000_000


class OrdersConfig(Section, frozen=True, kw_only=True):
    """What an order is when it does not say so itself."""

    default_order_type: OrderTypeName = "market"
    time_in_force: TimeInForceName = "GTC"


class ExecutionConfig(Section, frozen=True, kw_only=True):
    """How an order is carried out."""

    market_promise: MarketPromise = "price_protected"
    max_slippage_bps: SlippageBps = 10
    retry_attempts: RetryAttempts = 3
    retry_delay_ms: RetryDelayMs = 100
    execution_timeout_ms: ExecutionTimeoutMs = 5_000
    acknowledgement_timeout_ms: AnswerTimeoutMs = 2_000
    cancel_timeout_ms: AnswerTimeoutMs = 2_000


class RateLimitConfig(Section, frozen=True, kw_only=True):
    """How many orders a strategy may send on an account within a sliding window, and what becomes of further ones.

    The same becomes of those for which a venue's limit has no room. A venue's window is believed to be over only
    when its clock is past the end by the guard.
    """

    rate_limit_orders: RateLimitOrders = 10
    rate_limit_window_ms: RateLimitWindowMs = 1_000
    when_exceeded: WhenExceededName = "refuse"
    queue_ms: QueueMs = 1_000
    queue_orders: QueueOrders = 16
    clock_guard_ms: Annotated[int, Meta(ge=1, le=10_000)] = 100


class MonitoringConfig(Section, frozen=True, kw_only=True):
    """What is measured and logged."""

    track_execution_metrics: bool = True
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class RiskConfig(Section, frozen=True, kw_only=True):
    """Controls that hold for every strategy, and the currency that limits on money are in."""

    currency: AssetName = "USDT"
    fee_reserve_bps: Annotated[int, Meta(ge=0, le=1_000)] = 10
    valuation_interval_ms: Annotated[int, Meta(ge=0, le=60_000)] = 100

    duplicate_orders_max: Annotated[int, Meta(ge=1, le=10_000)] = 5
    duplicate_window_ms: Annotated[int, Meta(ge=0, le=60_000)] = 500
    book_age_max_ms: Annotated[int, Meta(ge=1, le=DAY_MS)] = 5_000


class BreakersConfig(Section, frozen=True, kw_only=True):
    """What nothing sound exceeds, 0 for no threshold; and what is done about it in its scope beside the alarm.

    "refuse" refuses new orders while it lasts; the states after it hold until a person arms the scope again.
    """

    rejects_max: Annotated[int, Meta(ge=0, le=10_000, description="rejections of a strategy in the window")] = 20
    rejects_window_ms: Annotated[int, Meta(ge=1, le=3_600_000)] = 60_000
    rejects_action: BreakerActionName = "reduce_only"
    unknown_orders_max: Annotated[int, Meta(ge=0, le=1 << 20, description="of an account")] = 50
    unknown_orders_action: BreakerActionName = "refuse"
    unknown_age_ms: Annotated[int, Meta(ge=0, le=DAY_MS, description="of an account's oldest one")] = 60_000
    unknown_age_action: BreakerActionName = "refuse"
    prices_stale_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 300_000
    prices_stale_action: BreakerActionName = "refuse"
    prices_crossed_ms: Annotated[int, Meta(ge=0, le=DAY_MS, description="for how long bid and ask may cross")] = 5_000
    prices_crossed_action: BreakerActionName = "refuse"
    clock_offset_ms: Annotated[int, Meta(ge=0, le=DAY_MS, description="between a venue's clock and the host's")] = 1_000
    clock_offset_action: BreakerActionName = "alarm"
    loop_stall_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 1_000
    loop_stall_action: BreakerActionName = "alarm"
    position_differs_ms: Annotated[
        int, Meta(ge=0, le=DAY_MS, description="for how long a venue may say another balance than was booked")
    ] = 180_000
    position_differs_action: BreakerActionName = "refuse"
    watch_interval_ms: Annotated[int, Meta(ge=10, le=60_000, description="between two looks")] = 250


class ControlConfig(Section, frozen=True, kw_only=True):
    """How the processes are kept going."""

    restarts_max: Annotated[
        int, Meta(ge=0, le=1_000, description="deaths of one process within a minute, 0 for none")
    ] = 8


class GuardianConfig(Section, frozen=True, kw_only=True):
    """The process that fences an engine which hangs or dies, and cancels what it left over a connection of its own."""

    enabled: bool = False
    hang_ms: Annotated[int, Meta(ge=100, le=60_000)] = 300


class AlarmsConfig(Section, frozen=True, kw_only=True):
    """Whom alarms are told: the guardian runs the command for each new one, with a JSON object on standard input."""

    command: Annotated[tuple[CommandWord, ...], Meta(max_length=32)] = ()


class OrdersOverride(Section, frozen=True, kw_only=True):
    """The keys of [orders] that differ here."""

    default_order_type: OrderTypeName | None = None
    time_in_force: TimeInForceName | None = None


class ExecutionOverride(Section, frozen=True, kw_only=True):
    """The keys of [execution] that differ here."""

    market_promise: MarketPromise | None = None
    max_slippage_bps: SlippageBps | None = None
    retry_attempts: RetryAttempts | None = None
    retry_delay_ms: RetryDelayMs | None = None
    execution_timeout_ms: ExecutionTimeoutMs | None = None
    acknowledgement_timeout_ms: AnswerTimeoutMs | None = None
    cancel_timeout_ms: AnswerTimeoutMs | None = None


class RateLimitOverride(Section, frozen=True, kw_only=True):
    """The keys of [rate_limit] that differ here."""

    rate_limit_orders: RateLimitOrders | None = None
    rate_limit_window_ms: RateLimitWindowMs | None = None
    when_exceeded: WhenExceededName | None = None
    queue_ms: QueueMs | None = None
    queue_orders: QueueOrders | None = None


class Overriding(Section, frozen=True, kw_only=True):
    """A table that may override the terms of an order for everything below it."""

    orders: OrdersOverride = OrdersOverride()
    execution: ExecutionOverride = ExecutionOverride()
    rate_limit: RateLimitOverride = RateLimitOverride()


class LimitsConfig(Section, frozen=True, kw_only=True):
    """What a scope may come to: the engine, a venue, an account, a strategy or an instrument.

    Money is in the risk currency. What is not given is zero and allows nothing.
    """

    max_open_orders: Count = 0
    max_open_notional: Money = "0"
    max_gross_exposure: Money = "0"
    max_net_exposure: Money = "0"
    max_loss: Money = "0"
    halt_loss: Money = "0"
    max_drawdown: Money = "0"
    max_traded: Money = "0"
    traded_window_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 0
    max_executions: Count = 0
    max_order_to_trade: Ratio = 0
    order_to_trade_grace: Count = 0
    max_new_per_s: PerSecond = 0
    max_amends_per_s: PerSecond = 0
    max_cancels_per_s: PerSecond = 0


class AccountLimitsConfig(LimitsConfig, frozen=True, kw_only=True):
    """What an account may come to; its equity is what the venue says that it has."""

    max_leverage: Times = "0"


class InstrumentConfig(Section, frozen=True, kw_only=True):
    """Limits of one instrument, whoever trades it, and what trading there moves its price by."""

    name: InstrumentName
    limits: LimitsConfig | None = None
    impact_bps: ImpactBps | None = None
    day_volume: Amount | None = None


class FeeTierConfig(Section, frozen=True, kw_only=True):
    """What is paid from a volume on that was traded in 30 days, in the risk currency."""

    volume: Amount
    maker_bps: FeeBps
    taker_bps: FeeBps


class FeesConfig(Section, frozen=True, kw_only=True):
    """What a venue takes of what is traded there; a discount is in basis points of the fee itself.

    `volume` is what was traded in the 30 days before the start: an engine knows only what it booked itself.
    """

    maker_bps: FeeBps = "0"
    taker_bps: FeeBps = "0"
    tiers: Annotated[tuple[FeeTierConfig, ...], Meta(max_length=32)] = ()
    volume: Amount = "0"
    discount_bps: Annotated[int, Meta(ge=0, le=10_000)] = 0
    discount_asset: AssetName | None = None


class VenueConfig(Overriding, frozen=True, kw_only=True):
    """A venue and the instruments traded there; an address is given for the custom environment alone."""

    name: VenueName
    kind: Literal["binance_spot"]
    instruments: Annotated[tuple[Pair, ...], Meta(min_length=1, max_length=10_000)]
    environment: Literal["production", "testnet", "demo", "custom"] = "testnet"
    live: bool = False
    order_url: Address | None = None
    market_url: Address | None = None
    ca_file: FilePath | None = None
    receive_window_ms: Annotated[int, Meta(ge=1, le=60_000)] = 5_000
    limits: LimitsConfig | None = None
    fees: FeesConfig = FeesConfig()


class AccountConfig(Overriding, frozen=True, kw_only=True):
    """A trading account and where its keys are found: a file with api_key and secret_key, or two variables.

    The secret key itself tells of what kind it is. The guardian has a key of its own, or takes the engine's.
    Where several engines use one account, each has its share of the venue's rate limits.
    """

    name: Name
    venue: VenueName
    rate_share: Share = "1"
    key_file: FilePath | None = None
    api_key_env: VariableName | None = None
    secret_env: VariableName | None = None
    limits: AccountLimitsConfig | None = None
    guardian_key_file: FilePath | None = None
    guardian_api_key_env: VariableName | None = None
    guardian_secret_env: VariableName | None = None

    @property
    def has_guardian_key(self) -> bool:
        """Whether the guardian has a key of its own."""
        return self.guardian_key_file is not None or self.guardian_api_key_env is not None


class LimitConfig(Section, frozen=True, kw_only=True):
    """What a strategy may do in one instrument; what is not given is zero and allows nothing."""

    instrument: InstrumentName
    max_order_quantity: Amount = "0"
    max_order_notional: Amount = "0"
    max_long: Amount = "0"
    max_short: Amount = "0"
    price_collar_bps: PriceBps = 0
    fat_finger_bps: PriceBps = 0


class StrategyConfig(Overriding, frozen=True, kw_only=True):
    """A strategy, the accounts it may use (one for each venue at most) and its limits."""

    name: Name
    id: Annotated[int, Meta(ge=1, le=STRATEGY_MAX)]
    accounts: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=16)]
    limits: LimitsConfig = LimitsConfig()
    books: Annotated[tuple[LimitConfig, ...], Meta(max_length=10_000)] = msgspec.field(name="limit", default=())


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    venues: Annotated[tuple[VenueConfig, ...], Meta(min_length=1, max_length=16)] = msgspec.field(name="venue")
    accounts: Annotated[tuple[AccountConfig, ...], Meta(min_length=1, max_length=32)] = msgspec.field(name="account")
    strategies: Annotated[tuple[StrategyConfig, ...], Meta(min_length=1, max_length=STRATEGY_MAX)] = msgspec.field(
        name="strategy"
    )
    instruments: Annotated[tuple[InstrumentConfig, ...], Meta(max_length=10_000)] = msgspec.field(
        name="instrument", default=()
    )
    limits: LimitsConfig = LimitsConfig()
    engine: EngineConfig = EngineConfig()
    ipc: IpcConfig = IpcConfig()
    orders: OrdersConfig = OrdersConfig()
    execution: ExecutionConfig = ExecutionConfig()
    rate_limit: RateLimitConfig = RateLimitConfig()
    monitoring: MonitoringConfig = MonitoringConfig()
    risk: RiskConfig = RiskConfig()
    breakers: BreakersConfig = BreakersConfig()
    control: ControlConfig = ControlConfig()
    guardian: GuardianConfig = GuardianConfig()
    alarms: AlarmsConfig = AlarmsConfig()
    journal: JournalConfig = JournalConfig()
