"""Owns what is told of a forgotten order: a report formed from its tombstone."""

import numpy as np

from engine.core.effects import report_refusal
from engine.core.state import tombstones_of
from ipc.compiler import kernel
from ipc.order_status import ended_status


@kernel
def report_tombstone(state: int, place: int, execution_type: int) -> np.void:
    """Reports an order of which only the tombstone is left, as it ended; returns the report."""
    tombstone = tombstones_of(state)[place]
    report = report_refusal(state, tombstone["strategy_id"], tombstone["order_id"], 0, 0, 0, 0)
    report["execution_type"] = execution_type
    report["order_status"] = ended_status(tombstone["end_reason"])
    report["instrument_id"] = tombstone["instrument_id"]
    report["account_id"] = tombstone["account_id"]
    report["side"] = tombstone["side"]
    report["client_tag"] = tombstone["client_tag"]
    report["venue_order_id"] = tombstone["venue_order_id"]
    report["order_lots"] = tombstone["order_lots"]
    report["cumulative_lots"] = tombstone["cumulative_lots"]
    report["cumulative_notional"] = tombstone["cumulative_notional"]
    report["reason"] = tombstone["end_reason"]
    return report
