"""Owns the part of a client that trades by algorithms: parent orders, their schedules, pausing and resuming."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from ipc.clock import WaitingClock
from ipc.enums import Side
from ipc.errors import ClientError, ScheduleUnsentError
from ipc.events import FIRST_FIELD
from ipc.instrument import Instrument
from ipc.order_terms import Moment, Number, member
from ipc.parent_enums import Algorithm, Benchmark, ParentControl, ParentFlag, ParentState
from ipc.parent_events import ParentReport, RouteDecision
from ipc.parent_terms import (
    at_utc_ns_or_0,
    interval_ms_or_0,
    parent_amount_of,
    positive_lots_or_0,
    positive_ticks_or_0,
    schedule_terms,
    share_ppm_or_0,
    slices_of_schedule,
    trigger_flag_of,
)
from ipc.records import ALL_ACCOUNTS, PARENT_REPORT, ROUTE_DECISION
from ipc.state_queries import StateQueries

_REPORTED_INSTRUMENT_ID = (PARENT_REPORT.names or ()).index("instrument_id")
_ROUTED_INSTRUMENT_ID = (ROUTE_DECISION.names or ()).index("instrument_id")


class ParentOrders(StateQueries):
    """The half of a client that sends parents; they are cancelled and amended as orders are, by their ids."""

    _clock: WaitingClock
    _instruments_of_orders: dict[int, Instrument]

    def execute(  # noqa: PLR0913  what an intent says
        self,
        instrument: str | Instrument,
        side: Side | str,
        quantity: Number | None = None,
        *,
        notional: Number | None = None,
        algorithm: Algorithm | str = Algorithm.AUTO,
        limit: Number | None = None,
        start: Moment | timedelta | None = None,
        end: Moment | timedelta | None = None,
        urgency: Number | None = None,
        participation: Number | None = None,
        display: Number | None = None,
        interval: timedelta | None = None,
        noise: Number | None = None,
        seed: int = 0,
        trigger: Number | None = None,
        trigger_when: Literal["above", "below"] | None = None,
        trail: Number | None = None,
        take_profit: Number | None = None,
        after: int = 0,
        benchmark: Benchmark | str = Benchmark.ARRIVAL,
        routed: bool = False,
        reduce_only: bool = False,
        passive_only: bool = False,
        schedule: Sequence[Number] | None = None,
        account: str | None = None,
        tag: int = 0,
    ) -> int:
        """Sends an intent, a parent order that the engine works by an algorithm, and returns its id.

        It says how much, `quantity` or the `notional` in the quote asset, and may say at which price at worst,
        `limit`, and from when until when: moments, or a timedelta from now. `urgency`, `participation` and `noise`
        are shares from 0 to 1. A parent with a `trigger` starts when the price is there, as a stop order does unless
        `trigger_when` says "above" or "below". `schedule` is what to trade in each of equally long slices
        (`ipc.schedules`). A routed one without account may use all of them.

        `after` is the order whose fills a STOP or BRACKET follows: it needs no quantity, nor does a CLOSE_OUT.
        """
        known = self._catalog.instrument(instrument)
        algorithm, side = member(Algorithm, algorithm), member(Side, side)
        slices = slices_of_schedule(known, schedule)
        order_lots, quote_notional = parent_amount_of(
            known, quantity, notional, slices, may_be_open=algorithm == Algorithm.CLOSE_OUT or after != 0
        )
        flags = ParentFlag.ROUTED if routed else 0
        flags |= ParentFlag.REDUCE_ONLY if reduce_only else 0
        flags |= ParentFlag.PASSIVE_ONLY if passive_only else 0
        now_utc_ns = self._clock.utc_ns()
        terms = (
            known.instrument_id,
            ALL_ACCOUNTS if routed and account is None else self._catalog.account_id(account, known),
            side,
            algorithm,
            flags | trigger_flag_of(algorithm, side, trigger, trigger_when),
            order_lots,
            quote_notional,
            positive_ticks_or_0(known, limit, "limit"),
            tag,
            at_utc_ns_or_0(start, "start", now_utc_ns),
            at_utc_ns_or_0(end, "end", now_utc_ns),
            share_ppm_or_0(urgency, "urgency"),
            share_ppm_or_0(participation, "participation"),
            positive_lots_or_0(known, display, "display"),
            interval_ms_or_0(interval),
            share_ppm_or_0(noise, "noise"),
            seed,
            positive_ticks_or_0(known, trigger, "trigger"),
            positive_ticks_or_0(known, trail, "trail"),
            positive_ticks_or_0(known, take_profit, "take_profit"),
            after,
            member(Benchmark, benchmark),
        )
        order_id = self._sent(self._channel.publish_parent(terms))
        self._instruments_of_orders[order_id] = known
        if slices:
            try:
                self._send_schedule(order_id, slices)
            except ClientError as error:
                raise ScheduleUnsentError(order_id, error) from error
        return order_id

    def schedule(
        self, order_id: int, schedule: Sequence[Number], *, instrument: str | Instrument | None = None
    ) -> None:
        """Sends a parent the schedule that it waits for; `execute` does so by itself."""
        known = (
            self._instruments_of_orders.get(order_id) if instrument is None else self._catalog.instrument(instrument)
        )
        if known is None:
            raise LookupError(f"parent order {order_id} was not sent by this client; name its instrument: instrument=…")
        self._send_schedule(order_id, slices_of_schedule(known, schedule))

    def _send_schedule(self, order_id: int, slices: Sequence[int]) -> None:
        for terms in schedule_terms(slices):
            self._sent(self._channel.publish_schedule(order_id, terms))

    def pause(self, order_id: int) -> None:
        """Asks a parent to send nothing more, and to cancel what it has in the market, until it is resumed."""
        self._sent(self._channel.publish_parent_control(order_id, ParentControl.PAUSE))

    def resume(self, order_id: int) -> None:
        """Asks a paused parent to go on."""
        self._sent(self._channel.publish_parent_control(order_id, ParentControl.RESUME))

    def _sent(self, result: int) -> int:
        if result <= 0:
            raise self._channel.unsent_error(result)
        return result

    def _parent_report(self, words: tuple[int, ...], is_last_of_burst: bool) -> ParentReport:
        instrument = self._catalog.instruments_by_id.get(words[_REPORTED_INSTRUMENT_ID])
        quote_asset = self._catalog.assets_by_id.get(instrument.quote_asset_id) if instrument else None
        report = ParentReport(instrument, quote_asset, is_last_of_burst, *words[FIRST_FIELD:])
        if report.parent_state == ParentState.ENDED:
            self._instruments_of_orders.pop(report.order_id, None)
        return report

    def _route_decision(self, words: tuple[int, ...], is_last_of_burst: bool) -> RouteDecision:
        instrument = self._catalog.instruments_by_id.get(words[_ROUTED_INSTRUMENT_ID])
        return RouteDecision(instrument, is_last_of_burst, *words[FIRST_FIELD:])
