"""Owns what every command must satisfy before it is looked at: sequence, expiry, and whose order it names."""

import numpy as np

from engine.core.order_table import NOWHERE, find_order
from engine.core.state import header_of, orders_of, strategies_of
from engine.core.verdict import Verdict, passed, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason
from ipc.memory import view
from ipc.order_id import (
    CLIENT_SEQUENCE_MAX,
    EPOCH_MAX,
    EPOCH_SHIFT,
    INSTANCE_MAX,
    INSTANCE_SHIFT,
    LEG_MAX,
    SEQUENCE_MAX,
    SEQUENCE_SHIFT,
    STRATEGY_MAX,
    STRATEGY_SHIFT,
)
from ipc.records import CANCEL_ORDER


@kernel
def strategy_of(order_id: int) -> int:
    """The strategy that an order id names."""
    return (order_id >> STRATEGY_SHIFT) & STRATEGY_MAX


@kernel
def order_sequence_of(order_id: int) -> int:
    """The strategy's own count in an order id."""
    return (order_id >> SEQUENCE_SHIFT) & SEQUENCE_MAX


@kernel
def check_envelope(state: int, strategy_id: int, command: np.void) -> Verdict:
    """The checks that all commands share; what passes them moves the strategy's sequence on."""
    header = header_of(state)
    strategy = strategies_of(state)[strategy_id]
    if command["sequence"] <= strategy["last_sequence"]:
        return refuse(RefusalReason.COMMAND_OUT_OF_SEQUENCE, strategy["last_sequence"] + 1, 0, command["sequence"])
    utc_ns = header["now_ns"] + header["utc_offset_ns"]
    if command["expires_utc_ns"] < utc_ns:
        return refuse(RefusalReason.COMMAND_EXPIRED, command["expires_utc_ns"], utc_ns, 0)
    order_id = command["order_id"]
    if order_id < 0 or order_id & LEG_MAX != 0:
        return refuse(RefusalReason.MALFORMED_RECORD, 0, 0, order_id)
    if (order_id >> INSTANCE_SHIFT) & INSTANCE_MAX != header["instance"]:
        return refuse(RefusalReason.WRONG_INSTANCE, header["instance"], 0, (order_id >> INSTANCE_SHIFT) & INSTANCE_MAX)
    if strategy_of(order_id) != strategy_id:
        return refuse(RefusalReason.WRONG_STRATEGY, strategy_id, 0, strategy_of(order_id))
    return passed()


@kernel
def check_new_id(state: int, strategy_id: int, order_id: int) -> Verdict:
    """Whether an id may name a new order: of this run, and later than every one before."""
    epoch = (order_id >> EPOCH_SHIFT) & EPOCH_MAX
    if epoch != header_of(state)["epoch"]:
        return refuse(RefusalReason.STALE_EPOCH, header_of(state)["epoch"], 0, epoch)
    if order_sequence_of(order_id) > CLIENT_SEQUENCE_MAX:
        # The ids above are the engine's own, for the children of parents.
        return refuse(RefusalReason.MALFORMED_RECORD, CLIENT_SEQUENCE_MAX, 0, order_sequence_of(order_id))
    last = strategies_of(state)[strategy_id]["last_order_sequence"]
    if order_sequence_of(order_id) <= last:
        return refuse(RefusalReason.DUPLICATE_ORDER_ID, last + 1, last, order_sequence_of(order_id))
    return passed()


@kernel
def use_up_id(state: int, strategy_id: int, order_id: int) -> None:
    """Lets the id of an order that was refused name no other: who counts on from here must not give it away again."""
    is_own = (order_id >> INSTANCE_SHIFT) & INSTANCE_MAX == header_of(state)["instance"]
    is_own = is_own and order_id > 0 and order_id & LEG_MAX == 0 and strategy_of(order_id) == strategy_id
    if is_own and check_new_id(state, strategy_id, order_id).reason == 0:
        strategies_of(state)[strategy_id]["last_order_sequence"] = order_sequence_of(order_id)


@kernel
def check_living(state: int, order_id: int) -> Verdict:
    """Whether a cancel or an amendment names an order that can still trade."""
    slot = find_order(state, order_id)
    if slot == NOWHERE:
        return refuse(RefusalReason.UNKNOWN_ORDER, 0, 0, order_id)
    if orders_of(state)[slot]["end_reason"] != 0:
        return refuse(RefusalReason.ORDER_ALREADY_ENDED, 0, orders_of(state)[slot]["end_reason"], order_id)
    return passed()


@kernel
def command_at(address: int) -> np.void:
    """What all commands begin with."""
    return view(address, 1, CANCEL_ORDER)[0]
