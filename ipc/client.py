"""Owns the client: what a strategy imports to trade through an engine, over shared memory or ZeroMQ."""

from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple, Self, TypeVar

from ipc.address import open_channel
from ipc.catalog import Catalog
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock, WaitingClock
from ipc.enums import ENDED_STATUSES, OrderFlag, OrderType, RecordKind, Side, TimeInForce
from ipc.errors import UnknownNameError
from ipc.events import FIRST_FIELD, Balance, Best, Event, ExecutionReport, Lagged, Position, VenueState
from ipc.instrument import Account, Instrument
from ipc.records import ALL_INSTRUMENTS, AS_CONFIGURED, EXECUTION_REPORT, HEADER_FIELDS, INSTRUMENT_STATUS

SPIN_NS = 50_000
_AFTER_HEADER = len(HEADER_FIELDS)
_KIND = HEADER_FIELDS.index("kind")
_PUBLISHED_NS = HEADER_FIELDS.index("published_ns")
_REPORT_WORDS = EXECUTION_REPORT.names or ()
_ORDER_ID = _REPORT_WORDS.index("order_id")
_INSTRUMENT_ID = _REPORT_WORDS.index("instrument_id")
_FEE_ASSET_ID = _REPORT_WORDS.index("fee_asset_id")
_BID_TICKS = (INSTRUMENT_STATUS.names or ()).index("bid_ticks")
_BOOK_RECEIVED_NS = (INSTRUMENT_STATUS.names or ()).index("book_received_ns")

Member = TypeVar("Member", bound=IntEnum)
Number = Decimal | str | int


class Snapshot(NamedTuple):
    """How things stand: this strategy's open orders and its positions."""

    open_orders: list[ExecutionReport]
    positions: list[Position]


def connect(
    url: str,
    *,
    strategy: str,
    time_to_live_ms: int = 1_000,
    timeout_s: float = 2.0,
    clock: WaitingClock | None = None,
) -> "Client":
    """A client of the engine at shm://ENGINE_NAME, tcp://HOST:PORT or ipc://PATH.

    A command that the engine first sees `time_to_live_ms` after it was sent is refused as expired.
    """
    return Client(url, strategy, time_to_live_ms * NS_PER_MS, timeout_s, clock or SystemClock())


class Client:
    """Drives one strategy, from one thread.

    Nothing in it waits, except `wait`, `reconnect` and, over ZeroMQ, what reads rows.
    """

    def __init__(self, url: str, strategy: str, time_to_live_ns: int, timeout_s: float, clock: WaitingClock) -> None:
        self.url = url
        self.strategy = strategy
        self._time_to_live_ns = time_to_live_ns
        self._timeout_ns = int(timeout_s * NS_PER_S)
        self._clock = clock
        self._catalog = Catalog()
        self._instruments_of_orders: dict[int, Instrument] = {}
        self._open()

    def _open(self) -> None:
        self._channel = open_channel(self.url, self.strategy, self._time_to_live_ns, self._timeout_ns, self._clock)
        self._publish_new_order = self._channel.publish_new_order
        try:
            self._catalog.load(self._channel)
        except BaseException:
            self._channel.close()
            raise

    def reconnect(self) -> None:
        """Leaves the engine and connects to the one that serves the address now; `resync` tells what it knows."""
        self._channel.close()
        self._instruments_of_orders.clear()
        self._open()

    def close(self) -> None:
        """Lets the strategy go. Open orders stay open."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def strategy_id(self) -> int:
        """The engine's number of this strategy."""
        return self._channel.identity.strategy_id

    @property
    def epoch(self) -> int:
        """Which run of the engine this client speaks to."""
        return self._channel.identity.epoch

    @property
    def session_address(self) -> int:
        """What compiled strategies pass to `ipc.strategy_kernels`; over shared memory only."""
        return self._channel.session_address

    def submit(  # noqa: PLR0913  what an order says
        self,
        instrument: str | Instrument,
        side: Side | str,
        quantity: Number,
        *,
        price: Number | None = None,
        order_type: OrderType | str | None = None,
        time_in_force: TimeInForce | str | None = None,
        post_only: bool = False,
        account: str | None = None,
        client_tag: int = 0,
        max_slippage_bps: int | None = None,
        execution_timeout_ms: int | None = None,
        retry_attempts: int | None = None,
        retry_delay_ms: int | None = None,
    ) -> int:
        """Sends an order and returns its id. What is left out is as configured; with a price it is a LIMIT order."""
        known = self._catalog.instrument(instrument)
        order_id = self._sent(
            self._publish_new_order(
                known.instrument_id,
                self._catalog.account_id(account, known),
                _member(Side, side),
                0 if price is None else known.price_ticks(price),
                known.lots(quantity),
                _order_type(order_type, price),
                _member(TimeInForce, time_in_force or TimeInForce.DEFAULT),
                OrderFlag.POST_ONLY if post_only else 0,
                client_tag,
                _configured(max_slippage_bps),
                _configured(execution_timeout_ms),
                _configured(retry_attempts),
                _configured(retry_delay_ms),
            )
        )
        self._instruments_of_orders[order_id] = known
        return order_id

    def submit_ticks(  # noqa: PLR0913  what an order says
        self,
        *,
        instrument_id: int,
        account_id: int,
        side: int,
        price_ticks: int,
        order_lots: int,
        order_type: int = OrderType.LIMIT,
        time_in_force: int = TimeInForce.DEFAULT,
        order_flags: int = 0,
        client_tag: int = 0,
    ) -> int:
        """Sends an order given in integers and returns its id; the order type is LIMIT unless said otherwise."""
        order_id = self._publish_new_order(
            instrument_id,
            account_id,
            side,
            price_ticks,
            order_lots,
            order_type,
            time_in_force,
            order_flags,
            client_tag,
        )
        if order_id <= 0:
            raise self._channel.unsent_error(order_id)
        return order_id

    @property
    def publish_new_order(self) -> Callable[..., int]:
        """The fastest way to order from Python: a function to keep in a variable until `reconnect`.

        It takes integers by position, as `strategy_kernels.publish_new_order` does behind the session: instrument_id,
        account_id, side, price_ticks, order_lots and what may follow. It returns the order's id, or an `Unsent`.
        """
        return self._publish_new_order

    def target(  # noqa: PLR0913  what a target says
        self,
        instrument: str | Instrument,
        position: Number,
        *,
        price: Number | None = None,
        order_type: OrderType | str | None = None,
        time_in_force: TimeInForce | str | None = None,
        post_only: bool = False,
        account: str | None = None,
        client_tag: int = 0,
        max_slippage_bps: int | None = None,
        execution_timeout_ms: int | None = None,
        retry_attempts: int | None = None,
        retry_delay_ms: int | None = None,
    ) -> int:
        """Asks for a position, negative to be short; returns the id of the order that may be needed for it."""
        known = self._catalog.instrument(instrument)
        order_id = self._sent(
            self._channel.publish_target(
                known.instrument_id,
                self._catalog.account_id(account, known),
                known.lots(position),
                0 if price is None else known.price_ticks(price),
                _order_type(order_type, price),
                _member(TimeInForce, time_in_force or TimeInForce.DEFAULT),
                OrderFlag.POST_ONLY if post_only else 0,
                client_tag,
                _configured(max_slippage_bps),
                _configured(execution_timeout_ms),
                _configured(retry_attempts),
                _configured(retry_delay_ms),
            )
        )
        self._instruments_of_orders[order_id] = known
        return order_id

    def cancel(self, order_id: int) -> None:
        """Asks to cancel an order."""
        self._sent(self._channel.publish_cancel(order_id))

    def amend(
        self,
        order_id: int,
        *,
        price: Number | None = None,
        quantity: Number | None = None,
        instrument: str | Instrument | None = None,
    ) -> None:
        """Asks to change an open order; what is left out stays. Naming the instrument spares looking it up."""
        if price is None and quantity is None:
            raise ValueError(f"amend of order {order_id} changes nothing; give price, quantity or both")
        known = self._catalog.instrument(instrument) if instrument else self._instrument_of(order_id)
        price_ticks = 0 if price is None else known.price_ticks(price)
        order_lots = 0 if quantity is None else known.lots(quantity)
        self._sent(self._channel.publish_amend(order_id, price_ticks, order_lots))

    def cancel_all(self, instrument: str | Instrument | None = None) -> None:
        """Asks to cancel every open order of this strategy, or those in one instrument."""
        wanted = ALL_INSTRUMENTS if instrument is None else self._catalog.instrument(instrument).instrument_id
        self._sent(self._channel.publish_cancel_all(wanted))

    def events(self, max_events: int = 256) -> list[Event]:
        """What happened since the last call; never waits."""
        records = self._channel.receive(max_events)
        if not records:
            return []
        last = len(records) - 1
        is_burst_over = not self._channel.has_more()
        return [self._event(words, is_burst_over and index == last) for index, words in enumerate(records)]

    def wait(self, timeout_s: float) -> list[Event]:
        """The next events, or none after the time-out; spins for a moment, then sleeps in between."""
        started = self._clock.monotonic_ns()
        deadline = started + int(timeout_s * NS_PER_S)
        while True:
            events = self.events()
            now = self._clock.monotonic_ns()
            if events or now >= deadline:
                return events
            if now - started >= SPIN_NS:
                self._channel.pause(deadline - now)

    def resync(self) -> Snapshot:
        """How things stand, after a connection was made or reports were lost."""
        return Snapshot(self.open_orders(), self.positions())

    def open_orders(self) -> list[ExecutionReport]:
        """This strategy's open orders."""
        rows = self._channel.rows(RecordKind.ORDER_STATUS, ALL_INSTRUMENTS)
        # An order is listed again when the listing had to begin anew; the later row is the truer one.
        orders = {words[_ORDER_ID]: words for words in rows}
        return [self._report(words, is_last_of_burst=False) for words in orders.values()]

    def positions(self) -> list[Position]:
        """This strategy's positions in every instrument that it traded."""
        rows = self._channel.rows(RecordKind.POSITION_STATUS, ALL_INSTRUMENTS)
        return [self._position(words) for words in rows]

    def position(self, instrument: str | Instrument) -> Position:
        """This strategy's position in one instrument."""
        wanted = self._catalog.instrument(instrument).instrument_id
        return self._position(self._channel.rows(RecordKind.POSITION_STATUS, wanted)[0])

    def balances(self) -> list[Balance]:
        """What this strategy's accounts hold, as their venues last said."""
        accounts, assets = self._catalog.accounts_by_id, self._catalog.assets_by_id
        rows = self._channel.rows(RecordKind.BALANCE_STATUS, ALL_INSTRUMENTS)
        fields = [words[_AFTER_HEADER:] for words in rows]
        return [Balance(accounts[values[0]], assets[values[1]], *values) for values in fields]

    def best(self, instrument: str | Instrument) -> Best:
        """The best bid and ask of one instrument."""
        known = self._catalog.instrument(instrument)
        words = self._channel.rows(RecordKind.INSTRUMENT_STATUS, known.instrument_id)[0]
        received_ns = words[_BOOK_RECEIVED_NS]
        age_ns = words[_PUBLISHED_NS] - received_ns if received_ns else None
        return Best(known, age_ns, *words[_BID_TICKS:_BOOK_RECEIVED_NS])

    def instruments(self) -> dict[str, Instrument]:
        """The engine's instruments by name, asked for anew."""
        self._catalog.load(self._channel)
        return dict(self._catalog.instruments)

    def accounts(self) -> dict[str, Account]:
        """This strategy's accounts by name, asked for anew."""
        self._catalog.load(self._channel)
        return dict(self._catalog.accounts)

    def _sent(self, result: int) -> int:
        if result <= 0:
            raise self._channel.unsent_error(result)
        return result

    def _event(self, words: tuple[int, ...], is_last_of_burst: bool) -> Event:
        if words[_KIND] == RecordKind.LAGGED:
            return Lagged(is_last_of_burst, *words[_PUBLISHED_NS:])
        if words[_KIND] == RecordKind.VENUE_STATE:
            return VenueState(is_last_of_burst, *words[_PUBLISHED_NS:])
        return self._report(words, is_last_of_burst)

    def _report(self, words: tuple[int, ...], is_last_of_burst: bool) -> ExecutionReport:
        instrument = self._catalog.instruments_by_id.get(words[_INSTRUMENT_ID])
        fee_asset = self._catalog.assets_by_id.get(words[_FEE_ASSET_ID])
        report = ExecutionReport(instrument, fee_asset, is_last_of_burst, *words[FIRST_FIELD:])
        if report.order_status in ENDED_STATUSES:
            self._instruments_of_orders.pop(report.order_id, None)
        return report

    def _position(self, words: tuple[int, ...]) -> Position:
        values = words[_AFTER_HEADER:]
        return Position(self._catalog.instruments_by_id[values[1]], *values)

    def _instrument_of(self, order_id: int) -> Instrument:
        known = self._instruments_of_orders.get(order_id)
        if known is None:
            known = next((order.instrument for order in self.open_orders() if order.order_id == order_id), None)
        if known is None:
            raise UnknownNameError(
                f"order {order_id} is not open, so its instrument is not known; "
                "allowed are this strategy's open orders, or name it: instrument=…"
            )
        return known


def _member(enumeration: type[Member], value: Member | str) -> Member:
    """A member by itself or by its name in any case; ValueError lists the names."""
    if isinstance(value, str):
        member = enumeration.__members__.get(value.upper())
        if member is not None:
            return member
    elif isinstance(value, enumeration):
        return value
    allowed = ", ".join(enumeration.__members__)
    raise ValueError(f"{enumeration.__name__} is {value!r}, allowed are {allowed}")


def _order_type(order_type: OrderType | str | None, price: Number | None) -> OrderType:
    if order_type is not None:
        return _member(OrderType, order_type)
    # A price that a configured MARKET order would ignore must not be lost silently.
    return OrderType.DEFAULT if price is None else OrderType.LIMIT


def _configured(value: int | None) -> int:
    return AS_CONFIGURED if value is None else value
