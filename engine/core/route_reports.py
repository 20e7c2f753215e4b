"""Owns what is told of a routing decision: what each venue scored, what it was given, and why."""

from engine.core.effects import next_effect, next_sequence
from engine.core.route_scratch import candidates_of
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import RecordKind
from ipc.memory import view
from ipc.records import ROUTE_DECISION


@kernel
def report_route(
    state: int,
    strategy_id: int,
    parent_order_id: int,
    decision: int,
    candidate_index: int,
    child_order_id: int,
    side: int,
    wanted_lots: int,
) -> None:
    """Tells of one candidate of the last decision; the child is 0 where nothing was sent."""
    report = view(next_effect(state), 1, ROUTE_DECISION)[0]
    row = candidates_of(state)[candidate_index]
    report["commit"] = strategy_id
    report["kind"] = RecordKind.ROUTE_DECISION
    report["sequence"] = next_sequence(state, strategy_id)
    report["published_ns"] = header_of(state)["now_ns"]
    report["order_id"] = parent_order_id
    report["decision"] = decision
    report["instrument_id"] = row["instrument_id"]
    report["account_id"] = row["account_id"]
    report["child_order_id"] = child_order_id
    report["side"] = side
    report["wanted_lots"] = wanted_lots
    report["routed_lots"] = row["routed_lots"]
    report["price_ticks"] = row["price_ticks"]
    report["available_lots"] = row["available_lots"]
    report["best_ticks"] = row["best_ticks"]
    report["fee_ppm"] = row["fee_ppm"]
    report["latency_ns"] = row["latency_ns"]
    report["fill_ppm"] = row["fill_ppm"]
    report["score_ticks"] = row["score_ticks"]
    report["route_reason"] = row["route_reason"]
    report["refusal"] = row["refusal"]
