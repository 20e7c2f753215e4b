"""A production installation is known to the byte, and no venue is believed without its certificate."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.config import Config
from tests.system.test_every_key_is_shown import keys

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENTRY = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9a-z.]*)(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)")
LINES = [
    line
    for line in (ROOT / "requirements.lock").read_text().replace(" \\\n   ", "").splitlines()
    if not line.startswith("#")
]
PRODUCT = ("engine", "gateways", "ipc", "tools")


def locked() -> dict[str, str]:
    """Version by name."""
    matches = [ENTRY.fullmatch(line) for line in LINES]
    return {match["name"]: match["version"] for match in matches if match}


def needed() -> Iterator[Requirement]:
    """What the project needs, and what that needs."""
    waiting = [Requirement(text) for text in PROJECT["dependencies"]]
    seen = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        yield requirement
        extras = sorted(requirement.extras) or [""]
        for text in distribution(requirement.name).requires or ():
            following = Requirement(text)
            marker = following.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(following)


def test_every_line_is_one_version_with_its_hashes_and_no_address() -> None:
    assert LINES
    assert [line for line in LINES if not ENTRY.fullmatch(line)] == []
    assert len(locked()) == len(LINES)


def test_all_that_is_needed_is_locked() -> None:
    assert {canonicalize_name(requirement.name) for requirement in needed()} <= set(locked())


def test_what_the_project_asks_for_is_locked_at_a_version_that_will_do() -> None:
    requirements = [Requirement(text) for text in PROJECT["dependencies"]]
    versions = locked()
    assert [
        str(requirement)
        for requirement in requirements
        if versions[canonicalize_name(requirement.name)] not in requirement.specifier
    ] == []


# What makes Python believe a peer without its certificate or its name.
UNSAFE = {
    "CERT_NONE",
    "CERT_OPTIONAL",
    "_create_unverified_context",
    "_create_default_https_context",
    "create_unverified_context",
    "_create_stdlib_context",
    "wrap_socket",
    "check_hostname",
    "verify_mode",
    "verify",
}


def product_files() -> list[Path]:
    """Everything that is installed, but for the simulated venue, which is the other end."""
    files = [path for package in PRODUCT for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in files if "simulator" not in path.parts]


def words_of(path: Path) -> Iterator[tuple[int, str]]:
    """Every name, attribute and argument's name in a file that is not only a type."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.value.lineno, node.arg


def test_nothing_can_switch_the_verification_of_certificates_off() -> None:
    found = {
        (str(path.relative_to(ROOT)), word) for path in product_files() for _, word in words_of(path) if word in UNSAFE
    }
    # There they are only looked at, by assertions.
    assert found == {("gateways/connection.py", "check_hostname"), ("gateways/connection.py", "verify_mode")}
    written = [
        target.attr
        for node in ast.walk(ast.parse((ROOT / "gateways/connection.py").read_text()))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    ]
    assert not {"check_hostname", "verify_mode"} & set(written)


@pytest.mark.parametrize("word", ["verify", "insecure", "tls", "certificate"])
def test_no_key_of_the_configuration_is_about_verification(word: str) -> None:
    assert [key for key in keys(Config) if word in key] == []
