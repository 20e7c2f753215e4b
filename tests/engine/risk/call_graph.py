"""Owns the proof by reading that whatever adds to an order's risk passes the chain of controls before it leaves.

The core's functions are read as syntax trees. A function sends when it asks the venue for anything but what is allowed
without a check, or calls one that sends, unless a check comes before: a call of a checking function in a statement that
is always reached first, and after it `if ….reason != 0:` that returns. A function checks when it hands out nothing but
refusals and what such a check has passed.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import engine

CORE = Path(engine.__file__).parent / "core"
DOOR = "risk.check_leaving"
# What asks a venue for something, and the position of the argument that says for what.
REQUESTS = {"effects.request_venue": 2, "effects.request_of_account": 1}
# What may leave without a check, for it only takes away.
ALLOWED = {"RequestKind.CANCEL", "RequestKind.CANCEL_ALL"}
# Where records come in.
ENTRY = "step.step"


def sources() -> dict[str, str]:
    """The core's modules by name."""
    return {path.stem: path.read_text() for path in sorted(CORE.rglob("*.py"))}


@dataclass(frozen=True)
class Function:
    """One function of the core, and how the names in it are to be understood."""

    name: str
    tree: ast.FunctionDef
    names: Mapping[str, str]

    def called(self, node: ast.AST | None) -> str:
        """The function of the core that a node calls, "" for anything else."""
        is_named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return self.names.get(node.func.id, "") if is_named else ""  # type: ignore[union-attr]

    def calls(self) -> Iterator[ast.Call]:
        """Every call in it."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def before(self, node: ast.AST) -> list[ast.stmt]:
        """The statements that are always done before a node, first to last."""
        found: list[ast.stmt] = []
        block: list[ast.stmt] | None = self.tree.body
        while block is not None:
            place = next(number for number, statement in enumerate(block) if _holds(statement, node))
            found += block[:place]
            blocks = [getattr(block[place], name, None) for name in ("body", "orelse")]
            block = next((inner for inner in blocks if inner and any(_holds(one, node) for one in inner)), None)
        return found


class Core:
    """All functions of the core, which of them check, and which send unchecked."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.functions = {function.name: function for name, text in modules.items() for function in _read(name, text)}
        self.checking = {DOOR}
        self._grow(self.checking, self._checks)
        self.sending: set[str] = set()
        self._grow(self.sending, self._sends)

    def openings(self) -> set[str]:
        """Functions that send unchecked and that nobody in the core calls, so nothing can come before."""
        called = {function.called(call) for function in self.functions.values() for call in function.calls()}
        return {name for name in self.sending if name == ENTRY or name not in called}

    def guarded(self) -> set[str]:
        """Functions in which a check lets something leave."""
        return {
            function.name
            for function in self.functions.values()
            if function.name not in self.sending and any(self._is_request(function, call) for call in function.calls())
        }

    def _grow(self, known: set[str], belongs: Callable[[Function], bool]) -> None:
        while found := {name for name, function in self.functions.items() if name not in known and belongs(function)}:
            known |= found

    def _is_request(self, function: Function, call: ast.Call) -> bool:
        name = function.called(call)
        if name in REQUESTS:
            return ast.unparse(call.args[REQUESTS[name]]) not in ALLOWED
        return name in self.sending

    def _sends(self, function: Function) -> bool:
        requests = [call for call in function.calls() if self._is_request(function, call)]
        return any(not self._is_guarded(function, call) for call in requests)

    def _checks(self, function: Function) -> bool:
        passing = [
            node
            for node in ast.walk(function.tree)
            if isinstance(node, ast.Return) and not _is_refusal(function.tree, node)
        ]
        return bool(passing) and all(self._hands_on(function, node) for node in passing)

    def _hands_on(self, function: Function, returned: ast.Return) -> bool:
        if function.called(returned.value) in self.checking:
            return True
        name = ast.unparse(returned.value) if returned.value is not None else ""
        kept = [one for one in function.before(returned) if self._is_check(function, one)]
        is_the_verdict = any(isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name for one in kept)
        return is_the_verdict or self._is_guarded(function, returned)

    def _is_check(self, function: Function, statement: ast.stmt) -> bool:
        return isinstance(statement, ast.Assign) and function.called(statement.value) in self.checking

    def _is_guarded(self, function: Function, node: ast.AST) -> bool:
        checked = False
        for statement in function.before(node):
            checked = checked or self._is_check(function, statement)
            if checked and _stops_refused(statement):
                return True
        return False


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    return any(inner is node for inner in ast.walk(statement))


def _is_reason_test(test: ast.expr) -> bool:
    return ast.unparse(test).endswith(".reason != 0")


def _stops_refused(statement: ast.stmt) -> bool:
    is_test = isinstance(statement, ast.If) and _is_reason_test(statement.test)
    return is_test and isinstance(statement.body[-1], ast.Return)  # type: ignore[attr-defined]


def _is_refusal(tree: ast.FunctionDef, returned: ast.Return) -> bool:
    value = returned.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "refuse":
        return True
    return any(
        isinstance(node, ast.If)
        and _is_reason_test(node.test)
        and ast.unparse(node.test).startswith(f"{ast.unparse(value) if value else ''}.")
        and any(_holds(one, returned) for one in node.body)
        for node in ast.walk(tree)
    )


def _read(module: str, text: str) -> Iterator[Function]:
    tree = ast.parse(text)
    names: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine.core."):
            source = (node.module or "").removeprefix("engine.core.")
            names |= {one.asname or one.name: f"{source}.{one.name}" for one in node.names}
    own = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names |= {node.name: f"{module}.{node.name}" for node in own}
    return (Function(f"{module}.{node.name}", node, names) for node in own)
