"""Owns the last part of the table of refusals: what operators ask, which CONTROL_REPORTs answer."""

from engine.core.throttles import PER_SECOND_MAX
from ipc.enums import RecordKind, RefusalReason, RiskLimit, ScopeKind, TradingState
from ipc.tables import NO_LIMIT
from tests.engine.core.provocation import INT64_MAX, Act, Provocation, Row
from tests.engine.core.refused_states import arm, set_state
from tests.engine.core.step_effects import Step
from tests.engine.core.world import World

R = RefusalReason


def set_limit(world: World, kind: ScopeKind, limit: int, value: int, **fields: int) -> Step:
    """An operator's command."""
    named = {"sequence": 1, "scope_kind": kind, "subject_id": 0, "limit_name": limit, "value": value}
    return world.feed(RecordKind.SET_LIMIT, **{**named, "expires_utc_ns": INT64_MAX, **fields})


def at_once(act: Act) -> Provocation:
    return lambda _: act


def limited(kind: ScopeKind, limit: int, value: int, **fields: int) -> Provocation:
    return at_once(lambda world: set_limit(world, kind, limit, value, **fields))


def lowered(world: World) -> Act:
    set_state(world, ScopeKind.ENGINE, 0, TradingState.HALT)
    return lambda world: set_state(world, ScopeKind.ENGINE, 0, TradingState.ACTIVE)


def armed_late(world: World) -> Step:
    return set_state(world, ScopeKind.ENGINE, 0, TradingState.ACTIVE, is_rearming=1, expires_utc_ns=1)


ENGINE, BOOK = ScopeKind.ENGINE, ScopeKind.BOOK
ROWS = (
    Row("a limit that is none", R.UNKNOWN_SCOPE, limited(ENGINE, 0, 1)),
    Row("a limit that comes late", R.COMMAND_EXPIRED, limited(ENGINE, RiskLimit.MAX_OPEN_ORDERS, 1, expires_utc_ns=1)),
    Row("a limit below none", R.MALFORMED_RECORD, limited(ENGINE, RiskLimit.MAX_OPEN_ORDERS, -1)),
    Row("too many a second", R.MALFORMED_RECORD, limited(ENGINE, RiskLimit.MAX_NEW_PER_S, PER_SECOND_MAX + 1)),
    Row("no limit of a size", R.MALFORMED_RECORD, limited(BOOK, RiskLimit.MAX_ORDER_LOTS, NO_LIMIT, subject_id=1)),
    Row(
        "below ACTIVE", R.INVALID_TRADING_STATE, at_once(lambda world: set_state(world, ENGINE, 0, TradingState(0) - 1))
    ),
    Row(
        "beyond HALT",
        R.INVALID_TRADING_STATE,
        at_once(lambda world: set_state(world, ENGINE, 0, TradingState.HALT + 1)),
    ),
    Row(
        "armed below ACTIVE", R.INVALID_TRADING_STATE, at_once(lambda world: arm(world, ENGINE, 0, TradingState(0) - 1))
    ),
    Row("a scope that is none", R.UNKNOWN_SCOPE, at_once(lambda world: set_state(world, ENGINE, 1, TradingState.HALT))),
    Row("lowered by nobody", R.REARMING_REQUIRED, lowered),
    Row("armed late", R.COMMAND_EXPIRED, at_once(armed_late)),
)
