"""Keys that can be told from all else go through sessions, faults and deaths, and are found nowhere afterwards."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lifetime import durable_folder
from tests.system.engine_site import ENGINE, STRATEGY, EngineSite, rest
from tests.system.installation import account_row, installed
from tests.system.secrets_search import files, forms_of, hits
from tests.system.waiting import await_that
from tests.torture.tracing import can_look_into_others
from tools.child_process import ChildProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
VARIABLES = {"api_key_env": "CANARY_API_KEY", "secret_env": "CANARY_SECRET"}


class CanarySite(EngineSite):
    """One key in a file, one in the environment."""

    def table(self) -> dict[str, object]:
        """Two accounts, whose strategies trade beside each other."""
        table = super().table()
        table["account"] = [account_row("main"), {"name": "other", "venue": "BINANCE", **VARIABLES}]
        table["strategy"][1]["accounts"] = ["other"]
        return table

    def canaries(self) -> list[bytes]:
        """Each key in every form in which it could lie about."""
        return [form for key in self.venue.trading_keys.values() for form in forms_of(key)]


def family_of(pid: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from family_of(int(child))


def trade(site: CanarySite) -> None:
    """Both strategies, so that both keys are used."""
    for strategy in (STRATEGY, "beta"):
        with site.connect(strategy) as client:
            desk = site.desk(client)
            desk.await_report(rest(desk))


def test_no_key_is_found_after_sessions_faults_and_deaths(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = CanarySite(installation, "other")
        key = site.venue.trading_keys["other"]
        environment = {"CANARY_API_KEY": key.api_key, "CANARY_SECRET": key.private_pem}
        engine = installation.start_engine(site.table(), environment)
        trade(site)
        for fault in ("malformed_reply&match=order.place", "drop_connection&match=order.place"):
            site.venue.control(f"fault?action={fault}")
            with site.connect() as client:
                rest(site.desk(client))
        killed = site.engine_pid
        places = processes(engine) if can_look_into_others() else {}
        os.kill(killed, signal.SIGKILL)
        site.await_ready_again(killed)
        trade(site)
        places |= processes(engine) if can_look_into_others() else {}
        places |= dict(files(installation.runtime, durable_folder(ENGINE)))
        lines = "\n".join(engine.new_lines()).encode()
        os.kill(engine.pid, signal.SIGTERM)
        await_that(lambda: engine.status is not None, "the end")
        places["log"] = lines + "\n".join(engine.new_lines()).encode()
        places |= dict(files(installation.runtime, durable_folder(ENGINE)))
        assert not [path for path in (tmp_path, Path.cwd()) for _ in path.glob("core*") if _.is_file()]
        assert len(places) > 10
        key_file = (tmp_path / "main.key.toml").read_bytes()
        assert all(canary in key_file for canary in site.canaries()[:2]), "where they must be, they are found"
        assert hits(places.items(), site.canaries()) == []


def processes(engine: ChildProcess) -> dict[str, bytes]:
    """What the kernel shows of each process of an engine."""
    return {
        f"{pid}/{what}": Path(f"/proc/{pid}/{what}").read_bytes()
        for pid in family_of(engine.pid)
        for what in ("environ", "cmdline")
    }
