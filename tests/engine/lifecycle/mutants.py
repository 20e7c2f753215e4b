"""Owns the search for rules of the life cycle that nothing tests: each is changed, and something must notice.

Run with the JIT off, as `python -m tests.engine.lifecycle.mutants`: a process per rule, forked from one that has
imported everything else, compiles the changed module in memory, then tries the named scenarios and all short
sequences. What is printed is a JSON object: the rules by name, and those whose change nobody noticed.
"""

import importlib
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.engine.lifecycle.changed_rules import RULES, Rule

ROOT = Path(__file__).resolve().parents[3]
SEQUENCE_LENGTH = 4
_SECONDS_MAX = 300
_OURS = ("engine.core", "ipc.order_status", "tests.engine.core", "tests.engine.lifecycle")
_SCENARIOS = (
    "test_appendix_d_requests",
    "test_appendix_d_days",
    "test_races_of_fills",
    "test_races_of_requests",
    "test_races_of_accounts",
)


class _Changed(MetaPathFinder, Loader):
    """Loads one module with one rule changed."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._name = rule.file.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        text = (ROOT / self._rule.file).read_text()
        module.__file__ = str(ROOT / self._rule.file)
        exec(compile(text.replace(self._rule.before, self._rule.after), module.__file__, "exec"), module.__dict__)


def _cases(function: Callable[..., None]) -> list[dict[str, Any]]:
    """The arguments that pytest would call a scenario with."""
    cases: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", []):
        names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
        values = [value if len(names) > 1 else (value,) for value in mark.args[1]]
        cases = [{**case, **dict(zip(names, value, strict=True))} for case in cases for value in values]
    return cases


def _scenarios_notice() -> bool:
    for name in _SCENARIOS:
        module = importlib.import_module(f"tests.engine.lifecycle.{name}")
        for title, function in inspect.getmembers(module, inspect.isfunction):
            if not title.startswith("test_"):
                continue
            for case in _cases(function):
                try:
                    function(**case)
                except Exception:
                    return True
    return False


def _sequences_notice() -> bool:
    alphabets = importlib.import_module("tests.engine.lifecycle.alphabets")
    differs = importlib.import_module("tests.engine.lifecycle.walk").differs
    # Short ones of every kind first: most changes show at once.
    for length in range(2, SEQUENCE_LENGTH + 1):
        for name, alphabet in alphabets.ALPHABETS.items():
            events = {event: alphabets.EVENTS[event] for event in alphabet.events}
            if differs(alphabet.start, events, length - 1 if name == "everything" else length):
                return True
    return False


def _survives(rule: Rule) -> bool:
    process = os.fork()
    if process == 0:
        # An endless loop is noticed as well.
        signal.alarm(_SECONDS_MAX)
        sys.meta_path.insert(0, _Changed(rule))
        noticed = True
        try:
            noticed = _scenarios_notice() or _sequences_notice()
        finally:
            os._exit(int(noticed))
    return os.waitpid(process, 0)[1] == 0


def _forget_core() -> None:
    kept = (__name__, "tests.engine.lifecycle.changed_rules", "tests.engine.lifecycle", "tests.engine.core")
    for name in [name for name in sys.modules if name.startswith(_OURS) and name not in kept]:
        del sys.modules[name]


def main() -> None:
    """Prints the names of all rules, and of those that nobody missed."""
    for name in ("ipc.memory", "numpy", "pytest"):
        importlib.import_module(name)
    importlib.import_module("tests.engine.lifecycle.test_races_of_fills")
    _forget_core()
    lost = [rule.name for rule in RULES if (ROOT / rule.file).read_text().count(rule.before) != 1]
    assert not lost, f"these rules are not found once: {lost}"
    unchanged = RULES[0]._replace(after=RULES[0].before)
    assert _survives(unchanged), "without a change nothing is noticed"
    survivors = [rule.name for rule in RULES if _survives(rule)]
    sys.stdout.write(json.dumps({"rules": [rule.name for rule in RULES], "survivors": survivors}))


if __name__ == "__main__":
    main()
