"""Owns letting an order wait for room in a rate limit, in place of refusing it."""

import numpy as np

from engine.core.order_end import end_refused
from engine.core.rate_queue import is_line_full, join_line
from engine.core.state import orders_of, terms_of
from engine.core.verdict import Verdict, refuse
from ipc.compiler import kernel
from ipc.enums import RefusalReason


@kernel
def let_wait(state: int, order: np.void, verdict: Verdict) -> None:
    """Puts an order at the end of its line, for which the oldest one there may have to give way."""
    terms = terms_of(state, order["strategy_id"], order["account_id"])
    if is_line_full(terms):
        oldest = orders_of(state)[terms["queue_first"] - 1]
        shed = refuse(RefusalReason.RATE_QUEUE_SHED, terms["queue_orders"], terms["queue_count"], 1)
        end_refused(state, oldest, shed)
    join_line(state, order, verdict)
