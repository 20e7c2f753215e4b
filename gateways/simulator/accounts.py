"""Owns accounts: balances, commission rates, and the orders and fills of each."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateways.simulator.config import AccountConfig, ConfigurationError
from gateways.simulator.decimals import parse_units

if TYPE_CHECKING:
    from gateways.simulator.orders import Fill, Order

ASSET_DECIMALS = 8
# A rate of one basis point is 10**-4; rates are kept in units of 10**-8.
RATE_DECIMALS = 8
BPS_DECIMALS = 4


class Account:
    """One account; an order is in `open_orders` exactly while it may still trade."""

    def __init__(self, config: AccountConfig, *, is_reported: bool = True) -> None:
        try:
            self.maker_rate = parse_units(config.maker_commission_bps, BPS_DECIMALS)
            self.taker_rate = parse_units(config.taker_commission_bps, BPS_DECIMALS)
            balances = {asset: parse_units(text, ASSET_DECIMALS) for asset, text in config.balances.items()}
        except ValueError as error:
            raise ConfigurationError(f"account {config.name}: {error}") from error
        self.name = config.name
        self.is_reported = is_reported
        self.free: defaultdict[str, int] = defaultdict(int, balances)
        self.locked: defaultdict[str, int] = defaultdict(int)
        self.updated_ns = 0
        self.open_orders: defaultdict[str, dict[int, Order]] = defaultdict(dict)
        self.orders: defaultdict[str, dict[int, Order]] = defaultdict(dict)
        self.fills: defaultdict[str, list[Fill]] = defaultdict(list)
        self._by_client_order_id: dict[tuple[str, str], Order] = {}

    def find_by_client_order_id(self, symbol: str, client_order_id: str) -> Order | None:
        """The newest order that carries the id; ids are unique only among open orders."""
        return self._by_client_order_id.get((symbol, client_order_id))

    def find(self, symbol: str, order_id: int) -> Order | None:
        """The order with the venue's id."""
        return self.orders[symbol].get(order_id)

    def remember(self, order: Order) -> None:
        """Takes an accepted order into the account's books."""
        symbol = order.instrument.symbol
        self.open_orders[symbol][order.order_id] = order
        if self.is_reported:
            self.orders[symbol][order.order_id] = order
        self._by_client_order_id[symbol, order.client_order_id] = order

    def rename(self, order: Order, client_order_id: str) -> None:
        """Gives an open order another client id."""
        order.client_order_id = client_order_id
        self._by_client_order_id[order.instrument.symbol, client_order_id] = order

    def close(self, order: Order) -> None:
        """The order can no longer trade."""
        symbol = order.instrument.symbol
        del self.open_orders[symbol][order.order_id]
        if not self.is_reported:
            del self._by_client_order_id[symbol, order.client_order_id]

    def lock(self, asset: str, units: int) -> None:
        """Sets free units aside; Precondition: they are free."""
        self.free[asset] -= units
        assert self.free[asset] >= 0, "an account never owes"
        self.locked[asset] += units

    def unlock(self, asset: str, units: int) -> None:
        """Frees what was set aside."""
        self.locked[asset] -= units
        assert self.locked[asset] >= 0, "only locked units are unlocked"
        self.free[asset] += units
