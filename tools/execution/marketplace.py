"""Owns one simulated venue as the core meets it: requests come late, are carried out exactly, and are reported late.

No message is lost here and none comes twice; what happens when they are is `tools/simulation`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from gateways.simulator.accounts import Account
from gateways.simulator.config import AccountConfig
from gateways.simulator.exchange import Exchange
from gateways.simulator.instruments import Instrument
from gateways.simulator.order_book import OrderBook
from gateways.simulator.orders import (
    Execution,
    ExecutionType,
    Fill,
    Order,
    OrderKind,
    SelfTradePrevention,
    TimeInForce,
)
from gateways.simulator.orders import RejectReason as VenueRejectReason
from gateways.simulator.orders import Side as VenueSide
from gateways.simulator.venue_log import VenueLog
from ipc.enums import (
    Liquidity,
    OrderFlag,
    OrderType,
    RecordKind,
    RejectReason,
    RequestKind,
    Side,
    VenueEvent,
)
from ipc.enums import SelfTradePrevention as Prevention
from ipc.enums import TimeInForce as Force
from tools.execution.flow import Flow
from tools.execution.market_data import MarketData
from tools.execution.records import places_of, record
from tools.execution.value import Value
from tools.execution.venues import BASE, QUOTE, SYMBOL, VenueTerms
from tools.simulation.timeline import START_NS, Timeline
from tools.simulation.venue import VenueClock

_PPM_PER_BPS = 100
_RICH = {BASE: "100000", QUOTE: "100000000"}
_REQUEST = places_of(RecordKind.VENUE_REQUEST)
_KIND, _ORDER_ID, _ORIGINAL = _REQUEST["request_kind"], _REQUEST["order_id"], _REQUEST["original_order_id"]
_LOTS, _PRICE, _FLAGS = _REQUEST["order_lots"], _REQUEST["price_ticks"], _REQUEST["order_flags"]
_FORCES = {int(Force.IOC): TimeInForce.IOC, int(Force.FOK): TimeInForce.FOK}
_PREVENTIONS = {
    int(Prevention.EXPIRE_TAKER): SelfTradePrevention.EXPIRE_TAKER,
    int(Prevention.EXPIRE_MAKER): SelfTradePrevention.EXPIRE_MAKER,
    int(Prevention.EXPIRE_BOTH): SelfTradePrevention.EXPIRE_BOTH,
    int(Prevention.DECREMENT): SelfTradePrevention.DECREMENT,
}
_REASONS = {
    VenueRejectReason.INSUFFICIENT_BALANCE: RejectReason.INSUFFICIENT_BALANCE,
    VenueRejectReason.DUPLICATE_CLIENT_ORDER_ID: RejectReason.DUPLICATE_CLIENT_ORDER_ID,
    VenueRejectReason.WOULD_TAKE: RejectReason.WOULD_TAKE_LIQUIDITY,
    VenueRejectReason.UNKNOWN_ORDER: RejectReason.UNKNOWN_ORDER,
    VenueRejectReason.QUANTITY_UNCHANGED: RejectReason.NO_CHANGE,
}


class Marketplace:
    """The exchange, its market, our account there, and the way to it and back."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a venue is made of
        self,
        number: int,
        terms: VenueTerms,
        assets: list[str],
        value: Value,
        timeline: Timeline,
        generator: Random,
        deliver: Callable[[list[int]], None],
    ) -> None:
        self.terms = terms
        self.instrument = Instrument(terms.instrument)
        self.account = Account(
            AccountConfig(
                name="own",
                balances=_RICH,
                maker_commission_bps=str(terms.maker_ppm / _PPM_PER_BPS),
                taker_commission_bps=str(terms.taker_ppm / _PPM_PER_BPS),
            )
        )
        self.flow = Flow(
            terms,
            self.instrument,
            lambda: value.milli(number, timeline.now_ns - START_NS),
            timeline,
            Random(generator.random()),
        )
        clock = VenueClock(timeline)
        log = VenueLog(clock, keeps_records=False)
        self.exchange = Exchange(clock, log, [self.instrument], [self.account, self.flow.account])
        self.exchange.observer = self
        self.book: OrderBook = self.exchange.books[SYMBOL]
        self.data = MarketData(number, self.book, timeline, self._tell)
        self._number = number
        self._assets = assets
        self._timeline = timeline
        self._random = generator.random
        self._deliver = deliver
        self._up_due_ns = 0
        self._down_due_ns = 0
        self._answering = 0

    def start(self) -> None:
        """Opens the market."""
        self.flow.start(self.exchange)
        self.data.start()

    @property
    def fills(self) -> list[Fill]:
        """Ours, in their order."""
        return self.account.fills[SYMBOL]

    def request(self, effect: list[int]) -> None:
        """Takes what the core asks for; it arrives after a while."""
        self._up_due_ns = max(self._timeline.now_ns + self._delay_ns(), self._up_due_ns + 1)
        self._timeline.at(self._up_due_ns, self._arrive, effect)

    # What the exchange tells.

    def on_execution(self, execution: Execution) -> None:
        """Something happened to an order of ours."""
        order, fill = execution.order, execution.fill
        if fill is not None:
            self._report(
                order,
                VenueEvent.FILL,
                trade_id=fill.trade_id,
                last_lots=fill.lots,
                last_price_ticks=fill.price_ticks,
                liquidity=int(Liquidity.ADDED if fill.is_maker else Liquidity.REMOVED),
                fee_units=fill.fee_units,
                fee_asset_id=self._assets.index(fill.fee_asset),
            )
        elif execution.execution_type is ExecutionType.NEW:
            self._report(order, VenueEvent.ACCEPTED, answers_request=self._answering)
        elif not order.is_open and execution.execution_type is not ExecutionType.CANCELED:
            is_own = execution.execution_type is ExecutionType.TRADE_PREVENTION
            self._report(order, VenueEvent.EXPIRED, reason=int(RejectReason.SELF_TRADE) if is_own else 0)

    def on_balances(self, account: Account, assets: tuple[str, ...], utc_ns: int) -> None:
        """What we have is no concern of a trial's."""

    def on_deposit(self, account: Account, asset: str, units: int) -> None:
        """Nobody gives or takes anything."""

    def on_trade(self, book: OrderBook, maker: Fill) -> None:
        """Two orders traded."""
        self.data.on_trade(maker)

    def on_top_of_book(self, book: OrderBook) -> None:
        """The best bid or ask is another one."""
        self.data.on_top()

    # Requests.

    def _arrive(self, effect: list[int]) -> None:
        kind = effect[_KIND]
        if kind == RequestKind.NEW:
            self._place(effect)
        elif kind == RequestKind.CANCEL:
            self._cancel(effect[_ORDER_ID])
        elif kind == RequestKind.AMEND:
            self._amend(effect)
        elif kind == RequestKind.CANCEL_REPLACE:
            self._replace(effect)
        else:
            raise AssertionError(f"nothing is in doubt here, and the core asks for {RequestKind(kind).name}")

    def _place(self, effect: list[int]) -> None:
        order, answers_request = self._order(effect), int(RequestKind.NEW)
        self._answering = answers_request
        reason = self.exchange.place(order)
        if reason is not None:
            self._refuse(effect[_ORDER_ID], VenueEvent.REJECTED, answers_request, _reason_of(reason))

    def _cancel(self, leg_id: int) -> None:
        answers_request = int(RequestKind.CANCEL)
        order = self._open_order(leg_id)
        if order is None:
            self._refuse(leg_id, VenueEvent.CANCEL_REJECTED, answers_request, RejectReason.UNKNOWN_ORDER)
            return
        self.exchange.cancel(order, "")
        self._report(order, VenueEvent.CANCELED, answers_request=answers_request)

    def _amend(self, effect: list[int]) -> None:
        leg_id, answers_request = effect[_ORDER_ID], int(RequestKind.AMEND)
        order = self._open_order(leg_id)
        reason = RejectReason.UNKNOWN_ORDER
        if order is not None:
            refusal = self.exchange.amend(order, order_lots=effect[_LOTS], client_order_id=order.client_order_id)
            if refusal is None:
                self._report(order, VenueEvent.REPLACED, answers_request=answers_request)
                return
            reason = _reason_of(refusal)
        self._refuse(leg_id, VenueEvent.REPLACE_REJECTED, answers_request, reason)

    def _replace(self, effect: list[int]) -> None:
        """Cancels a leg that has not traded and places another; nothing is placed when nothing was cancelled."""
        leg_id, answers_request = effect[_ORDER_ID], int(RequestKind.CANCEL_REPLACE)
        original = self._open_order(effect[_ORIGINAL])
        if original is None or original.cumulative_lots:
            reason = RejectReason.UNKNOWN_ORDER if original is None else RejectReason.OTHER
            self._refuse(leg_id, VenueEvent.REPLACE_REJECTED, answers_request, reason)
            return
        self.exchange.cancel(original, "")
        order = self._order(effect)
        self._answering = 0
        refusal = self.exchange.place(order)
        self._report(
            original,
            VenueEvent.REPLACED if refusal is None else VenueEvent.CANCELED,
            venue_order_id=order.order_id if refusal is None else original.order_id,
            answers_request=answers_request,
            replacement_order_id=leg_id,
        )
        if refusal is not None:
            self._refuse(leg_id, VenueEvent.REJECTED, answers_request, _reason_of(refusal))

    def _order(self, effect: list[int]) -> Order:
        is_market = effect[_REQUEST["order_type"]] == OrderType.MARKET
        return Order(
            account=self.account,
            instrument=self.instrument,
            client_order_id=str(effect[_ORDER_ID]),
            side=VenueSide.BUY if effect[_REQUEST["side"]] == Side.BUY else VenueSide.SELL,
            kind=OrderKind.MARKET if is_market else OrderKind.LIMIT,
            time_in_force=_FORCES.get(effect[_REQUEST["time_in_force"]], TimeInForce.GTC),
            order_lots=effect[_LOTS],
            price_ticks=0 if is_market else effect[_PRICE],
            post_only=bool(effect[_FLAGS] & OrderFlag.POST_ONLY),
            display_lots=effect[_REQUEST["display_lots"]],
            self_trade_prevention=_PREVENTIONS.get(effect[_REQUEST["self_trade_prevention"]], SelfTradePrevention.NONE),
        )

    def _open_order(self, leg_id: int) -> Order | None:
        order = self.account.find_by_client_order_id(SYMBOL, str(leg_id))
        return order if order is not None and order.is_open else None

    # Reports.

    def _report(self, order: Order, event: VenueEvent, **fields: int) -> None:
        known = {
            "order_id": int(order.client_order_id),
            "event": int(event),
            "account_id": self._number,
            "instrument_id": self._number,
            "venue_order_id": order.order_id,
            "cumulative_lots": order.cumulative_lots,
            "order_lots": order.order_lots - order.prevented_lots,
            "price_ticks": order.price_ticks,
            "venue_utc_ns": self._timeline.utc_ns(),
            "side": int(Side.BUY if order.side is VenueSide.BUY else Side.SELL),
        }
        self._tell(record(RecordKind.VENUE_REPORT, **{**known, **fields}))

    def _refuse(self, leg_id: int, event: VenueEvent, answers_request: int, reason: RejectReason) -> None:
        self._tell(
            record(
                RecordKind.VENUE_REPORT,
                order_id=leg_id,
                event=int(event),
                account_id=self._number,
                reason=int(reason),
                replacement_order_id=leg_id if answers_request == RequestKind.CANCEL_REPLACE else 0,
                answers_request=answers_request,
            )
        )

    def _tell(self, words: list[int]) -> None:
        """Lets a record come to the core after a while, behind all that was told before."""
        self._down_due_ns = max(self._timeline.now_ns + self._delay_ns(), self._down_due_ns + 1)
        self._timeline.at(self._down_due_ns, self._deliver, words)

    def _delay_ns(self) -> int:
        return self.terms.latency_ns + int(self._random() * self.terms.latency_ns) // 2


def _reason_of(refusal: VenueRejectReason) -> RejectReason:
    return _REASONS.get(refusal, RejectReason.OTHER)
