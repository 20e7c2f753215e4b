"""Owns which requests of an order are out: sent, and not answered on a connection that still stands."""

import numpy as np

from engine.core.state import accounts_of, header_of
from ipc.compiler import kernel
from ipc.enums import RequestKind

_BITS = 8
_MASK = 255
_AGED = _MASK << (_BITS * RequestKind.CANCEL) | _MASK << (_BITS * RequestKind.AMEND)
_CHANGING = (
    _MASK << (_BITS * RequestKind.NEW)
    | _MASK << (_BITS * RequestKind.AMEND)
    | _MASK << (_BITS * RequestKind.CANCEL_REPLACE)
)


@kernel
def _are_any_out(state: int, order: np.void) -> bool:
    """Whether requests are out: what was sent before the connection was lost is so no more."""
    return order["charged"] != 0 and order["charged_ns"] > accounts_of(state)[order["account_id"]]["last_down_ns"]


@kernel
def is_aged_out(state: int, order: np.void) -> bool:
    """Whether a request is out whose cost hangs on the order's age."""
    return order["charged"] & _AGED != 0 and _are_any_out(state, order)


@kernel
def out_count(state: int, order: np.void, request_kind: int) -> int:
    """How many requests of a kind are out."""
    if not _are_any_out(state, order):
        return 0
    return (order["charged"] >> (_BITS * request_kind)) & _MASK


@kernel
def note_out(state: int, order: np.void, request_kind: int, age_ns: int) -> None:
    """Notes a request that is about to be sent, and at which age of the order."""
    header = header_of(state)
    if not _are_any_out(state, order):
        order["charged"] = 0
        order["charged_ns"] = header["now_ns"]
    order["charged"] += 1 << (_BITS * request_kind)
    order["charged_age_ns"] = age_ns
    if request_kind != RequestKind.CANCEL:
        # Until it is answered it may come about as late as this.
        order["changed_ns"] = header["now_ns"] + header["request_expiry_ns"]


@kernel
def note_back(state: int, order: np.void, request_kind: int) -> bool:
    """Notes that a request was answered; False when none of the kind is out."""
    if out_count(state, order, request_kind) == 0:
        return False
    order["charged"] -= 1 << (_BITS * request_kind)
    if order["charged"] & _CHANGING == 0 and request_kind != RequestKind.CANCEL:
        order["changed_ns"] = header_of(state)["now_ns"]
    return True
