"""Owns two engines beside each other: one whose every key differs from its default, one left as it comes."""

import os
import socket
from contextlib import ExitStack
from typing import Any

from ipc.curve import new_keys, write_keys
from tests.gateways.certificate_office import CertificateOffice
from tests.system.installation import (
    INSTRUMENT,
    Installation,
    VenueProcess,
    account_row,
    strategy_row,
    venue_row,
)
from tests.system.trading_desk import TradingDesk, desk_of

SMALL, PLAIN = "small", "plain"
LIMITED_ID = 3
INSTANCE, STRATEGY_ID, CORE = 9, 77, min(os.sched_getaffinity(0))
ORDER_CAPACITY, RING_CAPACITY, MARKET_RING_CAPACITY = 16, 64, 32
ANSWER_TIMEOUT_MS = 300
DUPLICATES_MAX, DUPLICATE_WINDOW_MS = 2, 400
BOOK_AGE_MAX_MS, RECEIVE_WINDOW_MS, RETENTION_MS = 1_500, 400, 300
LIMITS = {"max_order_quantity": "0.5", "max_order_notional": "20000", "max_long": "0.4", "max_short": "0.01"}
JOURNAL: dict[str, Any] = {
    "mode": "power",
    "ring_capacity": 1024,
    "segment_mb": 1,
    "disk_budget_mb": 16,
    "snapshot_every": 1000,
}
KEY_VARIABLES = {"api_key_env": "SMALL_API_KEY", "secret_env": "SMALL_SECRET"}
FREE = {"rate_limit": {"rate_limit_orders": 10_000}, "execution": {"execution_timeout_ms": 0}}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class EnginePair:
    """Both engines, their venues and desks for their strategies."""

    def __init__(self, installation: Installation, desks: ExitStack) -> None:
        self.installation = installation
        office = CertificateOffice(installation.folder, "authority")
        self.private_venue = installation.start_venue("small", "maker", office=office, flow={"enabled": False})
        self.venue = installation.start_venue("plain", flow={"enabled": False})
        self.port, self.curve_port = free_port(), free_port()
        self.server_keys, self.client_keys, self.operator_keys = new_keys(), new_keys(), new_keys()
        write_keys(installation.folder / "server.key", self.server_keys)
        write_keys(installation.folder / "client.key", self.client_keys)
        write_keys(installation.folder / "operator.key", self.operator_keys)
        key = self.private_venue.trading_keys["small"]
        small = self.small_table()
        self.processes = {
            SMALL: installation.start_engine(small, {"SMALL_API_KEY": key.api_key, "SMALL_SECRET": key.private_pem}),
            PLAIN: installation.start_engine(self.plain_table()),
        }
        self._lines: dict[str, list[str]] = {SMALL: [], PLAIN: []}
        self.desks = {
            name: desks.enter_context(desk_of(installation, engine, name, INSTRUMENT))
            for name, engine in (("small", SMALL), ("maker", SMALL), ("limited", SMALL), ("plain", PLAIN))
        }

    def small_table(self) -> dict[str, Any]:
        """Every key has a value of its own."""
        return {
            "engine": {
                "name": SMALL,
                "instance": INSTANCE,
                "core": CORE,
                "idle": "spin",
                "order_capacity": ORDER_CAPACITY,
                "tombstone_capacity": 16,
                "trade_capacity": 16,
                "order_retention_ms": RETENTION_MS,
                "market_ring_capacity": MARKET_RING_CAPACITY,
            },
            "journal": JOURNAL,
            "execution": {
                "acknowledgement_timeout_ms": ANSWER_TIMEOUT_MS,
                "cancel_timeout_ms": ANSWER_TIMEOUT_MS,
            },
            "ipc": {
                "ring_capacity": RING_CAPACITY,
                "zeromq": [f"tcp://127.0.0.1:{self.port}"],
                "curve": [self.curve_row()],
            },
            "monitoring": {"track_execution_metrics": False, "log_level": "ERROR"},
            "risk": {
                "duplicate_orders_max": DUPLICATES_MAX,
                "duplicate_window_ms": DUPLICATE_WINDOW_MS,
                "book_age_max_ms": BOOK_AGE_MAX_MS,
            },
            "venue": [
                venue_row(
                    self.private_venue,
                    ca_file=str(self.private_venue.ca_file),
                    receive_window_ms=RECEIVE_WINDOW_MS,
                    instruments=["BTC/USDT", "ETH/USDT"],
                )
            ],
            "account": [{"name": "small", "venue": "BINANCE", **KEY_VARIABLES}, account_row("maker")],
            "strategy": [
                strategy_row(STRATEGY_ID, "small", "small", **FREE),
                strategy_row(2, "maker", "maker", **FREE),
                strategy_row(LIMITED_ID, "limited", "small", limit=[{"instrument": INSTRUMENT, **LIMITS}], **FREE),
            ],
        }

    def curve_row(self) -> dict[str, Any]:
        """One key for one of the strategies, and one for who operates and drives none."""
        client = {"name": "desk", "public_key": self.client_keys.public_key, "strategies": ["limited"]}
        return {
            "endpoint": f"tcp://127.0.0.1:{self.curve_port}",
            "server_key_file": str(self.installation.folder / "server.key"),
            "client": [client, {"name": "person", "public_key": self.operator_keys.public_key, "operator": True}],
        }

    def plain_table(self) -> dict[str, Any]:
        """Nothing but what must be said, and that it shall leave the processor to others."""
        return {
            "engine": {"name": PLAIN, "idle": "backoff"},
            "venue": [venue_row(self.venue)],
            "account": [account_row("plain")],
            "strategy": [strategy_row(1, "plain", "plain", **FREE)],
        }

    def pid(self, engine: str) -> int:
        """The process that trades."""
        return self.installation.engine_pid(engine)

    def journal_pid(self, engine: str) -> int:
        """The process that keeps its journal."""
        return self.installation.journal_pid(engine)

    def log_lines(self, engine: str) -> list[str]:
        """What an engine wrote so far."""
        self._lines[engine] += self.processes[engine].new_lines()
        return self._lines[engine]

    def venue_of(self, engine: str) -> VenueProcess:
        """Where an engine trades."""
        return self.private_venue if engine == SMALL else self.venue

    def desk(self, engine: str) -> TradingDesk:
        """The desk of an engine's own strategy."""
        return self.desks[engine]
