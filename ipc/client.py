"""Owns the client: what a strategy imports to trade through an engine, over shared memory or ZeroMQ."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ipc.address import open_channel, open_history
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock, WaitingClock
from ipc.enums import ENDED_STATUSES, OrderType, RecordKind, SelfTradePrevention, Side, TimeInForce
from ipc.errors import EngineRestartedError, SupersededError
from ipc.events import FIRST_FIELD, Alarm, Event, Lagged, VenueState
from ipc.instrument import Instrument
from ipc.order_terms import (
    Moment,
    Number,
    amount_of,
    configured,
    display_lots_of,
    flags_of,
    lots_or_0,
    member,
    order_type_of,
    price_ticks_or_0,
    time_in_force_of,
    utc_ns_or_0,
)
from ipc.parent_client import ParentOrders
from ipc.proof import Proof, proof_of
from ipc.records import ALARM, ALL_ACCOUNTS, ALL_INSTRUMENTS, HEADER_FIELDS, LAGGED
from ipc.report_stream import ReportStream
from ipc.state_queries import Snapshot

if TYPE_CHECKING:
    from ipc.market_feed import MarketFeed

__all__ = ["Client", "Snapshot", "connect"]

SPIN_NS = 50_000
_RING_SHARE = 256
_KIND = HEADER_FIELDS.index("kind")
_SEQUENCE = HEADER_FIELDS.index("sequence")
_PUBLISHED_NS = HEADER_FIELDS.index("published_ns")
_LOST_COUNT = (LAGGED.names or ()).index("lost_count")
_ALARM_INSTRUMENT_ID = (ALARM.names or ()).index("instrument_id")


def connect(  # noqa: PLR0913  what there is to say about a connection
    url: str,
    *,
    strategy: str,
    time_to_live_ms: int = 1_000,
    timeout_s: float = 2.0,
    clock: WaitingClock | None = None,
    key_file: Path | None = None,
    server_key: str | None = None,
) -> "Client":
    """A client of the engine at shm://ENGINE_NAME, tcp://HOST:PORT or ipc://PATH.

    A command that the engine first sees `time_to_live_ms` after it was sent is refused as expired. An engine on another
    host takes only whom it knows: `key_file` holds our key pair (`oms keys new`), `server_key` is the engine's public
    key.
    """
    proof = proof_of(url, key_file, server_key)
    return Client(url, strategy, time_to_live_ms * NS_PER_MS, timeout_s, clock or SystemClock(), proof)


class Client(ParentOrders):
    """Drives one strategy, from one thread.

    Nothing in it waits, except `wait`, `reconnect` and, over ZeroMQ, what reads rows.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what `connect` says
        self,
        url: str,
        strategy: str,
        time_to_live_ns: int,
        timeout_s: float,
        clock: WaitingClock,
        proof: Proof | None = None,
    ) -> None:
        super().__init__()
        self.url = url
        self.strategy = strategy
        self._time_to_live_ns = time_to_live_ns
        self._timeout_ns = int(timeout_s * NS_PER_S)
        self._clock = clock
        self._proof = proof
        self._instruments_of_orders: dict[int, Instrument] = {}
        self._stream = ReportStream()
        self._open(previous_epoch=0)

    def _open(self, previous_epoch: int) -> None:
        self._channel = open_channel(
            self.url, self.strategy, self._time_to_live_ns, self._timeout_ns, self._clock, self._proof
        )
        self._publish_new_order = self._channel.publish_new_order
        identity = self._channel.identity
        self._stream.connect(identity.last_report_sequence, is_new_run=identity.epoch != previous_epoch)
        try:
            self._catalog.load(self._channel)
        except BaseException:
            self._channel.close()
            raise

    def reconnect(self) -> None:
        """Leaves the engine and connects to the one that serves the address now; `resync` tells what it knows."""
        previous_epoch = self.epoch
        self._channel.close()
        self._instruments_of_orders.clear()
        self._open(previous_epoch)

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

    def market_feed(self) -> "MarketFeed":
        """What the engine hears of the markets from now on; over shared memory only. A feed ends with its engine."""
        # Kernels take a while to load, which a client that listens to no market need not wait for.
        from ipc.market_feed import MarketFeed  # noqa: PLC0415

        return MarketFeed(self._channel.market_ring(), self._catalog.instruments_by_id)

    @property
    def last_sequence(self) -> int:
        """The number of the last report that was given out, 0 when there was none."""
        return self._stream.last_sequence

    def submit(  # noqa: PLR0913  what an order says
        self,
        instrument: str | Instrument,
        side: Side | str,
        quantity: Number | None = None,
        *,
        price: Number | None = None,
        stop_price: Number | None = None,
        order_type: OrderType | str | None = None,
        time_in_force: TimeInForce | str | None = None,
        expire: Moment | None = None,
        display_quantity: Number | None = None,
        quote_quantity: Number | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        fill_first: bool | None = None,
        self_trade_prevention: SelfTradePrevention | str | None = None,
        release: Moment | None = None,
        account: str | None = None,
        client_tag: int = 0,
        max_slippage_bps: int | None = None,
        execution_timeout_ms: int | None = None,
        retry_attempts: int | None = None,
        retry_delay_ms: int | None = None,
    ) -> int:
        """Sends an order and returns its id. What is left out is as configured.

        With a price it is a LIMIT order, with a stop price a STOP or STOP_LIMIT order, with `expire` GTD. A market
        order may say how much of the quote asset to trade, `quote_quantity`, in the place of `quantity`, and with
        `fill_first` which of its promises wins: to be filled as the venue's own market order, once the book says that
        its price keeps to `max_slippage_bps`, or never to trade beyond that. `release` is when it is to be sent.
        Moments are datetimes with a time zone or nanoseconds since the Unix epoch.
        """
        known = self._catalog.instrument(instrument)
        order_lots, quote_notional = amount_of(known, quantity, quote_quantity)
        order_id = self._sent(
            self._publish_new_order(
                known.instrument_id,
                self._catalog.account_id(account, known),
                member(Side, side),
                price_ticks_or_0(known, price),
                order_lots,
                order_type_of(order_type, price=price, stop_price=stop_price, quote_quantity=quote_quantity),
                time_in_force_of(time_in_force, expire),
                flags_of(post_only=post_only, reduce_only=reduce_only, fill_first=fill_first),
                client_tag,
                configured(max_slippage_bps),
                configured(execution_timeout_ms),
                configured(retry_attempts),
                configured(retry_delay_ms),
                price_ticks_or_0(known, stop_price),
                utc_ns_or_0(expire, "expire"),
                display_lots_of(known, display_quantity),
                quote_notional,
                member(SelfTradePrevention, self_trade_prevention or SelfTradePrevention.DEFAULT),
                utc_ns_or_0(release, "release"),
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
        reduce_only: bool = False,
        fill_first: bool | None = None,
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
                price_ticks_or_0(known, price),
                order_type_of(order_type, price=price),
                member(TimeInForce, time_in_force or TimeInForce.DEFAULT),
                flags_of(post_only=post_only, reduce_only=reduce_only, fill_first=fill_first),
                client_tag,
                configured(max_slippage_bps),
                configured(execution_timeout_ms),
                configured(retry_attempts),
                configured(retry_delay_ms),
            )
        )
        self._instruments_of_orders[order_id] = known
        return order_id

    def cancel(self, order_id: int) -> None:
        """Asks to cancel an order."""
        self._sent(self._channel.publish_cancel(order_id))

    def amend(  # noqa: PLR0913  what an amendment says
        self,
        order_id: int,
        *,
        price: Number | None = None,
        quantity: Number | None = None,
        stop_price: Number | None = None,
        version: int = 0,
        conditional_on_version: int = 0,
        instrument: str | Instrument | None = None,
    ) -> None:
        """Asks to change an open order; what is left out stays. Naming the instrument spares looking it up.

        Amendments may be sent one behind the other. `version` numbers this one, growing; it is carried out only if
        the one that `conditional_on_version` names was, and 0 asks for neither. Reports tell both versions and how.
        """
        if price is None and quantity is None and stop_price is None:
            raise ValueError(f"amend of order {order_id} changes nothing; give price, quantity or stop_price")
        if instrument is not None:
            known = self._catalog.instrument(instrument)
        else:
            known = self._instruments_of_orders.get(order_id) or self._instrument_of_open(order_id)
        numbers = price_ticks_or_0(known, price), lots_or_0(known, quantity), price_ticks_or_0(known, stop_price)
        self._sent(self._channel.publish_amend(order_id, *numbers, version, conditional_on_version))

    def cancel_all(
        self,
        instrument: str | Instrument | None = None,
        *,
        account: str | None = None,
        side: Side | str | None = None,
    ) -> None:
        """Asks to cancel every open order of this strategy, or those of one instrument, account or side."""
        self._sent(self._channel.publish_cancel_all(*self._scope(instrument, account, side)))

    def order_status(self, order_id: int) -> None:
        """Asks how an order stands; a report of type ORDER_STATUS says it, also of one that has ended."""
        self._sent(self._channel.publish_status_request(order_id))

    def mass_status(
        self,
        instrument: str | Instrument | None = None,
        *,
        account: str | None = None,
        side: Side | str | None = None,
    ) -> None:
        """Asks how every open order of a scope stands; reports of type ORDER_STATUS say it, in the order of events.

        One of type STATUS_END comes last: `current` tells how many they were, and `reason` is not 0 if a cancel of
        all orders cut them short.
        `open_orders` lists them at once, but says nothing of what is on its way in reports.
        """
        self._sent(self._channel.publish_status_request(0, *self._scope(instrument, account, side)))

    def _scope(
        self, instrument: str | Instrument | None, account: str | None, side: Side | str | None
    ) -> tuple[int, int, int]:
        return (
            ALL_INSTRUMENTS if instrument is None else self._catalog.instrument(instrument).instrument_id,
            ALL_ACCOUNTS if account is None else self._catalog.account(account).account_id,
            0 if side is None else member(Side, side),
        )

    def events(self, max_events: int = 256) -> list[Event]:
        """What happened since the last call, each thing once; never waits.

        A `Lagged` stands where something is missing, and ends the list.
        """
        stream = self._stream
        if not stream.is_holding:
            stream.hold(self._channel.receive(max_events))
            if not stream.is_holding:
                missing = stream.missing_end(self._clock.monotonic_ns())
                return [self._event(missing, True)] if missing else []
        records = stream.take(max_events)
        if not records:
            return []
        last = len(records) - 1
        is_burst_over = not stream.is_holding and not self._channel.has_more()
        return [self._event(words, is_burst_over and index == last) for index, words in enumerate(records)]

    def replay(self, from_sequence: int | None = None, *, timeout_s: float = 5.0) -> Iterator[Event]:
        """What is missing, in order, before what `events` gives next: fetched from the journal, each thing once.

        Without a number it begins behind the last report given out; a strategy that kept that number over a restart
        of its own names the next one. It waits up to `timeout_s` for each further part.
        """
        stream = self._stream
        if from_sequence is None and not stream.last_sequence:
            raise ValueError("no report was seen yet, so none is missing; say from which sequence on: from_sequence=…")
        first, last = stream.last_sequence + 1, stream.last_missing()
        if from_sequence is not None:
            first, last = from_sequence, max(stream.last_known(), self._channel.identity.last_report_sequence)
        if first > last:
            return
        with closing(open_history(self.url, self.strategy, int(timeout_s * NS_PER_S), self._clock)) as history:
            for page in history.pages(first, last):
                # The ring must not run over again meanwhile.
                with suppress(EngineRestartedError, SupersededError):
                    stream.hold(self._channel.receive(_RING_SHARE))
                for words in page:
                    stream.give_out(words[_SEQUENCE])
                    yield self._event(words, False)

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

    def _event(self, words: tuple[int, ...], is_last_of_burst: bool) -> Event:
        kind = words[_KIND]
        if kind == RecordKind.EXECUTION_REPORT:
            report = self._report(words, is_last_of_burst)
            if report.order_status in ENDED_STATUSES:
                self._instruments_of_orders.pop(report.order_id, None)
            return report
        if kind == RecordKind.PARENT_REPORT:
            return self._parent_report(words, is_last_of_burst)
        if kind == RecordKind.ROUTE_DECISION:
            return self._route_decision(words, is_last_of_burst)
        if kind == RecordKind.VENUE_STATE:
            return VenueState(is_last_of_burst, *words[FIRST_FIELD:])
        if kind == RecordKind.ALARM:
            instrument = self._catalog.instruments_by_id.get(words[_ALARM_INSTRUMENT_ID])
            return Alarm(instrument, is_last_of_burst, *words[FIRST_FIELD:])
        return Lagged(
            is_last_of_burst,
            words[_PUBLISHED_NS],
            words[_LOST_COUNT],
            from_sequence=self._stream.last_sequence + 1,
            to_sequence=words[_SEQUENCE],
        )
