"""Owns the name under which an operator connects, and what only an operator may say."""

from ipc.enums import RecordKind

OPERATOR = "operator"
OPERATOR_COMMANDS = frozenset((RecordKind.SET_TRADING_STATE, RecordKind.SET_LIMIT, RecordKind.ACKNOWLEDGE_ALARM))
