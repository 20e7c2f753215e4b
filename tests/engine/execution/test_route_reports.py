"""A routing decision is told venue by venue, with what each scored."""

import numpy as np

from engine.core.route_reports import report_route
from engine.core.sweep import plan_sweep
from ipc.enums import RecordKind, Side
from ipc.parent_enums import RouteReason
from ipc.records import ROUTE_DECISION
from tests.engine.execution.books import NOW_NS, STRATEGY, Books, Venue


def test_each_candidate_is_told_with_all_that_it_scored() -> None:
    books = Books(Venue(asks=[(100, 5)], taker_ppm=1_000), Venue(asks=[(200, 5)]))
    state = books.state
    count = plan_sweep(state.address, STRATEGY, -1, 0, Side.BUY, 4, 150, True)
    for place in range(count):
        report_route(state.address, STRATEGY, 77, 3, place, 88 if place == 0 else 0, Side.BUY, 4)
    assert state.header["effect_count"] == 2
    words = state.table("effects")["words"][:2]
    first, second = (np.frombuffer(row.tobytes(), ROUTE_DECISION, count=1)[0] for row in words)
    told = {name: int(first[name]) for name in ROUTE_DECISION.names or ()}
    assert told == {
        "commit": STRATEGY,
        "kind": RecordKind.ROUTE_DECISION,
        "sequence": 1,
        "published_ns": NOW_NS,
        "order_id": 77,
        "decision": 3,
        "instrument_id": 0,
        "account_id": 0,
        "child_order_id": 88,
        "side": Side.BUY,
        "wanted_lots": 4,
        "routed_lots": 4,
        "price_ticks": 100,
        "available_lots": 5,
        "best_ticks": 100,
        "fee_ppm": 1_000,
        "latency_ns": 0,
        "fill_ppm": 500_000,
        "score_ticks": 100_100,
        "route_reason": RouteReason.BEST,
        "refusal": 0,
    }
    assert (second["sequence"], second["routed_lots"], second["child_order_id"]) == (2, 0, 0)
    assert (second["best_ticks"], second["route_reason"]) == (200, RouteReason.BEYOND_LIMIT)
