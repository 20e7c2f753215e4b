"""Owns the matching engine: it takes orders, cancels and amendments and makes trades."""

from collections.abc import Iterable
from typing import Protocol

from gateways.simulator.accounts import Account
from gateways.simulator.instruments import Instrument
from gateways.simulator.order_book import OrderBook
from gateways.simulator.order_records import OrderRecords
from gateways.simulator.orders import (
    EndReason,
    Execution,
    ExecutionType,
    Fill,
    Order,
    OrderKind,
    OrderStatus,
    Prevention,
    RejectReason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from gateways.simulator.settlement import (
    Settlement,
    immediately_available_lots,
    lots_for_quote,
    market_cost_units,
    meets_itself,
)
from gateways.simulator.triggers import Triggers
from gateways.simulator.venue_log import VenueLog
from ipc.clock import Clock


class Observer(Protocol):
    """Who turns what happens into a venue's messages; called while it happens."""

    def on_execution(self, execution: Execution) -> None:
        """Something happened to an order of a configured account."""

    def on_balances(self, account: Account, assets: tuple[str, ...], utc_ns: int) -> None:
        """Balances of these assets may have changed."""

    def on_deposit(self, account: Account, asset: str, units: int) -> None:
        """A balance changed from outside the venue."""

    def on_trade(self, book: OrderBook, maker: Fill) -> None:
        """Two orders traded."""

    def on_top_of_book(self, book: OrderBook) -> None:
        """The best bid or ask, or its quantity, is another one."""


class Exchange:
    """Price-time priority over any number of instruments; every change goes through here."""

    def __init__(
        self, clock: Clock, log: VenueLog, instruments: Iterable[Instrument], accounts: Iterable[Account]
    ) -> None:
        self.clock = clock
        self.log = log
        self.settlement = Settlement()
        self.books = {instrument.symbol: OrderBook(instrument) for instrument in instruments}
        self.accounts = {account.name: account for account in accounts}
        self.observer: Observer | None = None
        self._records = OrderRecords(log)
        self._triggers = {symbol: Triggers() for symbol in self.books}
        self._touched: dict[Account, None] = {}
        self._utc_ns = 0

    def place(self, order: Order) -> RejectReason | None:
        """Accepts the order, and trades what trades at once; or says why not and changes nothing."""
        book = self.books[order.instrument.symbol]
        reason = self._refusal(order, book)
        if reason is not None:
            return reason
        self._utc_ns = utc_ns = self.clock.utc_ns()
        book.order_id += 1
        order.order_id = book.order_id
        order.is_open = True
        order.created_ns = order.updated_ns = utc_ns
        order.account.remember(order)
        if order.stop_ticks:
            self._triggers[order.instrument.symbol].add(order)
        else:
            order.working_ns = utc_ns
        self._records.accepted(order)
        self._report(Execution(ExecutionType.NEW, order), book)
        if not order.stop_ticks:
            self._work(order, book)
        self._publish(book)
        return None

    def cancel(self, order: Order, cancel_client_order_id: str) -> RejectReason | None:
        """Ends an open order."""
        if not order.is_open:
            return RejectReason.UNKNOWN_ORDER
        book = self.books[order.instrument.symbol]
        self._utc_ns = self.clock.utc_ns()
        if order.working_ns:
            book.remove(order)
        else:
            self._triggers[order.instrument.symbol].remove(order)
        self._end(order, OrderStatus.CANCELED, EndReason.NONE)
        self._records.canceled(order, cancel_client_order_id)
        self._report(Execution(ExecutionType.CANCELED, order, client_order_id=cancel_client_order_id), book)
        self._publish(book)
        return None

    def amend(self, order: Order, *, order_lots: int, client_order_id: str) -> RejectReason | None:
        """Lowers an open order's quantity and keeps its place in the queue."""
        if not order.is_open:
            return RejectReason.UNKNOWN_ORDER
        if order_lots > order.order_lots:
            return RejectReason.QUANTITY_NOT_REDUCED
        # What self-trade prevention took away is as little left to trade as what was filled.
        if order_lots == order.order_lots or order_lots <= order.cumulative_lots + order.prevented_lots:
            return RejectReason.QUANTITY_UNCHANGED
        book = self.books[order.instrument.symbol]
        self._utc_ns = self.clock.utc_ns()
        previous_client_order_id = order.client_order_id
        order.order_lots = order_lots
        order.amendment_count += 1
        order.updated_ns = self._utc_ns
        order.account.rename(order, client_order_id)
        if order.working_ns:
            book.shrink(order)
        self.settlement.trim(order)
        self._touched[order.account] = None
        self._records.amended(order, previous_client_order_id)
        self._report(Execution(ExecutionType.REPLACED, order, client_order_id=previous_client_order_id), book)
        self._publish(book)
        return None

    def deposit(self, account: Account, asset: str, units: int) -> None:
        """Adds to a balance from outside the venue; a negative amount is a withdrawal of free units."""
        account.free[asset] += units
        assert account.free[asset] >= 0, "only free units are withdrawn"
        account.updated_ns = self.clock.utc_ns()
        if account.is_reported:
            self._records.deposited(account, asset, units)
            if self.observer is not None:
                self.observer.on_deposit(account, asset, units)

    def _refusal(self, order: Order, book: OrderBook) -> RejectReason | None:
        previous = order.account.find_by_client_order_id(order.instrument.symbol, order.client_order_id)
        if order.instrument.status != "TRADING":
            return RejectReason.MARKET_CLOSED
        if previous is not None and previous.is_open:
            return RejectReason.DUPLICATE_CLIENT_ORDER_ID
        if order.stop_ticks and _is_reached(order, book.last_price_ticks):
            return RejectReason.WOULD_TRIGGER
        if order.post_only and self._would_take(order, book):
            return RejectReason.WOULD_TAKE
        if order.quote_order_units:
            order.order_lots = lots_for_quote(order, book)
            if not order.order_lots:
                return RejectReason.NO_LIQUIDITY
        is_locked = self.settlement.lock(order, self._units_to_lock(order, book))
        self._touched[order.account] = None
        return None if is_locked else RejectReason.INSUFFICIENT_BALANCE

    @staticmethod
    def _would_take(order: Order, book: OrderBook) -> bool:
        best = book.other_side(order).best()
        return best is not None and _crosses(order, best.price_ticks)

    @staticmethod
    def _units_to_lock(order: Order, book: OrderBook) -> int:
        if order.side is Side.SELL:
            return order.leaves_lots * order.instrument.lot_units
        if order.kind is OrderKind.LIMIT:
            return order.instrument.reserve_units(order.price_ticks, order.leaves_lots)
        # What a market buy that still waits will cost is known only when it is triggered.
        return 0 if order.stop_ticks and not order.working_ns else market_cost_units(order, book)

    def _work(self, order: Order, book: OrderBook) -> None:
        """Trades an order that is at the market, then rests or ends it."""
        worst_ticks = order.price_ticks if order.kind is OrderKind.LIMIT else 0
        is_fill_or_kill = order.time_in_force is TimeInForce.FOK
        if is_fill_or_kill and immediately_available_lots(order, book, worst_ticks) < order.leaves_lots:
            self._expire(order, EndReason.UNFILLED_FILL_OR_KILL, book)
            return
        self._match(order, book)
        if not order.is_open:
            return
        if order.kind is OrderKind.MARKET:
            self._expire(order, EndReason.INSUFFICIENT_LIQUIDITY, book)
        elif order.time_in_force is TimeInForce.IOC:
            self._expire(order, EndReason.UNFILLED_IMMEDIATE_OR_CANCEL, book)
        else:
            assert not is_fill_or_kill, "a fill-or-kill order has been filled or killed"
            book.rest(order)

    def _match(self, taker: Order, book: OrderBook) -> None:
        opposite = book.other_side(taker)
        while taker.is_open:
            level = opposite.best()
            if level is None or not _crosses(taker, level.price_ticks):
                return
            maker = level.first()
            if meets_itself(taker, maker):
                self._prevent(taker, maker, book)
            elif not self._trade(taker, maker, book):
                return

    def _trade(self, taker: Order, maker: Order, book: OrderBook) -> bool:
        """Trades the two; False when the taker cannot pay for even one lot."""
        price_ticks = maker.price_ticks
        lots = min(taker.leaves_lots, maker.visible_lots)
        if taker.kind is OrderKind.MARKET and taker.side is Side.BUY:
            lots = min(lots, book.instrument.affordable_lots(price_ticks, taker.locked_units))
            if not lots:
                return False
        quote_units = book.instrument.notional_units(price_ticks, lots)
        book.trade_id += 1
        book.last_price_ticks = price_ticks
        book.average.add(self._utc_ns, price_ticks, lots)
        maker_fill = Fill(maker, book.trade_id, price_ticks, lots, quote_units, is_maker=True)
        taker_fill = Fill(taker, book.trade_id, price_ticks, lots, quote_units, is_maker=False)
        self._fill(maker_fill)
        book.reduce(maker, lots)
        self._fill(taker_fill)
        for fill in (taker_fill, maker_fill):
            self._records.traded(fill)
            self._report(Execution(ExecutionType.TRADE, fill.order, fill), book)
        if self.observer is not None:
            self.observer.on_trade(book, maker_fill)
        return True

    def _fill(self, fill: Fill) -> None:
        """Books one side of a trade."""
        order = fill.order
        account, instrument = order.account, order.instrument
        order.cumulative_lots += fill.lots
        order.cumulative_quote_units += fill.quote_units
        order.updated_ns = fill.utc_ns = self._utc_ns
        if order.leaves_lots:
            order.status = OrderStatus.PARTIALLY_FILLED
        else:
            order.status = OrderStatus.FILLED
            order.is_open = False
            account.close(order)
        self.settlement.settle(order, lots=fill.lots, quote_units=fill.quote_units)
        self.settlement.charge(fill)
        self._touched[account] = None
        if account.is_reported:
            order.fills.append(fill)
            account.fills[instrument.symbol].append(fill)

    def _prevent(self, taker: Order, maker: Order, book: OrderBook) -> None:
        """Takes from one order or both what the account would have traded with itself."""
        mode = taker.self_trade_prevention
        match_id = book.prevented_match_id
        book.prevented_match_id += 1
        price_ticks, match_lots = maker.price_ticks, min(taker.leaves_lots, maker.leaves_lots)
        is_decrement = mode is SelfTradePrevention.DECREMENT
        if mode is not SelfTradePrevention.EXPIRE_TAKER:
            lots = match_lots if is_decrement else maker.leaves_lots
            if lots == maker.leaves_lots:
                book.remove(maker)
            self._take_away(maker, Prevention(match_id, taker, lots, match_lots, price_ticks), book)
            if maker.is_open:
                book.shrink(maker)
        if mode is not SelfTradePrevention.EXPIRE_MAKER:
            lots = match_lots if is_decrement else taker.leaves_lots
            self._take_away(taker, Prevention(match_id, maker, lots, match_lots, price_ticks), book)

    def _take_away(self, order: Order, prevention: Prevention, book: OrderBook) -> None:
        order.prevented_match_id = prevention.match_id
        order.prevented_lots += prevention.expired_lots
        if order.leaves_lots:
            order.updated_ns = self._utc_ns
            self.settlement.trim(order)
            self._touched[order.account] = None
        else:
            self._end(order, OrderStatus.EXPIRED, EndReason.SELF_TRADE)
        self._records.prevented(order, prevention)
        self._report(Execution(ExecutionType.TRADE_PREVENTION, order, prevention=prevention), book)

    def _expire(self, order: Order, reason: EndReason, book: OrderBook) -> None:
        self._end(order, OrderStatus.EXPIRED, reason)
        self._records.expired(order)
        self._report(Execution(ExecutionType.EXPIRED, order), book)

    def _end(self, order: Order, status: OrderStatus, reason: EndReason) -> None:
        order.status = status
        order.end_reason = reason
        order.is_open = False
        order.updated_ns = self._utc_ns
        order.account.close(order)
        self.settlement.trim(order)
        self._touched[order.account] = None

    def _fire_triggers(self, book: OrderBook) -> None:
        triggers = self._triggers[book.instrument.symbol]
        while (order := triggers.pop_reached(book.last_price_ticks)) is not None:
            order.working_ns = order.updated_ns = self._utc_ns
            if order.side is Side.BUY and order.kind is OrderKind.MARKET:
                self._touched[order.account] = None
                if not self.settlement.lock(order, self._units_to_lock(order, book)):
                    self._expire(order, EndReason.TRIGGERED_ORDER_REJECTED, book)
                    continue
            self._records.working(order)
            self._report(Execution(ExecutionType.NEW, order), book)
            self._work(order, book)

    def _publish(self, book: OrderBook) -> None:
        """Fires what the last trades triggered, then tells of balances and of the book."""
        self._fire_triggers(book)
        observer = self.observer
        instrument = book.instrument
        for account in self._touched:
            account.updated_ns = self._utc_ns
            if observer is not None and account.is_reported:
                observer.on_balances(account, (instrument.base, instrument.quote), self._utc_ns)
        self._touched.clear()
        if observer is not None and book.take_top_change():
            observer.on_top_of_book(book)

    def _report(self, execution: Execution, book: OrderBook) -> None:
        book.execution_id += 1
        if self.observer is not None and execution.order.account.is_reported:
            execution.execution_id = book.execution_id
            execution.utc_ns = self._utc_ns
            self.observer.on_execution(execution)


def _crosses(order: Order, price_ticks: int) -> bool:
    if order.kind is OrderKind.MARKET:
        return True
    return price_ticks <= order.price_ticks if order.side is Side.BUY else price_ticks >= order.price_ticks


def _is_reached(order: Order, last_price_ticks: int) -> bool:
    if order.stop_rises:
        return last_price_ticks >= order.stop_ticks
    return last_price_ticks <= order.stop_ticks
