"""Owns the house rules that no linter knows; `python -m tools.tidy` tells every breach.

The rules: a file is short and its docstring says what it owns; its name is a noun that says what; every
folder with code is a package, so that the import contracts see it; one file compiles, one reads the
clock, one opens venue connections.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("engine", "gateways", "ipc", "tools", "tests", "perf")
LINES_MAX = 500
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "stuff", "handler"}


@dataclass(frozen=True)
class Breach:
    """One place where a rule is broken."""

    path: Path
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


@dataclass(frozen=True)
class Reservation:
    """A name of some module that only the listed files or folders may use."""

    module: str
    name: str  # empty for the module as a whole
    places: tuple[str, ...]
    instead: str


RESERVATIONS = (
    Reservation("numba", "njit", ("ipc/compiler.py",), "use ipc.compiler.kernel"),
    Reservation("numba", "jit", ("ipc/compiler.py",), "use ipc.compiler.kernel"),
    Reservation("time", "", ("ipc/clock.py",), "take a Clock"),
    Reservation("picows", "ws_connect", ("gateways/connection.py", "tests", "perf"), "use gateways.connection"),
)


def breaches(root: Path) -> list[Breach]:
    """Every breach in the six folders under the root."""
    found: list[Breach] = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            found += _breaches_of(path.relative_to(root), path.read_text(encoding="utf-8"))
        found += _missing_packages(root, folder)
    return found


def _breaches_of(path: Path, text: str) -> Iterator[Breach]:
    lines = text.count("\n")
    if lines > LINES_MAX:
        yield Breach(path, LINES_MAX, f"has {lines} lines, allowed are {LINES_MAX}: give its second noun a file")
    if path.stem in BANNED_NAMES:
        yield Breach(path, 1, f"{path.stem} does not say what the file owns: name the noun")
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree, clean=False)
    if docstring is None or not docstring.partition("\n")[0].strip():
        yield Breach(path, 1, "the first line of the docstring must say what the file owns")
    for reservation in RESERVATIONS:
        if not any(path == Path(place) or Path(place) in path.parents for place in reservation.places):
            yield from _uses(reservation, path, tree)


def _uses(reservation: Reservation, path: Path, tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        if _is_use(reservation, node):
            assert isinstance(node, ast.expr | ast.stmt), "only code uses a name"
            subject = f"{reservation.module}.{reservation.name}".rstrip(".")
            yield Breach(path, node.lineno, f"{subject} is for {reservation.places[0]} alone: {reservation.instead}")


def _is_use(reservation: Reservation, node: ast.AST) -> bool:
    module, name = reservation.module, reservation.name
    match node:
        case ast.Import(names=aliases):
            return not name and any(alias.name == module for alias in aliases)
        case ast.ImportFrom(module=source, names=aliases, level=0):
            return source == module and (not name or any(alias.name in (name, "*") for alias in aliases))
        case ast.Attribute(attr=attribute, value=ast.Name(id=owner)):
            return bool(name) and owner == module and attribute == name
        case _:
            return False


def _missing_packages(root: Path, folder: str) -> Iterator[Breach]:
    for path in sorted({file.parent for file in (root / folder).rglob("*.py")}):
        if not (path / "__init__.py").exists():
            yield Breach(path.relative_to(root), 1, "has code but no __init__.py: the import contracts cannot see it")


def main() -> None:
    """Prints every breach of this checkout; exits 1 when there is one."""
    found = breaches(Path(__file__).resolve().parent.parent)
    for breach in found:
        print(breach)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
