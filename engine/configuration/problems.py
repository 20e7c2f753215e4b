"""Owns what is wrong with a configuration: every problem, where it is and how it is mended."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOWN_CHARACTERS_MAX = 60


@dataclass(frozen=True)
class Problem:
    """One thing to mend; `value` is already text, shortened, and never a secret."""

    key: str
    value: str
    what: str
    allowed: str
    fix: str

    def __str__(self) -> str:
        subject = f"{self.key} = {self.value}" if self.value else self.key
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{subject}: {self.what}{allowed}; fix: {self.fix}"


class ConfigurationError(Exception):
    """The configuration cannot be used; `problems` has everything that is wrong with the file."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        self.path = path
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{path}: {count}", *(f"{path}: {problem}" for problem in problems)]))


class Problems:
    """Gathers problems; a check asks first whether what it looks at is sound, so that nothing is told twice."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, key: str, what: str, *, fix: str, value: str = "", allowed: str = "") -> None:
        """Notes one problem."""
        self._problems.append(Problem(key=key, value=value, what=what, allowed=allowed, fix=fix))

    def is_sound(self, *keys: str) -> bool:
        """Whether nothing was said so far about any of the keys, about what holds them or about their parts."""
        return not any(
            key == problem.key or _holds(key, problem.key) or _holds(problem.key, key)
            for key in keys
            for problem in self._problems
        )

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)


def _holds(outer: str, inner: str) -> bool:
    return inner.startswith((f"{outer}.", f"{outer}["))


def shown(value: Any) -> str:
    """A value as text for a message: one line, not too long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}" if len(value) > 3 else f"[{', '.join(map(shown, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of more than 38 digits"
    text = repr(value) if isinstance(value, int | float | str) else str(value)
    text = text.replace("'", '"') if isinstance(value, str) and '"' not in value else text
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"
