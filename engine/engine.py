"""Owns the assembly of a running engine: venues, accounts and strategies of a configuration on one loop."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from engine.address_lookup import look_up
from engine.config import AccountConfig, Config, CurveConfig, VenueConfig
from engine.control_scopes import scopes_of_config
from engine.directory import Directory
from engine.event_log import EventLog, LogLevel
from engine.fee_watch import FeeWatch
from engine.host_clock import HostClock
from engine.hot_loop import HotLoop
from engine.journal.store import JournalStore
from engine.loop import SpinLoop
from engine.privacy import forget_variables
from engine.recovery.carry_over import carry_over
from engine.recovery.earlier_run import EarlierRun
from engine.recovery.run_journal import RunJournal
from engine.segments import EngineSegments
from engine.spin.spin import ready_descriptors
from engine.state_builder import StateBuilder
from engine.zeromq_admission import AllowedClient, CurveEndpoint
from engine.zeromq_server import ZeromqServer
from gateways.credentials import Credentials, read_environment, read_file
from gateways.instrument import AssetBinding, InstrumentBinding
from gateways.instruments_query import fetch_instruments
from gateways.market_data_gateway import MarketDataGateway
from gateways.order_gateway import AccountLine, OrderGateway
from gateways.registry import VENUES
from gateways.venue import Venue
from ipc.clock import NS_PER_MS, WaitingClock
from ipc.control_segment import LEASE_EXPIRED, NO_LEASE_NEEDED, ControlSegment
from ipc.curve import read_keys
from ipc.enums import ConnectionState, JournalState

CLIENTS_SOCKET = "clients"
# Nothing tells the server that a client is gone but the sign of life that cannot be sent any more, and nothing tells
# anybody that the host's clock was set.
_LOOK_AROUND_EVERY_S = 0.5


class Engine:
    """What lives from READY to the end; made and ended inside the running loop."""

    def __init__(  # noqa: PLR0913 - what the process hands over
        self,
        config: Config,
        segments: EngineSegments,
        store: JournalStore,
        earlier: EarlierRun,
        *,
        epoch: int,
        loop: SpinLoop,
        cores: frozenset[int],
        clock: WaitingClock,
        log: EventLog,
    ) -> None:
        self._config = config
        self._clock = clock
        self._loop = loop
        self._log = log
        self._segments = segments
        self._directory = Directory(config)
        self._builder = StateBuilder(config, self._directory, segments.state, epoch=epoch)
        self._generator = random.Random(epoch)  # noqa: S311  spreads reconnection attempts, guards nothing
        self.hot_loop = HotLoop(
            segments.state, strategy_rows=self._directory.strategy_rows, idle=config.engine.idle, clock=clock
        )
        self._host_clock = HostClock(clock, self.hot_loop)
        self._fee_watch = FeeWatch(config, self._directory, segments.state, clock=clock, core=self.hot_loop)
        self.order_gateways: list[OrderGateway] = []
        self._market_gateways: list[MarketDataGateway] = []
        self._server: ZeromqServer | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._cores = cores
        self._store = store
        self._earlier = earlier
        self._epoch = epoch
        self._journal: RunJournal | None = None
        self._control: ControlSegment | None = None

    async def start(self) -> None:
        """Asks the venues for their rules, opens every connection and lets the compiled loop run."""
        venue_bindings = {venue.name: await self._bind_instruments(venue) for venue in self._config.venues}
        accounts = [self._account(account) for account in self._config.accounts]
        forget_variables(self._config)
        hot_loop = self.hot_loop
        hot_loop.use_templates(
            [venue.templates(credentials, config.receive_window_ms) for config, venue, credentials in accounts]
        )
        for account_id, (config, venue, credentials) in enumerate(accounts):
            self._builder.set_budgets(account_id, venue)
            self._log.redaction.learn(credentials.api_key)
            line = AccountLine(
                account_id=account_id,
                venue=venue,
                order_url=_order_url(config, venue),
                credentials=credentials,
                receive_window_ms=config.receive_window_ms,
                instruments=venue_bindings[config.name],
                assets=self._asset_bindings(),
                ca_file=_ca_file(config),
                rate_share=self._builder.address_share(account_id),
            )
            self.order_gateways.append(
                OrderGateway(line, core=hot_loop, clock=self._clock, generator=self._generator, resolver=look_up)
            )
        self._segments.state.header["request_expiry_ns"] = max(map(_request_expiry_ns, self._config.venues))
        hot_loop.use_senders(self.order_gateways)
        await self._begin_journal()
        self._open_lanes()
        self._host_clock.tell()
        self._heed_control()
        self._attach_loop()
        for gateway in self.order_gateways:
            gateway.start()
        for config in self._config.venues:
            self._market_gateways += self._market_gateways_of(config, venue_bindings[config.name])
        for market in self._market_gateways:
            market.start()

    async def _bind_instruments(self, config: VenueConfig) -> Mapping[str, InstrumentBinding]:
        """Asks one venue for the rules of its instruments and sets them in the state."""
        venue = VENUES[config.kind]
        symbols = {venue.symbol(*pair.split("/")): f"{pair}.{config.name}" for pair in config.instruments}
        rules = await fetch_instruments(
            venue=venue,
            order_url=_order_url(config, venue),
            symbols=list(symbols),
            clock=self._clock,
            generator=self._generator,
            ca_file=_ca_file(config),
            resolver=look_up,
        )
        bindings = {}
        for symbol, name in symbols.items():
            instrument_id = self._directory.instruments.index(name)
            bindings[symbol] = InstrumentBinding(instrument_id, rules[symbol])
            self._builder.set_instrument(instrument_id, name, rules[symbol])
        self._log.write(LogLevel.INFO, "instruments", venue=config.name, count=len(bindings))
        return bindings

    def _account(self, account: AccountConfig) -> tuple[VenueConfig, Venue, Credentials]:
        config = next(venue for venue in self._config.venues if venue.name == account.venue)
        return config, VENUES[config.kind], _credentials(account)

    def _asset_bindings(self) -> dict[str, AssetBinding]:
        decimals = self._segments.state.table("assets")["decimals"]
        return {
            name: AssetBinding(asset_id, int(decimals[asset_id]))
            for asset_id, name in enumerate(self._directory.assets)
        }

    def _market_gateways_of(
        self, config: VenueConfig, bindings: Mapping[str, InstrumentBinding]
    ) -> Iterator[MarketDataGateway]:
        """As many connections as all symbols of a venue need."""
        symbols, symbols_max = list(bindings), VENUES[config.kind].market_data_symbols_max
        for first in range(0, len(symbols), symbols_max):
            yield self._market_gateway(
                config, {symbol: bindings[symbol] for symbol in symbols[first : first + symbols_max]}
            )

    def _market_gateway(self, config: VenueConfig, bindings: Mapping[str, InstrumentBinding]) -> MarketDataGateway:
        venue = VENUES[config.kind]
        return MarketDataGateway(
            venue=venue,
            market_url=config.market_url or venue.endpoints[config.environment].market_url,
            instruments=bindings,
            core=self.hot_loop,
            clock=self._clock,
            generator=self._generator,
            ca_file=_ca_file(config),
            resolver=look_up,
        )

    async def _begin_journal(self) -> None:
        """Takes over what lives of the earlier run, and writes down where this one starts."""
        state = self._segments.state
        state.header["now_ns"] = self._clock.monotonic_ns()
        state.header["utc_offset_ns"] = self._clock.utc_ns() - self._clock.monotonic_ns()
        if self._earlier.state is not None:
            told = carry_over(self._earlier.state, state, may_lack_end=self._earlier.may_lack_end)
            self._log.write(LogLevel.INFO, "carried_over", **asdict(told))
        config = self._config.journal
        self._journal = RunJournal(
            self._segments.folder, self._store, state, epoch=self._epoch, capacity=config.ring_capacity
        )
        self.hot_loop.use_journal(self._journal.ring, epoch=self._epoch, awaits_disk=config.mode == "power")
        await self._journal.until_kept(self._clock, self._log)

    @property
    def journal_state(self) -> JournalState:
        """Whether what happens is being kept, as the core knows it."""
        return JournalState(int(self._segments.state.header["journal_state"]))

    def _open_lanes(self) -> None:
        self.hot_loop.use_market_ring(self._segments.market_ring)
        self._segments.open_rings()
        for strategy in self._config.strategies:
            self.hot_loop.open_lane(
                strategy.id, self._segments.commands[strategy.id], self._segments.reports[strategy.id]
            )
        if self._config.monitoring.track_execution_metrics:
            self.hot_loop.measure(self._segments.latency)

    def _heed_control(self) -> None:
        """From now on guardian and operator are heard, also when nothing else is; what they asked before holds too."""
        control = ControlSegment.open(self._segments.folder, scopes_of_config(self._config))
        if not self._config.guardian.enabled:
            control.lease_until_ns = NO_LEASE_NEEDED
        elif control.lease_until_ns == NO_LEASE_NEEDED:
            control.lease_until_ns = LEASE_EXPIRED
        control.begin_epoch(self._epoch)
        self._control = control
        stall_max_ns = self._config.breakers.loop_stall_ms * NS_PER_MS
        self.hot_loop.use_control(control, epoch=self._epoch, stall_max_ns=stall_max_ns)

    def _attach_loop(self) -> None:
        selector = self._loop.spin_selector
        self.hot_loop.use_selector(selector)
        own_core = self._config.engine.core
        server = ZeromqServer(
            endpoints=(f"ipc://{self._segments.folder / CLIENTS_SOCKET}", *self._config.ipc.zeromq),
            strategies={strategy.name: strategy.id for strategy in self._config.strategies},
            engine=self.hot_loop,
            curve=[_curve_endpoint(one) for one in self._config.ipc.curve],
            spare_cores=self._cores - {own_core} if own_core >= 0 else (),
        )
        self._server = server
        selector.add_direct_reader(server.file_descriptor, self._serve_clients)
        selector.connect(
            self.hot_loop.address,
            lambda: ready_descriptors(self.hot_loop.address),
            self.hot_loop.send_frames,
            self._serve_clients,
            lambda: server.pending,
        )
        self._look_around()

    def _look_around(self) -> None:
        """Does what nothing asks for, now and every so often."""
        self._looking = self._loop.call_later(_LOOK_AROUND_EVERY_S, self._look_around)
        self._host_clock.tell_if_moved()
        self._fee_watch.look()
        self._serve_clients()

    def _serve_clients(self) -> None:
        assert self._server is not None, "clients are served while the engine runs"
        self.hot_loop.reports_served()
        self._server.poll(self._clock.monotonic_ns())

    def is_ready(self) -> bool:
        """Whether every account may trade and every venue's prices come."""
        states = self._segments.state.table("accounts")["connection_state"]
        return bool((states == ConnectionState.LIVE).all()) and all(
            gateway.is_connected for gateway in self._market_gateways
        )

    def troubles(self) -> dict[str, str]:
        """What last went wrong with the order connection of each account that is not live, by the account's name."""
        states = self._segments.state.table("accounts")["connection_state"]
        accounts = zip(self._config.accounts, self.order_gateways, states, strict=True)
        return {
            account.name: gateway.trouble
            for account, gateway, state in accounts
            if gateway.trouble and state != ConnectionState.LIVE
        }

    def failures(self) -> list[BaseException]:
        """What broke in a gateway by our own mistake, or could not be kept; the engine must not go on then."""
        found: list[BaseException] = [] if self.hot_loop.failed is None else [self.hot_loop.failed]
        for gateway in (*self.order_gateways, *self._market_gateways):
            if gateway.failed is not None and gateway.failed.done() and not gateway.failed.cancelled():
                error = gateway.failed.exception()
                if error is not None:
                    found.append(error)
        return found

    async def stop(self, *, is_orderly: bool) -> None:
        """Ends every connection; clients are told by the segments, and the guardian if it is not to take over."""
        for gateway in (*self.order_gateways, *self._market_gateways):
            if gateway.failed is not None:
                await gateway.stop()
        if self._looking is not None:
            self._looking.cancel()
        if self._server is not None:
            self._loop.spin_selector.remove_direct_reader(self._server.file_descriptor)
            self._loop.spin_selector.disconnect()
            self._server.close()
            self._server = None
        if self._control is not None and is_orderly:
            self._control.end_epoch()
        if self._journal is not None:
            self._journal.retire()


def _request_expiry_ns(config: VenueConfig) -> int:
    """How long after it was sent a request may still be carried out."""
    return config.receive_window_ms * NS_PER_MS + VENUES[config.kind].processing_timeout_ns


def _order_url(config: VenueConfig, venue: Venue) -> str:
    return config.order_url or venue.endpoints[config.environment].order_url


def _ca_file(config: VenueConfig) -> Path | None:
    return None if config.ca_file is None else Path(config.ca_file)


def _curve_endpoint(config: CurveConfig) -> CurveEndpoint:
    clients = [
        AllowedClient(client.name, client.public_key, frozenset(client.strategies), client.operator)
        for client in config.clients
    ]
    return CurveEndpoint(config.endpoint, read_keys(Path(config.server_key_file)), tuple(clients))


def _credentials(account: AccountConfig) -> Credentials:
    if account.key_file is not None:
        return read_file(Path(account.key_file))
    assert account.api_key_env is not None, "the configuration names a file or two variables"
    assert account.secret_env is not None, "the configuration names a file or two variables"
    return read_environment(account.api_key_env, account.secret_env)
