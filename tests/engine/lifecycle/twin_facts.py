"""Owns the facts that the twins are compared by: the same names for the reference and for the core."""

from ipc.enums import EndReason, OrderStatus, ReplaceState, RequestKind
from ipc.order_status import leaves_lots_of, status_of
from tests.engine.core.step_effects import Step
from tests.engine.core.world import World
from tests.engine.lifecycle.model import LogicalOrder

Facts = dict[str, object]


def model_facts(model: LogicalOrder, reports: int, requests: int) -> Facts:
    """The facts of the reference, its reports, requests and alarms from the given numbers on."""
    facts: Facts = {
        "status": model.status.name,
        "cum": model.cum,
        "notional": model.ledger.notional,
        "leaves": model.leaves,
        "reserved": model.reserved,
        "position": model.ledger.position,
        "end": model.end.name if model.end else "NONE",
        "price": model.price,
        "lots": model.lots,
        "leg": model.leg,
    }
    if not model.end:
        facts["pending cancel"] = model.is_pending_cancel
        facts["pending replace"] = model.amendment is not None
        facts["accepted"] = model.is_accepted
    facts["told"] = [(happened.name, status.name) for happened, status in model.reports[reports:]]
    facts["asked"] = model.requests[requests:]
    facts["alarms"] = [alarm.name for alarm in model.alarms]
    return facts


def core_facts(world: World, order_id: int, step: Step) -> Facts:
    """The same facts of the core."""
    order, book = world.order(order_id), world.book()
    down_ns = int(world.row("accounts", 0)["last_down_ns"])
    replace_state = order["replace_state"]
    facts: Facts = {
        "status": OrderStatus(status_of(order, down_ns)).name,
        "cum": int(order["cumulative_lots"]),
        "notional": int(order["cumulative_notional"]),
        "leaves": int(leaves_lots_of(order)),
        "reserved": int(book["open_buy_lots"] + book["open_sell_lots"]),
        "position": int(book["position_lots"]),
        "end": EndReason(order["end_reason"]).name,
        "price": int(order["price_ticks"]),
        "lots": int(order["order_lots"]),
        "leg": int(order["leg"]),
    }
    if order["end_reason"] == EndReason.NONE:
        # The cancel that makes way for another leg is a part of the replacement.
        makes_way = replace_state == ReplaceState.CANCELING_FIRST
        facts["pending cancel"] = order["pending_cancel_ns"] != 0 and not makes_way
        facts["pending replace"] = bool(replace_state != ReplaceState.NONE)
        facts["accepted"] = bool(order["accepted"])
    facts["told"] = [(happened.name, status.name) for happened, status in step.told]
    facts["asked"] = [kind.name for kind in step.asked if kind != RequestKind.STATUS]
    facts["alarms"] = [alarm.name for alarm in step.alarms]
    return facts
