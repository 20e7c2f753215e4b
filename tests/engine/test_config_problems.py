"""What the configuration says of each mistake: the key, the value, what is allowed, the fix."""

from pathlib import Path
from typing import Any

import pytest

from engine.config import ConfigurationError, load_config
from tests.engine.configuration_file import drop_key, set_key, sound_table, write_table

WHOLE = "is not a value that this key takes"

CLIENT = {"name": "desk", "public_key": "0" * 40}
TIER = {"volume": "1000", "maker_bps": "1", "taker_bps": "2"}
INSTRUMENT = {"name": "BTC/USDT.BINANCE"}

# What is set, to what, the key that the message names, and words of its text.
MISTAKES: list[tuple[str, Any, str, str]] = [
    ("engine.name", "a b", "engine.name", WHOLE),
    ("engine.name", "x" * 17, "engine.name", "1 to 16 letters"),
    ("engine.name", "../x", "engine.name", WHOLE),
    ("engine.instance", 32, "engine.instance", "from 0 to 31"),
    ("engine.instance", "1", "engine.instance", WHOLE),
    ("engine.instance", True, "engine.instance", WHOLE),
    ("engine.core", -2, "engine.core", "-1 for none"),
    ("engine.core", 4_000, "engine.core", "is no processor that this process may use"),
    ("engine.idle", "sleep", "engine.idle", '"backoff", "spin" or "yield"'),
    ("engine.order_capacity", 15, "engine.order_capacity", "from 16 to"),
    ("engine.tombstone_capacity", 1 << 60, "engine.tombstone_capacity", "from 16 to"),
    ("engine.trade_capacity", 0, "engine.trade_capacity", "from 16 to"),
    ("engine.parent_capacity", 1 << 17, "engine.parent_capacity", "from 16 to 65536"),
    ("engine.order_retention_ms", -1, "engine.order_retention_ms", "from 0 to"),
    ("engine.cores", 1, "engine.cores", "did you mean core?"),
    ("ipc.ring_capacity", 1_000, "ipc.ring_capacity", "set ring_capacity to 1024"),
    ("engine.market_ring_capacity", 1_000, "engine.market_ring_capacity", "set market_ring_capacity to 1024"),
    ("journal.ring_capacity", 1_025, "journal.ring_capacity", "set ring_capacity to 2048"),
    ("ipc.zeromq", ["tcp://0.0.0.0:5555"], "ipc.zeromq[0]", "loopback"),
    ("ipc.zeromq", ["tcp://127.0.0.1:0"], "ipc.zeromq[0]", "names no port of this host"),
    ("ipc.zeromq", ["tcp://127.0.0.1:5555\n"], "ipc.zeromq[0]", "loopback"),
    ("ipc.zeromq", ["tcp://127.0.0.999:5555"], "ipc.zeromq[0]", "names no port of this host"),
    ("ipc.zeromq", ["tcp://127.0.0.1:5"] * 2, "ipc.zeromq[1]", "is already the one of ipc.zeromq[0]"),
    ("ipc.zeromq", ["tcp://127.0.0.1:5"] * 9, "ipc.zeromq", "has 9 entries"),
    ("ipc.zeromq", "tcp://127.0.0.1:5", "ipc.zeromq", "a list of 0 to 8"),
    ("ipc.curve", [{}], "ipc.curve[0].endpoint", "is missing"),
    ("ipc.curve", [{}], "ipc.curve[0].server_key_file", "is missing"),
    ("ipc.curve", [{}], "ipc.curve[0].client", "each with name, public_key, strategies"),
    ("ipc.curve", [{"client": []}], "ipc.curve[0].client", "has 0 entries"),
    ("ipc.curve", [{"endpoint": "tcp://*:5556"}], "ipc.curve[0].endpoint", "a numeric address"),
    ("ipc.curve", [{"endpoint": "tcp://host:5556"}], "ipc.curve[0].endpoint", "a numeric address"),
    ("ipc.curve", [{"endpoint": "tcp://10.0.0.256:5556"}], "ipc.curve[0].endpoint", "names no address and port"),
    ("ipc.curve", [{"endpoint": "tcp://10.0.0.1:0"}], "ipc.curve[0].endpoint", "names no address and port"),
    ("ipc.curve", [{"server_key_file": "none"}], "ipc.curve[0].server_key_file", "cannot be read"),
    ("ipc.curve", [{"client": [{"public_key": "x"}]}], "ipc.curve[0].client[0].public_key", "oms keys new"),
    ("ipc.curve", [{"client": [{"public_key": "#" * 40}]}], "ipc.curve[0].client[0].public_key", "is no key"),
    ("ipc.curve", [{"client": [{"name": "desk"}]}], "ipc.curve[0].client[0].public_key", "is missing"),
    ("ipc.curve", [{"client": [CLIENT]}], "ipc.curve[0].client[0]", "may do nothing"),
    ("ipc.curve", [{"client": [CLIENT] * 2}], "ipc.curve[0].client[1].name", "is already the one of"),
    ("ipc.curve", [{"client": [CLIENT] * 2}], "ipc.curve[0].client[1].public_key", "is already the one of"),
    ("ipc.curve", [{"client": [CLIENT | {"strategies": ["zeta"]}]}], "ipc.curve[0].client[0].strategies[0]", "alpha"),
    ("ipc.command_time_to_live_ms", 50, "ipc.command_time_to_live_ms", "is not a key"),
    ("orders.default_order_type", "stop", "orders.default_order_type", '"limit" or "market"'),
    ("orders.time_in_force", "gtc", "orders.time_in_force", '"FOK", "GTC" or "IOC"'),
    ("execution.market_promise", "both", "execution.market_promise", '"fill_first" or "price_protected"'),
    ("execution.max_slippage_bps", -1, "execution.max_slippage_bps", "from 0 to 9999"),
    ("execution.max_slippage_bps", 0.5, "execution.max_slippage_bps", WHOLE),
    ("execution.retry_attempts", 11, "execution.retry_attempts", "from 0 to 10"),
    ("execution.retry_delay_ms", 60_001, "execution.retry_delay_ms", "from 0 to 60000"),
    ("execution.execution_timeout_ms", -1, "execution.execution_timeout_ms", "0 for no limit"),
    ("execution.acknowledgement_timeout_ms", 60_001, "execution.acknowledgement_timeout_ms", "up to a minute"),
    ("execution.cancel_timeout_ms", -1, "execution.cancel_timeout_ms", "0 for no limit"),
    ("rate_limit.rate_limit_orders", 0, "rate_limit.rate_limit_orders", "from 1 to"),
    ("rate_limit.rate_limit_window_ms", 0, "rate_limit.rate_limit_window_ms", "from 1 to"),
    ("monitoring.track_execution_metrics", "yes", "monitoring.track_execution_metrics", "true or false"),
    ("monitoring.log_level", "info", "monitoring.log_level", '"DEBUG", "ERROR", "INFO" or'),
    ("strategy.0.monitoring", {}, "strategy[0].monitoring", "is not a key"),
    ("risk.duplicate_orders_max", 0, "risk.duplicate_orders_max", "from 1 to"),
    ("risk.duplicate_window_ms", 10**60, "risk.duplicate_window_ms", "a number of more than 38 digits"),
    ("risk.book_age_max_ms", 0, "risk.book_age_max_ms", "from 1 to"),
    ("venue.0.name", "binance", "venue[0].name", "capital letters"),
    ("venue.0.kind", "kraken", "venue[0].kind", '"binance_spot"'),
    ("venue.0.environment", "live", "venue[0].environment", '"production"'),
    ("venue.0.environment", "testnet", "venue[0].order_url", "has no effect"),
    ("venue.0.environment", "production", "venue[0].live", "add live = true"),
    ("venue.0.live", True, "venue[0].live", "contradicts"),
    ("venue.0.order_url", "ws://example.com/x", "venue[0].order_url", "unencrypted"),
    ("venue.0.order_url", "wss://example.com/x", "venue[0].live", "real orders need an explicit yes"),
    ("venue.0.order_url", "ws://127.0.0.1.example.com/x", "venue[0].order_url", "unencrypted"),
    ("venue.0.order_url", "http://127.0.0.1/", "venue[0].order_url", "is not an address"),
    ("venue.0.order_url", "ws://[::1", "venue[0].order_url", "is not an address"),
    ("venue.0.order_url", "ws://127.0.0.1:99999/", "venue[0].order_url", "is not an address"),
    ("venue.0.market_url", "ws://user:word@127.0.0.1/", "venue[0].market_url", "without user, password"),
    ("venue.0.ca_file", "none.pem", "venue[0].ca_file", "cannot be read"),
    ("venue.0.receive_window_ms", 60_001, "venue[0].receive_window_ms", "from 1 to 60000"),
    ("venue.0.fees.taker_bps", 7.5, "venue[0].fees.taker_bps", "in quotes"),
    ("venue.0.fees.taker_bps", "7.555", "venue[0].fees.taker_bps", "basis points"),
    ("venue.0.fees.maker_bps", "1000", "venue[0].fees.maker_bps", "basis points"),
    ("venue.0.fees.maker_bps", "-0.5\n", "venue[0].fees.maker_bps", "basis points"),
    ("venue.0.fees.discount_bps", 10_001, "venue[0].fees.discount_bps", "from 0 to 10000"),
    ("venue.0.fees.discount_bps", 25, "venue[0].fees", "has discount_bps without discount_asset"),
    ("venue.0.fees.discount_asset", "BNB", "venue[0].fees", "has discount_asset without discount_bps"),
    ("venue.0.fees.tiers", [{"volume": "1"}], "venue[0].fees.tiers[0].maker_bps", "is missing"),
    ("venue.0.fees.tiers", [TIER | {"volume": "-1"}], "venue[0].fees.tiers[0].volume", "at least 0"),
    ("venue.0.fees.tiers", [TIER | {"volume": "0"}], "venue[0].fees.tiers[0].volume", "more than 0"),
    ("venue.0.fees.tiers", [TIER, TIER], "venue[0].fees.tiers[1].volume", "is no more than that of the tier before"),
    ("venue.0.fees.tiers", [TIER] * 33, "venue[0].fees.tiers", "has 33 entries"),
    ("instrument", [INSTRUMENT | {"impact_bps": 150, "day_volume": "1"}], "instrument[0].impact_bps", "in quotes"),
    ("instrument", [INSTRUMENT | {"impact_bps": "-1"}], "instrument[0].impact_bps", "basis points"),
    ("instrument", [INSTRUMENT | {"impact_bps": "100000"}], "instrument[0].impact_bps", "basis points"),
    ("instrument", [INSTRUMENT | {"impact_bps": "150"}], "instrument[0]", "has impact_bps without day_volume"),
    ("instrument", [INSTRUMENT | {"day_volume": "0.00"}], "instrument[0].day_volume", "more than 0"),
    ("instrument", [INSTRUMENT | {"day_volume": "1e9"}], "instrument[0].day_volume", "decimal number"),
    ("venue.0.instruments", [], "venue[0].instruments", "has 0 entries"),
    ("venue.0.instruments", ["btc/usdt"], "venue[0].instruments[0]", '"BTC/USDT"'),
    ("venue.0.instruments", ["BTC/USDT"] * 2, "venue[0].instruments[1]", "is already the one of"),
    ("venue.0.instruments", ["A" * 16 + "/" + "B" * 16], "venue[0].instruments[0]", "is too long together"),
    ("account.0.name", "", "account[0].name", "1 to 16 letters"),
    ("account.0.venue", "OKX", "account[0].venue", "allowed: BINANCE"),
    ("account.0.key_type", "hmac", "account[0].key_type", "is not a key"),
    ("account.0.key_file", "none", "account[0].key_file", "cannot be read"),
    ("account.0.key_file", ".", "account[0].key_file", "is not a file"),
    ("account.0.key_file", "a\0b", "account[0].key_file", "a path"),
    ("account.0.key_file", "x/" * 3_000, "account[0].key_file", "a path"),
    ("account.0.secret_env", "HOME", "account[0]", "key_file alone"),
    ("account.0.guardian_secret_env", "HOME", "account[0]", "guardian_key_file alone"),
    ("account.0.guardian_key_file", "key.toml", "account[0]", "there is no guardian"),
    ("account.0.guardian_api_key_env", "lower", "account[0].guardian_api_key_env", "environment variable"),
    ("alarms.command", ["/bin/true"], "alarms.command", "there is no guardian"),
    ("alarms.command", "/bin/true", "alarms.command", "a list of 0 to 32"),
    ("guardian.enabled", "yes", "guardian.enabled", "true or false"),
    ("guardian.hang_ms", 99, "guardian.hang_ms", "from 100 to"),
    ("account.0.secret_env", "lower", "account[0].secret_env", "environment variable"),
    ("strategy.0.id", 0, "strategy[0].id", "from 1 to 127"),
    ("strategy.0.id", 128, "strategy[0].id", "from 1 to 127"),
    ("strategy.0.accounts", ["other"], "strategy[0].accounts[0]", "there is no [[account]] of that name"),
    ("strategy.0.accounts", [], "strategy[0].accounts", "has 0 entries"),
    ("strategy.0.accounts", ["main", "main"], "strategy[0].accounts[1]", "is a second account at BINANCE"),
    ("strategy.0.limit.0.instrument", "BTC/USDT", "strategy[0].limit[0].instrument", "an instrument and its venue"),
    ("strategy.0.limit.0.instrument", "ETH/USDT.BINANCE", "strategy[0].limit[0].instrument", "BTC/USDT.BINANCE"),
    ("strategy.0.limit.0.max_order_quantity", 1, "strategy[0].limit[0].max_order_quantity", "in quotes"),
    ("strategy.0.limit.0.max_order_notional", "1e3", "strategy[0].limit[0].max_order_notional", "decimal number"),
    ("strategy.0.limit.0.max_long", "-1", "strategy[0].limit[0].max_long", "at least 0"),
    ("strategy.0.limit.0.max_short", "٣", "strategy[0].limit[0].max_short", "decimal number"),
    ("strategy.0.limit", [{"instrument": "BTC/USDT.BINANCE"}] * 2, "strategy[0].limit[1].instrument", "is already"),
    ("engine", 3, "engine", "write it as [engine]"),
    ("venue", {}, "venue", "1 to 16 tables"),
    ("venue", [3], "venue[0]", "is not a table"),
    ("egnine", {}, "egnine", "did you mean engine?"),
    ("account.0.keyfile", "k", "account[0].keyfile", "did you mean key_file?"),
    ("account.0.secret_key_env", "K", "account[0].secret_key_env", "did you mean secret_env?"),
]


def problems_of(table: dict[str, Any], folder: Path) -> ConfigurationError:
    path = write_table(table, folder / "c.toml")
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: {len(caught.value.problems)} problem")
    return caught.value


@pytest.mark.parametrize(("key", "value", "named", "words"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_its_key_and_the_fix(
    tmp_path: Path, key: str, value: Any, named: str, words: str
) -> None:
    table = sound_table(tmp_path)
    set_key(table, key, value)
    error = problems_of(table, tmp_path)
    told = [problem for problem in error.problems if problem.key == named]
    assert told, f"{named} is not among {[problem.key for problem in error.problems]}"
    assert words in str(told[0])
    assert told[0].fix
    assert f"{tmp_path / 'c.toml'}: {told[0]}" in str(error)


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("venue", "venue"),
        ("account", "account"),
        ("strategy", "strategy"),
        ("venue.0.name", "venue[0].name"),
        ("venue.0.kind", "venue[0].kind"),
        ("venue.0.instruments", "venue[0].instruments"),
        ("venue.0.order_url", "venue[0].order_url"),
        ("venue.0.market_url", "venue[0].market_url"),
        ("account.0.name", "account[0].name"),
        ("account.0.venue", "account[0].venue"),
        ("account.0.key_file", "account[0]"),
        ("strategy.0.name", "strategy[0].name"),
        ("strategy.0.id", "strategy[0].id"),
        ("strategy.0.accounts", "strategy[0].accounts"),
        ("strategy.0.limit.0.instrument", "strategy[0].limit[0].instrument"),
    ],
)
def test_what_is_missing_is_told_once_and_alone(tmp_path: Path, key: str, named: str) -> None:
    table = sound_table(tmp_path)
    drop_key(table, key)
    assert [problem.key for problem in problems_of(table, tmp_path).problems] == [named]


def test_all_problems_arrive_together(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    for key, value in (("engine.instance", 99), ("venue.0.kind", "x"), ("strategy.0.accounts", ["y"]), ("z", 1)):
        set_key(table, key, value)
    (tmp_path / "key.toml").chmod(0o644)
    keys = {problem.key for problem in problems_of(table, tmp_path).problems}
    assert keys == {"engine.instance", "venue[0].kind", "strategy[0].accounts[0]", "z", "account[0].key_file"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("guardian_key_file", "none", "cannot be read"), ("guardian_api_key_env", "NOT_SET_HERE", "that is not set")],
)
def test_a_guardians_key_is_checked_like_an_engines(tmp_path: Path, name: str, value: str, words: str) -> None:
    table = sound_table(tmp_path)
    set_key(table, "guardian.enabled", True)
    set_key(table, f"account.0.{name}", value)
    if name != "guardian_key_file":
        set_key(table, "account.0.guardian_secret_env", "HOME")
    (problem,) = problems_of(table, tmp_path).problems
    assert problem.key == f"account[0].{name}"
    assert words in problem.what


@pytest.mark.parametrize("table_name", ["venue", "account", "strategy"])
def test_a_name_is_taken_once(tmp_path: Path, table_name: str) -> None:
    table = sound_table(tmp_path)
    table[table_name].append(dict(table[table_name][0]))
    told = str(problems_of(table, tmp_path))
    assert f"{table_name}[1].name" in told
    assert f"is already the one of {table_name}[0]" in told


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_key_that_others_can_get_at_is_refused(tmp_path: Path, mode: int) -> None:
    table = sound_table(tmp_path)
    (tmp_path / "key.toml").chmod(mode)
    (problem,) = problems_of(table, tmp_path).problems
    assert problem.fix == f"run: chmod 600 {tmp_path / 'key.toml'}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account.0.api_secret", "hunter2hunter2"),
        ("account.0.private_key", "hunter2hunter2"),
        ("account.0.password", ["hunter2hunter2"]),
        ("account.0.key_file", "-----BEGIN PRIVATE KEY-----\nhunter2hunter2"),
        ("account.0.key_file", "hunter2hunter2"),
        ("account.0.secret_env", "hunter2hunter2"),
        ("account.0.secret_env", "HUNTER2HUNTER2"),
        ("account.0.kee", "hunter2hunter2" * 4),
        ("account.0.name", "hunter2hunter2" * 4),
        ("account.0.name", "-----BEGIN hunter2hunter2"),
        ("venue.0.order_url", "wss://user:hunter2hunter2@127.0.0.1/"),
        ("token", "hunter2hunter2"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_shown(tmp_path: Path, key: str, value: Any) -> None:
    table = sound_table(tmp_path)
    set_key(table, key, value)
    error = problems_of(table, tmp_path)
    assert "hunter2" not in str(error).lower()
    assert "hunter2" not in repr(error.problems).lower()


def test_an_empty_variable_is_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY_SECRET", "")
    table = sound_table(tmp_path)
    drop_key(table, "account.0.key_file")
    set_key(table, "account.0.secret_env", "EMPTY_SECRET")
    set_key(table, "account.0.api_key_env", "HOME")
    assert "is not set" in str(problems_of(table, tmp_path))


def test_budgets_beyond_the_limiters_table_are_refused(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    table["strategy"] = [{"name": f"s{index}", "id": index, "accounts": ["main"]} for index in range(1, 12)]
    set_key(table, "rate_limit.rate_limit_orders", 100_000)
    assert "at most 1000000 in sum" in str(problems_of(table, tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a = ", "is not TOML"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"a = 1" + b"0" * 5_000, "is not TOML"),
        (b"a = " + b"[" * 20_000, "is nested too deeply"),
        (b"#" * ((1 << 20) + 1), "is too large"),
        (b"", "venue: is missing"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_config(tmp_path / name)


def test_a_link_to_a_key_is_no_key_file(tmp_path: Path) -> None:
    table = sound_table(tmp_path)
    (tmp_path / "link").symlink_to("key.toml")
    set_key(table, "account.0.key_file", "link")
    assert "is not a file" in str(problems_of(table, tmp_path))
