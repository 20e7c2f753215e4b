"""Owns the verdict of one who saw nothing but two logs: the venue's, and what each strategy was told.

It shares no code with what it judges, so it has its own reading of client order ids, types and decimals.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_TRADE, _REFUSED = 3, 12
_BUY = 1
_FILLED, _CANCELED, _EXPIRED, _REJECTED, _REFUSED_STATUS = 4, 5, 6, 7, 10
_REPEATED_COMMAND = (3, 8)
_LEG_BITS = 8
_ENDING_EVENTS = ("canceled", "expired")
_LOTS_PER_ONE = Decimal(100_000)
_TICKS_PER_ONE = Decimal(100)


class Log(NamedTuple):
    """What one venue wrote."""

    records: Sequence[Mapping[str, Any]]
    price_scale: int = 1
    """One tick there, in the ticks above."""
    lot_scale: int = 1


class VenueOrder:
    """All legs of one order as the venue's log tells."""

    def __init__(self) -> None:
        self.filled_lots = 0
        self.pair_lots = 0
        """The same in lots that mean the same at all venues."""
        self.signed_lots = 0
        self.trades: dict[int, tuple[int, int]] = {}
        self.living: set[int] = set()
        self.most_living = 0
        self.was_accepted = False


def order_of(text: str) -> int | None:
    """The order that a client order id belongs to, without the leg; None when it is not one of ours."""
    if len(text) != 16 or not text.startswith("om") or any(digit not in _DIGITS for digit in text[2:15]):
        return None
    number = 0
    for digit in text[2:15]:
        number = number * 32 + _DIGITS.index(digit)
    return number >> _LEG_BITS << _LEG_BITS


def read_venue(log: Log) -> dict[int, VenueOrder]:
    """Every order of ours in a venue's log."""
    orders: defaultdict[int, VenueOrder] = defaultdict(VenueOrder)
    for record in log.records:
        event = record["event"]
        order_id = order_of(record.get("client_order_id", ""))
        if order_id is None or event == "rejected":
            continue
        order = orders[order_id]
        leg = record["venue_order_id"]
        if event == "accepted":
            order.was_accepted = True
            order.living.add(leg)
            order.most_living = max(order.most_living, len(order.living))
        elif event == "traded":
            pair_lots = int(Decimal(record["last_quantity"]) * _LOTS_PER_ONE)
            lots, price_ticks = pair_lots // log.lot_scale, int(Decimal(record["last_price"]) * _TICKS_PER_ONE)
            order.pair_lots += pair_lots
            order.filled_lots += lots
            order.signed_lots += lots if record["side"] == "BUY" else -lots
            order.trades[record["trade_id"]] = lots, price_ticks // log.price_scale
        if event in _ENDING_EVENTS or not Decimal(record.get("leaves_quantity", "1")):
            order.living.discard(leg)
    return dict(orders)


class StrategyOrder:
    """One order as its strategy was told."""

    def __init__(self) -> None:
        self.status = 0
        self.leaves_lots = 0
        self.cumulative_lots = 0
        self.most_lots = 0
        self.trades: dict[int, list[tuple[int, int]]] = defaultdict(list)


def read_strategy(told: Iterable[Any]) -> dict[int, StrategyOrder]:
    """Every order that a strategy was told of; a report has the attributes of `Told`."""
    orders: defaultdict[int, StrategyOrder] = defaultdict(StrategyOrder)
    for report in told:
        if report.execution_type == _REFUSED and (report.reason in _REPEATED_COMMAND or report.order_id in orders):
            continue
        order = orders[report.order_id]
        order.status = report.order_status
        order.most_lots = max(order.most_lots, report.order_lots)
        order.leaves_lots = report.leaves_lots
        order.cumulative_lots = report.cumulative_lots
        if report.execution_type == _TRADE:
            order.trades[report.trade_id].append((report.last_lots, report.last_price_ticks))
    return dict(orders)


def judge(
    logs: Sequence[Log],
    strategies: Sequence[tuple[Mapping[int, tuple[int, int]], Sequence[Any], Collection[int]]],
    positions: Sequence[Sequence[int]],
) -> list[str]:
    """What is wrong, as sentences; `strategies` are what each submitted (side, most lots or 0) and was told.

    `positions` are those of each strategy at each venue.

    The third part of each names orders whose reports went down with the journal's tail: one of those that ended
    without a fill needs not be told again.
    """
    wrong, at_venues = _read_all(logs)
    claimed: set[int] = set()
    for place, (submitted, told, forgotten) in enumerate(strategies):
        heard = read_strategy(told)
        claimed |= submitted.keys()
        bought = [0] * len(logs)
        for order_id, (_, most_lots) in submitted.items():
            number, venue = at_venues.get(order_id, (0, None))
            own = heard.get(order_id)
            if own is None and venue is not None and order_id in forgotten and not (venue.living or venue.trades):
                continue
            wrong += _compare(order_id, most_lots, venue, own)
            bought[number] += venue.signed_lots if venue is not None else 0
        wrong += [
            f"strategy {place + 1} holds {held} lots here and {lots} by the venue's log"
            for held, lots in zip(positions[place], bought, strict=True)
            if held != lots
        ]
    wrong += [f"order {order_id} at the venue was never ordered" for order_id in at_venues.keys() - claimed]
    return wrong


def _read_all(logs: Sequence[Log]) -> tuple[list[str], dict[int, tuple[int, VenueOrder]]]:
    """Each order with its venue's number; an order that is at two of them is wrong."""
    wrong: list[str] = []
    at_venues: dict[int, tuple[int, VenueOrder]] = {}
    for number, log in enumerate(logs):
        for order_id, order in read_venue(log).items():
            if order_id in at_venues:
                wrong.append(f"order {order_id} is at venues {at_venues[order_id][0]} and {number}")
            at_venues[order_id] = number, order
    return wrong, at_venues


def judge_parents(logs: Sequence[Log], desks: Sequence[Any]) -> list[str]:
    """What is wrong with parents; a desk has what was `asked` of each and the `children` that it was told of."""
    wrong: list[str] = []
    at_venue = {order_id: order for order_id, (_, order) in _read_all(logs)[1].items()}
    for desk in desks:
        traded: defaultdict[int, int] = defaultdict(int)
        for child_id, parent_id in desk.children.items():
            child = at_venue.get(child_id)
            if child is None:
                continue
            traded[parent_id] += child.pair_lots
            side = desk.asked[parent_id].side
            if child.signed_lots * (1 if side == _BUY else -1) < 0:
                wrong.append(f"child {child_id} of parent {parent_id} traded on the other side")
        for parent_id, lots in traded.items():
            asked = desk.asked[parent_id]
            most_lots = asked.most_lots
            if asked.after_order_id:
                entry = at_venue.get(asked.after_order_id)
                most_lots = entry.pair_lots if entry is not None else traded.get(asked.after_order_id, 0)
            if lots > most_lots and (most_lots or asked.after_order_id):
                wrong.append(f"parent {parent_id} of {most_lots} lots traded {lots}")
    return wrong


def _compare(order_id: int, most_lots: int, venue: VenueOrder | None, own: StrategyOrder | None) -> list[str]:
    wrong: list[str] = []
    if venue is None:
        if own is not None and own.trades:
            wrong.append(f"order {order_id} was told of fills and is unknown at the venue")
        if own is not None and own.leaves_lots:
            wrong.append(f"order {order_id} is told to be open and is unknown at the venue")
        if own is not None and own.status in (_FILLED, _CANCELED, _EXPIRED) and own.cumulative_lots:
            wrong.append(f"order {order_id} is told to have traded and is unknown at the venue")
        return wrong
    # How much a target position or an amount of money comes to is what the strategy was told.
    most_lots = most_lots or (own.most_lots if own is not None else 0)
    if venue.filled_lots > most_lots:
        wrong.append(f"order {order_id} of {most_lots} lots was filled with {venue.filled_lots}")
    if venue.most_living > 1:
        wrong.append(f"order {order_id} lived {venue.most_living} times at once")
    if own is None:
        return [*wrong, f"order {order_id} is at the venue and its strategy was never told"]
    if own.status in (_REJECTED, _REFUSED_STATUS) and (venue.living or venue.filled_lots):
        wrong.append(f"order {order_id} was told to be rejected, and lives or has traded")
    if not own.leaves_lots and venue.living:
        wrong.append(f"order {order_id} was told to have ended, and lives")
    if own.leaves_lots and not venue.living:
        wrong.append(f"order {order_id} is told to be open (status {own.status}), and has ended at the venue")
    told_trades = {trade_id: parts[0] for trade_id, parts in own.trades.items()}
    if told_trades != venue.trades:
        wrong.append(f"order {order_id} was told of trades {told_trades}, the venue has {venue.trades}")
    wrong += [
        f"trade {trade_id} of order {order_id} was told {len(parts)} times"
        for trade_id, parts in own.trades.items()
        if len(parts) != 1
    ]
    return wrong
