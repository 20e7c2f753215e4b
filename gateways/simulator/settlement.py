"""Owns the movement of money: what an order locks, what a trade pays, what the venue earns."""

from collections import defaultdict

from gateways.simulator.accounts import RATE_DECIMALS
from gateways.simulator.order_book import OrderBook
from gateways.simulator.orders import Fill, Order, OrderKind, SelfTradePrevention, Side

RATE_ONE = 10**RATE_DECIMALS


class Settlement:
    """Moves balances; the sum of all accounts and the fees never changes but by a deposit."""

    def __init__(self) -> None:
        self.fees: defaultdict[str, int] = defaultdict(int)

    def lock(self, order: Order, units: int) -> bool:
        """Sets aside what the order may cost; False when the account has not got it."""
        asset = locked_asset(order)
        if order.account.free[asset] < units:
            return False
        order.account.lock(asset, units)
        order.locked_units += units
        return True

    def settle(self, order: Order, *, lots: int, quote_units: int) -> None:
        """Exchanges the two assets of a fill; Precondition: the order's quantities already show it."""
        account, instrument = order.account, order.instrument
        base_units = lots * instrument.lot_units
        if order.side is Side.BUY:
            paid_asset, paid_units, got_asset, got_units = (
                instrument.quote, quote_units, instrument.base, base_units,
            )  # fmt: skip
        else:
            paid_asset, paid_units, got_asset, got_units = (
                instrument.base, base_units, instrument.quote, quote_units,
            )  # fmt: skip
        order.locked_units -= paid_units
        account.locked[paid_asset] -= paid_units
        assert order.locked_units >= 0, "a fill never costs more than was locked"
        account.free[got_asset] += got_units
        self.trim(order)

    def charge(self, fill: Fill) -> None:
        """Takes the commission out of the received asset, rounded down."""
        order = fill.order
        account, instrument = order.account, order.instrument
        rate = account.maker_rate if fill.is_maker else account.taker_rate
        if order.side is Side.BUY:
            asset, received_units = instrument.base, fill.lots * instrument.lot_units
        else:
            asset, received_units = instrument.quote, fill.quote_units
        fill.fee_units = received_units * rate // RATE_ONE
        fill.fee_asset = asset
        account.free[asset] -= fill.fee_units
        self.fees[asset] += fill.fee_units

    def trim(self, order: Order) -> None:
        """Frees what the rest of the order can no longer cost."""
        spare_units = order.locked_units - self._needed_units(order)
        if spare_units > 0:
            order.locked_units -= spare_units
            order.account.unlock(locked_asset(order), spare_units)

    @staticmethod
    def _needed_units(order: Order) -> int:
        if not order.is_open:
            return 0
        if order.side is Side.SELL:
            return order.leaves_lots * order.instrument.lot_units
        if order.kind is OrderKind.LIMIT:
            return order.instrument.reserve_units(order.price_ticks, order.leaves_lots)
        return order.locked_units


def locked_asset(order: Order) -> str:
    """The asset that the order gives."""
    return order.instrument.quote if order.side is Side.BUY else order.instrument.base


def meets_itself(order: Order, maker: Order) -> bool:
    """Whether self-trade prevention keeps the two apart; the taker's mode decides."""
    return order.account is maker.account and order.self_trade_prevention is not SelfTradePrevention.NONE


def market_cost_units(order: Order, book: OrderBook) -> int:
    """What a market buy for a quantity costs against the book as it stands."""
    lots, cost_units = order.leaves_lots, 0
    for level in book.other_side(order).from_best():
        for maker in level.orders.values():
            if meets_itself(order, maker):
                continue
            part = min(lots, maker.leaves_lots)
            cost_units += order.instrument.reserve_units(level.price_ticks, part)
            lots -= part
            if not lots:
                return cost_units
    return cost_units


def lots_for_quote(order: Order, book: OrderBook) -> int:
    """How many lots a market order for an amount of the quote asset trades."""
    units, lots = order.quote_order_units, 0
    for level in book.other_side(order).from_best():
        for maker in level.orders.values():
            if meets_itself(order, maker):
                continue
            part = min(maker.leaves_lots, order.instrument.affordable_lots(level.price_ticks, units))
            lots += part
            units -= order.instrument.notional_units(level.price_ticks, part)
            if part < maker.leaves_lots:
                return lots
    return lots


def immediately_available_lots(order: Order, book: OrderBook, crosses: int) -> int:
    """How much of a fill-or-kill order the book can fill; `crosses` is its worst price."""
    is_buy, lots = order.side is Side.BUY, 0
    for level in book.other_side(order).from_best():
        if crosses and (level.price_ticks > crosses if is_buy else level.price_ticks < crosses):
            break
        lots += sum(maker.leaves_lots for maker in level.orders.values() if not meets_itself(order, maker))
        if lots >= order.leaves_lots:
            break
    return lots
