"""The venue as a process of its own: options, files, signals and control."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from ssl import SSLContext, create_default_context
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateways.simulator import SimulatedVenue, VenueConfig
from ipc.clock import SystemClock
from tests.simulator.venue_client import Credentials, VenueClient, limit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@contextmanager
def running(directory: Path, *options: str) -> Iterator[dict[str, Any]]:
    """What the ready file of a started venue says; the venue is stopped with SIGTERM and must end well."""
    ready_file = directory / "ready.json"
    command = [sys.executable, "-m", "gateways.simulator", "--ready-file", str(ready_file), *options]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert "listens" in process.stderr.readline()
            yield json.loads(ready_file.read_text())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        assert process.stderr.read() == ""
    assert not ready_file.exists()


def venue_at(port: int) -> Any:
    """What a test client needs to know of a venue elsewhere."""
    return SimpleNamespace(port=port, clock=SystemClock())


def write_config(path: Path, credentials: Credentials) -> None:
    key = credentials.account.keys[0]
    path.write_text(
        f'''
        [[accounts]]
        name = "alice"
        balances = {{ USDT = "1000", BTC = "1" }}
        [[accounts.keys]]
        api_key = "{key.api_key}"
        ed25519_public_key = """{key.ed25519_public_key}"""
        '''
    )


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_configured_venue_logs_to_a_file_that_others_may_read(tmp_path: Path, loop: str) -> None:
    credentials = Credentials("alice")
    write_config(tmp_path / "venue.toml", credentials)
    log = tmp_path / "venue.jsonl"
    options = ("--config", str(tmp_path / "venue.toml"), "--no-flow", "--log", str(log), "--loop", loop)

    async def trade(port: int) -> None:
        async with VenueClient(venue_at(port)) as client:
            await client.log_on(credentials)
            await client.timed("order.place", **limit(newClientOrderId="mine"))
            await client.event("executionReport")

    with running(tmp_path, *options) as ready:
        assert (ready["log"], "accounts" in ready) == (str(log), False)
        asyncio.run(trade(ready["port"]))
        with urlopen(f"http://127.0.0.1:{ready['port']}/control/flush", timeout=10) as answer:
            assert answer.read() == b"done\n"
        records = [orjson.loads(line) for line in log.read_bytes().splitlines()]
        assert [record["event"] for record in records] == ["opened", "accepted"]
        assert records[1]["client_order_id"] == "mine"
    records = [orjson.loads(line) for line in log.read_bytes().splitlines()]
    assert [record["sequence"] for record in records] == [1, 2, 3]
    assert records[-1]["event"] == "closed"


def test_a_demo_venue_hands_out_keys_and_removes_them(tmp_path: Path) -> None:
    async def trade(ready: dict[str, Any]) -> int:
        account = ready["accounts"][0]
        credentials = Credentials("demo")
        credentials.api_key = account["ed25519_api_key"]
        credentials.private_pem = Path(account["ed25519_private_key_file"]).read_text()
        async with VenueClient(venue_at(ready["port"])) as client:
            await client.log_on(credentials)
            market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
            reply = await client.timed("order.place", **market)
            return int(reply["status"])

    with running(tmp_path, "--demo", "--seed", "7", "--latency-us", "2000") as ready:
        assert asyncio.run(trade(ready)) == 200
        key_file = Path(ready["accounts"][0]["ed25519_private_key_file"])
        assert key_file.stat().st_mode & 0o077 == 0
    assert not key_file.parent.exists()


def test_faults_are_armed_from_another_process(tmp_path: Path) -> None:
    async def ask(port: int) -> int:
        async with VenueClient(venue_at(port)) as client:
            return int((await client.request("ping"))["error"]["code"])

    with running(tmp_path, "--demo", "--no-flow") as ready:
        control = f"http://127.0.0.1:{ready['port']}/control"
        with urlopen(f"{control}/fault?action=unknown_outcome&match=ping&code=-1006", timeout=10) as answer:
            assert answer.status == 200
        assert asyncio.run(ask(ready["port"])) == -1006


def test_a_wrong_configuration_is_refused_with_the_name_of_the_field(tmp_path: Path) -> None:
    config = tmp_path / "venue.toml"
    for text, message in (
        ("colour = 'red'", "unknown field `colour`"),
        ("[[accounts]]\nname = 'a'\n[[accounts.keys]]\napi_key = 'k'", "give exactly one of hmac_secret"),
        ("[[accounts]]\nname = 'a'\nbalances = { BTC = '1e5' }", "account a: '1e5'"),
        ("port = 'x'", "$.port"),
        ("tls_key_file = 'k'", "must be given together"),
        ("=", "venue.toml"),
    ):
        config.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "gateways.simulator", "--config", str(config)],
            cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert message in done.stderr, text


def test_a_venue_with_a_certificate_speaks_wss(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    options = ("--demo", "--no-flow", "--tls-cert", str(certificate), "--tls-key", str(key))
    with running(tmp_path, *options) as ready:
        context = create_default_context(cafile=str(certificate))
        assert asyncio.run(status_over_tls(ready["port"], context)) == 200


async def status_over_tls(port: int, context: SSLContext) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"GET /api/v3/ping HTTP/1.1\r\nHost: venue\r\n\r\n")
    status = int((await reader.readline()).split()[1])
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return status


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated venue")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def test_the_venue_shares_no_code_with_the_gateways_and_the_engine() -> None:
    script = (
        "import sys, gateways.simulator.__main__\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in"
        " {'engine', 'gateways', 'ipc', 'tools'} and not name.startswith('gateways.simulator')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["gateways", "ipc", "ipc.clock"]


def test_a_stopped_venue_leaves_nothing_on_the_loop() -> None:
    async def run() -> None:
        before = asyncio.all_tasks()
        async with SimulatedVenue(VenueConfig()) as venue, VenueClient(venue, "/ws/btcusdt@depth"):
            pass
        assert asyncio.all_tasks() == before

    asyncio.run(run())
