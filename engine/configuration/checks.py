"""Owns what keys must satisfy together: names, references and limits."""

from collections.abc import Callable, Iterable

from engine.configuration.addresses import check_addresses, check_live
from engine.configuration.cost_models import check_cost_models
from engine.configuration.curve import check_curve
from engine.configuration.fees import check_fees
from engine.configuration.limits import check_limits
from engine.configuration.problems import Problems, shown
from engine.configuration.shape import INSTRUMENT_BYTES_MAX, AccountConfig, Config, StrategyConfig
from engine.configuration.terms import resolve_terms
from ipc.operator_name import OPERATOR

KEY_SOURCES = ("key_file", "api_key_env", "secret_env")
GUARDIAN_KEY_SOURCES = tuple(f"guardian_{name}" for name in KEY_SOURCES)
RESERVED_NAMES = (OPERATOR, "guardian")
LIMITER_TIMES_MAX = 1_000_000


def check_together(config: Config, problems: Problems) -> None:
    """Notes every contradiction between keys that each for itself are sound."""
    checks: tuple[Callable[[Config, Problems], None], ...] = (
        _check_rings,
        _check_endpoints,
        check_curve,
        _check_names,
        _check_venues,
        _check_accounts,
        _check_strategies,
        check_limits,
        check_fees,
        check_cost_models,
        _check_rate_limits,
        _check_guardian,
    )
    for check in checks:
        check(config, problems)


def _check_rings(config: Config, problems: Problems) -> None:
    for key, capacity, least in (
        ("ipc.ring_capacity", config.ipc.ring_capacity, 16),
        ("engine.market_ring_capacity", config.engine.market_ring_capacity, 16),
        ("journal.ring_capacity", config.journal.ring_capacity, 1024),
    ):
        if problems.is_sound(key) and capacity & (capacity - 1):
            problems.add(
                key,
                "is not a power of two",
                value=str(capacity),
                allowed=f"a power of two from {least} to 1048576",
                fix=f"set {key.partition('.')[2]} to {1 << capacity.bit_length()}",
            )


def _check_endpoints(config: Config, problems: Problems) -> None:
    if problems.is_sound("ipc.zeromq"):
        for index, endpoint in enumerate(config.ipc.zeromq):
            key = f"ipc.zeromq[{index}]"
            host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
            if not 1 <= int(port) <= 65_535 or any(int(part) > 255 for part in host.split(".") if part.isdigit()):
                problems.add(
                    key,
                    "names no port of this host",
                    value=shown(endpoint),
                    allowed="a port from 1 to 65535 of 127.0.0.1",
                    fix='write it as "tcp://127.0.0.1:5555"',
                )
        _check_unique("ipc.zeromq", "", config.ipc.zeromq, problems)


def _check_names(config: Config, problems: Problems) -> None:
    _check_unique("venue", "name", [venue.name for venue in config.venues], problems)
    _check_unique("account", "name", [account.name for account in config.accounts], problems)
    _check_unique("strategy", "name", [strategy.name for strategy in config.strategies], problems)
    for index, strategy in enumerate(config.strategies):
        if strategy.name in RESERVED_NAMES:
            problems.add(
                f"strategy[{index}].name",
                "is the name of somebody who is no strategy",
                value=shown(strategy.name),
                allowed=f"any name but {' and '.join(RESERVED_NAMES)}",
                fix="choose another name",
            )
    _check_unique("strategy", "id", [strategy.id for strategy in config.strategies], problems)


def _check_unique(table: str, key: str, values: Iterable[str | int], problems: Problems) -> None:
    seen: dict[str | int, int] = {}
    for index, value in enumerate(values):
        path = f"{table}[{index}].{key}" if key else f"{table}[{index}]"
        if not problems.is_sound(path):
            continue
        if value in seen:
            problems.add(
                path,
                f"is already the one of {table}[{seen[value]}]",
                value=shown(value),
                allowed="a value that occurs once",
                fix="change or remove one of the two",
            )
        seen.setdefault(value, index)


def _check_venues(config: Config, problems: Problems) -> None:
    for index, venue in enumerate(config.venues):
        key = f"venue[{index}]"
        if problems.is_sound(f"{key}.instruments", f"{key}.name"):
            _check_unique(f"{key}.instruments", "", venue.instruments, problems)
            for place, pair in enumerate(venue.instruments):
                if len(f"{pair}.{venue.name}") > INSTRUMENT_BYTES_MAX:
                    problems.add(
                        f"{key}.instruments[{place}]",
                        "is too long together with the venue's name",
                        value=shown(pair),
                        allowed=f"{INSTRUMENT_BYTES_MAX} characters with .{venue.name}",
                        fix="shorten the venue's name",
                    )
        if problems.is_sound(f"{key}.environment"):
            check_addresses(venue, key, problems)
            check_live(venue, key, problems)


def _check_accounts(config: Config, problems: Problems) -> None:
    venues = [venue.name for venue in config.venues]
    for index, account in enumerate(config.accounts):
        key = f"account[{index}]"
        _check_reference(f"{key}.venue", account.venue, "venue", venues, problems)
        if problems.is_sound(*(f"{key}.{name}" for name in KEY_SOURCES)):
            _check_key_source(account, key, problems)
        if problems.is_sound(*(f"{key}.{name}" for name in GUARDIAN_KEY_SOURCES)):
            _check_guardian_key_source(account, key, problems)


def _check_guardian_key_source(account: AccountConfig, key: str, problems: Problems) -> None:
    given = [name for name in GUARDIAN_KEY_SOURCES if getattr(account, name) is not None]
    file, *variables = GUARDIAN_KEY_SOURCES
    if given not in ([], [file], variables):
        problems.add(
            key,
            f"has {' and '.join(given)}",
            allowed=f"none of them, {file} alone, or {' and '.join(variables)} together",
            fix="remove the others",
        )


def _check_key_source(account: AccountConfig, key: str, problems: Problems) -> None:
    given = [name for name in KEY_SOURCES if getattr(account, name) is not None]
    if given not in (["key_file"], ["api_key_env", "secret_env"]):
        problems.add(
            key,
            f"has {' and '.join(given)}" if given else "has no source of its keys",
            allowed="key_file alone, or api_key_env and secret_env together",
            fix="add key_file, a file of mode 0600" if "key_file" not in given else "remove the others",
        )


def _check_reference(path: str, value: str, table: str, names: list[str], problems: Problems) -> None:
    """Notes a name that no table has; silent as long as a table's own name is in doubt."""
    is_certain = problems.is_sound(path) and all(
        problems.is_sound(f"{table}[{place}].name") for place in range(len(names))
    )
    if is_certain and names and value not in names:
        problems.add(
            path,
            f"there is no [[{table}]] of that name",
            value=shown(value),
            allowed=", ".join(names),
            fix=f"name one of these or add a [[{table}]]",
        )


def _check_strategies(config: Config, problems: Problems) -> None:
    venue_of = {account.name: account.venue for account in config.accounts}
    for index, strategy in enumerate(config.strategies):
        key = f"strategy[{index}]"
        if not problems.is_sound(f"{key}.accounts"):
            continue
        venues: dict[str, str] = {}
        for place, account in enumerate(strategy.accounts):
            path = f"{key}.accounts[{place}]"
            _check_reference(path, account, "account", list(venue_of), problems)
            venue = venue_of.get(account)
            if venue in venues:
                problems.add(
                    path,
                    f"is a second account at {venue} beside {venues[venue]}",
                    value=shown(account),
                    allowed="one account for each venue",
                    fix="remove one of the two or make two strategies",
                )
            elif venue is not None:
                venues[venue] = account
        _check_limits(config, strategy, key, set(venues), problems)


def _check_limits(config: Config, strategy: StrategyConfig, key: str, venues: set[str], problems: Problems) -> None:
    _check_unique(f"{key}.limit", "instrument", [limit.instrument for limit in strategy.books], problems)
    tradable = [f"{pair}.{venue.name}" for venue in config.venues if venue.name in venues for pair in venue.instruments]
    is_certain = problems.is_sound("venue", "account", f"{key}.accounts")
    for index, limit in enumerate(strategy.books):
        path = f"{key}.limit[{index}].instrument"
        if is_certain and problems.is_sound(path) and limit.instrument not in tradable:
            problems.add(
                path,
                "is no instrument of this strategy's accounts",
                value=shown(limit.instrument),
                allowed=", ".join(tradable[:6]) + (" …" if len(tradable) > 6 else ""),
                fix="name one of these, or add it to the venue's instruments",
            )


def _check_rate_limits(config: Config, problems: Problems) -> None:
    if any(True for _ in problems):
        return
    accounts = {account.name: account for account in config.accounts}
    total = sum(
        resolve_terms(config, strategy, accounts[name]).rate_limit_orders
        for strategy in config.strategies
        for name in strategy.accounts
    )
    if total > LIMITER_TIMES_MAX:
        problems.add(
            "rate_limit.rate_limit_orders",
            "adds up to too much over all strategies and accounts",
            value=str(total),
            allowed=f"at most {LIMITER_TIMES_MAX} in sum",
            fix="lower rate_limit_orders or shorten its window",
        )


def _check_guardian(config: Config, problems: Problems) -> None:
    """What only a guardian reads must not seem to work without one."""
    if config.guardian.enabled or not problems.is_sound("guardian.enabled"):
        return
    idle = [f"account[{index}]" for index, account in enumerate(config.accounts) if account.has_guardian_key]
    if config.alarms.command:
        idle.append("alarms.command")
    for key in idle:
        problems.add(
            key,
            "names what nobody uses, for there is no guardian",
            allowed="with a guardian only",
            fix="add enabled = true to [guardian], or remove it",
        )
