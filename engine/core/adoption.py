"""Owns orders that the venue knows and we do not: of ours, lost with a journal, and of others on our account.

An order of ours comes back under its own id, its outcome unknown until the venue was asked. One that is not
ours belongs to nobody here: strategy 0 has it, under an id formed for it, found by its id at the venue.
"""

import numpy as np

from engine.core.command_checks import order_sequence_of, strategy_of
from engine.core.effects import alarm_of_order, raise_alarm, report_refusal
from engine.core.index import put
from engine.core.order_table import NOBODY, NOWHERE, external_group, has_room, link_open, take_slot
from engine.core.replacement import reserve_working
from engine.core.reservations import reserve
from engine.core.state import header_of, order_index_of, orders_of, strategies_of, trades_of
from engine.core.trades import take_trade, tell_trade
from ipc.compiler import kernel
from ipc.enums import AlarmCode, ExecutionType, OrderStatus, OrderType, TimeInForce, VenueEvent
from ipc.order_id import (
    CLIENT_SEQUENCE_MAX,
    EPOCH_MAX,
    EPOCH_SHIFT,
    INSTANCE_MAX,
    INSTANCE_SHIFT,
    LEG_MAX,
    SEQUENCE_MAX,
    SEQUENCE_SHIFT,
)
from ipc.records import EXTERNAL_ORDER


@kernel
def adopt(state: int, report: np.void) -> int:
    """The slot of an order that a report makes known, NOWHERE when it says too little or nothing is left of it."""
    is_external = report["order_id"] == EXTERNAL_ORDER
    if report["instrument_id"] < 0 or not (is_external or _is_of_known_strategy(state, report["order_id"])):
        header_of(state)["unmatched_report_count"] += 1
        return NOWHERE
    is_complete = not is_external and 0 < report["order_lots"] <= _booked(state, report["order_id"])[0]
    if is_complete and report["event"] != VenueEvent.FILL:
        # All of it was booked before its order came to light.
        return NOWHERE
    if is_complete or not _says_enough(report, is_external) or not has_room(state):
        _book_without_order(state, report, is_external)
        return NOWHERE
    return _adopt_external(state, report) if is_external else _adopt_own(state, report)


@kernel
def _booked(state: int, leg_id: int) -> tuple[int, int, int]:
    """What was booked of an order before it had a slot: lots of this leg, lots of others, notional of all."""
    trades = trades_of(state)
    leg_lots, other_lots, notional = 0, 0, 0
    for place in range(len(trades)):
        trade = trades[place]
        if trade["trade_id"] == 0 or trade["order_id"] & ~LEG_MAX != leg_id & ~LEG_MAX:
            continue
        if trade["order_id"] == leg_id:
            leg_lots += trade["lots"]
        else:
            other_lots += trade["lots"]
        notional += trade["lots"] * trade["price_ticks"]
    return leg_lots, other_lots, notional


@kernel
def _is_of_known_strategy(state: int, order_id: int) -> bool:
    header = header_of(state)
    strategy_id = strategy_of(order_id)
    is_ours = order_id > 0 and (order_id >> INSTANCE_SHIFT) & INSTANCE_MAX == header["instance"]
    return is_ours and 0 < strategy_id < header["strategies_count"]


@kernel
def _says_enough(report: np.void, is_external: bool) -> bool:
    """Whether a report tells of an order that may live or has filled, and what it is."""
    event = report["event"]
    is_over = event == VenueEvent.CANCELED or event == VenueEvent.EXPIRED
    tells_life = (
        event == VenueEvent.ACCEPTED
        or event == VenueEvent.FILL
        or event == VenueEvent.STATUS
        or (is_over and report["cumulative_lots"] > 0)
    )
    is_named = not is_external or report["venue_order_id"] != 0
    return tells_life and is_named and report["side"] != 0 and report["order_lots"] > 0


@kernel
def _book_without_order(state: int, report: np.void, is_external: bool) -> None:
    """Books a fill whose order has no slot to its strategy and account, if it says which side it was."""
    header = header_of(state)
    header["unmatched_report_count"] += 1
    if report["event"] != VenueEvent.FILL:
        return
    strategy_id = NOBODY if is_external else strategy_of(report["order_id"])
    code = AlarmCode.EXTERNAL_TRADE + 0 if is_external else AlarmCode.ADOPTED_ORDER + 0
    account_id, instrument_id, order_id = report["account_id"], report["instrument_id"], report["order_id"]
    own_id = _id_of_nobody(state, 0) if is_external else order_id
    is_sided = report["side"] != 0
    if is_sided and not take_trade(state, strategy_id, account_id, instrument_id, report["side"], own_id, report):
        return
    if is_sided:
        own = report_refusal(state, strategy_id, own_id & ~LEG_MAX, 0, 0, 0, 0)
        own["execution_type"] = ExecutionType.TRADE
        own["order_status"] = OrderStatus.UNKNOWN
        own["account_id"] = account_id
        own["instrument_id"] = instrument_id
        own["side"] = report["side"]
        tell_trade(own, report)
    alarm = raise_alarm(state, strategy_id, code, order_id, account_id, instrument_id)
    alarm["trade_id"] = report["trade_id"]
    alarm["expected"] = report["last_lots"]
    alarm["found"] = report["last_lots"] if is_sided else 0


@kernel
def _id_of_nobody(state: int, sequence: int) -> int:
    header = header_of(state)
    return header["instance"] << INSTANCE_SHIFT | header["epoch"] << EPOCH_SHIFT | sequence << SEQUENCE_SHIFT


@kernel
def _adopt_own(state: int, report: np.void) -> int:
    order_id = report["order_id"]
    strategy_id = strategy_of(order_id)
    slot = _lay_in(state, report, order_id & ~LEG_MAX, strategy_id, order_id & LEG_MAX)
    order = orders_of(state)[slot]
    order["is_unknown"] = 1
    leg_lots, earlier_lots, notional = _booked(state, order_id)
    order["order_lots"] += earlier_lots
    order["leg_base_lots"] = earlier_lots
    order["cumulative_lots"] = earlier_lots + leg_lots
    order["cumulative_notional"] = notional
    reserve_working(state, order)
    if (order_id >> EPOCH_SHIFT) & EPOCH_MAX == header_of(state)["epoch"]:
        # Its id was given away in this run: no other order may get it.
        strategy, sequence = strategies_of(state)[strategy_id], order_sequence_of(order_id)
        if sequence > CLIENT_SEQUENCE_MAX:
            strategy["last_child_sequence"] = max(strategy["last_child_sequence"], sequence)
        else:
            strategy["last_order_sequence"] = max(strategy["last_order_sequence"], sequence)
    _raise(state, slot, AlarmCode.ADOPTED_ORDER)
    return slot


@kernel
def _adopt_external(state: int, report: np.void) -> int:
    header = header_of(state)
    header["external_sequence"] += 1
    own_id = _id_of_nobody(state, header["external_sequence"] & SEQUENCE_MAX)
    slot = _lay_in(state, report, own_id, NOBODY, 0)
    put(order_index_of(state), report["venue_order_id"], external_group(report["instrument_id"]), slot)
    _raise(state, slot, AlarmCode.EXTERNAL_ORDER)
    return slot


@kernel
def _lay_in(state: int, report: np.void, order_id: int, strategy_id: int, leg: int) -> int:
    """Takes a slot for an order as the venue states it, all of it working."""
    header = header_of(state)
    slot = take_slot(state, order_id)
    order = orders_of(state)[slot]
    order["leg"] = leg
    order["last_leg"] = leg
    order["strategy_id"] = strategy_id
    order["account_id"] = report["account_id"]
    order["instrument_id"] = report["instrument_id"]
    order["side"] = report["side"]
    order["order_type"] = OrderType.LIMIT
    order["time_in_force"] = TimeInForce.GTC
    order["order_flags"] = 0
    order["price_ticks"] = max(report["price_ticks"], 0)
    order["order_lots"] = report["order_lots"]
    order["leg_lots"] = report["order_lots"]
    order["client_tag"] = 0
    order["published_ns"] = report["published_ns"]
    order["retry_attempts"] = 0
    order["retry_delay_ns"] = 0
    order["max_slippage_bps"] = 0
    order["accepted"] = 1
    order["accepted_ns"] = header["now_ns"]
    order["sent_ns"] = header["now_ns"]
    order["venue_order_id"] = report["venue_order_id"]
    link_open(state, slot)
    reserve(state, order, order["order_lots"])
    return slot


@kernel
def _raise(state: int, slot: int, code: int) -> None:
    order = orders_of(state)[slot]
    alarm_of_order(state, order, code)["found"] = order["order_lots"]
