"""Owns the simulated venue as a running server: it listens, keeps its tasks and stops cleanly."""

import asyncio
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from picows import WSListener, WSUpgradeRequest, WSUpgradeResponseWithListener, ws_create_server

from gateways.simulator.accounts import Account
from gateways.simulator.background_flow import BackgroundFlow, flow_accounts
from gateways.simulator.binance_spot.face import BinanceSpotFace
from gateways.simulator.config import VenueConfig, check_config
from gateways.simulator.connection import Connection
from gateways.simulator.control import answer_control
from gateways.simulator.exchange import Exchange
from gateways.simulator.faults import Faults
from gateways.simulator.instruments import Instrument
from gateways.simulator.latency import LatencyModel
from gateways.simulator.venue_log import VenueLog
from ipc.clock import Clock, SystemClock


class SimulatedVenue:
    """A venue on the running event loop; `async with` starts and stops it."""

    def __init__(self, config: VenueConfig, *, clock: Clock | None = None, keeps_records: bool = True) -> None:
        check_config(config)
        self.config = config
        self.clock = clock or SystemClock()
        self.faults = Faults(config.faults)
        self.latency = LatencyModel(config.latency, config.seed)
        self.connections: set[Connection] = set()
        log_path = Path(config.log_file) if config.log_file else None
        self._log = VenueLog(self.clock, log_path, keeps_records=keeps_records)
        instruments = [Instrument(instrument) for instrument in config.instruments]
        assets = {asset for instrument in instruments for asset in (instrument.base, instrument.quote)}
        maker, taker = flow_accounts(assets)
        accounts = [Account(account) for account in config.accounts]
        self.exchange = Exchange(self.clock, self._log, instruments, [*accounts, maker, taker])
        self.flow = BackgroundFlow(self.exchange, config.flow, config.seed, maker, taker)
        self.face = BinanceSpotFace(self)
        self.exchange.observer = self.face
        self._server: asyncio.Server | None = None
        self._flow_task: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every record of the venue's log so far, oldest first."""
        return self._log.records

    def flush_log(self) -> None:
        """Makes every record so far readable in the log file."""
        self._log.flush()

    def write_log(self, event: str, record: dict[str, Any]) -> None:
        """Adds a record that a protocol face has to tell."""
        self._log.append(event, record)

    async def start(self) -> None:
        """Listens; afterwards `port` is known."""
        config = self.config
        self._server = await ws_create_server(
            self._route,
            config.host,
            config.port,
            ssl=self._tls_context(),
            max_frame_size=config.session.max_frame_bytes,
            enable_auto_pong=False,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        symbols = list(self.exchange.books)
        self._log.append("opened", {"venue": config.venue, "seed": config.seed, "symbols": symbols})
        if config.flow.enabled:
            self.flow.step()
            self._flow_task = asyncio.get_running_loop().create_task(self.flow.run())

    async def stop(self) -> None:
        """Closes every connection and the log; nothing of the venue is left on the loop."""
        if self._flow_task is not None:
            self._flow_task.cancel()
            await asyncio.gather(self._flow_task, return_exceptions=True)
            self._flow_task = None
        self.face.stop()
        if self._server is not None:
            self._server.close()
            for connection in list(self.connections):
                connection.abort()
            while self.connections:
                await asyncio.sleep(0)
            self._server = None
            self._log.close()

    def announce_shutdown(self) -> None:
        """Tells every client that the server is about to go."""
        self.face.announce_shutdown()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _route(self, request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener | None:
        path, _, query = request.path.decode("ascii", "replace").partition("?")
        if path.startswith("/control/"):
            return answer_control(self, path, query)
        return self.face.route(path, query, request.headers)

    def _tls_context(self) -> ssl.SSLContext | None:
        if not self.config.tls_certificate_file:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.config.tls_certificate_file, self.config.tls_key_file)
        return context
