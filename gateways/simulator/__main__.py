"""Owns the command line: `python -m gateways.simulator --config FILE.toml | --demo [options]`.

The ready file appears, whole, when the venue listens:

    {"port": 40123, "pid": 4711, "log": "venue.jsonl", "accounts": [...]}

`accounts` is there with --demo only: the account's name, an Ed25519 key and an HMAC key, with the files
that hold their private halves. Those files live in a private directory that is removed at the end.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from gateways.simulator.config import AccountConfig, ConfigurationError, KeyConfig, VenueConfig, load_config
from gateways.simulator.keys import generate_ed25519, generate_hmac
from gateways.simulator.server import SimulatedVenue

DEMO_BALANCES = {"USDT": "1000000", "BTC": "20", "ETH": "300", "BNB": "1000"}


def main() -> int:
    """Runs the venue until SIGINT or SIGTERM."""
    arguments = _read_arguments()
    with contextlib.ExitStack() as cleanup:
        try:
            config, accounts = _configure(arguments, cleanup)
            if arguments.loop == "uvloop":
                import uvloop  # noqa: PLC0415 - the other loop needs none of it

                uvloop.run(_serve(config, arguments, accounts))
            else:
                asyncio.run(_serve(config, arguments, accounts))
        except (ConfigurationError, OSError) as error:
            sys.stderr.write(f"simulated venue: {error}\n")
            return 2
    return 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m gateways.simulator",
        description="A simulated exchange that speaks a real venue's protocol.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, metavar="FILE", help="TOML configuration")
    source.add_argument("--demo", action="store_true", help="one rich account with generated keys")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 0: any free one)")
    parser.add_argument("--seed", type=int, help="seed of the background flow and of the jitter")
    parser.add_argument("--log", metavar="FILE", help="append the venue's log to this file")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="write port and pid here")
    parser.add_argument("--no-flow", action="store_true", help="no background traders")
    parser.add_argument(
        "--latency-us", type=int, metavar="N", help="from request to reply, half of it each way; events half"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="PEM certificate; together with --tls-key: wss")
    parser.add_argument("--tls-key", metavar="FILE", help="PEM private key")
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    return parser.parse_args()


def _configure(
    arguments: argparse.Namespace, cleanup: contextlib.ExitStack
) -> tuple[VenueConfig, list[dict[str, str]]]:
    """The configuration after the options, and what a demo's client must know."""
    accounts: list[dict[str, str]] = []
    if arguments.demo:
        directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="simulator-keys-")))
        account, description = _demo_account(directory)
        accounts.append(description)
        config = VenueConfig(accounts=(account,))
    else:
        config = load_config(arguments.config)
    changes: dict[str, Any] = {
        "host": arguments.host,
        "port": arguments.port,
        "seed": arguments.seed,
        "log_file": arguments.log,
        "tls_certificate_file": arguments.tls_cert,
        "tls_key_file": arguments.tls_key,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    if arguments.no_flow:
        changes["flow"] = msgspec.structs.replace(config.flow, enabled=False)
    if arguments.latency_us is not None:
        half_us = arguments.latency_us // 2
        changes["latency"] = msgspec.structs.replace(
            config.latency, request_us=half_us, reply_us=half_us, event_us=half_us
        )
    return msgspec.structs.replace(config, **changes), accounts


def _demo_account(directory: Path) -> tuple[AccountConfig, dict[str, str]]:
    pair, secret = generate_ed25519(), generate_hmac()
    key_file, secret_file = directory / "ed25519.pem", directory / "hmac.txt"
    for path, text in ((key_file, pair.private_pem), (secret_file, secret.secret)):
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    account = AccountConfig(
        name="demo",
        keys=(
            KeyConfig(api_key=pair.api_key, ed25519_public_key=pair.public_pem),
            KeyConfig(api_key=secret.api_key, hmac_secret=secret.secret),
        ),
        balances=DEMO_BALANCES,
    )
    description = {
        "name": account.name,
        "ed25519_api_key": pair.api_key,
        "ed25519_private_key_file": str(key_file),
        "hmac_api_key": secret.api_key,
        "hmac_secret_file": str(secret_file),
    }
    return account, description


async def _serve(config: VenueConfig, arguments: argparse.Namespace, accounts: list[dict[str, str]]) -> None:
    # Orders live as long as the process, so looking for garbage among them again and again finds nothing.
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    # A process that runs for days must not keep every record in memory as well.
    async with SimulatedVenue(config, keeps_records=False) as venue:
        ready: dict[str, Any] = {"port": venue.port, "pid": os.getpid(), "log": config.log_file}
        if accounts:
            ready["accounts"] = accounts
        if arguments.ready_file is not None:
            _write_whole(arguments.ready_file, json.dumps(ready) + "\n")
        sys.stderr.write(f"simulated venue {config.venue} listens on {config.host}:{venue.port}\n")
        await stopping.wait()
    if arguments.ready_file is not None:
        arguments.ready_file.unlink(missing_ok=True)


def _write_whole(path: Path, text: str) -> None:
    """Makes the file appear with all of its text at once, readable by its owner only."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
