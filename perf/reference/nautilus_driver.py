"""Owns NautilusTrader's side of the life-cycle benchmark; its own Python runs this file, without this project.

A line of JSON in, a line of JSON out. The events are made beforehand, only `order.apply` is timed.
"""

import gc
import importlib
import json
import sys
from statistics import median
from timeit import default_timer
from typing import Any

LOTS = 10
NS_PER_S = 1e9


def _load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"nautilus_trader.{module}"), name)


class Nautilus:
    """What of NautilusTrader the benchmark needs."""

    def __init__(self) -> None:
        self.events = _load("test_kit.stubs.events", "TestEventStubs")
        executions = _load("test_kit.stubs.execution", "TestExecStubs")
        self.instrument = _load("test_kit.providers", "TestInstrumentProvider").default_fx_ccy("AUD/USD")
        self.account = executions.cash_account()
        self.quantity = _load("model.objects", "Quantity").from_int
        self.price = _load("model.objects", "Price").from_str
        self.trade_id = _load("model.identifiers", "TradeId")
        self.venue_order_id = _load("model.identifiers", "VenueOrderId")
        self.client_order_id = _load("model.identifiers", "ClientOrderId")
        self._limit_order = executions.limit_order
        self._orders = 0

    def order(self, lots: int) -> Any:
        """A limit order that nobody has seen yet."""
        self._orders += 1
        return self._limit_order(
            instrument=self.instrument,
            quantity=self.quantity(lots),
            client_order_id=self.client_order_id(f"O-{self._orders}"),
        )

    def fill(self, order: Any, trade: int, lots: int, venue_order_id: str = "1") -> Any:
        """A trade of an order."""
        return self.events.order_filled(
            order,
            self.instrument,
            account=self.account,
            account_id=self.account.id,
            venue_order_id=self.venue_order_id(venue_order_id),
            trade_id=self.trade_id(f"T-{trade}"),
            last_qty=self.quantity(lots),
        )

    def event(self, order: Any, name: str, arguments: list[int]) -> Any:
        """The event that is nearest to what happened."""
        stubs = self.events
        if name == "fill":
            return self.fill(order, arguments[0], arguments[1])
        if name == "amended":
            return stubs.order_updated(order, quantity=self.quantity(arguments[0]))
        if name == "moved":
            updated = _load("model.events", "OrderUpdated")
            values = stubs.order_updated(order, quantity=order.quantity)
            return updated.from_dict({**updated.to_dict(values), "venue_order_id": "2"})
        names = {
            "sent": "order_submitted",
            "acknowledged": "order_accepted",
            "amend": "order_pending_update",
            "move": "order_pending_update",
            "cancel": "order_pending_cancel",
            "canceled": "order_canceled",
            "rejected": "order_rejected",
            "given up": "order_rejected",
            "expired": "order_expired",
        }
        return getattr(stubs, names[name])(order)


def _life_ns(nautilus: Nautilus, lives: int) -> float:
    prepared = []
    for number in range(lives):
        order = nautilus.order(LOTS)
        stubs = nautilus.events
        events = [stubs.order_submitted(order), stubs.order_accepted(order), nautilus.fill(order, number, LOTS)]
        prepared.append((order, events))
    started = default_timer()
    for order, events in prepared:
        for event in events:
            order.apply(event)
    elapsed = default_timer() - started
    assert all(order.is_closed for order, _ in prepared), "every order was filled"
    return elapsed / lives * NS_PER_S


def _late_fill_ns(nautilus: Nautilus, fills: int, edge: int) -> float:
    order = nautilus.order(fills)
    order.apply(nautilus.events.order_submitted(order))
    order.apply(nautilus.events.order_accepted(order))
    times = []
    for event in [nautilus.fill(order, number, 1) for number in range(fills)]:
        started = default_timer()
        order.apply(event)
        times.append(default_timer() - started)
    assert order.is_closed, "the order was filled"
    return median(times[-edge:]) * NS_PER_S


def _costs(nautilus: Nautilus, lives: int, fills: int, edge: int) -> dict[str, float]:
    return {"life_cycle": _life_ns(nautilus, lives), "fill": _late_fill_ns(nautilus, fills, edge)}


def _play(nautilus: Nautilus, events: list[list[Any]]) -> dict[str, Any]:
    order = nautilus.order(LOTS)
    said = ""
    for name, *arguments in events:
        try:
            order.apply(nautilus.event(order, name, arguments))
        except Exception as error:
            said = said or type(error).__name__
    leaves = 0 if order.is_closed else int(order.leaves_qty)
    return {"status": order.status_string(), "filled": int(order.filled_qty), "leaves": leaves, "said": said}


def main() -> None:
    """Answers line by line until there are no more."""
    gc.disable()  # as ours while it trades
    nautilus = Nautilus()
    for line in sys.stdin:
        asked = json.loads(line)
        if "scenarios" in asked:
            answer: Any = [_play(nautilus, events) for events in asked["scenarios"]]
        else:
            answer = _costs(nautilus, **asked)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
