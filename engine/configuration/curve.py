"""Owns what an endpoint with CURVE must satisfy together with the rest of the configuration."""

import ipaddress

from engine.configuration.problems import Problems, shown
from engine.configuration.shape import Config, CurveClientConfig, CurveConfig
from ipc.public_key import raw_key


def check_curve(config: Config, problems: Problems) -> None:
    """Notes endpoints that cannot be bound, keys that are none or come twice, and clients that may do nothing."""
    names: dict[str, str] = {}
    for index, curve in enumerate(config.ipc.curve):
        key = f"ipc.curve[{index}]"
        _check_address(curve, f"{key}.endpoint", config, problems)
        keys: dict[str, str] = {}
        for place, client in enumerate(curve.clients):
            path = f"{key}.client[{place}]"
            _check_once(f"{path}.name", client.name, names, problems)
            _check_once(f"{path}.public_key", client.public_key, keys, problems, hides_value=True)
            _check_client(client, path, config, problems)


def _check_address(curve: CurveConfig, key: str, config: Config, problems: Problems) -> None:
    if not problems.is_sound(key):
        return
    host, _, port = curve.endpoint.removeprefix("tcp://").rpartition(":")
    try:
        ipaddress.ip_address(host.strip("[]"))
        is_sound = 1 <= int(port) <= 65_535
    except ValueError:
        is_sound = False
    if not is_sound or curve.endpoint in config.ipc.zeromq:
        problems.add(
            key,
            "is also served without keys" if is_sound else "names no address and port",
            value=shown(curve.endpoint),
            allowed="a numeric address of this host, and a port from 1 to 65535 of its own",
            fix='write it as "tcp://10.0.0.5:5556"',
        )


def _check_once(path: str, value: str, seen: dict[str, str], problems: Problems, *, hides_value: bool = False) -> None:
    if not problems.is_sound(path):
        return
    if value in seen:
        problems.add(
            path,
            f"is already the one of {seen[value]}",
            value="" if hides_value else shown(value),
            allowed="a value that occurs once",
            fix="change or remove one of the two",
        )
    seen.setdefault(value, path.rpartition(".")[0])


def _check_client(client: CurveClientConfig, path: str, config: Config, problems: Problems) -> None:
    if problems.is_sound(f"{path}.public_key") and raw_key(client.public_key) is None:
        problems.add(
            f"{path}.public_key",
            "is no key",
            allowed="the 40 characters that `oms keys new` told the client",
            fix="copy it again",
        )
    if problems.is_sound(path) and not client.strategies and not client.operator:
        problems.add(
            path,
            "may do nothing",
            allowed="strategies, or operator = true",
            fix="name the strategies that it drives, or remove it",
        )
    strategies = [strategy.name for strategy in config.strategies]
    for place, name in enumerate(client.strategies):
        if problems.is_sound(f"{path}.strategies[{place}]", "strategy") and name not in strategies:
            problems.add(
                f"{path}.strategies[{place}]",
                "there is no [[strategy]] of that name",
                value=shown(name),
                allowed=", ".join(strategies),
                fix="name one of these or add a [[strategy]]",
            )
