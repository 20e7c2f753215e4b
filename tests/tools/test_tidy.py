"""The house rules: each breach is found, the allowed place is left alone."""

from pathlib import Path

import pytest

from tools.tidy import LINES_MAX, breaches

DOCSTRING = '"""Owns something."""\n'


def tree(root: Path, files: dict[str, str]) -> list[str]:
    """The breaches of a checkout with these files, each folder a package."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in path.relative_to(root).parents[:-1]:
            (root / folder / "__init__.py").write_text(DOCSTRING)
        path.write_text(text)
    return [str(breach) for breach in breaches(root)]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("engine/long.py", DOCSTRING + "\n" * LINES_MAX, f"allowed are {LINES_MAX}"),
        ("engine/utils.py", DOCSTRING, "name the noun"),
        ("gateways/venue/helpers.py", DOCSTRING, "name the noun"),
        ("ipc/bare.py", "x = 1\n", "docstring"),
        ("ipc/blank.py", '"""\nLate.\n"""\n', "docstring"),
        ("engine/core/fast.py", DOCSTRING + "from numba import njit\n", "engine/core/fast.py:2: numba.njit"),
        ("engine/core/fast.py", DOCSTRING + "import numba\n\n@numba.njit\ndef f():\n    pass\n", "numba.njit is for"),
        ("tests/late.py", DOCSTRING + "import time\n", "time is for ipc/clock.py alone"),
        ("tests/late.py", DOCSTRING + "from time import sleep\n", "time is for ipc/clock.py alone"),
        ("gateways/venue/dial.py", DOCSTRING + "from picows import ws_connect\n", "picows.ws_connect is for"),
    ],
)
def test_a_breach_is_found_where_it_is(tmp_path: Path, name: str, text: str, words: str) -> None:
    (found,) = tree(tmp_path, {name: text})
    assert found.startswith(f"{name}:")
    assert words in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("engine/exact.py", DOCSTRING + "\n" * (LINES_MAX - 1)),
        ("ipc/compiler.py", DOCSTRING + "import numba\n\nkernel = numba.njit\n"),
        ("ipc/clock.py", DOCSTRING + "import time\n"),
        ("gateways/connection.py", DOCSTRING + "from picows import ws_connect\n"),
        ("tests/gateways/dial.py", DOCSTRING + "from picows import ws_connect\n"),
        ("engine/said.py", DOCSTRING + "# njit is not for us, nor is import time\n"),
        ("engine/relative.py", DOCSTRING + "from .time import x\n"),
        ("elsewhere/utils.py", "x = 1\n"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, name: str, text: str) -> None:
    assert tree(tmp_path, {name: text}) == []


def test_a_folder_that_is_no_package_is_found(tmp_path: Path) -> None:
    path = tmp_path / "gateways" / "venue" / "codec.py"
    path.parent.mkdir(parents=True)
    path.write_text(DOCSTRING)
    (tmp_path / "gateways" / "__init__.py").write_text(DOCSTRING)
    (found,) = breaches(tmp_path)
    assert found.path == Path("gateways/venue")
