"""Owns the answer to a bad frame: one refusal, with the one reason and the numbers behind it."""

import struct

from ipc.enums import ExecutionType, OrderStatus, RecordKind, RefusalReason
from ipc.frame import FrameError, encode
from ipc.records import EXECUTION_REPORT, HEADER_FIELDS
from ipc.schema import SCHEMA_DIGEST

COMMAND_KINDS = frozenset(
    (
        RecordKind.NEW_ORDER,
        RecordKind.CANCEL_ORDER,
        RecordKind.AMEND_ORDER,
        RecordKind.CANCEL_ALL,
        RecordKind.TARGET_POSITION,
        RecordKind.STATUS_REQUEST,
        RecordKind.NEW_PARENT,
        RecordKind.CONTROL_PARENT,
        RecordKind.SCHEDULE,
    )
)
_KIND_AND_ORDER_ID = struct.Struct("<8xq24xq")
_KIND_AND_DIGEST = struct.Struct("<8xq16xq")
_FIELDS = (EXECUTION_REPORT.names or ())[HEADER_FIELDS.index("sequence") :]


def check_digest(frame: bytes) -> None:
    """Refuses a HELLO of another version before its length is judged by this version's layout."""
    if len(frame) >= _KIND_AND_DIGEST.size:
        kind, digest = _KIND_AND_DIGEST.unpack_from(frame)
        if kind == RecordKind.HELLO and digest != SCHEMA_DIGEST:
            raise FrameError(RefusalReason.SCHEMA_MISMATCH, limit=SCHEMA_DIGEST, requested=digest)


def refusal(error: FrameError, frame: bytes, now_ns: int) -> bytes:
    """The record that says why a frame was refused; its order is the one that the first command named."""
    fields = dict.fromkeys(_FIELDS, 0)
    fields |= {
        "published_ns": now_ns,
        "order_id": _order_named_by(frame),
        "execution_type": ExecutionType.REFUSED,
        "order_status": OrderStatus.REFUSED,
        "instrument_id": -1,
        "account_id": -1,
        "fee_asset_id": -1,
        "reason": error.reason,
        "limit": error.limit,
        "requested": error.requested,
    }
    return encode(RecordKind.EXECUTION_REPORT, *fields.values())


def _order_named_by(frame: bytes) -> int:
    if len(frame) < _KIND_AND_ORDER_ID.size:
        return 0
    kind, order_id = _KIND_AND_ORDER_ID.unpack_from(frame)
    return order_id if kind in COMMAND_KINDS else 0
