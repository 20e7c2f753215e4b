"""Owns the README's text as the tests read it: fenced blocks, commands, tables and paths."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"[\w.-]+/(?:[\w.-]+/)*(?:[\w-]+\.\w+)?|[\w-]+\.(?:py|toml|md)|[A-Z]{3,}|Makefile")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """What it asks to type."""
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


BLOCKS = [Block(match["language"], match["text"]) for match in _BLOCK.finditer(TEXT)]
PROSE = _BLOCK.sub("", TEXT)


def blocks(language: str) -> list[str]:
    """The texts of all blocks in a language."""
    return [block.text for block in BLOCKS if block.language == language]


def commands() -> list[str]:
    """Everything that the README asks to type, in its order."""
    return [command for block in BLOCKS if block.language == "console" for command in block.commands]


def paths() -> list[str]:
    """Every file and folder that the prose names."""
    return sorted({code for code in _CODE.findall(PROSE) if _PATH.fullmatch(code)})


def defaults() -> list[tuple[str, str, str]]:
    """Table, key and default of each row of the configuration's table."""
    found = []
    table = ""
    for line in PROSE.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"\[\w+\]|", cells[0]) and re.fullmatch(r"\w+", cells[1]):
            table = cells[0].strip("[]") or table
            found.append((table, cells[1], cells[2]))
    return found
