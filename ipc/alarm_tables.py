"""Owns the layout of alarms in the engine's state."""

from ipc.tables import word_row

ALARMS_MAX = 256
# A condition that a person should know of; it stays until it is over and was acknowledged.
ALARM_ROW = word_row(
    "alarm_id",  # 0 for a free row
    "code",  # AlarmCode
    "strategy_id",
    "venue_id",
    "account_id",
    "instrument_id",
    "asset_id",
    "order_id",  # the last one
    "count",
    "expected",
    "found",
    "raised_utc_ns",
    "last_utc_ns",
    "cleared_utc_ns",  # 0 while the condition lasts
    "acknowledged_utc_ns",
    "operator_name_0",
    "operator_name_1",
)
