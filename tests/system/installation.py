"""Owns an installation: a simulated venue, engines and clients as processes, all in one folder."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from ssl import create_default_context
from typing import Any
from urllib.request import urlopen

import pytest

from engine.scope_limits import UNLIMITED_KEYS
from gateways.simulator.keys import GeneratedKey, GeneratedSecret, generate_ed25519, generate_hmac
from ipc.client import Client, connect
from ipc.segment import Segment, SegmentKind, SegmentWord
from tests.engine.configuration_file import write_table
from tests.gateways.certificate_office import CertificateOffice
from tests.system.secrets_search import SecretsSearch
from tests.system.waiting import PATIENCE_S, await_that
from tools.child_process import ChildProcess
from tools.demo.venue_account import query_balances

VENUE, INSTRUMENT = "BINANCE", "BTC/USDT.BINANCE"
BALANCES = {"BTC": "50", "USDT": "5000000"}
TICK, LOT = "0.01", "0.00001"
TRADED = {
    "BTC": {"lot_size": LOT, "reference_price": "65000.00", "max_open_orders": 2_000},
    "ETH": {"lot_size": "0.0001", "reference_price": "3500.00"},
}
# A warning anywhere in a process of ours is an error there.
STRICT = ("-W", "error")


class VenueProcess:
    """A simulated venue, its log and its accounts' keys; it may be killed and started again at the same port."""

    def __init__(
        self, folder: Path, accounts: Sequence[str], settings: Mapping[str, Any], office: CertificateOffice | None
    ) -> None:
        self._folder = folder / ("venue" if office is None else "private-venue")
        self._folder.mkdir()
        self.log_file = self._folder / "log.jsonl"
        self._settings = {"log_file": str(self.log_file), **settings}
        self.ca_file = None if office is None else office.ca_file
        if office is not None:
            chain = str(office.certify("localhost"))
            self._settings |= {"tls_certificate_file": chain, "tls_key_file": chain}
        self.trading_keys: dict[str, GeneratedKey] = {name: generate_ed25519() for name in accounts}
        self.checking_keys: dict[str, GeneratedSecret] = {name: generate_hmac() for name in accounts}
        self.port = 0
        self.process: ChildProcess | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        table: dict[str, Any] = {
            "port": self.port,
            **self._settings,
            "limits": {
                "orders_10s": 1_000_000,
                "request_weight_1m": 1_000_000,
                "connections_5m": 10_000,
                **self._settings.get("limits", {}),
            },
            "instruments": [
                {"symbol": f"{base}USDT", "base": base, "quote": "USDT", "tick_size": TICK, **facts}
                for base, facts in TRADED.items()
            ],
            "accounts": [
                {
                    "name": name,
                    "balances": BALANCES,
                    "keys": [
                        {"api_key": key.api_key, "ed25519_public_key": key.public_pem},
                        {
                            "api_key": self.checking_keys[name].api_key,
                            "hmac_secret": self.checking_keys[name].secret,
                        },
                    ],
                }
                for name, key in self.trading_keys.items()
            ],
        }
        config = write_table(table, self._folder / "venue.toml")
        ready_file = self._folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        files = ["--config", str(config), "--ready-file", str(ready_file)]
        self.process = ChildProcess("venue", [*STRICT, "-m", "gateways.simulator", *files])
        await_file(self.process, ready_file)
        self.port = json.loads(ready_file.read_text())["port"]

    def address(self, scheme: str) -> str:
        """Where it listens: for everybody on this host, or for those who know who certified it."""
        is_private = self.ca_file is not None
        return f"{scheme}s://localhost:{self.port}" if is_private else f"{scheme}://127.0.0.1:{self.port}"

    def control(self, request: str) -> None:
        """Asks the venue to do something, such as "flush"."""
        context = None if self.ca_file is None else create_default_context(cafile=self.ca_file)
        with urlopen(f"{self.address('http')}/control/{request}", timeout=10, context=context) as answer:
            assert answer.status == 200

    def log(self) -> list[dict[str, Any]]:
        """Everything that the venue says it did, oldest first."""
        self.control("flush")
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def balances(self, account: str) -> dict[str, Any]:
        """What the account holds of each asset, asked over REST with a key that the engine does not have."""
        return query_balances(self.port, self.checking_keys[account])

    def stop(self) -> None:
        """Ends it, if it runs."""
        if self.process is not None:
            self.process.stop()
            self.process = None


class Installation:
    """One folder with whatever runs in it; leaving the `with` block ends all of it."""

    def __init__(self, folder: Path, search: SecretsSearch) -> None:
        self.folder = folder
        self._search = search
        self.runtime = folder / "run"
        self.folders = {"OMS_RUNTIME_DIR": str(self.runtime), "OMS_STATE_DIR": str(folder / "state")}
        self._cleanup = ExitStack()

    def close(self) -> None:
        """Ends every process that was started here, the latest first."""
        self._cleanup.close()

    def start_venue(self, *accounts: str, office: CertificateOffice | None = None, **settings: Any) -> VenueProcess:
        """A venue with these accounts that listens; certified by the office if there is one."""
        venue = VenueProcess(self.folder, accounts, settings, office)
        self._cleanup.callback(venue.stop)
        self._search.hide([*venue.trading_keys.values(), *venue.checking_keys.values()])
        venue.start()
        for name, key in venue.trading_keys.items():
            path = self.folder / f"{name}.key.toml"
            path.touch(mode=0o600)
            path.write_text(f"api_key = {json.dumps(key.api_key)}\nsecret_key = {json.dumps(key.private_pem)}\n")
        return venue

    def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> ChildProcess:
        """A process of ours in this folder, in which every warning is an error."""
        child = ChildProcess(name, [*STRICT, *arguments], {**self.folders, **(environment or {})})
        self._cleanup.callback(child.stop)
        self._search.watch(child)
        return child

    def launch_engine(
        self, table: Mapping[str, Any], environment: Mapping[str, str] | None = None
    ) -> tuple[ChildProcess, Path]:
        """An engine that is just starting, and the file that will say that it is ready."""
        name = table["engine"]["name"]
        config = write_table(with_limits(table), self.folder / f"{name}.engine.toml")
        ready_file = self.ready_file(name)
        ready_file.unlink(missing_ok=True)
        arguments = ("-m", "engine", str(config), "--ready-file", str(ready_file))
        return self.start(name, *arguments, environment=environment), ready_file

    def start_engine(self, table: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> ChildProcess:
        """An engine that is ready to trade."""
        engine, ready_file = self.launch_engine(table, environment)
        await_file(engine, ready_file)
        return engine

    def ready_file(self, engine: str) -> Path:
        """There while the engine is ready to trade."""
        return self.folder / f"{engine}.ready"

    def engine_pid(self, engine: str) -> int:
        """The process that trades, which another one supervises; by what it wrote into its own state."""
        segment = Segment.attach(self.runtime / engine / "state", SegmentKind.STATE, writable=False)
        pid = int(segment.words[SegmentWord.OWNER_PID])
        segment.close()
        return pid

    def journal_pid(self, engine: str) -> int:
        """The process that keeps an engine's journal, by what it was started with."""
        wanted = [b"engine.journal", str(self.folder / f"{engine}.engine.toml").encode()]
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cmdline").read_bytes().split(b"\0")[-3:-1] == wanted:
                    return int(process.name)
        raise AssertionError(f"no process keeps the journal of {engine}")

    def connect(self, engine: str, strategy: str, **options: Any) -> Client:
        """A client in this very process."""
        return connect(f"shm://{engine}", strategy=strategy, **options)


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """An installation whose folders also this process uses; its accounts' keys may lie in configuration alone."""
    with pytest.MonkeyPatch.context() as environment, SecretsSearch(folder) as search:
        installation = Installation(folder, search)
        for name, path in installation.folders.items():
            environment.setenv(name, path)
        try:
            yield installation
            search.verify_files()
        finally:
            installation.close()
        search.verify_files()
        search.verify_outputs()


def await_file(child: ChildProcess, path: Path) -> None:
    """Returns once the file is there; fails with the child's last words when it ends before."""

    def is_there() -> bool:
        child.check_alive()
        return path.exists()

    await_that(is_there, f"the file that says that the {child.name} is ready", timeout_s=3 * PATIENCE_S)


def venue_row(venue: VenueProcess, name: str = VENUE, **more: Any) -> dict[str, Any]:
    """A [[venue]] that leads to the simulated one."""
    return {
        "name": name,
        "kind": "binance_spot",
        "environment": "custom",
        "order_url": f"{venue.address('ws')}/ws-api/v3",
        "market_url": f"{venue.address('ws')}/stream",
        "instruments": ["BTC/USDT"],
        **more,
    }


def account_row(name: str, venue: str = VENUE, **more: Any) -> dict[str, Any]:
    """An [[account]] with its key in the installation's folder."""
    return {"name": name, "venue": venue, "key_file": f"{name}.key.toml", **more}


def strategy_row(number: int, name: str, account: str, venue: str = VENUE, **more: Any) -> dict[str, Any]:
    """A [[strategy]] that may trade as much as a test needs."""
    limit = {"max_order_quantity": "5", "max_order_notional": "1000000", "max_long": "20", "max_short": "20"}
    return {
        "name": name,
        "id": number,
        "accounts": [account],
        "limit": [{"instrument": f"BTC/USDT.{venue}", **limit}],
        **more,
    }


def with_limits(table: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration in which nothing limits what its own tables leave open."""
    prices = {"price_collar_bps": "unlimited", "fat_finger_bps": "unlimited"}
    strategies = [
        {"limits": UNLIMITED_KEYS, **strategy, "limit": [{**prices, **limit} for limit in strategy.get("limit", ())]}
        for strategy in table["strategy"]
    ]
    return {"limits": UNLIMITED_KEYS, **table, "strategy": strategies}


def engine_section(name: str, **more: Any) -> dict[str, Any]:
    """An [engine] that lets others have the processor while it has nothing to do."""
    sizes = {"order_capacity": 1024, "tombstone_capacity": 1024, "trade_capacity": 4096}
    return {"name": name, "idle": "backoff", **sizes, **more}
