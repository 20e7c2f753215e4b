"""What the keys of the guardian and of the alarms do, as seen from outside."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.config import load_config
from engine.control.process import plans
from gateways.simulator.keys import generate_ed25519
from tests.engine.configuration_file import write_table
from tests.system.installation import account_row, installed
from tests.system.waiting import await_that, let_pass
from tests.torture.guardian_site import ACCOUNT, GuardianSite, stand_still

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

KEEPING = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


def processes(site: GuardianSite, *, enabled: bool) -> list[str]:
    """What the control process would start."""
    path = write_table({**site.table(), "guardian": {"enabled": enabled}}, site.installation.folder / "plans.toml")
    return [plan.name for plan in plans(load_config(path), path, None)]


def test_enabled(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = GuardianSite(installation)
        assert processes(site, enabled=False) == ["engine", "journal"]
        assert processes(site, enabled=True) == ["engine", "journal", "guardian"], "it ends last"


def test_hang_ms(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = GuardianSite(installation, guardian={"enabled": True, "hang_ms": 60_000})
        guardian = site.start_guardian()
        engine = site.start_engine()
        stand_still(engine)
        let_pass(1_000)
        assert site.word.fenced_epoch == 0
        os.kill(engine.pid, signal.SIGCONT)
        os.kill(guardian.pid, signal.SIGKILL)
        site.sections["guardian"]["hang_ms"] = 100
        await_that(lambda: guardian.status is not None, "the end of the first guardian")
        site.start_guardian()
        stand_still(engine)
        site.await_fence()


def clears_with(site: GuardianSite, environment: dict[str, str]) -> None:
    """Has the guardian cancel what a dead engine left."""
    guardian = site.start_guardian(environment)
    engine = site.start_engine()
    site.rest()
    os.kill(engine.pid, signal.SIGKILL)
    await_that(lambda: not site.open_orders(), "the end of every order")
    site.await_said(guardian, "account_clear")


def account_with_a_key_of_nobody(site: GuardianSite, **more: str) -> list[dict[str, Any]]:
    """An account whose engine could not log on."""
    key = generate_ed25519()
    path = site.installation.folder / "nobody.key.toml"
    path.touch(mode=0o600)
    path.write_text(f"api_key = {json.dumps(key.api_key)}\nsecret_key = {json.dumps(key.private_pem)}\n")
    return [{**account_row(ACCOUNT), "key_file": path.name, **more}]


def test_guardian_key_file(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = GuardianSite(installation)
        own = f"{ACCOUNT}.key.toml"
        site.sections["account"] = account_with_a_key_of_nobody(site, guardian_key_file=own)
        clears_with(site, {})


def test_guardian_api_key_env_and_guardian_secret_env(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = GuardianSite(installation)
        names = {"guardian_api_key_env": "GUARDIAN_KEY", "guardian_secret_env": "GUARDIAN_SECRET"}
        site.sections["account"] = account_with_a_key_of_nobody(site, **names)
        key = site.venue.checking_keys[ACCOUNT]
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("GUARDIAN_KEY", key.api_key)
            environment.setenv("GUARDIAN_SECRET", key.secret)
            clears_with(site, {})


def test_alarms_command(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        told = tmp_path / "told"
        command = [sys.executable, "-c", KEEPING, str(told)]
        site = GuardianSite(installation, alarms={"command": command})
        site.start_guardian()
        engine = site.start_engine()
        stand_still(engine)
        await_that(lambda: told.exists() and told.read_text().endswith("\n"), "what the command is told")
        alarm = json.loads(told.read_text().splitlines()[0])
        assert (alarm["code"], alarm["epoch"]) == ("ENGINE_HUNG", 1)
