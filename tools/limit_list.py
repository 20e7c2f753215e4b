"""Owns listing and setting limits from a terminal, in the units of the engine's tables."""

from pathlib import Path
from typing import Any

from ipc.enums import RiskLimit, ScopeKind
from ipc.tables import NO_LIMIT, SCOPE
from tools.answer import print_json
from tools.command_error import CommandError
from tools.control_desk import ControlDesk, ScopeSight, checked, parse_scope
from tools.manual_client import table

UNLIMITED = "unlimited"
SCOPE_LIMITS = tuple(limit for limit in RiskLimit if limit.name.lower() in (SCOPE.names or ()))


def list_limits(engine: Path, *, as_json: bool) -> None:
    """Tells each scope's trading state and the limits that it sets."""
    sights = ControlDesk(engine).sights()
    if as_json:
        print_json({"scopes": [sight.as_row() | {"limits": _limits(sight)} for sight in sights]})
        return
    print(table([sight.as_row() for sight in sights], ("scope", "trading_state", "cause", "halt")))
    rows = [
        {"scope": str(sight.scope), "limit": name, "value": value}
        for sight in sights
        for name, value in _limits(sight).items()
        if value != UNLIMITED
    ]
    if rows:
        print("\n" + table(rows, ("scope", "limit", "value")))


def _limits(sight: ScopeSight) -> dict[str, Any]:
    return {limit.name.lower(): _shown(int(sight.row[limit.name.lower()])) for limit in SCOPE_LIMITS}


def _shown(value: int) -> int | str:
    return UNLIMITED if value >= NO_LIMIT else value


def set_limit(engine: Path, scope_text: str, limit_text: str, value_text: str, *, as_json: bool) -> None:
    """Changes one limit of a running engine; the configuration says what the next one begins with."""
    limits = {limit.name.lower(): limit for limit in SCOPE_LIMITS}
    limit = limits.get(limit_text)
    if limit is None:
        raise CommandError(f"limit {limit_text[:40]!r} is none of a scope; allowed are {', '.join(limits)}")
    is_number = value_text.isascii() and value_text.isdigit() and len(value_text) < 19
    if value_text != UNLIMITED and not is_number:
        raise CommandError(f"value {value_text[:40]!r} is none; allowed are a whole number of units and {UNLIMITED}")
    value = NO_LIMIT if value_text == UNLIMITED else int(value_text)
    desk, scope = ControlDesk(engine), parse_scope(scope_text)
    with desk.operator() as operator:
        answer = operator.set_limit(ScopeKind(scope.kind), desk.subject_of(scope), limit, value)
    checked(answer, f"to set {limit_text} of {scope}")
    if as_json:
        told = {"before": _shown(answer.before), "after": _shown(answer.after)}
        print_json({"scope": str(scope), "limit": limit_text, **told})
    else:
        print(f"{scope}: {limit_text} is {_shown(answer.after)}, was {_shown(answer.before)}")
