"""Owns the search for validations that nothing tests: each guard of the core is taken out, and a row must notice.

Run with the JIT off, as `python -m tests.engine.core.mutants`: a process per guard, forked from one that
has imported everything else, compiles the changed module in memory and tries the rows of the table of
refusals. What is printed, a JSON list of names, are the guards that were found, then those not missed.
"""

import ast
import json
import os
import signal
import sys
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import engine

CORE = Path(engine.__file__).parent / "core"
# Guards of these answer with a number, which their caller turns into the refusal.
_NUMERIC_GUARDS = ("limiter_has_room", "budget_shortfall", "protected_price")
# What is refused here is told of an order that was accepted before, or lets it wait: `test_order_times` and
# `tests/engine/rates/test_waiting.py` are the tables.
_TOLD_LATER = ("release", "rate_queue")
_SECONDS_MAX = 20
_OURS = ("engine.core", "tests.engine.core")


class Mutant:
    """One module of the core with one condition replaced by False."""

    def __init__(self, path: Path, condition: ast.expr) -> None:
        self.module = f"engine.core.{path.stem}"
        self._path = path
        self._condition = condition
        self.name = f"{path.name}:{condition.lineno}: {ast.unparse(condition)}"

    def code(self) -> Any:
        """The changed module, compiled."""
        tree = ast.parse(self._path.read_text())
        place = (self._condition.lineno, self._condition.col_offset, self._condition.end_col_offset)

        class Replace(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> Any:
                if isinstance(node, ast.expr) and (node.lineno, node.col_offset, node.end_col_offset) == place:
                    return ast.copy_location(ast.Constant(value=False), node)
                return self.generic_visit(node)

        return compile(ast.fix_missing_locations(Replace().visit(tree)), str(self._path), "exec")


def _refuses(branch: ast.If, function: str) -> bool:
    last = branch.body[-1]
    if function in _NUMERIC_GUARDS:
        return isinstance(last, ast.Return) and isinstance(last.value, ast.Constant | ast.Name)
    value = last.value if isinstance(last, ast.Return | ast.Expr) else None
    if isinstance(value, ast.Name):
        return value.id == "verdict" and isinstance(last, ast.Return)
    return isinstance(value, ast.Call) and ast.unparse(value.func) in ("refuse", "_refuse_kind")


def _conditions(test: ast.expr) -> Iterator[ast.expr]:
    yield test
    for node in ast.walk(test):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            yield from node.values


def find_mutants() -> list[Mutant]:
    """A mutant for each guard, and for each alternative of a guard that has several."""
    found = []
    for path in sorted(CORE.glob("*.py")):
        if path.stem in _TOLD_LATER:
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for branch in ast.walk(function):
                if isinstance(branch, ast.If) and _refuses(branch, function.name):
                    found += [Mutant(path, condition) for condition in _conditions(branch.test)]
    return found


class _Changed(MetaPathFinder, Loader):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self._mutant.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._mutant.code(), module.__dict__)


def _is_noticed() -> bool:
    from tests.engine.core import (  # noqa: PLC0415  they import the changed core
        refused_changes,
        refused_commands,
        refused_kinds,
        refused_operators,
        refused_parents,
        refused_risk,
        refused_states,
    )
    from tests.engine.core.world import World  # noqa: PLC0415  as does this

    for row in (
        *refused_commands.ROWS,
        *refused_kinds.ROWS,
        *refused_changes.ROWS,
        *refused_states.ROWS,
        *refused_risk.ROWS,
        *refused_operators.ROWS,
        *refused_parents.ROWS,
    ):
        world = World()
        act = row.provoke(world)
        before = world.masked_digest()
        step = act(world)
        names_limit = row.limit is None or [report.limit for report in step.reports] == [row.limit]
        if step.refusals != [row.reason] or not names_limit or world.masked_digest() != before:
            return True
    return False


def _survives(mutant: Mutant) -> bool:
    process = os.fork()
    if process == 0:
        signal.alarm(_SECONDS_MAX)
        sys.meta_path.insert(0, _Changed(mutant))
        noticed = True
        try:
            noticed = _is_noticed()
        finally:
            os._exit(int(noticed))
    return os.waitpid(process, 0)[1] == 0


def _forget_core() -> None:
    for name in [name for name in sys.modules if name.startswith(_OURS) and name != __name__]:
        del sys.modules[name]


def main() -> None:
    """Prints the names of all guards, and of those that no row misses."""
    import ipc.memory  # noqa: F401, PLC0415  imported once for all

    mutants = find_mutants()
    _forget_core()
    survivors = [mutant.name for mutant in mutants if _survives(mutant)]
    sys.stdout.write(json.dumps({"guards": [mutant.name for mutant in mutants], "survivors": survivors}))


if __name__ == "__main__":
    main()
