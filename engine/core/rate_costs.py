"""Owns what one request costs in a window of a venue's rate limit."""

import numpy as np

from engine.core.requests_out import is_aged_out
from engine.core.state import header_of
from ipc.compiler import kernel
from ipc.enums import RequestKind


@kernel
def age_of(state: int, order: np.void) -> int:
    """For how long an order has certainly been at the venue unchanged, by which a request is charged.

    While a request is out whose cost hangs on it, the age is that of then: so it is given back as it was taken.
    """
    if is_aged_out(state, order):
        return order["charged_age_ns"]
    return max(header_of(state)["now_ns"] - order["changed_ns"], 0)


@kernel
def cost_of(budget: np.void, request_kind: int, age_ns: int) -> int:
    """What one request counts in a window; to end or change an order costs more while it is young."""
    if request_kind == RequestKind.NEW:
        return budget["new_cost"]
    if request_kind == RequestKind.CANCEL_ALL:
        return budget["cancel_cost"]
    if request_kind == RequestKind.CANCEL:
        cost = budget["cancel_cost"]
        if budget["age_ns_0"] != 0:
            cost += _cancel_age_cost(budget, age_ns)
        return cost
    if request_kind == RequestKind.AMEND:
        cost = budget["amend_cost"]
        if budget["age_ns_0"] != 0:
            cost += _amend_age_cost(budget, age_ns)
        return cost
    return budget["cancel_replace_cost"]


@kernel
def _cancel_age_cost(budget: np.void, age_ns: int) -> int:
    if age_ns < budget["age_ns_0"]:
        return budget["cancel_age_cost_0"]
    if age_ns < budget["age_ns_1"]:
        return budget["cancel_age_cost_1"]
    if age_ns < budget["age_ns_2"]:
        return budget["cancel_age_cost_2"]
    if age_ns < budget["age_ns_3"]:
        return budget["cancel_age_cost_3"]
    if age_ns < budget["age_ns_4"]:
        return budget["cancel_age_cost_4"]
    return budget["cancel_age_cost_5"] if age_ns < budget["age_ns_5"] else 0


@kernel
def _amend_age_cost(budget: np.void, age_ns: int) -> int:
    if age_ns < budget["age_ns_0"]:
        return budget["amend_age_cost_0"]
    if age_ns < budget["age_ns_1"]:
        return budget["amend_age_cost_1"]
    if age_ns < budget["age_ns_2"]:
        return budget["amend_age_cost_2"]
    if age_ns < budget["age_ns_3"]:
        return budget["amend_age_cost_3"]
    if age_ns < budget["age_ns_4"]:
        return budget["amend_age_cost_4"]
    return budget["amend_age_cost_5"] if age_ns < budget["age_ns_5"] else 0
