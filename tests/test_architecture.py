"""The checkout is one import tree, and the contracts cover all of it."""

import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "gateways", "ipc", "tools", "tests", "perf")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_resolves_inside_the_checkout(name: str) -> None:
    file = importlib.import_module(name).__file__
    assert file is not None
    assert Path(file).resolve() == ROOT / name / "__init__.py"


def test_the_contracts_and_the_installation_know_every_package() -> None:
    linter = PROJECT["tool"]["importlinter"]
    layers = CONTRACTS["layers"]["layers"]
    assert set(linter["root_packages"]) == set(PACKAGES)
    assert {name.strip() for layer in layers for name in layer.split(":")} == set(PACKAGES)
    shipped = {pattern.removesuffix("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert shipped == set(PACKAGES) - {"tests", "perf"}


def test_no_code_lies_outside_the_packages() -> None:
    hidden = {path for path in ROOT.iterdir() if path.name.startswith(".") or path.name in {"build", "dist"}}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path not in hidden and any(path.rglob("*.py"))}
    assert folders == set(PACKAGES)
    assert not list(ROOT.glob("*.py"))


def test_every_venue_is_kept_apart_from_the_others() -> None:
    venues = {f"gateways.{path.parent.name}" for path in (ROOT / "gateways").glob("*/__init__.py")}
    assert set(CONTRACTS["venues"]["modules"]) == venues
    assert set(CONTRACTS["venue-packages"]["source_modules"]) == venues - {"gateways.simulator"}


def test_the_command_leads_into_the_checkout() -> None:
    (command,) = entry_points(group="console_scripts", name="oms")
    assert command.value == "tools.__main__:main"


# A file that breaks a contract, and the line that breaks it.
OFFENCES = {
    "layers": ("ipc/offence.py", "import engine.config"),
    "core": ("engine/core/offence.py", "import engine.config"),
    "venues": ("gateways/binance_spot/offence.py", "import gateways.simulator.config"),
    "simulator": ("gateways/simulator/offence.py", "import gateways.errors"),
    "gateways": ("engine/offence.py", "import gateways.simulator.keys"),
    "venue-packages": ("gateways/binance_spot/offence.py", "import ssl"),
    "strategies": ("tools/demo/strategy_log.py", "import engine.config"),
}


@pytest.mark.slow
def test_every_contract_catches_what_it_forbids(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert set(OFFENCES) == set(CONTRACTS)
    for file, line in OFFENCES.values():
        with (tmp_path / file).open("a") as offence:
            offence.write(line + "\n")
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run(
        [linter, "--no-cache", "--no-logo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    for contract in CONTRACTS.values():
        assert f"{contract['name']} BROKEN" in run.stdout, run.stdout
